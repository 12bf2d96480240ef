import type { Failure } from '../../hub/failure.ts'
import type { Usage } from '../../hub/response.ts'
import type { Sse } from '../../wire/sse.ts'
import { judge } from '../failures/judge.ts'
import { asArray, asObject, eventText, isText, type Json, parseEvent } from '../json.ts'
import type { EventMark, StreamTap } from '../protocol.ts'
import { Tap } from '../tap.ts'
import { usageOfChunk } from './usage.ts'

/** Members of a delta that bear something as soon as they are not empty. */
const BEARING = [
  'content',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'tool_calls',
  'function_call',
  'refusal',
  'audio',
  'images',
  'annotations',
]

/**
 * Watches a chat stream. Chunks are parsed until one bears content; after that native searches pick out the few that
 * carry a finish reason, usage or an error. In JSON text a quote inside a string is escaped, so `"usage"` with both its
 * quotes can only be a key or a whole value and never a part of what the model says.
 */
export function chatTap(): StreamTap {
  let content = false
  let ended = false
  let failure: Failure | undefined
  // The last chunk that carries usage; some upstreams put it on every chunk, so it is read when asked for.
  let usageChunk: Sse | undefined

  function read(event: Sse): EventMark {
    const { data } = event
    if (data.charCodeAt(0) === 91 && data.trim() === '[DONE]') {
      ended = true
      return 'end'
    }
    // A search word without its opening quote is several times faster: quotes stand everywhere in JSON.
    if (data.includes('usage"') && hasValue(data, '"usage"', 123)) usageChunk = event
    const finished = hasValue(data, '"finish_reason"', 34)
    if (event.event === 'error' || (!ended && data.includes('rror"') && data.includes('"error"'))) {
      const chunk = parseEvent(event)
      if (event.event === 'error' || (chunk !== undefined && tellsError(chunk))) {
        failure = judge(0, {}, eventText(event))
        return 'error'
      }
    }
    if (finished) ended = true
    if (content) return 'content'
    content = finished || bears(event)
    return content ? 'content' : 'handshake'
  }

  function usage(): Usage | undefined {
    const chunk = usageChunk && parseEvent(usageChunk)
    return chunk && usageOfChunk(chunk)
  }

  return new Tap(
    read,
    usage,
    () => ended,
    () => failure,
  )
}

/** Whether the chunk tells an error: in a member, whatever its shape, or as a bare error object (vLLM). */
export function tellsError(chunk: Json): boolean {
  return isFilled(chunk['error']) || chunk['object'] === 'error'
}

/** Whether the last `key` in the data has a value that starts with the character `first`. */
function hasValue(data: string, key: string, first: number): boolean {
  const at = data.lastIndexOf(key)
  if (at === -1) return false
  let i = at + key.length
  while (data.charCodeAt(i) === 32 || data.charCodeAt(i) === 58) i += 1
  return data.charCodeAt(i) === first
}

/** Whether a chunk bears anything. One that is no JSON does: it is the client's to judge. */
function bears(event: Sse): boolean {
  const chunk = parseEvent(event)
  if (chunk === undefined) return event.data.trim() !== ''
  return asArray(chunk['choices']).some((choice) => choiceBears(asObject(choice)))
}

function choiceBears(choice: Json | undefined): boolean {
  if (choice === undefined) return false
  if (isText(choice['text'])) return true
  const delta = asObject(choice['delta']) ?? asObject(choice['message'])
  return delta !== undefined && BEARING.some((key) => isFilled(delta[key]))
}

function isFilled(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  return isText(value) || (typeof value === 'object' && value !== null)
}
