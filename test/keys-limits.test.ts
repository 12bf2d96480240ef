/** Client keys end to end: limits in each protocol and on WebSockets, models, revocation beside a running server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { createClientKeys } from '../src/accounts/client-keys.ts'
import { openStore } from '../src/store/index.ts'
import { keptBodies } from '../src/telemetry/usage-bodies.ts'
import { accounts, anthropic, ask, chat, type Dialect, dialects, gemini, type Json } from './support/dialects.ts'
import { parsePrometheus, sumOf } from './support/prometheus.ts'
import { CLIENT_KEY, Clock, type Running, start, until } from './support/start.ts'
import { temporary } from './support-process.ts'

const upstreams = (url: string) => ({
  ...accounts(anthropic, url, ['upstream-key-a']),
  ...accounts(chat, url, ['upstream-key-a']),
  ...accounts(gemini, url, ['upstream-key-a']),
})
const limited =
  (limits: Json, more = {}) =>
  (url: string) => ({
    ...upstreams(url),
    'api-keys': [{ name: 'laptop', key: CLIENT_KEY, limits, ...more }],
  })
const withKey = (dialect: Dialect, key: string) => {
  const [name, value] = Object.entries(dialect.auth)[0]!
  return { headers: { [name]: value.replace(CLIENT_KEY, key) } }
}

/** Attempts the upstreams have seen. */
const seen = (run: Running) => run.simulator.attempts().length

