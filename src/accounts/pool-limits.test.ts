import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { failure } from '../hub/failure.ts'
import type { Binding } from './affinity.ts'
import type { Rest } from './cooldown.ts'
import type { CompiledWindow, RestPlace } from './ledger.ts'
import { type Candidate, createPool, type Seat, type TakeOptions } from './pool.ts'
import { candidate, clock } from './testing/fixture.ts'

const ask = (over: Partial<TakeOptions> = {}): TakeOptions => ({ rotation: 'm', strategy: 'round-robin', ...over })
const broke = failure('quota-exhausted', 'no money', { scope: 'account', retryAfter: 1000 })
const window = (used: number, resetsAt = Number.POSITIVE_INFINITY, about?: (m: string) => boolean): CompiledWindow => ({
  used,
  resetsAt,
  about,
})

describe('the limit of an account', () => {
  it('is never passed, whatever comes and goes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.boolean(), { maxLength: 60 }),
        (limits, steps) => {
          const pool = createPool()
          const list = limits.map((concurrency, i) => candidate(`a${i}`, { concurrency }))
          const seats: Seat[] = []
          for (const takes of steps) {
            if (!takes) {
              const seat = seats.shift()
              if (seat !== undefined) pool.succeeded(seat)
              continue
            }
            const seat = pool.take(list, ask())
            const room: number = limits.reduce((a, b) => a + b) - seats.length
            assert.equal(seat !== undefined, room > 0)
            if (seat !== undefined) seats.push(seat)
          }
          for (const [i, limit] of limits.entries()) assert.ok(pool.inFlight(`a${i}`) <= limit)
        },
      ),
    )
  })

  it('keeps others waiting in their order, and lets one on for each seat given back', async () => {
    const pool = createPool()
    const list = [candidate('a', { concurrency: 1 })]
    const seat = pool.take(list, ask())!
    assert.equal(pool.take(list, ask()), undefined)
    assert.equal(pool.busy(list), true)
    const order: number[] = []
    pool.whenFree(() => order.push(1))
    const leave = pool.whenFree(() => order.push(2))
    pool.whenFree(() => order.push(3))
    leave!()
    pool.succeeded(seat)
    await Promise.resolve()
    assert.deepEqual(order, [1])
    assert.equal(pool.busy(list), false)
    pool.released(pool.take(list, ask())!)
    await Promise.resolve()
    assert.deepEqual(order, [1, 3])
  })

  it('is no business of one who rests', () => {
    const pool = createPool({ now: clock() })
    const list = [candidate('a', { concurrency: 1 })]
    const seat = pool.take(list, ask())!
    pool.failed(seat, broke)
    assert.equal(pool.busy(list), false)
  })
})

describe('most-quota-left', () => {
  const options = ask({ strategy: 'most-quota-left' })
  const turns = (pool: ReturnType<typeof createPool>, list: readonly Candidate[], n: number) =>
    Array.from({ length: n }, () => {
      const seat = pool.take(list, options)!
      pool.released(seat)
      return seat.account.id
    })

  it('takes the one with the most left, judged by its tightest window', () => {
    const pool = createPool({ now: clock() })
    const list = [candidate('a'), candidate('b'), candidate('c')]
    pool.quota('a', [window(0.1), window(0.9)], false)
    pool.quota('b', [window(0.5)], false)
    pool.quota('c', [window(0.7)], false)
    assert.deepEqual(turns(pool, list, 2), ['b', 'b'])
  })

  it('among equals takes what is soonest reset, then who was longest unused', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [candidate('a'), candidate('b'), candidate('c')]
    pool.quota('a', [window(0.5, now() + 9_000)], false)
    pool.quota('b', [window(0.51, now() + 5_000)], false)
    pool.quota('c', [window(0.5, now() + 9_000)], false)
    assert.deepEqual(turns(pool, list, 1), ['b'])
    pool.quota('b', [window(0.9, now() + 5_000)], false)
    assert.deepEqual(turns(pool, list, 4), ['a', 'c', 'a', 'c'])
  })

  it('counts a window that was emptied meanwhile as empty, and one of other models not at all', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [candidate('a'), candidate('b')]
    pool.quota('a', [window(1, now() + 1_000), window(1, now() + 9e9, (m) => m === 'opus')], false)
    pool.quota('b', [window(0.3, now() + 9e9)], false)
    assert.deepEqual(turns(pool, list, 1), ['b'])
    now.advance(1_000)
    assert.deepEqual(turns(pool, list, 1), ['a'])
  })

  it('takes those of whom nothing is known as full', () => {
    const pool = createPool({ now: clock() })
    const list = [candidate('a'), candidate('b')]
    pool.quota('a', [window(0.2)], false)
    assert.deepEqual(turns(pool, list, 1), ['b'])
  })
})

