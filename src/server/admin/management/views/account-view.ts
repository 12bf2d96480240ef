/** Accounts as pages see them: state in words, what is left, what may be done. Never a token, key or header value. */
import type { Account } from '../../../../accounts/account.ts'
import type { LoginRecord } from '../../../../accounts/login-record.ts'
import type { RestingInfo } from '../../../../accounts/pool.ts'
import type { QuotaState } from '../../../../accounts/quota.ts'
import type { ManagementContext } from '../context.ts'
import type { AccountView, QuotaWindowView, RestView } from '../contract.ts'
import type { Recent } from '../recent.ts'

/** What is counted and looked at every few seconds, a thousand accounts at a time. */
export interface AccountBrief {
  id: string
  provider: string
  kind: AccountView['kind']
  state: AccountView['state']
  rests: readonly RestingInfo[]
}

/** Every account in brief: those that serve now, and the logins that cannot. */
export function accountBriefs(context: ManagementContext): AccountBrief[] {
  return partsOf(context).map(({ account, record, rests }) => {
    const id = account?.id ?? record!.id
    return {
      id,
      provider: account?.provider ?? record!.provider,
      kind: record === undefined ? 'key' : 'login',
      state: stateOf(account, record, rests, context.gateway.pool.inFlight(id)),
      rests,
    }
  })
}

/** Every account in full. */
export function accountViews(context: ManagementContext, recent: Recent): AccountView[] {
  const listOf = listsOf(context)
  return partsOf(context).map((parts) => accountView(context, recent, parts, listOf))
}

/** One account; undefined: there is none of this id. */
export function findAccount(context: ManagementContext, recent: Recent, id: string): AccountView | undefined {
  const parts = partsOf(context).find(({ account, record }) => (account?.id ?? record!.id) === id)
  return parts && accountView(context, recent, parts, listsOf(context))
}

function partsOf({ gateway, logins }: ManagementContext): Parts[] {
  const { accounts } = gateway.snapshot
  const records = new Map((logins?.records() ?? []).map((record) => [record.id, record]))
  const serving = new Map(accounts.map((account) => [account.id, account]))
  const rests = Map.groupBy(gateway.pool.resting(accounts), ({ accountId }) => accountId)
  return [...new Set([...serving.keys(), ...records.keys()])].map((id) => ({
    account: serving.get(id),
    record: records.get(id),
    rests: rests.get(id) ?? [],
  }))
}

/** The models of a provider, looked up once. */
function listsOf({ gateway }: ManagementContext): (provider: string) => string[] {
  const lists = new Map<string, string[]>()
  return (provider) => {
    const list = lists.get(provider) ?? gateway.snapshot.registry.list(provider).map(({ id }) => id)
    lists.set(provider, list)
    return list
  }
}

interface Parts {
  account: Account | undefined
  record: LoginRecord | undefined
  rests: readonly RestingInfo[]
}

function accountView(
  context: ManagementContext,
  recent: Recent,
  { account, record, rests }: Parts,
  listOf: (provider: string) => string[],
): AccountView {
  const { gateway, quotas, now } = context
  const id = account?.id ?? record!.id
  const providerId = account?.provider ?? record!.provider
  const provider = gateway.snapshot.providers.get(providerId)
  const facts = record?.facts
  const quota = quotas.of(id)
  const inFlight = gateway.pool.inFlight(id)
  const stats = recent.account(id)
  const state = stateOf(account, record, rests, inFlight)
  const policy = record === undefined ? undefined : provider?.login?.policy
  const borrowed = facts?.origin.how === 'borrowed'
  return strip({
    id,
    provider: providerId,
    providerTitle: (record === undefined ? undefined : provider?.login?.title) ?? provider?.title ?? providerId,
    label: account?.label ?? facts?.label ?? id,
    email: facts?.email,
    plan: facts?.plan ?? quota?.plan,
    kind: record === undefined ? 'key' : 'login',
    state,
    words: told(context, state, wordsOf(state, account, record, rests, inFlight, now())),
    quota: quota === undefined ? undefined : { at: quota.at, windows: windowsOf(quota) },
    rests: rests.map((rest) => restView(context, rest)),
    inFlight,
    lastUsedAt: stats?.lastUsedAt,
    requests: stats?.requests ?? 0,
    errors: stats?.errors ?? 0,
    expiresAt: record?.expiresAt,
    origin:
      facts === undefined ? { how: 'config' } : { how: facts.origin.how, from: facts.origin.from, at: facts.origin.at },
    policy,
    models: account === undefined ? [] : modelsOf(account, listOf),
    modelsAt: facts?.modelsAt,
    settings: strip({
      disabled: facts?.disabled ?? false,
      priority: facts?.priority ?? account?.priority ?? 0,
      weight: facts?.weight ?? account?.weight ?? 1,
      prefix: (facts?.prefix ?? account?.prefix) || undefined,
      proxy: proxyHost(facts === undefined ? account?.proxyUrl : facts.proxyUrl),
      headerNames: Object.keys(facts?.headers ?? account?.headers ?? {}),
      excludedModels: [...(facts?.excludedModels ?? [])],
      concurrency: facts?.concurrency ?? account?.concurrency,
      neverRests: facts?.neverRests ?? account?.neverRests ?? false,
      note: facts?.note,
    }),
    can: {
      change: record !== undefined,
      remove: record !== undefined,
      refresh: record !== undefined && !borrowed,
      reset: account !== undefined,
      login: provider?.login !== undefined,
    },
  })
}

