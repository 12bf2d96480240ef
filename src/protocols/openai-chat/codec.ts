import type { Codec } from '../codec.ts'
import { needsBytes } from './parts.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { eventDecoder } from './stream-decode.ts'
import { eventEncoder } from './stream-encode.ts'

/** OpenAI Chat Completions ↔ hub, as OpenAI and its many compatible upstreams speak it. */
export const openaiChatCodec: Codec = {
  legal: {
    toolName: { pattern: /^[a-zA-Z0-9_-]+$/, max: 64 },
    callId: { pattern: /^[a-zA-Z0-9_-]+$/, max: 40 },
  },
  needsBytes,
  request: { decode: decodeRequest, encode: encodeRequest },
  response: { decode: decodeResponse, encode: encodeResponse },
  stream: { decoder: eventDecoder, encoder: eventEncoder },
}
