import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSticky, type Kept, turned } from './sticky.ts'

const kept = (over: Partial<Kept> = {}): Kept => ({
  category: 'code',
  confidence: 0.9,
  model: 'm',
  unsure: false,
  ...over,
})

describe('what is kept of conversations', () => {
  it('lives as long as it is used, and no longer than the time of the config', () => {
    let at = 0
    let ttl = 100
    const sticky = createSticky(
      () => at,
      () => ttl,
    )
    sticky.keep('a', kept())
    at = 99
    assert.equal(sticky.find('a')!.model, 'm')
    at = 198
    assert.equal(sticky.find('a')!.model, 'm')
    at = 298
    assert.equal(sticky.find('a'), undefined)
    assert.equal(sticky.size, 0)
    ttl = 0
    sticky.keep('a', kept())
    assert.equal(sticky.size, 0)
  })

  it('is bounded: the one used longest ago goes first', () => {
    const sticky = createSticky(
      () => 0,
      () => 100,
      3,
    )
    for (const key of ['a', 'b', 'c']) sticky.keep(key, kept())
    sticky.find('a')
    sticky.keep('d', kept())
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((key) => sticky.find(key) !== undefined),
      [true, false, true, true],
    )
    assert.equal(sticky.size, 3)
  })
})

describe('a turn to something else', () => {
  const said = (category: string, confidence: number, before = 0) => ({
    category,
    confidence,
    scores: { code: before },
  })
  const LONG = 'a text that is long enough to mean something of its own'

  it('needs another category, high confidence and a margin', () => {
    assert.equal(turned(kept(), said('creative', 0.9), LONG), true)
    assert.equal(turned(kept(), said('code', 0.99), LONG), false)
    assert.equal(turned(kept(), said('creative', 0.79), LONG), false)
    assert.equal(turned(kept(), said('creative', 0.8, 0.4), LONG), false)
    assert.equal(turned(kept(), undefined, LONG), false)
  })

  it('to the fast model needs more: an aside is fast by itself', () => {
    assert.equal(turned(kept(), said('fast', 0.94), LONG), false)
    assert.equal(turned(kept(), said('fast', 0.96), LONG), true)
    assert.equal(turned(kept(), said('fast', 0.99), 'thanks, go on'), false)
  })

  it('is meant by a short text where a character says much', () => {
    assert.equal(turned(kept(), said('creative', 0.9), '诗'), false)
    assert.equal(turned(kept(), said('creative', 0.9), '写一首诗'), true)
  })

  it('is any sure word after one that was not sure', () => {
    assert.equal(turned(kept({ unsure: true }), said('code', 0.9), LONG), true)
    assert.equal(turned(kept({ unsure: true }), said('code', 0.7), LONG), false)
  })

  it('takes a classifier without confidence at its word, whatever its categories are called', () => {
    assert.equal(turned(kept(), { category: 'creative' }, LONG), true)
    assert.equal(turned(kept({ category: '__proto__' }), said('constructor', 0.9), LONG), true)
  })
})
