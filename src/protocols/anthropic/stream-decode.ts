/**
 * Messages stream → hub events (https://docs.claude.com/en/api/messages-streaming). Text, thoughts and tool calls are
 * passed on as they come; every other block is gathered and read as a whole answer's block is.
 */
import { type Failure, failure } from '../../hub/failure.ts'
import { unfold } from '../../hub/fold.ts'
import type { Part, Signature } from '../../hub/request.ts'
import type { PartStart, StreamEvent } from '../../hub/response.ts'
import type { Sse } from '../../wire/sse.ts'
import { decodeUtf8 } from '../../wire/sse.ts'
import type { EventDecoder } from '../codec.ts'
import { parseExact, stringifyExact } from '../exact-json.ts'
import { judge } from '../failures/judge.ts'
import type { Json } from '../json.ts'
import { decodeBlock, decodeSearch, isSearchUse } from './blocks-decode.ts'
import { decodeCitation } from './citations.ts'
import { decodeFinish, decodeResponse } from './response.ts'
import { isObject, isObjects, isString } from './take.ts'
import { anthropicUsage, mergeUsage } from './usage.ts'

/** A block that has begun: passed on under a hub index, or gathered. */
type Open = { live: true; index: number; call: boolean; fed: boolean } | { live: false; block: Json; input: string }

