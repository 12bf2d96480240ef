/** Events of a Responses stream → hub (https://platform.openai.com/docs/api-reference/responses-streaming). */
import { failure } from '../../hub/failure.ts'
import type { Part, Signature } from '../../hub/request.ts'
import type { PartStart, StreamEvent } from '../../hub/response.ts'
import { decodeUtf8, type Sse } from '../../wire/sse.ts'
import type { EventDecoder } from '../codec.ts'
import { judge } from '../failures/judge.ts'
import { asArray, asObject, isText, type Json } from '../json.ts'
import { decodeCitation } from './content.ts'
import { callIdOf, decodeReasoning, reasoningTexts } from './items.ts'
import { decodeOutputItem } from './output.ts'
import { finishOf } from './response.ts'
import { responsesUsage } from './usage.ts'

/** A hub part that is open, and how much of its text has been handed on. */
interface OpenPart {
  index: number
  sent: number
  /** Annotations handed on, or passed over because the hub has no word for them. */
  notes: number
}

/** An output item on its way. */
interface OpenItem {
  type: unknown
  item: Json
  done: boolean
  /** A message's parts by `content_index`; a call's or a reasoning's only part at 0. */
  parts: Map<number, OpenPart>
  /** Reasoning: which pieces have begun, as `s0` (summary) or `c0` (content); only those of the first kind count. */
  pieces: string[]
}

/** What came of an answer so far, for its finish. */
type Seen = Pick<Part, 'type'>

