/** The pool, which keeps up with changes, chooses as its definition does, which looks at everybody. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { failure } from '../hub/failure.ts'
import type { Account } from './account.ts'
import type { CompiledWindow } from './ledger.ts'
import { type Candidate, createPool, type Seat, type Strategy } from './pool.ts'
import { account, clock } from './testing/fixture.ts'
import { createPlainPool } from './testing/plain-pool.ts'

const STRATEGIES = ['round-robin', 'weighted', 'fill-first', 'most-quota-left'] as const
const FAULTS = [
  failure('overloaded', 'busy', { scope: 'model' }),
  failure('rate-limited', 'slow down', { scope: 'account', retryAfter: 5 }),
  failure('quota-exhausted', 'no money', { scope: 'account', retryAfter: 4_000 }),
  failure('upstream', 'refused', { scope: 'provider' }),
] as const

/** Accounts of mixed weights, limits and priorities; some share an endpoint, one never rests. */
const anAccount = fc.record({
  weight: fc.integer({ min: 1, max: 5 }),
  priority: fc.integer({ min: 0, max: 1 }),
  concurrency: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
  baseUrl: fc.constantFrom('https://one.test', 'https://two.test', 'https://three.test'),
  neverRests: fc.constantFrom(false, false, false, false, true),
})
const aWindow = fc.record({
  used: fc.constantFrom(0, 0.3, 0.32, 0.5, 0.96, 1),
  inMs: fc.constantFrom(1_000, 60_000, 900_000, Infinity),
  x: fc.boolean(),
})
const aStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      list: fc.nat({ max: 7 }),
      strategy: fc.constantFrom<Strategy>(...STRATEGIES),
      tried: fc.array(fc.nat(), { maxLength: 2 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      /** Counted from the one taken last. */
      which: fc.nat({ max: 3 }),
      how: fc.constantFrom('well', 'back', ...FAULTS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 1_000, 5_000, 61_000, 300_000, 300_000, 4_000_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('quota' as const),
      who: fc.nat(),
      windows: fc.array(aWindow, { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset' as const), who: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('prune' as const), keep: fc.array(fc.nat(), { maxLength: 5 }) }),
  },
)

/** Lists as a registry makes them: everybody, one model, some of the accounts, the same in another order. */
function listsOf(accounts: readonly Account[]): Candidate[][] {
  const seat = (model: string) => (a: Account) => ({ account: a, model, key: `${a.id}|${model}` })
  return [
    accounts.map(seat('x')),
    accounts.flatMap((a) => [seat('x')(a), seat('y')(a)]),
    accounts.filter((_, i) => i % 2 === 0).map(seat('y')),
    accounts.toReversed().map(seat('x')),
  ]
}

describe('the pool', () => {
  it('chooses as its definition does, whatever happened before', () => {
    fc.assert(
      fc.property(
        fc.array(anAccount, { minLength: 1, maxLength: 4, size: 'max' }),
        fc.array(aStep, { maxLength: 150, size: 'max' }),
        (kinds, history) => {
          const accounts = kinds.map((kind, i) => account({ id: `a${i}`, ...kind }))
          const lists = listsOf(accounts)
          const now = clock()
          const pool = createPool({ now })
          const plain = createPlainPool(now)
          const open: { seat: Seat; probe: boolean }[] = []
          for (const step of history) {
            if (step.do === 'take') {
              const n = step.list % lists.length
              const list = lists[n]!
              const tried = new Set(step.tried.map((k) => list[k % list.length]!.key))
              const ask = { rotation: `${n} ${step.strategy}`, strategy: step.strategy, tried }
              const told = pool.explain(list, ask)
              const seat = pool.take(list, ask)
              // What was explained is what happened.
              const able = told.map(({ is }) => is === 'usable' || is === 'probe')
              if (seat === undefined) assert.ok(!able.includes(true))
              else
                assert.equal(told[list.findIndex(({ key }) => key === seat.key)]!.is, seat.probe ? 'probe' : 'usable')
              assert.equal(seat && `${seat.probe ? '!' : ''}${seat.key}`, plain.take(list, ask))
              if (seat !== undefined) open.push({ seat, probe: seat.probe === true })
            } else if (step.do === 'report') {
              const [one] = open.length === 0 ? [] : open.splice(Math.max(0, open.length - 1 - step.which), 1)
              if (one === undefined) continue
              const { seat, probe } = one
              if (step.how === 'well') {
                pool.succeeded(seat)
                plain.succeeded(seat)
              } else if (step.how === 'back') {
                pool.released(seat)
                plain.released(seat, probe)
              } else {
                pool.failed(seat, step.how as (typeof FAULTS)[number])
                plain.failed(seat, step.how as (typeof FAULTS)[number], probe)
              }
            } else if (step.do === 'wait') now.advance(step.ms)
            else if (step.do === 'quota') {
              const { id } = accounts[step.who % accounts.length]!
              const windows = step.windows.map(
                ({ used, inMs, x }): CompiledWindow => ({
                  used,
                  resetsAt: now() + inMs,
                  about: x ? (model) => model === 'x' : undefined,
                }),
              )
              pool.quota(id, windows, false)
              plain.quota(id, windows)
            } else if (step.do === 'reset') {
              pool.reset(accounts[step.who % accounts.length]!)
              plain.reset(accounts[step.who % accounts.length]!)
            } else {
              const kept = new Set(step.keep.map((k) => accounts[k % accounts.length]!))
              pool.prune([...kept])
              plain.prune([...kept])
            }
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('tests one that rests again as soon as a test was given back, though others were taken meanwhile', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [account({ id: 'a' }), account({ id: 'b' })].map((a) => ({ account: a, model: 'm', key: `${a.id}|m` }))
    const ask = { rotation: 'm', strategy: 'fill-first' as const }
    pool.failed(pool.take(list, ask)!, FAULTS[2])
    now.advance(300_000)
    const test = pool.take(list, ask)!
    assert.deepEqual([test.account.id, test.probe], ['a', true])
    assert.equal(pool.take(list, ask)!.account.id, 'b')
    pool.released(test)
    assert.equal(pool.take(list, ask)!.account.id, 'a')
  })

  it('does so when the clock is set back', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [account({ id: 'a' }), account({ id: 'b' })].map((a) => ({ account: a, model: 'm', key: `${a.id}|m` }))
    const ask = { rotation: 'm', strategy: 'fill-first' as const }
    pool.failed(pool.take(list, ask)!, FAULTS[1])
    now.advance(5_000)
    const seat = pool.take(list, ask)!
    assert.equal(seat.account.id, 'a')
    pool.released(seat)
    now.advance(-3_000)
    assert.equal(pool.take(list, ask)!.account.id, 'b')
  })

  it('keeps up with a journal that ran over', () => {
    const now = clock()
    const pool = createPool({ now })
    const accounts = Array.from({ length: 6_000 }, (_, i) => account({ id: `a${i}` }))
    const list = accounts.map((a) => ({ account: a, model: 'm', key: `${a.id}|m` }))
    const ask = { rotation: 'm', strategy: 'fill-first' as const }
    pool.released(pool.take(list, ask)!)
    for (const c of list.slice(0, 5_000)) pool.failed(pool.take([c], ask)!, FAULTS[2])
    assert.equal(pool.take(list, ask)!.account.id, 'a5000')
  })
})
