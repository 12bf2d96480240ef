/** Hub messages → `systemInstruction` and `contents` (https://ai.google.dev/api/caching#Content). */
import type { Loss } from '../../hub/loss.ts'
import type {
  ChatRequest,
  MediaPart,
  Message,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
} from '../../hub/request.ts'
import type { Json } from '../codec.ts'
import { parseExact } from '../exact-json.ts'
import { asObject } from '../json.ts'
import { objectText, TEXT_SIGNATURE } from './contents-decode.ts'
import { defined } from './fields.ts'
import { encodeMedia } from './media.ts'

/**
 * Google's documented value for the signature of a call that another model made, or whose own was lost
 * (https://ai.google.dev/gemini-api/docs/thought-signatures): Gemini 3 refuses the first call of a turn without one.
 */
export const SIGNATURE_BYPASS = 'skip_thought_signature_validator'

/** Media a function's result may hold (Gemini 3); the rest stands beside the result. */
const RESULT_MEDIA = new Set(['image/png', 'image/jpeg', 'image/webp', 'application/pdf', 'text/plain'])

/** Media types Gemini reads (https://ai.google.dev/gemini-api/docs/file-input-methods). */
const READABLE = /^(?:image|audio|video|text)\/|^application\/(?:pdf|json|xml|rtf|x-javascript|javascript|x-python)$/

interface Content {
  role: 'user' | 'model'
  parts: Json[]
  rest: Json
}

interface Context {
  /** Gemini 3: signatures demanded, media in results. */
  third: boolean
  /** Function names by call id. */
  names: ReadonlyMap<string, string>
  lose(field: string, reason: string): void
}

export function encodeContents(
  request: ChatRequest,
  third: boolean,
): { systemInstruction?: Json; contents: Json[]; losses: Loss[] } {
  const losses = new Map<string, Loss>()
  const names = new Map<string, string>()
  for (const { parts } of request.messages)
    for (const part of parts) if (part.type === 'tool-call') names.set(part.id, part.name)
  const context: Context = {
    third,
    names,
    lose: (field, reason) => losses.set(field, { field, reason }),
  }

  const first = request.messages.findIndex((message) => message.role !== 'system')
  const leading = first === -1 ? request.messages : request.messages.slice(0, first)
  const turns = first === -1 ? [] : request.messages.slice(first)
  let system = leading.flatMap((message) => encodeParts(message, context))
  let contents = merged(turns.flatMap((message) => encodeMessage(message, context)))
  // A conversation needs a turn; of a system message alone that is the user's.
  if (contents.length === 0 && system.length > 0) {
    contents = [{ role: 'user', parts: system, rest: {} }]
    system = []
  }
  // Calls follow a user's turn; a history that was cut off before them gets an empty one, which the API takes.
  const opening = contents[0]
  if (
    opening === undefined ||
    (opening.role === 'model' && (contents.length === 1 || opening.parts.some((part) => 'functionCall' in part)))
  )
    contents = [{ role: 'user', parts: [{ text: '' }], rest: {} }, ...contents]
  for (const content of contents) finish(content, context)
  const systemRest = Object.assign({}, ...leading.map((message) => message.extras?.gemini ?? {})) as Json
  return {
    ...(system.length > 0 && { systemInstruction: { parts: system, ...systemRest } }),
    contents: contents.map(({ role, parts, rest }) => ({ role, parts, ...rest })),
    losses: [...losses.values()],
  }
}

function encodeMessage(message: Message, context: Context): Content[] {
  const parts = message.role === 'system' ? reminders(message, context) : encodeParts(message, context)
  if (parts.length === 0) {
    // The turn itself says something, if only that it is the other's turn again.
    if (message.role !== 'user' || message.parts.length === 0) return []
    parts.push({ text: '' })
  }
  return [{ role: message.role === 'assistant' ? 'model' : 'user', parts, rest: message.extras?.gemini ?? {} }]
}

/** Instructions in the middle keep their place: the user says them, marked as what they are (domain.md 3.1, rule 1). */
function reminders(message: Message, context: Context): Json[] {
  return encodeParts(message, context).map((part) =>
    typeof part['text'] === 'string'
      ? { ...part, text: `<system-reminder>\n${part['text']}\n</system-reminder>` }
      : part,
  )
}

/** Turns alternate: neighbours of one role are one turn. */
function merged(contents: readonly Content[]): Content[] {
  const out: Content[] = []
  for (const content of contents) {
    const last = out.at(-1)
    if (last?.role === content.role)
      out[out.length - 1] = {
        ...last,
        parts: [...last.parts, ...content.parts],
        rest: { ...last.rest, ...content.rest },
      }
    else out.push({ ...content, parts: [...content.parts] })
  }
  return out
}

/** What the whole turn decides: results stand first, and the first call of a model's turn is signed. */
function finish(content: Content, { third }: Context): void {
  if (content.role === 'user') {
    const filled = content.parts.filter((part) => part['text'] !== '')
    if (filled.length > 0) content.parts = filled
    const results = content.parts.filter((part) => 'functionResponse' in part)
    if (results.length > 0)
      content.parts = [...results, ...content.parts.filter((part) => !('functionResponse' in part))]
    return
  }
  if (!third) return
  const at = content.parts.findIndex((part) => 'functionCall' in part)
  const call = content.parts[at]
  if (call !== undefined && call['thoughtSignature'] === undefined)
    content.parts[at] = { ...call, thoughtSignature: SIGNATURE_BYPASS }
}

