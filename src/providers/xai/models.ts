/** Models of xAI (domain.md 1.8), and the account's own list. */
import type { Account, AccountModel, Credential } from '../../accounts/account.ts'
import type { VendorHttp } from '../../accounts/oauth/flow.ts'
import { levels, type ModelFamily } from '../families.ts'
import { vendorGet } from '../login-request.ts'
import type { ProviderModel } from '../provider.ts'
import { listOf, numeric, text } from '../reading.ts'
import { apiRoot, callHeaders } from './request.ts'

export const models: readonly ProviderModel[] = [
  { id: 'grok-4.6', displayName: 'Grok 4.6', contextLength: 500_000 },
  { id: 'grok-4.5', displayName: 'Grok 4.5', contextLength: 500_000 },
  { id: 'grok-4.3', displayName: 'Grok 4.3', contextLength: 1_000_000 },
  { id: 'grok-4.20', displayName: 'Grok 4.20', contextLength: 2_000_000 },
  { id: 'grok-build-0.1', displayName: 'Grok Build 0.1' },
  { id: 'grok-3-mini', displayName: 'Grok 3 mini' },
]

/** Of the others nothing is known: they get what the client asks for. */
export const families: readonly ModelFamily[] = [{ pattern: /^grok-3-mini/, reasoning: levels('low', 'high') }]

/** Of the same list, but for pictures and films. */
const OTHER_MEDIA = /image|imagine|video/

/**
 * What the account may use now, by `GET /models`.
 * @throws {LoginError} if xAI refuses.
 */
export async function liveModels(
  account: Account,
  credential: Credential,
  http: VendorHttp,
): Promise<readonly AccountModel[] | undefined> {
  const headers = callHeaders(account, credential)
  const { json } = await vendorGet(http, `${apiRoot(account)}/models`, headers, 'the models of this xAI login')
  const known = new Map(models.map((model) => [model.id, model.contextLength]))
  const found = listOf(json['data']).flatMap((entry): AccountModel[] => {
    const name = text(entry['id'])
    if (name === undefined || OTHER_MEDIA.test(name)) return []
    const contextLength = numeric(entry['context_length']) ?? numeric(entry['context_window']) ?? known.get(name)
    return [{ name, upstream: name, ...(contextLength !== undefined && contextLength > 0 && { contextLength }) }]
  })
  return found.length === 0 ? undefined : found
}
