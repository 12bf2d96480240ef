/** The listener on `node:http`: limits, slow senders, upgrades and the way out. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Config } from '../config/schema.ts'
import { type Gateway, stopping } from '../gateway/gateway.ts'
import { type Place, Roster } from '../gateway/roster.ts'
import type { Failure } from '../hub/failure.ts'
import type { OwnResponse } from '../protocols/protocol.ts'
import { isLoopback, type RequestHead } from './access.ts'
import type { Admin } from './admin/admin.ts'
import { readBody } from './body.ts'
import { corsHeaders, type Door, type Verdict } from './door.ts'
import { NodeReply } from './node-reply.ts'
import { createWebSockets } from './websocket.ts'

export interface HttpServerOptions {
  config: Config
  gateway: Gateway
  door: Door
  admin: Admin
  /** Answers what the door says is management's; its streams end when the server begins to stop. */
  management?: { handle(req: IncomingMessage, res: ServerResponse): void; close(): void }
  /** True when an access check of the embedder's own guards the door, so that no keys are needed in the config. */
  guarded: boolean
}

export interface HttpServer {
  /** Handles one request; for mounting in a server of one's own. */
  handler(req: IncomingMessage, res: ServerResponse): void
  /** Handles one upgrade; for the same. */
  upgrade(req: IncomingMessage, socket: Duplex, first: Buffer): void
  /** Opens the port. @throws {UnsafeBindError} for a public address without client keys. */
  listen(at?: { host?: string; port?: number }): Promise<{ host: string; port: number; url: string }>
  /**
   * Stops: no new work, calls under way may finish for `drainMs`, then they get their terminal event.
   * @returns how many had to be ended.
   */
  close(drainMs: number): Promise<number>
}

export class UnsafeBindError extends Error {
  constructor(host: string) {
    super(
      `Refusing to listen on ${host === '' ? 'all interfaces' : host} without client keys: anyone who reaches this machine could use your accounts. Set api-keys in the config, or host: 127.0.0.1.`,
    )
    this.name = 'UnsafeBindError'
  }
}

/** The certificate or its key cannot be used. */
export class TlsError extends Error {
  constructor(config: Config, cause: unknown) {
    super(
      `TLS does not work with ${config.tls.cert} (tls.cert) and ${config.tls.key} (tls.key): ${(cause as Error).message}`,
      { cause },
    )
    this.name = 'TlsError'
  }
}

function withTls(config: Config, make: (files: { cert: Buffer; key: Buffer }) => Server): Server {
  try {
    return make({ cert: readFileSync(config.tls.cert), key: readFileSync(config.tls.key) })
  } catch (error) {
    throw new TlsError(config, error)
  }
}

/** Connections that may wait to be accepted. Node's 511 makes a burst of clients lose its first packets and wait seconds. */
const BACKLOG = 4_096

/** What is read and thrown away of a body nobody wants: a client that is reset while it writes never reads why. */
const LINGER_BYTES = 64 * 1024 * 1024
const LINGER_MS = 3_000
/** What the last bytes of answers that were ended get to reach slow readers. */
const LAST_BYTES_MS = 2_000

