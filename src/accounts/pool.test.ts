import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { failure } from '../hub/failure.ts'
import type { Account } from './account.ts'
import { DEFAULT_COOLDOWN } from './cooldown.ts'
import { type Candidate, createPool, type Pool, type Seat, type Strategy, type TakeOptions } from './pool.ts'
import { account, candidate, clock } from './testing/fixture.ts'

const busy = failure('overloaded', 'busy', { scope: 'model' })
const broke = failure('quota-exhausted', 'no money', { scope: 'account', retryAfter: 1000 })
const down = failure('upstream', 'refused', { scope: 'provider', retryAfter: 1000 })
const ask = (over: Partial<TakeOptions> = {}): TakeOptions => ({ rotation: 'm', strategy: 'round-robin', ...over })

/** Takes and gives back with success; the id of who it was. */
function turn(pool: Pool, list: readonly Candidate[], over: Partial<TakeOptions> = {}): string | undefined {
  const seat = pool.take(list, ask(over))
  if (seat !== undefined) pool.released(seat)
  return seat?.account.id
}

function turns(pool: Pool, list: readonly Candidate[], count: number, over: Partial<TakeOptions> = {}): string[] {
  return Array.from({ length: count }, () => turn(pool, list, over)!)
}

function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

function rest(pool: Pool, list: readonly Candidate[], id: string, f = busy): void {
  const others = new Set(list.filter((c) => c.account.id !== id).map((c) => c.key))
  pool.failed(pool.take(list, ask({ tried: others }))!, f)
}

describe('round-robin', () => {
  it('is even over any number of turns', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 200 }), (n, k) => {
        const list = Array.from({ length: n }, (_, i) => candidate(`a${i}`))
        const counts = [...tally(turns(createPool(), list, k)).values()]
        assert.ok(k < n || counts.length === n)
        if (counts.length > 0) assert.ok(Math.max(...counts) - (counts.length < n ? 0 : Math.min(...counts)) <= 1)
      }),
    )
  })

  it('is even among the usable ones when some rest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 2, maxLength: 12 }),
        fc.integer({ min: 1, max: 100 }),
        (well, k) => {
          const pool = createPool({ now: clock() })
          const list = well.map((_, i) => candidate(`a${i}`))
          well.forEach((fine, i) => {
            if (!fine) rest(pool, list, `a${i}`, broke)
          })
          const usable = well.filter(Boolean).length
          if (usable === 0) {
            assert.equal(pool.take(list, ask()), undefined)
            return
          }
          const counts = tally(turns(pool, list, k * usable))
          assert.equal(counts.size, usable)
          for (const n of counts.values()) assert.equal(n, k)
        },
      ),
    )
  })

  it('turns for each rotation by itself', () => {
    const pool = createPool()
    const list = [candidate('a'), candidate('b')]
    assert.deepEqual(turns(pool, list, 1, { rotation: 'x' }), ['a'])
    assert.deepEqual(turns(pool, list, 1, { rotation: 'y' }), ['a'])
    assert.deepEqual(turns(pool, list, 1, { rotation: 'x' }), ['b'])
  })

  it('forgets the oldest of more than 4,096 rotations', () => {
    const pool = createPool()
    const list = [candidate('a'), candidate('b')]
    turn(pool, list, { rotation: 'first' })
    for (let i = 0; i < 4_096; i += 1) turn(pool, list, { rotation: `r${i}` })
    assert.equal(turn(pool, list, { rotation: 'first' }), 'a')
  })

  it('passes over those already tried', () => {
    const pool = createPool()
    const list = [candidate('a'), candidate('b')]
    assert.equal(turn(pool, list, { tried: new Set(['a|m']) }), 'b')
    assert.equal(pool.take(list, ask({ tried: new Set(['a|m', 'b|m']) })), undefined)
  })
})