function encodeParts(message: Message, context: Context): Json[] {
  const out: Json[] = []
  const { parts } = message
  for (const [at, part] of parts.entries()) {
    // A signature that came through another dialect as empty reasoning belongs to the call that follows.
    if (part.type === 'reasoning' && isLone(part) && parts[at + 1]?.type === 'tool-call') continue
    const before = parts[at - 1]
    if (part.type === 'tool-call' && part.signature === undefined && before?.type === 'reasoning' && isLone(before)) {
      out.push(encodeCall({ ...part, signature: before.signature! }))
      continue
    }
    out.push(...encodePart(part, context))
  }
  return out
}

function isLone(part: ReasoningPart): boolean {
  return part.text === '' && part.signature?.issuer === 'gemini'
}

function encodePart(part: Part, context: Context): Json[] {
  const rest = part.extras?.gemini ?? {}
  switch (part.type) {
    case 'text':
      if (part.citations !== undefined) context.lose('citations', 'Gemini takes none back')
      return encodeText(part.text, rest)
    case 'refusal':
      return part.text === '' ? [] : [{ text: part.text, ...rest }]
    case 'reasoning':
      return encodeReasoning(part, rest, context)
    case 'media':
      return [mediaOf(part, context)]
    case 'tool-call':
      return [encodeCall(part)]
    case 'tool-result':
      return encodeResult(part, context)
    case 'native':
      return part.protocol === 'gemini' && asObject(part.value) !== undefined ? [part.value as Json] : []
    case 'search':
      context.lose('search', 'Gemini takes no hosted search back')
      return []
  }
}

/** Empty text is refused, but a signature may come on one. */
function encodeText(text: string, { [TEXT_SIGNATURE]: thoughtSignature, ...rest }: Json): Json[] {
  return text === '' && thoughtSignature === undefined ? [] : [{ text, ...defined({ thoughtSignature }), ...rest }]
}

function mediaOf(part: MediaPart, context: Context): Json {
  if (part.detail !== undefined && part.detail !== 'auto') context.lose('detail', 'Gemini has no image detail')
  // `displayName` is Vertex's only; the Gemini API refuses it.
  if (part.name !== undefined) context.lose('name', 'Gemini has no names for files')
  // Office files and the like are refused with the whole request.
  const type = part.mediaType?.split(';')[0]?.trim().toLowerCase()
  if (
    part.source.type === 'base64' &&
    type !== undefined &&
    !READABLE.test(type) &&
    part.extras?.gemini === undefined
  ) {
    context.lose(part.kind, `Gemini reads no ${type}`)
    return { text: `[${part.kind} ${type}: left out, it cannot be passed on here]` }
  }
  return encodeMedia(part)
}

function encodeReasoning(part: ReasoningPart, rest: Json, context: Context): Json[] {
  const { signature, text } = part
  if (signature !== undefined && signature.issuer !== 'gemini') {
    context.lose('reasoning', 'its state belongs to another provider')
    return []
  }
  const signed = defined({ thoughtSignature: signature?.value })
  if (text !== '') return [{ text, thought: true, ...signed, ...rest }]
  return signature === undefined ? [] : [{ text: '', ...signed, ...rest }]
}

function encodeCall(part: ToolCallPart): Json {
  const { functionCall, id, ...rest } = (part.extras?.gemini ?? {}) as Json
  return {
    functionCall: {
      // Only an id that the client of this dialect told; others mean nothing to Gemini.
      ...(id === true && { id: part.id }),
      name: part.name,
      args: argumentsOf(part),
      ...asObject(functionCall),
    },
    ...(part.signature?.issuer === 'gemini' && { thoughtSignature: part.signature.value }),
    ...rest,
  }
}

/** Arguments are an object here; what is none travels as text under `_raw`. */
export function argumentsOf({ input, custom }: { input: string; custom?: true }): Json {
  if (custom) return { input }
  if (input.trim() === '') return {}
  try {
    const value = asObject(parseExact(input))
    if (value !== undefined) return value
  } catch {
    // Not JSON: sent as text, never guessed at.
  }
  return { _raw: input }
}

function encodeResult(part: ToolResultPart, context: Context): Json[] {
  const { functionResponse, id, $form: form, ...rest } = (part.extras?.gemini ?? {}) as Json
  const texts = part.parts.flatMap((p) => {
    if (p.type === 'text' || p.type === 'refusal') return [p.text]
    return p.type === 'media' && p.source.type === 'text' ? [p.source.text] : []
  })
  const inside: Json[] = []
  const beside: Json[] = []
  for (const media of part.parts) {
    if (media.type !== 'media' || media.source.type === 'text') continue
    const wire = mediaOf(media, context)
    const mime = asObject(wire['inlineData'])?.['mimeType']
    // What a client of this dialect put inside stays inside.
    const fits = context.third && typeof mime === 'string' && RESULT_MEDIA.has(mime)
    if (fits || media.extras?.gemini?.['$form'] === 'inside') inside.push(wire)
    else beside.push(wire)
  }
  return [
    {
      functionResponse: {
        ...(id !== undefined && { id: id === true ? part.callId : id }),
        name: context.names.get(part.callId) ?? part.name ?? 'unknown',
        ...(form !== 'none' && { response: responseOf(texts.join('\n'), part.failed === true, form) }),
        ...(inside.length > 0 && { parts: inside }),
        ...asObject(functionResponse),
      },
      ...rest,
    },
    ...beside,
  ]
}

/** `response` must be an object: the text's own, or one around the text. */
function responseOf(text: string, failed: boolean, form: unknown): Json {
  if (typeof form === 'string') return { [form]: text }
  const object = objectText(text)
  if (failed) return object !== undefined && 'error' in object ? object : { error: text }
  return object ?? { result: text }
}