/** Makes the listener. It opens no port before `listen`. */
export function createHttpServer({ config, gateway, door, admin, management, guarded }: HttpServerOptions): HttpServer {
  const { limits } = config
  const options = {
    maxHeaderSize: limits['header-kib'] * 1024,
    headersTimeout: limits['header-timeout'] * 1000,
    // Node counts it from the first byte of the head.
    requestTimeout: limits['body-timeout'] === 0 ? 0 : (limits['header-timeout'] + limits['body-timeout']) * 1000,
    keepAliveTimeout: limits['keep-alive-timeout'] * 1000,
    // How often the two timeouts above are looked after; Node's own 30 s would let slow senders pile up.
    connectionsCheckingInterval: 1_000,
    noDelay: true,
    // Java's client and `curl --http2` offer h2c with every request: those are plain requests, not upgrades.
    shouldUpgradeCallback: (req: IncomingMessage) => /^websocket$/i.test(req.headers.upgrade ?? ''),
  }
  const server: Server = config.tls.enable
    ? withTls(config, (files) => createTlsServer({ ...options, ...files }, received))
    : createServer(options, received)
  if (limits['max-connections'] > 0) server.maxConnections = limits['max-connections']
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => handle(req, res, OWN_WAITING))
  server.on('upgrade', onUpgrade)
  server.on('clientError', onClientError)
  const sockets = createWebSockets({ gateway, door })
  /** Answers that are not out yet. */
  const open = new Roster<ServerResponse>()
  /** Of those, the ones whose request is still on its way, and how to refuse it. */
  const arriving = new Roster<() => void>()

  function handler(req: IncomingMessage, res: ServerResponse): void {
    handle(req, res, MOUNTED)
  }

  function received(req: IncomingMessage, res: ServerResponse): void {
    handle(req, res, OWN)
  }

  function handle(req: IncomingMessage, res: ServerResponse, arrival: Arrival): void {
    const visit: Visit = { here: open.add(res), arrives: undefined }
    // One listener for all that ends here, and no `once`, which costs another function and its removal with each request.
    res.on('close', () => {
      open.remove(visit.here)
      if (visit.arrives !== undefined) arriving.remove(visit.arrives)
    })
    const head = headOf(req)
    let verdict: Verdict | Promise<Verdict>
    try {
      verdict = door.enter(head)
    } catch (error) {
      fault(res, error)
      return
    }
    if (verdict instanceof Promise)
      verdict.then(
        // Who left before the verdict has nothing to hear, and would never be crossed off.
        (v) => {
          if (!res.closed) proceed(v, head, req, res, arrival, visit)
        },
        (error: unknown) => fault(res, error),
      )
    else proceed(verdict, head, req, res, arrival, visit)
  }

  function proceed(
    verdict: Verdict,
    head: RequestHead,
    req: IncomingMessage,
    res: ServerResponse,
    { expectsContinue, own }: Arrival,
    visit: Visit,
  ): void {
    if (verdict.type === 'answer') {
      answer(req, res, verdict.response)
      return
    }
    if (verdict.type === 'management') {
      if (expectsContinue) res.writeContinue()
      management?.handle(req, res)
      return
    }
    if (expectsContinue) res.writeContinue()
    const arrives = arriving.add(() => answer(req, res, door.refuse(head, stopping())))
    visit.arrives = arrives
    const taken = (body: Buffer | Failure): void => {
      if (!arriving.remove(arrives)) return
      if (!Buffer.isBuffer(body)) {
        answer(req, res, door.refuse(head, body))
        return
      }
      try {
        const origin = head.header('origin')
        const reply = new NodeReply(res, origin === undefined ? NONE : Object.entries(corsHeaders(origin)).flat())
        const { id, path, query, client, matched } = verdict
        gateway.handle(
          matched,
          { id, method: head.method, path, query, rawHeaders: head.rawHeaders, header: head.header, body, client },
          reply,
        )
      } catch (error) {
        fault(res, error)
      }
    }
    readBody(req, gateway.snapshot.limits.bodyBytes, taken, own)
  }

  function onUpgrade(req: IncomingMessage, socket: Duplex, first: Buffer): void {
    socket.on('error', () => socket.destroy())
    const head = headOf(req)
    const proceed = (verdict: Verdict): void => {
      if (verdict.type === 'answer') socket.end(rawResponse(verdict.response))
      else if (verdict.type === 'management') socket.destroy()
      else sockets.accept(req, socket, first, head, verdict)
    }
    const verdict = door.upgrade(head)
    if (!(verdict instanceof Promise)) proceed(verdict)
    else
      verdict.then(proceed, (error: unknown) => {
        process.emitWarning(error as Error)
        socket.destroy()
      })
  }

  function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    // Words of ours in the middle of an answer would be taken for its content.
    const answering = (socket as Duplex & { _httpMessage?: ServerResponse })._httpMessage?.headersSent === true
    if (!socket.writable || answering || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    const [status, message] =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, `The request head is larger than ${limits['header-kib']} KiB (limits.header-kib).`]
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? [408, 'The request did not arrive in time.']
          : [400, 'This is not a valid HTTP request.']
    const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } })
    socket.end(rawResponse({ status: status as number, headers: { 'content-type': 'application/json' }, body }))
  }

  return {
    handler,
    upgrade: onUpgrade,
    listen(at = {}) {
      const host = at.host ?? config.host
      const port = at.port ?? config.port
      if (!guarded && !isLoopback(host) && config['api-keys'].length === 0)
        return Promise.reject(new UnsafeBindError(host))
      return new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port, backlog: BACKLOG, ...(host === '' ? {} : { host }) }, () => {
          server.off('error', reject)
          const address = server.address() as AddressInfo
          const name = isLoopback(host) || host === '' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
          resolve({
            host: address.address,
            port: address.port,
            url: `${config.tls.enable ? 'https' : 'http'}://${name}:${address.port}`,
          })
        })
      })
    },
    async close(drainMs) {
      admin.startDraining()
      management?.close()
      const closed = new Promise<void>((resolve) => {
        if (server.listening) server.close(() => resolve())
        else resolve()
      })
      server.closeIdleConnections()
      sockets.drain()
      const busy = (): boolean => open.size > 0 || gateway.active > 0
      await quiet(busy, drainMs)
      const cut = gateway.active + arriving.size
      for (const refuse of arriving.drain()) refuse()
      gateway.terminateAll(stopping())
      await quiet(() => busy() || sockets.size > 0, LAST_BYTES_MS)
      sockets.terminate()
      server.closeAllConnections()
      await closed
      return cut
    },
  }
}

