import { FailureError, failure } from '../../hub/failure.ts'
import type { Codec } from '../codec.ts'
import { openaiChatCodec } from '../openai-chat/codec.ts'
import { encodeResponse, eventEncoder } from './answer.ts'
import { decodeRequest } from './request.ts'

/** Legacy completions ↔ hub. Inbound only: no upstream is asked in this dialect, but its answers can be read. */
export const openaiCompletionsCodec: Codec = {
  legal: openaiChatCodec.legal,
  request: {
    decode: decodeRequest,
    encode() {
      throw new FailureError(failure('internal', 'no upstream is asked in the legacy completions dialect'))
    },
  },
  response: { decode: openaiChatCodec.response.decode, encode: encodeResponse },
  stream: { decoder: openaiChatCodec.stream.decoder, encoder: eventEncoder },
}
