/** Models of Kimi's coding plan (domain.md 1.7), and the account's own list. */
import type { Account, AccountModel, Credential } from '../../accounts/account.ts'
import type { VendorHttp } from '../../accounts/oauth/flow.ts'
import { levels, type ModelFamily } from '../families.ts'
import { vendorGet } from '../login-request.ts'
import type { ProviderModel } from '../provider.ts'
import { listOf, numeric, text } from '../reading.ts'
import { apiRoot, callHeaders } from './request.ts'

/** Lengths stand in no source of ours: the account's own list tells them. */
export const models: readonly ProviderModel[] = [
  { id: 'kimi-k3', displayName: 'Kimi K3' },
  { id: 'kimi-k2.7-code', displayName: 'Kimi K2.7 Code' },
  { id: 'kimi-k2.7-code-highspeed', displayName: 'Kimi K2.7 Code HighSpeed' },
  { id: 'kimi-k2.6', displayName: 'Kimi K2.6' },
  { id: 'kimi-k2.5', displayName: 'Kimi K2.5' },
  { id: 'kimi-k2-thinking', displayName: 'Kimi K2 Thinking' },
  { id: 'kimi-k2', displayName: 'Kimi K2' },
]

/** Those that never think: `thinking` means nothing to them. With and without the prefix, see `upstreamName`. */
export const PLAIN = /^(?:kimi-)?k2(?:-(?!thinking)|$)/

export const families: readonly ModelFamily[] = [
  { pattern: PLAIN, reasons: false },
  { pattern: /^(?:kimi-|k\d)/, reasoning: levels('none', 'low', 'medium', 'high') },
]

const PREFIX = 'kimi-'

/** Kimi's own names lack the prefix (`k2.5`); the reference takes it off, too. Names from the account's list are exact. */
export function upstreamName(model: string, account: Account): string {
  const exact = account.models !== undefined && account.open !== true
  const bundled = !exact && models.some(({ id }) => id === model)
  return bundled ? model.slice(PREFIX.length) : model
}

/**
 * What the account may use now, by `GET /v1/models`, each under a name that tells whose it is.
 * @throws {LoginError} if Kimi refuses.
 */
export async function liveModels(
  account: Account,
  credential: Credential,
  http: VendorHttp,
): Promise<readonly AccountModel[] | undefined> {
  const headers = callHeaders(account, credential)
  const { json } = await vendorGet(http, `${apiRoot(account)}/v1/models`, headers, 'the models of this Kimi login')
  const found = listOf(json['data']).flatMap((entry): AccountModel[] => {
    const upstream = text(entry['id'])
    if (upstream === undefined) return []
    const name = upstream.startsWith(PREFIX) ? upstream : PREFIX + upstream
    const contextLength = numeric(entry['context_length']) ?? numeric(entry['max_model_len'])
    return [{ name, upstream, ...(contextLength !== undefined && contextLength > 0 && { contextLength }) }]
  })
  return found.length === 0 ? undefined : found
}
