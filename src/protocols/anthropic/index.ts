import type { Failure } from '../../hub/failure.ts'
import { spanString } from '../../wire/peek.ts'
import { memberFilled, members } from '../json.ts'
import type { Protocol } from '../protocol.ts'
import { anthropicCodec } from './codec.ts'
import { decodeAnthropic, encodeAnthropic, midStreamAnthropic } from './errors.ts'
import { listModels, oneModel } from './models.ts'
import { anthropicTap, keepAliveAnthropic } from './stream.ts'
import { usageOfBody } from './usage.ts'

/** Anthropic Messages. */
export const anthropic: Protocol = {
  id: 'anthropic',
  title: 'Anthropic Messages',
  routes: [
    { method: 'POST', path: '/v1/messages', action: 'generate' },
    { method: 'POST', path: '/v1/messages/count_tokens', action: 'count-tokens' },
  ],
  conversation: { turns: 'messages', system: ['system'] },
  failure: { decode: decodeAnthropic, encode: encodeAnthropic, midStream: midStreamAnthropic },
  stream: { tap: anthropicTap, keepAlive: keepAliveAnthropic },
  usage: usageOfBody,
  wholeFailure,
  codec: anthropicCodec,
  models: { list: listModels, one: oneModel },
}

function wholeFailure(body: Buffer): Failure | undefined {
  const found = members(body, ['type', 'error', 'content'])
  const error = found.get('error')
  if (!memberFilled(body, error)) return undefined
  const isError = spanString(body, found.get('type')) === 'error'
  if (!isError && memberFilled(body, found.get('content'))) return undefined
  return decodeAnthropic(0, {}, `{"error":${body.toString('utf8', error!.start, error!.end)}}`)
}
