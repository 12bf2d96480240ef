import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failure } from '../../hub/failure.ts'
import { anthropic } from './index.ts'

const { decode, encode, midStream } = anthropic.failure
const BODY = '{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your limit"}}'
const soon = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds)
const unified = (fields: Record<string, string>) =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [`anthropic-ratelimit-unified-${key}`, value]))

function around(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - expected) <= 2, `${actual} is not about ${expected}`)
}

describe('a 429 of a subscription', () => {
  it('rests the account until the 5-hour window resets', () => {
    const f = decode(429, { ...unified({ status: 'rejected', '5h-status': 'rejected', '5h-reset': soon(900) }) }, BODY)
    assert.equal(f.kind, 'quota-exhausted')
    assert.equal(f.scope, 'account')
    around(f.retryAfter, 900)
  })

  it('takes the later reset when both windows are full, and not the short retry-after', () => {
    const windows = unified({
      '5h-status': 'rejected',
      '5h-reset': soon(900),
      '7d-status': 'rejected',
      '7d-reset': soon(86_400),
    })
    around(decode(429, { ...windows, 'retry-after': '5' }, BODY).retryAfter, 86_400)
  })

  it('rests one family of models when only its window is full', () => {
    const windows = unified({
      status: 'rejected',
      '5h-status': 'allowed',
      '7d-status': 'allowed_warning',
      '7d_oi-status': 'rejected',
      '7d_oi-reset': soon(600),
    })
    const f = decode(429, windows, BODY)
    assert.equal(f.scope, 'model')
    assert.equal(f.kind, 'quota-exhausted')
    around(f.retryAfter, 600)
  })

  it('goes by the claim when no window is named', () => {
    const claim = (value: string) =>
      decode(429, unified({ status: 'rejected', reset: soon(60), 'representative-claim': value }), BODY).scope
    assert.equal(claim('five_hour'), 'account')
    assert.equal(claim('seven_day_opus'), 'model')
  })

  it('is a short burst when no window is full', () => {
    const f = decode(429, { ...unified({ status: 'allowed', '5h-status': 'allowed' }), 'retry-after': '3' }, BODY)
    assert.deepEqual([f.kind, f.scope, f.retryAfter], ['rate-limited', 'model', 3])
  })

  it('goes by the reset of the budget that is used up when nothing else tells', () => {
    const reset = new Date(Date.now() + 30_000).toISOString()
    const headers = { 'anthropic-ratelimit-tokens-remaining': '0', 'anthropic-ratelimit-tokens-reset': reset }
    around(decode(429, headers, BODY).retryAfter, 30)
  })

  it('goes back to the caller when the request asks for a paid extra', () => {
    const body = BODY.replace(/This.*limit/, 'Extra usage is required for long context requests.')
    const f = decode(429, unified({ status: 'rejected', '5h-status': 'rejected' }), body)
    assert.equal(f.scope, 'request')
  })
})

describe('a failure in the Messages dialect', () => {
  const table: [status: number, kind: Parameters<typeof failure>[0], type: string][] = [
    [400, 'invalid-request', 'invalid_request_error'],
    [401, 'unauthorized', 'authentication_error'],
    [402, 'quota-exhausted', 'billing_error'],
    [403, 'forbidden', 'permission_error'],
    [404, 'unknown-model', 'not_found_error'],
    [405, 'invalid-request', 'invalid_request_error'],
    [413, 'too-large', 'request_too_large'],
    [422, 'invalid-request', 'invalid_request_error'],
    [429, 'rate-limited', 'rate_limit_error'],
    [500, 'internal', 'api_error'],
    [502, 'upstream', 'api_error'],
    [503, 'overloaded', 'overloaded_error'],
    [504, 'timeout', 'timeout_error'],
    [529, 'overloaded', 'overloaded_error'],
  ]
  for (const [status, kind, type] of table) {
    it(`${status} ${kind} is a ${type}`, () => {
      const answer = encode(failure(kind, 'words', { status }), 'req_7')
      assert.equal(answer.status, status)
      assert.equal(answer.headers['content-type'], 'application/json')
      assert.equal(answer.headers['request-id'], 'req_7')
      assert.deepEqual(JSON.parse(answer.body), {
        type: 'error',
        error: { type, message: 'words' },
        request_id: 'req_7',
      })
    })
  }

  it('carries the wait, the stop sign for retries and extra headers', () => {
    assert.equal(encode(failure('rate-limited', 'm', { retryAfter: 1.2 }), 'r').headers['retry-after'], '2')
    assert.equal(encode(failure('rate-limited', 'm', { retryAfter: 0 }), 'r').headers['retry-after'], '1')
    assert.equal(encode(failure('rate-limited', 'm'), 'r').headers['retry-after'], undefined)
    assert.equal(encode(failure('unauthorized', 'm'), 'r').headers['x-should-retry'], 'false')
    assert.equal(encode(failure('invalid-request', 'm', { headers: { allow: 'POST' } }), 'r').headers['allow'], 'POST')
  })

  it('tells the vendor’s SDK that a thread is not known', () => {
    const { body, status } = encode(failure('not-found', 'no threads', { code: 'thread_not_found' }), 'r')
    assert.equal(status, 404)
    assert.deepEqual(JSON.parse(body).error, {
      type: 'not_found_error',
      message: 'no threads',
      details: { error_code: 'thread_not_found' },
    })
  })

  it('survives its own decoder', () => {
    for (const [status, kind] of table) {
      const { headers, body } = encode(failure(kind, 'words', { status, retryAfter: 4 }), 'r')
      const back = decode(status, headers, body)
      assert.deepEqual([back.status, back.message, back.retryAfter], [status, 'words', 4])
    }
  })

  it('ends a stream with one error event', () => {
    assert.equal(
      midStream(failure('upstream', 'cut'), 'req_7'),
      'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"cut"},"request_id":"req_7"}\n\n',
    )
  })
})