export function createDecoder(): EventDecoder {
  const open = new Map<unknown, Open>()
  // Searches that wait for their result.
  const searches = new Map<unknown, Json>()
  let parts = 0
  let calls = false
  let over = false
  let firstUsage: Json | undefined
  let lastUsage: Json | undefined
  let stop: Json = {}

  function begin(part: PartStart): StreamEvent {
    if (part.type === 'tool-call') calls = true
    return { type: 'part-start', index: parts++, part }
  }

  /** A part that came whole. */
  function* whole(part: Part): Generator<StreamEvent> {
    if (part.type === 'native') {
      yield { type: 'native', protocol: part.protocol, value: part.value }
      return
    }
    if (part.type === 'tool-call') calls = true
    const answer = { id: '', model: '', parts: [part], finish: { reason: 'stop' as const } }
    for (const event of unfold(answer)) {
      if (event.type === 'part-start') yield begin(event.part)
      else if ('index' in event) yield { ...event, index: parts - 1 }
    }
  }

  function* start(wireIndex: unknown, block: Json): Generator<StreamEvent> {
    if (open.has(wireIndex)) yield* close(wireIndex)
    const event = liveStart(block)
    if (event === undefined) {
      open.set(wireIndex, { live: false, block, input: '' })
      return
    }
    const index = parts
    yield begin(event)
    open.set(wireIndex, { live: true, index, call: event.type === 'tool-call', fed: false })
    // Some upstreams put content into the opening event.
    yield* grow(wireIndex, { text: block['text'], thinking: block['thinking'], signature: block['signature'] })
    if (event.type === 'tool-call' && isObject(block['input']) && Object.keys(block['input']).length > 0) {
      yield* grow(wireIndex, { partial_json: stringifyExact(block['input']) })
    }
    for (const citation of isObjects(block['citations']) ? block['citations'] : []) yield* grow(wireIndex, { citation })
  }

  function* grow(wireIndex: unknown, delta: Json): Generator<StreamEvent> {
    const block = open.get(wireIndex)
    if (block === undefined) return
    if (!block.live) {
      gather(block, delta)
      return
    }
    const { index } = block
    for (const key of block.call ? ['partial_json'] : ['text', 'thinking']) {
      const text = delta[key]
      if (!isString(text) || text === '') continue
      block.fed = true
      yield { type: 'part-delta', index, text }
    }
    if (isString(delta['signature']) && delta['signature'] !== '') {
      const signature: Signature = { issuer: 'anthropic', value: delta['signature'] }
      yield { type: 'part-signature', index, signature }
    }
    if (isObject(delta['citation'])) {
      yield { type: 'part-citation', index, citation: decodeCitation(delta['citation']) }
    }
  }

  function* close(wireIndex: unknown): Generator<StreamEvent> {
    const block = open.get(wireIndex)
    if (block === undefined) return
    open.delete(wireIndex)
    if (block.live) {
      // A call without input is a call with an empty one.
      if (block.call && !block.fed) yield { type: 'part-delta', index: block.index, text: '{}' }
      yield { type: 'part-end', index: block.index }
      return
    }
    const wire = block.input === '' ? block.block : { ...block.block, input: inputOf(block.input) }
    if (isSearchUse(wire)) {
      searches.set(wire['id'], wire)
      return
    }
    const use = wire['type'] === 'web_search_tool_result' ? searches.get(wire['tool_use_id']) : undefined
    const search = use === undefined ? undefined : decodeSearch(use, wire)
    if (use !== undefined) searches.delete(wire['tool_use_id'])
    if (search !== undefined) yield* whole(search)
    else {
      if (use !== undefined) yield* whole(decodeBlock(use))
      yield* whole(decodeBlock(wire))
    }
  }

  function* rest(): Generator<StreamEvent> {
    for (const wireIndex of [...open.keys()]) yield* close(wireIndex)
    for (const use of searches.values()) yield* whole(decodeBlock(use))
    searches.clear()
  }

  function* usage(): Generator<StreamEvent> {
    const now = anthropicUsage(mergeUsage(firstUsage, lastUsage))
    if (now !== undefined) yield { type: 'usage', usage: now }
  }

  function* fail(reason: Failure): Generator<StreamEvent> {
    over = true
    yield { type: 'error', failure: reason }
  }

  function* read(data: Json, text: string): Generator<StreamEvent> {
    switch (data['type']) {
      case 'message_start': {
        const message = isObject(data['message']) ? data['message'] : {}
        yield { type: 'start', id: word(message['id']), model: word(message['model']) }
        if (isObject(message['usage'])) firstUsage = message['usage']
        yield* usage()
        return
      }
      case 'content_block_start':
        if (isObject(data['content_block'])) yield* start(data['index'], data['content_block'])
        return
      case 'content_block_delta': {
        const delta = isObject(data['delta']) ? data['delta'] : {}
        // Some upstreams forget the opening event.
        const forgotten = open.has(data['index']) ? undefined : FORGOTTEN[word(delta['type'])]
        if (forgotten !== undefined) yield* start(data['index'], { type: forgotten })
        yield* grow(data['index'], delta)
        return
      }
      case 'content_block_stop':
        yield* close(data['index'])
        return
      case 'message_delta':
        if (isObject(data['delta'])) stop = { ...stop, ...data['delta'] }
        if (isObject(data['usage'])) {
          lastUsage = mergeUsage(lastUsage, data['usage'])
          yield* usage()
        }
        return
      case 'message_stop':
        yield* rest()
        over = true
        yield { type: 'finish', finish: decodeFinish(stop['stop_reason'], stop['stop_sequence'], calls) }
        return
      case 'message':
        // A whole answer in place of a stream.
        over = true
        yield* unfold(decodeResponse(data))
        return
      case 'error':
        yield* fail(judge(0, {}, text))
        return
    }
    if (data['type'] === undefined && isObject(data['error'])) yield* fail(judge(0, {}, text))
  }

  return {
    push(event: Sse) {
      if (over) return []
      const text = decodeUtf8(event.data).trim()
      if (text === '' || text === '[DONE]') return []
      const data = parse(text)
      if (data !== undefined) return [...read(event.event === '' ? data : { type: event.event, ...data }, text)]
      if (event.event === 'error') return [...fail(judge(0, {}, text))]
      return [...fail(failure('upstream', 'the upstream sent an event that is no JSON', { scope: 'model' }))]
    },
    end: () => (over ? [] : [...rest()]),
  }
}

/** The block a delta without an opening event belongs to. */
const FORGOTTEN: Record<string, string> = { text_delta: 'text', thinking_delta: 'thinking' }

/** How a block that is passed on begins; undefined for the others. */
function liveStart(block: Json): PartStart | undefined {
  if (block['type'] === 'text') return { type: 'text' }
  if (block['type'] === 'thinking') return { type: 'reasoning' }
  if (block['type'] !== 'tool_use' || !isString(block['id']) || !isString(block['name'])) return undefined
  return { type: 'tool-call', id: block['id'], name: block['name'] }
}

/** Lays a delta over a gathered block: texts are joined, anything else replaces. */
function gather(block: { block: Json; input: string }, delta: Json): void {
  for (const [key, value] of Object.entries(delta)) {
    if (key === 'type') continue
    const before = block.block[key]
    if (key === 'partial_json') block.input += word(value)
    else block.block = { ...block.block, [key]: isString(before) && isString(value) ? before + value : value }
  }
}

function inputOf(text: string): unknown {
  try {
    return parseExact(text)
  } catch {
    return { _raw: text }
  }
}

function parse(text: string): Json | undefined {
  try {
    const value = parseExact(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function word(value: unknown): string {
  return isString(value) ? value : ''
}
