import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Failure, isRetriable } from '../../hub/failure.ts'
import { judge } from './judge.ts'

const openai = (error: object) => JSON.stringify({ error: { message: 'm', ...error } })
const google = (code: number, message: string, details: object[] = []) =>
  JSON.stringify({ error: { code, message, status: 'X', details } })

type Row = [name: string, status: number, body: string, expected: Partial<Failure>]

const ROWS: Row[] = [
  // By status alone.
  ['400', 400, openai({}), { kind: 'invalid-request', scope: 'request' }],
  ['401', 401, openai({}), { kind: 'unauthorized', scope: 'account' }],
  ['402', 402, openai({}), { kind: 'quota-exhausted', scope: 'account' }],
  ['403', 403, openai({}), { kind: 'forbidden', scope: 'account' }],
  ['404', 404, openai({}), { kind: 'not-found', scope: 'request' }],
  ['405', 405, openai({}), { kind: 'invalid-request', scope: 'request' }],
  ['408', 408, openai({}), { kind: 'timeout', scope: 'model' }],
  ['409', 409, openai({}), { kind: 'invalid-request', scope: 'request' }],
  ['413', 413, openai({}), { kind: 'too-large', scope: 'request' }],
  ['422', 422, openai({}), { kind: 'invalid-request', scope: 'request' }],
  ['429', 429, openai({}), { kind: 'rate-limited', scope: 'model' }],
  ['499', 499, google(499, 'cancelled'), { kind: 'upstream', scope: 'model' }],
  ['500', 500, openai({}), { kind: 'upstream', scope: 'model' }],
  ['502', 502, openai({}), { kind: 'upstream', scope: 'model' }],
  ['503', 503, openai({}), { kind: 'overloaded', scope: 'model' }],
  ['504', 504, openai({}), { kind: 'timeout', scope: 'model' }],
  ['524', 524, '', { kind: 'timeout', scope: 'model' }],
  ['529', 529, openai({}), { kind: 'overloaded', scope: 'model' }],
  // OpenAI and Codex.
  [
    'usage limit',
    429,
    openai({ type: 'usage_limit_reached', resets_in_seconds: 7200 }),
    { kind: 'quota-exhausted', scope: 'account', retryAfter: 7200, code: 'usage_limit_reached' },
  ],
  ['usage not included', 429, openai({ type: 'usage_not_included' }), { kind: 'quota-exhausted', scope: 'account' }],
  [
    'insufficient quota',
    429,
    openai({ type: 'insufficient_quota', code: 'insufficient_quota' }),
    { kind: 'quota-exhausted', scope: 'account' },
  ],
  [
    'insufficient quota as 403',
    403,
    openai({ code: 'insufficient_quota' }),
    { kind: 'quota-exhausted', scope: 'account', status: 403 },
  ],
  [
    'rate limit',
    429,
    openai({ code: 'rate_limit_exceeded', message: 'Please try again in 1.3s.' }),
    { kind: 'rate-limited', scope: 'model', retryAfter: 1.3 },
  ],
  [
    'larger than the limit',
    429,
    openai({
      code: 'rate_limit_exceeded',
      message: 'Request too large for gpt-4o on tokens per min (TPM): Limit 1, Requested 30.',
    }),
    { kind: 'too-large', scope: 'request' },
  ],
  ['overloaded', 503, openai({ code: 'server_is_overloaded' }), { kind: 'overloaded', scope: 'model' }],
  ['slow down', 503, openai({ code: 'slow_down' }), { kind: 'overloaded', scope: 'model' }],
  [
    'at capacity',
    429,
    openai({ message: 'Selected model is at capacity. Please try a different model.' }),
    { kind: 'overloaded', scope: 'model', status: 429 },
  ],
  [
    'token expired',
    401,
    openai({ code: 'token_expired' }),
    { kind: 'unauthorized', scope: 'account', code: 'token_expired' },
  ],
  ['model not found', 404, openai({ code: 'model_not_found' }), { kind: 'unknown-model', scope: 'request' }],
  [
    'model not found as 400',
    400,
    openai({ message: "The requested model 'x' does not exist.", code: 'model_not_found' }),
    { kind: 'unknown-model', scope: 'request' },
  ],
  [
    'model not for this plan',
    400,
    '{"detail":"The \'gpt-9\' model is not supported when using Codex with a ChatGPT account."}',
    { kind: 'unknown-model', scope: 'request' },
  ],
  [
    'a parameter the model lacks',
    400,
    openai({ message: "Unsupported parameter: 'top_p' is not supported with this model." }),
    { kind: 'invalid-request', scope: 'request' },
  ],
  [
    'model not allowed',
    403,
    openai({ message: 'You are not allowed to sample from this model' }),
    { kind: 'forbidden', scope: 'model' },
  ],
  [
    'model not found as 403',
    403,
    openai({ message: 'Project has no access', code: 'model_not_found' }),
    { kind: 'forbidden', scope: 'model' },
  ],
  ['context too long', 400, openai({ code: 'context_length_exceeded' }), { kind: 'invalid-request', scope: 'request' }],
  ['content filter', 400, openai({ code: 'content_filter' }), { kind: 'invalid-request', scope: 'request' }],
  [
    'foreign reasoning',
    400,
    openai({ code: 'invalid_encrypted_content' }),
    { kind: 'invalid-request', scope: 'request', code: 'invalid_encrypted_content' },
  ],
  [
    'bad key as 400',
    400,
    '{"code":"invalid-argument","error":"Incorrect API key provided."}',
    { kind: 'unauthorized', scope: 'account', status: 400 },
  ],
  // Anthropic.
  [
    'overloaded',
    529,
    '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    { kind: 'overloaded', scope: 'model', code: 'overloaded_error' },
  ],
  [
    'unknown model',
    404,
    '{"type":"error","error":{"type":"not_found_error","message":"model: claude-x"}}',
    { kind: 'unknown-model', scope: 'request' },
  ],
  [
    'no credit',
    400,
    openai({ message: 'Your credit balance is too low to access the Anthropic API.' }),
    { kind: 'quota-exhausted', scope: 'account' },
  ],
  [
    'only for Claude Code',
    400,
    openai({
      message: 'This credential is only authorized for use with Claude Code and cannot be used for other API requests.',
    }),
    { kind: 'forbidden', scope: 'request' },
  ],
  [
    'third-party apps',
    400,
    openai({ message: 'Third-party apps now draw from your extra usage, not your plan limits.' }),
    { kind: 'forbidden', scope: 'request' },
  ],
  [
    'out of extra usage',
    429,
    openai({ message: "You're out of extra usage. Add more" }),
    { kind: 'forbidden', scope: 'request', status: 429 },
  ],
  [
    'long context',
    429,
    openai({ message: 'Extra usage is required for long context requests.' }),
    { kind: 'quota-exhausted', scope: 'request' },
  ],
  [
    'fast mode',
    429,
    openai({ message: 'Usage credits are required for fast mode.' }),
    { kind: 'quota-exhausted', scope: 'request' },
  ],
  // Google.
  [
    'retry info',
    429,
    google(429, 'm', [{ retryDelay: '12.3s' }]),
    { kind: 'rate-limited', scope: 'model', retryAfter: 12.3 },
  ],
  [
    'per minute without a hint',
    429,
    google(429, 'm', [{ violations: [{ quotaId: 'RequestsPerMinutePerModel' }] }]),
    { kind: 'rate-limited', scope: 'model', retryAfter: 60 },
  ],
  [
    'per day',
    429,
    google(429, 'm', [{ violations: [{ quotaId: 'RequestsPerDayPerModel-FreeTier' }] }]),
    { kind: 'quota-exhausted', scope: 'model' },
  ],
  [
    'reset in prose',
    429,
    google(429, 'Your quota will reset after 1h2m3s.', [{ reason: 'QUOTA_EXHAUSTED' }]),
    { kind: 'quota-exhausted', scope: 'model', retryAfter: 3723 },
  ],
  ['capacity', 429, google(429, 'm', [{ reason: 'MODEL_CAPACITY_EXHAUSTED' }]), { kind: 'overloaded', scope: 'model' }],
  [
    'credits',
    429,
    google(429, 'm', [{ reason: 'INSUFFICIENT_G1_CREDITS_BALANCE' }]),
    { kind: 'quota-exhausted', scope: 'account' },
  ],
  [
    'bad key',
    400,
    google(400, 'API key not valid. Please pass a valid API key.', [{ reason: 'API_KEY_INVALID' }]),
    { kind: 'unauthorized', scope: 'account' },
  ],
  [
    'unknown model',
    404,
    google(404, 'models/x is not found for API version v1beta'),
    { kind: 'unknown-model', scope: 'request' },
  ],
  [
    'validation',
    403,
    google(403, 'Verify your account', [{ reason: 'VALIDATION_REQUIRED' }]),
    { kind: 'forbidden', scope: 'account' },
  ],
  // Told inside a stream: no status line.
  [
    'stream: overloaded',
    0,
    '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    { status: 529, kind: 'overloaded', scope: 'model' },
  ],
  [
    'stream: api error',
    0,
    '{"type":"error","error":{"type":"api_error","message":"m"}}',
    { status: 500, kind: 'upstream', scope: 'model' },
  ],
  [
    'stream: response failed',
    0,
    '{"response":{"error":{"code":"server_is_overloaded","message":"m"}}}',
    { status: 503, kind: 'overloaded' },
  ],
  [
    'stream: rate limit',
    0,
    '{"response":{"error":{"code":"rate_limit_exceeded","message":"try again in 1.3s"}}}',
    { status: 429, kind: 'rate-limited', retryAfter: 1.3 },
  ],
  [
    'stream: context',
    0,
    '{"response":{"error":{"code":"context_length_exceeded","message":"m"}}}',
    { status: 400, kind: 'invalid-request', scope: 'request' },
  ],
  ['stream: Google', 0, google(503, 'm'), { status: 503, kind: 'overloaded' }],
  ['stream: unknown', 0, openai({ code: 'weird' }), { status: 502, kind: 'upstream', scope: 'model' }],
  ['stream: status 200', 200, openai({ type: 'authentication_error' }), { status: 401, kind: 'unauthorized' }],
]

