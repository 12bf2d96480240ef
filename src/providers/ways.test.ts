import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { besides, createHosts } from '../accounts/hosts.ts'
import { clock } from '../accounts/testing/fixture.ts'
import { failure } from '../hub/failure.ts'
import { loginAccount } from './testing/logins.ts'
import { addressed, basesOf, createWays, isOfHost } from './ways.ts'

describe('the ways to an account', () => {
  it('are taken in their order, and one that failed rests until its time', () => {
    const now = clock()
    const ways = createWays(now)
    const all = ['a', 'b', 'c']
    assert.equal(ways.best(all), 'a')
    assert.equal(ways.best(all, 4), 'b')
    assert.equal(ways.fail('a', all, 1_000), true)
    assert.equal(ways.best(all), 'b')
    ways.fail('b', all, 5_000)
    assert.equal(ways.fail('c', all, 5_000), false)
    assert.equal(ways.best(all), 'a', 'where all rest the first is as good as any')
    now.advance(1_000)
    assert.equal(ways.fail('b', all, 5_000), true)
    ways.free('c')
    assert.equal(ways.best(all, 2), 'c')
  })

  it('end: each turn rests one more of them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 }), (all) => {
        const ways = createWays(clock())
        let turns = 0
        while (ways.fail(ways.best(all), all, 60_000)) turns += 1
        assert.equal(turns, all.length - 1)
      }),
    )
  })

  it('are changed for what a host does, and not for what it says of the request or the model', () => {
    for (const kind of ['upstream', 'timeout', 'overloaded'] as const)
      assert.equal(isOfHost(failure(kind, 'm', { scope: 'model' })), true, kind)
    assert.equal(isOfHost(failure('upstream', 'ECONNREFUSED', { scope: 'provider' })), true)
    for (const kind of ['quota-exhausted', 'rate-limited', 'forbidden', 'unauthorized', 'unknown-model'] as const)
      assert.equal(isOfHost(failure(kind, 'm', { scope: 'account' })), false, kind)
    assert.equal(isOfHost(failure('overloaded', 'm', { scope: 'model', code: 'MODEL_CAPACITY_EXHAUSTED' })), false)
    assert.equal(isOfHost(failure('upstream', 'm', { scope: 'request' })), false)
  })

  it('keep the account and change its address, the same object each time', () => {
    const account = loginAccount('x', 'https://a.test', { otherBaseUrls: ['https://b.test', 'https://a.test'] })
    assert.deepEqual(basesOf(account), ['https://a.test', 'https://b.test'])
    assert.equal(addressed(account, 'https://a.test'), undefined)
    const there = addressed(account, 'https://b.test')
    assert.deepEqual([there?.baseUrl, there?.id], ['https://b.test', account.id])
    assert.equal(addressed(account, 'https://b.test'), there)
  })

  it('stay on one side: stand-ins with stand-ins, vendors with vendors', () => {
    const [a, b, c] = ['https://a.test', 'https://b.test/v1', 'https://c.test']
    const beside = (overrides: Record<string, string>) => besides(createHosts(overrides).url, a!, [b!, c!])
    assert.deepEqual(beside({}), [b, c])
    assert.deepEqual(beside({ 'https://a.test': 'http://127.0.0.1:1' }), [])
    assert.deepEqual(beside({ 'https://b.test': 'http://127.0.0.1:1' }), [c])
    const two = { 'https://a.test': 'http://127.0.0.1:1/a', 'https://b.test': 'http://127.0.0.1:1/b/' }
    assert.deepEqual(beside(two), ['http://127.0.0.1:1/b/v1'])
  })
})