describe('a limit that is reached', () => {
  const STATUS: Record<string, { type: string; code: unknown }> = {
    anthropic: { type: 'rate_limit_error', code: undefined },
    'openai-chat': { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    'openai-responses': { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    gemini: { type: 'RESOURCE_EXHAUSTED', code: 429 },
  }
  for (const dialect of dialects)
    test(`is told in ${dialect.id}: which, until when, and when to come again`, async () => {
      const clock = new Clock()
      await using run = await start(limited({ 'requests-per-minute': 2 }), { now: clock.now })
      for (const status of [200, 200, 429]) assert.equal((await ask(run, dialect)).status, status)
      const refused = await ask(run, dialect, { stream: true })
      assert.equal(refused.status, 429)
      const wait = Number(refused.headers['retry-after'])
      assert.ok(wait >= 60 && wait <= 61, String(wait))
      const { type, code, message } = refused.error
      assert.deepEqual({ type, code }, STATUS[dialect.id])
      assert.match(message, /The key "laptop" may make 2 requests a minute, .*again at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/)
      assert.equal(seen(run), 2)
      clock.pass(wait - 1)
      assert.equal((await ask(run, dialect)).status, 429)
      clock.pass(1)
      assert.equal((await ask(run, dialect)).status, 200)
      assert.equal(run.calls.filter((c) => c.barred === true && c.client === 'laptop').length, 3)
      const families = parsePrometheus(await (await fetch(`${run.url}/metrics`)).text())
      const labels = { key: 'laptop', reason: 'requests-per-minute' }
      assert.equal(sumOf(families, 'logicaproxy_key_refusals_total', labels), 3)
    })

  test('of a day or of money is a quota, which SDKs do not wait for', async () => {
    const clock = new Clock()
    await using run = await start(limited({ 'usd-per-day': 0.000001 }), { now: clock.now })
    assert.equal((await ask(run, anthropic)).status, 200)
    const refused = await ask(run, anthropic)
    assert.deepEqual([refused.status, refused.headers['x-should-retry']], [429, 'false'])
    assert.match(refused.error.message, /may spend \$0\.000001 a day \(UTC, by list prices\)/)
    const midnight = Math.ceil(clock.ms / 86_400_000) * 86_400_000
    assert.equal(Number(refused.headers['retry-after']), Math.ceil((midnight - clock.ms) / 1000))
    clock.ms = midnight
    assert.equal((await ask(run, anthropic)).status, 200)
  })

  test('is exact under a rush of requests: as many as it says, to the one', async () => {
    await using run = await start(limited({ 'requests-per-minute': 25 }))
    const answers = await Promise.all(Array.from({ length: 80 }, (_, i) => ask(run, dialects[i % 4]!)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 25)
    assert.equal(answers.filter(({ status }) => status === 429).length, 55)
    assert.equal(seen(run), 25)
  })

  test('of requests at once frees a place when one is over, however it ends', async () => {
    await using run = await start(limited({ concurrent: 1 }))
    const slow = ask(run, chat, { model: 'gpt-5.2+late:300', stream: true, patience: 50 })
    await until(() => run.gateway.active === 1)
    const refused = await ask(run, chat)
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1'])
    assert.match(refused.error.message, /may have 1 request under way at once/)
    await slow
    await until(() => run.gateway.active === 0)
    assert.equal((await ask(run, chat)).status, 200)
    assert.equal((await ask(run, chat, { extra: { temperature: 'hot' } })).status, 400)
    assert.equal((await ask(run, chat)).status, 200)
    const [key] = run.gateway.keys.records()
    assert.equal(key!.used.inFlight, 0)
  })

  test('is told on a WebSocket as an error of that answer, and the connection stays', async () => {
    const clock = new Clock()
    await using run = await start(limited({ 'requests-per-minute': 1 }), { now: clock.now })
    const ws = new WebSocket(`${run.url.replace('http', 'ws')}/v1/responses`, {
      headers: { authorization: `Bearer ${CLIENT_KEY}` },
    })
    const frames: Json[] = []
    ws.on('message', (data) => frames.push(JSON.parse(String(data))))
    await once(ws, 'open')
    const create = JSON.stringify({ type: 'response.create', model: 'gpt-5.2', input: 'hello' })
    ws.send(create)
    await until(() => frames.some((f) => f.type === 'response.completed'))
    ws.send(create)
    await until(() => frames.at(-1).type === 'error')
    const { status, error } = frames.at(-1)
    assert.deepEqual([status, error.type, error.code], [429, 'rate_limit_error', 'rate_limit_exceeded'])
    assert.match(error.message, /may make 1 request a minute/)
    clock.pass(61)
    ws.send(create)
    await until(() => frames.filter((f) => f.type === 'response.completed').length === 2)
    ws.terminate()
  })
})

describe('a key', () => {
  test('sees the models it may use, and gets 403 for the others', async () => {
    await using run = await start(limited({}, { models: ['claude-*'] }))
    for (const dialect of dialects) {
      const path = dialect.id === 'gemini' ? '/v1beta/models' : '/v1/models'
      const list: Json = await (await fetch(run.url + path, { headers: dialect.auth })).json()
      const names: string[] = (list.data ?? list.models).map((m: Json) => m.id ?? m.name.replace('models/', ''))
      assert.ok(names.length > 0 && names.every((name) => name.startsWith('claude-')), dialect.id)
      const refused = await ask(run, dialect, { model: 'gpt-5.2' })
      assert.equal(refused.status, 403, dialect.id)
      assert.match(refused.error.message, /may not use the model "gpt-5.2"/)
    }
    assert.equal(seen(run), 0)
  })

  test('of the config ends on its day, in the words of each protocol', async () => {
    await using run = await start(limited({}, { expires: '2020-01-31' }))
    for (const dialect of dialects) {
      const refused = await ask(run, dialect)
      assert.equal(refused.status, 401)
      assert.match(refused.error.message, /The key "laptop" expired at 2020-01-31T00:00:00Z/)
    }
  })

  test('made, rotated and revoked at run time holds from the next request on', async () => {
    await using run = await start((url) => upstreams(url))
    const { keys } = run.gateway
    const first = await keys.create({ name: 'phone', models: ['claude-*'] })
    assert.equal((await ask(run, anthropic, withKey(anthropic, first.key))).status, 200)
    assert.equal((await ask(run, chat, withKey(chat, first.key))).status, 403)
    const second = await keys.rotate(first.record.id)
    const old = await ask(run, anthropic, withKey(anthropic, first.key))
    assert.equal(old.status, 401)
    assert.match(old.error.message, /This key of "phone" was replaced by a new one/)
    assert.equal((await ask(run, anthropic, withKey(anthropic, second.key))).status, 200)
    await keys.change(first.record.id, { enabled: false })
    assert.equal((await ask(run, anthropic, withKey(anthropic, second.key))).status, 403)
    await keys.revoke(first.record.id)
    assert.equal((await ask(run, anthropic, withKey(anthropic, second.key))).status, 401)
    assert.equal((await ask(run, anthropic)).status, 200, 'others go on')
  })

  test('made by another process is taken by a running server within a second', async () => {
    using dir = temporary()
    await using run = await start((url) => ({ ...upstreams(url), 'auth-dir': dir.path }))
    const store = await openStore({ engine: 'sqlite', directory: dir.path })
    const elsewhere = createClientKeys({ config: [], store })
    await elsewhere.load()
    const { key, record } = await elsewhere.create({ name: 'beside' })
    await until(() => run.gateway.keys.find(key) !== undefined, 1_000)
    assert.equal((await ask(run, anthropic, withKey(anthropic, key))).status, 200)
    await elsewhere.revoke(record.id)
    await until(() => run.gateway.keys.find(key) === undefined, 1_000)
    assert.equal((await ask(run, anthropic, withKey(anthropic, key))).status, 401)
    elsewhere.close()
    await store.close()
  })

  test('keeps its use over a restart', async () => {
    using dir = temporary()
    const config = (url: string) => ({ ...limited({ 'tokens-per-day': 40 })(url), 'auth-dir': dir.path })
    let used = 0
    {
      await using run = await start(config)
      while ((await ask(run, anthropic)).status === 200) used += 1
    }
    assert.ok(used > 0)
    await using run = await start(config)
    const refused = await ask(run, anthropic)
    assert.equal(refused.status, 429)
    assert.match(refused.error.message, /may use 40 tokens a day/)
  })

  test('that says so has its bodies kept, without secrets, and nobody else has', async () => {
    using dir = temporary()
    const other = 'another-client-key-1'
    await using run = await start((url) => ({
      ...upstreams(url),
      'auth-dir': dir.path,
      'api-keys': [{ name: 'kept', key: CLIENT_KEY, 'store-bodies': { expires: '1h' } }, other],
    }))
    const text = `my key is ${CLIENT_KEY}`
    const ids: string[] = []
    for (const stream of [false, true]) {
      const answer = await ask(run, chat, { text, stream })
      ids.push(answer.headers['x-logicaproxy-request-id']!)
    }
    const not = await ask(run, chat, { text: 'private', ...withKey(chat, other) })
    const store = await openStore({ engine: 'sqlite', directory: dir.path })
    try {
      for (const id of ids) {
        let kept = await keptBodies(store, id, Date.now())
        for (let i = 0; i < 100 && kept === undefined; i += 1) {
          await new Promise((resolve) => setTimeout(resolve, 10))
          kept = await keptBodies(store, id, Date.now())
        }
        assert.match(kept!.request, /"content":"my key is /)
        assert.ok(!kept!.request.includes(CLIENT_KEY))
        assert.match(kept!.response, /choices/)
        assert.ok(kept!.until > Date.now() + 3_500_000)
      }
      assert.equal(await keptBodies(store, not.headers['x-logicaproxy-request-id']!, Date.now()), undefined)
    } finally {
      await store.close()
    }
  })
})
