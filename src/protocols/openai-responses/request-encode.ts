/** Hub → a Responses request (https://platform.openai.com/docs/api-reference/responses/create). */
import type { Loss } from '../../hub/loss.ts'
import { asEffort } from '../../hub/reasoning.ts'
import type { ChatRequest, MediaPart, Message, Part, ReasoningPart, Tool, ToolResultPart } from '../../hub/request.ts'
import type { TargetModel } from '../codec.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { fitsStrict } from '../openai-shared/strict.ts'
import { encodeMedia, encodeRefusal, encodeText, type TextType } from './content.ts'
import { encodeCall, encodeImageCall, encodeReasoning, encodeSearch, sealedOf } from './items.ts'
import { ID, notes, restOf } from './own.ts'
import { LOGPROBS, SEALED } from './request-decode.ts'
import { encodeChoice, encodeTool } from './tools.ts'

/** `max_output_tokens` below this is refused. */
const LEAST_OUTPUT = 16
/** `user` beyond this is refused. */
const LONGEST_USER = 64

/** What one request needs to know of itself while its items are written. */
interface Scope {
  own: boolean
  /** Items of this conversation are kept by the upstream, so an item may be named by its id alone. */
  stored: boolean
  /** Calls that took free text: their results have a type of their own. */
  customCalls: ReadonlySet<string>
  tools: readonly Tool[]
  losses: Loss[]
}

/**
 * Writes a request. What was read in this dialect comes back as it was, save for normal forms: `type: "message"` and
 * `stream` are always written, empty `tools` and `include` never. What was not gets what a stateless proxy needs:
 * `store: false`, sealed reasoning, `strict: false`.
 */
export function encodeRequest(request: ChatRequest, target: TargetModel): { body: Json; losses: Loss[] } {
  const losses: Loss[] = []
  const own = notes(request).$own === true
  const rest = restOf(request)
  const scope: Scope = {
    own,
    stored: own && notes(request).$unstored !== true,
    customCalls: customCallsOf(request.messages),
    tools: request.tools ?? [],
    losses,
  }
  const { instructions, messages } = leadOf(request.messages)
  const input = encodeInput(messages, scope)
  const body: Json = { model: target.model }
  if (input.length === 0 && instructions !== undefined && !own) {
    // With instructions alone there is nothing to answer.
    body['input'] = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: instructions }] }]
  } else {
    if (instructions !== undefined) body['instructions'] = instructions
    const only = messages.length === 1 ? messages[0] : undefined
    const words = only !== undefined && notes(only).$content === 'input' ? soleText(only) : undefined
    if (words !== undefined) body['input'] = words
    else if (input.length > 0 || !own || !hasOtherInput(rest)) body['input'] = input
  }
  if (request.output?.type === 'json' && !own) mentionJson(body)
  if (!own && isPrefill(messages.at(-1)))
    losses.push({ field: 'prefill', reason: 'OpenAI models answer an unfinished answer, they do not continue it' })
  Object.assign(body, encodeSettings(request, target, losses))
  return { body, losses }
}

/** An answer begun by the client, for the model to continue. */
function isPrefill(last: Message | undefined): boolean {
  return last?.role === 'assistant' && last.parts.at(-1)?.type === 'text'
}

/** Whether the conversation may stand elsewhere, so that no `input` is needed. */
function hasOtherInput(rest: Json): boolean {
  return ['input', 'prompt', 'previous_response_id', 'conversation'].some((name) => rest[name] !== undefined)
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value]
}

