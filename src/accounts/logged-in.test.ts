import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stringify } from 'yaml'
import { parseConfig } from '../config/load.ts'
import { createHosts } from './hosts.ts'
import { type LoginProvider, loggedInAccounts } from './logged-in.ts'
import type { LoginFacts, LoginRecord } from './login-record.ts'
import type { LoginFlow } from './oauth/flow.ts'

const acme: LoginProvider = {
  id: 'acme',
  login: { baseUrl: 'https://api.acme.test/v1/' } as unknown as LoginFlow,
  speaks: ['anthropic'],
  models: [{ id: 'big', contextLength: 7 }, { id: 'small' }],
}

function login(over: Partial<LoginFacts> = {}, id = 'acme-1'): LoginRecord {
  const facts: LoginFacts = {
    label: 'anna',
    subject: id,
    state: { is: 'ready' },
    origin: { how: 'login', at: 0 },
    disabled: false,
    priority: 0,
    weight: 1,
    headers: {},
    excludedModels: [],
    createdAt: 0,
    ...over,
  }
  return { id, provider: 'acme', version: 1, updatedAt: 0, facts }
}

function accounts(records: LoginRecord[], config: object = {}, provider = acme) {
  const parsed = parseConfig(stringify(config), { env: {} }).config
  return loggedInAccounts(records, parsed, new Map([['acme', provider]]), createHosts(parsed['host-overrides']))
}

describe('an account of a login', () => {
  it('has the address of its vendor, or the stand-in of the config', () => {
    assert.equal(accounts([login()])[0]!.baseUrl, 'https://api.acme.test/v1')
    const config = { 'host-overrides': { 'https://api.acme.test': 'http://127.0.0.1:1/x' } }
    assert.equal(accounts([login()], config)[0]!.baseUrl, 'http://127.0.0.1:1/x/v1')
  })

  it('is left out while it is off, without weight, in need of a login, or of nobody we know', () => {
    const out = [
      login({ disabled: true }),
      login({ weight: 0 }),
      login({ state: { is: 'needs-login', since: 0, reason: 'revoked' } }),
      { ...login(), provider: 'gone' },
    ]
    assert.deepEqual(accounts(out), [])
  })

  it('takes the global proxy, cooling and limit unless it says otherwise', () => {
    const config = { 'proxy-url': 'http://p:1', 'disable-cooling': true, routing: { 'account-concurrency': 3 } }
    const [plain, own] = accounts([login(), login({ proxyUrl: 'direct', neverRests: false, concurrency: 9 })], config)
    assert.deepEqual([plain!.proxyUrl, plain!.neverRests, plain!.concurrency], ['http://p:1', true, 3])
    assert.deepEqual([own!.proxyUrl, own!.neverRests, own!.concurrency], ['direct', false, 9])
  })

  it('never uses the models that the config or its owner excludes', () => {
    const config = { 'oauth-excluded-models': { acme: ['*-mini'], other: ['*'] } }
    const [account] = accounts([login({ excludedModels: ['big'] })], config)
    assert.deepEqual(
      ['x-mini', 'big', 'small'].map((m) => account!.excludes(m)),
      [true, true, false],
    )
  })

  it('has the live list of its vendor; without one the bundled list, and names of its form', () => {
    const live = accounts([login({ models: [{ name: 'new', upstream: 'new' }] })])[0]!
    assert.deepEqual([live.models, live.open], [[{ name: 'new', upstream: 'new' }], true])
    const bundled = accounts([login()])[0]!
    assert.deepEqual([bundled.models, bundled.open], [undefined, true])
    const other = accounts([login()], {}, { ...acme, loginModels: [{ id: 'sub' }] })[0]!
    assert.deepEqual(
      other.models!.map((m) => m.name),
      ['sub'],
    )
  })

  it('is reached by the aliases of the config, in place of the name or beside it', () => {
    const config = {
      'oauth-model-alias': {
        acme: [
          { name: 'big', alias: 'huge' },
          { name: 'small', alias: 'tiny', fork: true },
          { name: 'unlisted', alias: 'other' },
        ],
      },
    }
    const [account] = accounts([login()], config)
    assert.deepEqual(
      account!.models!.map((m) => [m.name, m.upstream, m.contextLength]),
      [
        ['small', 'small', undefined],
        ['huge', 'big', 7],
        ['tiny', 'small', undefined],
        ['other', 'unlisted', undefined],
      ],
    )
  })

  it('of a thousand is made in no time at all: each pattern is compiled once', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => login({}, `acme-${i}`))
    const list = accounts(many, { 'oauth-excluded-models': { acme: ['*-mini'] } })
    assert.equal(new Set(list.map((a) => a.excludes)).size, 1)
  })
})
