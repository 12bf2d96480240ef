/**
 * Remembers reasoning state for clients that drop it. Chat clients mostly hand back nothing but id, name and arguments of
 * a tool call; Gemini 3 then refuses the history, and Claude and GPT think anew. What an answer carried is kept for a while
 * under the ids of its tool calls, and put back when they return without it (domain.md 3.5, rule 6).
 */
import type { Message, Part, ReasoningPart, Signature, ToolCallPart } from '../hub/request.ts'
import type { StreamEvent } from '../hub/response.ts'

export interface SignatureMemory {
  /** Watches one answer as the client gets it. */
  watch(client: string): (event: StreamEvent) => void
  /** The conversation with what it lost; the very same list if nothing is known. */
  recall(client: string, messages: readonly Message[]): readonly Message[]
}

interface Remembered {
  /** The call's own state. */
  signature?: Signature
  /** The signed thoughts ahead of it, with the first call of a turn. */
  reasoning: ReasoningPart[]
  bytes: number
  expires: number
}

const MOST_CALLS = 5_000
const MOST_BYTES = 64 * 1024 * 1024
const LIFE_MS = 3_600_000

/** Makes an empty memory. */
export function createSignatureMemory(now: () => number): SignatureMemory {
  const calls = new Map<string, Remembered>()
  let bytes = 0

  function forget(key: string): void {
    bytes -= calls.get(key)?.bytes ?? 0
    calls.delete(key)
  }

  function remember(key: string, signature: Signature | undefined, reasoning: ReasoningPart[]): void {
    const size = reasoning.reduce((sum, r) => sum + r.text.length + (r.signature?.value.length ?? 0), 200)
    forget(key)
    calls.set(key, { signature, reasoning, bytes: size, expires: now() + LIFE_MS })
    bytes += size
    while (calls.size > MOST_CALLS || bytes > MOST_BYTES) forget(calls.keys().next().value!)
  }

  function known(key: string): Remembered | undefined {
    const found = calls.get(key)
    if (found !== undefined && found.expires <= now()) {
      forget(key)
      return undefined
    }
    return found
  }

  return {
    watch(client) {
      const open = new Map<number, { part: ReasoningPart | ToolCallPart }>()
      let thoughts: ReasoningPart[] = []
      return (event) => {
        switch (event.type) {
          case 'part-start':
            if (event.part.type === 'reasoning') open.set(event.index, { part: { type: 'reasoning', text: '' } })
            else if (event.part.type === 'tool-call') open.set(event.index, { part: { ...event.part, input: '' } })
            break
          case 'part-delta': {
            const part = open.get(event.index)?.part
            if (part?.type === 'reasoning') part.text += event.text
            break
          }
          case 'part-signature': {
            const part = open.get(event.index)?.part
            if (part !== undefined) part.signature = event.signature
            break
          }
          case 'part-end': {
            const part = open.get(event.index)?.part
            open.delete(event.index)
            if (part?.type === 'reasoning' && part.signature !== undefined) thoughts.push(part)
            else if (part?.type === 'tool-call' && (part.signature !== undefined || thoughts.length > 0)) {
              remember(`${client}\n${part.id}`, part.signature, thoughts)
              thoughts = []
            }
            break
          }
        }
      }
    },
    recall(client, messages) {
      if (calls.size === 0) return messages
      let changed = false
      const out = messages.map((message, i) => {
        if (message.role !== 'assistant') return message
        const parts: Part[] = []
        for (const part of message.parts) {
          const found = part.type === 'tool-call' ? known(`${client}\n${part.id}`) : undefined
          if (found === undefined) {
            parts.push(part)
            continue
          }
          const call = part as ToolCallPart
          if (found.reasoning.length > 0 && !hasState(messages, i)) {
            parts.push(...found.reasoning)
            changed = true
          }
          if (call.signature === undefined && found.signature !== undefined) {
            parts.push({ ...call, signature: found.signature })
            changed = true
          } else parts.push(call)
        }
        return { ...message, parts }
      })
      return changed ? out : messages
    },
  }
}

/** Whether the assistant turn around message `at` brought signed reasoning itself. */
function hasState(messages: readonly Message[], at: number): boolean {
  const signed = (m: Message | undefined) =>
    m?.role === 'assistant' && m.parts.some((p) => p.type === 'reasoning' && p.signature !== undefined)
  for (let i = at; messages[i]?.role === 'assistant'; i -= 1) if (signed(messages[i])) return true
  for (let i = at + 1; messages[i]?.role === 'assistant'; i += 1) if (signed(messages[i])) return true
  return false
}
