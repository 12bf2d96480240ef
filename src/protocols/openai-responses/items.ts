/**
 * Items that are no messages, both ways: reasoning, calls, results, searches, images
 * (https://platform.openai.com/docs/api-reference/responses/create#responses-create-input). The same items come as output
 * and go back as input.
 */
import type {
  MediaPart,
  Part,
  ReasoningPart,
  SearchPart,
  Signature,
  ToolCallPart,
  ToolResultPart,
} from '../../hub/request.ts'
import { packSignature, unpackSignature } from '../../hub/signature.ts'
import { stringifyExact } from '../exact-json.ts'
import { asArray, asObject, isText, type Json } from '../json.ts'
import { decodeContent } from './content.ts'
import { ID, keep, notes, restOf, taker } from './own.ts'

const BREAK = '\n\n'

/** A part for items that are one; undefined for what the hub has no word for. */
export function decodeItem(item: Json): Part | undefined {
  switch (item['type']) {
    case 'reasoning':
      return decodeReasoning(item)
    case 'function_call':
    case 'custom_tool_call':
      return decodeCall(item)
    case 'function_call_output':
    case 'custom_tool_call_output':
      return decodeResult(item)
    case 'web_search_call':
      return decodeSearch(item)
    case 'image_generation_call':
      return decodeImageCall(item)
    default:
      return undefined
  }
}

/** What reasoning an item shows: raw `content` where there is some (open models), else the summary. */
export function reasoningTexts(item: Json): { texts: string[]; raw: boolean } {
  const shown = textsOf(item['content'])
  const raw = shown.some((text) => text !== '')
  return { texts: raw ? shown : textsOf(item['summary']), raw }
}

function textsOf(list: unknown): string[] {
  return asArray(list)
    .map((entry) => asObject(entry)?.['text'])
    .filter((text) => isText(text))
}

/** One item is one part, so that a sealed state stands beside all that it seals. Undefined if nothing can be read. */
export function decodeReasoning(item: Json): ReasoningPart | undefined {
  const { rest, drop } = taker(item)
  const { texts, raw } = reasoningTexts(item)
  const sealed = item['encrypted_content']
  const text = texts.join(BREAK)
  if (text === '' && !isText(sealed)) return undefined
  drop('type')
  drop(raw ? 'content' : 'summary')
  if (isText(sealed)) drop('encrypted_content')
  const breaks: number[] = []
  let at = 0
  for (const piece of texts.slice(0, -1)) {
    at += piece.length
    breaks.push(at)
    at += BREAK.length
  }
  return {
    type: 'reasoning',
    text,
    ...(isText(sealed) && { signature: unpackSignature(sealed, ID) }),
    ...keep({ ...rest, ...(raw && { $raw: true as const }), ...(breaks.length > 0 && { $breaks: breaks }) }),
  }
}

/** Writes reasoning; several parts are pieces of one summary. */
export function encodeReasoning(parts: readonly ReasoningPart[], sealed: string | undefined): Json {
  const first = parts[0] as ReasoningPart
  const rest = restOf(first)
  const texts = parts.flatMap(piecesOf).filter((text) => text !== '')
  const raw = notes(first).$raw === true
  return {
    type: 'reasoning',
    summary: raw ? [] : texts.map((text) => ({ type: 'summary_text', text })),
    ...(raw && { content: texts.map((text) => ({ type: 'reasoning_text', text })) }),
    ...rest,
    ...(sealed !== undefined && { encrypted_content: sealed }),
  }
}

/** The pieces of an item's text; where an edit moved the text, it stays in one piece from there. */
function piecesOf(part: ReasoningPart): string[] {
  const pieces: string[] = []
  let from = 0
  for (const at of notes(part).$breaks ?? []) {
    if (at < from || !part.text.startsWith(BREAK, at)) break
    pieces.push(part.text.slice(from, at))
    from = at + BREAK.length
  }
  pieces.push(part.text.slice(from))
  return pieces
}

/** The sealed state as this dialect's slot holds it. */
export function sealedOf(part: ReasoningPart): string | undefined {
  return part.signature === undefined ? undefined : packSignature(part.signature, ID)
}

/** Stands in an issuer's name before the id of the call a signature belongs to. */
const CALL_MARK = '#call:'

/**
 * A call has no slot for another vendor's state (Gemini signs its calls): it rides in an empty reasoning item behind the
 * call, marked with the call's id. Clients give reasoning back as it is.
 */
export function sealedCall({ id, signature }: Pick<ToolCallPart, 'id' | 'signature'>): string | undefined {
  return signature && packSignature({ ...signature, issuer: `${signature.issuer}${CALL_MARK}${id}` }, ID)
}

/** Whose call a signature belongs to, if it came so. */
export function callOf(signature: Signature): { id: string; signature: Signature } | undefined {
  const at = signature.issuer.indexOf(CALL_MARK)
  if (at === -1) return undefined
  const id = signature.issuer.slice(at + CALL_MARK.length)
  return { id, signature: { ...signature, issuer: signature.issuer.slice(0, at) } }
}

export function decodeCall(item: Json): ToolCallPart | undefined {
  const { rest, text, drop } = taker(item)
  const custom = item['type'] === 'custom_tool_call'
  drop('type')
  const name = text('name')
  if (name === undefined) return undefined
  const namespace = text('namespace')
  return {
    type: 'tool-call',
    id: callIdOf(item),
    name,
    ...(namespace !== undefined && { namespace }),
    input: inputOf(item, drop),
    ...(custom && { custom: true }),
    ...keep(without(rest, 'call_id')),
  }
}

