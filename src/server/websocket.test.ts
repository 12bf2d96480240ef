import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { it } from 'node:test'
import { WebSocket } from 'ws'
import type { Verdict } from './door.ts'
import { head, house } from './testing/fixture.ts'
import { createWebSockets, type WebSocketOptions, type WebSockets } from './websocket.ts'

async function opened(more: Partial<WebSocketOptions>) {
  const { door, gateway } = house({ 'api-keys': [] })
  const sockets = createWebSockets({ gateway, door, ...more })
  const server = createServer().on('upgrade', (req, socket, first) => {
    const asked = head({ host: 'localhost' }, { url: '/v1/responses', method: 'GET' })
    sockets.accept(req, socket, first, asked, door.upgrade(asked) as Verdict & { type: 'call' })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    sockets,
    async [Symbol.asyncDispose]() {
      sockets.terminate()
      server.close()
    },
  }
}

async function counts(sockets: WebSockets, size: number): Promise<void> {
  for (let i = 0; i < 200 && sockets.size !== size; i += 1) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(sockets.size, size)
}

it('is asked for a sign of life, and one that gives none is let go', async () => {
  await using house = await opened({ pingMs: 40 })
  const live = new WebSocket(`ws://127.0.0.1:${house.port}`)
  let pings = 0
  live.on('ping', () => {
    pings += 1
  })
  const dead = connect(house.port, '127.0.0.1')
  dead.write(
    'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  dead.resume()
  await once(dead, 'close')
  assert.ok(pings >= 1)
  assert.equal(live.readyState, WebSocket.OPEN)
  await counts(house.sockets, 1)
  live.terminate()
})

it('that nobody uses is told so and closed', async () => {
  await using house = await opened({ pingMs: 20, idleMs: 60 })
  const ws = new WebSocket(`ws://127.0.0.1:${house.port}`)
  const [data] = await once(ws, 'message')
  const frame = JSON.parse(String(data))
  assert.deepEqual([frame.type, frame.status, frame.error.code], ['error', 400, 'websocket_connection_limit_reached'])
  const [code] = await once(ws, 'close')
  assert.equal(code, 1000)
  await counts(house.sockets, 0)
})

it('gets the turn state of Codex back with the handshake', async () => {
  await using house = await opened({})
  const ws = new WebSocket(`ws://127.0.0.1:${house.port}`, { headers: { 'x-codex-turn-state': 'turn-7' } })
  const [response] = await once(ws, 'upgrade')
  assert.equal(response.headers['x-codex-turn-state'], 'turn-7')
  ws.terminate()
})
