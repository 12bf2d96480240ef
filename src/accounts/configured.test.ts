import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { parseConfig } from '../config/load.ts'
import type { Account } from './account.ts'
import { configuredAccounts } from './configured.ts'

const accounts = (config: object): Account[] => configuredAccounts(parseConfig(stringify(config), { env: {} }).config)
const keyOf = ({ credential }: Account) => (credential.type === 'api-key' ? credential.value : undefined)
const one = (entry: object): Account => accounts({ 'claude-api-key': [{ 'api-key': 'sk-1', ...entry }] })[0]!
const endpoint = (entry: object): Account[] =>
  accounts({ 'openai-compatibility': [{ name: 'local', 'base-url': 'http://127.0.0.1:9/v1', ...entry }] })

describe("an account's id", () => {
  it('stays the same when the entries are reordered', () => {
    const keys = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{4,12}$/), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(
        keys.chain((k) => fc.tuple(fc.constant(k), fc.shuffledSubarray(k, { minLength: k.length }))),
        ([before, after]) => {
          const ids = (list: string[]) =>
            new Map(
              accounts({ 'claude-api-key': list.map((k) => ({ 'api-key': `k${k}` })) }).map((a) => [keyOf(a), a.id]),
            )
          const first = ids(before)
          for (const [key, id] of ids(after)) assert.equal(first.get(key), id)
          assert.equal(new Set(first.values()).size, before.length)
        },
      ),
      { numRuns: 20 },
    )
  })

  it('stays the same whatever else of the entry changes', () => {
    const { id } = one({})
    for (const change of [
      { 'display-name': 'Work' },
      { label: 'Other' },
      { note: 'x' },
      { priority: 7, weight: 3 },
      { prefix: 'team' },
      { headers: { 'X-A': 'b' } },
      { models: [{ name: 'm' }] },
      { 'proxy-url': 'http://127.0.0.1:1' },
      { 'base-url': 'https://api.anthropic.com/' },
    ])
      assert.equal(one(change).id, id, JSON.stringify(change))
  })

  it('differs by key, by address and by provider', () => {
    const all = [
      one({}),
      one({ 'api-key': 'sk-2' }),
      one({ 'base-url': 'https://other.test' }),
      ...accounts({ 'codex-api-key': [{ 'api-key': 'sk-1', 'base-url': 'https://api.anthropic.com' }] }),
    ]
    assert.equal(new Set(all.map((a) => a.id)).size, all.length)
  })

  it('and its label say nothing of the key but four characters of a long one', () => {
    const key = 'sk-ant-0123456789-abcdefgh-WXYZ'
    const long = one({ 'api-key': key })
    assert.match(long.label, /^claude …WXYZ$/)
    assert.doesNotMatch(long.id + long.label, /0123456789|abcdefgh/)
    const short = one({ 'api-key': 'hunter2' })
    assert.doesNotMatch(short.id + short.label, /unter|ter2/)
  })
})

