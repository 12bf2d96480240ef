/**
 * Content parts ↔ hub parts (https://platform.openai.com/docs/api-reference/chat/create, `messages[].content[]`), with the
 * parts compatible upstreams added: `video_url` (OpenRouter, Qwen), `thinking` (Mistral), `cache_control` (OpenRouter).
 */
import { FailureError, failure } from '../../hub/failure.ts'
import type { Loss } from '../../hub/loss.ts'
import type { CacheMark, MediaPart, MediaSource, Part } from '../../hub/request.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { needsFetching } from '../needs-bytes.ts'
import { audioFormat, audioType, dataUrl, fileName, parseDataUrl } from '../openai-shared/data-url.ts'
import { ownFile } from '../openai-shared/files.ts'
import { type Form, ownRest, restOf } from './rest.ts'

const TEXT = new Set(['type', 'text', 'cache_control'])
const IMAGE = new Set(['type', 'image_url', 'cache_control'])
const VIDEO = new Set(['type', 'video_url', 'cache_control'])
const AUDIO = new Set(['type', 'input_audio', 'cache_control'])
const FILE = new Set(['type', 'file', 'cache_control'])

const str = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A prompt cache breakpoint as OpenRouter spells it. */
export function cacheOf(wire: Json, form: Form): { cache?: CacheMark } {
  const mark = asObject(wire['cache_control'])
  if (mark === undefined) return {}
  form.add('cache_control')
  return { cache: mark['ttl'] === '1h' || mark['ttl'] === '5m' ? { ttl: mark['ttl'] } : {} }
}

/** The mark on the wire, for upstreams whose client used it. */
export function cacheControl(cache: CacheMark | undefined, form: ReadonlySet<string>): Json {
  if (cache === undefined || !form.has('cache_control')) return {}
  return { cache_control: { type: 'ephemeral', ...cache } }
}

/** A URL, or the bytes if it is one that holds them. */
export function urlSource(url: string): { source: MediaSource; mediaType?: string } {
  const found = parseDataUrl(url)
  if (found === undefined) return { source: { type: 'url', url } }
  return { source: { type: 'base64', data: found.data }, mediaType: found.mediaType }
}

/** PDF is what a file without a type is; its base64 has this beginning. */
const PDF = /^JVBERi/

/**
 * `content` as hub parts: a string is one text part, empty and null content none.
 * @throws {FailureError} when it is neither text nor a list.
 */
export function decodeContent(content: unknown, path: string, form: Form): Part[] {
  if (content === null || content === undefined || content === '') return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content))
    throw new FailureError(failure('invalid-request', `${path} must be a string or an array`, { param: path }))
  return content.flatMap((raw) => {
    if (typeof raw === 'string') return raw === '' ? [] : [{ type: 'text' as const, text: raw }]
    const wire = asObject(raw)
    return wire === undefined ? [] : decodePart(wire, form)
  })
}

function decodePart(wire: Json, form: Form): Part[] {
  const cache = cacheOf(wire, form)
  switch (wire['type'] ?? (typeof wire['text'] === 'string' ? 'text' : undefined)) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return [{ type: 'text', text: str(wire['text']), ...cache, ...restOf(wire, TEXT) }]
    case 'refusal':
      return [{ type: 'refusal', text: str(wire['refusal']) }]
    // Some clients use the Responses dialect's words here.
    case 'input_image':
    case 'image_url': {
      const image = asObject(wire['image_url'])
      const url = str(image?.['url'] ?? wire['image_url'])
      const detail = image?.['detail']
      return [
        {
          type: 'media',
          kind: 'image',
          ...urlSource(url),
          ...(typeof detail === 'string' && { detail }),
          ...cache,
          ...restOf(wire, IMAGE),
        },
      ]
    }
    case 'video_url': {
      const url = str(asObject(wire['video_url'])?.['url'] ?? wire['video_url'])
      form.add('video_url')
      return [{ type: 'media', kind: 'video', ...urlSource(url), ...cache, ...restOf(wire, VIDEO) }]
    }
    case 'input_audio': {
      const audio = asObject(wire['input_audio'])
      const whole = parseDataUrl(str(audio?.['data']))
      return [
        {
          type: 'media',
          kind: 'audio',
          source: { type: 'base64', data: whole?.data ?? str(audio?.['data']) },
          mediaType: audioType(str(audio?.['format']) || 'wav'),
          ...cache,
          ...restOf(wire, AUDIO),
        },
      ]
    }
    case 'file':
      return [{ ...decodeFile(asObject(wire['file']) ?? {}, form), ...cache, ...restOf(wire, FILE) }]
    case 'thinking': {
      const text = thinkingText(wire)
      return text === '' ? [] : [{ type: 'reasoning', text }]
    }
    default:
      return [{ type: 'native', protocol: 'openai-chat', value: wire }]
  }
}

