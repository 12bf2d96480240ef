import { openaiChat } from '../openai-chat/index.ts'
import type { Protocol } from '../protocol.ts'
import { openaiCompletionsCodec } from './codec.ts'

/**
 * OpenAI's legacy completions, for clients that still ask so; inbound only. Refusals, the terminal error and the stream's
 * framing are those of chat, and so is everything of the rare upstream that answers in it.
 */
export const openaiCompletions: Protocol = {
  ...openaiChat,
  id: 'openai-completions',
  title: 'OpenAI Completions (legacy)',
  routes: [{ method: 'POST', path: '/v1/completions', action: 'generate' }],
  conversation: { turns: 'prompt', system: [] },
  alsoReads: undefined,
  codec: openaiCompletionsCodec,
}
