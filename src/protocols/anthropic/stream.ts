import type { Failure } from '../../hub/failure.ts'
import type { Sse } from '../../wire/sse.ts'
import { judge } from '../failures/judge.ts'
import { asObject, eventText, isText, type Json, parseEvent } from '../json.ts'
import { KEEP_ALIVE_COMMENT } from '../keep-alive.ts'
import type { EventMark, StreamTap } from '../protocol.ts'
import { Tap } from '../tap.ts'
import { anthropicUsage, mergeUsage } from './usage.ts'

/** Clients of the dialect know `ping`, but only within a message; before `message_start` a comment is safer. */
export function keepAliveAnthropic(begun: boolean): string {
  return begun ? 'event: ping\ndata: {"type": "ping"}\n\n' : KEEP_ALIVE_COMMENT
}

/**
 * Watches a Messages stream. Event names decide; `message_start`, `message_delta`, errors and what comes before the
 * first content are parsed. A stream without `message_stop` was cut, even after a stop reason.
 */
export function anthropicTap(): StreamTap {
  let content = false
  let ended = false
  let failure: Failure | undefined
  let first: Json | undefined
  let last: Json | undefined

  function read(event: Sse): EventMark {
    const name = event.event === '' ? typeInside(event) : event.event
    switch (name) {
      case 'content_block_delta':
        if (!content) content = deltaBears(event)
        break
      case 'content_block_start':
        if (!content) content = startBears(event)
        break
      case 'message_start':
        first = asObject(asObject(parseEvent(event)?.['message'])?.['usage'])
        break
      case 'message_delta':
        last = mergeUsage(last, asObject(parseEvent(event)?.['usage']))
        // The stop reason: even an answer without a word is an answer.
        content = true
        break
      case 'message_stop':
        ended = true
        return 'end'
      case 'error':
        failure = judge(0, {}, eventText(event))
        return 'error'
      case '':
        if (!content) content = event.data.trim() !== ''
        break
    }
    return content ? 'content' : 'handshake'
  }

  return new Tap(
    read,
    () => anthropicUsage(mergeUsage(first, last)),
    () => ended,
    () => failure,
  )
}

/** The type in the data, for upstreams that leave the `event:` line out; `''` if it spells none. */
function typeInside(event: Sse): string {
  const data = parseEvent(event)
  if (isText(data?.['type'])) return data['type']
  return asObject(data?.['error']) ? 'error' : ''
}

/** A block that opens with nothing in it can still be taken back; every other kind is content by being there. */
function startBears(event: Sse): boolean {
  const data = parseEvent(event)
  if (data === undefined) return true
  const block = asObject(data['content_block'])
  if (block?.['type'] === 'text') return isText(block['text'])
  if (block?.['type'] === 'thinking') return isText(block['thinking']) || isText(block['signature'])
  return true
}

function deltaBears(event: Sse): boolean {
  const data = parseEvent(event)
  if (data === undefined) return true
  const delta = asObject(data['delta'])
  if (delta === undefined) return false
  for (const [key, value] of Object.entries(delta)) {
    if (key !== 'type' && (isText(value) || (typeof value === 'object' && value !== null))) return true
  }
  return false
}
