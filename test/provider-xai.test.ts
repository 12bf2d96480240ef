import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = { provider: 'xai', model: 'grok-4.6', window: '24h', tells: false }

speaks({
  provider: 'xai',
  model: spec.model,
  native: ['openai-responses'],
  shows: ['openai-responses', 'gemini'],
  dropped: { anthropic: 'top_k,stop', 'openai-chat': 'stop,seed', 'openai-responses': undefined, gemini: 'top_k,stop,seed' },
})

keepsAccounts(spec)

heedsRefusals(spec, [
  { name: 'client-gate', kind: 'forbidden', scope: 'request', status: 403, says: /^This client is not supported/, advice: /does not pose/ },
  { name: 'quota', kind: 'quota-exhausted', scope: 'account', status: 429, says: /^You have reached your usage limit/, advice: /24 hours/ },
  { name: 'credits', kind: 'quota-exhausted', scope: 'account', status: 403, says: /^Your team has run out of credits/, advice: /console\.x\.ai/ },
])
