import type { Codec } from '../codec.ts'
import { needsBytes } from './content.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { responsesDecoder } from './stream-decode.ts'
import { responsesEncoder } from './stream-encode.ts'
import { compacted, compactingEncoder } from './trigger.ts'

/**
 * OpenAI Responses ↔ hub.
 *
 * What was read in this dialect is written back as it was, save for these normal forms. Requests: `type: "message"` and
 * `stream` are always written, empty `tools` and `include` never, `include` in a fixed order; arguments are never the
 * empty string; `image_url` is a string. Answers: `usage` tells every count.
 */
export const openaiResponsesCodec: Codec = {
  legal: {
    toolName: { pattern: /^[A-Za-z0-9_-]+$/, max: 64 },
    callId: { pattern: /^.+$/s, max: 64 },
  },
  needsBytes,
  request: { decode: decodeRequest, encode: encodeRequest },
  response: {
    decode: decodeResponse,
    encode: (answer, context) => encodeResponse(compacted(answer, context), context),
  },
  stream: { decoder: responsesDecoder, encoder: (context) => compactingEncoder(responsesEncoder(context), context) },
}
