/**
 * Every tool call answered, right after it, in its order, and nothing answered that was not asked (domain.md 3.2, rule 5).
 * Most vendors refuse a conversation that breaks this, and clients break it: users interrupt tools, histories are cut.
 */
import type { Message, Part, ToolCallPart, ToolResultPart } from './request.ts'

const UNANSWERED = 'The tool was not run: the call was interrupted.'

/** The conversation in legal pairing; the very same array if it was legal already. */
export function paired(messages: readonly Message[]): readonly Message[] {
  return isPaired(messages) ? messages : repaired(messages)
}

/** A run of assistant messages is one turn. */
function isPaired(messages: readonly Message[]): boolean {
  const open: string[] = []
  const seen = new Set<string>()
  for (const message of messages) {
    for (const part of message.parts) {
      if (part.type === 'tool-call') {
        if (seen.has(part.id)) return false
        seen.add(part.id)
        open.push(part.id)
      } else if (part.type === 'tool-result') {
        if (open.shift() !== part.callId) return false
      } else if (open.length > 0 && message.role !== 'assistant') return false
    }
  }
  return open.length === 0
}

function repaired(messages: readonly Message[]): Message[] {
  const results = new Map<string, ToolResultPart>()
  for (const { parts } of messages)
    for (const part of parts) if (part.type === 'tool-result') results.set(part.callId, part)

  const out: Message[] = []
  const answered = new Set<string>()
  let open: ToolCallPart[] = []

  function answer(): void {
    if (open.length === 0) return
    const parts = open.map((call) => {
      answered.add(call.id)
      return results.get(call.id) ?? unanswered(call)
    })
    open = []
    out.push({ role: 'user', parts })
  }

  const calls = new Set<string>()
  for (const message of messages) {
    if (message.role !== 'assistant') answer()
    const parts: Part[] = []
    for (const part of message.parts) {
      if (part.type === 'tool-call') {
        // The same call said twice: the first one stands.
        if (calls.has(part.id)) continue
        calls.add(part.id)
        open.push(part)
        parts.push(part)
      } else if (part.type !== 'tool-result') parts.push(part)
      else if (!callsAhead(messages, part.callId)) parts.push(...orphan(part))
    }
    if (parts.length > 0) out.push({ ...message, parts })
  }
  answer()
  return out
}

function callsAhead(messages: readonly Message[], id: string): boolean {
  return messages.some((m) => m.parts.some((p) => p.type === 'tool-call' && p.id === id))
}

function unanswered({ id, name, custom }: ToolCallPart): ToolResultPart {
  return {
    type: 'tool-result',
    callId: id,
    name,
    parts: [{ type: 'text', text: UNANSWERED }],
    failed: true,
    ...(custom && { custom }),
  }
}

/** A result nobody asked for is still something the user wanted the model to know. */
function orphan(part: ToolResultPart): Part[] {
  return [
    { type: 'text', text: `[Result of an earlier tool call${part.name ? ` (${part.name})` : ''}]` },
    ...part.parts,
  ]
}
