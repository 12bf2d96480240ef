import type { ServerResponse } from 'node:http'
import type { Reply } from '../gateway/exchange.ts'

/** Adapts Node's `ServerResponse` to the road's `Reply`. */
export class NodeReply implements Reply {
  onDrain: (() => void) | undefined = undefined
  onGone: (() => void) | undefined = undefined
  readonly #res: ServerResponse
  readonly #extra: readonly string[]

  /** @param extra headers of every answer on this connection (CORS); names and values in turn. */
  constructor(res: ServerResponse, extra: readonly string[]) {
    this.#res = res
    this.#extra = extra
    res.on('drain', () => this.onDrain?.())
    res.on('close', () => {
      if (!res.writableFinished) this.onGone?.()
    })
  }

  head(status: number, headers: readonly string[]): void {
    if (this.#res.destroyed) return
    this.#res.writeHead(status, this.#extra.length === 0 ? (headers as string[]) : [...headers, ...this.#extra])
  }

  write(chunk: Buffer | string): boolean {
    return this.#res.destroyed || this.#res.write(chunk)
  }

  end(chunk?: Buffer | string): void {
    if (!this.#res.destroyed) this.#res.end(chunk)
  }

  destroy(): void {
    this.#res.destroy()
  }
}
