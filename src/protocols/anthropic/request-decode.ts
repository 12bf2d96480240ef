/**
 * Messages request → hub (https://docs.claude.com/en/api/messages).
 *
 * Normal form, where encode writes something else than it read: neighbours of one role become one message, tool results
 * first; blank texts of the user, `tools: []` and `stream: false` are left out; nulls count as absent; `output_format`
 * becomes `output_config.format`; `type: 'custom'` of a tool is left out; the two blocks of a web search stand together.
 */
import { FailureError, failure } from '../../hub/failure.ts'
import type { ChatRequest, Message, OutputFormat } from '../../hub/request.ts'
import type { RequestPlace } from '../codec.ts'
import type { Json } from '../json.ts'
import { decodeContent } from './blocks-decode.ts'
import { isObject, isObjects, isString, isStrings, listNote, type Taker, taker } from './take.ts'
import { decodeThinking, isEffort } from './thinking.ts'
import { decodeChoice, decodeTool } from './tools.ts'

const ROLES = ['user', 'assistant', 'system'] as const
const isRole = (value: unknown): value is (typeof ROLES)[number] => ROLES.includes(value as 'user')

/** @throws {FailureError} for what no reading can make sense of. */
export function decodeRequest(body: Json, place: RequestPlace): ChatRequest {
  const t = taker(body)
  t.take('model', isString)
  delete t.rest['stream']
  refuseContinuedThread(t)
  const messages = [...decodeSystem(t), ...decodeMessages(t)]
  const tools = decodeTools(t)
  const request: ChatRequest = {
    model: place.model,
    stream: place.stream,
    messages,
    ...(tools !== undefined && { tools }),
    ...decodeChoice(t),
    ...numbers(t),
    ...decodeConfig(t),
    ...decodeUser(t),
  }
  // Extras are there even when empty: they tell that the request was said in this dialect.
  return { ...request, extras: { anthropic: t.rest } }
}

/**
 * A server-side thread holds turns only the vendor knows. This very answer makes the vendor's SDK send the whole
 * conversation (recorded with @anthropic-ai/sdk 1.12).
 */
function refuseContinuedThread(t: Taker): void {
  if (!isObject(t.rest['thread']) || t.rest['thread']['type'] !== 'continue') return
  throw new FailureError(failure('not-found', 'message threads are not kept here', { code: 'thread_not_found' }))
}

function numbers(t: Taker): Partial<ChatRequest> {
  const maxOutputTokens = t.number('max_tokens')
  const temperature = t.number('temperature')
  const topP = t.number('top_p')
  const topK = t.number('top_k')
  const stop = t.take('stop_sequences', isStrings)
  return {
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(stop !== undefined && stop.length > 0 && { stop }),
  }
}

function decodeSystem(t: Taker): Message[] {
  const system = t.take('system', isPresent)
  if (system === undefined) return []
  const content = contentOf(system, 'system')
  if (isString(content)) return content === '' ? [] : [{ role: 'system', parts: decodeContent(content) }]
  const books = content.filter(isBookkeeping)
  const parts = decodeContent(content.filter((block) => !isBookkeeping(block)))
  const notes: Json = { ...listNote(content), ...(books.length > 0 && { billing_header: books }) }
  if (content.length === 0) return []
  return [{ role: 'system', parts, ...(Object.keys(notes).length > 0 && { extras: { anthropic: notes } }) }]
}

/**
 * Claude Code's first line of `system` is for the vendor's books (seen from 2.1). It changes with every request, which
 * would spoil the prompt caches of others, and instructs no model.
 */
function isBookkeeping(block: Json): boolean {
  return isString(block['text']) && block['text'].startsWith('x-anthropic-billing-header:')
}

function decodeMessages(t: Taker): Message[] {
  const messages = t.take('messages', Array.isArray)
  if (messages === undefined) throw bad('messages', 'Input should be a valid list')
  return messages.map((wire: unknown, i): Message => {
    const at = `messages.${i}`
    if (!isObject(wire)) throw bad(at, 'Input does not match the expected shape.')
    const m = taker(wire)
    const role = m.take('role', isRole)
    if (role === undefined) throw bad(`${at}.role`, "Input should be 'user' or 'assistant'")
    const content = contentOf(m.take('content', isPresent), `${at}.content`)
    Object.assign(m.rest, listNote(content), role === 'system' && { $turn: true })
    return { role, parts: decodeContent(content), ...m.extras() }
  })
}

function contentOf(value: unknown, at: string): string | Json[] {
  if (value === undefined) throw bad(at, 'Field required')
  if (isString(value)) return value
  if (!Array.isArray(value)) throw bad(at, 'Input should be a valid list')
  const odd = value.findIndex((block) => !isObject(block) || !isString(block['type']))
  if (odd >= 0) throw bad(`${at}.${odd}`, 'Input should be a content block with a type')
  return value as Json[]
}

function decodeTools(t: Taker): ChatRequest['tools'] {
  const tools = t.take('tools', isPresent)
  if (tools === undefined) return undefined
  if (!isObjects(tools)) throw bad('tools', 'Input should be a valid list')
  return tools.length === 0 ? undefined : tools.map(decodeTool)
}

/** `thinking`, `output_config` and its forerunner `output_format`. */
function decodeConfig(t: Taker): Pick<ChatRequest, 'reasoning' | 'output'> {
  const config = taker(t.take('output_config', isObject) ?? {})
  const thinking = t.take('thinking', isObject)
  const effort = config.take('effort', isEffort)
  const reasoning = decodeThinking(thinking, effort)
  if (reasoning === undefined && thinking !== undefined) t.rest['thinking'] = thinking
  if (reasoning === undefined && effort !== undefined) config.rest['effort'] = effort
  const format = config.take('format', isSchemaFormat) ?? t.take('output_format', isSchemaFormat)
  if (Object.keys(config.rest).length > 0) t.rest['output_config'] = config.rest
  return {
    ...(reasoning !== undefined && { reasoning }),
    ...(format !== undefined && { output: decodeFormat(format) }),
  }
}

function isSchemaFormat(value: unknown): value is Json {
  return isObject(value) && value['type'] === 'json_schema' && isObject(value['schema'])
}

function decodeFormat(wire: Json): OutputFormat {
  const f = taker(wire)
  delete f.rest['type']
  return { type: 'schema', schema: f.take('schema', isObject), ...f.extras() }
}

function decodeUser(t: Taker): Pick<ChatRequest, 'user'> {
  const metadata = t.take('metadata', isObject)
  if (metadata === undefined) return {}
  const m = taker(metadata)
  const user = m.take('user_id', isString)
  if (Object.keys(m.rest).length > 0) t.rest['metadata'] = m.rest
  return user === undefined ? {} : { user }
}

const isPresent = (value: unknown): value is NonNullable<unknown> => value !== undefined && value !== null

function bad(param: string, message: string): FailureError {
  return new FailureError(failure('invalid-request', `${param}: ${message}`, { param }))
}
