/** `systemInstruction` and `contents` → hub messages (https://ai.google.dev/api/caching#Content). */
import type { Message, Part, ToolCallPart, ToolResultPart } from '../../hub/request.ts'
import { unpackSignature } from '../../hub/signature.ts'
import type { Json } from '../codec.ts'
import { parseExact, stringifyExact } from '../exact-json.ts'
import { asObject, isText } from '../json.ts'
import { defined, extrasOf, objects, string } from './fields.ts'
import { mintCallId } from './ids.ts'
import { decodeMedia } from './media.ts'

/** Parts only this dialect has: code it ran, tools it called itself. */
export const NATIVE_PARTS = ['executableCode', 'codeExecutionResult', 'toolCall', 'toolResponse'] as const

/** The role of a system instruction is not looked at, by the API neither: Gemini CLI says `user`. */
export function decodeSystem(value: unknown): Message[] {
  if (typeof value === 'string') return value === '' ? [] : [{ role: 'system', parts: [{ type: 'text', text: value }] }]
  const content = asObject(value)
  if (content === undefined) return []
  const { role: _, parts, ...rest } = content
  const read = partObjects(parts).map((part) => decodePart(part))
  return read.length === 0 ? [] : [{ role: 'system', parts: read, ...extrasOf(rest) }]
}

/** Sloppy clients write a part as a string. */
function partObjects(value: unknown): Json[] {
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return list.map((part) => (typeof part === 'string' ? { text: part } : asObject(part))).filter((p) => p !== undefined)
}

/** A call no result has answered yet. */
type OpenCall = { id: string; name: string }

export function decodeContents(value: unknown): Message[] {
  if (typeof value === 'string') return [{ role: 'user', parts: [{ type: 'text', text: value }] }]
  let calls = 0
  // Results that name no call answer the calls of their function in order.
  const open: OpenCall[] = []

  function call(wire: Json, part: Json): ToolCallPart {
    const own = string(wire['id'])
    const name = string(wire['name']) ?? ''
    const id = isText(own) ? own : mintCallId('', calls, name)
    calls += 1
    open.push({ id, name })
    return decodeCall(part, id)
  }

  function result(wire: Json, part: Json): ToolResultPart {
    const own = string(wire['id'])
    const name = string(wire['name']) ?? ''
    const byId = isText(own) ? open.findIndex((c) => c.id === own) : -1
    const byName = byId === -1 ? open.findIndex((c) => c.name === name) : byId
    const at = byName === -1 && !isText(own) && open.length > 0 && name === '' ? 0 : byName
    const answered = at === -1 ? undefined : open.splice(at, 1)[0]
    // A result of nothing keeps an id that no call has.
    return decodeResult(part, answered?.id ?? (isText(own) ? own : mintCallId('orphan', calls, name)))
  }

  const contents = objects(value).map((content) => ({ ...content, parts: partObjects(content['parts']) }) as Content)
  const hosted = hostedParts(contents)
  return contents.map(({ role, parts, ...rest }): Message => {
    const read = parts.map((part): Part => {
      if (hosted.has(part)) return { type: 'native', protocol: 'gemini', value: part }
      const wireCall = asObject(part['functionCall'])
      if (wireCall !== undefined) return call(wireCall, part)
      const wireResult = asObject(part['functionResponse'])
      if (wireResult !== undefined) return result(wireResult, part)
      return decodePart(part)
    })
    return { role: ROLES.get(role) ?? 'user', parts: sealed(read), ...extrasOf(rest) }
  })
}

/**
 * Another vendor's thought comes in pieces, its signature last, as our stream said it; that vendor wants it back whole.
 * What Gemini itself said stays as it is.
 */
function sealed(parts: readonly Part[]): Part[] {
  const out: Part[] = []
  for (const part of parts) {
    if (part.type !== 'reasoning' || part.signature === undefined || part.signature.issuer === 'gemini') {
      out.push(part)
      continue
    }
    let { text } = part
    for (let before = out.at(-1); before?.type === 'reasoning' && before.signature === undefined; before = out.at(-1)) {
      text = before.text + text
      out.pop()
    }
    out.push({ ...part, text })
  }
  return out
}

interface Content extends Json {
  parts: Json[]
}

/**
 * Calls that the upstream ran itself (MCP servers): their results stand in the model's own turn. They are no calls of the
 * client's tools, there as here.
 */
function hostedParts(contents: readonly Content[]): Set<Json> {
  const hosted = new Set<Json>()
  let calls: Json[] = []
  for (const { role, parts } of contents) {
    if (role !== 'model') calls = []
    else
      for (const part of parts) {
        const response = asObject(part['functionResponse'])
        if (asObject(part['functionCall']) !== undefined) calls.push(part)
        if (response === undefined) continue
        hosted.add(part)
        const at = calls.findIndex((call) => asObject(call['functionCall'])?.['name'] === response['name'])
        if (at !== -1) hosted.add(calls.splice(at, 1)[0]!)
      }
  }
  return hosted
}

