import { KEEP_ALIVE_COMMENT } from '../keep-alive.ts'
import { decodeOpenai, encodeOpenai } from '../openai-shared/errors.ts'
import { hiddenError } from '../openai-shared/whole.ts'
import type { Protocol } from '../protocol.ts'
import { openaiChatCodec } from './codec.ts'
import { midStreamChat } from './errors.ts'
import { listModels, oneModel } from './models.ts'
import { chatTap } from './stream.ts'
import { usageOfBody } from './usage.ts'

/**
 * OpenAI Chat Completions. The two model routes under `/v1` stand here for everybody: which dialect's list answers them
 * is told by the request's headers, and that is the server's to read.
 */
export const openaiChat: Protocol = {
  id: 'openai-chat',
  title: 'OpenAI Chat Completions',
  routes: [
    { method: 'POST', path: '/v1/chat/completions', action: 'generate' },
    { method: 'GET', path: '/v1/models', action: 'list-models' },
    { method: 'GET', path: '/v1/models/{model}', action: 'get-model' },
  ],
  conversation: { turns: 'messages', system: [] },
  alsoReads: { protocol: 'openai-responses', turns: 'input' },
  failure: { decode: decodeOpenai, encode: encodeOpenai, midStream: midStreamChat },
  stream: { tap: chatTap, keepAlive: () => KEEP_ALIVE_COMMENT },
  usage: usageOfBody,
  wholeFailure: (body) => hiddenError(body, 'choices'),
  codec: openaiChatCodec,
  models: { list: listModels, one: oneModel },
}
