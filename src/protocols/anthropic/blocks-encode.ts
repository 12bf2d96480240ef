/** Parts → content blocks of a request, as strictly as the API takes them (https://docs.claude.com/en/api/messages). */
import { FailureError, failure } from '../../hub/failure.ts'
import type { MediaPart, Part, ReasoningPart, SearchPart, ToolCallPart, ToolResultPart } from '../../hub/request.ts'
import { parseExact } from '../exact-json.ts'
import type { Json } from '../json.ts'
import { WEB_SEARCH } from './blocks-decode.ts'
import { ownCitation } from './citations.ts'
import { isObject, type Losses, note, noted, own } from './take.ts'
import { cacheControl } from './tools.ts'

/** Where a part stands. */
export interface BlockPlace {
  role: 'user' | 'assistant' | 'result'
  /** The request was said in this dialect. */
  home: boolean
  /** For losses: `messages.3`. */
  path: string
  losses: Losses
}

/**
 * The blocks that say a part; none where nothing can.
 * @throws {FailureError} for a file another vendor keeps: an answer that never saw it would be worse than none.
 */
export function encodePart(part: Part, place: BlockPlace): Json[] {
  switch (part.type) {
    case 'text': {
      // Recorded: a blank text is refused from the user, but not from the assistant.
      if ((place.role === 'assistant' ? part.text : part.text.trim()) === '') return []
      const citations = (part.citations ?? []).flatMap((citation) => ownCitation(citation) ?? [])
      if (citations.length < (part.citations?.length ?? 0)) {
        place.losses.add(`${place.path}.citations`, 'only its own can be given back')
      }
      return [
        {
          ...own(part),
          type: 'text',
          text: part.text,
          ...(citations.length > 0 && { citations }),
          ...cacheControl(part.cache),
        },
      ]
    }
    case 'refusal':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }]
    case 'media':
      return [encodeMedia(part, place)]
    case 'reasoning':
      return encodeReasoning(part, place)
    case 'tool-call':
      return [encodeCall(part, place)]
    case 'tool-result':
      return [encodeResult(part, place)]
    case 'search':
      return encodeSearch(part, place)
    case 'native':
      return part.protocol === 'anthropic' ? [part.value as Json] : []
  }
}

/** Thoughts return only signed, and only to the one who signed them. */
function encodeReasoning(part: ReasoningPart, { path, losses }: BlockPlace): Json[] {
  const { signature } = part
  if (signature === undefined || signature.issuer !== 'anthropic') {
    losses.add(`${path}.reasoning`, 'thoughts without a signature of the vendor are refused')
    return []
  }
  if (signature.redacted) return [{ ...own(part), type: 'redacted_thinking', data: signature.value }]
  return [{ ...own(part), type: 'thinking', thinking: part.text, signature: signature.value }]
}

function encodeCall(part: ToolCallPart, { path, losses }: BlockPlace): Json {
  if (part.signature !== undefined) losses.add(`${path}.signature`, 'a tool call bears none')
  return {
    ...own(part),
    ...callerOf(part),
    type: 'tool_use',
    id: part.id,
    name: part.name,
    input: callInput(part),
    ...cacheControl(part.cache),
  }
}

/** What the API said of who made a call. */
export function callerOf(part: ToolCallPart): Json {
  const caller = note(part, '$caller')
  return caller === undefined ? {} : { caller }
}

/** The input as the object the wire wants; text that spells none is wrapped. */
export function callInput({ input, custom }: Pick<ToolCallPart, 'input' | 'custom'>): Json {
  if (custom) return { input }
  if (input.trim() === '') return {}
  try {
    const value = parseExact(input)
    return isObject(value) ? value : { _raw: input }
  } catch {
    return { _raw: input }
  }
}

function encodeResult(part: ToolResultPart, place: BlockPlace): Json {
  const blocks = part.parts.flatMap((inner) => encodePart(inner, { ...place, role: 'result' }))
  // The API refuses an error that says nothing, and one with anything but text.
  if (part.failed && blocks.length === 0) blocks.push({ type: 'text', text: 'Error' })
  const wordy = !place.home && part.failed && blocks.some((block) => block['type'] !== 'text')
  if (wordy) blocks.unshift({ type: 'text', text: 'Error:' })
  const content = noted(part, '$list') ? blocks : plainText(blocks)
  return {
    ...own(part),
    type: 'tool_result',
    tool_use_id: part.callId,
    ...(content !== undefined && { content }),
    ...(part.failed !== undefined && !wordy && { is_error: part.failed }),
    ...cacheControl(part.cache),
  }
}

/** A single plain text as a string, no block as undefined, and anything else as it is. */
export function plainText(blocks: Json[]): string | Json[] | undefined {
  if (blocks.length === 0) return undefined
  const [block] = blocks as [Json]
  if (blocks.length > 1 || block['type'] !== 'text' || Object.keys(block).length > 2) return blocks
  return block['text'] as string
}

