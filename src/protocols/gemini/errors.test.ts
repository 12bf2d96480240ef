import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failure } from '../../hub/failure.ts'
import { eventsOf } from '../testing/corpus.ts'
import { gemini } from './index.ts'

const { decode, encode, midStream } = gemini.failure

describe('a failure in the Gemini dialect', () => {
  const table: [status: number, kind: Parameters<typeof failure>[0], word: string][] = [
    [400, 'invalid-request', 'INVALID_ARGUMENT'],
    [401, 'unauthorized', 'UNAUTHENTICATED'],
    [403, 'forbidden', 'PERMISSION_DENIED'],
    [404, 'unknown-model', 'NOT_FOUND'],
    [405, 'invalid-request', 'UNIMPLEMENTED'],
    [409, 'invalid-request', 'ABORTED'],
    [413, 'too-large', 'INVALID_ARGUMENT'],
    [429, 'rate-limited', 'RESOURCE_EXHAUSTED'],
    [499, 'cancelled', 'CANCELLED'],
    [500, 'internal', 'INTERNAL'],
    [502, 'upstream', 'UNAVAILABLE'],
    [503, 'overloaded', 'UNAVAILABLE'],
    [504, 'timeout', 'DEADLINE_EXCEEDED'],
    [529, 'overloaded', 'UNAVAILABLE'],
  ]
  for (const [status, kind, word] of table) {
    it(`${status} ${kind} is ${word}`, () => {
      const answer = encode(failure(kind, 'words', { status }), 'r')
      assert.equal(answer.status, status)
      assert.deepEqual(JSON.parse(answer.body), {
        error: { code: status, message: 'words', status: word, details: [] },
      })
    })
  }

  it('tells the wait in the header and in the details', () => {
    const answer = encode(failure('rate-limited', 'm', { retryAfter: 47.2 }), 'r')
    assert.equal(answer.headers['retry-after'], '48')
    assert.deepEqual(JSON.parse(answer.body).error.details, [
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '48s' },
    ])
  })

  it('says again the words that share a status', () => {
    const word = (code: string) => JSON.parse(encode(failure('invalid-request', 'm', { code }), 'r').body).error.status
    assert.equal(word('FAILED_PRECONDITION'), 'FAILED_PRECONDITION')
    assert.equal(word('overloaded_error'), 'INVALID_ARGUMENT')
  })

  it('survives its own decoder and its own tap', () => {
    for (const [status, kind] of table) {
      const f = failure(kind, 'words', { status, retryAfter: 4 })
      const back = decode(status, {}, encode(f, 'r').body)
      assert.deepEqual([back.status, back.message, back.retryAfter], [status, 'words', 4])
      const tap = gemini.stream.tap()
      assert.equal(tap.read(eventsOf(Buffer.from(midStream(f, 'r')), 5)[0]!), 'error')
      assert.equal(tap.failure?.status, status)
    }
  })
})
