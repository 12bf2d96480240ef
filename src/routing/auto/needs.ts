/** What a request needs of the model that answers it, read from its bytes without parsing it. */
import type { ProtocolId } from '../../hub/protocol-id.ts'
import type { ReasoningDepth } from '../../hub/reasoning.ts'
import type { MediaInput } from '../../providers/provider.ts'
import { peek, type Span } from '../../wire/peek.ts'
import type { Prompt } from '../classify/index.ts'

export interface Needs {
  media: readonly MediaInput[]
  tools: boolean
  /** An answer that holds to a JSON schema. */
  schema: boolean
  /** The client asks for it by name, field or suffix. */
  reasoning: boolean
  /** About how many tokens the request takes. */
  tokens: number
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

/** Reads the needs. Never throws: what cannot be read needs nothing. */
export function needsOf(input: NeedsInput): Needs {
  const { protocol, body, prompt } = input
  const media = new Set<MediaInput>()
  mediaIn(body, protocol, media)
  // In a place that is not searched: the turns that were read for the prompt tell.
  if (media.size === 0 && prompt.attachments.images > 0) media.add('image')
  return {
    media: [...media],
    tools: prompt.tools > 0,
    schema: prompt.jsonSchema && wantsSchema(body),
    reasoning: reasons(input),
    tokens: tokensOf(body),
  }
}

/** Marks of media: what is searched for, natively and fast because it is long, and what must stand around it. */
const MARKS: Readonly<Record<string, readonly (readonly [mark: string, MediaInput | undefined])[]>> = {
  anthropic: [
    ['media_type"', undefined],
    ['"source":', undefined],
  ],
  'openai-chat': [
    ['image_url"', 'image'],
    ['input_audio"', 'audio'],
    ['file_data"', 'document'],
    ['video_url"', 'video'],
  ],
  'openai-responses': [
    ['input_image"', 'image'],
    ['input_file"', 'document'],
    ['input_audio"', 'audio'],
  ],
  gemini: [
    ['mimeType"', undefined],
    ['mime_type"', undefined],
  ],
}
/** Bytes at each end of a body that are searched; what lies between is nearly always one of many media. */
const SEARCHED = 256 * 1024
const MOST_HITS = 40
const AROUND = 100

function mediaIn(body: Buffer, protocol: ProtocolId, media: Set<MediaInput>): void {
  const halves =
    body.length <= 2 * SEARCHED ? [body] : [body.subarray(0, SEARCHED), body.subarray(body.length - SEARCHED)]
  for (const half of halves)
    for (const [mark, kind] of MARKS[protocol] ?? []) {
      let from = 0
      for (let hits = 0; hits < MOST_HITS; hits += 1) {
        const at = half.indexOf(mark, from, 'latin1')
        if (at < 0) break
        from = at + mark.length
        const before = half.toString('latin1', Math.max(0, at - AROUND), at)
        // Inside a string (a file that shows such JSON) the quotes are escaped.
        if (before.endsWith(mark.startsWith('"') ? '\\' : '\\"')) continue
        const found = kind ?? kindOf(half.toString('latin1', Math.max(0, at - AROUND), from + AROUND))
        if (found === undefined) continue
        media.add(found)
        if (kind !== undefined) break
      }
    }
}

/** The kind that a media type, or the type of a block, tells of. */
function kindOf(words: string): MediaInput | undefined {
  const type = /"(image|audio|video)\/[\w.+-]+"/.exec(words)?.[1]
  if (type !== undefined) return type as MediaInput
  if (/"application\/pdf"|"type"\s*:\s*"document"/.test(words)) return 'document'
  return /"type"\s*:\s*"image"/.test(words) ? 'image' : undefined
}

const SCHEMAS = ['json_schema"', 'response_schema"', 'responseSchema"', 'responseJsonSchema"', 'output_format"']

/** Not JSON alone, which every model can be asked for, but a schema to hold to. */
function wantsSchema(body: Buffer): boolean {
  const end = body.length <= 2 * SEARCHED ? [body] : [body.subarray(0, SEARCHED), body.subarray(-SEARCHED)]
  return end.some((half) => SCHEMAS.some((mark) => half.includes(mark, 0, 'latin1')))
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

/** Tokens a picture or file costs, roughly, and the bytes it must have at least to be told from text. */
const MEDIA_TOKENS = 1_000
const BASE64 = ['base64,', '"data"', 'file_data"']
const LONG = 4_096
const MOST_MEDIA = 200

/** About four bytes make a token; what is base64 counts by the piece. An estimate, and used as one. */
function tokensOf(body: Buffer): number {
  let bytes = body.length
  let pieces = 0
  if (bytes > 16_384)
    for (const mark of BASE64) {
      let from = 0
      for (; pieces < MOST_MEDIA; ) {
        const at = body.indexOf(mark, from, 'latin1')
        if (at < 0) break
        from = at + mark.length
        const open = mark === 'base64,' ? from : body.indexOf(34, from) + 1
        const close = open <= 0 || open > from + 8 ? -1 : body.indexOf(34, open)
        if (close - open < LONG) continue
        bytes -= close - open
        pieces += 1
        from = close
      }
    }
  return Math.ceil(bytes / 4) + pieces * MEDIA_TOKENS
}

const MEDIA_WORDS: Record<MediaInput, string> = {
  image: 'images',
  document: 'documents',
  audio: 'audio',
  video: 'video',
}

/** The needs in words: `images`, `tools`, `about 210000 tokens`. */
export function needWords({ media, tools, schema, reasoning, tokens }: Needs): string[] {
  return [
    ...media.map((kind) => MEDIA_WORDS[kind]),
    ...(tools ? ['tools'] : []),
    ...(schema ? ['a JSON schema'] : []),
    ...(reasoning ? ['reasoning'] : []),
    ...(tokens >= 8_000 ? [`about ${tokens} tokens of context`] : []),
  ]
}

export { MEDIA_WORDS }
