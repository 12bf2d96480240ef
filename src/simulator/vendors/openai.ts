import type { Answer, Context, Json, Problem, Refusal, Usage } from '../types.ts'
import { invalid } from '../types.ts'
import { span, str } from './util.ts'

const ERRORS: Record<Problem['kind'], { status: number; type: string; code: string | null; message: string }> = {
  invalid: { status: 400, type: 'invalid_request_error', code: null, message: 'Invalid request.' },
  context: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded', message: '' },
  quota: {
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message:
      'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
  },
  unauthorized: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key', message: '' },
  forbidden: {
    status: 403,
    type: 'invalid_request_error',
    code: null,
    message: 'You are not allowed to sample from this model',
  },
  'not-found': { status: 404, type: 'invalid_request_error', code: null, message: 'Not Found' },
  'no-such-model': { status: 404, type: 'invalid_request_error', code: 'model_not_found', message: '' },
  'too-large': { status: 413, type: 'invalid_request_error', code: null, message: 'Request too large.' },
  'rate-limited': { status: 429, type: 'requests', code: 'rate_limit_exceeded', message: '' },
  server: {
    status: 500,
    type: 'server_error',
    code: null,
    message: 'The server had an error while processing your request. Sorry about that!',
  },
  unavailable: {
    status: 503,
    type: 'server_error',
    code: null,
    message: 'The server is currently unavailable. Please try again later.',
  },
  overloaded: {
    status: 503,
    type: 'server_error',
    code: 'server_is_overloaded',
    message: 'Our servers are currently overloaded. Please try again later.',
  },
}

/** Models that reason: no `max_tokens`, no sampling, effort instead. */
export function reasons(base: string): boolean {
  return /^(?:o\d|gpt-[5-9](?!.*chat)|codex-)/.test(base)
}

/** The generation before per-request sampling came back with effort `none`. */
export function neverSamples(base: string): boolean {
  return /^(?:o\d|gpt-5(?:-mini|-nano|-pro|-codex|-\d{4}|$))/.test(base)
}

function masked(key: string): string {
  return key.length > 12 ? `${key.slice(0, 8)}*****${key.slice(-4)}` : key
}

/** The text of a refusal, as OpenAI words it. */
export function textOf(p: Problem, ctx: Context): string {
  if (p.message !== undefined) return p.message
  switch (p.kind) {
    case 'unauthorized':
      return ctx.key
        ? `Incorrect API key provided: ${masked(ctx.key)}. You can find your API key at https://platform.openai.com/account/api-keys.`
        : "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
    case 'no-such-model':
      return ctx.action === 'responses'
        ? `The requested model '${ctx.model}' does not exist.`
        : `The model \`${ctx.model}\` does not exist or you do not have access to it.`
    case 'context':
      return ctx.action === 'responses'
        ? 'Your input exceeds the context window of this model. Please adjust your input and try again.'
        : "This model's maximum context length is 128000 tokens. However, your messages resulted in 1250025 tokens. Please reduce the length of the messages."
    case 'rate-limited': {
      const wait = p.retryAfter === undefined ? '' : ` Please try again in ${span(p.retryAfter)}.`
      return `Rate limit reached for ${ctx.base} in organization org-simulated on requests per min (RPM): Limit 500, Used 500, Requested 1.${wait} Visit https://platform.openai.com/account/rate-limits to learn more.`
    }
    default:
      return ERRORS[p.kind].message
  }
}

/** `{message, type, param, code}` of a refusal. */
export function errorOf(p: Problem, ctx: Context): Json {
  const e = ERRORS[p.kind]
  const param =
    p.param ?? (p.kind === 'context' && ctx.action === 'responses' ? 'input' : p.kind === 'context' ? 'messages' : null)
  return { message: textOf(p, ctx), type: e.type, param, code: p.code ?? e.code }
}

/** A refusal in OpenAI's shape. */
export function refuse(p: Problem, ctx: Context): Refusal {
  const headers: Record<string, string> = { ...base(ctx) }
  if (p.retryAfter !== undefined) {
    headers['retry-after'] = String(p.retryAfter)
    headers['retry-after-ms'] = String(p.retryAfter * 1000)
  }
  if (p.kind === 'rate-limited') {
    headers['x-ratelimit-remaining-requests'] = '0'
    headers['x-ratelimit-reset-requests'] = span(p.retryAfter ?? 60)
  }
  // The Responses API reports an unknown model as a bad request.
  const status = p.status ?? (p.kind === 'no-such-model' && ctx.action === 'responses' ? 400 : ERRORS[p.kind].status)
  return {
    status,
    headers,
    body: {
      error: {
        ...errorOf(p, ctx),
        ...(p.kind === 'no-such-model' && ctx.action === 'responses' ? { param: 'model' } : {}),
      },
    },
  }
}