function stateOf(
  account: Account | undefined,
  record: LoginRecord | undefined,
  rests: readonly RestingInfo[],
  inFlight: number,
): AccountView['state'] {
  if (record?.facts.state.is === 'needs-login') return 'needs-login'
  if (record?.facts.disabled) return 'disabled'
  if (account === undefined) return 'unusable'
  if (rests.some(({ model }) => model === undefined)) return 'resting'
  return account.concurrency !== undefined && inFlight >= account.concurrency ? 'busy' : 'ready'
}

function wordsOf(
  state: AccountView['state'],
  account: Account | undefined,
  record: LoginRecord | undefined,
  rests: readonly RestingInfo[],
  inFlight: number,
  now: number,
): string {
  switch (state) {
    case 'needs-login': {
      const { state: login } = record!.facts
      return login.is === 'needs-login' ? `Needs a login: ${login.reason}` : 'Needs a login.'
    }
    case 'disabled':
      return 'Switched off. Requests do not use it; its login is kept alive.'
    case 'unusable':
      return record !== undefined && record.facts.weight <= 0
        ? 'Its weight is 0, so requests do not use it.'
        : 'It cannot be used: its provider is not part of this program.'
    case 'resting': {
      const rest = rests.find(({ model }) => model === undefined)!
      return `Rests for ${spell(rest.until - now)}, tried again ${rest.nextTry <= now ? 'with the next request' : `in ${spell(rest.nextTry - now)}`}: ${rest.failure.message}`
    }
    case 'busy':
      return `${inFlight} requests under way; its limit is ${account!.concurrency}.`
    default: {
      const models = rests.flatMap(({ model }) => model ?? [])
      return models.length === 0
        ? 'Ready.'
        : `Ready, but for ${models.join(', ')}, which ${models.length === 1 ? 'rests' : 'rest'}.`
    }
  }
}

function restView(context: ManagementContext, { model, until, nextTry, failure }: RestingInfo): RestView {
  return strip({
    model,
    endpoint: failure.scope === 'provider' ? true : undefined,
    until,
    nextProbe: nextTry,
    kind: failure.kind,
    because: context.scrub(failure.message),
  })
}

/** The windows, the binding one marked: by the vendor's word, else the fullest. */
export function windowsOf(quota: QuotaState): QuotaWindowView[] {
  const fullest = quota.windows.reduce<(typeof quota.windows)[number] | undefined>(
    (best, w) => (w.models === undefined && (best === undefined || w.used > best.used) ? w : best),
    undefined,
  )
  const binding = quota.binding ?? fullest?.id
  return quota.windows.map((w) =>
    strip({
      id: w.id,
      title: w.title,
      used: w.used,
      resetsAt: w.resetsAt,
      lengthMs: w.lengthMs,
      models: w.models === undefined ? undefined : [...w.models],
      binding: w.id === binding,
      exhausted: w.exhausted === true || w.used >= 1,
    }),
  )
}

function modelsOf(account: Account, listOf: (provider: string) => string[]): string[] {
  const names = account.models?.map(({ name }) => name) ?? listOf(account.provider)
  return names.filter((name) => !account.excludes(name))
}

/** A proxy without its name and password. */
export const proxyHost = (proxy: string | undefined): string | undefined =>
  proxy === undefined || proxy === '' ? undefined : proxy === 'direct' ? 'direct' : (URL.parse(proxy)?.host ?? 'set')

/** `3 min`, `2 h`, `6 d`: rounded, for people. */
export function spell(ms: number): string {
  const minutes = ms / 60_000
  if (minutes < 1) return `${Math.max(1, Math.round(ms / 1000))} s`
  if (minutes < 90) return `${Math.round(minutes)} min`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`
}

/** Only a vendor's words can hold what must not show; scrubbing those of a thousand ready accounts would be for nothing. */
const told = ({ scrub }: ManagementContext, state: AccountView['state'], words: string): string =>
  state === 'resting' || state === 'needs-login' ? scrub(words) : words

/** Without members that are undefined. */
export function strip<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}
