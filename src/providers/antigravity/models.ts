/** Models of Antigravity: domain.md 1.6, "Models" and "Rules by model". Its own list (`fetchAvailableModels`) goes before. */
import type { AccountModel } from '../../accounts/account.ts'
import { askCodeAssist, asObject, projectsOf } from '../code-assist.ts'
import { budget, levels, type ModelFamily } from '../families.ts'
import type { Provider, ProviderModel } from '../provider.ts'

const claude = { contextLength: 200_000, maxOutput: 64_000, reasoning: budget(1_024, 64_000, true) }
const gemini = { contextLength: 1_048_576, maxOutput: 65_536 }

/** Known without asking (August and September 2026). */
export const models: readonly ProviderModel[] = [
  { id: 'claude-opus-4-6-thinking', displayName: 'Claude Opus 4.6 (Thinking)', ...claude },
  { id: 'claude-sonnet-4-6', displayName: 'Claude Sonnet 4.6', ...claude },
  { id: 'gemini-pro-agent', displayName: 'Gemini Pro Agent', ...gemini },
  { id: 'gemini-3-flash-agent', displayName: 'Gemini 3 Flash Agent', ...gemini },
  { id: 'gemini-3-flash', displayName: 'Gemini 3 Flash', ...gemini },
  { id: 'gemini-3.1-pro-low', displayName: 'Gemini 3.1 Pro (Low)', ...gemini },
  { id: 'gemini-3.1-flash-lite', displayName: 'Gemini 3.1 Flash Lite', ...gemini },
  { id: 'gemini-3.1-flash-image', displayName: 'Gemini 3.1 Flash Image', ...gemini },
  { id: 'gemini-3.5-flash-low', displayName: 'Gemini 3.5 Flash (Low)', ...gemini },
  { id: 'gemini-3.5-flash-extra-low', displayName: 'Gemini 3.5 Flash (Extra Low)', ...gemini },
  { id: 'gemini-3.6-flash-high', displayName: 'Gemini 3.6 Flash (High)', ...gemini },
  { id: 'gemini-3.7-flash-high', displayName: 'Gemini 3.7 Flash (High)', ...gemini },
  { id: 'gemini-3.8-flash-high', displayName: 'Gemini 3.8 Flash (High)', ...gemini },
  { id: 'gpt-oss-120b-medium', displayName: 'GPT-OSS 120B (Medium)', contextLength: 114_000, maxOutput: 32_000 },
]

/** Claude's models think by budget here, whatever they do at their own vendor; Gemini's as everywhere (domain.md 1.3). */
export const families: readonly ModelFamily[] = [
  { pattern: /^claude-(?:opus|sonnet)-4-6/, ...claude },
  { pattern: /^gemini-3(?:\.\d+)?-pro/, reasoning: levels('low', 'medium', 'high') },
  { pattern: /^gemini-3/, reasoning: levels('minimal', 'low', 'medium', 'high') },
]

/** What the API asks of a request depends on whose model it is. */
export interface Manners {
  /** Calls are held to schemas that are never empty, and thinking is a budget below the most it may write. */
  claude: boolean
  gemini: boolean
  /** Most tokens of an answer. */
  maxOutput: number
}

/** The manners of a model by its name. */
export function mannersOf(model: string): Manners {
  const claude = model.startsWith('claude-')
  return {
    claude,
    gemini: model.startsWith('gemini-'),
    maxOutput: claude ? 64_000 : model.startsWith('gpt-oss-') ? 32_000 : 65_536,
  }
}

/** Ids of the editor's own helpers, which are no chat models. */
const INTERNAL = /^(?:chat|tab)_/

/** The models an account has: `fetchAvailableModels` (domain.md 1.6, API), without the editor's own. */
export const liveModels: NonNullable<Provider['liveModels']> = async (account, credential, http) => {
  // A `metadata` member, as the other methods have it, is refused here.
  const project = projectsOf(credential)[0]
  const asked = project === undefined ? {} : { project }
  const { json } = await askCodeAssist('fetchAvailableModels', asked, account, credential, http)
  const listed = readModels(json)
  return listed.length === 0 ? undefined : listed
}

/** `models{<id>: {displayName, maxTokens, maxOutputTokens, isInternal?, quotaInfo}}`. */
export function readModels(json: Readonly<Record<string, unknown>>): AccountModel[] {
  const listed: AccountModel[] = []
  for (const [id, told] of Object.entries(asObject(json['models']) ?? {})) {
    const facts = asObject(told)
    if (facts === undefined || facts['isInternal'] === true || INTERNAL.test(id)) continue
    const { maxTokens } = facts
    const known = typeof maxTokens === 'number' && maxTokens > 0
    listed.push({ name: id, upstream: id, ...(known && { contextLength: maxTokens }) })
  }
  return listed
}
