import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = {
  provider: 'iflow',
  model: 'qwen3-coder-plus',
  window: 'minute',
  tells: false,
  byKey: true,
  usedUp: { kind: 'rate-limited', scope: 'model' },
}

speaks({
  provider: 'iflow',
  model: spec.model,
  thinking: 'glm-thinks',
  config: {
    'oauth-model-alias': { iflow: [{ name: 'glm-4.6+think+reasoning-content', alias: 'glm-thinks', fork: true }] },
  },
  native: ['openai-chat'],
  shows: ['anthropic', 'openai-chat', 'openai-responses', 'gemini'],
  dropped: { anthropic: 'top_k', 'openai-chat': undefined, 'openai-responses': undefined, gemini: 'top_k' },
})

keepsAccounts(spec)

heedsRefusals(spec, [
  { name: 'rate-limit', kind: 'rate-limited', scope: 'model', status: 429, says: /^You exceeded your current rate limit/ },
  {
    name: 'closed',
    kind: 'forbidden',
    scope: 'account',
    status: 403,
    says: /^The service has been closed/,
    advice: /Qoder/,
  },
])
