import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createMeter, dayStart, monthStart, noSpending } from './key-meter.ts'

const START = Date.UTC(2026, 10, 22, 17, 10, 0)
const DAY = 86_400_000

/** Steps of a clock with what is done at each. */
const steps = <T>(what: fc.Arbitrary<T>, longest = 20_000) =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: longest }), what), { minLength: 1, maxLength: 200 })

describe('a meter', () => {
  it('never lets more than its limit through in any 60 seconds, wherever they begin', () => {
    fc.assert(
      fc.property(steps(fc.constant(0)), fc.integer({ min: 1, max: 12 }), (all, most) => {
        const meter = createMeter()
        const taken: number[] = []
        let at = START
        for (const [pass] of all) {
          at += pass
          if (meter.enter({ requestsPerMinute: most }, at) === undefined) taken.push(at)
        }
        for (const [i, from] of taken.entries())
          assert.ok(taken.slice(i).filter((t) => t < from + 60_000).length <= most)
      }),
    )
  })

  it('refuses only while the limit is used up, and says to the second when it is not', () => {
    fc.assert(
      fc.property(steps(fc.constant(0)), fc.integer({ min: 1, max: 12 }), (all, most) => {
        const meter = createMeter()
        const taken: number[] = []
        const limits = { requestsPerMinute: most }
        let at = START
        for (const [pass] of all) {
          at += pass
          const reached = meter.enter(limits, at)
          if (reached === undefined) {
            taken.push(at)
            continue
          }
          // One second more than the minute is the price of constant memory.
          assert.ok(taken.filter((t) => t > at - 61_000).length >= most)
          assert.ok(reached.until! > at && reached.until! <= at + 61_000)
          assert.notEqual(meter.look(limits, reached.until! - 1), undefined)
          // A look ahead has emptied slots that are over then: this meter is of no more use.
          const twin = createMeter()
          for (const t of taken) twin.enter({}, t)
          assert.equal(twin.look(limits, reached.until!), undefined)
          return
        }
      }),
    )
  })

  it('lets exactly the limit through at once, and one more when one is over', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.boolean(), { maxLength: 300 }), (most, all) => {
        const meter = createMeter()
        let under = 0
        for (const comes of all) {
          if (comes) {
            const reached = meter.enter({ concurrency: most }, START)
            assert.equal(reached === undefined, under < most)
            if (reached === undefined) under += 1
          } else if (under > 0) {
            meter.leave(START, 0, 0)
            under -= 1
          }
          assert.equal(meter.used(START).inFlight, under)
        }
      }),
    )
  })

  it('counts tokens and money of a day and a month as a naive sum does, and refuses from the limit on', () => {
    const spend = fc.record({ tokens: fc.nat(1_000), micros: fc.nat(1_000) })
    fc.assert(
      fc.property(steps(spend, DAY * 3), fc.integer({ min: 1, max: 5_000 }), (all, most) => {
        const meter = createMeter()
        const spent: { at: number; tokens: number; micros: number }[] = []
        let at = START
        for (const [pass, { tokens, micros }] of all) {
          at += pass
          const sum = (field: 'tokens' | 'micros', from: number) =>
            spent.filter((s) => s.at >= from).reduce((total, s) => total + s[field], 0)
          const used = meter.used(at)
          assert.equal(used.tokensToday, sum('tokens', dayStart(at)))
          assert.equal(used.microsToday, sum('micros', dayStart(at)))
          assert.equal(used.microsThisMonth, sum('micros', monthStart(at)))
          const reached = meter.look({ tokensPerDay: most, microsPerMonth: most }, at)
          const over = used.tokensToday >= most || used.microsThisMonth >= most
          assert.equal(reached !== undefined, over)
          if (reached?.limit === 'tokens-per-day') assert.equal(reached.until, dayStart(at) + DAY)
          if (reached?.limit === 'usd-per-month') assert.equal(reached.until, monthStart(monthStart(at) + 32 * DAY))
          meter.enter({}, at)
          meter.leave(at, tokens, micros)
          spent.push({ at, tokens, micros })
        }
      }),
    )
  })

  it('turns at the very millisecond of midnight and of the month', () => {
    const meter = createMeter()
    const end = Date.UTC(2026, 11, 1)
    meter.enter({}, end - 1)
    meter.leave(end - 1, 10, 10)
    assert.equal(meter.look({ tokensPerDay: 10 }, end - 1)?.until, end)
    assert.equal(meter.look({ microsPerMonth: 10 }, end - 1)?.until, end)
    assert.equal(meter.look({ tokensPerDay: 10, microsPerMonth: 10, microsPerDay: 10 }, end), undefined)
  })

  it('tells the limit that holds longest', () => {
    const meter = createMeter()
    const limits = { requestsPerMinute: 1, tokensPerDay: 1, microsPerMonth: 1, concurrency: 1 }
    meter.enter(limits, START)
    assert.equal(meter.look(limits, START)?.limit, 'requests-per-minute')
    meter.leave(START, 5, 5)
    assert.equal(meter.look(limits, START)?.limit, 'usd-per-month')
  })

  it('stands still while the clock is set back, and forgets nothing for it', () => {
    const meter = createMeter()
    meter.enter({}, START)
    meter.leave(START - 7_200_000, 100, 0)
    assert.equal(meter.used(START - 7_200_000).tokensThisMinute, 100)
    assert.equal(meter.used(START).requestsThisMinute, 1)
    assert.equal(meter.used(START + 61_000).requestsThisMinute, 0)
  })

  it('adds what others used today and this month, and nothing older', () => {
    const meter = createMeter()
    meter.setBase({ ...noSpending(START), tokensToday: 90, microsThisMonth: 7 })
    meter.enter({}, START)
    meter.leave(START, 10, 1)
    assert.equal(meter.look({ tokensPerDay: 100 }, START)?.limit, 'tokens-per-day')
    assert.equal(meter.used(START).microsThisMonth, 8)
    assert.equal(meter.used(START + DAY).tokensToday, 0)
    assert.equal(meter.used(START + DAY).microsThisMonth, 8)
  })
})
