/** The management API behind the whole front door, over real sockets: rebinding, foreign origins, streams, the way out. */
import assert from 'node:assert/strict'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ADMIN, CLIENT, signedIn, testHouse } from '../src/server/admin/management/testing/house.ts'

interface Got {
  status: number
  headers: IncomingMessage['headers']
  text: string
}

function ask(
  url: string,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  body?: string,
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const req = request(new URL(path, url), { method, headers }, (res) => {
      let text = ''
      res.setEncoding('utf8')
      res.on('data', (chunk: string) => {
        text += chunk
      })
      res.on('end', () => resolve({ status: res.statusCode!, headers: res.headers, text }))
      res.on('error', reject)
    })
    req.on('error', reject)
    req.end(body)
  })
}

const bearer = { authorization: `Bearer ${ADMIN}` }

test('a name of a stranger (DNS rebinding) and a foreign origin get nothing, with the right token too', async () => {
  const house = await testHouse()
  const url = await house.listen()
  const port = new URL(url).port
  for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example'])
    for (const path of ['/v0/management/status', '/dashboard/', '/management.html', '/v0/management/session']) {
      const { status, text } = await ask(url, path, { host, ...bearer })
      assert.equal(status, 403, `${host} ${path}`)
      assert.match(text, /not one of ours/)
    }
  for (const origin of ['http://evil.example', `http://127.0.0.1:1`, 'https://127.0.0.1'])
    assert.equal((await ask(url, '/v0/management/status', { origin, ...bearer })).status, 403, origin)
  assert.equal((await ask(url, '/v0/management/status', { origin: url, ...bearer })).status, 200)
  assert.equal((await ask(url, '/v0/management/status', { authorization: `Bearer ${CLIENT}` })).status, 401)
  await house.close()
})

test('spellings of the path lead nowhere past the door', async () => {
  const house = await testHouse()
  const url = await house.listen()
  const { port } = new URL(url)
  const raw = (target: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(`GET ${target} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: close\r\n\r\n`),
      )
      let text = ''
      socket.setEncoding('utf8').on('data', (d: string) => {
        text += d
      })
      socket.on('end', () => resolve(text))
      socket.on('error', reject)
    })
  for (const target of [
    '/v0/management/status',
    '/v0/management/./status',
    '/v0/management/../management/status',
    '/v0//management/status',
    '/V0/management/status',
    '/%76%30/management/status',
    `http://127.0.0.1:${port}/v0/management/status`,
    '//v0/management/status',
    '/v0/management/status/',
    '/v0/management/status?x',
  ])
    assert.match(await raw(target), /^HTTP\/1\.1 (?:401|404|400|403)/, target)
  await house.close()
})

test('a body that is not read does not hold the connection, and one too large is refused', async () => {
  const house = await testHouse()
  const url = await house.listen()
  const big = 'x'.repeat(200_000)
  const refused = await ask(
    url,
    '/v0/management/config',
    { 'content-type': 'application/json', 'content-length': String(big.length) },
    'PUT',
    big,
  )
  assert.equal(refused.status, 401)
  const over = JSON.stringify({ text: 'x'.repeat(4 << 20) })
  const large = await ask(
    url,
    '/v0/management/config/check',
    { ...bearer, 'content-type': 'application/json' },
    'POST',
    over,
  )
  assert.equal(large.status, 413)
  await house.close()
})

test('a hundred pages listen, each hears of a call, and the end of the server ends them all at once', async () => {
  const house = await testHouse()
  const url = await house.listen()
  const { cookie } = await signedIn(house)
  const open: { req: ClientRequest; text: string; ended: boolean }[] = []
  await Promise.all(
    Array.from(
      { length: 100 },
      () =>
        new Promise<void>((resolve, reject) => {
          const one = {
            req: request(new URL('/v0/management/events', url), { headers: { cookie }, agent: false }),
            text: '',
            ended: false,
          }
          one.req.on('response', (res) => {
            assert.equal(res.headers['content-type'], 'text/event-stream')
            res.setEncoding('utf8').on('data', (chunk: string) => {
              one.text += chunk
              if (one.text.includes('event: hello')) resolve()
            })
            res.on('end', () => {
              one.ended = true
            })
          })
          one.req.on('error', reject)
          one.req.end()
          open.push(one)
        }),
    ),
  )
  const { json } = await house.ask('POST', '/v0/management/test', { body: { model: 'm' } })
  assert.equal(json.ok, true)
  for (let tries = 0; tries < 100 && !open.every(({ text }) => text.includes(json.requestId)); tries++) await sleep(20)
  assert.equal(open.filter(({ text }) => text.includes(json.requestId)).length, 100)
  await house.close()
  for (let tries = 0; tries < 100 && !open.every(({ ended }) => ended); tries++) await sleep(20)
  assert.equal(open.filter(({ ended, text }) => ended && text.includes('event: bye')).length, 100)
})

test('a page that stops reading holds a bounded amount, and the others go on', async () => {
  const house = await testHouse()
  const url = await house.listen()
  const { port } = new URL(url)
  const { cookie } = await signedIn(house)
  const stuck = connect(Number(port), '127.0.0.1')
  stuck.write(`GET /v0/management/events?topics=log HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncookie: ${cookie}\r\n\r\n`)
  await new Promise((resolve) => stuck.once('data', resolve))
  stuck.pause()
  await new Promise((resolve) => setImmediate(resolve))
  const before = process.memoryUsage.rss()
  const word = 'y'.repeat(3_000)
  for (let i = 0; i < 20_000; i++) {
    house.context.logs.add('info', {}, word)
    if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  // 60 MB were said; what is held is the bound of the queue and the buffers of the socket, and the ring of the log.
  assert.ok(process.memoryUsage.rss() - before < 150 << 20)
  assert.equal((await ask(url, '/v0/management/ping', bearer)).status, 200)
  stuck.destroy()
  await house.close()
})

test('an upgrade to a WebSocket is not to be had there', async () => {
  const house = await testHouse()
  const url = await house.listen()
  const { port } = new URL(url)
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.write(
        `GET /v0/management/events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nauthorization: Bearer ${ADMIN}\r\n\r\n`,
      ),
    )
    let all = ''
    socket.setEncoding('utf8').on('data', (d: string) => {
      all += d
    })
    socket.on('close', () => resolve(all))
    socket.on('error', reject)
  })
  assert.doesNotMatch(text, /^HTTP\/1\.1 101/)
  await house.close()
})
