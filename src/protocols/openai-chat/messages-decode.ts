/** `messages` → hub (https://platform.openai.com/docs/api-reference/chat/create). Each wire message is one hub message. */
import { FailureError, failure } from '../../hub/failure.ts'
import type { Message, Part, ReasoningPart, ToolCallPart } from '../../hub/request.ts'
import { asArray, asObject, isText, type Json } from '../json.ts'
import { cacheOf, decodeContent, urlSource } from './parts.ts'
import { type Form, restOf } from './rest.ts'
import { callSignature, detailsSignature, foreignParts, thoughtOf, wordsSignature } from './thoughts.ts'

const PLAIN = new Set(['role', 'content', 'cache_control'])
const TOOL = new Set(['role', 'content', 'tool_call_id', 'name', 'cache_control'])
const ASSISTANT = new Set([
  'role',
  'content',
  'refusal',
  'tool_calls',
  'function_call',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'images',
  'cache_control',
])
const CALL = new Set(['id', 'type', 'function', 'custom', 'extra_content', 'index', 'cache_control'])
const GOOGLE_EXTRA = new Set(['thought_signature'])

const str = (value: unknown): string => (typeof value === 'string' ? value : '')

function refuse(param: string, problem: string): never {
  throw new FailureError(failure('invalid-request', `${param} ${problem}`, { param }))
}

/** @throws {FailureError} naming the message that makes no sense. */
export function decodeMessages(messages: unknown, form: Form): Message[] {
  if (!Array.isArray(messages)) refuse('messages', 'must be an array')
  if (messages.length === 0) refuse('messages', 'must not be empty')
  const legacy = legacyCalls()
  return messages.map((raw, i) => {
    const wire = asObject(raw)
    if (wire === undefined) return refuse(`messages[${i}]`, 'must be an object')
    return decodeMessage(wire, `messages[${i}]`, form, legacy)
  })
}

/** Ids for calls of the older `function_call`, which have none: results name the function alone. */
interface LegacyCalls {
  call(name: string): string
  result(name: string): string
}

function legacyCalls(): LegacyCalls {
  let made = 0
  const open = new Map<string, string>()
  return {
    call(name) {
      const id = `call_function_${made}`
      made += 1
      open.set(name, id)
      return id
    },
    result: (name) => open.get(name) ?? `call_function_${name.slice(0, 20)}`,
  }
}

function decodeMessage(wire: Json, path: string, form: Form, legacy: LegacyCalls): Message {
  const content = (): Part[] => marked(decodeContent(wire['content'], `${path}.content`, form), wire, form)
  switch (wire['role']) {
    case 'system':
      return { role: 'system', parts: content(), ...restOf(wire, PLAIN) }
    case 'developer':
      return { role: 'system', parts: content(), ...restOf(wire, PLAIN, { $role: 'developer' }) }
    case 'user':
      return { role: 'user', parts: content(), ...restOf(wire, PLAIN) }
    case 'assistant':
      return decodeAssistant(wire, path, form, legacy)
    case 'tool': {
      const callId = str(wire['tool_call_id'])
      if (callId === '') refuse(`${path}.tool_call_id`, 'is missing')
      const parts = content()
      if (parts.some((part) => part.type === 'media')) form.add('tool.media')
      return result(callId, wire, parts, form)
    }
    case 'function':
      return result(legacy.result(str(wire['name'])), wire, content(), form)
    default:
      return refuse(`${path}.role`, `has the unknown value ${JSON.stringify(wire['role'])}`)
  }
}

/** A mark on the message is a mark after its last part. */
function marked(parts: Part[], wire: Json, form: Form): Part[] {
  const { cache } = cacheOf(wire, form)
  const last = parts.at(-1)
  if (cache === undefined || (last?.type !== 'text' && last?.type !== 'media')) return parts
  return [...parts.slice(0, -1), { ...last, cache: last.cache ?? cache }]
}

