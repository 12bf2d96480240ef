/** The refusals an account can be given, in the vendors' own words (domain.md 0.2, 1.1–1.8). */
import type { ProviderName } from '../persons.ts'
import type { Json } from '../types.ts'

/** A refusal before it is put on the wire. */
export interface RefusalForm {
  status: number
  headers?: Record<string, string>
  body: Json
}

/** What a refusal may mention. */
export interface RefusalContext {
  person: string
  plan: string
  model: string
  nowMs: number
  base: string
}

type Make = (c: RefusalContext) => RefusalForm

function claude(status: number, type: string, message: string, headers?: Record<string, string>): Make {
  return () => ({
    status,
    headers: { 'x-should-retry': 'false', ...headers },
    body: { type: 'error', error: { type, message }, request_id: 'req_011Csimrefused' },
  })
}

/** An error of google.rpc's form. */
export function googleError(code: number, status: string, message: string, details: Json[] = []): Json {
  return { error: { code, message, status, ...(details.length ? { details } : {}) } }
}

/** `google.rpc.ErrorInfo`. */
export function errorInfo(reason: string, metadata: Record<string, string> = {}): Json {
  return {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: 'cloudcode-pa.googleapis.com',
    metadata,
  }
}

const GOOGLE: Readonly<Record<string, Make>> = {
  'validation-required': ({ base, person }) => ({
    status: 403,
    body: googleError(403, 'PERMISSION_DENIED', 'Verify your account to continue.', [
      errorInfo('VALIDATION_REQUIRED', {
        validation_url: `${base}/hosts/accounts.google.com/signin/continue?sim=${person}`,
        validation_error_message: 'Verify your account to continue.',
      }),
    ]),
  }),
  'terms-of-service': () => ({
    status: 403,
    body: googleError(
      403,
      'PERMISSION_DENIED',
      'Gemini for Google Cloud has been disabled in this account for violation of Terms of Service. If you believe this is an error, please contact support.',
      [errorInfo('TOS_VIOLATION')],
    ),
  }),
  'subscription-required': () => ({
    status: 403,
    body: googleError(
      403,
      'PERMISSION_DENIED',
      'This client is no longer supported for Gemini Code Assist for individuals. A Gemini Code Assist licence is required.',
      [errorInfo('SUBSCRIPTION_REQUIRED')],
    ),
  }),
  'model-capacity': ({ model }) => ({
    status: 429,
    body: googleError(429, 'RESOURCE_EXHAUSTED', `No capacity available for model ${model} on the server`, [
      errorInfo('MODEL_CAPACITY_EXHAUSTED', { model }),
    ]),
  }),
  'rate-limit': ({ model }) => ({
    status: 429,
    body: googleError(
      429,
      'RESOURCE_EXHAUSTED',
      'You have exhausted your capacity on this model. Please retry in 2.5s.',
      [
        errorInfo('RATE_LIMIT_EXCEEDED', { model, quotaResetDelay: '2.5s' }),
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2.5s' },
      ],
    ),
  }),
  'no-credits': () => ({
    status: 429,
    body: googleError(429, 'RESOURCE_EXHAUSTED', 'Insufficient AI credits.', [
      errorInfo('INSUFFICIENT_G1_CREDITS_BALANCE'),
    ]),
  }),
  // Without details: what a prompt filter says (domain.md 1.6, #5751).
  'bare-429': () => ({
    status: 429,
    body: googleError(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'),
  }),
}

function openai(status: number, code: string, message: string, type = code): Make {
  return () => ({ status, body: { error: { message, type, param: null, code } } })
}

/** A refusal of the Codex backend; `resets_at` in Unix seconds. */
export function codexLimit(
  type: string,
  message: string,
  c: Pick<RefusalContext, 'plan' | 'nowMs'>,
  resetsAtMs: number,
) {
  return {
    error: {
      type,
      message,
      plan_type: c.plan,
      resets_at: Math.floor(resetsAtMs / 1000),
      resets_in_seconds: Math.max(0, Math.ceil((resetsAtMs - c.nowMs) / 1000)),
    },
  }
}

/** By provider and name: what `setRefusal` takes. */
export const REFUSALS: Readonly<Record<ProviderName, Readonly<Record<string, Make>>>> = {
  claude: {
    'claude-code-only': claude(
      400,
      'invalid_request_error',
      'This credential is only authorized for use with Claude Code and cannot be used for other API requests.',
    ),
    'third-party': claude(
      400,
      'invalid_request_error',
      'Third-party apps now draw from your extra usage, not your plan limits. Add more at claude.ai/settings/usage and keep going.',
    ),
    'extra-usage': claude(
      400,
      'invalid_request_error',
      "You're out of extra usage. Add more at claude.ai/settings/usage and keep going.",
    ),
    'long-context': claude(429, 'rate_limit_error', 'Extra usage is required for long context requests.'),
    'fast-mode': claude(429, 'rate_limit_error', 'Usage credits are required for fast mode.'),
    'rate-limit': claude(
      429,
      'rate_limit_error',
      'This request would exceed the rate limit for your organization. Please try again later.',
      {
        'retry-after': '7',
      },
    ),
    'absurd-retry-after': claude(
      429,
      'rate_limit_error',
      "This request would exceed your account's rate limit. Please try again later.",
      {
        'retry-after': '1580000',
      },
    ),
    overloaded: claude(529, 'overloaded_error', 'Overloaded'),
    disabled: claude(403, 'permission_error', 'This organization has been disabled.'),
  },
  codex: {
    usage_limit_reached: (c) => ({
      status: 429,
      body: codexLimit('usage_limit_reached', 'The usage limit has been reached', c, c.nowMs + 3_600_000),
    }),
    usage_not_included: (c) => ({
      status: 429,
      body: codexLimit('usage_not_included', 'To use Codex with your ChatGPT plan, upgrade to Plus.', c, c.nowMs),
    }),
    token_invalidated: openai(
      401,
      'token_invalidated',
      'Your authentication token has been invalidated. Please try signing in again.',
      'invalid_request_error',
    ),
    'at-capacity': openai(
      503,
      'model_at_capacity',
      'Selected model is at capacity. Please try a different model.',
      'server_error',
    ),
    overloaded: openai(
      503,
      'server_is_overloaded',
      'Our servers are currently overloaded. Please try again later.',
      'service_unavailable_error',
    ),
    'slow-down': openai(503, 'slow_down', 'Please slow down your request rate.', 'service_unavailable_error'),
  },
  'gemini-cli': GOOGLE,
  // Not on the wire as an error: `antigravity.ts` answers the gate itself.
  antigravity: { ...GOOGLE, 'version-gate': () => ({ status: 200, body: {} }) },
  qwen: {
    insufficient_quota: openai(
      429,
      'insufficient_quota',
      'You exceeded your current quota, please check your plan and billing details.',
    ),
    quota_exceeded: openai(403, 'quota_exceeded', 'Qwen OAuth quota exceeded: Your free daily quota has been reached.'),
    'free-quota': openai(429, 'limit_requests', 'Free allocated quota exceeded.', 'Arrearage'),
    closed: openai(403, 'access_denied', 'Qwen OAuth free tier was discontinued upstream on 2026-04-15.'),
  },
  iflow: {
    'rate-limit': () => ({
      status: 429,
      body: { status: '449', msg: 'You exceeded your current rate limit', body: null },
    }),
    closed: () => ({ status: 403, body: { status: '403', msg: 'The service has been closed.', body: null } }),
  },
  kimi: {
    quota: openai(
      403,
      'access_terminated_error',
      "You've reached your usage limit for this billing cycle.",
      'access_terminated_error',
    ),
    'rate-limit': openai(
      429,
      'rate_limit_reached_error',
      'Your account reached max request per minute, please try again later.',
    ),
    overloaded: openai(429, 'engine_overloaded_error', 'The engine is currently overloaded, please try again later.'),
  },
  xai: {
    'client-gate': () => ({
      status: 403,
      body: {
        code: 'The caller does not have permission to execute the specified operation',
        error: 'This client is not supported.',
      },
    }),
    quota: () => ({
      status: 429,
      body: {
        code: 'Some resource has been exhausted',
        error: 'You have reached your usage limit for the current 24-hour period.',
      },
    }),
    credits: () => ({
      status: 403,
      body: {
        code: 'The caller does not have permission to execute the specified operation',
        error: 'Your team has run out of credits.',
      },
    }),
  },
}