const ROLES = new Map<unknown, Message['role']>([
  ['user', 'user'],
  ['function', 'user'],
  ['tool', 'user'],
  ['model', 'assistant'],
  ['assistant', 'assistant'],
  ['system', 'system'],
])

/**
 * Where a text keeps its signature: the hub has none for texts, and no other dialect misses it (only calls must be
 * signed, https://ai.google.dev/gemini-api/docs/thought-signatures).
 */
export const TEXT_SIGNATURE = '$thoughtSignature'

/** Reads a part that is neither a call nor a result. */
function decodePart(part: Json): Part {
  if (NATIVE_PARTS.some((name) => part[name] !== undefined)) return { type: 'native', protocol: 'gemini', value: part }
  const media = decodeMedia(part)
  if (media !== undefined) return media
  const text = string(part['text'])
  // A signature may come on a part of its own.
  if (text === undefined && part['thoughtSignature'] === undefined)
    return { type: 'native', protocol: 'gemini', value: part }
  const { text: _, thought, thoughtSignature, ...rest } = part
  if (thought !== true)
    return {
      type: 'text',
      text: text ?? '',
      ...extrasOf({ ...rest, ...defined({ thought, [TEXT_SIGNATURE]: thoughtSignature }) }),
    }
  return {
    type: 'reasoning',
    text: text ?? '',
    ...(isText(thoughtSignature) && { signature: unpackSignature(thoughtSignature, 'gemini') }),
    ...extrasOf(rest),
  }
}

/** The part of a `functionCall`; a call without arguments has `{}`. */
function decodeCall(part: Json, id: string): ToolCallPart {
  const { functionCall, thoughtSignature, ...rest } = part
  const { id: own, name, args, ...others } = functionCall as Json
  return {
    type: 'tool-call',
    id,
    name: string(name) ?? '',
    input: stringifyExact(args ?? {}),
    ...(isText(thoughtSignature) && { signature: unpackSignature(thoughtSignature, 'gemini') }),
    ...extrasOf({
      ...rest,
      ...(Object.keys(others).length > 0 && { functionCall: others }),
      // Told by the client, so it may be told again; minted ones may not.
      ...(isText(own) && { id: true }),
    }),
  }
}

/** Keys under which a plain text result stands (the SDK documents `output` and `error`; `result` is as usual). */
const RESULT_KEYS = ['result', 'output', 'error'] as const

function decodeResult(part: Json, callId: string): ToolResultPart {
  const { functionResponse, ...rest } = part
  const { id: own, name, response, parts, ...others } = functionResponse as Json
  const { text, failed, form } = readResponse(response)
  // Told apart from media that older models take beside the result.
  const media = objects(parts)
    .map((item) => decodeMedia(item))
    .filter((item) => item !== undefined)
    .map((item) => ({ ...item, extras: { gemini: { ...item.extras?.gemini, $form: 'inside' } } }))
  return {
    type: 'tool-result',
    callId,
    ...(isText(name) && { name }),
    parts: [...(text === undefined ? [] : [{ type: 'text' as const, text }]), ...media],
    ...(failed && { failed }),
    ...extrasOf({
      ...rest,
      ...(Object.keys(others).length > 0 && { functionResponse: others }),
      // True where it is the call's own.
      ...(isText(own) && { id: own === callId || own }),
      ...(form !== undefined && { $form: form }),
    }),
  }
}

/**
 * The text of a result. One that stands alone under a usual key is taken out of its object, so that models of other
 * vendors need not read JSON in JSON; `form` says under which, where writing it back would choose another.
 */
function readResponse(response: unknown): { text?: string; failed?: true; form?: string } {
  if (response === undefined) return { form: 'none' }
  const object = asObject(response)
  if (object === undefined) return { text: typeof response === 'string' ? response : stringifyExact(response) }
  const keys = Object.keys(object)
  const failed = object['error'] !== undefined && keys.length === 1 ? ({ failed: true } as const) : {}
  const key = RESULT_KEYS.find((name) => keys.length === 1 && typeof object[name] === 'string')
  if (key === undefined) return { text: stringifyExact(object), ...failed }
  const text = object[key] as string
  const usual = key === 'error' || key === 'result'
  return { text, ...failed, ...((!usual || objectText(text) !== undefined) && { form: key }) }
}

/** The object that a text spells, if it spells one. */
export function objectText(text: string): Json | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  try {
    return asObject(parseExact(text))
  } catch {
    return undefined
  }
}