describe('weighted', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 })

  it('gives everyone its share, exact over a full cycle', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 3 }), (w, cycles) => {
        const list = w.map((weight, i) => candidate(`a${i}`, { weight }))
        const total = w.reduce((a, b) => a + b)
        const counts = tally(turns(createPool(), list, total * cycles, { strategy: 'weighted' }))
        for (const [i, weight] of w.entries()) assert.equal(counts.get(`a${i}`), weight * cycles)
      }),
    )
  })

  it('of two is never more than one turn away from the share', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }), fc.nat({ max: 300 }), (x, y, k) => {
        const list = [candidate('x', { weight: x }), candidate('y', { weight: y })]
        const got = tally(turns(createPool(), list, k, { strategy: 'weighted' })).get('x') ?? 0
        assert.ok(Math.abs(got - (k * x) / (x + y)) <= 1)
      }),
    )
  })

  it('of many is never a cycle of its peers away from the share', () => {
    fc.assert(
      fc.property(weights, fc.nat({ max: 200 }), (w, k) => {
        const list = w.map((weight, i) => candidate(`a${i}`, { weight }))
        const total = w.reduce((a, b) => a + b)
        const counts = tally(turns(createPool(), list, k, { strategy: 'weighted' }))
        for (const [i, weight] of w.entries())
          assert.ok(Math.abs((counts.get(`a${i}`) ?? 0) - (k * weight) / total) <= 1 + w.length / 4)
      }),
    )
  })

  it('shares among the usable ones while others rest', () => {
    const pool = createPool({ now: clock() })
    const list = [candidate('a', { weight: 5 }), candidate('b', { weight: 2 }), candidate('c', { weight: 1 })]
    rest(pool, list, 'a', broke)
    const counts = tally(turns(pool, list, 30, { strategy: 'weighted' }))
    assert.deepEqual([...counts].sort(), [
      ['b', 20],
      ['c', 10],
    ])
  })
})

describe('fill-first', () => {
  it('stays with the first until it rests, then goes to the next', () => {
    const pool = createPool({ now: clock() })
    const list = [candidate('a'), candidate('b'), candidate('c')]
    const options = { strategy: 'fill-first' as Strategy }
    assert.deepEqual(turns(pool, list, 3, options), ['a', 'a', 'a'])
    rest(pool, list, 'a', broke)
    assert.deepEqual(turns(pool, list, 2, options), ['b', 'b'])
  })
})

describe('priority', () => {
  const list = [candidate('low', { priority: -1 }), candidate('high', { priority: 5 }), candidate('mid')]

  it('uses the highest tier that is usable', () => {
    const now = clock()
    const pool = createPool({ now })
    assert.deepEqual(turns(pool, list, 2), ['high', 'high'])
    rest(pool, list, 'high', broke)
    assert.deepEqual(turns(pool, list, 2), ['mid', 'mid'])
    rest(pool, list, 'mid', broke)
    assert.equal(turn(pool, list), 'low')
    rest(pool, list, 'low', broke)
    assert.equal(turn(pool, list), undefined)
  })

  it('is tried again from above: a probe of the high tier comes before the tier below', () => {
    const now = clock()
    const pool = createPool({ now })
    rest(pool, list, 'high', broke)
    now.advance(DEFAULT_COOLDOWN.probeMs)
    const probe = pool.take(list, ask())!
    assert.equal(probe.account.id, 'high')
    assert.equal(turn(pool, list), 'mid')
  })

  it('is never pulled down by a probe of a lower tier, which must not hide one of a higher', () => {
    const now = clock()
    const pool = createPool({ now })
    rest(pool, list, 'low', broke)
    rest(pool, list, 'high', broke)
    now.advance(DEFAULT_COOLDOWN.probeMs)
    assert.equal(turn(pool, list), 'high')
    now.advance(1)
    assert.equal(pool.take(list, ask())!.account.id, 'high')
    assert.equal(turn(pool, list), 'mid')
  })
})

