import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createAlarms } from './alarms.ts'
import { copy, indexSet, insert, positionOf, remove } from './index-set.ts'

describe('alarms', () => {
  it('know the earliest, whatever is set, moved and ended', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 19 }), fc.constantFrom(1, 2, 3, 5, 8, 13, 21, 34, Infinity)), {
      maxLength: 200,
      size: 'max',
    })
    fc.assert(
      fc.property(steps, (moves) => {
        const alarms = createAlarms(20)
        const times = Array<number>(20).fill(Infinity)
        for (const [index, time] of moves) {
          alarms.set(index, time)
          times[index] = time
          assert.equal(alarms.next(), Math.min(...times))
          if (alarms.next() < Infinity) assert.equal(times[alarms.first()], alarms.next())
        }
        alarms.clear()
        assert.equal(alarms.next(), Infinity)
      }),
    )
  })
})

describe('a set of indices', () => {
  it('is in order, and finds the first that is as much or more', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 15 }), fc.boolean()), { maxLength: 60, size: 'max' }), (steps) => {
        const set = indexSet(16)
        const plain = new Set<number>()
        for (const [i, comes] of steps) {
          if (comes && !plain.has(i)) insert(set, i)
          if (!comes) remove(set, i)
          if (comes) plain.add(i)
          else plain.delete(i)
        }
        const sorted = [...plain].sort((a, b) => a - b)
        const other = indexSet(16)
        copy(set, other)
        for (const one of [set, other]) assert.deepEqual([...one.items.subarray(0, one.size)], sorted)
        for (let i = 0; i < 16; i += 1) assert.equal(positionOf(set, i), sorted.filter((k) => k < i).length)
      }),
    )
  })
})
