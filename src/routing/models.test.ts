import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Account } from '../accounts/account.ts'
import { account } from '../accounts/testing/fixture.ts'
import { matcher } from '../config/wildcard.ts'
import { compatible, providers } from '../providers/index.ts'
import { createRegistry, type Registry } from './models.ts'

const local = compatible({ name: 'local', baseUrl: 'http://127.0.0.1:1', speaks: ['openai-chat'] })
const all = [...providers, local]

function registry(accounts: Partial<Account>[], forcePrefix = false): Registry {
  return createRegistry(
    accounts.map((a, i) => account({ id: `a${i}`, ...a })),
    all,
    { forcePrefix },
  )
}

const models = (...pairs: [string, string][]) => pairs.map(([name, upstream]) => ({ name, upstream }))
const keys = (r: Registry, model: string, pin?: string, protocol: 'openai-chat' | 'anthropic' = 'openai-chat') =>
  r.find(model, { protocol, pin }).map((c) => c.key)
const names = (r: Registry, pin?: string) => r.list(pin).map((m) => m.id)

describe('a model name', () => {
  it('is an alias: the upstream name reaches nobody', () => {
    const r = registry([{ provider: 'local', models: models(['fast', 'vendor/fast-v3']) }])
    assert.deepEqual(keys(r, 'fast'), ['a0|vendor/fast-v3'])
    assert.deepEqual(keys(r, 'vendor/fast-v3'), [])
    assert.deepEqual(names(r), ['fast'])
  })

  it('given twice is a pool, in the order of the config; the same seat stands in it once', () => {
    const r = registry([
      { provider: 'local', models: models(['pool', 'x'], ['pool', 'y'], ['pool', 'x']) },
      { provider: 'local', models: models(['pool', 'x']) },
    ])
    assert.deepEqual(keys(r, 'pool'), ['a0|x', 'a0|y', 'a1|x'])
    assert.deepEqual(names(r), ['pool'])
  })

  it('is reached with and without the prefix', () => {
    const r = registry([
      { provider: 'local', prefix: 'team', models: models(['m', 'm']) },
      { provider: 'local', models: models(['m', 'm']) },
    ])
    assert.deepEqual(keys(r, 'm'), ['a0|m', 'a1|m'])
    assert.deepEqual(keys(r, 'team/m'), ['a0|m'])
    assert.deepEqual(names(r), ['m', 'team/m'])
  })

  it('without a prefix passes by accounts with one, when prefixes are forced', () => {
    const r = registry(
      [
        { provider: 'local', prefix: 'team', models: models(['m', 'm']) },
        { provider: 'local', models: models(['m', 'm']) },
      ],
      true,
    )
    assert.deepEqual(keys(r, 'm'), ['a1|m'])
    assert.deepEqual(keys(r, 'team/m'), ['a0|m'])
    assert.deepEqual(names(r), ['team/m', 'm'])
  })

  it('that is excluded is neither served nor listed, by either of its names', () => {
    const excludes = matcher(['*-preview', 'vendor/*'])
    const r = registry([
      { provider: 'local', excludes, models: models(['a-preview', 'x'], ['b', 'vendor/b'], ['c', 'c']) },
    ])
    assert.deepEqual(names(r), ['c'])
    assert.deepEqual(keys(r, 'b'), [])
  })

  it('of an object prototype is a name like any other', () => {
    for (const name of ['constructor', '__proto__', 'toString', ''])
      assert.deepEqual(
        keys(registry([{ provider: 'claude', speaks: ['anthropic'] }]), name, undefined, 'anthropic'),
        [],
      )
  })
})

