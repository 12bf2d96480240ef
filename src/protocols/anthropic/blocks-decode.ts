/** Content blocks → parts, for requests and answers alike (https://docs.claude.com/en/api/messages). */
import type {
  CacheMark,
  MediaSource,
  Part,
  ReasoningPart,
  SearchPart,
  Signature,
  ToolCallPart,
} from '../../hub/request.ts'
import { unpackSignature } from '../../hub/signature.ts'
import { stringifyExact } from '../exact-json.ts'
import type { Json } from '../json.ts'
import { decodeCitation } from './citations.ts'
import { plainId, wireId } from './ids.ts'
import { isBoolean, isObject, isObjects, isString, listNote, type Taker, taker } from './take.ts'

/** The name of the hosted search, as tool and as call. */
export const WEB_SEARCH = 'web_search'

/** What stands in an issuer's name before the id of the tool call a signature belongs to (see `callSignature`). */
export const CALL_MARK = '#'

type Decoder = (t: Taker) => Part | undefined

const DECODERS: Record<string, Decoder> = {
  text(t) {
    const text = t.take('text', isString)
    if (text === undefined) return undefined
    const citations = t.take('citations', isObjects)
    return {
      type: 'text',
      text,
      ...(citations !== undefined && citations.length > 0 && { citations: citations.map(decodeCitation) }),
      ...takeCache(t),
      ...t.extras(),
    }
  },
  image: (t) => media(t, 'image'),
  document: (t) => media(t, 'document'),
  tool_use(t) {
    const id = t.take('id', isString)
    const name = t.take('name', isString)
    if (id === undefined || name === undefined) return undefined
    const input = t.take('input', isPresent) ?? {}
    // By the model itself: so it is without a word.
    const caller = t.take('caller', isDirect)
    if (caller !== undefined) t.rest['$caller'] = caller
    return { type: 'tool-call', id: plainId(id), name, input: stringifyExact(input), ...takeCache(t), ...t.extras() }
  },
  tool_result(t) {
    const callId = t.take('tool_use_id', isString)
    if (callId === undefined) return undefined
    const content = t.take('content', isContent)
    const failed = t.take('is_error', isBoolean)
    Object.assign(t.rest, listNote(content))
    return {
      type: 'tool-result',
      callId: plainId(callId),
      parts: content === undefined ? [] : decodeContent(content),
      ...(failed !== undefined && { failed }),
      ...takeCache(t),
      ...t.extras(),
    }
  },
  thinking(t) {
    const text = t.take('thinking', isString) ?? ''
    const signature = t.take('signature', isString)
    return {
      type: 'reasoning',
      text,
      ...(signature !== undefined && signature !== '' && { signature: unpackSignature(signature, 'anthropic') }),
      ...t.extras(),
    }
  },
  /** What the client found itself: to others a document of text. */
  search_result(t) {
    const content = t.take('content', isObjects)
    const [block] = content ?? []
    if (content?.length !== 1 || !isPlain(block)) return undefined
    const name = t.take('title', isString)
    Object.assign(t.rest, { $search: true })
    const source = { type: 'text' as const, text: block['text'] }
    return {
      type: 'media',
      kind: 'document',
      source,
      mediaType: 'text/plain',
      ...(name !== undefined && { name }),
      ...takeCache(t),
      ...t.extras(),
    }
  },
  redacted_thinking(t) {
    const data = t.take('data', isString)
    if (data === undefined) return undefined
    return { type: 'reasoning', text: '', signature: redacted(data), ...t.extras() }
  },
}

/** The state in a `redacted_thinking` block. */
export function redacted(data: string): Signature {
  return { ...unpackSignature(data, 'anthropic'), redacted: true }
}

/** One block. What the hub has no word for stays as it is. */
export function decodeBlock(block: Json): Part {
  const t = taker(block)
  const type = t.take('type', isString) ?? ''
  const decode = Object.hasOwn(DECODERS, type) ? DECODERS[type] : undefined
  return decode?.(t) ?? { type: 'native', protocol: 'anthropic', value: block }
}

/** The content of a message or of a tool result: text, or blocks. */
export function decodeContent(content: string | Json[]): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  const results = new Map<unknown, Json>()
  for (const block of content) if (block['type'] === 'web_search_tool_result') results.set(block['tool_use_id'], block)
  const uses = new Map<unknown, Json>()
  const parts: Part[] = []
  for (const block of content) {
    if (isSearchUse(block) && results.has(block['id'])) {
      uses.set(block['id'], block)
      continue
    }
    const use = block['type'] === 'web_search_tool_result' ? uses.get(block['tool_use_id']) : undefined
    const search = use === undefined ? undefined : decodeSearch(use, block)
    if (search !== undefined) parts.push(search)
    else parts.push(...(use === undefined ? [] : [decodeBlock(use)]), decodeBlock(block))
  }
  return settleCalls(parts)
}

/** Whether the block begins a hosted web search. */
export function isSearchUse(block: Json): boolean {
  return block['type'] === 'server_tool_use' && block['name'] === WEB_SEARCH && isObject(block['input'])
}

/**
 * One search from its two blocks. The sealed contents of the results stay in the extras, aligned with the sources: the
 * API wants them back.
 */
