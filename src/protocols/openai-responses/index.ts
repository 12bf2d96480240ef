import { KEEP_ALIVE_COMMENT } from '../keep-alive.ts'
import { decodeOpenai, encodeOpenai } from '../openai-shared/errors.ts'
import { hiddenError } from '../openai-shared/whole.ts'
import type { Protocol } from '../protocol.ts'
import { openaiResponsesCodec } from './codec.ts'
import { compactEmulation } from './compact.ts'
import { responsesContinuation } from './continuation.ts'
import { midStreamResponses } from './errors.ts'
import { responsesForgetting } from './forgetting.ts'
import { listModels, oneModel } from './models.ts'
import { responsesTap } from './stream.ts'
import { usageOfBody } from './usage.ts'

/** OpenAI Responses, the dialect of the Codex CLI. */
export const openaiResponses: Protocol = {
  id: 'openai-responses',
  title: 'OpenAI Responses',
  routes: [
    { method: 'POST', path: '/v1/responses', action: 'generate', websocket: true },
    { method: 'POST', path: '/v1/responses/compact', action: 'compact' },
    // Where the Codex CLI asks with `chatgpt_base_url` (domain.md 2.2).
    { method: 'POST', path: '/backend-api/codex/responses', action: 'generate', websocket: true },
    { method: 'POST', path: '/backend-api/codex/responses/compact', action: 'compact' },
  ],
  conversation: { turns: 'input', system: ['instructions'] },
  failure: { decode: decodeOpenai, encode: encodeOpenai, midStream: midStreamResponses },
  stream: { tap: responsesTap, keepAlive: () => KEEP_ALIVE_COMMENT },
  usage: usageOfBody,
  wholeFailure: (body) => hiddenError(body, 'output'),
  codec: openaiResponsesCodec,
  continuation: responsesContinuation,
  forgetting: responsesForgetting,
  compaction: compactEmulation,
  models: { list: listModels, one: oneModel },
}
