import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { dueAt, isFromTheFuture, isLive, restAfter } from './timing.ts'

const HOUR = 3_600_000
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const refreshToken = 'r'

describe('the time of a refresh', () => {
  it('is between 75 % and 85 % of the life, and spread over all of that', () => {
    fc.assert(
      fc.property(random, fc.integer({ min: 0, max: 2e12 }), fc.integer({ min: 1, max: 1e9 }), (r, issuedAt, life) => {
        const due = dueAt({ issuedAt, expiresAt: issuedAt + life, refreshToken }, r)!
        assert.ok(due >= issuedAt + 0.75 * life - 1 && due <= issuedAt + 0.85 * life + 1)
      }),
    )
    const tokens = { issuedAt: 0, expiresAt: HOUR, refreshToken }
    assert.ok(dueAt(tokens, 0.99)! - dueAt(tokens, 0)! > 0.09 * HOUR)
  })

  it('is about once a day for an account that nobody uses, unless its tokens live longer', () => {
    assert.equal(dueAt({ issuedAt: 0, expiresAt: HOUR, refreshToken }, 0.5, true), 19.2 * HOUR)
    assert.equal(dueAt({ issuedAt: 0, expiresAt: 240 * HOUR, refreshToken }, 0.5, true), 192 * HOUR)
  })

  it('never comes for tokens that do not end, or cannot be refreshed', () => {
    assert.equal(dueAt({ issuedAt: 0, refreshToken }, 0.5), undefined)
    assert.equal(dueAt({ issuedAt: 0, expiresAt: HOUR }, 0.5), undefined)
  })

  it('is told from a clock that was set back', () => {
    assert.ok(isFromTheFuture({ issuedAt: 10 * HOUR }, HOUR))
    assert.ok(!isFromTheFuture({ issuedAt: HOUR }, HOUR))
    assert.ok(isLive({ expiresAt: 5 }, 4) && !isLive({ expiresAt: 5 }, 5) && isLive({}, 5))
  })
})

describe('the rest after a failure', () => {
  it('is never less than 5 s nor more than 5 minutes, and no less than what the vendor asked for within that', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), random, fc.integer({ min: 0, max: 1e10 }), (failures, r, asked) => {
        const rest = restAfter(failures, r, asked)
        assert.ok(rest >= 5_000 && rest <= 300_000)
        assert.ok(rest >= Math.min(asked, 300_000))
      }),
    )
  })

  it('grows from failure to failure', () => {
    const rests = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => restAfter(n, 0))
    assert.deepEqual(rests, [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000])
  })
})
