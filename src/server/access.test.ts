import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { stringify } from 'yaml'
import { parseConfig } from '../config/load.ts'
import { compileAccess, isLoopback, queryWithoutKeys, type RequestHead } from './access.ts'
import { head } from './testing/fixture.ts'

const access = (config: object, onKey?: (key: string) => void) =>
  compileAccess(parseConfig(stringify(config), { env: {} }).config, onKey)

const sha = (key: string) => createHash('sha256').update(key).digest('hex')
const KEYS = {
  'api-keys': [
    'plain-key',
    `sha256:${sha('hashed-key')}`,
    `sha256:${sha('upper-key').toUpperCase()}`,
    { name: 'laptop', key: 'named-key' },
    { name: 'ci', key: `sha256:${sha('ci-key')}`, models: ['gpt-*', 'claude-haiku'] },
  ],
}

function who(headers: Record<string, string>, url = '/v1/messages'): string | number {
  const found = access(KEYS).identify(head(headers, { url }))
  return 'kind' in found ? found.status : found.name
}

describe('a client key', () => {
  it('is taken from every place clients put it', () => {
    for (const headers of [
      { authorization: 'Bearer named-key' },
      { Authorization: 'bearer   named-key' },
      { authorization: 'BEARER\tnamed-key' },
      { authorization: 'named-key' },
      { 'x-api-key': 'named-key' },
      { 'X-Goog-Api-Key': 'named-key' },
    ] as Record<string, string>[])
      assert.equal(who(headers), 'laptop', JSON.stringify(headers))
    for (const url of ['/?key=named-key', '/?a=b&auth_token=named-key', '/?key=named%2Dkey'])
      assert.equal(who({}, url), 'laptop', url)
  })

  it('may stand behind one that is not known', () => {
    assert.equal(who({ authorization: 'Bearer other', 'x-api-key': 'also other' }, '/?key=named-key'), 'laptop')
  })

  it('is refused in every other form', () => {
    for (const [headers, url] of [
      [{}, '/'],
      [{ authorization: 'Bearer' }, '/'],
      [{ authorization: 'Bearer ' }, '/'],
      [{ authorization: 'Bearernamed-key' }, '/'],
      [{ authorization: 'Basic named-key' }, '/'],
      [{ authorization: 'Bearer named-ke' }, '/'],
      [{ authorization: 'Bearer named-key, Bearer x' }, '/'],
      [{ authorization: 'Bearer NAMED-KEY' }, '/'],
      [{ 'x-api-key': 'named-key, named-key' }, '/'],
      [{ 'x-api-key': '' }, '/'],
      [{ cookie: 'key=named-key' }, '/'],
      [{}, '/?KEY=named-key'],
      [{}, '/?key='],
      [{}, '/?key=%zz'],
      [{}, '/?xkey=named-key'],
      [{}, '/key=named-key'],
      [{ 'x-api-key': `sha256:${sha('hashed-key')}` }, '/'],
      [{ 'x-api-key': sha('hashed-key') }, '/'],
      [{ 'x-api-key': '__proto__' }, '/'],
    ] as [Record<string, string>, string][])
      assert.equal(who(headers, url), 401, `${JSON.stringify(headers)} ${url}`)
  })

  it('may be known by its hash alone, in either case', () => {
    assert.equal(who({ 'x-api-key': 'hashed-key' }), `key-${sha('hashed-key').slice(0, 8)}`)
    assert.equal(who({ 'x-api-key': 'upper-key' }), `key-${sha('upper-key').slice(0, 8)}`)
  })

  it('shows as a name or a fingerprint, never as itself', () => {
    assert.doesNotMatch(String(who({ 'x-api-key': 'plain-key' })), /plain/)
  })

  it('opens the models of its list alone', () => {
    const ci = access(KEYS).identify(head({ 'x-api-key': 'ci-key' }))
    assert.ok('name' in ci)
    assert.deepEqual(
      ['gpt-5', 'claude-haiku', 'claude-opus'].map((m) => ci.allows!(m)),
      [true, true, false],
    )
    const all = access(KEYS).identify(head({ 'x-api-key': 'plain-key' }))
    assert.ok('name' in all)
    assert.equal(all.allows?.('anything') ?? true, true)
  })

  it('is told to whoever keeps logs clean, once it was accepted', () => {
    const heard: string[] = []
    const rules = access(KEYS, (key) => heard.push(key))
    rules.identify(head({ 'x-api-key': 'wrong' }))
    rules.identify(head({ 'x-api-key': 'hashed-key' }))
    assert.deepEqual(heard, ['hashed-key'])
  })

  it('is not needed when none is configured', () => {
    const open = access({})
    assert.equal(open.open, true)
    assert.deepEqual(open.identify(head()), { name: 'anyone' })
  })

  it('missing and wrong are told apart in words', () => {
    const message = (headers: Record<string, string>) => {
      const f = access(KEYS).identify(head(headers))
      return 'kind' in f ? f.message : ''
    }
    assert.match(message({}), /is needed/)
    assert.match(message({ 'x-api-key': 'secret-typo' }), /not known/)
    assert.doesNotMatch(message({ 'x-api-key': 'secret-typo' }), /typo/)
  })

  it('is taken out of the query, and nothing else is', () => {
    for (const [url, query] of [
      ['/x', ''],
      ['/x?', ''],
      ['/x?key=a', ''],
      ['/x?beta=true&key=a&alt=sse', '?beta=true&alt=sse'],
      ['/x?auth_token=a&&key', ''],
      ['/x?monkey=a&keys=b', '?monkey=a&keys=b'],
    ] as const)
      assert.equal(queryWithoutKeys(url), query, url)
  })
})