/** A call's id; xAI leaves it empty in places, and then the item's own must do. */
export function callIdOf(item: Json): string {
  const { call_id, id } = item
  return isText(call_id) ? call_id : typeof id === 'string' ? id : ''
}

function inputOf(item: Json, drop: (name: string) => void): string {
  const field = item['type'] === 'custom_tool_call' ? 'input' : 'arguments'
  const value = item[field]
  drop(field)
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : stringifyExact(value)
}

function without(object: Json, name: string): Json {
  const { [name]: _, ...rest } = object
  return rest
}

export function encodeCall({ id, name, namespace, input, custom, ...node }: Omit<ToolCallPart, 'type'>): Json {
  const space = namespace !== undefined && { namespace }
  return custom
    ? { type: 'custom_tool_call', call_id: id, name, ...space, input, ...restOf(node) }
    : { type: 'function_call', call_id: id, name, ...space, arguments: input === '' ? '{}' : input, ...restOf(node) }
}

function decodeResult(item: Json): ToolResultPart {
  const { rest, text, drop } = taker(item)
  const custom = item['type'] === 'custom_tool_call_output'
  drop('type')
  const callId = text('call_id') ?? ''
  const output = item['output']
  drop('output')
  const list = Array.isArray(output)
  const parts = list
    ? output.map((entry) => decodeContent(entry, 'input_text'))
    : [{ type: 'text' as const, text: typeof output === 'string' ? output : stringifyExact(output ?? '') }]
  // One text alone is written as a string unless it came as a list.
  const asList = list && parts.length === 1 && parts[0]?.type === 'text'
  return {
    type: 'tool-result',
    callId,
    parts: !list && output === '' ? [] : parts,
    ...(custom && { custom: true }),
    ...keep({
      ...rest,
      ...(asList && { $list: true as const }),
      ...(list && parts.length === 0 && { $content: 'empty' as const }),
    }),
  }
}

/** A finished search; other actions of the hosted tool (opening a page, looking in it) stay native. */
export function decodeSearch(item: Json): SearchPart | undefined {
  const { rest, text, object, drop } = taker(item)
  const action = object('action')
  if (action !== undefined && action['type'] !== 'search') return undefined
  drop('type')
  const id = text('id') ?? ''
  const { queries, query, sources, ...more } = action ?? {}
  const asked = Array.isArray(queries) ? queries.filter(isText) : isText(query) ? [query] : []
  const found = asArray(sources).flatMap((source) => {
    const { url, title } = asObject(source) ?? {}
    return typeof url === 'string' ? [{ url, ...(typeof title === 'string' && { title }) }] : []
  })
  const others = asArray(sources).filter((source) => typeof asObject(source)?.['url'] !== 'string')
  const forms = ['queries', 'query', 'sources'].filter((name) => action?.[name] !== undefined)
  return {
    type: 'search',
    id,
    queries: asked,
    sources: found,
    ...keep({
      ...rest,
      $action:
        action === undefined
          ? null
          : {
              ...more,
              forms,
              ...(others.length > 0 && { others }),
              ...(isText(query) && query !== asked[0] && { query }),
            },
    }),
  }
}

/** Writes a search; `id` as this dialect names it. */
export function encodeSearch(part: SearchPart, id: string): Json {
  const kept = notes(part).$action
  const { queries } = part
  const sources = part.sources.map((source) => ({ type: 'url', ...source }))
  const head = { type: 'web_search_call', id }
  if (kept === null) return { ...head, ...restOf(part) }
  if (kept === undefined) {
    const action = {
      type: 'search',
      query: queries[0] ?? '',
      queries,
      ...(sources.length > 0 && { sources }),
    }
    return { ...head, status: 'completed', action, ...restOf(part) }
  }
  const { forms, others, query, ...more } = kept
  const had = (name: string) => (forms as string[]).includes(name)
  const action = {
    ...more,
    ...(had('queries') && { queries }),
    ...(had('query') && { query: query ?? queries[0] ?? '' }),
    ...(had('sources') && { sources: [...sources, ...asArray(others)] }),
  }
  return { ...head, action, ...restOf(part) }
}

/** A made image; undefined while it is only named. */
export function decodeImageCall(item: Json): MediaPart | undefined {
  const { rest, text, drop } = taker(item)
  const data = text('result')
  if (data === undefined || data === '') return undefined
  drop('type')
  const format = item['output_format']
  return {
    type: 'media',
    kind: 'image',
    source: { type: 'base64', data },
    mediaType: typeof format === 'string' ? `image/${format}` : sniffed(data),
    ...keep({ ...rest, $item: { type: 'image_generation_call' } }),
  }
}

/** Base64 of the first bytes of a picture. */
const MAGIC: readonly [string, string][] = [
  ['/9j/', 'image/jpeg'],
  ['UklG', 'image/webp'],
  ['R0lG', 'image/gif'],
]

function sniffed(data: string): string {
  return MAGIC.find(([head]) => data.startsWith(head))?.[1] ?? 'image/png'
}

/** Writes a picture the model made; only its bytes can be said. */
export function encodeImageCall(part: MediaPart, id: string): Json | undefined {
  if (part.source.type !== 'base64') return undefined
  const made = notes(part).$item !== undefined
  return {
    type: 'image_generation_call',
    id,
    ...(!made && { status: 'completed', output_format: (part.mediaType ?? 'image/png').replace(/^image\//, '') }),
    ...restOf(part),
    result: part.source.data,
  }
}
