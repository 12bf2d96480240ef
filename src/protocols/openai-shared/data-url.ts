/** Media as OpenAI's dialects write it: data URLs, audio formats, file names. */

export interface DataUrl {
  mediaType: string
  data: string
}

const DATA_URL = /^data:([^;,]+);base64,/

/** Reads `data:<type>;base64,<data>`; undefined for every other URL, and for data URLs of other forms. */
export function parseDataUrl(url: string): DataUrl | undefined {
  const head = DATA_URL.exec(url.length > 256 ? url.slice(0, 256) : url)
  return head === null ? undefined : { mediaType: head[1] as string, data: url.slice(head[0].length) }
}

/** Writes one. Gemini's clients may use the URL-safe alphabet, which OpenAI refuses. */
export function dataUrl(mediaType: string, data: string): string {
  const plain = /[-_]/.test(data) ? data.replaceAll('-', '+').replaceAll('_', '/') : data
  return `data:${mediaType};base64,${plain}`
}

/** What `input_audio.format` means; what is not here is `audio/<format>`. */
const AUDIO_TYPES: Record<string, string> = { mp3: 'audio/mpeg', pcm16: 'audio/pcm', g711_ulaw: 'audio/basic' }
const AUDIO_FORMATS: Record<string, string> = {
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/wave': 'wav',
  'audio/x-wav': 'wav',
  'audio/pcm': 'pcm16',
  'audio/basic': 'g711_ulaw',
}

export function audioType(format: string): string {
  return AUDIO_TYPES[format] ?? `audio/${format}`
}

export function audioFormat(mediaType: string | undefined): string {
  if (mediaType === undefined) return 'wav'
  const bare = mediaType.split(';')[0] as string
  return AUDIO_FORMATS[bare] ?? bare.replace(/^audio\//, '')
}

const EXTENSIONS: Record<string, string> = {
  'application/pdf': 'pdf',
  'text/plain': 'txt',
  'text/markdown': 'md',
  'text/html': 'html',
  'text/csv': 'csv',
  'application/json': 'json',
}

/** A name for a file nobody named: OpenAI asks for one beside `file_data`. */
export function fileName(mediaType: string): string {
  return `file.${EXTENSIONS[mediaType] ?? 'bin'}`
}

/** The MIME type a file's name tells. */
export function typeOfName(name: string | undefined): string | undefined {
  const extension = name === undefined ? undefined : /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase()
  return Object.entries(EXTENSIONS).find(([, e]) => e === extension)?.[0]
}
