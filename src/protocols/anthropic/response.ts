/** Whole Messages answers ↔ hub (https://docs.claude.com/en/api/messages). */
import type { Part, SearchPart, Signature } from '../../hub/request.ts'
import type { ChatResponse, Finish, FinishReason, PartStart, Usage } from '../../hub/response.ts'
import { packSignature } from '../../hub/signature.ts'
import type { AnswerContext } from '../codec.ts'
import type { Json } from '../json.ts'
import { CALL_MARK, decodeContent } from './blocks-decode.ts'
import { callerOf, callInput, searchBlocks } from './blocks-encode.ts'
import { answerCitation } from './citations.ts'
import { wireId } from './ids.ts'
import { isObject, isObjects, isString, own, taker } from './take.ts'
import { anthropicUsage } from './usage.ts'

/** Stop reasons and what they mean (https://docs.claude.com/en/api/handling-stop-reasons). */
const REASONS: Record<string, FinishReason> = {
  end_turn: 'stop',
  stop_sequence: 'stop-sequence',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  refusal: 'refusal',
}

const WORDS: Record<FinishReason, string> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  refusal: 'refusal',
  pause: 'pause_turn',
  other: 'end_turn',
}

/** Why the answer ended; calls decide, unless it was cut or refused. */
export function decodeFinish(raw: unknown, sequence: unknown, calls: boolean): Finish {
  const said = isString(raw) ? (REASONS[raw] ?? 'other') : 'stop'
  const kept = said === 'length' || said === 'refusal'
  const reason = calls && !kept ? 'tool-calls' : said === 'tool-calls' ? 'stop' : said
  return { reason, ...(isString(raw) && { raw }), ...(isString(sequence) && { sequence }) }
}

/** `stop_reason` and `stop_sequence`. An upstream's own word of this dialect is kept where it means the same. */
export function encodeFinish({ reason, raw, sequence }: Finish, refused: boolean): Json {
  const word = raw !== undefined && REASONS[raw] === reason ? raw : WORDS[reason]
  return {
    stop_reason: refused && reason === 'stop' ? 'refusal' : word,
    stop_sequence: reason === 'stop-sequence' ? (sequence ?? null) : null,
  }
}

/** Usage as this dialect sums it. */
export function encodeUsage(usage: Usage): Json {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    output_tokens: usage.output,
    ...(usage.reasoning > 0 && { output_tokens_details: { thinking_tokens: usage.reasoning } }),
  }
}

/** Fields of `usage` the hub has words for. */
const COUNTED = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'output_tokens']

export function decodeResponse(body: Json): ChatResponse {
  const t = taker(body)
  const id = t.take('id', isString) ?? ''
  const model = t.take('model', isString) ?? ''
  const content = t.take('content', isObjects) ?? []
  const stop = t.take('stop_reason', isString)
  const sequence = t.take('stop_sequence', isString)
  const told = t.take('usage', isObject)
  for (const field of ['type', 'role']) delete t.rest[field]
  const usage = anthropicUsage(told)
  if (told !== undefined) keepUsage(t.rest, told)
  const parts = decodeContent(content)
  const finish = decodeFinish(
    stop,
    sequence,
    parts.some((part) => part.type === 'tool-call'),
  )
  return { id, model, parts, finish, ...(usage !== undefined && { usage }), ...t.extras() }
}

function keepUsage(rest: Json, told: Json): void {
  const u = taker(told)
  for (const field of COUNTED) delete u.rest[field]
  const details = u.rest['output_tokens_details']
  if (isObject(details)) {
    const { thinking_tokens: _, ...more } = details
    if (Object.keys(more).length > 0) u.rest['output_tokens_details'] = more
    else delete u.rest['output_tokens_details']
  }
  if (Object.keys(u.rest).length > 0) rest['usage'] = u.rest
}