describe('affinity', () => {
  const list = [candidate('a'), candidate('b'), candidate('c', { priority: 1 })]
  const s1 = { session: 's1' }

  it('keeps a conversation where it is, and others turn on', () => {
    const pool = createPool()
    const pair = [candidate('a'), candidate('b')]
    const own = turn(pool, pair, s1)
    for (let i = 0; i < 5; i += 1) {
      turn(pool, pair)
      assert.equal(turn(pool, pair, s1), own)
    }
  })

  it('wins over priority', () => {
    const pool = createPool({ now: clock() })
    const tried = new Set(['c|m'])
    assert.equal(turn(pool, list, { ...s1, tried }), 'a')
    assert.equal(turn(pool, list, s1), 'a')
    assert.equal(turn(pool, list), 'c')
  })

  it('gives way when its account rests, and stays with the new one', () => {
    const now = clock()
    const pool = createPool({ now })
    const pair = [candidate('a'), candidate('b')]
    assert.equal(turn(pool, pair, s1), 'a')
    rest(pool, pair, 'a')
    assert.equal(turn(pool, pair, s1), 'b')
    now.advance(100_000)
    assert.equal(turn(pool, pair, s1), 'b')
  })

  it('ends when the conversation has been silent for its time', () => {
    const now = clock()
    const pool = createPool({ now, sessionTtlMs: () => 1_000 })
    const pair = [candidate('a'), candidate('b')]
    assert.equal(turn(pool, pair, s1), 'a')
    now.advance(999)
    assert.equal(turn(pool, pair, s1), 'a')
    now.advance(999)
    assert.equal(turn(pool, pair, s1), 'a')
    now.advance(1_000)
    assert.equal(turn(pool, pair, s1), 'b')
  })

  it('is off with a time of 0', () => {
    const pool = createPool({ sessionTtlMs: () => 0 })
    assert.deepEqual(turns(pool, [candidate('a'), candidate('b')], 3, s1), ['a', 'b', 'a'])
  })

  it('is kept apart by model', () => {
    const pool = createPool()
    const pair = [candidate('a'), candidate('b')]
    turn(pool, pair, { ...s1, rotation: 'x' })
    turn(pool, pair, { rotation: 'y' })
    assert.equal(turn(pool, pair, { ...s1, rotation: 'y' }), 'b')
    assert.equal(turn(pool, pair, { ...s1, rotation: 'x' }), 'a')
  })

  it('remembers 20,000 conversations and forgets the one unused longest', () => {
    const pool = createPool()
    const pair = [candidate('a'), candidate('b')]
    assert.equal(turn(pool, pair, { session: 'old' }), 'a')
    assert.equal(turn(pool, pair, { session: 'kept' }), 'b')
    for (let i = 0; i < 19_998; i += 1) turn(pool, pair, { session: `s${i}` })
    assert.equal(turn(pool, pair, { session: 'kept' }), 'b')
    turn(pool, pair, { session: 'one more' })
    // `old` fell out: it is bound anew by its turn (now at b), `kept` was used since and stays.
    assert.equal(turn(pool, pair, { session: 'old' }), 'b')
    assert.equal(turn(pool, pair, { session: 'kept' }), 'b')
  })
})

describe('a probe', () => {
  it('is one request at a time', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [candidate('a')]
    rest(pool, list, 'a', broke)
    assert.equal(pool.take(list, ask()), undefined)
    now.advance(DEFAULT_COOLDOWN.probeMs)
    const probe = pool.take(list, ask())!
    assert.equal(probe.why, 'to see whether it has recovered')
    assert.equal(pool.take(list, ask()), undefined)
    pool.succeeded(probe)
    assert.equal(turn(pool, list), 'a')
    assert.deepEqual(pool.resting([list[0]!.account]), [])
  })

  it('given back without a verdict lets the next one probe', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [candidate('a')]
    rest(pool, list, 'a', broke)
    now.advance(DEFAULT_COOLDOWN.probeMs)
    pool.released(pool.take(list, ask())!)
    assert.equal(pool.take(list, ask())!.probe, true)
  })

  it('that shows a fault of the request alone lets the next one probe', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [candidate('a')]
    rest(pool, list, 'a', broke)
    now.advance(DEFAULT_COOLDOWN.probeMs)
    pool.failed(pool.take(list, ask())!, failure('invalid-request', 'your fault'))
    assert.equal(pool.take(list, ask())!.probe, true)
  })

  it('is not ended by a request that was under way before the rest', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [candidate('a')]
    const early = pool.take(list, ask())!
    rest(pool, list, 'a', broke)
    now.advance(DEFAULT_COOLDOWN.probeMs)
    pool.take(list, ask())
    pool.released(early)
    assert.equal(pool.take(list, ask()), undefined)
  })

  it('that fails at the model frees the account it tested besides', () => {
    const now = clock()
    const pool = createPool({ now })
    const x = candidate('a', {}, 'x')
    const y = candidate('a', {}, 'y')
    rest(pool, [x], 'a', broke)
    now.advance(DEFAULT_COOLDOWN.probeMs)
    pool.failed(pool.take([x], ask())!, busy)
    assert.equal(pool.take([y], ask())!.probe, true)
  })

  it('at last expires: a probe that never reports keeps others out for its lease only', () => {
    const now = clock()
    const pool = createPool({ now })
    const list = [candidate('a')]
    rest(pool, list, 'a', broke)
    now.advance(DEFAULT_COOLDOWN.probeMs)
    pool.take(list, ask())
    now.advance(DEFAULT_COOLDOWN.probeLeaseMs)
    assert.equal(pool.take(list, ask())!.probe, true)
  })
})