export function responsesDecoder(): EventDecoder {
  const items = new Map<number, OpenItem>()
  const seen: Seen[] = []
  let out: StreamEvent[] = []
  let next = 0
  let started = false
  let over = false

  const emit = (event: StreamEvent): void => {
    out.push(event)
  }

  function start(response: Json | undefined): void {
    if (started) return
    started = true
    const { id, model } = response ?? {}
    emit({ type: 'start', id: asText(id), model: asText(model) })
  }

  function begin(item: OpenItem, at: number, part: PartStart): OpenPart {
    const open = { index: next, sent: 0, notes: 0 }
    next += 1
    item.parts.set(at, open)
    seen.push({ type: part.type } as Seen)
    emit({ type: 'part-start', index: open.index, part })
    return open
  }

  function say(part: OpenPart | undefined, text: string): void {
    if (text === '' || part === undefined) return
    part.sent += text.length
    emit({ type: 'part-delta', index: part.index, text })
  }

  /** What a `done` tells beyond the deltas before it: everything, where there were none. */
  function complete(part: OpenPart | undefined, whole: unknown): void {
    if (part !== undefined && typeof whole === 'string' && whole.length > part.sent) say(part, whole.slice(part.sent))
  }

  function close(item: OpenItem): void {
    item.done = true
    for (const { index } of item.parts.values()) emit({ type: 'part-end', index })
  }

  /** The item an event belongs to; one nobody announced is made up from what the event says. */
  function itemAt(event: Json, type: string): OpenItem {
    const at = typeof event['output_index'] === 'number' ? event['output_index'] : lastIndex()
    const found = items.get(at)
    if (found !== undefined) return found
    return add(at, { type, id: event['item_id'] })
  }

  function lastIndex(): number {
    let last = 0
    for (const at of items.keys()) last = Math.max(last, at)
    return last
  }

  function add(at: number, item: Json): OpenItem {
    const added: OpenItem = { type: item['type'], item, done: false, parts: new Map(), pieces: [] }
    items.set(at, added)
    start(undefined)
    return added
  }

  function itemAdded(event: Json): void {
    const item = asObject(event['item'])
    if (item === undefined) return
    const at = typeof event['output_index'] === 'number' ? event['output_index'] : items.size
    if (items.has(at)) return
    const added = add(at, item)
    if (isCall(item) && isText(item['name'])) beginCall(added, item)
  }

  function isCall(item: Json): boolean {
    return item['type'] === 'function_call' || item['type'] === 'custom_tool_call'
  }

  function beginCall(open: OpenItem, item: Json): OpenPart {
    const { name, namespace, type } = item
    return begin(open, 0, {
      type: 'tool-call',
      id: callIdOf(item),
      name: asText(name),
      ...(isText(namespace) && { namespace }),
      ...(type === 'custom_tool_call' && { custom: true }),
    })
  }

  /** The content part an event speaks of; undefined when its item is over. */
  function contentAt(event: Json, type: 'text' | 'refusal'): OpenPart | undefined {
    const item = itemAt(event, 'message')
    if (item.done) return undefined
    const at = typeof event['content_index'] === 'number' ? event['content_index'] : 0
    return item.parts.get(at) ?? begin(item, at, { type })
  }

  function contentPart(event: Json): void {
    const part = asObject(event['part'])
    const type = CONTENT[asText(part?.['type'])]
    const open = type && contentAt(event, type)
    if (open === undefined) return
    complete(open, part?.['text'] ?? part?.['refusal'])
    annotate(open, part)
  }

  function annotate(open: OpenPart, part: Json | undefined): void {
    for (const annotation of asArray(part?.['annotations']).slice(open.notes)) cite(open, annotation)
  }

  function cite(open: OpenPart | undefined, annotation: unknown): void {
    if (open === undefined) return
    open.notes += 1
    const citation = decodeCitation(annotation)
    if (citation !== undefined) emit({ type: 'part-citation', index: open.index, citation })
  }

  /** Pieces of a summary are joined as `decodeReasoning` joins them. */
  function reasoning(event: Json, kind: 's' | 'c', words: unknown, whole: boolean): void {
    const item = itemAt(event, 'reasoning')
    if (item.done || typeof words !== 'string' || words === '') return
    const piece = `${kind}${event[kind === 's' ? 'summary_index' : 'content_index'] ?? 0}`
    const begun = item.pieces.includes(piece)
    // A model that shows its thoughts may sum them up too; the hub takes what came first.
    if (item.pieces.length > 0 && !item.pieces[0]?.startsWith(kind)) return
    if (whole && begun) return
    const part = item.parts.get(0) ?? begin(item, 0, { type: 'reasoning' })
    if (!begun) {
      if (item.pieces.length > 0) say(part, '\n\n')
      item.pieces.push(piece)
    }
    say(part, words)
  }

  function callInput(event: Json, type: string): OpenPart | undefined {
    const item = itemAt(event, type)
    if (item.done) return undefined
    const open = item.parts.get(0)
    if (open !== undefined) return open
    // The name is not known yet; it comes with the finished item at the latest.
    const { name } = event
    return isText(name) || isText(item.item['name'])
      ? beginCall(item, { ...item.item, ...(isText(name) && { name }) })
      : undefined
  }

  function itemDone(event: Json): void {
    const whole = asObject(event['item'])
    if (whole === undefined) return
    const at = typeof event['output_index'] === 'number' ? event['output_index'] : lastIndex()
    finishItem(items.get(at) ?? add(at, whole), whole)
  }

  /** Hands on what of an item has not been told by smaller events, and ends it. */
  function finishItem(open: OpenItem, whole: Json): void {
    if (open.done) return
    const type = whole['type']
    if (type === 'message' && open.parts.size + asArray(whole['content']).length > 0) finishMessage(open, whole)
    else if (type === 'reasoning' && (open.parts.size > 0 || decodeReasoning(whole) !== undefined))
      finishReasoning(open, whole)
    else if (isCall(whole) && (open.parts.size > 0 || isText(whole['name']))) {
      complete(open.parts.get(0) ?? beginCall(open, whole), inputOf(whole))
    } else {
      open.done = true
      for (const part of decodeOutputItem(whole)) wholePart(open, part)
    }
    close(open)
  }

  function inputOf(item: Json): unknown {
    const input = item[item['type'] === 'custom_tool_call' ? 'input' : 'arguments']
    return typeof input === 'object' && input !== null ? JSON.stringify(input) : input
  }

  function finishMessage(open: OpenItem, whole: Json): void {
    for (const [at, value] of asArray(whole['content']).entries()) {
      const part = asObject(value)
      const type = CONTENT[asText(part?.['type'])]
      if (type === undefined) {
        for (const other of decodeOutputItem({ type: 'message', content: [value] })) wholePart(open, other)
        continue
      }
      const content = open.parts.get(at) ?? begin(open, at, { type })
      complete(content, part?.['text'] ?? part?.['refusal'])
      annotate(content, part)
    }
  }

  function finishReasoning(open: OpenItem, whole: Json): void {
    const decoded = decodeReasoning(whole)
    const part = open.parts.get(0) ?? begin(open, 0, { type: 'reasoning' })
    if (open.pieces.length === 0) say(part, decoded?.text ?? '')
    else if (decoded !== undefined && reasoningTexts(whole).raw === open.pieces[0]?.startsWith('c'))
      complete(part, decoded.text)
    if (decoded?.signature !== undefined) sign(part, decoded.signature)
  }

  function sign(part: OpenPart, signature: Signature): void {
    emit({ type: 'part-signature', index: part.index, signature })
  }

  /** A place among an item's parts that no content of it has. */
  function alone(): number {
    return -1 - next
  }

  /** Parts that come in one piece. */
  function wholePart(open: OpenItem, part: Part): void {
    if (part.type === 'native') emit({ type: 'native', protocol: part.protocol, value: part.value })
    else if (part.type === 'search')
      begin(open, alone(), { type: 'search', id: part.id, queries: part.queries, sources: part.sources })
    else if (part.type === 'media' && part.kind === 'image') {
      const { kind, source, mediaType } = part
      begin(open, alone(), { type: 'media', kind, source, ...(mediaType !== undefined && { mediaType }) })
    }
  }

  function finish(response: Json): void {
    start(response)
    // Some upstreams tell items only here, others leave this list empty.
    for (const [at, value] of asArray(response['output']).entries()) {
      const whole = asObject(value)
      if (whole !== undefined) finishItem(known(at, whole) ?? add(at, whole), whole)
    }
    closeAll()
    const usage = responsesUsage(response['usage'])
    if (usage !== undefined) emit({ type: 'usage', usage })
    emit({ type: 'finish', finish: finishOf(response, seen as Part[]) })
    over = true
  }

  function known(at: number, whole: Json): OpenItem | undefined {
    if (isText(whole['id'])) for (const open of items.values()) if (open.item['id'] === whole['id']) return open
    return items.get(at)
  }

  function closeAll(): void {
    for (const item of items.values()) if (!item.done) close(item)
  }

  function fail(text: string): void {
    closeAll()
    emit({ type: 'error', failure: judge(0, {}, text) })
    over = true
  }

  function terminal(event: Json, text: string): void {
    const response = asObject(event['response']) ?? {}
    if (response['status'] === 'failed' || event['type'] === 'response.failed') fail(text)
    else finish(response)
  }

  const HANDLERS: Record<string, (event: Json, text: string) => void> = {
    'response.created': (e) => start(asObject(e['response'])),
    'response.in_progress': (e) => start(asObject(e['response'])),
    'response.output_item.added': itemAdded,
    'response.content_part.added': contentPart,
    'response.output_text.delta': (e) => say(contentAt(e, 'text'), asText(e['delta'])),
    'response.output_text.done': (e) => complete(contentAt(e, 'text'), e['text']),
    'response.output_text.annotation.added': (e) => cite(contentAt(e, 'text'), e['annotation']),
    'response.refusal.delta': (e) => say(contentAt(e, 'refusal'), asText(e['delta'])),
    'response.refusal.done': (e) => complete(contentAt(e, 'refusal'), e['refusal']),
    'response.content_part.done': contentPart,
    'response.reasoning_summary_text.delta': (e) => reasoning(e, 's', e['delta'], false),
    'response.reasoning_summary_text.done': (e) => reasoning(e, 's', e['text'], true),
    'response.reasoning_text.delta': (e) => reasoning(e, 'c', e['delta'], false),
    'response.reasoning_text.done': (e) => reasoning(e, 'c', e['text'], true),
    'response.function_call_arguments.delta': (e) => say(callInput(e, 'function_call'), asText(e['delta'])),
    'response.function_call_arguments.done': (e) => complete(callInput(e, 'function_call'), e['arguments']),
    'response.custom_tool_call_input.delta': (e) => say(callInput(e, 'custom_tool_call'), asText(e['delta'])),
    'response.custom_tool_call_input.done': (e) => complete(callInput(e, 'custom_tool_call'), e['input']),
    'response.output_item.done': itemDone,
    'response.completed': terminal,
    'response.incomplete': terminal,
    'response.done': terminal,
    'response.failed': terminal,
    error: (_, text) => fail(text),
  }

  return {
    push(sse: Sse) {
      out = []
      if (over || sse.data.trim() === '' || sse.data === '[DONE]') return out
      const text = decodeUtf8(sse.data)
      const event = parse(text)
      if (event === undefined) {
        closeAll()
        over = true
        return [
          ...out,
          {
            type: 'error',
            failure: failure('upstream', 'the upstream sent an event that is no JSON', { scope: 'model' }),
          },
        ]
      }
      // The name stands in the data too; a bare error object has none.
      const name = isText(event['type']) ? event['type'] : sse.event
      const handle = HANDLERS[name] ?? (name === '' && asObject(event['error']) ? HANDLERS['error'] : undefined)
      handle?.(event, text)
      return out
    },
    end() {
      out = []
      if (!over) closeAll()
      return out
    },
  }
}

/** Content that streams as text. */
const CONTENT: Record<string, 'text' | 'refusal'> = { output_text: 'text', text: 'text', refusal: 'refusal' }

function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function parse(text: string): Json | undefined {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return undefined
  }
}
