/** Reasoning goes back only to whoever made it (domain.md 3.5). */
import type { Loss } from './loss.ts'
import type { Message, Part } from './request.ts'

/**
 * The conversation without reasoning that is not the target's: thoughts without a signature of its own, which it would
 * refuse or take for another's, and foreign signatures of tool calls.
 */
export function withoutForeignReasoning(
  messages: readonly Message[],
  issuer: string,
): { messages: readonly Message[]; losses: Loss[] } {
  let lost = false
  const kept: Message[] = []
  for (const message of messages) {
    const parts: Part[] = []
    for (const part of message.parts) {
      const foreign =
        (part.type === 'reasoning' && part.signature?.issuer !== issuer) ||
        (part.type === 'tool-call' && part.signature !== undefined && part.signature.issuer !== issuer)
      if (!foreign) parts.push(part)
      else {
        lost = true
        if (part.type === 'tool-call') parts.push({ ...part, signature: undefined })
      }
    }
    // A message that was empty before says at least whose turn it was.
    if (parts.length > 0 || message.parts.length === 0) kept.push({ ...message, parts })
  }
  return lost
    ? { messages: kept, losses: [{ field: 'reasoning', reason: 'its state belongs to another provider' }] }
    : { messages, losses: [] }
}
