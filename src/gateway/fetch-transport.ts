/** Sends requests upstream through a `fetch` function, for embedders who bring their own. Slower than undici's dispatch. */
import type { UpstreamHandler, UpstreamHeaders, UpstreamTransport } from './transport.ts'

export function createFetchTransport(fetchUpstream: typeof fetch): UpstreamTransport {
  return {
    send(request, _, handler) {
      const abort = new AbortController()
      let over = false
      let paused: { promise: Promise<void>; resume: () => void } | undefined

      const run = async (): Promise<void> => {
        const response = await fetchUpstream(request.origin + request.path, {
          method: request.method,
          headers: pairs(request.headers),
          body: request.body === null ? undefined : new Uint8Array(request.body),
          redirect: 'manual',
          signal: abort.signal,
        })
        if (over) return
        handler.onHead(response.status, headersOf(response.headers))
        if (response.body !== null)
          for await (const chunk of response.body) {
            if (paused !== undefined) await paused.promise
            if (over) return
            handler.onData(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
          }
        settle((h) => h.onEnd())
      }

      function settle(tell: (handler: UpstreamHandler) => void): void {
        if (over) return
        over = true
        tell(handler)
      }

      run().catch((error: unknown) => settle((h) => h.onError(unwrapped(error))))
      return {
        pause() {
          if (paused !== undefined) return
          let resume = (): void => {}
          const promise = new Promise<void>((resolve) => {
            resume = resolve
          })
          paused = { promise, resume }
        },
        resume() {
          paused?.resume()
          paused = undefined
        },
        abort() {
          over = true
          paused?.resume()
          abort.abort()
        },
      }
    },
    close: () => Promise.resolve(),
  }
}

/** `fetch` wraps what happened on the socket; the codes the road reads are inside. */
function unwrapped(error: unknown): Error {
  if (error instanceof Error) return error.cause instanceof Error ? error.cause : error
  return new Error(String(error))
}

function pairs(flat: readonly string[]): [string, string][] {
  const list: [string, string][] = []
  for (let i = 0; i < flat.length; i += 2) list.push([flat[i]!, flat[i + 1]!])
  return list
}

/** `fetch` has undone any content coding, so its header must not be believed any more. */
function headersOf(headers: Headers): UpstreamHeaders {
  const found: UpstreamHeaders = {}
  for (const [name, value] of headers) if (name !== 'content-encoding' && name !== 'content-length') found[name] = value
  return found
}
