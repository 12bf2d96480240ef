/** Media parts: `inlineData` and `fileData` (https://ai.google.dev/api/caching#Part), and what kind a MIME type is. */
import { FailureError, failure } from '../../hub/failure.ts'
import type { MediaKind, MediaPart } from '../../hub/request.ts'
import type { Json } from '../codec.ts'
import { asObject } from '../json.ts'
import { needsFetching } from '../needs-bytes.ts'
import { defined, extrasOf, string, taker } from './fields.ts'

const KINDS: readonly [RegExp, MediaKind][] = [
  [/^image\//, 'image'],
  [/^audio\//, 'audio'],
  [/^video\//, 'video'],
]

/** What has no MIME type is told by its name's ending. */
const ENDINGS: readonly [RegExp, string][] = [
  [/\.jpe?g$/i, 'image/jpeg'],
  [/\.png$/i, 'image/png'],
  [/\.webp$/i, 'image/webp'],
  [/\.gif$/i, 'image/gif'],
  [/\.heic$/i, 'image/heic'],
  [/\.pdf$/i, 'application/pdf'],
  [/\.mp4$/i, 'video/mp4'],
  [/\.mp3$/i, 'audio/mp3'],
  [/\.wav$/i, 'audio/wav'],
  [/\.txt$/i, 'text/plain'],
]

/** Where nothing is told at all. */
const USUAL: Record<MediaKind, string> = {
  image: 'image/png',
  audio: 'audio/wav',
  video: 'video/mp4',
  document: 'application/pdf',
}

/** Names other dialects have for what Gemini calls otherwise. */
const MIME_ALIASES = new Map([
  ['image/jpg', 'image/jpeg'],
  ['audio/pcm16', 'audio/pcm'],
  ['audio/g711_ulaw', 'audio/basic'],
  ['audio/g711_alaw', 'audio/basic'],
  ['audio/mpga', 'audio/mpeg'],
])

export function kindOf(mediaType: string): MediaKind {
  return KINDS.find(([pattern]) => pattern.test(mediaType))?.[1] ?? 'document'
}

/** Reads a part with `inlineData` or `fileData`; undefined if it has neither. */
export function decodeMedia(part: Json): MediaPart | undefined {
  const outer = taker(part)
  const inline = asObject(part['inlineData'])
  if (inline !== undefined) {
    outer.take('inlineData')
    const data = taker(inline)
    const mediaType = string(data.take('mimeType'))
    const base64 = string(data.take('data')) ?? ''
    outer.put('inlineData', data.rest())
    return {
      type: 'media',
      kind: kindOf(mediaType ?? ''),
      source: { type: 'base64', data: base64 },
      ...defined({ mediaType }),
      ...extrasOf(outer.rest()),
    }
  }
  const file = asObject(part['fileData'])
  if (file === undefined) return undefined
  outer.take('fileData')
  const data = taker(file)
  const mediaType = string(data.take('mimeType'))
  const uri = string(data.take('fileUri')) ?? ''
  outer.put('fileData', data.rest())
  // The client said that Gemini itself can fetch it; whoever takes the request elsewhere sees a plain URL.
  const own = isGeminiFile(uri)
  if (!own) outer.put('$form', 'fileData')
  return {
    type: 'media',
    kind: kindOf(mediaType ?? typeByEnding(uri) ?? 'image/'),
    source: own ? { type: 'file', id: uri } : { type: 'url', url: uri },
    ...defined({ mediaType }),
    ...extrasOf(outer.rest()),
  }
}

/** What Gemini can read by reference: its Files API, Cloud Storage, YouTube. */
function isGeminiFile(uri: string): boolean {
  return /^(?:https:\/\/generativelanguage\.googleapis\.com\/|gs:\/\/|files\/)/.test(uri)
}

function isYouTube(uri: string): boolean {
  return /^https:\/\/(?:www\.|m\.)?(?:youtube\.com|youtu\.be)\//.test(uri)
}

function typeByEnding(uri: string): string | undefined {
  const path = uri.split(/[?#]/)[0]!
  return ENDINGS.find(([pattern]) => pattern.test(path))?.[1]
}

/** The type and base64 content of a `data:` URL (RFC 2397); undefined if it is none. */
function dataUrl(url: string): { mediaType: string | undefined; data: string } | undefined {
  const comma = url.indexOf(',')
  if (!/^data:/i.test(url) || comma === -1) return undefined
  const head = url.slice('data:'.length, comma)
  const content = url.slice(comma + 1)
  return {
    mediaType: head.split(';')[0] || undefined,
    data: /;\s*base64$/i.test(head) ? content : Buffer.from(percentDecoded(content)).toString('base64'),
  }
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Whether Gemini cannot reach a URL: it reads its own files and YouTube, and what its client said it can. */
export function needsBytes(url: string, part: MediaPart): boolean {
  return part.extras?.gemini?.['$form'] !== 'fileData' && !isGeminiFile(url) && !isYouTube(url)
}

/**
 * The wire part of a media part.
 * @throws {FailureError} `invalid-request` for what Gemini cannot reach: a URL of the open web, another vendor's file.
 */
export function encodeMedia(part: MediaPart): Json {
  const { inlineData, fileData, $form: _, ...rest } = (part.extras?.gemini ?? {}) as Json
  const { source } = part
  const mime = (fallback?: string): string => {
    const told = (part.mediaType ?? fallback ?? USUAL[part.kind]).toLowerCase()
    return MIME_ALIASES.get(told) ?? part.mediaType ?? told
  }
  const inline = (data: string, mimeType: string): Json => ({
    inlineData: { mimeType, data, ...asObject(inlineData) },
    ...rest,
  })
  const reference = (fileUri: string): Json => ({
    fileData: {
      ...defined({ mimeType: part.mediaType ?? typeByEnding(fileUri) }),
      fileUri,
      ...asObject(fileData),
    },
    ...rest,
  })
  switch (source.type) {
    case 'base64':
      return inline(source.data, mime())
    case 'text':
      return inline(Buffer.from(source.text).toString('base64'), mime('text/plain'))
    case 'file':
      if (isGeminiFile(source.id)) return reference(source.id)
      throw new FailureError(
        failure('invalid-request', `file "${source.id}" is kept by another provider; Gemini cannot read it`),
      )
    case 'url': {
      const held = dataUrl(source.url)
      if (held !== undefined) return inline(held.data, mime(held.mediaType))
      if (needsBytes(source.url, part)) throw needsFetching('Gemini', part.kind, source.url)
      return reference(source.url)
    }
  }
}
