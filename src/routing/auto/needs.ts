/** What a request needs of the model that answers it, read from its bytes without parsing it. */
import type { ProtocolId } from '../../hub/protocol-id.ts'
import type { ReasoningDepth } from '../../hub/reasoning.ts'
import type { MediaInput } from '../../providers/provider.ts'
import { peek, type Span } from '../../wire/peek.ts'
import type { Prompt } from '../classify/index.ts'

/** Looked for only when somebody asks, and once: a search through a megabyte takes longer than all the rest. */
export interface Needs {
  has(kind: MediaInput): boolean
  readonly tools: boolean
  /** An answer that holds to a JSON schema. */
  readonly schema: boolean
  /** The client asks for it by name, field or suffix. */
  readonly reasoning: boolean
  /** About how many tokens the request takes. */
  readonly tokens: number
  /** It takes no more than that. */
  readonly tokensAtMost: number
}

/** Members of a body, in any dialect, by which clients ask for reasoning. */
export const REASONING_FIELDS = ['reasoning_effort', 'reasoning', 'thinking', 'generationConfig'] as const

export interface NeedsInput {
  /** Dialect of the body. */
  protocol: ProtocolId
  body: Buffer
  prompt: Prompt
  /** What the model's name asks for: `auto(high)`. */
  depth?: ReasoningDepth
  /** Where members stand, if somebody has looked already; the reasoning ones among them. */
  spans?: ReadonlyMap<string, Span>
}

const KINDS: readonly MediaInput[] = ['image', 'document', 'audio', 'video']

/** Reads the needs. Never throws: what cannot be read needs nothing. */
export function needsOf(input: NeedsInput): Needs {
  const { protocol, body, prompt } = input
  let found: Map<MediaInput, boolean> | undefined
  let schema: boolean | undefined
  let reasoning: boolean | undefined
  let tokens: number | undefined
  const has = (kind: MediaInput): boolean => {
    found ??= new Map()
    let known = found.get(kind)
    if (known === undefined) {
      known = stands(body, protocol, kind)
      found.set(kind, known)
    }
    return known
  }
  return {
    has(kind) {
      if (has(kind)) return true
      // In a place that is not searched: the turns that were read for the prompt tell of all media alike.
      return kind === 'image' && prompt.attachments.images > 0 && !has('video') && !has('audio')
    },
    tools: prompt.tools > 0,
    get schema() {
      schema ??= prompt.jsonSchema && wantsSchema(body)
      return schema
    },
    get reasoning() {
      reasoning ??= reasons(input)
      return reasoning
    },
    get tokens() {
      tokens ??= tokensOf(body)
      return tokens
    },
    tokensAtMost: Math.ceil(body.length / BYTES),
  }
}

/** Marks of media: what is searched for, natively, and whether what stands around it has to tell the kind. */
interface Mark {
  bytes: Buffer
  telling?: true
}
const mark = (text: string): Mark => ({ bytes: Buffer.from(text) })
const around = (text: string): Mark => ({ bytes: Buffer.from(text), telling: true })
const TYPE = [around('media_type"'), around('"source":')]
const MIME = [around('mimeType"'), around('mime_type"')]

const MARKS: Readonly<Record<string, Partial<Record<MediaInput, readonly Mark[]>>>> = {
  anthropic: { image: TYPE, document: TYPE },
  'openai-chat': {
    image: [mark('image_url"')],
    document: [mark('file_data"'), mark('"file_id"')],
    audio: [mark('input_audio"')],
    video: [mark('video_url"')],
  },
  'openai-responses': {
    image: [mark('input_image"')],
    document: [mark('input_file"')],
    audio: [mark('input_audio"')],
  },
  gemini: { image: MIME, document: MIME, audio: MIME, video: MIME },
}
/** Bytes at each end of a body that are searched; what lies between is nearly always one of many media. */
const SEARCHED = 256 * 1024
const MOST_HITS = 40
const AROUND = 100

function stands(body: Buffer, protocol: ProtocolId, kind: MediaInput): boolean {
  const marks = MARKS[protocol]?.[kind] ?? []
  return ends(body).some((part) => marks.some((one) => standsIn(part, one, kind)))
}

function ends(body: Buffer): Buffer[] {
  if (body.length <= 2 * SEARCHED) return [body]
  return [body.subarray(body.length - SEARCHED), body.subarray(0, SEARCHED)]
}

