/** A Responses request → hub (https://platform.openai.com/docs/api-reference/responses/create). */
import { FailureError, failure } from '../../hub/failure.ts'
import {
  type ChatRequest,
  EFFORTS,
  type Effort,
  type Message,
  type OutputFormat,
  type ReasoningControl,
  type Signature,
  type Tool,
} from '../../hub/request.ts'
import type { RequestPlace } from '../codec.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { decodeContent } from './content.ts'
import { callOf, decodeItem } from './items.ts'
import { ID, keep, type Notes, taker } from './own.ts'
import { decodeChoice, decodeTool } from './tools.ts'
import { decodeCompaction } from './trigger.ts'

/** `include` entries the hub has words for. */
export const SEALED = 'reasoning.encrypted_content'
export const LOGPROBS = 'message.output_text.logprobs'

/**
 * Reads a request. One item becomes one message; `instructions` become a leading system message without notes.
 * @throws {FailureError} for an `input` that is neither text nor a list of objects, and for roles nobody knows.
 */
export function decodeRequest(body: Json, place: RequestPlace): ChatRequest {
  const { rest, text, number, flag, list, object, drop } = taker(body)
  const own: Notes = { $own: true }
  drop('model')
  drop('stream')
  const messages: Message[] = []
  const instructions = text('instructions')
  if (instructions !== undefined) messages.push({ role: 'system', parts: [{ type: 'text', text: instructions }] })

  const offered = list('tools')
  const tools: Tool[] = (offered ?? []).map(decodeTool)
  drop('input')
  messages.push(...decodeInput(body['input'], tools))
  if (body['input'] === null) rest['input'] = null

  const choice = decodeChoice(body['tool_choice'])
  if (choice !== undefined) drop('tool_choice')

  const include = list('include') ?? []
  const withLogprobs = include.includes(LOGPROBS)
  const others = include.filter((entry) => entry !== SEALED && entry !== LOGPROBS)
  if (others.length > 0) rest['include'] = others
  if (include.includes(SEALED)) own.$sealed = true
  const top = withLogprobs ? number('top_logprobs') : undefined

  if (body['store'] === false) {
    drop('store')
    own.$unstored = true
  }

  const control = object('reasoning')
  const form = taker(object('text') ?? {})
  const output = decodeFormat(asObject(form.rest['format']))
  if (output !== undefined) form.drop('format')
  const verbosity = form.text('verbosity')
  if (Object.keys(form.rest).length > 0) rest['text'] = form.rest

  const parallelToolCalls = flag('parallel_tool_calls')
  const maxOutputTokens = number('max_output_tokens')
  const temperature = number('temperature')
  const topP = number('top_p')
  const user = text('user')
  const cacheKey = text('prompt_cache_key')
  return {
    model: place.model,
    stream: place.stream,
    messages,
    ...((offered !== undefined || tools.length > 0) && { tools }),
    ...(choice !== undefined && { toolChoice: choice }),
    ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(withLogprobs && { logprobs: top === undefined ? {} : { top } }),
    ...(control !== undefined && { reasoning: decodeReasoningControl(control) }),
    ...(output !== undefined && { output }),
    ...(verbosity !== undefined && { verbosity }),
    ...(user !== undefined && { user }),
    ...(cacheKey !== undefined && { cacheKey }),
    ...keep({ ...rest, ...own }),
  }
}

function decodeReasoningControl(value: Json): ReasoningControl {
  const { rest, drop } = taker(value)
  const { effort, summary } = value
  const known = (EFFORTS as readonly unknown[]).includes(effort)
  if (known) drop('effort')
  const shown = typeof summary === 'string'
  if (shown) drop('summary')
  return {
    ...(known && { depth: effort === 'none' ? { mode: 'off' } : { mode: 'effort', effort: effort as Effort } }),
    ...((shown || typeof value['generate_summary'] === 'string') && { show: true }),
    ...keep({ ...rest, ...(shown && summary !== 'auto' && { $summary: summary }) }),
  }
}

