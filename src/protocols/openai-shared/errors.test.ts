import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Failure, failure } from '../../hub/failure.ts'
import { openaiChat } from '../openai-chat/index.ts'
import { openaiResponses } from '../openai-responses/index.ts'
import { eventsOf } from '../testing/corpus.ts'
import { encodeOpenai } from './errors.ts'

const error = (f: Failure) => JSON.parse(encodeOpenai(f, 'r').body).error

describe('a failure in the OpenAI dialects', () => {
  const table: [Failure, type: string, code: string | null][] = [
    [failure('invalid-request', 'm'), 'invalid_request_error', null],
    [failure('invalid-request', 'm', { status: 422 }), 'invalid_request_error', null],
    [failure('unauthorized', 'm'), 'authentication_error', 'invalid_api_key'],
    [failure('forbidden', 'm'), 'permission_error', 'permission_denied'],
    [failure('unknown-model', 'm'), 'invalid_request_error', 'model_not_found'],
    [failure('not-found', 'm'), 'invalid_request_error', 'not_found'],
    [failure('invalid-request', 'm', { status: 405 }), 'invalid_request_error', 'method_not_allowed'],
    [failure('timeout', 'm', { status: 408 }), 'invalid_request_error', 'request_timeout'],
    [failure('too-large', 'm'), 'invalid_request_error', 'request_too_large'],
    [failure('rate-limited', 'm'), 'rate_limit_error', 'rate_limit_exceeded'],
    [failure('quota-exhausted', 'm'), 'insufficient_quota', 'insufficient_quota'],
    [failure('internal', 'm'), 'server_error', 'internal_server_error'],
    [failure('upstream', 'm'), 'server_error', 'internal_server_error'],
    [failure('overloaded', 'm'), 'server_error', 'internal_server_error'],
    [failure('timeout', 'm'), 'server_error', 'internal_server_error'],
    // The vendor's own code, where it is one of OpenAI's.
    [
      failure('invalid-request', 'm', { code: 'context_length_exceeded' }),
      'invalid_request_error',
      'context_length_exceeded',
    ],
    [failure('overloaded', 'm', { code: 'server_is_overloaded' }), 'server_error', 'server_is_overloaded'],
    [failure('overloaded', 'm', { code: 'overloaded_error' }), 'server_error', 'internal_server_error'],
    [failure('rate-limited', 'm', { code: 'RESOURCE_EXHAUSTED' }), 'rate_limit_error', 'rate_limit_exceeded'],
    [failure('quota-exhausted', 'm', { code: 'usage_limit_reached' }), 'usage_limit_reached', 'usage_limit_reached'],
  ]
  for (const [f, type, code] of table) {
    it(`${f.status} ${f.kind} ${f.code ?? ''} is ${type} / ${code}`, () => {
      assert.deepEqual(error(f), { message: 'm', type, param: null, code })
    })
  }

  it('names the field at fault', () => {
    assert.equal(error(failure('invalid-request', 'm', { param: 'messages[3]' })).param, 'messages[3]')
  })

  it('tells Codex when the subscription is back', () => {
    const e = error(failure('quota-exhausted', 'm', { code: 'usage_limit_reached', retryAfter: 600 }))
    assert.equal(e.resets_in_seconds, 600)
    assert.ok(Math.abs(e.resets_at - Date.now() / 1000 - 600) < 2)
  })

  it('carries request id, wait and the stop sign for retries', () => {
    const { headers } = encodeOpenai(failure('unauthorized', 'm', { retryAfter: 0.3 }), 'req_1')
    assert.deepEqual(headers, {
      'content-type': 'application/json',
      'x-request-id': 'req_1',
      'retry-after': '1',
      'x-should-retry': 'false',
    })
  })

  it('survives its own decoder', () => {
    for (const [f] of table) {
      const { status, headers, body } = encodeOpenai({ ...f, retryAfter: 9 }, 'r')
      const back = openaiChat.failure.decode(status, headers, body)
      assert.deepEqual([back.status, back.message, back.retryAfter], [f.status, 'm', 9])
    }
  })
})

describe('the terminal error of a stream', () => {
  const f = failure('rate-limited', 'Slow down.', { retryAfter: 1.2 })

  it('chat: one data event and no [DONE]', () => {
    const body = {
      error: { message: 'Slow down.', type: 'rate_limit_error', param: null, code: 'rate_limit_exceeded' },
    }
    assert.equal(openaiChat.failure.midStream(f, 'r'), `data: ${JSON.stringify(body)}\n\n`)
  })

  it('responses: exactly one flat error event', () => {
    const events = eventsOf(Buffer.from(openaiResponses.failure.midStream(f, 'r')), 7)
    assert.deepEqual(
      events.map((e) => e.event),
      ['error'],
    )
    assert.deepEqual(JSON.parse(events[0]!.data), {
      type: 'error',
      code: 'rate_limit_exceeded',
      message: 'Slow down.',
      param: null,
      sequence_number: 0,
    })
  })

  it('each tap reads its own terminal error', () => {
    for (const protocol of [openaiChat, openaiResponses]) {
      const tap = protocol.stream.tap()
      const [first] = eventsOf(Buffer.from(protocol.failure.midStream(f, 'r')), 1000)
      assert.equal(tap.read(first!), 'error')
      assert.equal(tap.failure?.message, 'Slow down.')
      assert.equal(tap.failure?.status, 429)
    }
  })
})
