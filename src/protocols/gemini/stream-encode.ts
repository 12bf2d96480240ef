/**
 * Hub events → generateContent chunks as server-sent events. Parts come in order: the first open one is live, later ones
 * wait. Calls are whole, in one chunk; the last chunk has finish reason, usage and sources.
 */
import { folder } from '../../hub/fold.ts'
import type { Part } from '../../hub/request.ts'
import type { ChatResponse, PartStart, StreamEvent } from '../../hub/response.ts'
import { formatSse } from '../../wire/sse.ts'
import type { AnswerContext, EventEncoder, Json } from '../codec.ts'
import { stringifyExact } from '../exact-json.ts'
import { closing, signatureField, wireParts } from './answer-encode.ts'

/** A part on its way: what of it has not been said yet, and whether it is over. */
interface Waiting {
  start: PartStart | { type: 'native' }
  wire: Json[]
  ended: boolean
}

/** Parts whose text is said as it comes. */
const LIVE = new Set(['text', 'refusal', 'reasoning'])

export function streamEncoder(context: AnswerContext): EventEncoder {
  // The whole answer, for what only the last chunk can say.
  const whole = folder()
  const byIndex = new Map<number, Waiting>()
  const pieces = new Map<number, StreamEvent[]>()
  let queue: Waiting[] = []
  let id = ''
  let finished = false
  let broken = false

  function chunk(candidate: Json, answer: Json = {}): string {
    return formatSse(
      stringifyExact({
        candidates: [{ ...candidate, index: 0 }],
        modelVersion: context.model,
        ...(id !== '' && { responseId: id }),
        ...answer,
      }),
    )
  }

  function said(parts: Json[]): string {
    return parts.map((part) => chunk({ content: { parts: [part], role: 'model' } })).join('')
  }

  /** What the parts at the head of the queue have to say. */
  function drain(): string {
    let out = ''
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      out += said(head.wire)
      head.wire = []
      if (!head.ended) break
      queue = queue.slice(1)
    }
    return out
  }

  function push(event: StreamEvent): string {
    whole.push(event)
    switch (event.type) {
      case 'start':
        id = event.id
        return ''
      case 'part-start': {
        const part: Waiting = { start: event.part, wire: [], ended: false }
        byIndex.set(event.index, part)
        pieces.set(event.index, LIVE.has(event.part.type) ? [] : [event])
        queue.push(part)
        return ''
      }
      case 'part-delta': {
        const part = byIndex.get(event.index)
        if (part === undefined || event.text === '') return ''
        if (!LIVE.has(part.start.type)) pieces.get(event.index)?.push(event)
        else part.wire.push({ text: event.text, ...(part.start.type === 'reasoning' && { thought: true }) })
        return drain()
      }
      case 'part-signature': {
        const part = byIndex.get(event.index)
        if (part === undefined) return ''
        if (!LIVE.has(part.start.type)) pieces.get(event.index)?.push(event)
        else if (part.start.type === 'reasoning')
          part.wire.push({ text: '', thought: true, ...signatureField(event.signature) })
        return drain()
      }
      case 'part-end': {
        const part = byIndex.get(event.index)
        if (part === undefined) return ''
        part.ended = true
        if (!LIVE.has(part.start.type)) part.wire.push(...wireParts(folded(pieces.get(event.index) ?? [])))
        byIndex.delete(event.index)
        pieces.delete(event.index)
        return drain()
      }
      case 'native':
        queue.push({
          start: { type: 'native' },
          wire: wireParts({ type: 'native', protocol: event.protocol, value: event.value }),
          ended: true,
        })
        return drain()
      case 'finish':
        finished = true
        return ''
      case 'error':
        // The road says the one terminal error.
        broken = true
        return ''
      case 'part-citation':
      case 'usage':
        return ''
    }
  }

  return {
    push,
    end() {
      if (broken || !finished) return ''
      for (const part of queue) part.ended = true
      const rest = drain()
      const answer: ChatResponse = whole.end()
      const { candidate, answer: around } = closing(answer.parts, answer.finish, answer.usage)
      return rest + chunk({ content: { parts: [{ text: '' }], role: 'model' }, ...candidate }, around)
    },
  }
}

/** The finished part of its own events. */
function folded(events: readonly StreamEvent[]): Part {
  const one = folder()
  for (const event of events) one.push(event)
  one.push({ type: 'finish', finish: { reason: 'other' } })
  return one.end().parts[0]!
}
