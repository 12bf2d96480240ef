import type { Codec } from '../codec.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { createDecoder } from './stream-decode.ts'
import { createEncoder } from './stream-encode.ts'

export { encodeCount as countTokensBody } from './request-encode.ts'

/** The translating half of Anthropic Messages. */
export const anthropicCodec: Codec = {
  legal: {
    toolName: { pattern: /^[a-zA-Z0-9_-]+$/, max: 64 },
    callId: { pattern: /^[a-zA-Z0-9_-]+$/, max: 256 },
  },
  request: { decode: decodeRequest, encode: encodeRequest },
  response: { decode: decodeResponse, encode: encodeResponse },
  stream: { decoder: createDecoder, encoder: createEncoder },
}
