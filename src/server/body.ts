/** Reads a request body: once, bounded, decompressed. */
import type { IncomingMessage } from 'node:http'
import { type Failure, failure } from '../hub/failure.ts'
import { decompress, TooLargeError, UnknownEncodingError } from '../wire/decompress.ts'

/** Pieces from this size on are given back at once when they are joined; smaller ones may share their memory. */
const LARGE_PIECE = 16 * 1024

/**
 * Collects the body.
 * @param limit most bytes taken, counted after decompression.
 * @param done gets the body, or why there is none. Not called if the client went away first.
 * @param own whether nobody else listens to the request, so that the pieces of a large body may be given back at once.
 */
export function readBody(
  req: IncomingMessage,
  limit: number,
  done: (result: Buffer | Failure) => void,
  own = false,
): void {
  const declared = Number(req.headers['content-length'] ?? 0)
  if (declared > limit) {
    done(tooLarge(limit))
    return
  }
  const chunks: Buffer[] = []
  let size = 0
  let over = false
  const finish = (result: Buffer | Failure): void => {
    over = true
    done(result)
  }
  req.on('data', (chunk: Buffer) => {
    if (over) return
    size += chunk.length
    if (size > limit) {
      chunks.length = 0
      finish(tooLarge(limit))
    } else chunks.push(chunk)
  })
  req.on('end', () => {
    if (over) return
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
    if (own && chunks.length > 1) for (const chunk of chunks) giveBack(chunk)
    const encoding = req.headers['content-encoding']
    if (encoding === undefined || encoding === '' || encoding === 'identity') finish(body)
    else inflate(body, encoding, limit).then(finish)
  })
  // A client that goes away in the middle of its own request gets no answer.
  req.on('error', () => {
    over = true
  })
}

/**
 * Frees the memory of a piece that was copied. Left to the collector, such pieces pile up outside of the heap, where V8 sees
 * only how much they are: it then collects the whole heap, again and again, to be rid of them. Node hands each piece of a
 * body out in memory of its own.
 */
function giveBack(piece: Buffer): void {
  const { buffer } = piece
  if (piece.length >= LARGE_PIECE && piece.length === buffer.byteLength && buffer instanceof ArrayBuffer)
    buffer.transfer(0)
}

/** Undoes the content coding, or says in words why it cannot be undone. */
export async function inflate(body: Buffer, encoding: string, limit: number): Promise<Buffer | Failure> {
  try {
    return await decompress(body, encoding, limit)
  } catch (error) {
    if (error instanceof TooLargeError) return tooLarge(limit)
    if (error instanceof UnknownEncodingError)
      return failure(
        'invalid-request',
        'The content-encoding of the body is not known here: use gzip, br, zstd or none.',
        {
          status: 415,
        },
      )
    return failure('invalid-request', `The body is not valid ${encoding.replace(/[^\w-]/g, '?')} data.`)
  }
}

export function tooLarge(limit: number): Failure {
  return failure(
    'too-large',
    `The request body is larger than ${Math.round((limit / 1024 / 1024) * 100) / 100} MiB (limits.body-mib).`,
    { code: 'request_too_large' },
  )
}
