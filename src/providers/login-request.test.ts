import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LoginError } from '../accounts/oauth/flow.ts'
import { cacheKeyOf, conversationId, loginHeaders, OWN_AGENT, vendorGet } from './login-request.ts'
import { vendor } from './testing/logins.ts'

const OWN = /^cli\//

describe('the headers of a login', () => {
  it("go under our own name, unless the client is the vendor's own program", () => {
    assert.deepEqual(loginHeaders(['User-Agent', 'curl/8', 'X-A', '1'], { ownClient: OWN }), [
      'X-A',
      '1',
      'user-agent',
      OWN_AGENT,
    ])
    assert.deepEqual(loginHeaders(['User-Agent', 'cli/8', 'X-A', '1'], { ownClient: OWN }), [
      'User-Agent',
      'cli/8',
      'X-A',
      '1',
    ])
    assert.deepEqual(loginHeaders([], { ownClient: OWN }), ['user-agent', OWN_AGENT])
  })

  it("put ours in place of the client's, and leave out what speaks of another account", () => {
    const client = ['User-Agent', 'cli/8', 'X-Own', 'theirs', 'X-Set', 'theirs', 'X-Drop', 'theirs']
    const manners = {
      ownClient: OWN,
      drops: new Set(['x-drop']),
      sets: { 'x-set': 'ours' },
      setsUnlessOwn: { 'x-own': 'ours' },
    }
    assert.deepEqual(loginHeaders(client, manners), ['User-Agent', 'cli/8', 'X-Own', 'theirs', 'x-set', 'ours'])
    assert.deepEqual(loginHeaders(client.with(1, 'curl'), manners), [
      'x-set',
      'ours',
      'user-agent',
      OWN_AGENT,
      'x-own',
      'ours',
    ])
    assert.deepEqual(loginHeaders(['User-Agent', 'cli/8'], manners), [
      'User-Agent',
      'cli/8',
      'x-set',
      'ours',
      'x-own',
      'ours',
    ])
  })

  it('leave every other header of the client in its place, whatever its name', () => {
    const names = fc.constantFrom('X-A', 'constructor', 'toString', 'accept', '__proto__')
    fc.assert(
      fc.property(fc.array(fc.tuple(names, fc.string())), (pairs) => {
        const client = pairs.flat()
        assert.deepEqual(loginHeaders(client, { ownClient: OWN }).slice(0, client.length), client)
      }),
    )
  })
})

describe("a conversation's id", () => {
  it('is a UUID, the same for the same conversation of the same account, and another for every other', () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (a, b, account) => {
        assert.match(conversationId(a, account), uuid)
        assert.equal(conversationId(a, account), conversationId(a, account))
        if (a !== b) assert.notEqual(conversationId(a, account), conversationId(b, account))
      }),
    )
    assert.notEqual(conversationId('a', 'one'), conversationId('a', 'two'))
  })

  it('is read from the body where it stands there', () => {
    assert.equal(cacheKeyOf(Buffer.from('{"input":[{"prompt_cache_key":"x"}],"prompt_cache_key":"k"}')), 'k')
    for (const body of ['{}', '{"prompt_cache_key":5}', 'nonsense', ''])
      assert.equal(cacheKeyOf(Buffer.from(body)), undefined)
  })
})

describe("a call to a vendor's endpoint", () => {
  it('goes under our own name and gives the answer', async () => {
    const { http, asked } = vendor({ a: 1 })
    assert.deepEqual((await vendorGet(http, 'https://a.test/x', { authorization: 'Bearer t' }, 'x')).json, { a: 1 })
    assert.deepEqual(asked, [
      {
        method: 'GET',
        url: 'https://a.test/x',
        headers: { accept: 'application/json', 'user-agent': OWN_AGENT, authorization: 'Bearer t' },
      },
    ])
  })

  it('that is refused says what was asked, what to do and when, and nothing of the token', async () => {
    const refused = vendor({ error: 'tok' }, 401, { 'retry-after': '7' })
    await assert.rejects(
      vendorGet(refused.http, 'https://a.test', { authorization: 'Bearer tok' }, 'the usage'),
      (error) => {
        assert.ok(error instanceof LoginError)
        assert.match(error.message, /the usage was answered with status 401.*log in again/)
        assert.doesNotMatch(error.message, /tok\b(?!en)/)
        assert.equal(error.retryAfterMs, 7_000)
        return error.code === 'refused'
      },
    )
  })
})
