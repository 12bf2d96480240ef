import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = { provider: 'gemini-cli', model: 'gemini-2.5-pro', window: 'gemini-2.5-pro', tells: true }

speaks({
  provider: 'gemini-cli',
  model: spec.model,
  native: ['gemini'],
  shows: ['anthropic', 'openai-chat', 'openai-responses', 'gemini'],
  dropped: { anthropic: undefined, 'openai-chat': undefined, 'openai-responses': undefined, gemini: undefined },
})

keepsAccounts(spec)

heedsRefusals(spec, [])
