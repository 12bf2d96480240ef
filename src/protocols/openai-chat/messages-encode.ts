/**
 * Hub messages → `messages`. One hub message may become several: tool results are messages of their own here, and media in
 * them, which the `tool` role cannot hold, follow the results as a user's message (domain.md 3.2, rule 6).
 */
import type { Loss } from '../../hub/loss.ts'
import type {
  MediaPart,
  Message,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../hub/request.ts'
import { asObject, type Json } from '../json.ts'
import { cacheControl, encodePart, urlOf } from './parts.ts'
import { noteOf, ownRest } from './rest.ts'
import { detailsOf, detailsText, memberOf, ownCallExtra } from './thoughts.ts'

const FAILED = 'Error: '

export function encodeMessages(messages: readonly Message[], form: ReadonlySet<string>, losses: Loss[]): Json[] {
  const out: Json[] = []
  // Media of tool results, held until the group of results is over: nothing may stand between two results.
  let attached: { id: string; parts: Json[] }[] = []

  function held(): Json[] {
    const content = attached.flatMap(({ id, parts }): Json[] => [
      { type: 'text', text: `Attached to the result of tool call ${id}:` },
      ...parts,
    ])
    attached = []
    return content
  }

  function flush(): void {
    const content = held()
    if (content.length > 0) out.push({ role: 'user', content })
  }

  for (const [i, message] of turns(messages).entries()) {
    const path = `messages.${i}`
    const rest = ownRest(message)
    if (message.role === 'assistant') {
      flush()
      out.push({ ...encodeAssistant(message.parts, path, form, losses), ...rest })
      continue
    }
    const results = message.parts.filter((part) => part.type === 'tool-result')
    for (const result of results) {
      const { wire, media } = encodeResult(result, path, form, losses)
      out.push({ ...wire, ...(results.length === 1 && message.parts.length === 1 && rest) })
      if (media.length > 0) attached.push({ id: result.callId, parts: media })
    }
    const others = message.parts.filter((part) => part.type !== 'tool-result')
    if (others.length === 0 && results.length > 0) continue
    // In the user's next message, if there is one: some models' templates refuse two in a row.
    const before = message.role === 'user' ? held() : []
    if (message.role === 'system') flush()
    // `developer` only where the client said so: many compatible servers do not know it.
    const role = noteOf(message, '$role') ?? message.role
    out.push({ role, content: encodeContent(others, path, message.role, form, losses, before), ...rest })
  }
  flush()
  return out
}

/**
 * Assistant messages that are one turn here: a dialect of items has its thoughts, its text and each call apart, but all
 * calls of a turn must stand in one message. Messages of nothing but text stay apart.
 */
function turns(messages: readonly Message[]): Message[] {
  const joined: Message[] = []
  for (const message of messages) {
    const last = joined.at(-1)
    if (last?.role === 'assistant' && message.role === 'assistant' && (isStep(last) || isStep(message))) {
      const extras = { ...ownRest(last), ...ownRest(message) }
      joined[joined.length - 1] = {
        role: 'assistant',
        parts: [...last.parts, ...message.parts],
        ...(Object.keys(extras).length > 0 && { extras: { 'openai-chat': extras } }),
      }
    } else joined.push(message)
  }
  return joined
}

function isStep({ parts }: Message): boolean {
  return parts.some((part) => part.type === 'tool-call' || part.type === 'reasoning')
}

/** A lone plain text is a string, which every server takes; anything else is a list. */
function encodeContent(
  parts: readonly Part[],
  path: string,
  role: 'system' | 'user',
  form: ReadonlySet<string>,
  losses: Loss[],
  before: readonly Json[],
): unknown {
  const content: Json[] = [...before]
  for (const [i, part] of parts.entries()) {
    if (role === 'system' && part.type === 'media' && part.source.type !== 'text') {
      losses.push({ field: `${path}.${part.kind}`, reason: 'instructions are text only' })
      continue
    }
    const wire = encodePart(part, `${path}.${i}`, form, losses)
    if (wire !== undefined) content.push(wire)
  }
  return simplest(content)
}

function simplest(content: readonly Json[]): unknown {
  if (content.length === 0) return ''
  const [only] = content
  return content.length === 1 && only !== undefined && isPlainText(only) ? only['text'] : content
}

function isPlainText(wire: Json): boolean {
  return wire['type'] === 'text' && Object.keys(wire).length === 2
}

function encodeResult(
  result: ToolResultPart,
  path: string,
  form: ReadonlySet<string>,
  losses: Loss[],
): { wire: Json; media: Json[] } {
  const texts: Json[] = []
  const media: Json[] = []
  for (const [i, part] of result.parts.entries()) {
    const wire = encodePart(part, `${path}.${i}`, form, losses)
    if (wire === undefined) continue
    // Where the client put media into a result, its upstream takes them there.
    if (wire['type'] === 'text' || form.has('tool.media')) texts.push(wire)
    else {
      media.push(wire)
      texts.push({ type: 'text', text: `[${(part as MediaPart).kind ?? 'attachment'}: see the next user message]` })
    }
  }
  if (result.failed) markFailed(texts)
  return {
    wire: {
      role: 'tool',
      tool_call_id: result.callId,
      ...(result.name !== undefined && { name: result.name }),
      content: simplest(texts),
      ...cacheControl(result.cache, form),
    },
    media,
  }
}

/** There is no field for failure (domain.md 3.2, rule 7). */
function markFailed(texts: Json[]): void {
  const [first] = texts
  const text = typeof first?.['text'] === 'string' ? first['text'] : ''
  if (!text.startsWith(FAILED)) texts.splice(0, 1, { ...first, type: 'text', text: `${FAILED}${text}` })
}

function encodeAssistant(parts: readonly Part[], path: string, form: ReadonlySet<string>, losses: Loss[]): Json {
  const thoughts: ReasoningPart[] = []
  const content: Json[] = []
  const refusals: string[] = []
  const images: Json[] = []
  const calls: ToolCallPart[] = []
  for (const [i, part] of parts.entries()) {
    const field = `${path}.${i}`
    if (part.type === 'reasoning') thoughts.push(part)
    else if (part.type === 'refusal') refusals.push(part.text)
    else if (part.type === 'tool-call') calls.push(part)
    else if (part.type === 'media' && part.kind === 'image' && form.has('images'))
      images.push({ type: 'image_url', image_url: { url: urlOf(part, 'image/png') } })
    else if (part.type === 'media' && part.source.type !== 'text')
      losses.push({ field: `${path}.${part.kind}`, reason: "an assistant's message holds text only" })
    else if (part.type === 'search')
      losses.push({ field: `${path}.search`, reason: 'there is no word for a search that was made' })
    else {
      if (part.type === 'text') citationLoss(part, path, losses)
      const wire = encodePart(part, field, form, losses)
      if (wire !== undefined) content.push(wire)
    }
  }
  const reasoning = thoughts.map((part) => part.text).filter((text) => text !== '')
  const details = detailsOf(thoughts, true)
  const thought = reasoning.join('\n\n')
  // Sealed details mostly say the words themselves; who takes details calls the words `reasoning`.
  const words = details !== undefined && detailsText(details) === thought ? '' : thought
  const usual = details === undefined ? 'reasoning_content' : 'reasoning'
  const member = thoughts.map(memberOf).find((name) => name !== undefined) ?? usual
  // Null is what OpenAI itself answers beside calls; alone it is refused.
  const empty = calls.length > 0 || refusals.length > 0 ? null : ''
  return {
    role: 'assistant',
    content: content.length === 0 ? empty : simplest(content),
    ...(words !== '' && { [member]: words }),
    ...(details !== undefined && { reasoning_details: details }),
    ...(refusals.length > 0 && { refusal: refusals.join('') }),
    ...(images.length > 0 && { images }),
    ...(calls.length > 0 && { tool_calls: calls.map((call) => encodeCall(call, form)) }),
  }
}

function citationLoss(part: TextPart, path: string, losses: Loss[]): void {
  if (part.citations !== undefined && part.citations.length > 0)
    losses.push({ field: `${path}.citations`, reason: 'what was said before is told without its sources' })
}

function encodeCall(call: ToolCallPart, form: ReadonlySet<string>): Json {
  const { extra_content: extra, ...rest } = ownRest(call)
  const head = { id: call.id }
  const tail = {
    ...cacheControl(call.cache, form),
    ...rest,
    ...joinedExtra(asObject(extra), ownCallExtra(call.signature)),
  }
  if (call.custom && form.has('custom'))
    return { ...head, type: 'custom', custom: { name: call.name, input: call.input }, ...tail }
  const text = call.custom ? JSON.stringify({ input: call.input }) : call.input
  return { ...head, type: 'function', function: { name: call.name, arguments: text === '' ? '{}' : text }, ...tail }
}

function joinedExtra(rest: Json | undefined, own: Json): Json {
  const mine = asObject(own['extra_content'])
  if (rest === undefined) return own
  const google = { ...asObject(rest['google']), ...asObject(mine?.['google']) }
  return { extra_content: { ...rest, ...(Object.keys(google).length > 0 && { google }) } }
}