export function decodeSearch(use: Json, result: Json): SearchPart | undefined {
  const u = taker(use)
  const r = taker(result)
  const id = u.take('id', isString)
  const content = r.take('content', isPresent)
  if (id === undefined) return undefined
  for (const name of ['type', 'name']) delete u.rest[name]
  for (const name of ['type', 'tool_use_id']) delete r.rest[name]
  const input = taker((u.rest['input'] ?? {}) as Json)
  const query = input.take('query', isString)
  if (Object.keys(input.rest).length === 0) delete u.rest['input']
  else u.rest['input'] = input.rest

  const sources: SearchPart['sources'] = []
  const sealed: Json[] = []
  for (const item of isObjects(content) ? content : []) {
    const s = taker(item)
    const url = s.take('url', isString)
    if (url === undefined) return undefined
    const title = s.take('title', isString)
    if (s.rest['type'] === 'web_search_result') delete s.rest['type']
    // An empty one is ours: see `answerSearch`.
    if (s.rest['encrypted_content'] === '') delete s.rest['encrypted_content']
    sources.push({ url, ...(title !== undefined && { title }) })
    sealed.push(s.rest)
  }
  const kept: Json = {
    ...(Object.keys(u.rest).length > 0 && { use: u.rest }),
    ...(Object.keys(r.rest).length > 0 && { result: r.rest }),
    ...(sealed.some((rest) => Object.keys(rest).length > 0) && { results: sealed }),
    // An error stands in the place of the results.
    ...(content !== undefined && !isObjects(content) && { content }),
  }
  return {
    type: 'search',
    id,
    queries: query === undefined ? [] : [query],
    sources,
    ...(Object.keys(kept).length > 0 && { extras: { anthropic: kept } }),
  }
}

/** Gives signatures that were sent beside a tool call back to it. */
function settleCalls(parts: Part[]): Part[] {
  if (!parts.some(isCallSignature)) return parts
  const found = new Map<string, Signature>()
  for (const part of parts) {
    if (!isCallSignature(part)) continue
    const [issuer, id] = part.signature!.issuer.split(CALL_MARK) as [string, string]
    found.set(id, { ...part.signature!, issuer })
  }
  return parts
    .filter((part) => !isCallSignature(part))
    .map((part) => {
      const signature = part.type === 'tool-call' ? found.get(wireId(part.id)) : undefined
      return signature === undefined ? part : { ...(part as ToolCallPart), signature }
    })
}

function isCallSignature(part: Part): part is ReasoningPart {
  return part.type === 'reasoning' && part.signature?.issuer.includes(CALL_MARK) === true
}

function media(t: Taker, kind: 'image' | 'document'): Part | undefined {
  const source = decodeSource(t.rest['source'])
  if (source === undefined) return undefined
  delete t.rest['source']
  const name = kind === 'document' ? t.take('title', isString) : undefined
  return { type: 'media', kind, ...source, ...(name !== undefined && { name }), ...takeCache(t), ...t.extras() }
}

/** Undefined for sources the hub has no word for (`content`: a document of blocks). */
function decodeSource(wire: unknown): { source: MediaSource; mediaType?: string } | undefined {
  if (!isObject(wire)) return undefined
  const t = taker(wire)
  const type = t.take('type', isString)
  const mediaType = t.take('media_type', isString)
  const found = sourceOf(type, t)
  if (found === undefined || Object.keys(t.rest).length > 0) return undefined
  return { source: found, ...(mediaType !== undefined && { mediaType }) }
}

function sourceOf(type: string | undefined, t: Taker): MediaSource | undefined {
  if (type === 'base64') return some(t.take('data', isString), (data) => ({ type: 'base64', data }))
  if (type === 'text') return some(t.take('data', isString), (text) => ({ type: 'text', text }))
  if (type === 'url') return some(t.take('url', isString), (url) => ({ type: 'url', url }))
  if (type === 'file') return some(t.take('file_id', isString), (id) => ({ type: 'file', id }))
  return undefined
}

function isDirect(value: unknown): value is Json {
  return isObject(value) && value['type'] === 'direct' && Object.keys(value).length === 1
}

function isPlain(block: Json | undefined): block is { type: 'text'; text: string } {
  return block?.['type'] === 'text' && isString(block['text']) && Object.keys(block).length === 2
}

function some<T, R>(value: T | undefined, make: (value: T) => R): R | undefined {
  return value === undefined ? undefined : make(value)
}

/** A breakpoint of the known form; one with more to it (a scope) stays in the rest. */
export function takeCache(t: Taker): { cache?: CacheMark } {
  const mark = t.take('cache_control', isCacheMark)
  if (mark === undefined) return {}
  return { cache: mark.ttl === undefined ? {} : { ttl: mark.ttl } }
}

function isCacheMark(value: unknown): value is { type: 'ephemeral'; ttl?: '5m' | '1h' } {
  if (!isObject(value) || value['type'] !== 'ephemeral') return false
  const ttl = value['ttl']
  return (
    Object.keys(value).every((key) => key === 'type' || key === 'ttl') &&
    (ttl === undefined || ttl === '5m' || ttl === '1h')
  )
}

function isContent(value: unknown): value is string | Json[] {
  return isString(value) || isObjects(value)
}

const isPresent = (value: unknown): value is NonNullable<unknown> => value !== undefined && value !== null
