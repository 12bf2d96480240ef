/** The way out: what is under way is finished, what is new is refused, and nothing ends in silence. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { anthropic, ask, dialects } from '../support/dialects.ts'
import {
  type GatewayProcess,
  KEY,
  type Program,
  RawClient,
  startGateway,
  startSimulator,
  waitFor,
} from '../support-process.ts'

const HOST = 'Host: 127.0.0.1\r\n'
const AUTH = `Authorization: Bearer ${KEY}\r\n`

async function both(config: Record<string, unknown> = {}) {
  const simulator = await startSimulator()
  await using started = new AsyncDisposableStack()
  started.use(simulator)
  const gateway = await startGateway({
    'claude-api-key': [{ 'api-key': 'upstream-claude', 'base-url': simulator.url }],
    'openai-api-key': [{ 'api-key': 'upstream-openai', 'base-url': `${simulator.url}/v1` }],
    'gemini-api-key': [{ 'api-key': 'upstream-gemini', 'base-url': simulator.url }],
    ...config,
  })
  started.use(gateway)
  const all = started.move()
  return { simulator, gateway, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** Waits until so many streams are under way, as the gateway counts them. */
const active = (gateway: GatewayProcess, count: number) =>
  waitFor(
    async () => {
      const text = await (await fetch(`${gateway.url}/metrics`, { headers: { connection: 'close' } })).text()
      return text.includes(`logicaproxy_active_requests ${count}\n`)
    },
    5_000,
    `${count} requests under way`,
  )

async function exits(program: Program, from: number): Promise<number> {
  assert.deepEqual(await program.ended, { code: 0, signal: null }, program.stderr)
  return performance.now() - from
}

test('SIGTERM with 20 open streams: all complete, exit 0; /ready turns 503 at once; new requests are refused', async (t: TestContext) => {
  await using running = await both({ 'drain-seconds': 20 })
  const { gateway } = running
  const streams = Array.from({ length: 20 }, (_, i) => {
    const dialect = dialects[i % 4]!
    return ask(gateway, dialect, { model: `${dialect.model}+events:40+pace:20`, stream: true })
  })
  await active(gateway, 20)
  // A connection that is open already, and has not asked yet, is how a load balancer would see it.
  using early = new RawClient(gateway.port)
  using keptAlive = new RawClient(gateway.port)
  using other = new RawClient(gateway.port)
  await keptAlive.send(`GET /health HTTP/1.1\r\n${HOST}\r\n`).answer()
  await waitFor(() => early.socket.readyState === 'open' && other.socket.readyState === 'open')
  const from = performance.now()
  gateway.kill('SIGTERM')
  await waitFor(() => gateway.stderr.includes('shutting down'))

  const ready = await early.send(`GET /ready HTTP/1.1\r\n${HOST}\r\n`).answer()
  assert.equal(ready.status, 503)
  assert.ok(JSON.parse(ready.body).reasons.includes('the gateway is shutting down'))
  const body = JSON.stringify(anthropic.body(anthropic.model, false, 'Hello'))
  const late = await other
    .send(`POST /v1/messages HTTP/1.1\r\n${HOST}${AUTH}Content-Length: ${body.length}\r\n\r\n${body}`)
    .answer()
  assert.equal(late.status, 503)
  assert.match(late.body, /shutting down/)
  assert.equal(late.headers['retry-after'], '5')
  await assert.rejects(fetch(`${gateway.url}/health`), 'new connections are not taken')
  await keptAlive.end(500)
  assert.ok(performance.now() - from < 500)

  for (const answer of await Promise.all(streams)) {
    const { dialect, events } = answer
    assert.equal(answer.status, 200)
    assert.equal(answer.cut, false)
    assert.equal(events.filter((e) => dialect.closes(e)).length, 1, answer.raw.slice(-500))
    assert.equal(events.filter((e) => dialect.fails(e)).length, 0)
    // Forty numbered deltas, none of them lost.
    for (const i of [0, 20, 39]) assert.ok(answer.text.includes(`${i} abc`), answer.text)
  }
  t.diagnostic(`exit ${(await exits(gateway, from)).toFixed(0)} ms after the signal`)
})

test('streams longer than drain-seconds end with exactly one error event of their protocol, exit 0', async (t: TestContext) => {
  await using running = await both({ 'drain-seconds': 0.3 })
  const { gateway } = running
  const asked = dialects.map((dialect) =>
    ask(gateway, dialect, { model: `${dialect.model}+events:1000+pace:20`, stream: true }),
  )
  const whole = ask(gateway, anthropic, { model: 'claude-sonnet-4-6+delay:60000' })
  await active(gateway, 5)
  const from = performance.now()
  gateway.kill('SIGTERM')
  for (const answer of await Promise.all(asked)) {
    const { dialect, events } = answer
    assert.equal(answer.status, 200)
    assert.equal(answer.cut, false, `${dialect.id}: the body ends well for HTTP`)
    assert.equal(events.filter((e) => dialect.fails(e)).length, 1, answer.raw.slice(-500))
    assert.ok(dialect.fails(events.at(-1)!), `${dialect.id}: the error is the last event`)
    assert.equal(events.filter((e) => dialect.closes(e)).length, 0)
    assert.match(events.at(-1)!.data, /shutting down/)
  }
  const refused = await whole
  assert.equal(refused.status, 503)
  assert.equal(refused.error.type, 'overloaded_error')
  const ms = await exits(gateway, from)
  t.diagnostic(`exit ${ms.toFixed(0)} ms after the signal`)
  assert.ok(ms < 1_500, `${ms} ms`)
  assert.match(gateway.stderr, /"cut":5/)
})

