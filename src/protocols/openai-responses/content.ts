/** Content parts of messages and tool outputs (https://platform.openai.com/docs/api-reference/responses/create). */
import type { Citation, MediaPart, NativePart, Part, RefusalPart, TextPart } from '../../hub/request.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { needsFetching } from '../needs-bytes.ts'
import { audioFormat, audioType, dataUrl, fileName, parseDataUrl, typeOfName } from '../openai-shared/data-url.ts'
import { ownFile } from '../openai-shared/files.ts'
import { ID, keep, notes, restOf, taker } from './own.ts'

/** The `type` of text at a place: what goes in is `input_text`, what the model said `output_text`. */
export type TextType = 'input_text' | 'output_text'

type Decode = (part: Json, usual: TextType) => Part | undefined

const DECODERS: Record<string, Decode> = {
  input_text: decodeText,
  output_text: decodeText,
  text: decodeText,
  refusal: decodeRefusal,
  input_image: decodeImage,
  input_file: decodeFile,
  input_audio: decodeAudio,
}

/** Reads one content part; what is not understood stays native. */
export function decodeContent(value: unknown, usual: TextType): Part {
  const part = asObject(value)
  const decoded = part && typeof part['type'] === 'string' ? DECODERS[part['type']]?.(part, usual) : undefined
  return decoded ?? ({ type: 'native', protocol: ID, value } satisfies NativePart)
}

function decodeText(part: Json, usual: TextType): TextPart | undefined {
  const { rest, text, drop } = taker(part)
  const words = text('text')
  if (words === undefined) return undefined
  const type = part['type'] as string
  drop('type')
  const annotations = asArray(part['annotations'])
  const citations = annotations.map(decodeCitation).filter((c) => c !== undefined)
  // An empty list stays: it tells that annotations were written at all.
  if (Array.isArray(part['annotations'])) rest['annotations'] = annotations.filter((a) => !isUrlCitation(a))
  return {
    type: 'text',
    text: words,
    ...(citations.length > 0 && { citations }),
    ...keep({ ...rest, ...(type !== usual && { $type: type }) }),
  }
}

function isUrlCitation(value: unknown): boolean {
  return asObject(value)?.['type'] === 'url_citation'
}

/** A `url_citation`; other annotations point into files only OpenAI has. */
export function decodeCitation(value: unknown): Citation | undefined {
  const annotation = asObject(value)
  if (annotation === undefined || !isUrlCitation(annotation)) return undefined
  const { rest, text, number, drop } = taker(annotation)
  drop('type')
  const [url, title, start, end] = [text('url'), text('title'), number('start_index'), number('end_index')]
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    ...keep(rest),
  }
}

/** Undefined where a citation has no address: this dialect cannot say it. */
export function encodeCitation(citation: Citation): Json | undefined {
  const { url, title, start, end } = citation
  if (url === undefined) return undefined
  return {
    type: 'url_citation',
    ...(start !== undefined && { start_index: start }),
    ...(end !== undefined && { end_index: end }),
    url,
    ...(title !== undefined && { title }),
    ...restOf(citation),
  }
}

export function encodeText(part: TextPart, usual: TextType): Json {
  const rest = restOf(part)
  const citations = (part.citations ?? []).map(encodeCitation).filter((c) => c !== undefined)
  return {
    type: notes(part).$type ?? usual,
    ...rest,
    ...(citations.length > 0 && { annotations: [...citations, ...asArray(rest['annotations'])] }),
    text: part.text,
  }
}

function decodeRefusal(part: Json): RefusalPart | undefined {
  const { rest, text, drop } = taker(part)
  const words = text('refusal')
  drop('type')
  return words === undefined ? undefined : { type: 'refusal', text: words, ...keep(rest) }
}

export function encodeRefusal(part: RefusalPart): Json {
  return { type: 'refusal', ...restOf(part), refusal: part.text }
}

