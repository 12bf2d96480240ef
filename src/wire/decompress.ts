/** Undoes a content coding: of requests (Codex sends zstd), and of answers that arrive compressed although nobody asked. */
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'

const makers = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
  ['zstd', createZstdDecompress],
])

/** A decoder for a `content-encoding`; undefined for `identity`, none, or a coding we do not know. */
export function decoderFor(encoding: string | undefined): Transform | undefined {
  return encoding === undefined ? undefined : makers.get(encoding.trim().toLowerCase())?.()
}

/** The coding that the first bytes betray; JSON and event streams never begin so (domain.md 1.1, "Transport"). */
export function sniffEncoding(chunk: Buffer): string | undefined {
  if (chunk.length >= 2 && chunk[0] === 0x1f && chunk[1] === 0x8b) return 'gzip'
  if (chunk.length >= 4 && chunk.readUInt32LE(0) === 0xfd2fb528) return 'zstd'
  return undefined
}

/** So many bytes tell whether an answer is compressed. */
const SNIFF_BYTES = 4
/** The first bytes of gzip and zstd. */
const FIRST_BYTES: ReadonlySet<number> = new Set([0x1f, 0x28])

/**
 * Sniffs the beginning of a stream, whose first bytes may come one by one.
 * @returns a function that takes chunks and gives them back with the coding they betray, or nothing while it cannot tell.
 */
export function createSniffer(): (chunk: Buffer) => { chunk: Buffer; encoding: string | undefined } | undefined {
  let before: Buffer | undefined
  return (piece) => {
    const chunk = before === undefined ? piece : Buffer.concat([before, piece])
    if (chunk.length < SNIFF_BYTES && FIRST_BYTES.has(chunk[0]!)) {
      before = chunk
      return undefined
    }
    return { chunk, encoding: sniffEncoding(chunk) }
  }
}

export class UnknownEncodingError extends Error {}
export class TooLargeError extends Error {}

/** What is kept while the size is not known yet; a bomb shows itself before it has cost more than this. */
const KEPT_BYTES = 4 * 1024 * 1024

/**
 * Decompresses a whole body, holding never more than `limit` bytes of it, and of a bomb much less.
 * @throws {TooLargeError} if there are more, {UnknownEncodingError} for a coding we do not know, or zlib's own error.
 */
export async function decompress(body: Buffer, encoding: string, limit: number): Promise<Buffer> {
  const first = await run(body, encoding, limit, KEPT_BYTES)
  if (first.kept !== undefined) return first.kept
  const second = await run(body, encoding, limit, limit)
  return second.kept!
}

function run(body: Buffer, encoding: string, limit: number, keep: number): Promise<{ kept?: Buffer }> {
  const decoder = decoderFor(encoding)
  if (decoder === undefined) return Promise.reject(new UnknownEncodingError(encoding))
  return new Promise((resolve, reject) => {
    let size = 0
    let chunks: Buffer[] | undefined = []
    decoder.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        decoder.destroy()
        reject(new TooLargeError())
      } else if (size > keep) chunks = undefined
      else chunks?.push(chunk)
    })
    decoder.on('end', () => resolve({ kept: chunks && Buffer.concat(chunks) }))
    decoder.on('error', reject)
    decoder.end(body)
  })
}
