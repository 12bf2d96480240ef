/** The accounts people logged in to, as the road sees them. */
import type { Config } from '../config/schema.ts'
import { matcher } from '../config/wildcard.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import type { Account, AccountModel } from './account.ts'
import { besides, type Hosts } from './hosts.ts'
import type { LoginRecord } from './login-record.ts'
import type { LoginFlow } from './oauth/flow.ts'

/** What must be known of a provider to make an account of a login. */
export interface LoginProvider {
  id: string
  login?: LoginFlow
  speaks: readonly ProtocolId[]
  models: readonly KnownModel[]
  /** Where a login serves other models than a key. */
  loginModels?: readonly KnownModel[]
}

interface KnownModel {
  id: string
  contextLength?: number
}

/** Every login that may be used now. Those switched off, without weight, or in need of a new login are left out. */
export function loggedInAccounts(
  records: readonly LoginRecord[],
  config: Config,
  providers: ReadonlyMap<string, LoginProvider>,
  hosts: Hosts,
): Account[] {
  const accounts: Account[] = []
  // One matcher and one list for all accounts that say the same: there may be a thousand of them.
  const matchers = new Map<string, (model: string) => boolean>()
  for (const { id, provider: providerId, facts } of records) {
    const provider = providers.get(providerId)
    if (provider?.login === undefined) continue
    if (facts.disabled || facts.weight <= 0 || facts.state.is !== 'ready') continue
    const excluded = [...listed(config['oauth-excluded-models'], providerId), ...facts.excludedModels]
    const key = excluded.join('\n')
    const excludes = matchers.get(key) ?? matcher(excluded)
    matchers.set(key, excludes)
    const aliases = listed(config['oauth-model-alias'], providerId)
    accounts.push(
      Object.freeze({
        id,
        provider: providerId,
        label: facts.label,
        credential: { type: 'login' },
        baseUrl: hosts.url(provider.login.baseUrl).replace(/\/+$/, ''),
        otherBaseUrls: besides(hosts.url, provider.login.baseUrl, provider.login.otherBaseUrls ?? []),
        proxyUrl: facts.proxyUrl || config['proxy-url'] || undefined,
        headers: facts.headers,
        speaks: provider.speaks,
        priority: facts.priority,
        weight: facts.weight,
        prefix: facts.prefix || undefined,
        models: modelsOf(facts.models, provider, aliases),
        // A list may be older than a model: a name that nobody lists goes where its form says, and the vendor decides.
        open: true,
        excludes,
        neverRests: facts.neverRests ?? config['disable-cooling'],
        concurrency: facts.concurrency ?? (config.routing['account-concurrency'] || undefined),
      } satisfies Account),
    )
  }
  return accounts
}

/** The vendor's live list, or what is bundled; undefined leaves it to the provider's own list. */
function modelsOf(
  live: readonly AccountModel[] | undefined,
  { models, loginModels }: LoginProvider,
  aliases: readonly Alias[],
): readonly AccountModel[] | undefined {
  if (aliases.length === 0 && (live !== undefined || loginModels === undefined)) return live
  const bundled = (loginModels ?? models).map(({ id, contextLength }) => ({ name: id, upstream: id, contextLength }))
  return aliases.length === 0 ? bundled : aliased(live ?? bundled, aliases)
}

type Alias = Config['oauth-model-alias'][string][number]

/** The list with other names; `fork` keeps the first name, too. An alias of a model nobody listed is taken at its word. */
function aliased(models: readonly AccountModel[], aliases: readonly Alias[]): AccountModel[] {
  const replaced = new Set(aliases.filter(({ fork }) => !fork).map(({ name }) => name))
  const known = new Map(models.map((model) => [model.upstream, model]))
  return [
    ...models.filter(({ upstream }) => !replaced.has(upstream)),
    ...aliases.map(({ name, alias }) => ({ ...(known.get(name) ?? { upstream: name }), name: alias })),
  ]
}

function listed<T>(lists: Readonly<Record<string, readonly T[]>>, name: string): readonly T[] {
  return Object.hasOwn(lists, name) ? lists[name]! : []
}
