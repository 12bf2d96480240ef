import { dialectRequest } from '../dialects.ts'
import { levels, type ModelFamily } from '../families.ts'
import type { Provider, ProviderModel } from '../provider.ts'

/** Models and lengths: domain.md 1.2. */
export const openaiModels: readonly ProviderModel[] = [
  { id: 'gpt-5.5', displayName: 'GPT-5.5', contextLength: 272_000, maxOutput: 128_000 },
  { id: 'gpt-5.4', displayName: 'GPT-5.4', contextLength: 1_050_000, maxOutput: 128_000 },
  { id: 'gpt-5.4-mini', displayName: 'GPT-5.4 mini', contextLength: 400_000, maxOutput: 128_000 },
  { id: 'gpt-5.3-codex', displayName: 'GPT-5.3 Codex', contextLength: 400_000, maxOutput: 128_000 },
  { id: 'gpt-5.2', displayName: 'GPT-5.2', contextLength: 400_000, maxOutput: 128_000 },
  { id: 'gpt-5.1', displayName: 'GPT-5.1', contextLength: 400_000, maxOutput: 128_000 },
]

/** Reasoning levels: domain.md 1.2, "Models". */
const families: readonly ModelFamily[] = [
  { pattern: /^(?:gpt-3\.5|gpt-4|chatgpt-|gpt-5.*-chat)/, reasons: false },
  { pattern: /^gpt-5\.[6-9]/, reasoning: levels('low', 'medium', 'high', 'xhigh', 'max') },
  { pattern: /^gpt-5\.[3-5]/, reasoning: levels('low', 'medium', 'high', 'xhigh') },
  { pattern: /^gpt-5\.2/, reasoning: levels('none', 'low', 'medium', 'high', 'xhigh') },
  { pattern: /^gpt-5(?:\.1)?-codex/, reasoning: levels('low', 'medium', 'high') },
  { pattern: /^gpt-5\.1/, reasoning: levels('none', 'low', 'medium', 'high') },
  { pattern: /^gpt-5/, reasoning: levels('minimal', 'low', 'medium', 'high') },
  { pattern: /^o\d/, reasoning: levels('low', 'medium', 'high') },
]

export const servesOpenai = (model: string): boolean => /^(?:gpt-|o\d|chatgpt-|codex-|computer-use)/.test(model)

/** What OpenAI says about keys. */
export const openaiPolicy = {
  state: 'supported',
  since: '2026-11-22',
  note: "API keys are OpenAI's own way for programs; usage is billed to the key.",
  url: 'https://openai.com/policies/services-agreement/',
} as const

/** OpenAI by API key (`openai-api-key`): Responses and Chat Completions. */
export const openai: Provider = {
  id: 'openai',
  title: 'OpenAI (API key)',
  aliases: [],
  policy: openaiPolicy,
  speaks: ['openai-responses', 'openai-chat'],
  baseUrl: 'https://api.openai.com/v1',
  models: openaiModels,
  families,
  serves: servesOpenai,
  request: dialectRequest,
}