const IMAGES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])
const TEXTUAL = /^(?:text\/|application\/(?:json|xml|yaml|x-yaml|javascript|x-sh|toml)\b)/

/** First characters of the base64 of each kind of image. */
const MAGIC: [string, string][] = [
  ['iVBORw', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
]

function encodeMedia(part: MediaPart, place: BlockPlace): Json {
  if (noted(part, '$search') && part.source.type === 'text') {
    const title = part.name !== undefined && { title: part.name }
    const content = [{ type: 'text', text: part.source.text }]
    return { ...own(part), type: 'search_result', ...title, content, ...cacheControl(part.cache) }
  }
  const { path, losses, role } = place
  const source = role === 'assistant' ? undefined : sourceOf(part, place)
  if (source === undefined) {
    losses.add(`${path}.${part.kind}`, `no place for ${part.mediaType ?? `this ${part.kind}`}`)
    const what = [part.kind, part.name ?? part.mediaType].filter(Boolean).join(' ')
    return { type: 'text', text: `[${what}: left out, it cannot be passed on here]`, ...cacheControl(part.cache) }
  }
  if (part.detail !== undefined && part.detail !== 'auto') losses.add(`${path}.detail`, 'images have one resolution')
  if (part.kind === 'image') {
    if (part.name !== undefined) losses.add(`${path}.name`, 'images have no name')
    return { ...own(part), type: 'image', source, ...cacheControl(part.cache) }
  }
  return {
    ...own(part),
    type: 'document',
    source,
    ...(part.name !== undefined && { title: part.name }),
    ...cacheControl(part.cache),
  }
}

function sourceOf({ kind, source, mediaType }: MediaPart, { home, path }: BlockPlace): Json | undefined {
  if (kind !== 'image' && kind !== 'document') return undefined
  switch (source.type) {
    case 'url':
      return home || /^https?:/i.test(source.url) ? { type: 'url', url: source.url } : undefined
    case 'file':
      if (home) return { type: 'file', file_id: source.id }
      throw new FailureError(
        failure('invalid-request', `The file ${source.id} is kept by another provider; send its content instead.`, {
          param: path,
        }),
      )
    case 'text':
      return kind === 'document' ? { type: 'text', media_type: 'text/plain', data: source.text } : undefined
    case 'base64': {
      const type = bare(mediaType) ?? MAGIC.find(([start]) => source.data.startsWith(start))?.[1]
      // Gemini also writes base64 in the alphabet for URLs.
      const standard = home ? source.data : source.data.replaceAll('-', '+').replaceAll('_', '/')
      const data = { type: 'base64', media_type: type, data: standard }
      if (home)
        return mediaType === undefined ? { type: 'base64', data: source.data } : { ...data, media_type: mediaType }
      if (kind === 'image') return type !== undefined && IMAGES.has(type) ? data : undefined
      if (type === 'application/pdf' || (type === undefined && source.data.startsWith('JVBERi')))
        return { ...data, media_type: 'application/pdf' }
      if (type === undefined || !TEXTUAL.test(type)) return undefined
      return { type: 'text', media_type: 'text/plain', data: Buffer.from(source.data, 'base64').toString('utf8') }
    }
  }
}

/** `image/jpg; charset=x` → `image/jpeg`. */
function bare(mediaType: string | undefined): string | undefined {
  const type = mediaType?.split(';')[0]?.trim().toLowerCase()
  return type === 'image/jpg' ? 'image/jpeg' : type || undefined
}

/** A search of the vendor's own, its sealed results with it; one of another vendor has none and would be refused. */
function encodeSearch(part: SearchPart, { path, losses }: BlockPlace): Json[] {
  const kept = own(part)
  if (kept === undefined) {
    losses.add(`${path}.search`, 'only its own searches can be given back')
    return []
  }
  return searchBlocks(part, part.id)
}

/** The two blocks of a search. */
export function searchBlocks(part: Pick<SearchPart, 'queries' | 'sources' | 'extras'>, id: string): [Json, Json] {
  const { use, result, results, content } = (own(part) ?? {}) as {
    use?: Json
    result?: Json
    results?: Json[]
    content?: unknown
  }
  const input = {
    ...(isObject(use?.['input']) ? use['input'] : {}),
    ...(part.queries.length > 0 && { query: part.queries.join('; ') }),
  }
  const list = part.sources.map(({ url, title }, i) => ({
    type: 'web_search_result',
    url,
    ...(title !== undefined && { title }),
    ...results?.[i],
  }))
  return [
    { ...use, type: 'server_tool_use', id, name: WEB_SEARCH, input },
    { ...result, type: 'web_search_tool_result', tool_use_id: id, content: content ?? list },
  ]
}
