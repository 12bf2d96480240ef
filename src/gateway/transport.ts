/** How bytes reach an upstream: undici's `dispatch`, one connection pool per proxy. */
import { lookup } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import { Agent, buildConnector, type Dispatcher, ProxyAgent, Socks5ProxyAgent } from 'undici'
import type { UpstreamRequest } from '../providers/provider.ts'

/** Header names in lower case. */
export type UpstreamHeaders = Record<string, string | string[] | undefined>

/** Hears what comes back. Exactly one of `onEnd` and `onError` ends it, unless it was aborted. */
export interface UpstreamHandler {
  onHead(status: number, headers: UpstreamHeaders): void
  onData(chunk: Buffer): void
  onEnd(): void
  onError(error: Error): void
}

/** A request under way. */
export interface UpstreamFlight {
  pause(): void
  resume(): void
  /** Closes the connection; nothing more is heard of it. */
  abort(): void
}

/** Sends a request upstream. The only way out of the gateway but for media at URLs (media.ts); tests and embedders may put another in its place. */
export interface UpstreamTransport {
  send(request: UpstreamRequest, options: { proxyUrl?: string }, handler: UpstreamHandler): UpstreamFlight
  close(): Promise<void>
}

export class ForbiddenAddressError extends Error {
  constructor(address: string) {
    super(`${address} is a link-local or metadata address; the gateway never connects there`)
    this.name = 'ForbiddenAddressError'
  }
}

const forbidden = new BlockList()
forbidden.addSubnet('169.254.0.0', 16)
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addAddress('100.100.100.200')
forbidden.addAddress('fd00:ec2::254', 'ipv6')
// The same, as NAT64 spells it (RFC 6052).
forbidden.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')
forbidden.addAddress('0.0.0.0')
forbidden.addAddress('::', 'ipv6')

/** Link-local and cloud metadata addresses: nothing a model answers from, and the first thing an attacker asks for. */
export function isForbiddenAddress(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && forbidden.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

const guardedLookup: typeof lookup = ((hostname: string, options: object, callback: (...args: unknown[]) => void) => {
  lookup(hostname, options, (error, address: unknown, family) => {
    const found = Array.isArray(address) ? address.map((a: { address: string }) => a.address) : [address as string]
    const bad = error === null ? found.find((a) => typeof a === 'string' && isForbiddenAddress(a)) : undefined
    if (bad !== undefined) callback(new ForbiddenAddressError(bad))
    else callback(error, address, family)
  })
}) as typeof lookup

/**
 * Makes the transport over undici.
 * @param connectTimeoutMs read when a pool is made; pools live until `close`.
 */
export function createTransport(options: { connectTimeoutMs: () => number }): UpstreamTransport {
  const pools = new Map<string, Dispatcher>()
  // Origins come from the configuration alone, so this stays small.
  const forbiddenOrigins = new Map<string, string | false>()

  function pool(proxyUrl: string | undefined): Dispatcher {
    const timeout = options.connectTimeoutMs()
    const proxy = proxyUrl === undefined || proxyUrl === 'direct' || proxyUrl === 'none' ? '' : proxyUrl
    const key = `${timeout} ${proxy}`
    let dispatcher = pools.get(key)
    if (dispatcher === undefined) {
      dispatcher = makeDispatcher(proxy, timeout)
      pools.set(key, dispatcher)
    }
    return dispatcher
  }

  return {
    send(request, { proxyUrl }, handler) {
      const flight = new Flight(handler)
      // A literal address is connected to without a look-up, so the guard there would not see it.
      let address = forbiddenOrigins.get(request.origin)
      if (address === undefined) {
        const literal = new URL(request.origin).hostname.replace(/^\[|\]$/g, '')
        address = isForbiddenAddress(literal) ? literal : false
        forbiddenOrigins.set(request.origin, address)
      }
      if (address !== false) {
        flight.onResponseError(undefined, new ForbiddenAddressError(address))
        flight.sent()
        return flight
      }
      pool(proxyUrl).dispatch(
        {
          origin: request.origin,
          path: request.path,
          method: request.method,
          headers: request.headers,
          body: request.body,
          // The road has its own four clocks; undici's would end long thoughts.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        flight,
      )
      flight.sent()
      return flight
    },
    async close() {
      await Promise.all([...pools.values()].map((p) => p.destroy()))
      pools.clear()
    },
  }
}

function makeDispatcher(proxy: string, timeout: number): Dispatcher {
  // A stream holds its connection for minutes: a limit of connections would queue the next ones behind it.
  const common = {
    connections: null,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 300_000,
  }
  const connect = { timeout, lookup: guardedLookup, noDelay: true, keepAlive: true }
  if (proxy === '') return new Agent({ ...common, connect })
  // undici lets the proxy look names up, which is what the h stands for; it does not know the letter.
  if (/^socks5h?:/.test(proxy)) {
    const toProxy = { connect: buildConnector(connect), connectTimeout: timeout }
    return new Socks5ProxyAgent(proxy.replace(/^socks5h/, 'socks5'), { ...common, ...toProxy } as never)
  }
  return new ProxyAgent({
    ...common,
    uri: proxy,
    connectTimeout: timeout,
    proxyTls: { lookup: guardedLookup },
  } as ProxyAgent.Options)
}

/** Adapts one undici handler: keeps an abort that came before the connection did, and tells no error within `send`. */
class Flight implements Dispatcher.DispatchHandler, UpstreamFlight {
  readonly #handler: UpstreamHandler
  #controller: Dispatcher.DispatchController | undefined
  #over = false
  #sent = false

  constructor(handler: UpstreamHandler) {
    this.#handler = handler
  }

  /** From here on errors may be told. undici tells at once of what it cannot send: a header value beyond latin1, say. */
  sent(): void {
    this.#sent = true
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    this.#controller?.abort(ABORTED)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(ABORTED)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    if (!this.#over && status >= 200) this.#handler.onHead(status, headers)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over) this.#handler.onData(chunk)
  }

  onResponseEnd(): void {
    if (this.#over) return
    this.#over = true
    this.#handler.onEnd()
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#over) return
    if (!this.#sent) {
      process.nextTick(() => this.onResponseError(undefined, error))
      return
    }
    this.#over = true
    this.#handler.onError(error)
  }
}

const ABORTED = new Error('the gateway gave this request up')