/** `text.format`; undefined for plain text. */
function decodeFormat(format: Json | undefined): OutputFormat | undefined {
  if (format?.['type'] === 'json_object') return { type: 'json' }
  if (format?.['type'] !== 'json_schema') return undefined
  const { rest, text, flag, drop } = taker(format)
  const { schema } = format
  drop('type')
  drop('schema')
  const [name, description, strict] = [text('name'), text('description'), flag('strict')]
  return {
    type: 'schema',
    schema,
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(strict !== undefined && { strict }),
    ...keep(rest),
  }
}

/** Reads the input; tools found in it are added to `tools`. */
function decodeInput(input: unknown, tools: Tool[]): Message[] {
  if (input === undefined || input === null) return []
  if (typeof input === 'string')
    return [{ role: 'user', parts: [{ type: 'text', text: input }], ...keep({ $content: 'input' }) }]
  if (!Array.isArray(input)) throw invalid('input', 'must be a string or a list of items')
  let lists = 0
  const messages = input.map((value, at): Message => {
    const item = typeof value === 'string' ? { role: 'user', content: value } : asObject(value)
    if (item === undefined) throw invalid(`input[${at}]`, 'must be an object')
    if (item['type'] === 'additional_tools') {
      tools.push(...asArray(item['tools']).map((tool) => noted(decodeTool(tool), lists)))
      lists += 1
      const { tools: _, ...item_ } = item
      return { role: 'system', parts: [], ...keep({ $item: item_ }) }
    }
    return decodeCompaction(item) ?? decodeMessage(item, at)
  })
  return withCallSignatures(messages)
}

/** Signatures that rode behind their calls go back to them. */
function withCallSignatures(messages: Message[]): Message[] {
  const signatures = new Map<string, Signature>()
  const rest = messages.filter(({ parts: [part] }) => {
    const owned = part?.type === 'reasoning' && part.signature && callOf(part.signature)
    if (owned) signatures.set(owned.id, owned.signature)
    return !owned
  })
  if (signatures.size === 0) return messages
  return rest.map((message) => {
    const [part] = message.parts
    const signature = part?.type === 'tool-call' ? signatures.get(part.id) : undefined
    return part?.type === 'tool-call' && signature ? { ...message, parts: [{ ...part, signature }] } : message
  })
}

/** A tool that stood in the input: the Codex CLI puts all its tools there (clients.md 10). */
function noted(tool: Tool, list: number): Tool {
  return { ...tool, extras: { ...tool.extras, [ID]: { ...tool.extras?.[ID], $in: list } } }
}

function decodeMessage(item: Json, at: number): Message {
  const type = item['type'] ?? ('role' in item ? 'message' : undefined)
  if (type !== 'message') {
    const part = decodeItem(item) ?? { type: 'native' as const, protocol: ID, value: item }
    return { role: isFromOutside(item['type']) ? 'user' : 'assistant', parts: [part] }
  }
  const { rest, text, list, drop } = taker(item)
  drop('type')
  drop('role')
  const role = ROLES[item['role'] as string]
  if (role === undefined) throw invalid(`input[${at}].role`, 'must be user, assistant, system or developer')
  const note: Notes = role === 'system' ? { $role: item['role'] as string } : {}
  const words = text('content')
  if (words !== undefined)
    return { role, parts: [{ type: 'text', text: words }], ...keep({ ...rest, ...note, $content: 'string' }) }
  const usual = role === 'assistant' ? 'output_text' : 'input_text'
  const parts = (list('content') ?? []).map((part) => decodeContent(part, usual))
  return { role, parts, ...keep({ ...rest, ...note, ...(parts.length === 0 && { $content: 'empty' as const }) }) }
}

const ROLES: Record<string, Message['role']> = {
  user: 'user',
  assistant: 'assistant',
  system: 'system',
  developer: 'system',
}

/** Items the client makes; all others came from the model or its tools. */
function isFromOutside(type: unknown): boolean {
  return typeof type === 'string' && /_output$|_response$|^compaction_trigger$/.test(type)
}

function invalid(param: string, why: string): FailureError {
  return new FailureError(failure('invalid-request', `${param} ${why}`, { param }))
}
