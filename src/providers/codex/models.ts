/** Models of the Codex backend: names, lengths, and the account's own list (domain.md 1.2, "Models"). */
import type { Account, AccountModel, Credential } from '../../accounts/account.ts'
import type { VendorHttp } from '../../accounts/oauth/flow.ts'
import { EFFORTS, type Effort } from '../../hub/request.ts'
import { vendorGet } from '../login-request.ts'
import { openaiModels } from '../openai/index.ts'
import type { ProviderModel } from '../provider.ts'
import { listOf, numeric, text } from '../reading.ts'
import { apiRoot, callHeaders } from './request.ts'

/** What the plans offer beside OpenAI's own list. Figures change often: `GET /models` goes before them. */
const ofPlans: readonly ProviderModel[] = [
  { id: 'gpt-5.6-sol', displayName: 'GPT-5.6 Sol', contextLength: 372_000, maxOutput: 128_000 },
  { id: 'gpt-5.6-terra', displayName: 'GPT-5.6 Terra', contextLength: 372_000, maxOutput: 128_000 },
  { id: 'gpt-5.6-luna', displayName: 'GPT-5.6 Luna', contextLength: 372_000, maxOutput: 128_000 },
]

const older: readonly ProviderModel[] = [
  { id: 'gpt-5.3-codex-spark', displayName: 'GPT-5.3 Codex Spark', contextLength: 128_000 },
  { id: 'gpt-5.2-codex', displayName: 'GPT-5.2 Codex', contextLength: 400_000, maxOutput: 128_000 },
  { id: 'gpt-5.1-codex', displayName: 'GPT-5.1 Codex', contextLength: 400_000, maxOutput: 128_000 },
  { id: 'gpt-5.1-codex-mini', displayName: 'GPT-5.1 Codex mini', contextLength: 400_000, maxOutput: 128_000 },
  { id: 'gpt-5.1-codex-max', displayName: 'GPT-5.1 Codex Max', contextLength: 400_000, maxOutput: 128_000 },
  { id: 'gpt-5', displayName: 'GPT-5', contextLength: 400_000, maxOutput: 128_000 },
  { id: 'gpt-5-codex', displayName: 'GPT-5 Codex', contextLength: 400_000, maxOutput: 128_000 },
  { id: 'gpt-5-codex-mini', displayName: 'GPT-5 Codex mini', contextLength: 400_000, maxOutput: 128_000 },
  { id: 'codex-auto-review', displayName: 'Codex Auto Review', contextLength: 272_000 },
]

export const models: readonly ProviderModel[] = [...ofPlans, ...openaiModels, ...older]

/**
 * The version of Codex's protocol this folder was written against (clients.md). The list leaves out models that need a
 * newer one; it says what is understood here, not who asks: that is in `originator` and `User-Agent`.
 */
const PROTOCOL_VERSION = '0.169.0'

/**
 * What the account's plan offers now, most recommended first; hidden models are left out.
 * @throws {LoginError} if the backend refuses.
 */
export async function liveModels(
  account: Account,
  credential: Credential,
  http: VendorHttp,
): Promise<readonly AccountModel[] | undefined> {
  if (credential.type !== 'oauth') return undefined
  const url = `${apiRoot(account)}/models?client_version=${PROTOCOL_VERSION}`
  const { json } = await vendorGet(http, url, callHeaders(credential), 'the models of this ChatGPT login')
  const shown = listOf(json['models'])
    .filter((entry) => text(entry['slug']) !== undefined && isShown(entry['visibility']))
    .map((entry, i) => ({ entry, rank: [numeric(entry['priority']) ?? Number.MAX_SAFE_INTEGER, i] as const }))
    .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1])
  const found = shown.map(({ entry }) => modelOf(entry))
  return found.length === 0 ? undefined : found
}

function isShown(visibility: unknown): boolean {
  return visibility === undefined || visibility === null || visibility === 'list'
}

function modelOf(entry: Readonly<Record<string, unknown>>): AccountModel {
  const name = entry['slug'] as string
  const contextLength = numeric(entry['context_window'])
  const said = Array.isArray(entry['supported_reasoning_levels']) ? entry['supported_reasoning_levels'] : []
  const efforts = said.map((level) => (typeof level === 'string' ? level : level?.effort)).filter(isEffort)
  return {
    name,
    upstream: name,
    ...(contextLength !== undefined && contextLength > 0 && { contextLength }),
    ...(efforts.length > 0 && { efforts }),
  }
}

function isEffort(word: unknown): word is Effort {
  return (EFFORTS as readonly unknown[]).includes(word)
}