test('a request whose body is still on its way at the signal is answered whole', async () => {
  await using running = await both({ 'drain-seconds': 10 })
  const { gateway } = running
  const body = JSON.stringify(anthropic.body('claude-sonnet-4-6+events:30+pace:100', true, 'Hello'))
  using client = new RawClient(gateway.port)
  client.send(`POST /v1/messages HTTP/1.1\r\n${HOST}${AUTH}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 40)}`)
  await fetch(`${gateway.url}/health`)
  const from = performance.now()
  gateway.kill('SIGTERM')
  await waitFor(() => gateway.stderr.includes('shutting down'))
  await new Promise((resolve) => setTimeout(resolve, 100))
  client.send(body.slice(40))
  const answer = await client.answer()
  assert.equal(answer.status, 200)
  assert.match(answer.body, /event: message_stop/)
  assert.ok(performance.now() - from > 3_000, 'it took longer than last bytes are given')
  await exits(gateway, from)
})

test('a body that does not come before drain-seconds are over is refused, and the exit does not wait for it', async () => {
  await using running = await both({ 'drain-seconds': 0.2 })
  const { gateway } = running
  using client = new RawClient(gateway.port)
  client.send(`POST /v1/messages HTTP/1.1\r\n${HOST}${AUTH}Content-Length: 5000\r\n\r\n{"model":`)
  await fetch(`${gateway.url}/health`)
  const from = performance.now()
  gateway.kill('SIGTERM')
  const answer = await client.answer()
  assert.equal(answer.status, 503)
  assert.equal(JSON.parse(answer.body).type, 'error')
  assert.ok((await exits(gateway, from)) < 1_000)
})

test('connections that ask nothing do not delay the exit', async (t: TestContext) => {
  await using running = await both({ 'drain-seconds': 20 })
  const { gateway } = running
  const clients = Array.from({ length: 30 }, () => new RawClient(gateway.port))
  // Ten have been answered and are kept alive, ten have sent half a head, ten nothing at all.
  for (const client of clients.slice(0, 10)) await client.send(`GET /health HTTP/1.1\r\n${HOST}\r\n`).answer()
  for (const client of clients.slice(10, 20)) client.send('GET /health HT')
  await waitFor(() => clients.every((client) => client.socket.readyState === 'open'))
  const from = performance.now()
  gateway.kill('SIGTERM')
  const ms = await exits(gateway, from)
  t.diagnostic(`exit ${ms.toFixed(0)} ms after the signal`)
  assert.ok(ms < 500, `${ms} ms`)
  for (const client of clients) client[Symbol.dispose]()
})

test('a second signal ends it at once', async () => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    await using running = await both({ 'drain-seconds': 20 })
    const { gateway } = running
    const body = JSON.stringify(anthropic.body('claude-sonnet-4-6+events:1000+pace:20', true, 'Hello'))
    using client = new RawClient(gateway.port)
    client.send(`POST /v1/messages HTTP/1.1\r\n${HOST}${AUTH}Content-Length: ${body.length}\r\n\r\n${body}`)
    await waitFor(() => client.received.includes('content_block_delta'))
    gateway.kill(signal)
    await waitFor(() => gateway.stderr.includes('shutting down'))
    const from = performance.now()
    gateway.kill(signal)
    assert.deepEqual(await gateway.ended, { code, signal: null })
    assert.ok(performance.now() - from < 300, `${performance.now() - from} ms`)
    await client.end()
    assert.doesNotMatch(client.received, /message_stop/)
  }
})

test('a slow reader gets the end of its answer although its upstream was done long ago', async () => {
  await using running = await both({ 'drain-seconds': 10 })
  const { gateway } = running
  const body = JSON.stringify(anthropic.body('claude-sonnet-4-6+events:300+len:20000', true, 'Hello'))
  using client = new RawClient(gateway.port)
  client.socket.pause()
  client.send(`POST /v1/messages HTTP/1.1\r\n${HOST}${AUTH}Content-Length: ${body.length}\r\n\r\n${body}`)
  await active(gateway, 1)
  const from = performance.now()
  gateway.kill('SIGTERM')
  await waitFor(() => gateway.stderr.includes('shutting down'))
  // Longer than the patience for last bytes.
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  client.socket.resume()
  const answer = await client.answer()
  assert.match(answer.body.slice(-200), /event: message_stop/)
  await exits(gateway, from)
})

test('with nothing to do it exits at once', async () => {
  await using gateway = await startGateway({})
  const from = performance.now()
  gateway.kill('SIGINT')
  assert.ok((await exits(gateway, from)) < 500)
})
