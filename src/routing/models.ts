/** Which accounts serve which model names: compiled once per configuration. */
import type { Account } from '../accounts/account.ts'
import type { Candidate } from '../accounts/pool.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import type { ListedModel } from '../protocols/protocol.ts'
import type { Provider, ProviderModel } from '../providers/provider.ts'

export interface Registry {
  /** Ways to serve a public model name in a dialect, in the order of the configuration; empty if nobody does. */
  find(model: string, filter: CandidateFilter): readonly Candidate[]
  /** Ways that speak other dialects only. */
  findForeign(model: string, filter: CandidateFilter): readonly Candidate[]
  /** Dialects in which that name is served at all, for saying why `find` came back empty. */
  dialectsOf(model: string, pin?: string): readonly ProtocolId[]
  /** Every public name, each once. */
  list(pin?: string): readonly ListedModel[]
  /** Resolves the name of a provider as it stands in `/api/provider/{name}`. */
  pinned(name: string): string | undefined
  /** Names accepted there. */
  readonly pins: readonly string[]
}

export interface CandidateFilter {
  /** Dialect the account's endpoint must speak. */
  protocol: ProtocolId
  /** Provider id the request is pinned to. */
  pin?: string
}

export interface RegistryOptions {
  /** `force-model-prefix`: names without a prefix reach only accounts without one. */
  forcePrefix: boolean
}

const NOBODY: readonly Candidate[] = []

/** The ways to serve a name: all, and those of each dialect. */
interface Remembered {
  all: readonly Candidate[]
  lists: Map<string, readonly Candidate[]>
}

/** Names that are remembered, and candidates in their lists together: clients make up names without end. */
const MAX_REMEMBERED = 2_000
const MAX_CANDIDATES = 250_000

/** Compiles the registry. Accounts of unknown providers are left out: their provider was removed. */
export function createRegistry(
  accounts: readonly Account[],
  providers: readonly Provider[],
  { forcePrefix }: RegistryOptions,
): Registry {
  const providerById = new Map(providers.map((p) => [p.id, p]))
  const pins = new Map<string, string>()
  for (const p of providers) for (const name of [p.id, ...p.aliases]) pins.set(name.toLowerCase(), p.id)

  const lists = new Map<string, ReadonlyMap<string, ProviderModel>>()
  function knownModels(provider: Provider): ReadonlyMap<string, ProviderModel> {
    const known = lists.get(provider.id) ?? new Map(provider.models.map((m) => [m.id, m]))
    lists.set(provider.id, known)
    return known
  }

  const byName = new Map<string, { list: Candidate[]; keys: Set<string> }>()
  const listed = new Map<string, ListedModel & { providers: Set<string> }>()
  const open: Account[] = []

  function add(name: string, account: Account, upstream: string): void {
    const candidates = byName.get(name) ?? { list: [], keys: new Set() }
    byName.set(name, candidates)
    const key = `${account.id}|${upstream}`
    if (candidates.keys.has(key)) return
    candidates.keys.add(key)
    candidates.list.push({ account, model: upstream, key })
  }

  for (const account of accounts) {
    const provider = providerById.get(account.provider)
    if (provider === undefined) continue
    if (account.models === undefined || account.open === true) open.push(account)
    const known = knownModels(provider)
    const names = account.models ?? provider.models.map((m) => ({ name: m.id, upstream: m.id }))
    for (const model of names) {
      if (account.excludes(model.name) || account.excludes(model.upstream)) continue
      for (const name of publicNames(account, model.name, forcePrefix)) {
        add(name, account, model.upstream)
        const details = known.get(model.upstream)
        const entry = listed.get(name)
        if (entry !== undefined) entry.providers.add(provider.id)
        else
          listed.set(name, {
            id: name,
            ownedBy: provider.id,
            displayName: details?.displayName,
            contextLength: ('contextLength' in model ? model.contextLength : undefined) ?? details?.contextLength,
            maxOutput: details?.maxOutput,
            created: 0,
            providers: new Set([provider.id]),
          })
      }
    }
  }

  /** Names in no list: accounts without a list of their own take what their provider would take. */
  function openCandidates(name: string): Candidate[] {
    const found: Candidate[] = []
    const seat = (account: Account, model: string) => {
      const provider = providerById.get(account.provider)!
      if (provider.serves(model) && !account.excludes(model))
        found.push({ account, model, key: `${account.id}|${model}` })
    }
    for (const account of open) {
      if (account.prefix !== undefined && name.startsWith(`${account.prefix}/`))
        seat(account, name.slice(account.prefix.length + 1))
      else if (account.prefix === undefined || !forcePrefix) seat(account, name)
    }
    // A vendor that knows the name by its form goes before an endpoint that takes any name.
    const vendors = found.filter((c) => providerById.get(c.account.provider)!.models.length > 0)
    return vendors.length > 0 ? vendors : found
  }

  function candidatesOf(model: string, pin: string | undefined): readonly Candidate[] {
    const listedHere = byName.get(model)?.list ?? []
    const own = pin === undefined ? listedHere : listedHere.filter((c) => c.account.provider === pin)
    if (own.length > 0) return own
    const others = openCandidates(model)
    return pin === undefined ? others : others.filter((c) => c.account.provider === pin)
  }

  const remembered = new Map<string, Remembered>()
  let kept = 0

  function waysOf(model: string, pin: string | undefined): Remembered | undefined {
    const key = `${pin ?? ''}\n${model}`
    const before = remembered.get(key)
    if (before !== undefined) return before
    const all = candidatesOf(model, pin)
    // Names that nobody serves come from clients without end; they are not remembered.
    if (all.length === 0) return undefined
    if (remembered.size >= MAX_REMEMBERED || kept + all.length > MAX_CANDIDATES) {
      remembered.clear()
      kept = 0
    }
    kept += all.length
    const ways = { all, lists: new Map() }
    remembered.set(key, ways)
    return ways
  }

  function found(model: string, protocol: ProtocolId, pin: string | undefined, native: boolean): readonly Candidate[] {
    const ways = waysOf(model, pin)
    if (ways === undefined) return NOBODY
    const dialect = native ? protocol : `not ${protocol}`
    const before = ways.lists.get(dialect)
    if (before !== undefined) return before
    const some = ways.all.filter((c) => c.account.speaks.includes(protocol) === native)
    // One list for the same seats, whatever the dialect: the pool knows lists by identity, and turns in each by itself.
    const same = (list: readonly Candidate[]) => list.length === some.length && list.every((c, i) => c === some[i])
    const list = [ways.all, ...ways.lists.values()].find(same) ?? some
    ways.lists.set(dialect, list)
    if (list === some) kept += some.length
    return list
  }

  return {
    find: (model, { protocol, pin }) => found(model, protocol, pin, true),
    findForeign: (model, { protocol, pin }) => found(model, protocol, pin, false),
    dialectsOf(model, pin) {
      return [...new Set(candidatesOf(model, pin).flatMap((c) => c.account.speaks))]
    },
    list(pin) {
      return [...listed.values()].filter((m) => pin === undefined || m.providers.has(pin))
    },
    pinned: (name) => pins.get(name.toLowerCase()),
    pins: [...pins.keys()],
  }
}

/** The names under which an account's model is reached: plain, and `prefix/name` where the account has a prefix. */
function publicNames(account: Account, name: string, forcePrefix: boolean): string[] {
  if (account.prefix === undefined) return [name]
  const prefixed = `${account.prefix}/${name}`
  return forcePrefix ? [prefixed] : [name, prefixed]
}