describe('configured accounts', () => {
  it('come in the order of the file, each provider with its dialects', () => {
    const list = accounts({
      'gemini-api-key': [{ 'api-key': 'g' }],
      'claude-api-key': [{ 'api-key': 'c1' }, { 'api-key': 'c2' }],
      'openai-api-key': [{ 'api-key': 'o' }],
      'codex-api-key': [{ 'api-key': 'x' }],
    })
    assert.deepEqual(
      list.map((a) => [a.provider, keyOf(a), a.speaks]),
      [
        ['claude', 'c1', ['anthropic']],
        ['claude', 'c2', ['anthropic']],
        ['openai', 'o', ['openai-responses', 'openai-chat']],
        ['codex', 'x', ['openai-responses']],
        ['gemini', 'g', ['gemini']],
      ],
    )
    for (const a of list) assert.ok(Object.isFrozen(a))
  })

  it('leave out what is switched off or has no weight', () => {
    const list = accounts({
      'claude-api-key': [
        { 'api-key': 'a', disabled: true },
        { 'api-key': 'b', weight: 0 },
        { 'api-key': 'c', weight: -5 },
        { 'api-key': 'd', weight: 2 },
      ],
      'openai-compatibility': [
        { name: 'off', 'base-url': 'http://127.0.0.1:1', disabled: true, 'api-key-entries': [{ 'api-key': 'e' }] },
        { name: 'light', 'base-url': 'http://127.0.0.1:1', weight: 0, 'api-key-entries': [{ 'api-key': 'f' }] },
        {
          name: 'mixed',
          'base-url': 'http://127.0.0.1:1',
          'api-key-entries': [{ 'api-key': 'g', disabled: true }, { 'api-key': 'h', weight: 0 }, { 'api-key': 'i' }],
        },
      ],
    })
    assert.deepEqual(
      list.map((a) => keyOf(a)),
      ['d', 'i'],
    )
  })

  it('of a vendor take the global proxy and cooling unless they say otherwise', () => {
    const global = { 'proxy-url': 'http://127.0.0.1:8080', 'disable-cooling': true }
    const list = accounts({
      ...global,
      'claude-api-key': [
        { 'api-key': 'a' },
        { 'api-key': 'b', 'proxy-url': 'direct', 'disable-cooling': false },
        { 'api-key': 'c', 'proxy-url': 'socks5://127.0.0.1:1' },
      ],
    })
    assert.deepEqual(
      list.map((a) => [a.proxyUrl, a.neverRests]),
      [
        ['http://127.0.0.1:8080', true],
        ['direct', false],
        ['socks5://127.0.0.1:1', true],
      ],
    )
    assert.equal(one({}).proxyUrl, undefined)
  })

  it('are reached by alias; models left out mean the list of the provider', () => {
    const { models } = one({ models: [{ name: 'up', alias: 'pub', 'max-context-length': 7 }, { name: 'same' }] })
    assert.deepEqual(
      models!.map((m) => [m.name, m.upstream, m.contextLength]),
      [
        ['pub', 'up', 7],
        ['same', 'same', undefined],
      ],
    )
    assert.equal(one({}).models, undefined)
  })
})

describe('an endpoint of openai-compatibility', () => {
  it('without keys is one account without a credential', () => {
    const [open, ...more] = endpoint({})
    assert.equal(more.length, 0)
    assert.equal(keyOf(open!), '')
    assert.equal(open!.provider, 'local')
    assert.equal(open!.baseUrl, 'http://127.0.0.1:9/v1')
  })

  it('hands its settings to every key, and a key may have its own', () => {
    const list = endpoint({
      protocol: ['anthropic', 'openai-chat'],
      priority: 3,
      weight: 4,
      prefix: 'team',
      'proxy-url': 'http://127.0.0.1:1',
      headers: { 'X-A': 'endpoint', 'X-B': 'endpoint' },
      models: [{ name: 'big' }],
      'excluded-models': ['*-old'],
      'disable-cooling': true,
      'display-name': 'The box',
      'api-key-entries': [
        { 'api-key': 'k1' },
        {
          'api-key': 'k2',
          priority: 9,
          weight: 1,
          prefix: '',
          'proxy-url': 'direct',
          headers: { 'X-B': 'key' },
          models: [{ name: 'small' }],
          'excluded-models': ['small-x'],
          'disable-cooling': false,
          'display-name': 'Mine',
        },
      ],
    })
    const seen = list.map((a) => ({
      speaks: a.speaks,
      priority: a.priority,
      weight: a.weight,
      prefix: a.prefix,
      proxy: a.proxyUrl,
      headers: a.headers,
      models: a.models!.map((m) => m.name),
      excludes: ['m-old', 'small-x'].map((m) => a.excludes(m)),
      neverRests: a.neverRests,
      label: a.label,
    }))
    assert.deepEqual(seen, [
      {
        speaks: ['anthropic', 'openai-chat'],
        priority: 3,
        weight: 4,
        prefix: 'team',
        proxy: 'http://127.0.0.1:1',
        headers: { 'X-A': 'endpoint', 'X-B': 'endpoint' },
        models: ['big'],
        excludes: [true, false],
        neverRests: true,
        label: 'The box',
      },
      {
        speaks: ['anthropic', 'openai-chat'],
        priority: 9,
        weight: 1,
        prefix: undefined,
        proxy: 'direct',
        headers: { 'X-A': 'endpoint', 'X-B': 'key' },
        models: ['small'],
        excludes: [true, true],
        neverRests: false,
        label: 'Mine',
      },
    ])
  })

  it('hands on what the operator says of a model’s reasoning, in the order of the levels', () => {
    const [account] = accounts({
      'openai-compatibility': [
        {
          name: 'box',
          'base-url': 'http://box.test',
          models: [{ name: 'deep', thinking: { levels: ['high', 'low', 'unheard-of'] } }, { name: 'plain' }],
        },
      ],
    })
    assert.deepEqual(
      account!.models!.map(({ efforts }) => efforts),
      [['low', 'high'], undefined],
    )
  })
})
