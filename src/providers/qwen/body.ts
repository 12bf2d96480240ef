/** What Qwen's chat API wants beyond the dialect (domain.md 1.4, quirks). */

import type { Vessel } from '../provider.ts'
import { fields, listOf } from '../reading.ts'

type Json = Record<string, unknown>

const CACHED = { type: 'ephemeral' }

export const vessel: Vessel = {
  edit(body, { stream }) {
    const { messages, lost } = withoutThoughts(listOf(body['messages']))
    const out: Json = { ...withoutEmptyTools(body), messages: instructed(messages) }
    // Without it a stream tells no usage.
    if (stream) out['stream_options'] = { ...fields(body['stream_options']), include_usage: true }
    return { body: out, losses: lost ? [{ field: 'reasoning', reason: 'Qwen takes no thoughts back' }] : [] }
  },
}

/** An empty list of tools breaks the stream, and a choice among none is refused. */
function withoutEmptyTools(body: Json): Json {
  const { tools, tool_choice, parallel_tool_calls, ...rest } = body
  if (!Array.isArray(tools) || tools.length > 0) return body
  return rest
}

/**
 * Thoughts of former turns stay behind: the template of Qwen's models leaves them out, and whether this API would take the
 * member is not known.
 */
function withoutThoughts(messages: readonly Readonly<Json>[]): { messages: Readonly<Json>[]; lost: boolean } {
  let lost = false
  const kept = messages.map((message) => {
    if (!('reasoning_content' in message)) return message
    const { reasoning_content: thoughts, ...rest } = message
    lost ||= typeof thoughts === 'string' && thoughts !== ''
    return rest
  })
  return { messages: kept, lost }
}

/**
 * The API refuses a conversation without instructions, and wants them as a list of parts of which one is a cache point.
 * Those of the client become that list; where it gave none there is an empty one, so that no words are put in its mouth.
 */
function instructed(messages: readonly Readonly<Json>[]): Json[] {
  const turns = messages.map((message) => (message['role'] === 'developer' ? { ...message, role: 'system' } : message))
  const first = turns[0]
  if (first?.['role'] !== 'system')
    return [{ role: 'system', content: [{ type: 'text', text: '', cache_control: CACHED }] }, ...turns]
  return [{ ...first, content: pointed(first['content']) }, ...turns.slice(1)]
}

/** A list of parts with a cache point on the last of them, unless the client set one itself. */
function pointed(content: unknown): unknown {
  const parts = Array.isArray(content)
    ? [...content]
    : [{ type: 'text', text: typeof content === 'string' ? content : '' }]
  if (parts.some((part) => 'cache_control' in fields(part))) return parts
  const last = parts.pop()
  return [...parts, { ...fields(last ?? { type: 'text', text: '' }), cache_control: CACHED }]
}
