import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = { provider: 'qwen', model: 'coder-model', window: 'day', tells: false }

speaks({
  provider: 'qwen',
  model: spec.model,
  native: ['gemini'],
  shows: ['anthropic', 'openai-chat', 'openai-responses', 'gemini'],
  dropped: { anthropic: undefined, 'openai-chat': undefined, 'openai-responses': undefined, gemini: undefined },
})

keepsAccounts(spec)

heedsRefusals(spec, [])
