/** Hub → a Responses request (https://platform.openai.com/docs/api-reference/responses/create). */
import type { Loss } from '../../hub/loss.ts'
import type { ChatRequest, MediaPart, Message, Part, ReasoningPart, Tool, ToolResultPart } from '../../hub/request.ts'
import type { TargetModel } from '../codec.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { encodeMedia, encodeRefusal, encodeText, type TextType } from './content.ts'
import { encodeCall, encodeImageCall, encodeReasoning, encodeSearch, sealedOf } from './items.ts'
import { ID, notes, restOf } from './own.ts'
import { encodeSettings } from './settings-encode.ts'
import { encodeTool } from './tools.ts'
import { triggerOf } from './trigger.ts'

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
    } else if (triggerOf(message) !== undefined) {
      items.push(triggerOf(message) as Json)
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
  else if (part.name !== undefined && part.source.type === 'url')
    losses.push({ field: 'name', reason: 'a file by its address has no other name' })
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