describe('a vendor that gives back early', () => {
  it('ends the rest for lack of quota, and no other rest', () => {
    const pool = createPool({ now: clock() })
    const list = [candidate('a'), candidate('b')]
    pool.failed(pool.take([list[0]!], ask())!, broke)
    pool.failed(pool.take([list[1]!], ask())!, failure('unauthorized', 'who?', { scope: 'account' }))
    pool.quota('a', [window(0)], true)
    pool.quota('b', [window(0)], true)
    assert.deepEqual(
      pool.resting(list.map((c) => c.account)).map((r) => r.accountId),
      ['b'],
    )
  })
})

describe('a conversation', () => {
  it('that moves says so, once: its new account is its home then', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [candidate('a'), candidate('b')]
    const first = pool.take(list, ask({ session: 's' }))!
    assert.equal(first.moved, undefined)
    pool.failed(first, broke)
    const second = pool.take(list, ask({ session: 's' }))!
    assert.deepEqual([second.account.id, second.moved], ['b', true])
    pool.succeeded(second)
    assert.equal(pool.take(list, ask({ session: 's' }))!.moved, undefined)
  })

  it('with sealed state probes its own account before it moves', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [candidate('a'), candidate('b', { priority: 5 })]
    pool.released(pool.take([list[0]!], ask({ session: 's' }))!)
    pool.failed(pool.take([list[0]!], ask())!, broke)
    now.advance(300_000)
    const soft = pool.take(list, ask({ session: 's', tried: new Set(['none']) }))!
    assert.equal(soft.account.id, 'b')
    pool.released(soft)
    pool.released(pool.take([list[0]!], ask({ session: 't' }))!)
    const hard = pool.take(list, ask({ session: 't', hard: true }))!
    assert.deepEqual([hard.account.id, hard.probe], ['a', true])
  })
})

describe('what one life of the pool learned', () => {
  it('is taken over by the next', () => {
    const now = clock()
    const rests = new Map<string, [RestPlace, Rest | undefined]>()
    const bindings: Binding[] = []
    const before = createPool({
      now,
      onRest: (place, rest) => rests.set(JSON.stringify(place), [place, rest]),
      onBinding: (binding) => bindings.push(binding),
    })
    const list = [candidate('a'), candidate('b'), candidate('c')]
    before.released(before.take([list[1]!], ask({ session: 's' }))!)
    before.failed(before.take([list[0]!], ask())!, broke)
    before.failed(before.take([list[2]!], ask())!, failure('overloaded', 'busy', { scope: 'model' }))
    before.succeeded(before.take([list[2]!], ask({ tried: new Set(['a|m', 'b|m']) })) ?? before.take(list, ask())!)

    const after = createPool({ now })
    after.restore(rests.values(), bindings)
    const accounts = list.map((c) => c.account)
    assert.deepEqual(after.resting(accounts), before.resting(accounts))
    assert.equal(after.take(list, ask({ session: 's' }))!.why, 'this conversation is already there')
  })
})

describe('an explanation', () => {
  it('says of every candidate how it stands and why', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [
      candidate('low', { priority: -1 }),
      candidate('busy', { concurrency: 1 }),
      candidate('broke'),
      candidate('well'),
      candidate('tried'),
    ]
    pool.take([list[1]!], ask())
    pool.failed(pool.take([list[2]!], ask())!, broke)
    pool.quota('well', [window(0.25)], false)
    const told = pool.explain(list, { rotation: 'm', tried: new Set(['tried|m']) })
    assert.deepEqual(
      told.map((s) => [s.label, s.is]),
      [
        ['low', 'lower-priority'],
        ['busy', 'busy'],
        ['broke', 'resting'],
        ['well', 'usable'],
        ['tried', 'tried'],
      ],
    )
    assert.equal(told[3]!.quotaLeft, 0.75)
    assert.match(told[2]!.because, /^rests until \d{4}-.*next test at .*: no money$/)
    assert.match(told[1]!.because, /1 requests under way, its limit is 1/)
  })
})
