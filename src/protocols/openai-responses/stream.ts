import type { Failure } from '../../hub/failure.ts'
import type { Sse } from '../../wire/sse.ts'
import { judge } from '../failures/judge.ts'
import { asArray, asObject, eventText, isText, type Json, parseEvent } from '../json.ts'
import type { EventMark, StreamTap } from '../protocol.ts'
import { Tap } from '../tap.ts'
import { responsesUsage } from './usage.ts'

/** Watches a Responses stream. Event names decide; only openings, terminals and errors are parsed. */
export function responsesTap(): StreamTap {
  let content = false
  let ended = false
  let failure: Failure | undefined
  let terminal: Sse | undefined

  function fail(event: Sse): EventMark {
    failure = judge(0, {}, eventText(event))
    return 'error'
  }

  function finish(event: Sse): EventMark {
    ended = true
    terminal = event
    return 'end'
  }

  function read(event: Sse): EventMark {
    const name = nameOf(event)
    if (content && name.endsWith('.delta')) return 'content'
    switch (name) {
      case 'response.completed':
      case 'response.incomplete':
        return finish(event)
      case 'response.done': {
        // An alias of the terminal events that tells which one by the status inside.
        const failed = asObject(parseEvent(event)?.['response'])?.['status'] === 'failed'
        finish(event)
        return failed ? fail(event) : 'end'
      }
      case 'response.failed':
        finish(event)
        return fail(event)
      case 'error':
        return fail(event)
    }
    // Some upstreams answer with a bare error object and no event name.
    if (name === '' && event.data.includes('"error"') && asObject(parseEvent(event)?.['error'])) return fail(event)
    if (content) return 'content'
    content = bears(name, event)
    return content ? 'content' : 'handshake'
  }

  return new Tap(
    read,
    () => terminal && responsesUsage(asObject(parseEvent(terminal)?.['response'])?.['usage']),
    () => ended,
    () => failure,
  )
}

/** The event's name; it stands in the data too, for upstreams that leave the `event:` line out. */
function nameOf(event: Sse): string {
  if (event.event !== '') return event.event
  const type = parseEvent(event)?.['type']
  return typeof type === 'string' ? type : ''
}

/** Whether an event before the first content bears some. */
function bears(name: string, event: Sse): boolean {
  switch (name) {
    case 'response.created':
    case 'response.in_progress':
    case 'response.queued':
    case 'response.reasoning_summary_part.added':
      return false
  }
  const data = parseEvent(event)
  if (data === undefined) return event.data.trim() !== '' && event.data.trim() !== '[DONE]'
  // Not of the answer: `codex.rate_limits`, `keepalive` and what may come.
  if (!name.startsWith('response.')) return false
  if (name === 'response.output_item.added' || name === 'response.output_item.done') return itemBears(data['item'])
  if (name === 'response.content_part.added' || name === 'response.content_part.done') return partBears(data['part'])
  if (name.endsWith('.delta')) return data['delta'] !== ''
  if (name.endsWith('_text.done')) return isText(data['text'])
  if (name === 'response.reasoning_summary_part.done') return partBears(data['part'])
  return true
}

function itemBears(value: unknown): boolean {
  const item = asObject(value)
  if (item === undefined) return false
  if (item['type'] === 'message') return asArray(item['content']).some(partBears)
  if (item['type'] === 'reasoning') {
    return (
      isText(item['encrypted_content']) || [...asArray(item['summary']), ...asArray(item['content'])].some(partBears)
    )
  }
  return true
}

function partBears(value: unknown): boolean {
  const part: Json | undefined = asObject(value)
  return part !== undefined && (isText(part['text']) || isText(part['refusal']))
}