function standsIn(part: Buffer, { bytes, telling }: Mark, kind: MediaInput): boolean {
  let from = 0
  for (let hits = 0; hits < MOST_HITS; hits += 1) {
    const at = part.indexOf(bytes, from)
    if (at < 0) return false
    from = at + bytes.length
    // Inside a string (a file that shows such JSON) the quotes are escaped.
    const before = part.toString('latin1', Math.max(0, at - AROUND), at)
    if (before.endsWith(bytes[0] === 34 ? '\\' : '\\"')) continue
    if (telling !== true || kindOf(before + part.toString('latin1', at, from + AROUND)) === kind) return true
  }
  return false
}

/** The kind that a media type, or the type of a block, tells of. */
function kindOf(words: string): MediaInput | undefined {
  const type = /"(image|audio|video)\/[\w.+-]+"/.exec(words)?.[1]
  if (type !== undefined) return type as MediaInput
  if (/"application\/pdf"|"type"\s*:\s*"document"/.test(words)) return 'document'
  return /"type"\s*:\s*"image"/.test(words) ? 'image' : undefined
}

const SCHEMAS = ['json_schema"', 'response_schema"', 'responseSchema"', 'responseJsonSchema"', 'output_format"'].map(
  (text) => Buffer.from(text),
)

/** Not JSON alone, which every model can be asked for, but a schema to hold to. */
function wantsSchema(body: Buffer): boolean {
  return ends(body).some((part) => SCHEMAS.some((bytes) => part.includes(bytes)))
}

function reasons({ body, depth, spans }: NeedsInput): boolean {
  if (depth !== undefined) return depth.mode !== 'off' && depth.mode !== 'auto'
  const found = spans ?? spansOf(body)
  for (const name of REASONING_FIELDS) {
    const span = found.get(name)
    if (span === undefined) continue
    const text = body.toString('latin1', span.start, Math.min(span.end, span.start + 4_096))
    if (name === 'reasoning_effort' && /^"(?:minimal|low|medium|high|xhigh|max)"$/i.test(text)) return true
    if (name === 'reasoning' && /"effort"\s*:\s*"(?:minimal|low|medium|high|xhigh|max)"/i.test(text)) return true
    if (name === 'thinking' && /"type"\s*:\s*"(?:enabled|adaptive)"/.test(text)) return true
    if (
      name === 'generationConfig' &&
      /"thinking_?Config"/i.test(text) &&
      (/"thinking_?Level"/i.test(text) || /"thinking_?Budget"\s*:\s*[1-9]/i.test(text))
    )
      return true
  }
  return false
}

const NONE: ReadonlyMap<string, Span> = new Map()

function spansOf(body: Buffer): ReadonlyMap<string, Span> {
  try {
    return peek(body, REASONING_FIELDS, Number.POSITIVE_INFINITY)
  } catch {
    return NONE
  }
}

/** Bytes that make a token, about. */
const BYTES = 4
/** Tokens a picture or file costs, roughly, and the bytes it must have at least to be told from text. */
const MEDIA_TOKENS = 1_000
const BASE64 = ['base64,', '"data"', 'file_data"'].map((text) => Buffer.from(text))
const LONG = 4_096
const MOST_MEDIA = 200

/** What is base64 counts by the piece. An estimate, and used as one. */
function tokensOf(body: Buffer): number {
  let size = body.length
  let pieces = 0
  if (size > 16_384)
    for (const bytes of BASE64) {
      let from = 0
      for (; pieces < MOST_MEDIA; ) {
        const at = body.indexOf(bytes, from)
        if (at < 0) break
        from = at + bytes.length
        const open = bytes[0] === 98 ? from : body.indexOf(34, from) + 1
        const close = open <= 0 || open > from + 8 ? -1 : body.indexOf(34, open)
        if (close - open < LONG) continue
        size -= close - open
        pieces += 1
        from = close
      }
    }
  return Math.ceil(size / BYTES) + pieces * MEDIA_TOKENS
}

const MEDIA_WORDS: Record<MediaInput, string> = {
  image: 'images',
  document: 'documents',
  audio: 'audio',
  video: 'video',
}

/** The needs in words: `images`, `tools`, `about 210000 tokens of context`. */
export function needWords(needs: Needs): string[] {
  return [
    ...KINDS.filter((kind) => needs.has(kind)).map((kind) => MEDIA_WORDS[kind]),
    ...(needs.tools ? ['tools'] : []),
    ...(needs.schema ? ['a JSON schema'] : []),
    ...(needs.reasoning ? ['reasoning'] : []),
    ...(needs.tokens >= 8_000 ? [`about ${needs.tokens} tokens of context`] : []),
  ]
}

export { KINDS, MEDIA_WORDS }