export function encodeResponse(answer: ChatResponse, context: AnswerContext): Json {
  const { usage: more, ...rest } = answer.extras?.anthropic ?? {}
  const refused = answer.parts.some((part) => part.type === 'refusal')
  const usage = answer.usage ?? { ...NO_USAGE, input: context.inputEstimate }
  const kept = isObject(more) ? more : {}
  const details = isObject(kept['output_tokens_details']) ? kept['output_tokens_details'] : undefined
  const counted = encodeUsage(usage)
  return {
    id: messageId(answer.id, context),
    type: 'message',
    role: 'assistant',
    model: context.model,
    content: answer.parts.flatMap(answerBlocks),
    ...encodeFinish(answer.finish, refused),
    ...rest,
    usage: {
      ...kept,
      ...counted,
      ...(details !== undefined && {
        output_tokens_details: { ...details, ...(counted['output_tokens_details'] as Json | undefined) },
      }),
    },
  }
}

export const NO_USAGE: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 }

/** An id of this dialect: the upstream's own where it has the form, else one made of it. */
export function messageId(id: string, { created }: AnswerContext): string {
  if (id.startsWith('msg_')) return id
  const safe = id.replace(/[^A-Za-z0-9_-]/g, '')
  return `msg_${safe === '' ? created : safe}`
}

/** The blocks a client reads of a part; none where it says nothing. */
function answerBlocks(part: Part): Json[] {
  switch (part.type) {
    case 'text': {
      if (part.text === '') return []
      const citations = (part.citations ?? []).flatMap((citation) => answerCitation(citation) ?? [])
      return [{ ...own(part), type: 'text', text: part.text, ...(citations.length > 0 && { citations }) }]
    }
    case 'refusal':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }]
    case 'reasoning':
      return thoughtBlocks(part.text, part.signature)
    case 'tool-call':
      return [
        {
          ...own(part),
          ...callerOf(part),
          type: 'tool_use',
          id: wireId(part.id),
          name: part.name,
          input: callInput(part),
        },
        ...callSignature(part.id, part.signature),
      ]
    case 'media':
    case 'search':
      return wholeBlocks(part as PartStart)
    case 'native':
      return part.protocol === 'anthropic' ? [part.value as Json] : []
    default:
      return []
  }
}

function thoughtBlocks(text: string, signature: Signature | undefined): Json[] {
  if (text === '' && signature === undefined) return []
  const slot = signature === undefined ? '' : packSignature(signature, 'anthropic')
  if (text === '' && signature?.redacted) return [{ type: 'redacted_thinking', data: slot }]
  return [{ type: 'thinking', thinking: text, signature: slot }]
}

/**
 * A `tool_use` has no slot for another vendor's state (Gemini signs its calls): it goes into an empty thought beside the
 * call, marked with the call's id. Clients give thoughts back as they are.
 */
export function callSignature(id: string, signature: Signature | undefined): Json[] {
  if (signature === undefined || signature.issuer === 'anthropic') return []
  const marked = { ...signature, issuer: `${signature.issuer}${CALL_MARK}${wireId(id)}` }
  return [{ type: 'thinking', thinking: '', signature: packSignature(marked, 'anthropic') }]
}

/** The blocks of what comes whole. */
export function wholeBlocks(part: PartStart): Json[] {
  if (part.type === 'search') return answerSearch(part)
  if (part.type !== 'media') return []
  const { source, kind, mediaType = kind } = part
  if (source.type === 'url') return [{ type: 'text', text: `![${kind}](${source.url})` }]
  // No block of an answer holds media, and megabytes of base64 in a text help nobody.
  return [{ type: 'text', text: `[${mediaType}: the answer holds media that cannot be passed on here]` }]
}

/** A search by another vendor has no sealed contents; the empty strings say so to `decodeSearch`. */
function answerSearch(part: Omit<SearchPart, 'type'>): Json[] {
  const safe = part.id.replace(/[^A-Za-z0-9_]/g, '_')
  const [use, result] = searchBlocks(part, safe.startsWith('srvtoolu_') ? safe : `srvtoolu_${safe}`)
  const { content } = result
  if (!isObjects(content)) return [use, result]
  const open = { encrypted_content: '', page_age: null }
  return [use, { ...result, content: content.map((item) => ({ title: item['url'], ...open, ...item })) }]
}
