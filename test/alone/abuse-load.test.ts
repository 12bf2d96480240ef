/** Clients that cost: slow ones, many, bombs, and ones that never read. The gateway is a process of its own. */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { KEY, MIB, percentile, RawClient, rawly, startGateway, startSimulator, waitFor } from '../support-process.ts'

const HOST = 'Host: 127.0.0.1\r\n'
const AUTH = `Authorization: Bearer ${KEY}\r\n`
const CHAT = JSON.stringify({ model: 'gpt-5.2', messages: [{ role: 'user', content: 'Hello' }] })

const accountsAt = (url: string) => ({ 'openai-api-key': [{ 'api-key': 'upstream-openai', 'base-url': `${url}/v1` }] })

const agent = new Agent({ keepAlive: true, maxSockets: 4 })

/** One ordinary request; gives its milliseconds. */
function ordinary(url: string): Promise<number> {
  const from = performance.now()
  return new Promise((resolve, reject) => {
    const req = request(`${url}/v1/chat/completions`, {
      method: 'POST',
      agent,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', 'content-length': CHAT.length },
    })
    req.on('error', reject)
    req.on('response', (res) => {
      res.resume()
      res.on('end', () => {
        if (res.statusCode === 200) resolve(performance.now() - from)
        else reject(new Error(`status ${res.statusCode}`))
      })
    })
    req.end(CHAT)
  })
}

/** Megabytes for people. */
const mb = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`

test('500 slow senders leave the p99 of a normal client under 100 ms, and are cut', async (t: TestContext) => {
  await using simulator = await startSimulator()
  await using gateway = await startGateway({
    ...accountsAt(simulator.url),
    limits: { 'header-timeout': 1, 'body-timeout': 1 },
  })
  for (let i = 0; i < 50; i++) await ordinary(gateway.url)

  const headDrips: RawClient[] = []
  const bodyDrips: RawClient[] = []
  for (let i = 0; i < 250; i++) {
    headDrips.push(new RawClient(gateway.port).send(`POST /v1/chat/completions HTTP/1.1\r\n${HOST}X-Slow: `))
    bodyDrips.push(
      new RawClient(gateway.port).send(
        `POST /v1/chat/completions HTTP/1.1\r\n${HOST}${AUTH}Content-Length: 5000\r\n\r\n{"model":"gpt-5.2","x":"`,
      ),
    )
  }
  const all = [...headDrips, ...bodyDrips]
  const from = performance.now()
  let cutAfter = 0
  const drip = setInterval(() => {
    for (const client of all) if (!client.closed) client.send('a')
    if (cutAfter === 0 && all.every((client) => client.closed)) cutAfter = performance.now() - from
  }, 50)
  try {
    await waitFor(() => all.every((client) => client.socket.readyState === 'open'), 2_000)
    const times: number[] = []
    for (let i = 0; i < 200; i++) times.push(await ordinary(gateway.url))
    const during = performance.now() - from
    const p99 = percentile(times, 0.99)
    t.diagnostic(`p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, over ${during.toFixed(0)} ms`)
    assert.ok(p99 < 100, `p99 ${p99} ms`)

    // One second for the head and one for the body, looked after every second.
    await waitFor(() => cutAfter > 0, 5_000, 'the slow senders are cut')
    t.diagnostic(`all 500 cut after ${cutAfter.toFixed(0)} ms`)
    assert.ok(cutAfter < 3_500, `${cutAfter} ms`)
    for (const [clients, kind] of [
      [headDrips, 'head'],
      [bodyDrips, 'body'],
    ] as const)
      for (const { received } of clients) assert.match(received, /^HTTP\/1\.1 408 /, `${kind}: ${received}`)
  } finally {
    clearInterval(drip)
    for (const client of all) client[Symbol.dispose]()
  }
  await ordinary(gateway.url)
})

test('2,000 idle connections cost little and are closed in time', async (t: TestContext) => {
  await using simulator = await startSimulator()
  await using gateway = await startGateway({
    ...accountsAt(simulator.url),
    limits: { 'header-timeout': 1, 'keep-alive-timeout': 1 },
  })
  for (let i = 0; i < 50; i++) await ordinary(gateway.url)
  const before = gateway.rss
  const idle: RawClient[] = []
  try {
    // Half of them have never said a word, half have had an answer.
    for (let i = 0; i < 2_000; i++) idle.push(new RawClient(gateway.port))
    for (const client of idle.slice(1_000)) client.send(`GET /health HTTP/1.1\r\n${HOST}\r\n`)
    await waitFor(() => idle.slice(1_000).every((client) => client.received !== '' || client.closed), 5_000)
    const times: number[] = []
    for (let i = 0; i < 100; i++) times.push(await ordinary(gateway.url))
    const rise = gateway.rss - before
    t.diagnostic(`rise ${mb(rise)}, p99 of a normal client ${percentile(times, 0.99).toFixed(1)} ms`)
    assert.ok(rise < 60 * MIB, mb(rise))
    assert.ok(percentile(times, 0.99) < 100)
    await waitFor(() => idle.every((client) => client.closed), 6_000, 'idle connections are closed')
  } finally {
    for (const client of idle) client[Symbol.dispose]()
  }
})

test('max-connections: one more is turned away, and the others are served', async () => {
  await using gateway = await startGateway({ limits: { 'max-connections': 3 } })
  const health = `GET /health HTTP/1.1\r\n${HOST}\r\n`
  const kept = [1, 2, 3].map(() => new RawClient(gateway.port))
  for (const client of kept) assert.equal((await client.send(health).answer()).status, 200)
  await rawly(gateway.port, async (client) => {
    await client.send(health).end()
    assert.equal(client.received, '')
  })
  for (const client of kept) assert.equal((await client.send(health).answers(2)).length, 2)
  for (const client of kept) client[Symbol.dispose]()
  await waitFor(() =>
    rawly(
      gateway.port,
      async (c) =>
        (
          await c
            .send(health)
            .end(50)
            .catch(() => c)
        ).received !== '',
    ),
  )
})

