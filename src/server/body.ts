/** Reads a request body: once, bounded, decompressed. */
import type { IncomingMessage } from 'node:http'
import { type Failure, failure } from '../hub/failure.ts'
import { decompress, TooLargeError, UnknownEncodingError } from '../wire/decompress.ts'

/**
 * Collects the body.
 * @param limit most bytes taken, counted after decompression.
 * @param done gets the body, or why there is none. Not called if the client went away first.
 */
export function readBody(req: IncomingMessage, limit: number, done: (result: Buffer | Failure) => void): void {
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
    const encoding = req.headers['content-encoding']
    if (encoding === undefined || encoding === '' || encoding === 'identity') finish(body)
    else inflate(body, encoding, limit).then(finish)
  })
  // A client that goes away in the middle of its own request gets no answer.
  req.on('error', () => {
    over = true
  })
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
