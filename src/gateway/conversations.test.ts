import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createConversations, followed, itemsUpTo, type Turn, withTurns } from './conversations.ts'

describe('the memory of conversations', () => {
  it('gives a conversation back to whoever had it', () => {
    const memory = createConversations(() => 0)
    const one = followed(undefined, '"a"', '"b"')
    const two = followed(one, '"c"', '')
    memory.keep('me', 'r1', one)
    memory.keep('me', 'r2', two)
    assert.equal(itemsUpTo(memory.find('me', 'r2')), '"a","b","c"')
    assert.equal(memory.find('you', 'r2'), undefined)
    assert.equal(memory.find('me', 'r3'), undefined)
    assert.equal(itemsUpTo(undefined), '')
    memory.forget('me', 'r2')
    assert.equal(memory.find('me', 'r2'), undefined)
    assert.equal(itemsUpTo(memory.find('me', 'r1')), '"a","b"')
  })

  it('counts what turns share once, for as long as one of them is there', () => {
    const memory = createConversations(() => 0)
    const one = followed(undefined, 'x'.repeat(1_000), '')
    const empty = memory.size.bytes
    memory.keep('me', 'r1', one)
    const single = memory.size.bytes
    memory.keep('me', 'r2', followed(one, 'y', ''))
    memory.keep('me', 'r3', followed(one, 'z', ''))
    assert.ok(memory.size.bytes < single + 1_000)
    memory.forget('me', 'r1')
    assert.ok(memory.size.bytes > 1_000)
    assert.match(itemsUpTo(memory.find('me', 'r2')), /^x+,y$/)
    memory.forget('me', 'r2')
    memory.forget('me', 'r3')
    assert.deepEqual(memory.size, { turns: 0, bytes: empty })
    // The same once more, and over itself.
    memory.keep('me', 'r1', one)
    memory.keep('me', 'r1', one)
    assert.deepEqual(memory.size, { turns: 1, bytes: single })
  })

  it('is bounded in bytes, in number and in time; what was used last stays', () => {
    let now = 0
    const memory = createConversations(() => now, { bytes: 10_000, turns: 5, ttlMs: 100 })
    for (let i = 0; i < 50; i += 1) {
      memory.keep('me', `r${i}`, { items: 'x'.repeat(2_500) })
      assert.ok(memory.size.bytes <= 10_000)
      memory.find('me', 'r0')
    }
    assert.ok(memory.find('me', 'r0') !== undefined)
    assert.equal(memory.find('me', 'r1'), undefined)
    assert.equal(memory.size.turns, 3)
    for (let i = 0; i < 50; i += 1) memory.keep('me', `s${i}`, { items: '' })
    assert.equal(memory.size.turns, 5)
    now = 100
    assert.equal(memory.find('me', 's49'), undefined)
    memory.keep('me', 'new', { items: '' })
    assert.equal(memory.size.turns, 1)
  })

  it('keeps nothing of a turn larger than all of it', () => {
    const memory = createConversations(() => 0, { bytes: 1_000 })
    memory.keep('me', 'r1', { items: 'x'.repeat(2_000) })
    assert.deepEqual(memory.size, { turns: 0, bytes: 0 })
  })

  it('holds and lets go of long chains without recursion', () => {
    const memory = createConversations(() => 0)
    let turn: Turn | undefined
    for (let i = 0; i < 50_000; i += 1) turn = followed(turn, `${i}`, '')
    memory.keep('me', 'r1', turn!)
    assert.equal(itemsUpTo(memory.find('me', 'r1')).split(',').length, 50_000)
    memory.forget('me', 'r1')
    assert.equal(memory.size.bytes, 0)
  })

  it('remembers who keeps an answer, for so many', () => {
    const memory = createConversations(() => 0)
    memory.settle('me', 'r1', 'account-1')
    assert.equal(memory.home('me', 'r1'), 'account-1')
    assert.equal(memory.home('you', 'r1'), undefined)
    for (let i = 0; i < 20_000; i += 1) memory.settle('me', `s${i}`, 'account-2')
    assert.equal(memory.home('me', 'r1'), undefined)
  })
})

describe('a body with other turns', () => {
  it('is the same but for them', () => {
    const parsed = (json: Record<string, unknown>, items: string) =>
      JSON.parse(withTurns(json, 'input', items).toString())
    assert.deepEqual(parsed({ model: 'm', input: 'old', n: 1 }, '{"a":1},2'), {
      model: 'm',
      n: 1,
      input: [{ a: 1 }, 2],
    })
    assert.deepEqual(parsed({}, ''), { input: [] })
  })
})
