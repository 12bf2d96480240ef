/** Reasoning goes back only to whoever made it (domain.md 3.5). */
import type { Loss } from './loss.ts'
import type { Message, Part } from './request.ts'

/**
 * The conversation without reasoning that is not the target's: foreign signatures, and, where the target takes no
 * unsigned reasoning, the thoughts they belong to.
 * @param keepsUnsigned whether the dialect takes plain reasoning text back (`reasoning_content` of chat does).
 */
export function withoutForeignReasoning(
  messages: readonly Message[],
  issuer: string,
  keepsUnsigned: boolean,
): { messages: readonly Message[]; losses: Loss[] } {
  let lost = false
  let changed = false
  const kept: Message[] = []
  for (const message of messages) {
    const parts: Part[] = []
    for (const part of message.parts) {
      if (part.type === 'reasoning') {
        const own = part.signature?.issuer === issuer
        if (own || (keepsUnsigned && part.text !== '')) {
          if (own || part.signature === undefined) parts.push(part)
          else {
            const { signature: _, ...plain } = part
            parts.push(plain)
            changed = true
          }
        } else {
          lost = true
          changed = true
        }
      } else if (part.type === 'tool-call' && part.signature !== undefined && part.signature.issuer !== issuer) {
        const { signature: _, ...plain } = part
        parts.push(plain)
        lost = true
        changed = true
      } else parts.push(part)
    }
    // A message that was empty before says at least whose turn it was.
    if (parts.length > 0 || message.parts.length === 0) kept.push({ ...message, parts })
    else changed = true
  }
  return {
    messages: changed ? kept : messages,
    losses: lost ? [{ field: 'reasoning', reason: 'its state belongs to another provider' }] : [],
  }
}
