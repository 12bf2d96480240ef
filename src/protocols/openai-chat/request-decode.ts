/** A chat request → hub (https://platform.openai.com/docs/api-reference/chat/create). */
import { FailureError, failure } from '../../hub/failure.ts'
import type { ChatRequest } from '../../hub/request.ts'
import type { RequestPlace } from '../codec.ts'
import { numberOf as exactNumber } from '../exact-json.ts'
import type { Json } from '../json.ts'
import { decodeFormat, decodeReasoning } from './controls.ts'
import { decodeMessages } from './messages-decode.ts'
import { restOf } from './rest.ts'
import { decodeChoice, decodeTools } from './tools.ts'

/** Members with a hub word of their own, always taken out. */
const KNOWN = [
  'model',
  'stream',
  'messages',
  'tools',
  'functions',
  'web_search_options',
  'tool_choice',
  'function_call',
  'parallel_tool_calls',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'seed',
  'random_seed',
  'presence_penalty',
  'frequency_penalty',
  'logprobs',
  'top_logprobs',
  'n',
  'user',
  'prompt_cache_key',
  'verbosity',
] as const

/** @throws {FailureError} kind `invalid-request`, naming the field that makes no sense. */
export function decodeRequest(body: Json, place: RequestPlace): ChatRequest {
  const form = new Set<string>()
  const known = new Set<string>(KNOWN)
  const messages = decodeMessages(body['messages'], form)
  const tools = decodeTools(body, form)
  const toolChoice = decodeChoice(body)
  if (toolChoice?.mode === 'allowed') form.add('allowed_tools')
  const { reasoning, read } = decodeReasoning(body, form)
  for (const name of read) known.add(name)
  const { output, read: formatRead } = decodeFormat(body['response_format'])
  if (formatRead) known.add('response_format')
  if (numberOf(body, 'max_completion_tokens') !== undefined) form.add('max_completion_tokens')
  if (numberOf(body, 'n') !== undefined) form.add('n')
  // Mistral's name for it.
  if (numberOf(body, 'random_seed') !== undefined) form.add('random_seed')
  const legacy = form.has('functions')

  return {
    model: place.model,
    stream: place.stream,
    messages,
    ...(tools !== undefined && { tools }),
    ...(toolChoice !== undefined && { toolChoice }),
    // The older answers have room for one call.
    ...(typeof body['parallel_tool_calls'] === 'boolean'
      ? { parallelToolCalls: body['parallel_tool_calls'] }
      : legacy && tools !== undefined && { parallelToolCalls: false }),
    ...sampling(body),
    ...(reasoning !== undefined && { reasoning }),
    ...(output !== undefined && { output }),
    ...restOf(body, known, form.size > 0 ? { $form: [...form].sort() } : {}),
  }
}

/** Sampling and limits, which the legacy completions share. */
export function sampling(body: Json): Partial<ChatRequest> {
  const maxOutputTokens = numberOf(body, 'max_completion_tokens') ?? numberOf(body, 'max_tokens')
  const found: Partial<ChatRequest> = {
    maxOutputTokens,
    temperature: numberOf(body, 'temperature'),
    topP: numberOf(body, 'top_p'),
    topK: numberOf(body, 'top_k'),
    stop: stopOf(body['stop']),
    seed: numberOf(body, 'seed') ?? numberOf(body, 'random_seed'),
    presencePenalty: numberOf(body, 'presence_penalty'),
    frequencyPenalty: numberOf(body, 'frequency_penalty'),
    logprobs: logprobsOf(body),
    count: numberOf(body, 'n'),
    user: textOf(body, 'user'),
    cacheKey: textOf(body, 'prompt_cache_key'),
    verbosity: textOf(body, 'verbosity'),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

function numberOf(body: Json, name: string): number | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  return exactNumber(value) ?? refuse(name, 'must be a number')
}

function textOf(body: Json, name: string): string | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') refuse(name, 'must be a string')
  return value
}

function stopOf(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return [value]
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.length > 0 ? value : undefined
  return refuse('stop', 'must be a string or an array of strings')
}

function logprobsOf(body: Json): ChatRequest['logprobs'] {
  if (body['logprobs'] !== true) return undefined
  const top = numberOf(body, 'top_logprobs')
  return top === undefined ? {} : { top }
}

function refuse(param: string, problem: string): never {
  throw new FailureError(failure('invalid-request', `${param} ${problem}`, { param }))
}
