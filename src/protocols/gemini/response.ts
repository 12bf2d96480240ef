/** Whole answers (https://ai.google.dev/api/generate-content#GenerateContentResponse). */
import { FailureError } from '../../hub/failure.ts'
import { folder } from '../../hub/fold.ts'
import type { ChatResponse } from '../../hub/response.ts'
import type { AnswerContext, Json } from '../codec.ts'
import { judge } from '../failures/judge.ts'
import { asObject } from '../json.ts'
import { closing, envelopeOf, wireParts } from './answer-encode.ts'
import { chunkReader, isError } from './stream-decode.ts'

/**
 * Reads an answer; a streamed one without `alt=sse` is an array of chunks.
 * @throws {FailureError} if it is an error in disguise.
 */
export function decodeResponse(body: Json): ChatResponse {
  const reader = chunkReader()
  const fold = folder()
  for (const chunk of (Array.isArray(body) ? body : [body]).map(asObject)) {
    if (chunk === undefined) continue
    if (isError(chunk)) throw new FailureError(judge(0, {}, JSON.stringify(chunk)))
    for (const event of reader.read(chunk)) fold.push(event)
  }
  for (const event of reader.end()) fold.push(event)
  // A whole answer is over even if it does not say why.
  if (!reader.finished()) fold.push({ type: 'finish', finish: { reason: 'other' } })
  return fold.end()
}

export function encodeResponse(answer: ChatResponse, context: AnswerContext): Json {
  const parts: Json[] = []
  for (const wire of answer.parts.flatMap(wireParts)) {
    const last = parts.at(-1)
    // A signature on an empty part, as streams have it, belongs to the text before it.
    if (
      isBareSignature(wire) &&
      last !== undefined &&
      typeof last['text'] === 'string' &&
      !('thoughtSignature' in last)
    )
      parts[parts.length - 1] = { ...last, ...wire, text: last['text'] }
    else parts.push(wire)
  }
  const last = closing(answer.parts, answer.finish, answer.usage)
  const blocked = asObject(last.answer['promptFeedback'])?.['blockReason'] !== undefined && parts.length === 0
  const content = {
    ...(parts.length > 0 && { parts }),
    role: 'model',
    ...asObject(envelopeOf(answer.parts).candidate?.['content']),
  }
  return {
    ...(!blocked && { candidates: [{ content, index: 0, ...last.candidate }] }),
    modelVersion: context.model,
    ...(answer.id !== '' && { responseId: answer.id }),
    ...last.answer,
  }
}

function isBareSignature(part: Json): boolean {
  return part['text'] === '' && part['thought'] === undefined && typeof part['thoughtSignature'] === 'string'
}
