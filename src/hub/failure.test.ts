import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FailureError, type FailureKind, failure, failureOfStatus, isRetriable } from './failure.ts'

describe('a failure', () => {
  const usual: [FailureKind, number][] = [
    ['invalid-request', 400],
    ['unauthorized', 401],
    ['forbidden', 403],
    ['unknown-model', 404],
    ['not-found', 404],
    ['too-large', 413],
    ['rate-limited', 429],
    ['quota-exhausted', 429],
    ['cancelled', 499],
    ['internal', 500],
    ['upstream', 502],
    ['overloaded', 503],
    ['timeout', 504],
  ]
  it('has the usual status of its kind and rests nobody, unless told otherwise', () => {
    for (const [kind, status] of usual)
      assert.deepEqual(failure(kind, 'm'), { kind, message: 'm', status, scope: 'request' })
    assert.equal(failure('upstream', 'm', { status: 500, scope: 'provider' }).status, 500)
  })

  it('can be thrown and caught whole', () => {
    const f = failure('timeout', 'slow')
    const error = new FailureError(f)
    assert.deepEqual([error.failure, error.message, error.name], [f, 'slow', 'FailureError'])
  })

  it('is worth another try unless it is about the request, or nobody waits', () => {
    for (const [kind] of usual) {
      assert.equal(isRetriable(failure(kind, 'm')), false)
      for (const scope of ['model', 'account', 'provider'] as const)
        assert.equal(isRetriable(failure(kind, 'm', { scope })), kind !== 'cancelled')
    }
  })
})

describe('an upstream status', () => {
  const table: [number, FailureKind, string][] = [
    [400, 'invalid-request', 'request'],
    [401, 'unauthorized', 'account'],
    [402, 'quota-exhausted', 'account'],
    [403, 'forbidden', 'account'],
    [404, 'unknown-model', 'model'],
    [408, 'timeout', 'model'],
    [409, 'invalid-request', 'request'],
    [413, 'too-large', 'request'],
    [422, 'invalid-request', 'request'],
    [429, 'rate-limited', 'model'],
    [500, 'upstream', 'model'],
    [502, 'upstream', 'model'],
    [503, 'overloaded', 'model'],
    [504, 'timeout', 'model'],
    [529, 'overloaded', 'model'],
  ]
  for (const [status, kind, scope] of table)
    it(`${status} is ${kind} of the ${scope}`, () => {
      assert.deepEqual(failureOfStatus(status, 'm'), { kind, status, scope, message: 'm' })
    })

  it('of any number is a failure with a status a client can be shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), (status) => {
        const f = failureOfStatus(status, 'm')
        assert.ok(f.status >= 400)
        if (status < 400) assert.equal(f.status, 502)
      }),
    )
  })
})
