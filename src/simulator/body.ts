import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { type Json, type Problem, problem } from './types.ts'

/** Decompress and parse a request body, or refuse it. */
export function parseBody(raw: Buffer, encoding: string | undefined): Json | Problem {
  try {
    const value = JSON.parse(decode(raw, encoding).toString('utf8')) as unknown
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
    return problem({ kind: 'invalid', message: 'The request body must be a JSON object.' })
  } catch (error) {
    return problem({
      kind: 'invalid',
      message: `We could not parse the JSON body of your request: ${(error as Error).message}`,
    })
  }
}

function decode(raw: Buffer, encoding: string | undefined): Buffer {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return raw
    case 'gzip':
      return gunzipSync(raw)
    case 'deflate':
      return inflateSync(raw)
    case 'br':
      return brotliDecompressSync(raw)
    case 'zstd':
      return zstdDecompressSync(raw)
    default:
      throw new Error(`unsupported content-encoding ${encoding}`)
  }
}