/** Request id and rate-limit headers that every OpenAI answer carries. */
export function base(ctx: Context): Record<string, string> {
  return {
    'x-request-id': `req_sim${ctx.seed.slice(0, 29)}`,
    'openai-organization': 'org-simulated',
    'openai-processing-ms': '1',
    'openai-version': '2020-10-01',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-limit-tokens': '30000000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-remaining-tokens': '29999900',
    'x-ratelimit-reset-requests': '6ms',
    'x-ratelimit-reset-tokens': '0s',
  }
}

/** Seconds since the epoch. */
export function created(ctx: Context): number {
  return Math.floor(ctx.nowMs / 1000)
}

/** Token counts of the chat API: reasoning inside the completion, cached inside the prompt. */
export function chatUsage(answer: Answer): Json {
  const u = answer.usage
  const prompt = inputTotal(u)
  return {
    prompt_tokens: prompt,
    completion_tokens: u.output + u.reasoning,
    total_tokens: prompt + u.output + u.reasoning,
    prompt_tokens_details: { cached_tokens: u.cacheRead, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: u.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

/** All input tokens, cached or not. */
export function inputTotal(u: Usage): number {
  return u.fresh + u.cacheRead + u.cacheWrite
}

/** A function name that OpenAI takes, or what is wrong with it. */
export function nameFault(name: unknown, path: string): { message: string; param: string; code: string } | undefined {
  if (typeof name !== 'string')
    return { message: `Missing required parameter: '${path}'.`, param: path, code: 'missing_required_parameter' }
  if (name === '')
    return {
      message: `Invalid '${path}': empty string. Expected a string with minimum length 1, but got an empty string instead.`,
      param: path,
      code: 'empty_string',
    }
  if (name.length > 64)
    return {
      message: `Invalid '${path}': string too long. Expected a string with maximum length 64, but got a string with length ${name.length} instead.`,
      param: path,
      code: 'string_above_max_length',
    }
  if (!/^[a-zA-Z0-9_-]+$/.test(name))
    return {
      message: `Invalid '${path}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
      param: path,
      code: 'invalid_value',
    }
  return undefined
}

/** What is wrong with a number outside its range. */
export function rangeFault(
  value: unknown,
  name: string,
  low: number,
  high: number,
): { message: string; param: string; code: string } | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number')
    return {
      message: `Invalid type for '${name}': expected a decimal, but got a ${Array.isArray(value) ? 'array' : typeof value} instead.`,
      param: name,
      code: 'invalid_type',
    }
  if (value < low)
    return {
      message: `Invalid '${name}': decimal below minimum value. Expected a value >= ${low}, but got ${value} instead.`,
      param: name,
      code: 'decimal_below_min_value',
    }
  if (value > high)
    return {
      message: `Invalid '${name}': decimal above maximum value. Expected a value <= ${high}, but got ${value} instead.`,
      param: name,
      code: 'decimal_above_max_value',
    }
  return undefined
}

/** An image URL must be fetchable or carry its bytes. */
export function imageFault(url: unknown, path: string): { message: string; param: string; code: string } | undefined {
  const text = str(url)
  if (/^https?:\/\//.test(text)) return undefined
  if (/^data:image\/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=]+$/.test(text)) return undefined
  if (text.startsWith('data:')) {
    return {
      message: `Invalid '${path}'. Expected a base64-encoded data URL with an image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got unsupported MIME type '${/^data:([^;,]*)/.exec(text)?.[1]}'.`,
      param: path,
      code: 'invalid_value',
    }
  }
  return {
    message: `Invalid '${path}'. Expected a valid URL, but got a value with an invalid format.`,
    param: path,
    code: 'invalid_value',
  }
}

/** What one of the checks above found, as a refusal. */
export function from(fault: { message: string; param: string; code: string } | undefined): Problem | undefined {
  return fault && invalid(fault.message, fault.param, fault.code)
}

/** A parameter that must be there and is not. */
export function missing(name: string): Problem {
  return invalid(`Missing required parameter: '${name}'.`, name, 'missing_required_parameter')
}
