import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = { provider: 'kimi', model: 'kimi-k2.5', window: '5h', tells: true }

speaks({
  provider: 'kimi',
  model: spec.model,
  thinking: 'kimi-k2.5+think+reasoning-content',
  native: ['openai-chat', 'anthropic'],
  shows: ['anthropic', 'openai-chat', 'openai-responses', 'gemini'],
  dropped: { anthropic: undefined, 'openai-chat': undefined, 'openai-responses': undefined, gemini: 'top_k,stop' },
})

keepsAccounts(spec)

heedsRefusals(spec, [
  { name: 'quota', kind: 'quota-exhausted', scope: 'account', status: 403, says: /^You've reached your usage limit/, advice: /logicaproxy accounts/ },
  { name: 'rate-limit', kind: 'rate-limited', scope: 'model', status: 429, says: /max request per minute/ },
  { name: 'overloaded', kind: 'overloaded', scope: 'model', status: 429, says: /overloaded/ },
])