test('a decompression bomb is a 413 and costs under 40 MiB; many in a row cost no more and more', async (t: TestContext) => {
  const zeros = Buffer.alloc(256 * MIB, ' ')
  const bombs: readonly [string, Buffer][] = [
    ['gzip', gzipSync(zeros)],
    ['br', brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } })],
    ['zstd', zstdCompressSync(zeros)],
  ]
  for (const [encoding, bomb] of bombs) {
    await using gateway = await startGateway({})
    const send = (coding: string, body: Buffer) => {
      const head = `POST /v1/messages HTTP/1.1\r\n${HOST}${AUTH}Content-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`
      return rawly(gateway.port, (client) => client.send(Buffer.concat([Buffer.from(head), body])).answer())
    }
    // Warmed up with small ones, so that loading code and growing the heap do not count.
    for (let i = 0; i < 50; i++) assert.equal((await send('gzip', gzipSync('{}'))).status, 400)
    const before = gateway.rss
    let peak = before
    const watch = setInterval(() => {
      peak = Math.max(peak, gateway.rss)
    }, 2)
    let first = 0
    for (let i = 0; i < 6; i++) {
      const answer = await send(encoding, bomb)
      assert.equal(answer.status, 413, `${encoding}: ${answer.body}`)
      assert.equal(JSON.parse(answer.body).error.type, 'request_too_large')
      peak = Math.max(peak, gateway.rss)
      if (i === 0) first = peak - before
    }
    clearInterval(watch)
    t.diagnostic(
      `${encoding}: ${bomb.length} bytes for 256 MiB; rise ${mb(first)} for one, ${mb(peak - before)} at most for six`,
    )
    assert.ok(first < 40 * MIB, `${encoding}: ${mb(first)}`)
    assert.ok(peak - before < 120 * MIB, `${encoding}: ${mb(peak - before)}`)
  }
})

test('a client that never reads a 200 MB stream costs under 30 MiB, and its upstream is paused', async (t: TestContext) => {
  await using simulator = await startSimulator()
  await using gateway = await startGateway(accountsAt(simulator.url))
  for (let i = 0; i < 100; i++) await ordinary(gateway.url)
  const before = gateway.rss
  const model = 'gpt-5.2+events:20000+len:10000'
  const body = JSON.stringify({ ...JSON.parse(CHAT), model, stream: true })
  using client = new RawClient(gateway.port)
  client.socket.pause()
  client.send(`POST /v1/chat/completions HTTP/1.1\r\n${HOST}${AUTH}Content-Length: ${body.length}\r\n\r\n${body}`)

  const attempt = async () => {
    const { attempts } = (await (
      await fetch(`${simulator.url}/_simulator/attempts?model=${encodeURIComponent(model)}`)
    ).json()) as { attempts: { outcome: string; eventsSent: number }[] }
    return attempts[0]
  }
  let peak = before
  let last = -1
  // Until the upstream stands still: three looks in a row see the same.
  let same = 0
  await waitFor(
    async () => {
      peak = Math.max(peak, gateway.rss)
      const sent = (await attempt())?.eventsSent ?? 0
      same = sent > 0 && sent === last ? same + 1 : 0
      last = sent
      await new Promise((resolve) => setTimeout(resolve, 50))
      return same >= 5
    },
    10_000,
    'the upstream is paused',
  )
  t.diagnostic(`upstream paused after ${last} of 20,000 events; peak rise ${mb(peak - before)}`)
  assert.ok(last < 5_000, `${last} events were sent into a socket nobody reads`)
  assert.ok(peak - before < 30 * MIB, mb(peak - before))

  await ordinary(gateway.url)
  client[Symbol.dispose]()
  await waitFor(async () => (await attempt())!.outcome === 'client-gone', 2_000, 'the upstream is let go')
  await ordinary(gateway.url)
})

test('a client that reads it all after all gets all of it, and the memory stays', async (t: TestContext) => {
  await using simulator = await startSimulator()
  await using gateway = await startGateway(accountsAt(simulator.url))
  for (let i = 0; i < 100; i++) await ordinary(gateway.url)
  const before = gateway.rss
  const body = JSON.stringify({ ...JSON.parse(CHAT), model: 'gpt-5.2+events:20000+len:10000', stream: true })
  let bytes = 0
  let tail = ''
  let peak = before
  await new Promise<void>((resolve, reject) => {
    const req = request(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      agent: false,
      headers: { authorization: `Bearer ${KEY}`, 'content-length': body.length },
    })
    req.on('error', reject)
    req.on('response', (res) => {
      res.pause()
      setTimeout(() => res.resume(), 150)
      res.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 64))).slice(-64)
        if (bytes % (4 * MIB) < chunk.length) peak = Math.max(peak, gateway.rss)
      })
      res.on('end', () => (res.statusCode === 200 ? resolve() : reject(new Error(`${res.statusCode} ${tail}`))))
    })
    req.end(body)
  })
  t.diagnostic(`${mb(bytes)} read, peak rise ${mb(peak - before)}`)
  assert.ok(bytes > 200_000_000)
  assert.match(tail, /data: \[DONE\]\n\n$/)
  assert.ok(peak - before < 60 * MIB, mb(peak - before))
})