function result(callId: string, wire: Json, parts: Part[], form: Form): Message {
  const { cache } = cacheOf(wire, form)
  const inner = parts.map((part): Part => {
    if (cache === undefined || part.type !== 'text') return part
    const { cache: _, ...plain } = part
    return plain
  })
  return {
    role: 'user',
    parts: [
      {
        type: 'tool-result',
        callId,
        ...(isText(wire['name']) && { name: wire['name'] }),
        parts: inner,
        ...(cache !== undefined && { cache }),
      },
    ],
    ...restOf(wire, TOOL),
  }
}

function decodeAssistant(wire: Json, path: string, form: Form, legacy: LegacyCalls): Message {
  const content = marked(decodeContent(wire['content'], `${path}.content`, form), wire, form)
  const parts: Part[] = [...decodeReasoningParts(wire), ...content]
  if (isText(wire['refusal'])) parts.push({ type: 'refusal', text: wire['refusal'] })
  for (const raw of asArray(wire['images'])) {
    const url = str(asObject(asObject(raw)?.['image_url'])?.['url'])
    if (url === '') continue
    form.add('images')
    parts.push({ type: 'media', kind: 'image', ...urlSource(url) })
  }
  for (const [i, raw] of asArray(wire['tool_calls']).entries()) {
    const call = asObject(raw)
    if (call === undefined) refuse(`${path}.tool_calls[${i}]`, 'must be an object')
    parts.push(decodeCall(call, `${path}.tool_calls[${i}]`, form))
  }
  const older = asObject(wire['function_call'])
  if (isText(older?.['name'])) {
    const { name } = older
    form.add('functions')
    parts.push({ type: 'tool-call', id: legacy.call(name), name, input: argumentsText(older['arguments']) })
  }
  return { role: 'assistant', parts, ...restOf(wire, ASSISTANT) }
}

/** What an assistant's message says of its thoughts: the words and the opaque state. */
function decodeReasoningParts(wire: Json): ReasoningPart[] {
  const { text, member } = thoughtOf(wire)
  const foreign = foreignParts(wire['reasoning_details'])
  if (foreign !== undefined) {
    const [first] = foreign
    const wordless = foreign.length === 1 && first?.text === '' && !first.signature?.redacted
    return wordless ? [{ ...first, text }] : foreign
  }
  const signature =
    detailsSignature(wire['reasoning_details']) ?? (member === undefined ? undefined : wordsSignature(member))
  if (text === '' && signature === undefined) return []
  return [{ type: 'reasoning', text, ...(signature !== undefined && { signature }) }]
}

/** Arguments as text; some upstreams and clients give the object itself. */
export function argumentsText(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

function decodeCall(call: Json, path: string, form: Form): ToolCallPart {
  const custom = asObject(call['custom'])
  const f = asObject(call['function'])
  const name = str((f ?? custom)?.['name'])
  if (name === '') refuse(`${path}.function.name`, 'is missing')
  const id = str(call['id'])
  if (id === '') refuse(`${path}.id`, 'is missing')
  const signature = callSignature(call)
  const common = {
    type: 'tool-call' as const,
    id,
    name,
    ...(signature !== undefined && { signature }),
    ...cacheOf(call, form),
    ...restOf(call, CALL, extraRest(call)),
  }
  if (f === undefined && custom !== undefined) {
    form.add('custom')
    return { ...common, input: str(custom['input']), custom: true }
  }
  return { ...common, input: argumentsText(f?.['arguments']) }
}

/** What stands beside Google's signature. */
function extraRest(call: Json): Json {
  const extra = asObject(call['extra_content'])
  if (extra === undefined) return {}
  const { google, ...others } = extra
  const inner = Object.entries(asObject(google) ?? {}).filter(([name]) => !GOOGLE_EXTRA.has(name))
  const rest = { ...others, ...(inner.length > 0 && { google: Object.fromEntries(inner) }) }
  return Object.keys(rest).length > 0 ? { extra_content: rest } : {}
}
