import { anthropic } from './support/dialects.ts'
import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = { provider: 'claude', model: 'claude-sonnet-4-6', window: '5h', tells: true }

speaks({
  provider: 'claude',
  model: spec.model,
  native: ['anthropic'],
  shows: ['anthropic', 'openai-chat', 'openai-responses', 'gemini'],
  dropped: { anthropic: undefined, 'openai-chat': 'seed', 'openai-responses': 'top_p', gemini: 'seed' },
})

keepsAccounts(spec)

const request = { kind: 'forbidden', scope: 'request', status: 400 } as const
heedsRefusals({ ...spec, dialect: anthropic }, [
  {
    ...request,
    name: 'claude-code-only',
    says: /^This credential is only authorized for use with Claude Code and cannot be used for other API requests\./,
    advice: /claude-api-key/,
  },
  { ...request, name: 'third-party', says: /^Third-party apps now draw from your extra usage/, advice: /extra usage/ },
  { ...request, name: 'extra-usage', says: /^You're out of extra usage/, advice: /claude\.ai\/settings\/usage/ },
  {
    name: 'long-context',
    kind: 'quota-exhausted',
    scope: 'request',
    status: 429,
    says: /^Extra usage is required for long context requests/,
    advice: /200,000/,
  },
  {
    name: 'fast-mode',
    kind: 'quota-exhausted',
    scope: 'request',
    status: 429,
    says: /^Usage credits are required for fast mode/,
    advice: /speed/,
  },
  { name: 'rate-limit', kind: 'rate-limited', scope: 'model', status: 429, says: /would exceed the rate limit/ },
  { name: 'absurd-retry-after', kind: 'rate-limited', scope: 'model', status: 429, says: /rate limit/ },
  { name: 'overloaded', kind: 'overloaded', scope: 'model', status: 529, says: /Overloaded/ },
  {
    name: 'disabled',
    kind: 'forbidden',
    scope: 'account',
    status: 403,
    says: /^This organization has been disabled/,
    advice: /support/,
    restsAtMost: 300,
  },
])
