import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inUtc, moment } from './told.ts'

it('a sentence keeps its times apart, and can be said in UTC', () => {
  const told = ['it is reset at ', moment(Date.UTC(2026, 10, 22, 18, 10)), '.']
  assert.deepEqual(told[1], { time: '2026-11-22T18:10:00.000Z' })
  assert.equal(inUtc(told), 'it is reset at 2026-11-22T18:10:00Z.')
})

it('a time that is none breaks nothing', () => {
  for (const at of [Number.NaN, Infinity, 1e300]) assert.equal(inUtc(['at ', moment(at)]), 'at an unknown time')
})