describe('the Host', () => {
  const answers = (config: object, host: string | undefined, over: Partial<RequestHead> = {}) =>
    access(config).foreign(head(host === undefined ? {} : { host }, over)) === undefined

  it('of a private server is a name of this machine, whatever the port', () => {
    for (const host of [
      'localhost',
      'LOCALHOST:8317',
      '127.0.0.1',
      '127.0.0.1:9',
      '127.9.9.9',
      '[::1]:8317',
      '::1',
      '[::1]',
      'localhost.',
    ])
      assert.ok(answers({}, host), host)
  })

  it('of a private server is none of these', () => {
    for (const host of [
      undefined,
      '',
      'evil.test',
      'localhost.evil.test',
      'localhost:80:evil',
      '127.0.0.1.evil.test',
      '192.168.1.5',
      '[2001:db8::1]',
      '0.0.0.0',
      'evil.test:127.0.0.1',
      'localhost@evil.test',
      'localhost/evil',
      '0x7f.1',
      'user:pw@localhost',
    ])
      assert.ok(!answers({}, host), host)
  })

  it('of a public server may be any address, and the names that are listed', () => {
    const config = { host: '0.0.0.0', 'allowed-hosts': ['Gateway.Example', 'box:8317'] }
    for (const host of [
      '192.168.1.5:8317',
      '[2001:db8::1]:8317',
      'gateway.example',
      'GATEWAY.example.:443',
      'box',
      'localhost',
    ])
      assert.ok(answers(config, host), host)
    for (const host of ['evil.test', 'gateway.example.evil.test', 'sub.gateway.example', ''])
      assert.ok(!answers(config, host), host)
  })

  it('may be the name the server listens on, and any with a star', () => {
    assert.ok(answers({ host: 'box.lan' }, 'box.lan:8317'))
    assert.ok(answers({ 'allowed-hosts': ['*'] }, 'evil.test'))
  })

  it('is judged alike however often it comes, and whatever came before', () => {
    const { foreign } = access({})
    const judged = (host: string) => foreign(head({ host })) === undefined
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 300; i += 1) assert.ok(judged(`localhost:${i}`))
      for (const host of ['evil.test', 'localhost:80:evil', '']) assert.ok(!judged(host), host)
    }
  })

  it('given twice is refused', () => {
    const raw = ['Host', 'localhost', 'host', 'evil.test']
    assert.notEqual(access({}).foreign(head({ host: 'localhost' }, { rawHeaders: raw })), undefined)
  })

  it('is taken from X-Forwarded-Host of a trusted proxy alone', () => {
    const config = { 'trusted-proxies': ['10.0.0.0/8', '::1', '192.168.1.1'], 'allowed-hosts': ['gateway.example'] }
    const forwarded = (remoteAddress: string | undefined, name: string, host = 'localhost') =>
      access(config).foreign(head({ host, 'x-forwarded-host': name }, { remoteAddress })) === undefined
    assert.ok(forwarded('10.1.2.3', 'gateway.example, inner'))
    assert.ok(forwarded('10.1.2.3', 'gateway.example', 'evil.test'))
    assert.ok(forwarded('::ffff:10.1.2.3', 'gateway.example', 'evil.test'))
    assert.ok(!forwarded('10.1.2.3', 'evil.test, gateway.example'))
    assert.ok(!forwarded('::1', 'evil.test'))
    // A stranger's word counts for nothing, in either direction.
    assert.ok(forwarded('11.1.2.3', 'evil.test'))
    assert.ok(!forwarded('11.1.2.3', 'gateway.example', 'evil.test'))
    assert.ok(!forwarded(undefined, 'gateway.example', 'evil.test'))
  })

  it('that is refused is shown in plain letters and not at length', () => {
    const f = access({}).foreign(head({ host: `<\n\u0000é${'x'.repeat(500)}` }))!
    assert.equal(f.status, 403)
    assert.match(f.message, /"<\?\?\?x+"/)
    assert.ok(f.message.length < 300)
  })
})

describe('the Origin', () => {
  const config = { 'allowed-origins': ['https://app.example', 'http://localhost:3000/'] }
  const allowed = (origin: string, host = 'localhost:8317') =>
    access(config).foreign(head({ host, origin })) === undefined

  it('may be our own or a listed one', () => {
    for (const origin of [
      'http://localhost:8317',
      'https://localhost:8317',
      'https://app.example',
      'HTTPS://APP.example',
      'http://localhost:3000',
    ])
      assert.ok(allowed(origin), origin)
  })

  it('may be no other: not a port, a scheme, a sub-domain or null', () => {
    for (const origin of [
      'null',
      'http://localhost',
      'http://localhost:8318',
      'http://127.0.0.1:8317',
      'http://app.example',
      'https://app.example:8443',
      'https://x.app.example',
      'https://app.example.evil.test',
      'https://evil.test',
      'file://localhost:8317',
      'chrome-extension://localhost:8317',
      'localhost:8317',
      '://localhost:8317',
      '',
    ])
      assert.ok(!allowed(origin), origin)
  })

  it('is named in CORS headers only if it is listed', () => {
    const cors = (origin: string) => access(config).corsOrigin(head({ host: 'localhost', origin }))
    assert.equal(cors('https://App.example'), 'https://App.example')
    assert.equal(cors('http://localhost'), undefined)
    assert.equal(access({}).corsOrigin(head({ origin: 'null' })), undefined)
  })
})

it('an address belongs to this machine when it is a loopback, mapped or not', () => {
  for (const a of ['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1', 'localhost'])
    assert.ok(isLoopback(a), a)
  for (const a of [
    '',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '127.evil.test',
    '127.0.0.1.evil.test',
    '::ffff:10.0.0.1',
  ])
    assert.ok(!isLoopback(a), a)
})
