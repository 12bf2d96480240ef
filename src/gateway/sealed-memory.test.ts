import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSealedMemory } from './sealed-memory.ts'

describe('the memory of sealed reasoning', () => {
  it('knows nothing at first, and of one account nothing about another', () => {
    const memory = createSealedMemory()
    assert.equal(memory.refusedBy('a'), undefined)
    memory.refuse('a', [])
    assert.equal(memory.refusedBy('a'), undefined)
    memory.refuse('a', ['gAAAA-one'])
    assert.equal(memory.refusedBy('b'), undefined)
    assert.equal(memory.refusedBy('a')?.('gAAAA-one'), true)
    assert.equal(memory.refusedBy('a')?.('gAAAA-two'), false)
  })

  it('is bounded, and forgets the oldest first', () => {
    const memory = createSealedMemory()
    memory.refuse(
      'a',
      Array.from({ length: 5_001 }, (_, i) => `state-${i}`),
    )
    assert.equal(memory.refusedBy('a')?.('state-0'), false)
    assert.equal(memory.refusedBy('a')?.('state-5000'), true)
    for (let i = 0; i < 1_000; i += 1) memory.refuse(`other-${i}`, ['x'])
    assert.equal(memory.refusedBy('a'), undefined)
    assert.ok(memory.refusedBy('other-999'))
  })
})
