import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = { provider: 'qwen', model: 'coder-model', window: 'day', tells: false }

speaks({
  provider: 'qwen',
  model: spec.model,
  thinking: 'coder-thinks',
  config: {
    'oauth-model-alias': {
      qwen: [{ name: 'coder-model+think+reasoning-content', alias: 'coder-thinks', fork: true }],
    },
  },
  native: ['openai-chat'],
  shows: ['anthropic', 'openai-chat', 'openai-responses', 'gemini'],
  dropped: { anthropic: 'top_k', 'openai-chat': undefined, 'openai-responses': undefined, gemini: 'top_k' },
})

keepsAccounts(spec)

const usedUp = { kind: 'quota-exhausted', scope: 'account', status: 429, advice: /used up until \d{4}-\d\d-\d\dT16:00/ } as const
heedsRefusals(spec, [
  { ...usedUp, name: 'insufficient_quota', says: /^You exceeded your current quota/ },
  { ...usedUp, name: 'quota_exceeded', says: /^Qwen OAuth quota exceeded: Your free daily quota has been reached/ },
  { ...usedUp, name: 'free-quota', says: /^Free allocated quota exceeded/ },
  {
    name: 'closed',
    kind: 'forbidden',
    scope: 'account',
    status: 403,
    says: /^Qwen OAuth free tier was discontinued upstream/,
    advice: /API key of DashScope or ModelStudio/,
  },
])
