import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Roster } from './roster.ts'

it('a roster keeps those that are there, whatever the order in which they leave', () => {
  const roster = new Roster<string>()
  const [a, b, c] = [roster.add('a'), roster.add('b'), roster.add('c')]
  assert.equal(roster.remove(a), true)
  assert.equal(roster.remove(a), false)
  assert.deepEqual(roster.list().sort(), ['b', 'c'])
  assert.equal(roster.remove(c), true)
  assert.equal(roster.size, 1)
  roster.add('d')
  assert.deepEqual(roster.drain().sort(), ['b', 'd'])
  assert.equal(roster.size, 0)
  assert.equal(roster.remove(b), false)
})
