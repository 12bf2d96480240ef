/** The web-standard face: `fetch(Request) → Response` over the same door and road. */

import type { Reply } from '../gateway/exchange.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { OwnResponse } from '../protocols/protocol.ts'
import type { RequestHead } from './access.ts'
import { inflate, tooLarge } from './body.ts'
import type { Door } from './door.ts'

/** Makes the handler. A request has no socket here, so it counts as local: whoever calls this decides who may. */
export function createFetchHandler(gateway: Gateway, door: Door): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url)
    const rawHeaders: string[] = []
    for (const [name, value] of request.headers) rawHeaders.push(name, value)
    const head: RequestHead = {
      method: request.method,
      url: url.pathname + url.search,
      rawHeaders,
      // A Request carries its host in the URL; a Host header is not allowed to be set on one.
      header: (name) => request.headers.get(name) ?? (name === 'host' ? url.host : undefined),
      remoteAddress: undefined,
    }
    const verdict = await door.enter(head)
    if (verdict.type === 'answer') return toResponse(verdict.response)
    // Who asks is told by the socket alone, and there is none.
    if (verdict.type === 'management') return Response.json({ error: NO_MANAGEMENT }, { status: 404 })
    const limit = gateway.snapshot.limits.bodyBytes
    const raw = await read(request, limit)
    const encoding = request.headers.get('content-encoding')
    const body =
      raw === undefined
        ? tooLarge(limit)
        : encoding === null || encoding === 'identity'
          ? raw
          : await inflate(raw, encoding, limit)
    if (!Buffer.isBuffer(body)) return toResponse(door.refuse(head, body))
    const { id, path, query, client, matched } = verdict
    request.signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const reply = streamReply(resolve, reject, request.signal)
      gateway.handle(
        matched,
        { id, method: head.method, path, query, rawHeaders, header: head.header, body, client },
        reply,
      )
    })
  }
}

const NO_MANAGEMENT = { code: 'not-found', message: 'Management is served on the port of the gateway alone.' }

/** The body, or undefined if it is larger than the limit; no more than that is read. */
async function read(request: Request, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (request.body !== null)
    for await (const chunk of request.body) {
      size += chunk.length
      if (size > limit) return undefined
      chunks.push(chunk)
    }
  return Buffer.concat(chunks)
}

function toResponse({ status, headers, body }: OwnResponse): Response {
  return new Response(status === 204 ? null : body, { status, headers })
}

/** Bytes a reader may be behind before the upstream is paused. */
const QUEUE_BYTES = 64 * 1024

function streamReply(
  resolve: (response: Response) => void,
  reject: (reason: unknown) => void,
  signal: AbortSignal,
): Reply {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let over = false
  const reply: Reply = { head, write, end, destroy, onDrain: undefined, onGone: undefined }
  const gone = (): void => {
    if (over) return
    over = true
    reply.onGone?.()
    if (controller === undefined) reject(signal.reason)
    else if (signal.aborted) controller.error(signal.reason)
  }
  signal.addEventListener('abort', gone, { once: true })

  function head(status: number, headers: readonly string[]): void {
    const stream = new ReadableStream<Uint8Array>(
      {
        start(c) {
          controller = c
        },
        pull: () => reply.onDrain?.(),
        cancel: gone,
      },
      new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }),
    )
    const list = new Headers()
    for (let i = 0; i < headers.length; i += 2) list.append(headers[i]!, headers[i + 1]!)
    resolve(new Response(stream, { status, headers: list }))
  }

  function write(chunk: Buffer | string): boolean {
    if (over) return true
    controller!.enqueue(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    return (controller!.desiredSize ?? 0) > 0
  }

  function end(chunk?: Buffer | string): void {
    if (over) return
    if (chunk !== undefined && chunk.length > 0) write(chunk)
    over = true
    signal.removeEventListener('abort', gone)
    controller!.close()
  }

  function destroy(): void {
    if (over) return
    over = true
    signal.removeEventListener('abort', gone)
    controller!.error(new Error('the answer broke off'))
  }

  return reply
}
