import type { Codec } from '../codec.ts'
import { answerCount, decodeCountRequest, encodeCountRequest, readCount } from './count.ts'
import { needsBytes } from './media.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { streamDecoder } from './stream-decode.ts'
import { streamEncoder } from './stream-encode.ts'

/** Gemini generateContent. */
export const geminiCodec: Codec = {
  legal: {
    // FunctionDeclaration.name; ids are optional and free.
    toolName: { pattern: /^[a-zA-Z_][a-zA-Z0-9_.:-]*$/, max: 64 },
    callId: { pattern: /^/, max: Number.MAX_SAFE_INTEGER },
  },
  needsBytes,
  request: { decode: decodeRequest, encode: encodeRequest },
  response: { decode: decodeResponse, encode: encodeResponse },
  count: { decode: decodeCountRequest, encode: encodeCountRequest, read: readCount, answer: answerCount },
  stream: { decoder: streamDecoder, encoder: streamEncoder },
}