/** Everything but the conversation. */
export function encodeSettings(request: ChatRequest, target: TargetModel, losses: Loss[]): Json {
  const { $own: own = false, $sealed, $unstored } = notes(request)
  const { include: included, text: texts, ...rest } = restOf(request)
  const drop = (field: string, reason = 'OpenAI Responses has no such field') => losses.push({ field, reason })
  const settings: Json = { stream: request.stream }

  const tools = (request.tools ?? [])
    .filter((tool) => notes(tool).$in === undefined || !own)
    .flatMap((tool): Json[] => present(encodeTool(tool, own)))
  for (const tool of request.tools ?? []) {
    if (tool.type === 'web-search' && tool.maxUses !== undefined) drop('tools.max_uses')
    if (tool.type === 'function' && tool.strict && !own && !fitsStrict(tool.schema))
      drop('tools.strict', 'OpenAI takes it only for schemas with closed objects and every property required')
  }
  if (tools.length > 0) settings['tools'] = tools
  if (request.toolChoice !== undefined && (own || tools.length > 0))
    settings['tool_choice'] = encodeChoice(request.toolChoice, request.tools ?? [])
  const parallel = request.parallelToolCalls ?? (own || tools.length === 0 ? undefined : true)
  if (parallel !== undefined) settings['parallel_tool_calls'] = parallel

  const reasoning = encodeReasoningControl(request, target, own, drop)
  if (reasoning !== undefined) settings['reasoning'] = reasoning

  if (request.maxOutputTokens !== undefined) {
    const tooFew = !own && request.maxOutputTokens < LEAST_OUTPUT
    if (tooFew) drop('max_tokens', `raised to ${LEAST_OUTPUT}, the least OpenAI Responses takes`)
    settings['max_output_tokens'] = tooFew ? LEAST_OUTPUT : request.maxOutputTokens
  }
  if (request.temperature !== undefined) settings['temperature'] = request.temperature
  if (request.topP !== undefined) settings['top_p'] = request.topP

  const text: Json = { ...asObject(texts) }
  const format = encodeFormat(request, own, drop)
  if (format !== undefined) text['format'] = format
  if (request.verbosity !== undefined) text['verbosity'] = request.verbosity
  if (Object.keys(text).length > 0) settings['text'] = text

  // Asked of a model that does not reason, sealed reasoning is refused: so only where reasoning is known or asked for.
  const sealed = own
    ? $sealed
    : target.reasoning !== undefined || reasoning !== undefined || hasSealed(request.messages)
  const include = [
    ...(sealed ? [SEALED] : []),
    ...asArray(included),
    ...(request.logprobs !== undefined ? [LOGPROBS] : []),
  ]
  if (include.length > 0) settings['include'] = include
  if (request.logprobs?.top !== undefined) settings['top_logprobs'] = request.logprobs.top

  if (request.user !== undefined) {
    if (own || request.user.length <= LONGEST_USER) settings['user'] = request.user
    else drop('user', `longer than the ${LONGEST_USER} characters OpenAI takes`)
  }
  if (request.cacheKey !== undefined) settings['prompt_cache_key'] = request.cacheKey
  if (!own || $unstored) settings['store'] = false

  if (request.topK !== undefined) drop('top_k')
  if (request.stop !== undefined && request.stop.length > 0) drop('stop')
  if (request.seed !== undefined) drop('seed')
  if (request.presencePenalty !== undefined) drop('presence_penalty')
  if (request.frequencyPenalty !== undefined) drop('frequency_penalty')
  if (request.count !== undefined && request.count > 1) drop('n')
  return { ...settings, ...rest }
}

function hasSealed(messages: readonly Message[]): boolean {
  return messages.some((m) => m.parts.some((p) => p.type === 'reasoning' && p.signature?.issuer === ID))
}

function encodeReasoningControl(
  request: ChatRequest,
  target: TargetModel,
  own: boolean,
  drop: (field: string, reason?: string) => void,
): Json | undefined {
  const control = request.reasoning
  if (control === undefined) return undefined
  const { depth, show } = control
  const levels = target.reasoning?.by === 'effort' ? target.reasoning.levels : undefined
  const rest = restOf(control)
  const out: Json = { ...rest }
  // "Do not reason", said to a model that never does or never stops, is refused.
  if (depth?.mode === 'off' && levels === undefined && !own) {
    drop('reasoning.effort', 'it is not known whether this model can be told not to reason')
    return undefined
  }
  const effort = asEffort(depth, levels)
  if (effort !== undefined) out['effort'] = effort
  const silent = depth?.mode === 'off' && effort === 'none'
  if (show === true && (own ? rest['generate_summary'] === undefined || notes(control).$summary : !silent))
    out['summary'] = notes(control).$summary ?? 'auto'
  return Object.keys(out).length > 0 || own ? out : undefined
}

function encodeFormat(
  { output }: ChatRequest,
  own: boolean,
  drop: (field: string, reason: string) => void,
): Json | undefined {
  if (output === undefined) return undefined
  if (output.type === 'json') return { type: 'json_object' }
  const { schema, name, description, strict } = output
  const loose = strict === true && !own && !fitsStrict(schema)
  if (loose) drop('output.strict', 'OpenAI takes it only for schemas with closed objects and every property required')
  return {
    type: 'json_schema',
    ...(name !== undefined || !own ? { name: name ?? 'answer' } : {}),
    schema,
    ...(description !== undefined && { description }),
    ...(strict !== undefined && { strict: strict && !loose }),
    ...restOf(output),
  }
}

