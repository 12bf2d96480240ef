import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { clock } from '../accounts/testing/fixture.ts'
import { createRetryBudget } from './retry-budget.ts'

function drain(budget: { withdraw(): boolean }): number {
  let rounds = 0
  while (rounds < 10_000 && budget.withdraw()) rounds += 1
  return rounds
}

describe('the retry budget', () => {
  it('holds fifty rounds after a quiet time, and not one more', () => {
    const now = clock()
    const budget = createRetryBudget(now)
    now.advance(86_400_000)
    assert.equal(drain(budget), 50)
    assert.equal(budget.withdraw(), false)
  })

  it('regains one round a second, so that a lone request always has some', () => {
    const now = clock()
    const budget = createRetryBudget(now)
    drain(budget)
    now.advance(999)
    assert.equal(budget.withdraw(), false)
    now.advance(1)
    assert.equal(budget.withdraw(), true)
    assert.equal(budget.withdraw(), false)
  })

  it('adds a fifth to the load at most, in the long run', () => {
    const budget = createRetryBudget(clock())
    drain(budget)
    for (let i = 0; i < 100; i += 1) budget.deposit()
    const rounds = drain(budget)
    assert.ok(rounds >= 19 && rounds <= 20, `${rounds}`)
  })

  it('never allows more than what was there, came in with calls and with time', () => {
    const steps = fc.array(fc.oneof(fc.constant('call'), fc.constant('retry'), fc.nat({ max: 3_000 })), {
      maxLength: 300,
    })
    fc.assert(
      fc.property(steps, (history) => {
        const now = clock()
        const budget = createRetryBudget(now)
        let allowed = 50
        let used = 0
        for (const step of history) {
          if (step === 'call') {
            budget.deposit()
            allowed += 0.2
          } else if (step === 'retry') used += budget.withdraw() ? 1 : 0
          else {
            now.advance(step as number)
            allowed += (step as number) / 1000
          }
          assert.ok(used <= allowed + 1e-6)
        }
      }),
    )
  })

  it('is not confused by a clock that goes back', () => {
    const now = clock()
    const budget = createRetryBudget(now)
    drain(budget)
    now.advance(-3_600_000)
    assert.equal(budget.withdraw(), false)
    now.advance(1_000)
    assert.equal(budget.withdraw(), true)
  })
})
