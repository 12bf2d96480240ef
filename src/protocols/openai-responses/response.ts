/** A whole Responses answer ↔ hub (https://platform.openai.com/docs/api-reference/responses/object). */
import type { Part } from '../../hub/request.ts'
import type { ChatResponse, Finish, Usage } from '../../hub/response.ts'
import type { AnswerContext } from '../codec.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { decodeOutputItem, encodeOutput, idsFor } from './output.ts'
import { keep, notes, restOf, taker } from './own.ts'
import { leadOf } from './request-encode.ts'
import { encodeSettings } from './settings-encode.ts'
import { responsesUsage } from './usage.ts'

export function decodeResponse(body: Json): ChatResponse {
  const { rest, text, list, object, drop } = taker(body)
  const [id, model] = [text('id') ?? '', text('model') ?? '']
  const parts = (list('output') ?? []).flatMap(decodeOutputItem)
  const told = object('usage')
  const usage = told && responsesUsage(told)
  const left = told && usageRest(told)
  if (left !== undefined) rest['usage'] = left
  const finish = finishOf(body, parts)
  drop('status')
  drop('incomplete_details')
  if (body['incomplete_details'] === undefined) rest['$undetailed'] = true
  return { id, model, parts, finish, ...(usage !== undefined && { usage }), ...keep({ ...rest, $own: true }) }
}

/** Why it ended: by status and by what it holds (domain.md 3.8). */
export function finishOf(response: Json, parts: readonly Part[]): Finish {
  const status = response['status']
  const why = asObject(response['incomplete_details'])?.['reason']
  const raw = typeof why === 'string' ? why : typeof status === 'string' ? status : undefined
  const told = raw !== undefined && { raw }
  if (why === 'max_output_tokens' || why === 'max_tokens') return { reason: 'length', ...told }
  if (why === 'content_filter' || parts.some((part) => part.type === 'refusal')) return { reason: 'refusal', ...told }
  if (parts.some((part) => part.type === 'tool-call')) return { reason: 'tool-calls', ...told }
  return { reason: status === 'completed' || status === undefined ? 'stop' : 'other', ...told }
}

/** What a usage object tells beyond the hub's counts. */
function usageRest(told: Json): Json | undefined {
  const { input_tokens, output_tokens, total_tokens, input_tokens_details, output_tokens_details, ...rest } = told
  const { cached_tokens, cache_write_tokens, ...input } = asObject(input_tokens_details) ?? {}
  const { reasoning_tokens, ...output } = asObject(output_tokens_details) ?? {}
  if (Object.keys(input).length > 0) rest['input_tokens_details'] = input
  if (Object.keys(output).length > 0) rest['output_tokens_details'] = output
  return Object.keys(rest).length > 0 ? rest : undefined
}

/** Normal form: every count is written, zeros too. */
export function encodeUsage({ input, cacheRead, cacheWrite, output, reasoning }: Usage, rest?: Json): Json {
  const all = input + cacheRead + cacheWrite
  return {
    ...rest,
    input_tokens: all,
    input_tokens_details: {
      ...asObject(rest?.['input_tokens_details']),
      cached_tokens: cacheRead,
      cache_write_tokens: cacheWrite,
    },
    output_tokens: output,
    output_tokens_details: { ...asObject(rest?.['output_tokens_details']), reasoning_tokens: reasoning },
    total_tokens: all + output,
  }
}

/** `status` and `incomplete_details` of a finished answer. */
export function statusOf(finish: Finish, parts: readonly Part[]): { status: string; incomplete_details: Json | null } {
  if (finish.reason === 'length') return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
  // The model's own refusal is a complete answer; one without words was cut off by a filter.
  if (finish.reason === 'refusal' && !parts.some((part) => part.type === 'refusal'))
    return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }
  return { status: 'completed', incomplete_details: null }
}

export function encodeResponse(answer: ChatResponse, context: AnswerContext): Json {
  const own = notes(answer).$own === true
  const ids = idsFor(answer.id, context.created)
  const output = encodeOutput(answer.parts, { ids, own, sealed: notes(context.request).$sealed === true })
  if (own) return encodeOwn(answer, context, output)
  const { status, incomplete_details } = statusOf(answer.finish, answer.parts)
  if (status === 'incomplete') markIncomplete(output)
  return {
    ...skeleton(ids.response, context),
    status,
    ...(status === 'completed' && { completed_at: context.created }),
    incomplete_details,
    output,
    usage: answer.usage === undefined ? null : encodeUsage(answer.usage),
  }
}

/** Was cut off in its last item. */
export function markIncomplete(output: Json[]): void {
  const last = output.at(-1)
  if (last?.['type'] === 'message') last['status'] = 'incomplete'
}

function encodeOwn(answer: ChatResponse, { model }: AnswerContext, output: Json[]): Json {
  const { usage: usageLeft, ...rest } = restOf(answer)
  const computed = statusOf(answer.finish, answer.parts)
  const { raw } = answer.finish
  // The upstream's own word stands unless the answer now ends for another reason.
  const stands = raw !== undefined && finishOf(wordOf(raw), answer.parts).reason === answer.finish.reason
  const { status, incomplete_details } = stands ? wordOf(raw) : computed
  return {
    id: answer.id,
    ...rest,
    status,
    ...(!notes(answer).$undetailed && { incomplete_details }),
    model,
    output,
    usage: answer.usage === undefined ? (usageLeft ?? null) : encodeUsage(answer.usage, asObject(usageLeft)),
  }
}

const REASONS = new Set(['max_output_tokens', 'max_tokens', 'content_filter'])

function wordOf(raw: string): { status: string; incomplete_details: Json | null } & Json {
  return REASONS.has(raw)
    ? { status: 'incomplete', incomplete_details: { reason: raw } }
    : { status: raw, incomplete_details: null }
}

/** A response object as its clients expect it from the first event on: empty, and with what was asked for. */
export function skeleton(id: string, { request, model, created }: AnswerContext): Json {
  const { instructions } = leadOf(request.messages)
  const asked = encodeSettings(request, { model }, [])
  const said = (name: string, otherwise: unknown) => asked[name] ?? otherwise
  const reasoning = asObject(asked['reasoning'])
  const text = asObject(asked['text'])
  return {
    id,
    object: 'response',
    created_at: created,
    status: 'in_progress',
    background: false,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: instructions ?? null,
    max_output_tokens: said('max_output_tokens', null),
    max_tool_calls: said('max_tool_calls', null),
    model,
    output: [],
    parallel_tool_calls: said('parallel_tool_calls', true),
    previous_response_id: said('previous_response_id', null),
    prompt_cache_key: said('prompt_cache_key', null),
    reasoning: { effort: reasoning?.['effort'] ?? null, summary: reasoning?.['summary'] ?? null },
    safety_identifier: said('safety_identifier', null),
    service_tier: 'default',
    store: said('store', true),
    temperature: said('temperature', 1),
    text: { format: text?.['format'] ?? { type: 'text' }, verbosity: text?.['verbosity'] ?? 'medium' },
    tool_choice: said('tool_choice', 'auto'),
    tools: asArray(asked['tools']),
    top_logprobs: said('top_logprobs', 0),
    top_p: said('top_p', 1),
    truncation: said('truncation', 'disabled'),
    usage: null,
    user: said('user', null),
    metadata: said('metadata', {}),
  }
}
