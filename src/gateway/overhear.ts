/** Listens to an answer on its way to the client, for keys whose bodies are kept. Changes and delays nothing. */
import type { Reply } from './exchange.ts'

/** Most bytes of an answer that are kept. */
export const MOST_HEARD = 256 * 1024

/** A reply that hands everything on and keeps the beginning. */
export function overhear(to: Reply): { reply: Reply; said(): Buffer } {
  const pieces: Buffer[] = []
  let left = MOST_HEARD

  function keep(chunk: Buffer | string): void {
    if (left <= 0) return
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    // A copy: the piece may be a small part of a large buffer that would stay with it.
    const kept = Buffer.from(bytes.subarray(0, left))
    pieces.push(kept)
    left -= kept.length
  }

  const reply: Reply = {
    head: (status, headers) => to.head(status, headers),
    write(chunk) {
      keep(chunk)
      return to.write(chunk)
    },
    end(chunk) {
      if (chunk !== undefined) keep(chunk)
      to.end(chunk)
    },
    destroy: () => to.destroy(),
    onDrain: undefined,
    onGone: undefined,
  }
  to.onDrain = () => reply.onDrain?.()
  to.onGone = () => reply.onGone?.()
  return { reply, said: () => Buffer.concat(pieces) }
}
