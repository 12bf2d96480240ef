import type { ProtocolId } from '../hub/protocol-id.ts'
import { anthropic } from './anthropic/index.ts'
import { gemini } from './gemini/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiCompletions } from './openai-completions/index.ts'
import { openaiResponses } from './openai-responses/index.ts'
import type { Protocol } from './protocol.ts'

/** Every dialect served. Adding one is a folder and a line here. */
export const protocols: readonly Protocol[] = [anthropic, openaiChat, openaiResponses, gemini, openaiCompletions]

/** The protocol of that id. */
export function protocolOf(id: ProtocolId): Protocol {
  const protocol = protocols.find((p) => p.id === id)
  if (protocol === undefined) throw new Error(`no protocol "${id}"`)
  return protocol
}

export type { Protocol } from './protocol.ts'
