import type { Failure } from '../../hub/failure.ts'
import { memberFilled, members } from '../json.ts'
import { KEEP_ALIVE_COMMENT } from '../keep-alive.ts'
import type { Protocol, Route } from '../protocol.ts'
import { geminiCodec } from './codec.ts'
import { decodeGemini, encodeGemini, midStreamGemini } from './errors.ts'
import { listModels, oneModel } from './models.ts'
import { geminiTap } from './stream.ts'
import { elements, usageOfBody } from './usage.ts'

/** @google/genai 3 asks under `/v1`, everything before it under `/v1beta`. */
function verbs(version: string): Route[] {
  const path = `/${version}/models/{model}`
  return [
    { method: 'POST', path: `${path}:generateContent`, action: 'generate', stream: false },
    { method: 'POST', path: `${path}:streamGenerateContent`, action: 'generate', stream: true },
    { method: 'POST', path: `${path}:countTokens`, action: 'count-tokens', stream: false },
  ]
}

/** Gemini generateContent. */
export const gemini: Protocol = {
  id: 'gemini',
  title: 'Gemini generateContent',
  routes: [
    ...verbs('v1beta'),
    ...verbs('v1'),
    { method: 'GET', path: '/v1beta/models', action: 'list-models' },
    { method: 'GET', path: '/v1beta/models/{model}', action: 'get-model' },
  ],
  conversation: { turns: 'contents', system: ['systemInstruction', 'system_instruction'] },
  failure: { decode: decodeGemini, encode: encodeGemini, midStream: midStreamGemini },
  stream: { tap: geminiTap, keepAlive: () => KEEP_ALIVE_COMMENT },
  usage: usageOfBody,
  wholeFailure,
  codec: geminiCodec,
  models: { list: listModels, one: oneModel },
}

function wholeFailure(body: Buffer): Failure | undefined {
  if (body[0] === 91) {
    const [first] = elements(body)
    return first === undefined ? undefined : wholeFailure(body.subarray(first.start, first.end))
  }
  const found = members(body, ['error', 'candidates'])
  const error = found.get('error')
  if (!memberFilled(body, error) || memberFilled(body, found.get('candidates'))) return undefined
  return decodeGemini(0, {}, `{"error":${body.toString('utf8', error!.start, error!.end)}}`)
}
