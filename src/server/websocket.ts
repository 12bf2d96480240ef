/** WebSockets: the handshake behind the door, signs of life, and the way out. What is said on them: socket-talk.ts. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Gateway } from '../gateway/gateway.ts'
import { failure } from '../hub/failure.ts'
import type { RequestHead } from './access.ts'
import type { Door, Verdict } from './door.ts'
import { createTalk, type Talk } from './socket-talk.ts'

export interface WebSockets {
  /** Completes the handshake of a request the door let in. */
  accept(
    req: IncomingMessage,
    socket: Duplex,
    first: Buffer,
    head: RequestHead,
    admitted: Verdict & { type: 'call' },
  ): void
  readonly size: number
  /** Takes nothing new: who waits for nothing is told to go, the others once their answer is out. */
  drain(): void
  /** Breaks what is left. */
  terminate(): void
}

export interface WebSocketOptions {
  gateway: Gateway
  door: Door
  /** How often each side shows that it is there. */
  pingMs?: number
  /** How long a connection may be without work. */
  idleMs?: number
}

/** Bytes a client may be behind before the upstream is paused, and at which it goes on. */
const HIGH_WATER = 256 * 1024
const LOW_WATER = 64 * 1024

interface Connection {
  ws: WebSocket
  head: RequestHead
  talk: Talk
  alive: boolean
  usedAt: number
}

function makeServer(): WebSocketServer {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Without state between messages: it would cost each connection some hundred kilobytes for small events.
    perMessageDeflate: {
      threshold: 1024,
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      concurrencyLimit: 4,
      zlibDeflateOptions: { level: 1 },
    },
  })
  // Codex keeps to one backend for a turn by sending back what the handshake said (domain.md 1.2).
  server.on('headers', (headers, req) => {
    const state = req.headers['x-codex-turn-state']
    if (typeof state === 'string') headers.push(`x-codex-turn-state: ${state}`)
  })
  return server
}

export function createWebSockets({ gateway, door, pingMs = 30_000, idleMs = 3_600_000 }: WebSocketOptions): WebSockets {
  const connections = new Set<Connection>()
  let counter = 0
  let draining = false
  let timer: NodeJS.Timeout | undefined
  /** Made for the first who comes: most gateways never see a WebSocket. */
  let server: WebSocketServer | undefined

  function open(ws: WebSocket, head: RequestHead, admitted: Verdict & { type: 'call' }): void {
    counter += 1
    let behind = false

    function send(text: string | Buffer): boolean {
      if (ws.readyState !== ws.OPEN) return true
      ws.send(text, { binary: false }, sent)
      if (ws.bufferedAmount <= HIGH_WATER) return true
      behind = true
      return false
    }

    function sent(): void {
      if (!behind || ws.bufferedAmount > LOW_WATER) return
      behind = false
      ws.resume()
      talk.drained()
    }

    const talk = createTalk({
      gateway,
      door,
      head,
      admitted,
      scope: `websocket ${counter}`,
      send,
      cut: () => ws.terminate(),
      onIdle() {
        if (draining) leave(ws)
      },
    })
    const connection: Connection = { ws, head, talk, alive: true, usedAt: performance.now() }
    connections.add(connection)
    timer ??= setInterval(look, pingMs).unref()
    ws.on('message', (data) => {
      connection.alive = true
      connection.usedAt = performance.now()
      talk.hear((data as Buffer).toString('utf8'))
      // Who asks and asks and does not read what comes of it is not heard until he does.
      if (behind) ws.pause()
    })
    ws.on('pong', () => {
      connection.alive = true
    })
    // What is wrong with a frame `ws` tells the client by the close code (1009 for one that is too large).
    ws.on('error', () => {})
    ws.on('close', () => {
      connections.delete(connection)
      talk.gone()
      if (connections.size === 0) stopLooking()
    })
  }

  function look(): void {
    for (const connection of connections) {
      const { ws, talk } = connection
      // One that is not read from cannot show it; while an answer is under way the road's own clock is on it.
      if (!connection.alive && !(ws.isPaused && talk.busy)) {
        ws.terminate()
        continue
      }
      connection.alive = false
      ws.ping()
      if (talk.busy) connection.usedAt = performance.now()
      else if (performance.now() - connection.usedAt >= idleMs) {
        talk.complain(
          failure('invalid-request', 'This connection was idle for too long. Open a new one to go on.', {
            code: 'websocket_connection_limit_reached',
          }),
        )
        ws.close(1000)
      }
    }
  }

  /** Keys may have been taken back, and models given. */
  async function judgeAgain(connection: Connection): Promise<void> {
    const verdict = await door.upgrade(connection.head)
    if (verdict.type === 'call') connection.talk.readmit(verdict)
    else connection.ws.close(1008, 'no longer let in')
  }

  gateway.on('reload', () => {
    if (!draining)
      for (const connection of connections) judgeAgain(connection).catch((error) => process.emitWarning(error))
  })

  function stopLooking(): void {
    clearInterval(timer)
    timer = undefined
  }

  return {
    accept(req, socket, first, head, admitted) {
      server ??= makeServer()
      server.options.maxPayload = gateway.snapshot.limits.bodyBytes
      server.handleUpgrade(req, socket, first, (ws) => open(ws, head, admitted))
    },
    get size() {
      return connections.size
    },
    drain() {
      draining = true
      for (const { ws, talk } of connections) {
        talk.drain()
        if (!talk.busy) leave(ws)
      }
    },
    terminate() {
      stopLooking()
      for (const { ws } of connections) ws.terminate()
    },
  }
}

function leave(ws: WebSocket): void {
  ws.close(1001, 'the gateway is shutting down')
}
