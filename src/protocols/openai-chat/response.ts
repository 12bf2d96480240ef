/** Whole chat answers ↔ hub (https://platform.openai.com/docs/api-reference/chat/object). */
import { type Failure, FailureError, failure } from '../../hub/failure.ts'
import { fold } from '../../hub/fold.ts'
import type { ReasoningPart, ToolCallPart } from '../../hub/request.ts'
import type { ChatResponse } from '../../hub/response.ts'
import type { AnswerContext } from '../codec.ts'
import { judge } from '../failures/judge.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { annotationOf, answerId, usageObject } from './answer.ts'
import { finishWord } from './finish.ts'
import { urlOf } from './parts.ts'
import { formOf, ownRest, restOf } from './rest.ts'
import { tellsError } from './stream.ts'
import { chunkReader } from './stream-decode.ts'
import { callExtra, detailsOf } from './thoughts.ts'

const TOP = new Set(['id', 'object', 'created', 'model', 'choices', 'usage'])
const CHOICE = new Set(['index', 'message', 'finish_reason'])
const MESSAGE = new Set([
  'role',
  'content',
  'refusal',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'tool_calls',
  'function_call',
  'annotations',
  'images',
  'audio',
])

/** @throws {FailureError} if the body is no answer. */
export function decodeResponse(body: Json): ChatResponse {
  if (asArray(body['choices']).length === 0) throw new FailureError(noAnswer(body))
  const reader = chunkReader(true)
  const answer = fold([...reader.read(body), ...reader.done()])
  const choice = asObject(asArray(body['choices'])[0]) ?? {}
  const message = restOf(asObject(choice['message']) ?? {}, MESSAGE).extras?.['openai-chat']
  const around = restOf(choice, CHOICE, message === undefined ? {} : { message }).extras?.['openai-chat']
  return { ...answer, ...restOf(body, TOP, around === undefined ? {} : { choice: around }) }
}

function noAnswer(body: Json): Failure {
  return tellsError(body)
    ? judge(0, {}, JSON.stringify(body))
    : failure('upstream', 'the upstream sent an answer without choices', { scope: 'model' })
}

export function encodeResponse(answer: ChatResponse, context: AnswerContext): Json {
  const { choice: around, ...rest } = ownRest(answer)
  const { message: beside, ...choiceRest } = asObject(around) ?? {}
  const older = formOf(context.request).has('functions')
  const { message, refused } = encodeMessage(answer, older)
  const word = finishWord(answer.finish, { refusal: refused })
  return {
    id: answerId(answer.id, context),
    object: 'chat.completion',
    created: context.created,
    model: context.model,
    choices: [
      {
        index: 0,
        message: { ...message, ...asObject(beside) },
        logprobs: null,
        finish_reason: older && word === 'tool_calls' ? 'function_call' : word,
        ...choiceRest,
      },
    ],
    ...(answer.usage !== undefined && { usage: usageObject(answer.usage) }),
    ...rest,
  }
}

function encodeMessage(answer: ChatResponse, older: boolean): { message: Json; refused: boolean } {
  let text = ''
  let refusal = ''
  const thoughts: ReasoningPart[] = []
  const calls: ToolCallPart[] = []
  const annotations: Json[] = []
  const images: Json[] = []
  let audio: Json | undefined
  for (const [index, part] of answer.parts.entries()) {
    if (part.type === 'text') {
      for (const citation of part.citations ?? [])
        annotations.push(...[annotationOf(citation, text.length) ?? []].flat())
      text += part.text
    } else if (part.type === 'refusal') refusal += part.text
    else if (part.type === 'reasoning') thoughts.push(part)
    else if (part.type === 'tool-call') calls.push(part)
    else if (part.type === 'media' && part.kind === 'image')
      images.push({ type: 'image_url', image_url: { url: urlOf(part, 'image/png') }, index: images.length })
    else if (part.type === 'media' && part.kind === 'audio' && part.source.type === 'base64')
      audio = { id: `audio_${index}`, data: part.source.data, transcript: '', expires_at: 0 }
  }
  const reasoning = thoughts.map((part) => part.text).join('')
  const details = detailsOf(thoughts, false)
  const [first] = calls
  return {
    message: {
      role: 'assistant',
      content: text === '' && (calls.length > 0 || refusal !== '' || audio !== undefined) ? null : text,
      refusal: refusal === '' ? null : refusal,
      ...(reasoning !== '' && { reasoning_content: reasoning }),
      ...(details !== undefined && { reasoning_details: details }),
      ...(annotations.length > 0 && { annotations }),
      ...(images.length > 0 && { images }),
      ...(audio !== undefined && { audio }),
      ...(older && first !== undefined && { function_call: { name: first.name, arguments: first.input || '{}' } }),
      ...(!older && calls.length > 0 && { tool_calls: calls.map(encodeCall) }),
    },
    refused: refusal !== '',
  }
}

function encodeCall(call: ToolCallPart): Json {
  const body = call.custom
    ? { type: 'custom', custom: { name: call.name, input: call.input } }
    : { type: 'function', function: { name: call.name, arguments: call.input || '{}' } }
  return { id: call.id, ...body, ...callExtra(call.signature) }
}
