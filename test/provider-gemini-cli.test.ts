import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = {
  provider: 'gemini-cli',
  model: 'gemini-2.5-pro',
  window: 'gemini-2.5-pro',
  tells: true,
  usedUp: { kind: 'quota-exhausted', scope: 'model' },
}

speaks({
  provider: 'gemini-cli',
  model: spec.model,
  native: ['gemini'],
  shows: ['openai-responses', 'gemini'],
  dropped: { anthropic: 'user', 'openai-chat': 'user', 'openai-responses': 'user', gemini: undefined },
})

keepsAccounts(spec)

const account = { kind: 'forbidden', scope: 'account', status: 403 } as const
heedsRefusals(spec, [
  {
    ...account,
    name: 'validation-required',
    says: /^Verify your account to continue\./,
    advice: /Open http:\/\/127\.0\.0\.1:\d+\/hosts\/accounts\.google\.com\/signin\/continue\?sim=(?:anna|ben) in a browser, signed in with this account/,
  },
  {
    ...account,
    name: 'terms-of-service',
    says: /^Gemini for Google Cloud has been disabled in this account for violation of Terms of Service/,
    advice: /shut this account out of Gemini CLI/,
  },
  {
    ...account,
    name: 'subscription-required',
    says: /^This client is no longer supported for Gemini Code Assist for individuals/,
    advice: /Standard or Enterprise licence only/,
  },
  {
    name: 'model-capacity',
    kind: 'overloaded',
    scope: 'model',
    status: 429,
    says: /^No capacity available for model gemini-2\.5-pro/,
    advice: /not about this account/,
  },
  { name: 'rate-limit', kind: 'rate-limited', scope: 'model', status: 429, says: /^You have exhausted your capacity/ },
  {
    name: 'no-credits',
    kind: 'quota-exhausted',
    scope: 'model',
    status: 429,
    says: /^Insufficient AI credits/,
    advice: /credits bought for this account are used up/,
  },
  { name: 'bare-429', kind: 'rate-limited', scope: 'model', status: 429, says: /^Resource has been exhausted/ },
])
