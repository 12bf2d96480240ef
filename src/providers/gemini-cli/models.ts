/** Models of Gemini CLI and how they think: domain.md 1.3, "Models". */
import { budget, levels } from '../families.ts'
import type { ProviderModel } from '../provider.ts'

const size = { contextLength: 1_048_576, maxOutput: 65_536 }

/** The vendor offers no list: `retrieveUserQuota` names models with an allowance, not those that may be asked. */
export const models: readonly ProviderModel[] = [
  { id: 'gemini-3.1-pro-preview', displayName: 'Gemini 3.1 Pro Preview', reasoning: levels('low', 'medium', 'high') },
  { id: 'gemini-3-pro-preview', displayName: 'Gemini 3 Pro Preview', reasoning: levels('low', 'high') },
  {
    id: 'gemini-3-flash-preview',
    displayName: 'Gemini 3 Flash Preview',
    reasoning: levels('minimal', 'low', 'medium', 'high'),
  },
  {
    id: 'gemini-3.1-flash-lite-preview',
    displayName: 'Gemini 3.1 Flash Lite Preview',
    reasoning: levels('minimal', 'low', 'medium', 'high'),
  },
  { id: 'gemini-2.5-pro', displayName: 'Gemini 2.5 Pro', reasoning: budget(128, 32_768, false) },
  { id: 'gemini-2.5-flash', displayName: 'Gemini 2.5 Flash', reasoning: budget(1, 24_576, true) },
  { id: 'gemini-2.5-flash-lite', displayName: 'Gemini 2.5 Flash Lite', reasoning: budget(1, 24_576, true) },
].map((model) => ({ ...model, ...size }))
