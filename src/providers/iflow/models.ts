/** Models of iFlow: domain.md 1.5. */
import type { ProviderModel } from '../provider.ts'

export const models: readonly ProviderModel[] = [
  { id: 'qwen3-coder-plus', displayName: 'Qwen3 Coder Plus' },
  { id: 'qwen3-max', displayName: 'Qwen3 Max' },
  { id: 'qwen3-max-preview', displayName: 'Qwen3 Max Preview' },
  { id: 'qwen3-vl-plus', displayName: 'Qwen3 VL Plus' },
  { id: 'qwen3-32b', displayName: 'Qwen3 32B' },
  { id: 'qwen3-235b', displayName: 'Qwen3 235B' },
  { id: 'glm-4.6', displayName: 'GLM 4.6' },
  { id: 'kimi-k2', displayName: 'Kimi K2' },
  { id: 'deepseek-v3.2', displayName: 'DeepSeek V3.2' },
  { id: 'deepseek-v3.1', displayName: 'DeepSeek V3.1' },
  { id: 'deepseek-v3', displayName: 'DeepSeek V3' },
  { id: 'deepseek-r1', displayName: 'DeepSeek R1' },
  { id: 'iflow-rome-30ba3b', displayName: 'iFlow ROME 30B' },
]

/**
 * How a model is told to think: by the template's `enable_thinking`, to which GLM wants `clear_thinking` beside it, or
 * (MiniMax) always, with its thoughts told apart by `reasoning_split`.
 */
export type Thinking = 'template' | 'template-kept' | 'split'

const THINKING: readonly (readonly [RegExp, Thinking])[] = [
  [/^glm-/, 'template-kept'],
  [/^minimax-/, 'split'],
  [/^(?:deepseek-v3\.[12]|qwen3-(?:\d+b|max-preview))/, 'template'],
]

/** Undefined: the model has no switch. */
export function thinkingOf(model: string): Thinking | undefined {
  return THINKING.find(([pattern]) => pattern.test(model))?.[1]
}
