/** countTokens (https://ai.google.dev/api/tokens#method:-models.counttokens): bare `contents`, or a whole request. */
import type { ChatRequest } from '../../hub/request.ts'
import type { Json, RequestPlace, TargetModel } from '../codec.ts'
import { asObject, count } from '../json.ts'
import { normalised } from './fields.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'

/** Reads either form of a count request. */
export function decodeCountRequest(body: Json, place: RequestPlace): ChatRequest {
  const wire = normalised(body) as Json
  return decodeRequest(asObject(wire['generateContentRequest']) ?? wire, place)
}

/** The form that counts everything: instructions and tools too. */
export function encodeCountRequest(request: ChatRequest, target: TargetModel): Json {
  const { body } = encodeRequest(request, target)
  return { generateContentRequest: { model: `models/${target.model}`, ...body } }
}

export function readCount(body: Json): number | undefined {
  return count((normalised(body) as Json)['totalTokens'])
}

export function answerCount(tokens: number): Json {
  return { totalTokens: tokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: tokens }] }
}
