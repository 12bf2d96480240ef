/**
 * Gemini's models as its public API, Vertex and Code Assist serve them: domain.md 1.3, "Models". Code Assist offers no list:
 * `retrieveUserQuota` names models with an allowance, not those that may be asked.
 */
import { budget, levels, type ModelFamily } from './families.ts'
import type { ProviderModel } from './provider.ts'

/** Models and lengths: domain.md 1.3. */
export const models: readonly ProviderModel[] = [
  'gemini-3.1-pro-preview',
  'gemini-3-pro-preview',
  'gemini-3-flash-preview',
  'gemini-3.1-flash-lite-preview',
  'gemini-2.5-pro',
  'gemini-2.5-flash',
  'gemini-2.5-flash-lite',
].map((id) => ({ id, displayName: title(id), contextLength: 1_048_576, maxOutput: 65_536 }))

function title(id: string): string {
  return id
    .split('-')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join(' ')
}

/** Thinking: domain.md 1.3, "Models". */
export const families: readonly ModelFamily[] = [
  { pattern: /^gemini-2\.5-pro/, reasoning: budget(128, 32_768, false) },
  { pattern: /^gemini-2\.5-flash/, reasoning: budget(1, 24_576, true) },
  { pattern: /^gemini-3-pro/, reasoning: levels('low', 'high') },
  { pattern: /^gemini-3(?:\.\d+)?-pro/, reasoning: levels('low', 'medium', 'high') },
  { pattern: /^gemini-3/, reasoning: levels('minimal', 'low', 'medium', 'high') },
]