function decodeImage(part: Json): MediaPart | undefined {
  const { rest, text, object, drop } = taker(part)
  drop('type')
  // Some clients nest the URL as chat completions do.
  const url = text('image_url') ?? (asObject(part['image_url']) ? asText(object('image_url')?.['url']) : undefined)
  const data = url === undefined ? undefined : parseDataUrl(url)
  const id = url === undefined ? text('file_id') : undefined
  const detail = text('detail')
  const source =
    data !== undefined
      ? { type: 'base64' as const, data: data.data }
      : url !== undefined
        ? { type: 'url' as const, url }
        : id !== undefined
          ? { type: 'file' as const, id }
          : undefined
  if (source === undefined) return undefined
  return {
    type: 'media',
    kind: 'image',
    source,
    ...(data !== undefined && { mediaType: data.mediaType }),
    ...(detail !== undefined && { detail }),
    ...keep(rest),
  }
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function decodeFile(part: Json): MediaPart | undefined {
  const { rest, text, drop } = taker(part)
  drop('type')
  // Beside a URL or an id a file name may be refused, so there it is no title but a field like any other.
  const bytes = text('file_data')
  if (bytes !== undefined) {
    const name = text('filename')
    const data = parseDataUrl(bytes)
    const mediaType = data?.mediaType ?? typeOfName(name)
    return {
      type: 'media',
      kind: 'document',
      source: { type: 'base64', data: data?.data ?? bytes },
      ...(mediaType !== undefined && { mediaType }),
      ...(name !== undefined && { name }),
      ...keep(data === undefined ? { ...rest, $raw: true } : rest),
    }
  }
  const url = text('file_url')
  if (url !== undefined) return { type: 'media', kind: 'document', source: { type: 'url', url }, ...keep(rest) }
  const id = text('file_id')
  if (id !== undefined) return { type: 'media', kind: 'document', source: { type: 'file', id }, ...keep(rest) }
  return undefined
}

function decodeAudio(part: Json): MediaPart | undefined {
  const { rest, drop } = taker(part)
  drop('type')
  const audio = asObject(part['input_audio'])
  const [data, format] = [audio?.['data'], audio?.['format']]
  if (typeof data !== 'string') return undefined
  drop('input_audio')
  return {
    type: 'media',
    kind: 'audio',
    source: { type: 'base64', data },
    ...(typeof format === 'string' && { mediaType: audioType(format) }),
    ...keep(rest),
  }
}

/** Whether media must come as data: audio. */
export function needsBytes(_: string, { kind }: MediaPart): boolean {
  return kind === 'audio'
}

/**
 * Media as something that goes in; undefined for what this dialect has no form for.
 * @throws {FailureError} `invalid-request` for audio at a URL.
 */
export function encodeMedia(part: MediaPart): Json | undefined {
  switch (part.kind) {
    case 'image':
      return encodeImage(part)
    case 'document':
      return encodeFile(part)
    case 'audio':
      if (part.source.type === 'url') throw needsFetching('OpenAI Responses', part.kind, part.source.url)
      return part.source.type === 'base64'
        ? {
            type: 'input_audio',
            input_audio: { data: part.source.data, format: audioFormat(part.mediaType) },
            ...restOf(part),
          }
        : undefined
    case 'video':
      return undefined
  }
}

function encodeImage(part: MediaPart): Json | undefined {
  const { source, mediaType = 'image/png', detail } = part
  const rest = { ...restOf(part), ...(detail !== undefined && { detail }) }
  switch (source.type) {
    case 'base64':
      return { type: 'input_image', image_url: dataUrl(mediaType, source.data), ...rest }
    case 'url':
      return { type: 'input_image', image_url: source.url, ...rest }
    case 'file':
      return { type: 'input_image', file_id: ownFile(source.id), ...rest }
    case 'text':
      return undefined
  }
}

function encodeFile(part: MediaPart): Json {
  const { source, name } = part
  const rest = restOf(part)
  switch (source.type) {
    case 'base64': {
      const mediaType = part.mediaType ?? 'application/pdf'
      if (notes(part).$raw)
        return { type: 'input_file', ...(name !== undefined && { filename: name }), ...rest, file_data: source.data }
      return {
        type: 'input_file',
        filename: name ?? fileName(mediaType),
        ...rest,
        file_data: dataUrl(mediaType, source.data),
      }
    }
    case 'url':
      return { type: 'input_file', ...rest, file_url: source.url }
    case 'file':
      return { type: 'input_file', ...rest, file_id: ownFile(source.id) }
    // Every endpoint takes text; files of text only some.
    case 'text':
      return { type: 'input_text', text: name === undefined ? source.text : `${name}:\n${source.text}` }
  }
}
