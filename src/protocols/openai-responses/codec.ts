import type { Codec } from '../codec.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { responsesDecoder } from './stream-decode.ts'
import { responsesEncoder } from './stream-encode.ts'

/** OpenAI Responses ↔ hub. */
export const openaiResponsesCodec: Codec = {
  legal: {
    toolName: { pattern: /^[A-Za-z0-9_-]+$/, max: 64 },
    callId: { pattern: /^.+$/s, max: 64 },
  },
  request: { decode: decodeRequest, encode: encodeRequest },
  response: { decode: decodeResponse, encode: encodeResponse },
  stream: { decoder: responsesDecoder, encoder: responsesEncoder },
}
