/**
 * The yardstick: the least that a forwarder on `node:http` and undici can do. It swaps the credential, passes heads and
 * bytes on and heeds back-pressure; it looks at nothing, keeps no counts and survives no fault.
 *
 *     node forwarder.ts UPSTREAM_ORIGIN [--nagle]
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, type Dispatcher } from 'undici'

const [origin, nagle] = process.argv.slice(2)
// The positive control of the bench's search for delays of 40 ms.
const noDelay = nagle !== '--nagle'
const agent = new Agent({ connections: null, pipelining: 1, keepAliveTimeout: 30_000, connect: { noDelay } })
const DROPPED = new Set(['host', 'connection', 'content-length', 'authorization', 'accept-encoding'])
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding'])

class Answer implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse

  constructor(res: ServerResponse) {
    this.#res = res
  }

  onRequestStart(): void {}

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    const kept: string[] = []
    for (const name in headers) if (!HOP_BY_HOP.has(name)) kept.push(name, headers[name] as string)
    this.#res.writeHead(status, kept)
    this.#res.on('drain', () => controller.resume())
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#res.write(chunk)) controller.pause()
  }

  onResponseEnd(): void {
    this.#res.end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#res.destroy(error)
  }
}

function handle(req: IncomingMessage, res: ServerResponse): void {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    const headers: string[] = []
    const raw = req.rawHeaders
    for (let i = 0; i < raw.length; i += 2) if (!DROPPED.has(raw[i]!.toLowerCase())) headers.push(raw[i]!, raw[i + 1]!)
    headers.push('authorization', 'Bearer upstream-key-0123456789')
    agent.dispatch(
      {
        origin: origin!,
        path: req.url!,
        method: 'POST',
        headers,
        body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks),
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      new Answer(res),
    )
  })
}

const server = createServer({ noDelay, keepAliveTimeout: 60_000 }, handle)
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  process.stdout.write(`${JSON.stringify({ event: 'listening', port: (server.address() as AddressInfo).port })}\n`)
})
process.on('SIGTERM', () => process.exit(0))
