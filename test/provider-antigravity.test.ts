import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = {
  provider: 'antigravity',
  model: 'gemini-3-flash',
  window: 'gemini-5h',
  tells: true,
  usedUp: { kind: 'quota-exhausted', scope: 'model' },
}

speaks({
  provider: 'antigravity',
  model: spec.model,
  native: ['gemini'],
  shows: ['openai-responses', 'gemini'],
  dropped: {
    anthropic: 'user,max_tokens',
    'openai-chat': 'user,max_tokens',
    'openai-responses': 'user,max_tokens',
    gemini: 'max_tokens',
  },
})

speaks({
  provider: 'antigravity',
  model: 'claude-sonnet-4-6',
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
    advice: /Open http:\/\/127\.0\.0\.1:\d+\/hosts\/accounts\.google\.com\/signin\/continue\?sim=(?:anna|ben) in a browser/,
  },
  {
    ...account,
    name: 'terms-of-service',
    says: /disabled in this account for violation of Terms of Service/,
    advice: /shut this account out of Antigravity/,
  },
  { ...account, name: 'subscription-required', says: /^This client is no longer supported/, advice: /in its plan/ },
  { name: 'model-capacity', kind: 'overloaded', scope: 'model', status: 429, says: /^No capacity available/ },
  { name: 'rate-limit', kind: 'rate-limited', scope: 'model', status: 429, says: /^You have exhausted your capacity/ },
  { name: 'no-credits', kind: 'quota-exhausted', scope: 'model', status: 429, says: /^Insufficient AI credits/ },
  {
    name: 'bare-429',
    kind: 'rate-limited',
    scope: 'request',
    status: 429,
    says: /^Resource has been exhausted \(e\.g\. check quota\)\./,
    advice: /filter.*reword the instructions/,
  },
  {
    name: 'version-gate',
    kind: 'forbidden',
    scope: 'request',
    status: 403,
    says: /^This version of Antigravity is no longer supported/,
    advice: /Nothing is wrong with the account/,
  },
])
