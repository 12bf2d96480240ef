import { dialectRequest } from '../dialects.ts'
import { budget, levels, type ModelFamily } from '../families.ts'
import type { Provider, ProviderModel } from '../provider.ts'

/** Context and output lengths: domain.md 1.1. */
const models: readonly ProviderModel[] = [
  { id: 'claude-opus-5', displayName: 'Claude Opus 5', contextLength: 1_000_000, maxOutput: 128_000 },
  { id: 'claude-opus-4-8', displayName: 'Claude Opus 4.8', contextLength: 1_000_000, maxOutput: 128_000 },
  { id: 'claude-opus-4-7', displayName: 'Claude Opus 4.7', contextLength: 1_000_000, maxOutput: 128_000 },
  { id: 'claude-opus-4-6', displayName: 'Claude Opus 4.6', contextLength: 1_000_000, maxOutput: 128_000 },
  { id: 'claude-sonnet-5', displayName: 'Claude Sonnet 5', contextLength: 1_000_000, maxOutput: 128_000 },
  { id: 'claude-sonnet-4-6', displayName: 'Claude Sonnet 4.6', contextLength: 200_000, maxOutput: 64_000 },
  { id: 'claude-opus-4-5-20251101', displayName: 'Claude Opus 4.5', contextLength: 200_000, maxOutput: 64_000 },
  { id: 'claude-sonnet-4-5-20250929', displayName: 'Claude Sonnet 4.5', contextLength: 200_000, maxOutput: 64_000 },
  { id: 'claude-haiku-4-5-20251001', displayName: 'Claude Haiku 4.5', contextLength: 200_000, maxOutput: 64_000 },
]

/** Reasoning: domain.md 1.1, "Models". */
const families: readonly ModelFamily[] = [
  {
    pattern: /^claude-(?:opus-(?:4-[7-9]|[5-9])|(?:sonnet|fable|haiku)-[5-9])/,
    reasoning: levels('low', 'medium', 'high', 'xhigh', 'max'),
  },
  { pattern: /^claude-(?:opus|sonnet)-4-6/, reasoning: levels('low', 'medium', 'high', 'max') },
  { pattern: /^claude-(?:opus|sonnet|haiku)-4-5/, maxOutput: 64_000, reasoning: budget(1_024, 128_000, true) },
  { pattern: /^claude-opus-4/, maxOutput: 32_000, reasoning: budget(1_024, 128_000, true) },
  { pattern: /^claude-(?:sonnet-4|3-7-sonnet)/, maxOutput: 64_000, reasoning: budget(1_024, 128_000, true) },
]

/** Anthropic by API key (`claude-api-key`). */
export const claude: Provider = {
  id: 'claude',
  title: 'Anthropic (API key)',
  aliases: ['anthropic'],
  policy: {
    state: 'supported',
    since: '2026-11-22',
    note: "API keys are Anthropic's own way for programs; usage is billed to the key.",
    url: 'https://www.anthropic.com/legal/commercial-terms',
  },
  speaks: ['anthropic'],
  baseUrl: 'https://api.anthropic.com',
  models,
  families,
  serves: (model) => model.startsWith('claude-'),
  request: dialectRequest,
}