/** A request's places among those that are open and, once it was let in, among those that still arrive. */
interface Visit {
  readonly here: Place<ServerResponse>
  arrives: Place<() => void> | undefined
}

/** How a request came in. */
interface Arrival {
  /** The client waits for a word before it sends the body. */
  expectsContinue: boolean
  /** On our own server, where nobody else listens to the request. */
  own: boolean
}
const OWN: Arrival = { expectsContinue: false, own: true }
const OWN_WAITING: Arrival = { expectsContinue: true, own: true }
const MOUNTED: Arrival = { expectsContinue: false, own: false }

const NONE: readonly string[] = []

/** Resolves when nothing is busy any more, or after `ms`. */
function quiet(busy: () => boolean, ms: number): Promise<void> {
  const from = performance.now()
  return new Promise((resolve) => {
    const timer = setInterval(look, 10)
    look()
    function look(): void {
      if (busy() && performance.now() - from < ms) return
      clearInterval(timer)
      resolve()
    }
  })
}

function headOf(req: IncomingMessage): RequestHead {
  return {
    method: req.method ?? 'GET',
    url: req.url ?? '/',
    rawHeaders: req.rawHeaders,
    header: (name) => {
      const value = req.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
    remoteAddress: req.socket.remoteAddress,
  }
}

/** Sends an answer of ours. A body still on its way is not waited for: it is drained a little and then cut off. */
function answer(req: IncomingMessage, res: ServerResponse, { status, headers, body }: OwnResponse): void {
  const unread = !req.complete && (req.headers['content-length'] ?? '0') !== '0'
  const all: Record<string, string | number> = { ...headers, 'content-length': Buffer.byteLength(body) }
  if (unread || req.headers['transfer-encoding'] !== undefined) {
    all['connection'] = 'close'
    linger(req, res)
  }
  res.writeHead(status, all)
  res.end(req.method === 'HEAD' ? undefined : body)
}

function linger(req: IncomingMessage, res: ServerResponse): void {
  const { socket } = req
  // Node destroys the socket as soon as the answer is written, and what the client is still sending would reset it.
  socket.destroySoon = () => socket.end()
  let left = LINGER_BYTES
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
  req.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) socket.destroy()
  })
  req.on('error', () => socket.destroy())
  req.resume()
  res.on('error', () => socket.destroy())
}

function fault(res: ServerResponse, error: unknown): void {
  process.emitWarning(error as Error)
  if (res.headersSent) {
    res.destroy()
    return
  }
  res.writeHead(500, { 'content-type': 'application/json' })
  res.end(
    JSON.stringify({
      error: { message: 'An internal error of LogicaProxy; its log tells more.', type: 'server_error' },
    }),
  )
}

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  426: 'Upgrade Required',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
}

function rawResponse({ status, headers, body }: OwnResponse): string {
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' })
  return `HTTP/1.1 ${status} ${REASONS[status] ?? 'Error'}\r\n${lines.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n${body}`
}