describe('what rests', () => {
  it('is the model alone, the account, or everybody at the endpoint, as the failure says', () => {
    const same = { baseUrl: 'https://one.test' }
    const seats = [
      candidate('a', same, 'x'),
      candidate('a', same, 'y'),
      candidate('b', same, 'x'),
      candidate('c', {}, 'x'),
      candidate('d', { ...same, proxyUrl: 'http://proxy.test' }, 'x'),
    ]
    const usableAfter = (f: typeof busy) => {
      const pool = createPool({ now: clock() })
      pool.failed(pool.take([seats[0]!], ask())!, f)
      return seats.map((c) => turn(pool, [c]) !== undefined)
    }
    assert.deepEqual(usableAfter(busy), [false, true, true, true, true])
    assert.deepEqual(usableAfter(broke), [false, false, true, true, true])
    assert.deepEqual(usableAfter(down), [false, false, false, true, true])
    assert.deepEqual(usableAfter(failure('invalid-request', 'x')), [true, true, true, true, true])
  })

  it('is cleared by success at every scope', () => {
    for (const f of [busy, broke, down]) {
      const now = clock()
      const pool = createPool({ now })
      const list = [candidate('a')]
      rest(pool, list, 'a', f)
      now.advance(DEFAULT_COOLDOWN.probeMs)
      pool.succeeded(pool.take(list, ask())!)
      assert.deepEqual(pool.resting([list[0]!.account]), [])
    }
  })

  it('is told with whom, what, until when and why', () => {
    const now = clock(0)
    const pool = createPool({ now })
    const list = [candidate('a'), candidate('b', { label: 'Bee' })]
    rest(pool, list, 'a', broke)
    rest(pool, list, 'b', failure('overloaded', 'busy', { scope: 'model', retryAfter: 7 }))
    const infos = pool.resting(list.map((c) => c.account))
    assert.deepEqual(
      infos.map((i) => [i.label, i.model, i.until, i.nextTry, i.failure.message]),
      [
        ['a', undefined, 1_000_000, 300_000, 'no money'],
        ['Bee', 'm', 7_000, 7_000, 'busy'],
      ],
    )
    assert.equal(pool.soonest(list)!.label, 'Bee')
    assert.equal(pool.soonest(list, new Set(['b|m']))!.label, 'a')
    assert.equal(pool.soonest([]), undefined)
  })

  it('is nobody where resting is switched off', () => {
    const pool = createPool({ now: clock() })
    const list = [candidate('a', { neverRests: true })]
    for (const f of [busy, broke, down]) {
      rest(pool, list, 'a', f)
      assert.equal(turn(pool, list), 'a')
    }
    assert.deepEqual(pool.resting([list[0]!.account]), [])
  })

  it('for a refused credential ends with a new login; one for lack of quota does not', () => {
    const refused = failure('unauthorized', 'over', { scope: 'account' })
    for (const [fault, back] of [
      [refused, 'a'],
      [broke, undefined],
    ] as const) {
      const pool = createPool({ now: clock() })
      const list = [candidate('a')]
      rest(pool, list, 'a', fault)
      assert.equal(turn(pool, list), undefined)
      pool.renewed('a')
      pool.renewed('nobody')
      assert.equal(turn(pool, list), back)
    }
  })

  it('is forgotten by a reset', () => {
    const pool = createPool({ now: clock() })
    const list = [candidate('a')]
    for (const f of [broke, down]) {
      rest(pool, list, 'a', f)
      assert.equal(turn(pool, list), undefined)
      pool.reset(list[0]!.account)
      assert.equal(turn(pool, list), 'a')
    }
    pool.reset(candidate('nobody').account)
  })

  it('is forgotten with its account when the config drops it, but not while a request is under way', () => {
    const pool = createPool({ now: clock() })
    const list = [candidate('a')]
    rest(pool, list, 'a', broke)
    pool.prune([list[0]!.account])
    assert.equal(turn(pool, list), undefined)
    pool.prune([])
    const seat = pool.take(list, ask())!
    pool.prune([])
    assert.equal(pool.inFlight('a'), 1)
    pool.succeeded(seat)
    assert.equal(pool.inFlight('a'), 0)
  })

  it('is bounded for each account, whatever model names clients make up', () => {
    const pool = createPool({ now: clock() })
    const a = account({ id: 'a' })
    for (let i = 0; i < 1_500; i += 1) {
      const c = { account: a, model: `m${i}`, key: `a|m${i}` }
      pool.failed(pool.take([c], ask())!, busy)
    }
    assert.equal(pool.resting([a]).length, 1_000)
  })
})

