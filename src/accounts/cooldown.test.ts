import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Failure, type FailureKind, failure } from '../hub/failure.ts'
import { nextTry, DEFAULT_COOLDOWN as policy, probing, type Rest, rested, stance } from './cooldown.ts'

const KINDS: FailureKind[] = ['rate-limited', 'quota-exhausted', 'overloaded', 'upstream', 'timeout', 'unauthorized']
const anyFailure: fc.Arbitrary<Failure> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    retryAfter: fc.option(fc.double({ min: -10, max: 1e9, noNaN: true }), { nil: undefined }),
  })
  .map(({ kind, retryAfter }) => failure(kind, kind, { retryAfter, scope: 'account' }))

/** What can happen to one key: time passes, a failure arrives, a probe is let in when one may be. */
const anyHistory = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('wait' as const), ms: fc.nat({ max: 4_000_000 }) }),
    fc.record({ type: fc.constant('fail' as const), failure: anyFailure }),
    fc.record({ type: fc.constant('probe' as const) }),
  ),
  { maxLength: 40 },
)

/** Plays a history and calls back after every step. */
function play(
  history: typeof anyHistory extends fc.Arbitrary<infer T> ? T : never,
  check: (rest: Rest | undefined, now: number, before: Rest | undefined) => void,
): void {
  let now = 1_000_000
  let rest: Rest | undefined
  for (const step of history) {
    const before = rest
    if (step.type === 'wait') now += step.ms
    else if (step.type === 'fail') rest = rested(rest, step.failure, now, policy)
    else if (rest !== undefined && stance(rest, now) === 'probe') rest = probing(rest, now, policy)
    check(rest, now, before)
  }
}

/** Failures one after another, each as soon as the rest before it is over. */
function inARow(f: Failure, count: number): number[] {
  let now = 0
  let rest: Rest | undefined
  const lengths: number[] = []
  for (let i = 0; i < count; i += 1) {
    rest = rested(rest, f, now, policy)
    lengths.push(rest.until - now)
    now = rest.until
  }
  return lengths
}

describe('a rest', () => {
  it('is never longer than the longest rest, whatever the upstream says', () => {
    fc.assert(
      fc.property(anyHistory, (h) => play(h, (rest, now) => assert.ok((rest?.until ?? 0) <= now + policy.maxMs))),
    )
  })

  it('gives a chance within the probe time of the last failure or probe', () => {
    fc.assert(
      fc.property(anyHistory, (h) =>
        play(h, (rest, now) => {
          if (rest === undefined) return
          const patience = Math.max(policy.probeMs, policy.probeLeaseMs)
          assert.ok(nextTry(rest, now) - now <= patience)
          assert.notEqual(stance(rest, now + patience), 'resting')
        }),
      ),
    )
  })

  it('is never shortened by another fault', () => {
    fc.assert(
      fc.property(anyHistory, (h) =>
        play(h, (rest, _, before) => {
          if (before !== undefined) assert.ok(rest!.until >= before.until)
        }),
      ),
    )
  })

  it('keeps the reason of the longer rest when a lesser fault comes', () => {
    const quota = failure('quota-exhausted', 'gone till noon', { retryAfter: 3000 })
    const long = rested(undefined, quota, 0, policy)
    assert.equal(rested(long, failure('overloaded', 'busy'), 10, policy).failure, quota)
  })

  it('is over at its hint, and not a moment later', () => {
    const rest = rested(undefined, failure('rate-limited', 'slow', { retryAfter: 12.5 }), 100, policy)
    assert.equal(rest.until, 12_600)
    assert.equal(stance(rest, 12_599), 'resting')
    assert.equal(stance(rest, 12_600), 'ready')
  })

  it('of no time at all is no rest', () => {
    for (const retryAfter of [0, -3])
      assert.equal(stance(rested(undefined, failure('overloaded', 'x', { retryAfter }), 5, policy), 5), 'ready')
  })

  it('says when the next try is, and then it is possible', () => {
    fc.assert(
      fc.property(anyHistory, (h) =>
        play(h, (rest, now) => {
          if (rest === undefined) return
          const at = nextTry(rest, now)
          assert.notEqual(stance(rest, at), 'resting')
          if (at > now) assert.equal(stance(rest, at - 1), 'resting')
        }),
      ),
    )
  })

  it('absent means ready: success leaves nothing behind', () => {
    assert.equal(stance(undefined, 0), 'ready')
  })
})

describe('the backoff', () => {
  it('doubles from one second and stops at a minute for a faulty upstream', () => {
    const seconds = inARow(failure('upstream', 'x'), 9).map((ms) => ms / 1000)
    assert.deepEqual(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  it('goes on to half an hour for a rate limit without a hint', () => {
    const lengths = inARow(failure('rate-limited', 'x'), 14)
    assert.equal(lengths[10], 1_024_000)
    assert.deepEqual(lengths.slice(11), [1_800_000, 1_800_000, 1_800_000])
  })

  it('is not needed where the credential was refused: that rests half an hour at once', () => {
    for (const kind of ['unauthorized', 'forbidden', 'quota-exhausted'] as const)
      assert.deepEqual(inARow(failure(kind, 'x'), 2), [1_800_000, 1_800_000])
  })

  it('stays finite after a million failures', () => {
    assert.equal(
      rested(
        { ...rested(undefined, failure('upstream', 'x'), 0, policy), failures: 1e6 },
        failure('upstream', 'x'),
        1e9,
        policy,
      ).until,
      1e9 + 60_000,
    )
  })

  it('counts requests that fail together once', () => {
    let rest: Rest | undefined
    for (let i = 0; i < 50; i += 1) rest = rested(rest, failure('rate-limited', 'x'), i, policy)
    assert.equal(rest!.failures, 1)
    assert.equal(rest!.until, 49 + 1000)
  })

  it('counts a failed probe', () => {
    const first = rested(undefined, failure('rate-limited', 'x', { retryAfter: 3600 }), 0, policy)
    const probe = probing(first, first.probeAt, policy)
    assert.equal(rested(probe, failure('rate-limited', 'x'), first.probeAt + 50, policy).failures, 2)
  })
})

describe('a probe', () => {
  const rest = rested(undefined, failure('quota-exhausted', 'x', { retryAfter: 86_400 }), 0, policy)

  it('is due long before the hint of a day', () => {
    assert.equal(stance(rest, policy.probeMs - 1), 'resting')
    assert.equal(stance(rest, policy.probeMs), 'probe')
  })

  it('keeps others out until its lease ends', () => {
    const at = policy.probeMs
    const leased = probing(rest, at, policy)
    assert.equal(stance(leased, at), 'resting')
    assert.equal(stance(leased, at + policy.probeLeaseMs - 1), 'resting')
    assert.equal(stance(leased, at + policy.probeLeaseMs), 'probe')
  })

  it('that fails waits for the next probe time', () => {
    const at = policy.probeMs
    const again = rested(probing(rest, at, policy), failure('quota-exhausted', 'x', { retryAfter: 86_000 }), at, policy)
    assert.equal(stance(again, at + policy.probeMs - 1), 'resting')
    assert.equal(stance(again, at + policy.probeMs), 'probe')
  })
})
