import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRetriable } from '../../hub/failure.ts'
import { protocolOf } from '../../protocols/index.ts'
import { judge } from './refusals.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const HOUR = 3_600_000

function refusal(
  status: number,
  message: string,
  headers: Record<string, string> = {},
  type = 'invalid_request_error',
) {
  const body = JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' })
  return judge(protocolOf('anthropic').failure.decode(status, headers, body), status, headers, body, NOW)
}

const limits = (over: Record<string, string>) =>
  Object.fromEntries(Object.entries(over).map(([name, value]) => [`anthropic-ratelimit-unified-${name}`, value]))

describe("Anthropic's refusals of a login", () => {
  const policy = [
    'This credential is only authorized for use with Claude Code and cannot be used for other API requests.',
    'Third-party apps now draw from your extra usage, not your plan limits. Add more at claude.ai/settings/usage.',
    "You're out of extra usage. Add more at claude.ai/settings/usage and keep going.",
  ]
  for (const text of policy)
    for (const status of [400, 401, 403, 429])
      it(`stay word for word, say what to do and rotate nothing: ${status} ${text.slice(0, 30)}…`, () => {
        const f = refusal(status, text)
        assert.equal(f.message.slice(0, text.length), text)
        assert.match(f.message.slice(text.length), /claude-api-key in the config.*No other account was tried\./)
        assert.deepEqual([f.kind, f.scope, f.status], ['forbidden', 'request', status])
        assert.equal(isRetriable(f), false)
      })

  it('over something paid are about this request alone', () => {
    const long = refusal(429, 'Extra usage is required for long context requests.', {}, 'rate_limit_error')
    assert.deepEqual([long.kind, long.scope], ['quota-exhausted', 'request'])
    assert.match(long.message, /^Extra usage is required for long context requests\. .*context-1m-2025-08-07/)
    const fast = refusal(429, 'Usage credits are required for fast mode.', limits({ '5h-status': 'rejected' }))
    assert.deepEqual([fast.kind, fast.scope], ['quota-exhausted', 'request'])
    assert.match(fast.message, /speed "fast"/)
  })

  it('over the account rest the account and say what to do', () => {
    const table: [number, string, RegExp][] = [
      [403, 'OAuth authentication is currently not allowed for this organization.', /administrator/],
      [403, 'OAuth token does not meet scope requirement user:inference', /logicaproxy login claude/],
      [400, 'This organization has been disabled.', /support/],
    ]
    for (const [status, text, advice] of table) {
      const f = refusal(status, text)
      assert.deepEqual([f.kind, f.scope], ['forbidden', 'account'], text)
      assert.match(f.message, advice)
    }
  })

  it('of a token leave it to the road to renew it', () => {
    const f = refusal(401, 'OAuth token has expired.', {}, 'authentication_error')
    assert.deepEqual([f.kind, f.scope, f.message], ['unauthorized', 'account', 'OAuth token has expired.'])
  })
})

describe('a 429', () => {
  const reset = (hours: number) => String((NOW + hours * HOUR) / 1000)
  const tooMany = (headers: Record<string, string>) =>
    refusal(429, "This request would exceed your account's rate limit.", headers, 'rate_limit_error')

  it('of the five hours or the week rests the whole account until the later reset', () => {
    const five = tooMany(
      limits({ status: 'rejected', '5h-status': 'rejected', '5h-reset': reset(2), '7d-status': 'allowed' }),
    )
    assert.deepEqual([five.kind, five.scope, five.retryAfter], ['quota-exhausted', 'account', 7_200])
    assert.match(five.message, /\(5 hours\) is used up until 2026-11-22 14:00 UTC\.$/)
    const both = tooMany(
      limits({
        '5h-status': 'rejected',
        '5h-reset': reset(2),
        '7d-status': 'rejected',
        '7d-reset': reset(30),
        '7d_oi-status': 'rejected',
      }),
    )
    assert.deepEqual([both.scope, both.retryAfter], ['account', 108_000])
  })

  it('of the pool of Opus rests that model', () => {
    const f = tooMany(
      limits({ status: 'rejected', '5h-status': 'allowed', '7d_oi-status': 'rejected', '7d_oi-reset': reset(10) }),
    )
    assert.deepEqual([f.kind, f.scope, f.retryAfter], ['quota-exhausted', 'model', 36_000])
  })

  it('that names its window only in the claim is read from there', () => {
    const week = tooMany(limits({ status: 'rejected', 'representative-claim': 'seven_day', reset: reset(1) }))
    assert.deepEqual([week.kind, week.scope, week.retryAfter], ['quota-exhausted', 'account', 3_600])
    const opus = tooMany(limits({ status: 'rejected', 'representative-claim': 'seven_day_opus', reset: reset(1) }))
    assert.equal(opus.scope, 'model')
  })

  it('without a full window is a short burst, and its hint is handed on as it is, however long', () => {
    const f = tooMany({ ...limits({ status: 'allowed' }), 'retry-after': '1580000' })
    assert.deepEqual([f.kind, f.scope, f.retryAfter], ['rate-limited', 'model', 1_580_000])
  })

  it('without a reset keeps the hint there is', () => {
    const f = tooMany({ ...limits({ '5h-status': 'rejected' }), 'retry-after': '60' })
    assert.deepEqual([f.scope, f.retryAfter], ['account', 60])
    assert.match(f.message, /is used up\.$/)
  })
})

it('overload stays what the dialect says', () => {
  const f = refusal(529, 'Overloaded', {}, 'overloaded_error')
  assert.deepEqual([f.kind, f.scope, f.message], ['overloaded', 'model', 'Overloaded'])
})
