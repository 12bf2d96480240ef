import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createLive } from './live.ts'
import { callRecord } from './testing/fixture.ts'

const START = Date.UTC(2026, 10, 22, 17, 10, 0)
const failure = { kind: 'upstream', status: 502, scope: 'model', message: 'x' } as const

const ended = (at: number, over = {}) => callRecord({ startedAt: at - 100, endedAt: at, ...over })

describe('the last hour in memory', () => {
  it('adds up as a naive sum over the same stretches does, and leaves no stretch out', () => {
    const event = fc.record({ back: fc.integer({ min: 0, max: 4_000_000 }), bad: fc.boolean() })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.constantFrom(1_000, 5_000, 60_000), (events, bucket) => {
        const live = createLive(() => START)
        const sorted = events.toSorted((a, b) => b.back - a.back)
        for (const { back, bad } of sorted) live.record(ended(START - back, bad ? { failure, status: 502 } : {}), 3)
        const points = live.series(600_000, bucket)
        assert.equal(points.length, 600_000 / bucket)
        for (const point of points) {
          const inside = sorted.filter((e) => START - e.back >= point.at && START - e.back < point.at + bucket)
          assert.equal(point.requests, inside.length)
          assert.equal(point.errors, inside.filter((e) => e.bad).length)
          assert.equal(point.costMicros, inside.length * 3)
          assert.equal(point.latencyMsSum, inside.length * 100)
        }
      }),
    )
  })

  it('forgets what is older than an hour, and takes nothing late for new', () => {
    let now = START
    const live = createLive(() => now)
    live.record(ended(START), 0)
    now = START + 3_600_000
    live.record(ended(now), 0)
    live.record(ended(START), 0)
    const points = live.series(3_600_000, 60_000)
    assert.equal(
      points.reduce((sum, p) => sum + p.requests, 0),
      1,
    )
  })

  it('counts what was turned away at the door apart', () => {
    const live = createLive(() => START)
    live.record(ended(START), 0)
    for (let i = 0; i < 3; i += 1) live.record(ended(START, { barred: true, status: 401, failure }), 0)
    const [point] = live.series(1_000, 1_000)
    assert.deepEqual([point!.requests, point!.errors, point!.refused], [1, 0, 3])
    assert.deepEqual(
      live.endpoints().map(({ requests, errors }) => [requests, errors]),
      [[1, 0]],
    )
  })

  it('tells requests a second over whole seconds', () => {
    const live = createLive(() => START + 500)
    for (let i = 0; i < 120; i += 1) live.record(ended(START - 1 - (i % 60) * 1_000), 0)
    live.record(ended(START + 100), 0)
    assert.equal(live.perSecond(60), 2)
    assert.equal(live.perSecond(10), 2)
  })

  it('tells endpoints apart, with their quantiles to a twelfth, cancelled ones not counted as failures', () => {
    const live = createLive(() => START)
    for (let ms = 1; ms <= 1_000; ms += 1) live.record(callRecord({ startedAt: START - ms, endedAt: START }), 0)
    live.record(ended(START, { endpoint: '/v1/responses', failure: { ...failure, kind: 'cancelled' }, status: 499 }), 0)
    const [messages, responses] = live.endpoints()
    assert.deepEqual([messages!.requests, responses!.errors, responses!.requests], [1_000, 0, 1])
    assert.ok(Math.abs(messages!.p50Ms! / 500 - 1) < 1 / 12, String(messages!.p50Ms))
    assert.ok(Math.abs(messages!.p95Ms! / 950 - 1) < 1 / 12, String(messages!.p95Ms))
    const minute = live.series(60_000, 60_000, { method: 'POST', path: '/v1/responses' })
    assert.equal(minute.at(-1)!.requests, 1)
    assert.equal(live.series(60_000, 1_000, { method: 'POST', path: '/nowhere' }).length, 60)
  })

  it('takes no more memory for more paths', () => {
    const live = createLive(() => START)
    for (let i = 0; i < 10_000; i += 1) live.record(ended(START, { endpoint: `/${i}` }), 0)
    assert.equal(live.endpoints().length, 101)
    assert.equal(live.endpoints().at(-1)!.path, 'other')
  })
})