describe('under any history', () => {
  const ids = ['a', 'b', 'c']
  const accounts: Account[] = ids.map((id, i) =>
    account({ id, baseUrl: i < 2 ? 'https://shared.test' : 'https://own.test', priority: i % 2 }),
  )
  const list = accounts.flatMap((a) => ['x', 'y'].map((model) => ({ account: a, model, key: `${a.id}|${model}` })))
  const step = fc.oneof(
    fc.record({
      do: fc.constant('take' as const),
      strategy: fc.constantFrom<Strategy>('round-robin', 'weighted', 'fill-first'),
      session: fc.option(fc.constantFrom('s1', 's2'), { nil: undefined }),
    }),
    fc.record({
      do: fc.constant('report' as const),
      which: fc.nat(),
      how: fc.constantFrom('well', 'back', busy, broke, down),
    }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 400_000 }) }),
    fc.record({ do: fc.constant('prune' as const), keep: fc.subarray(accounts) }),
    fc.record({ do: fc.constant('reset' as const), account: fc.constantFrom(...accounts) }),
  )

  it('requests under way are counted right, at most one probe runs a lease, and all are usable again in time', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (history) => {
        const now = clock()
        const pool = createPool({ now })
        const open: Seat[] = []
        for (const s of history) {
          if (s.do === 'take') {
            const seat = pool.take(list, ask(s))
            if (seat !== undefined) {
              assert.ok(list.some((c) => c.key === seat.key))
              open.push(seat)
            } else assert.ok(pool.soonest(list)!.nextTry > now())
          } else if (s.do === 'report' && open.length > 0) {
            const [seat] = open.splice(s.which % open.length, 1)
            if (s.how === 'well') pool.succeeded(seat!)
            else if (s.how === 'back') pool.released(seat!)
            else pool.failed(seat!, s.how as typeof busy)
          } else if (s.do === 'wait') now.advance(s.ms)
          else if (s.do === 'prune') pool.prune(s.keep)
          else if (s.do === 'reset') pool.reset(s.account)
          for (const id of ids) assert.equal(pool.inFlight(id), open.filter((seat) => seat.account.id === id).length)
        }
        now.advance(DEFAULT_COOLDOWN.probeMs)
        for (const c of list)
          assert.ok(
            pool.take([c], ask()) !== undefined || pool.soonest([c])!.nextTry <= now() + DEFAULT_COOLDOWN.probeLeaseMs,
          )
      }),
      { numRuns: 300 },
    )
  })
})

describe('with a thousand accounts', () => {
  for (const strategy of ['round-robin', 'weighted', 'fill-first'] as const)
    it(`${strategy} looks at each a few times only`, () => {
      let looks = 0
      const list = Array.from({ length: 1_000 }, (_, i) => {
        const a = account({ id: `a${i}` })
        return {
          key: `a${i}|m`,
          model: 'm',
          get account() {
            looks += 1
            return a
          },
        }
      })
      const pool = createPool({ now: clock() })
      for (let i = 0; i < 400; i += 1) rest(pool, [list[i]!], `a${i}`, broke)
      looks = 0
      turn(pool, list, { strategy })
      assert.ok(looks <= 15_000, `${looks} looks`)
    })
})

describe('one model in several lists', () => {
  const all = ['a', 'b', 'c', 'd'].map((id) => candidate(id, { weight: id === 'a' ? 3 : 1 }))
  const some = [all[0]!, all[1]!]

  it('turns in each by itself, so that lists asked in alternation skew nothing', () => {
    for (const [strategy, share] of [
      ['round-robin', [10, 10, 10, 10]],
      ['weighted', [20, 20 / 3, 20 / 3, 20 / 3]],
    ] as const) {
      const pool = createPool()
      const got: string[] = []
      for (let i = 0; i < 40; i += 1) {
        got.push(turn(pool, all, { strategy })!)
        turn(pool, some, { strategy })
      }
      const counts = tally(got)
      for (const [i, id] of ['a', 'b', 'c', 'd'].entries())
        assert.ok(Math.abs(counts.get(id)! - share[i]!) < 1, `${strategy} ${id}: ${counts.get(id)}`)
    }
  })

  it('goes on where it was when the configuration makes the list anew', () => {
    const pool = createPool()
    const again = all.map(({ account: a }) => candidate(a.id, { weight: a.weight }))
    assert.deepEqual(turns(pool, all, 2), ['a', 'b'])
    pool.prune(all.map((c) => c.account))
    assert.deepEqual(turns(pool, again, 2), ['c', 'd'])
    const shares = turns(pool, all, 2, { strategy: 'weighted', rotation: 'w' })
    assert.deepEqual(
      [...shares, ...turns(pool, again, 4, { strategy: 'weighted', rotation: 'w' })].sort().join(''),
      'aaabcd',
    )
  })
})
