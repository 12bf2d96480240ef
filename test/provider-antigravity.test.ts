import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = { provider: 'antigravity', model: 'gemini-3-flash', window: 'gemini-5h', tells: true }

speaks({
  provider: 'antigravity',
  model: spec.model,
  native: ['gemini'],
  shows: ['anthropic', 'openai-chat', 'openai-responses', 'gemini'],
  dropped: { anthropic: undefined, 'openai-chat': undefined, 'openai-responses': undefined, gemini: undefined },
})

keepsAccounts(spec)

heedsRefusals(spec, [])
