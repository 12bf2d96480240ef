import type { Codec } from '../codec.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeCount, encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { createDecoder } from './stream-decode.ts'
import { createEncoder } from './stream-encode.ts'

/** The translating half of Anthropic Messages. */
export const anthropicCodec: Codec = {
  legal: {
    toolName: { pattern: /^[a-zA-Z0-9_-]+$/, max: 64 },
    callId: { pattern: /^[a-zA-Z0-9_-]+$/, max: 256 },
  },
  request: { decode: decodeRequest, encode: encodeRequest },
  response: { decode: decodeResponse, encode: encodeResponse },
  count: {
    decode: decodeRequest,
    encode: (request, target) => encodeCount(request, target).body,
    read: ({ input_tokens: tokens }) => (typeof tokens === 'number' ? tokens : undefined),
    answer: (tokens) => ({ input_tokens: tokens }),
  },
  stream: { decoder: createDecoder, encoder: createEncoder },
}