describe('judge', () => {
  for (const [name, status, body, expected] of ROWS) {
    it(`${status} ${name}`, () => {
      const failure = judge(status, {}, body)
      for (const [key, value] of Object.entries({ status: status || failure.status, ...expected })) {
        assert.equal(failure[key as keyof Failure], value, `${key} of ${JSON.stringify(failure)}`)
      }
    })
  }

  it('says something readable of a web page', () => {
    const page = `<!DOCTYPE html><html><head><title>502 Bad Gateway</title><style>b{}</style></head><body><h1>Bad gateway</h1>\n<script>x<1</script><p>cloudflare ${'.'.repeat(300)}</p></body></html>`
    const { message } = judge(502, { 'content-type': 'text/html' }, page)
    assert.match(message, /^The upstream answered with status 502: 502 Bad Gateway Bad gateway cloudflare \.+…$/)
    assert.ok(message.length < 260)
  })

  it('says something readable of nothing', () => {
    assert.equal(judge(500, {}, '').message, 'The upstream answered with status 500 and no explanation.')
    assert.equal(
      judge(503, {}, '{"error":{"code":"slow_down"}}').message,
      'The upstream refused with status 503 (slow_down).',
    )
  })

  it('asks the dialect first, but after the policy refusals', () => {
    const own = () => ({ kind: 'timeout', scope: 'provider' }) as const
    assert.equal(judge(429, {}, openai({}), own).kind, 'timeout')
    assert.equal(judge(429, {}, openai({ message: "You're out of extra usage." }), own).scope, 'request')
  })

  it('never throws, always has words, and never blames anybody else for 400, 404, 413 and 422', () => {
    const status = fc.integer({ min: -1, max: 999 })
    const headers = fc.dictionary(
      fc.constantFrom('retry-after', 'retry-after-ms', 'x-ratelimit-remaining-a'),
      fc.string(),
    )
    fc.assert(
      fc.property(status, headers, fc.oneof(fc.string(), fc.json()), (code, h, body) => {
        const failure = judge(code, h, body)
        assert.ok(failure.message.length > 0)
        assert.ok(failure.status >= 400 && failure.status < 600)
        assert.ok(failure.retryAfter === undefined || failure.retryAfter >= 0)
        if ([400, 404, 413, 422].includes(code)) assert.equal(isRetriable(failure), false)
      }),
    )
  })

  it('reads a hostile body in linear time', () => {
    const started = performance.now()
    judge(500, {}, '<script'.repeat(100_000))
    judge(400, {}, openai({ message: 'model '.repeat(100_000) }))
    judge(429, {}, openai({ message: `try again in ${'1s '.repeat(100_000)}x` }))
    judge(500, {}, `{"message":"${'\\"'.repeat(100_000)}`)
    assert.ok(performance.now() - started < 2000)
  })
})