describe('an account without a list', () => {
  it('serves what its provider knows, and lists it with its lengths', () => {
    const r = registry([{ provider: 'claude', speaks: ['anthropic'] }])
    const opus = r.list().find((m) => m.id === 'claude-opus-5')!
    assert.deepEqual([opus.ownedBy, opus.displayName, opus.contextLength], ['claude', 'Claude Opus 5', 1_000_000])
    assert.deepEqual(keys(r, 'claude-opus-5', undefined, 'anthropic'), ['a0|claude-opus-5'])
  })

  it('takes new names of the form of its vendor, unlisted', () => {
    const r = registry([{ provider: 'claude', speaks: ['anthropic'] }])
    assert.deepEqual(keys(r, 'claude-next-9', undefined, 'anthropic'), ['a0|claude-next-9'])
    assert.deepEqual(keys(r, 'gpt-9', undefined, 'anthropic'), [])
    assert.ok(!names(r).includes('claude-next-9'))
  })

  it('of an endpoint takes any name, but a vendor that knows the form goes first', () => {
    const r = registry([
      { provider: 'local', speaks: ['openai-chat'] },
      { provider: 'openai', speaks: ['openai-responses', 'openai-chat'] },
    ])
    assert.deepEqual(keys(r, 'llama-3'), ['a0|llama-3'])
    assert.deepEqual(keys(r, 'gpt-99'), ['a1|gpt-99'])
    assert.deepEqual(keys(r, 'gpt-99', 'local'), [])
  })

  it('gives way to those that list the name', () => {
    const r = registry([
      { provider: 'local', speaks: ['openai-chat'] },
      { provider: 'local', models: models(['gpt-99', 'gpt-99']) },
    ])
    assert.deepEqual(keys(r, 'gpt-99'), ['a1|gpt-99'])
  })

  it('honours prefix and excludes for names in no list', () => {
    const excludes = matcher(['secret*'])
    const open = { provider: 'local', prefix: 'box', excludes }
    assert.deepEqual(keys(registry([open]), 'box/any/thing'), ['a0|any/thing'])
    assert.deepEqual(keys(registry([open]), 'any'), ['a0|any'])
    assert.deepEqual(keys(registry([open], true), 'any'), [])
    assert.deepEqual(keys(registry([open]), 'box/secret-1'), [])
    assert.deepEqual(keys(registry([open]), 'secret-1'), [])
  })

  it('of a provider that is gone serves nothing', () => {
    const r = registry([{ provider: 'gone' }])
    assert.deepEqual([names(r), keys(r, 'gpt-5.5')], [[], []])
  })
})

describe('a pin', () => {
  it('is the id or an alias of a provider in any case', () => {
    const r = registry([])
    assert.equal(r.pinned('Anthropic'), 'claude')
    assert.equal(r.pinned('google'), 'gemini')
    assert.equal(r.pinned('LOCAL'), 'local')
    assert.equal(r.pinned('nobody'), undefined)
    assert.equal(r.pinned('__proto__'), undefined)
    assert.ok(r.pins.includes('claude') && r.pins.includes('anthropic'))
  })

  it('leaves only the accounts of that provider, in finding and in listing', () => {
    const r = registry([
      { provider: 'openai', models: models(['m', 'm'], ['mine', 'mine']) },
      { provider: 'local', models: models(['m', 'm'], ['theirs', 'theirs']) },
    ])
    assert.deepEqual(keys(r, 'm', 'local'), ['a1|m'])
    assert.deepEqual(keys(r, 'mine', 'local'), [])
    assert.deepEqual(names(r, 'local'), ['m', 'theirs'])
  })
})

describe('the dialect', () => {
  const r = registry([
    { provider: 'claude', speaks: ['anthropic'] },
    { provider: 'local', speaks: ['openai-chat', 'anthropic'], models: models(['both', 'both']) },
  ])

  it('has to be spoken by the account', () => {
    assert.deepEqual(keys(r, 'claude-opus-5'), [])
    assert.deepEqual(keys(r, 'both').concat(keys(r, 'both', undefined, 'anthropic')), ['a1|both', 'a1|both'])
  })

  it('is told for names that are served in another one', () => {
    assert.deepEqual(r.dialectsOf('claude-opus-5'), ['anthropic'])
    assert.deepEqual(r.dialectsOf('both'), ['openai-chat', 'anthropic'])
    assert.deepEqual(r.dialectsOf('nobody', 'claude'), [])
  })

  it('does not mix what is remembered of a name', () => {
    for (let i = 0; i < 3; i += 1) {
      assert.deepEqual(keys(r, 'claude-opus-5'), [])
      assert.equal(keys(r, 'claude-opus-5', undefined, 'anthropic').length, 1)
      assert.equal(keys(r, 'claude-opus-5', 'local', 'anthropic').length, 0)
    }
  })

  it('stays right when clients make up more names than are remembered', () => {
    const r = registry(Array.from({ length: 500 }, () => ({ provider: 'local', models: undefined })))
    for (let i = 0; i < 520; i += 1) {
      const name = `made-up-${i}`
      assert.equal(r.find(name, { protocol: 'openai-chat', pin: undefined })[0]!.model, name)
    }
    assert.equal(r.find('made-up-0', { protocol: 'openai-chat', pin: undefined }).length, 500)
  })

  it('gives one list for the same seats, so that they take turns whatever the client speaks', () => {
    const r = registry([
      { provider: 'local', speaks: ['openai-chat'], models: models(['m', 'm']) },
      { provider: 'local', speaks: ['openai-chat', 'anthropic'], models: models(['m', 'm']) },
    ])
    const filter = (protocol: 'openai-chat' | 'anthropic' | 'gemini') => ({ protocol, pin: undefined })
    assert.equal(r.find('m', filter('openai-chat')), r.findForeign('m', filter('gemini')))
    assert.notEqual(r.find('m', filter('anthropic')), r.find('m', filter('openai-chat')))
    assert.equal(r.find('m', filter('anthropic')), r.find('m', filter('anthropic')))
  })
})
