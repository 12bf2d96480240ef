/** How bytes reach an upstream: undici's `dispatch`, one connection pool per proxy. */
import type { Dispatcher } from 'undici'
import type { UpstreamRequest } from '../providers/provider.ts'
import { ForbiddenAddressError, isForbiddenAddress, makeDispatcher, proxyOf } from '../wire/dispatcher.ts'

export { ForbiddenAddressError, isForbiddenAddress } from '../wire/dispatcher.ts'

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
    const proxy = proxyOf(proxyUrl)
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
