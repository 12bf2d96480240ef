/** Hub → a chat request (https://platform.openai.com/docs/api-reference/chat/create). */
import { FailureError, failure } from '../../hub/failure.ts'
import type { Loss } from '../../hub/loss.ts'
import type { ChatRequest } from '../../hub/request.ts'
import type { TargetModel } from '../codec.ts'
import { asObject, type Json } from '../json.ts'
import { encodeFormat, encodeReasoning } from './controls.ts'
import { encodeMessages } from './messages-encode.ts'
import { formOf, ownRest } from './rest.ts'
import { encodeTools } from './tools.ts'

const MOST_STOPS = 4

/** The body, and what it could not say. */
export function encodeRequest(request: ChatRequest, target: TargetModel): { body: Json; losses: Loss[] } {
  const losses: Loss[] = []
  const form = formOf(request)
  const { stream_options: wished, ...rest } = ownRest(request)
  const messages = encodeMessages(request.messages, form, losses)
  if (messages.length === 0)
    throw new FailureError(
      failure('invalid-request', 'nothing of the conversation can be said in chat completions', { param: 'messages' }),
    )
  const format = encodeFormat(request.output, losses)
  const body: Json = {
    model: target.model,
    messages: request.output?.type === 'json' ? mentioningJson(messages) : messages,
    ...encodeTools(request, form, losses),
    ...limits(request, target, form, losses),
    ...encodeReasoning(request.reasoning, target, form, losses),
    ...format,
    ...(request.verbosity !== undefined && { verbosity: request.verbosity }),
    ...(request.user !== undefined && { user: request.user }),
    ...(request.cacheKey !== undefined && { prompt_cache_key: request.cacheKey }),
    ...rest,
    // Usage is ours to count, whatever the client wishes to see.
    ...(request.stream && { stream: true, stream_options: { ...asObject(wished), include_usage: true } }),
  }
  return { body, losses }
}

/**
 * OpenAI's reasoning models refuse `max_tokens`, many compatible servers do not know `max_completion_tokens`: the newer
 * name goes to models known to reason and wherever the client used it.
 */
function limits(request: ChatRequest, target: TargetModel, form: ReadonlySet<string>, losses: Loss[]): Json {
  const body: Json = {}
  const { maxOutputTokens, stop, logprobs } = request
  if (maxOutputTokens !== undefined) {
    const newer = target.reasoning !== undefined || form.has('max_completion_tokens')
    const most = target.maxOutput === undefined ? maxOutputTokens : Math.min(maxOutputTokens, target.maxOutput)
    body[newer ? 'max_completion_tokens' : 'max_tokens'] = most
  }
  if (request.temperature !== undefined) body['temperature'] = request.temperature
  if (request.topP !== undefined) body['top_p'] = request.topP
  if (request.topK !== undefined) losses.push({ field: 'top_k', reason: 'chat completions have no such field' })
  if (stop !== undefined && stop.length > 0) {
    body['stop'] = stop.slice(0, MOST_STOPS)
    if (stop.length > MOST_STOPS) losses.push({ field: 'stop', reason: `only ${MOST_STOPS} sequences are taken` })
  }
  if (request.seed !== undefined) body[form.has('random_seed') ? 'random_seed' : 'seed'] = request.seed
  if (request.presencePenalty !== undefined) body['presence_penalty'] = request.presencePenalty
  if (request.frequencyPenalty !== undefined) body['frequency_penalty'] = request.frequencyPenalty
  if (logprobs !== undefined) {
    body['logprobs'] = true
    if (logprobs.top !== undefined) body['top_logprobs'] = logprobs.top
  }
  if (alwaysReasons(target)) withoutSampling(body, losses, SAMPLING)
  else if (target.reasoning?.by === 'effort') withoutSampling(body, losses, { stop: undefined })
  // Answers beyond the first would be paid for and thrown away.
  if (form.has('n') && request.count !== undefined) body['n'] = request.count
  else if ((request.count ?? 1) > 1) losses.push({ field: 'n', reason: 'one answer a request' })
  return body
}

/** What OpenAI's reasoning models refuse the whole request for, unless it is the default. */
const SAMPLING: Record<string, unknown> = {
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logprobs: false,
  top_logprobs: undefined,
  stop: undefined,
}

/** Whether the model cannot but reason; one whose effort can be `none` samples like any other, but takes no `stop` either. */
function alwaysReasons({ reasoning }: TargetModel): boolean {
  return reasoning?.by === 'effort' && !reasoning.levels.includes('none')
}

function withoutSampling(body: Json, losses: Loss[], refused: Record<string, unknown>): void {
  for (const [field, standard] of Object.entries(refused)) {
    if (body[field] === undefined || body[field] === standard) continue
    delete body[field]
    losses.push({ field, reason: 'this model reasons, and such models do not take it' })
  }
}

/** OpenAI refuses `json_object` unless the conversation speaks of JSON. */
function mentioningJson(messages: Json[]): Json[] {
  if (/json/i.test(JSON.stringify(messages))) return messages
  const at = messages.findIndex(({ role }) => role !== 'system' && role !== 'developer')
  const note = { role: 'system', content: 'Answer with a JSON object.' }
  return at === -1 ? [...messages, note] : [...messages.slice(0, at), note, ...messages.slice(at)]
}
