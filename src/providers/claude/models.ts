/** Models of Anthropic: names, lengths and reasoning (domain.md 1.1, "Models"). */
import type { Account, AccountModel, Credential } from '../../accounts/account.ts'
import type { VendorHttp } from '../../accounts/oauth/flow.ts'
import { budget, levels, type ModelFamily } from '../families.ts'
import { vendorGet } from '../login-request.ts'
import type { ProviderModel } from '../provider.ts'
import { listOf, numeric, text } from '../reading.ts'
import { apiRoot, callHeaders } from './request.ts'

const MILLION = 1_000_000

export const models: readonly ProviderModel[] = [
  { id: 'claude-opus-5', displayName: 'Claude Opus 5', contextLength: MILLION, maxOutput: 128_000 },
  { id: 'claude-opus-4-8', displayName: 'Claude Opus 4.8', contextLength: MILLION, maxOutput: 128_000 },
  { id: 'claude-opus-4-7', displayName: 'Claude Opus 4.7', contextLength: MILLION, maxOutput: 128_000 },
  { id: 'claude-opus-4-6', displayName: 'Claude Opus 4.6', contextLength: MILLION, maxOutput: 128_000 },
  { id: 'claude-sonnet-5', displayName: 'Claude Sonnet 5', contextLength: MILLION, maxOutput: 128_000 },
  { id: 'claude-fable-5', displayName: 'Claude Fable 5', contextLength: MILLION, maxOutput: 128_000 },
  { id: 'claude-sonnet-4-6', displayName: 'Claude Sonnet 4.6', contextLength: 200_000, maxOutput: 64_000 },
  { id: 'claude-opus-4-5-20251101', displayName: 'Claude Opus 4.5', contextLength: 200_000, maxOutput: 64_000 },
  { id: 'claude-sonnet-4-5-20250929', displayName: 'Claude Sonnet 4.5', contextLength: 200_000, maxOutput: 64_000 },
  { id: 'claude-haiku-4-5-20251001', displayName: 'Claude Haiku 4.5', contextLength: 200_000, maxOutput: 64_000 },
  { id: 'claude-opus-4-1-20250805', displayName: 'Claude Opus 4.1', contextLength: 200_000, maxOutput: 32_000 },
  { id: 'claude-opus-4-20250514', displayName: 'Claude Opus 4', contextLength: 200_000, maxOutput: 32_000 },
  { id: 'claude-sonnet-4-20250514', displayName: 'Claude Sonnet 4', contextLength: 200_000, maxOutput: 64_000 },
]

export const families: readonly ModelFamily[] = [
  {
    pattern: /^claude-(?:opus-(?:4-[7-9]|[5-9])|(?:sonnet|fable|haiku)-[5-9])/,
    reasoning: levels('low', 'medium', 'high', 'xhigh', 'max'),
  },
  { pattern: /^claude-(?:opus|sonnet)-4-6/, reasoning: levels('low', 'medium', 'high', 'max') },
  { pattern: /^claude-(?:opus|sonnet|haiku)-4-5/, maxOutput: 64_000, reasoning: budget(1_024, 128_000, true) },
  { pattern: /^claude-opus-4/, maxOutput: 32_000, reasoning: budget(1_024, 128_000, true) },
  { pattern: /^claude-(?:sonnet-4|3-7-sonnet)/, maxOutput: 64_000, reasoning: budget(1_024, 128_000, true) },
]

/** Pages of the list that are read; one holds a thousand. */
const MOST_PAGES = 5

/**
 * What the account may use now, by `GET /v1/models` (domain.md 1.1), and beside the dated names those without a date,
 * which the API takes as well and clients ask for.
 * @throws {LoginError} if Anthropic refuses.
 */
export async function liveModels(
  account: Account,
  credential: Credential,
  http: VendorHttp,
): Promise<readonly AccountModel[] | undefined> {
  if (credential.type !== 'oauth') return undefined
  const found = new Map<string, AccountModel>()
  const known = new Map(models.map((model) => [model.id, model.contextLength]))
  let after = ''
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const url = `${apiRoot(account)}/v1/models?limit=1000${after}`
    const { json } = await vendorGet(http, url, callHeaders(credential), 'the models of this Claude login')
    for (const entry of listOf(json['data'])) {
      const id = text(entry['id'])
      if (id === undefined) continue
      const contextLength = numeric(entry['max_input_tokens']) ?? known.get(id)
      const rest = contextLength === undefined ? {} : { contextLength }
      found.set(id, { name: id, upstream: id, ...rest })
      const plain = id.replace(/-20\d{6}$/, '')
      if (plain !== id && !found.has(plain)) found.set(plain, { name: plain, upstream: id, ...rest })
    }
    const last = text(json['last_id'])
    if (json['has_more'] !== true || last === undefined) break
    after = `&after_id=${encodeURIComponent(last)}`
  }
  return found.size === 0 ? undefined : [...found.values()]
}