/** JSON mode is refused unless the input speaks of JSON; clients of other dialects need not say so. */
function mentionJson(body: Json): void {
  const input = body['input']
  if (/json/i.test(JSON.stringify(input))) return
  const item = { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Answer in JSON.' }] }
  body['input'] = [item, ...asArray(input)]
}

/** Leading system text that came from no item is `instructions`. */
export function leadOf(all: readonly Message[]): { instructions?: string; messages: readonly Message[] } {
  const texts: string[] = []
  let at = 0
  for (; at < all.length; at += 1) {
    const message = all[at] as Message
    const { $role, $item } = notes(message)
    if (message.role !== 'system' || $role !== undefined || $item !== undefined) break
    if (!message.parts.every((part) => part.type === 'text')) break
    texts.push(...message.parts.map((part) => (part as { text: string }).text))
  }
  if (texts.length === 0) return { messages: all.slice(at) }
  return { instructions: texts.filter((text) => text !== '').join('\n\n'), messages: all.slice(at) }
}

function customCallsOf(messages: readonly Message[]): Set<string> {
  const ids = new Set<string>()
  for (const { parts } of messages)
    for (const part of parts) if (part.type === 'tool-call' && part.custom) ids.add(part.id)
  return ids
}

function soleText({ parts }: Message): string | undefined {
  const [part] = parts
  return parts.length === 1 && part?.type === 'text' ? part.text : undefined
}

function encodeInput(messages: readonly Message[], scope: Scope): Json[] {
  const items: Json[] = []
  let lists = 0
  for (const message of messages) {
    const { $item, $content } = notes(message)
    if ($item?.['type'] === 'additional_tools') {
      items.push({ ...$item, tools: toolsIn(scope, lists) })
      lists += 1
    } else if (message.parts.length === 0) {
      if ($content === 'empty') items.push(messageItem(message, []))
    } else items.push(...encodeMessage(message, scope))
  }
  // The item was taken out of the conversation, its tools were not.
  const strays = scope.own ? scope.tools.filter((tool) => (notes(tool).$in ?? -1) >= lists) : []
  if (strays.length > 0)
    items.unshift({
      type: 'additional_tools',
      role: 'developer',
      tools: strays.flatMap((tool) => present(encodeTool(tool, true))),
    })
  return scope.own ? items : withoutLooseReasoning(items, scope)
}

function toolsIn({ tools, own }: Scope, list: number): Json[] {
  return tools.filter((tool) => notes(tool).$in === list).flatMap((tool): Json[] => present(encodeTool(tool, own)))
}

function messageItem(message: Message, content: Json[] | string): Json {
  const role = message.role === 'system' ? (notes(message).$role ?? 'developer') : message.role
  return { type: 'message', role, ...restOf(message), content }
}

/** The items of one message, in order; text and media that stand together become one `message` item. */
function encodeMessage(message: Message, scope: Scope): Json[] {
  const items: Json[] = []
  let content: Json[] = []
  let thoughts: ReasoningPart[] = []
  const usual: TextType = message.role === 'assistant' ? 'output_text' : 'input_text'

  function closeContent(): void {
    if (content.length > 0) items.push(messageItem(message, content))
    content = []
  }

  function closeThoughts(): void {
    if (thoughts.length > 0) items.push(...reasoningItems(thoughts, scope))
    thoughts = []
  }

  const words = soleText(message)
  if (words !== undefined && notes(message).$content === 'string') return [messageItem(message, words)]

  for (const part of message.parts) {
    if (part.type !== 'reasoning') closeThoughts()
    if (isContent(part, message.role)) {
      const encoded = encodeContentPart(part, usual, scope)
      if (encoded !== undefined) content.push(encoded)
      continue
    }
    closeContent()
    if (part.type === 'reasoning') {
      thoughts.push(part)
      if (part.signature !== undefined) closeThoughts()
    } else items.push(...itemsOf(part, scope))
  }
  closeThoughts()
  closeContent()
  return items
}

function isContent(part: Part, role: Message['role']): boolean {
  if (part.type === 'native') return !isItem(part.value)
  if (part.type === 'media') return role !== 'assistant'
  return part.type === 'text' || part.type === 'refusal'
}

/** Native values are items, save for parts of content nobody understood. */
function isItem(value: unknown): boolean {
  const type = asObject(value)?.['type']
  return typeof type === 'string' && !/^(?:input|output|summary|reasoning)_/.test(type) && type !== 'text'
}

function encodeContentPart(part: Part, usual: TextType, scope: Scope): Json | undefined {
  switch (part.type) {
    case 'text':
      // An empty text says nothing; some endpoints refuse it.
      return part.text === '' && !scope.own ? undefined : encodeText(part, usual)
    case 'refusal':
      return encodeRefusal(part)
    case 'media':
      return encodeMediaPart(part, scope)
    case 'native':
      return part.protocol === ID ? (part.value as Json) : undefined
    default:
      return undefined
  }
}

function encodeMediaPart(part: MediaPart, { losses }: Scope): Json | undefined {
  const encoded = encodeMedia(part)
  if (encoded === undefined) losses.push({ field: part.kind, reason: 'OpenAI Responses takes no such media' })
  return encoded
}

/** The items of a part that is not content. */
function itemsOf(part: Part, scope: Scope): Json[] {
  switch (part.type) {
    case 'tool-call':
      return [encodeCall(part)]
    case 'tool-result':
      return [encodeResult(part, scope)]
    case 'search':
      return searchItems(part, scope)
    case 'media':
      return assistantMedia(part, scope)
    case 'native':
      return part.protocol === ID ? nativeItem(part.value as Json, scope) : []
    default:
      return []
  }
}

/** Reasoning of which there is only an id is nothing to an upstream that kept nothing. */
function nativeItem(item: Json, { stored, losses }: Scope): Json[] {
  if (item['type'] !== 'reasoning' || stored) return [item]
  losses.push({ field: 'reasoning', reason: 'without sealed state it cannot be replayed' })
  return []
}

/**
 * Reasoning goes back sealed, or by its id where the upstream keeps items. Raw text is replayed as it is: only open
 * models show it, and they want it back.
 */
function reasoningItems(parts: readonly ReasoningPart[], { own, stored, losses }: Scope): Json[] {
  const signed = parts.find((part) => part.signature !== undefined)
  const sealed = signed?.signature?.issuer === ID ? sealedOf(signed) : undefined
  if (sealed !== undefined) return [encodeReasoning(parts, sealed)]
  const first = parts[0] as ReasoningPart
  if (own && signed === undefined && (stored || notes(first).$raw)) return [encodeReasoning(parts, undefined)]
  losses.push({ field: 'reasoning', reason: 'without sealed state it cannot be replayed' })
  return []
}

/** A search of OpenAI's own goes back; another's is known from the text that followed it. */
function searchItems(part: Extract<Part, { type: 'search' }>, { losses }: Scope): Json[] {
  if (notes(part).$action !== undefined || part.id.startsWith('ws_')) return [encodeSearch(part, part.id)]
  losses.push({ field: 'search', reason: 'a search of another provider cannot be replayed' })
  return []
}

/** What the model drew goes back as its call; what another drew can only be shown, and only by the user. */
function assistantMedia(part: MediaPart, scope: Scope): Json[] {
  const { id } = restOf(part)
  if (notes(part).$item !== undefined && typeof id === 'string') return present(encodeImageCall(part, id))
  const shown = encodeMediaPart(part, scope)
  return shown === undefined ? [] : [{ type: 'message', role: 'user', content: [shown] }]
}

function encodeResult(part: ToolResultPart, scope: Scope): Json {
  const custom = part.custom || scope.customCalls.has(part.callId)
  return {
    type: custom ? 'custom_tool_call_output' : 'function_call_output',
    call_id: part.callId,
    output: outputOf(part, scope),
    ...restOf(part),
  }
}

function outputOf(part: ToolResultPart, scope: Scope): string | Json[] {
  const [first, ...more] = part.parts
  // There is no field for failure, so the words say it.
  const prefix = part.failed ? 'Error: ' : ''
  if (first === undefined) return prefix === '' && notes(part).$content === 'empty' ? [] : prefix.trim()
  if (first.type === 'text' && more.length === 0 && !notes(part).$list) return prefix + first.text
  const list = part.parts.flatMap((inner): Json[] => {
    if (inner.type === 'media' && (inner.kind === 'audio' || inner.kind === 'video')) {
      scope.losses.push({ field: inner.kind, reason: 'OpenAI takes no such media from tools' })
      return []
    }
    return present(encodeContentPart(inner, 'input_text', scope))
  })
  if (prefix === '') return list.length > 0 || scope.own ? list : ''
  const text = list[0]
  if (text?.['type'] === 'input_text') return [{ ...text, text: `${prefix}${text['text']}` }, ...list.slice(1)]
  return [{ type: 'input_text', text: prefix.trim() }, ...list]
}

/** Items that may follow reasoning; without one the request is refused ("without its required following item"). */
function withoutLooseReasoning(items: Json[], { losses }: Scope): Json[] {
  const follows = (item: Json | undefined): boolean => {
    const type = item?.['type'] as string | undefined
    if (type === 'message') return item?.['role'] === 'assistant'
    return type !== undefined && /^reasoning$|_call$|^mcp_|^compaction$/.test(type)
  }
  return items.filter((item, at) => {
    if (item['type'] !== 'reasoning' || follows(items[at + 1])) return true
    losses.push({ field: 'reasoning', reason: 'nothing follows it that it led to' })
    return false
  })
}