/** Mistral's thinking chunk: a list of text chunks, or a string. */
export function thinkingText(wire: Json): string {
  const thinking = wire['thinking']
  if (typeof thinking === 'string') return thinking
  return asArray(thinking)
    .map((item) => str(asObject(item)?.['text']))
    .join('')
}

function decodeFile(file: Json, form: Form): MediaPart {
  const name = str(file['filename'])
  const named = name === '' ? {} : { name }
  if (typeof file['file_id'] === 'string')
    return { type: 'media', kind: 'document', source: { type: 'file', id: file['file_id'] }, ...named }
  const data = str(file['file_data'])
  if (/^https?:/.test(data)) {
    form.add('file_url')
    return { type: 'media', kind: 'document', source: { type: 'url', url: data }, ...named }
  }
  const found = data.startsWith('data:') ? urlSource(data) : undefined
  if (found !== undefined) return { type: 'media', kind: kindOf(found.mediaType), ...found, ...named }
  return {
    type: 'media',
    kind: 'document',
    source: { type: 'base64', data },
    ...(PDF.test(data) && { mediaType: 'application/pdf' }),
    ...named,
  }
}

function kindOf(mediaType: string | undefined): MediaPart['kind'] {
  const found = /^(audio|video)\//.exec(mediaType ?? '')
  return found === null ? 'document' : (found[1] as 'audio' | 'video')
}

const TITLE = 'OpenAI Chat Completions'

/** Whether media must come as data: audio and files. */
export function needsBytes(url: string, { kind }: MediaPart): boolean {
  return kind === 'audio' || (kind === 'document' && !url.startsWith('data:'))
}

/** Says a part of a user's or system's content; undefined, with a loss, for what has no words here. */
export function encodePart(part: Part, path: string, form: ReadonlySet<string>, losses: Loss[]): Json | undefined {
  switch (part.type) {
    case 'text': {
      const rest = ownRest(part)
      return { type: 'text', text: part.text, ...cacheControl(part.cache, form), ...rest }
    }
    case 'refusal':
      return { type: 'text', text: part.text }
    case 'media': {
      const wire = encodeMedia(part, path, form, losses)
      return wire && { ...wire, ...cacheControl(part.cache, form), ...ownRest(part) }
    }
    case 'native':
      return part.protocol === 'openai-chat' ? (part.value as Json) : undefined
    default:
      return undefined
  }
}

function encodeMedia(part: MediaPart, path: string, form: ReadonlySet<string>, losses: Loss[]): Json | undefined {
  const { source } = part
  const lost = (reason: string): undefined => {
    losses.push({ field: path, reason })
    return undefined
  }
  if (source.type === 'text') return { type: 'text', text: named(part, source.text) }
  if (source.type === 'file')
    return part.kind === 'document'
      ? { type: 'file', file: { file_id: ownFile(source.id, path) } }
      : lost('a file the vendor keeps cannot be named here')
  switch (part.kind) {
    case 'image': {
      const url = urlOf(part, 'image/png')
      return { type: 'image_url', image_url: { url, ...(part.detail !== undefined && { detail: part.detail }) } }
    }
    case 'video':
      // OpenRouter's word; OpenAI refuses the whole request for it.
      if (!form.has('video_url')) return lost('chat completions take no video')
      return { type: 'video_url', video_url: { url: urlOf(part, 'video/mp4') } }
    case 'audio':
      if (source.type === 'url') throw needsFetching(TITLE, part.kind, source.url, path)
      return { type: 'input_audio', input_audio: { data: source.data, format: audioFormat(part.mediaType) } }
    case 'document': {
      const type = part.mediaType?.split(';')[0] ?? ''
      // Only PDFs pass as files; a text document is text.
      if (source.type === 'base64' && type.startsWith('text/'))
        return { type: 'text', text: named(part, Buffer.from(source.data, 'base64').toString('utf8')) }
      if (!form.has('file_url') && source.type === 'url' && needsBytes(source.url, part))
        throw needsFetching(TITLE, part.kind, source.url, path)
      const filename = part.name ?? fileName(type || 'application/pdf')
      return { type: 'file', file: { file_data: urlOf(part, 'application/pdf'), filename } }
    }
  }
}

/** A text document that travels as text keeps its name in its first line. */
function named({ name }: MediaPart, text: string): string {
  return name === undefined ? text : `${name}:\n${text}`
}

/** The source as a URL. */
export function urlOf({ source, mediaType }: Pick<MediaPart, 'source' | 'mediaType'>, fallback: string): string {
  if (source.type === 'base64') return dataUrl(mediaType ?? fallback, source.data)
  return source.type === 'url' ? source.url : ''
}
