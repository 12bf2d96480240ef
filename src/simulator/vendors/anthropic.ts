import { slices } from '../pieces.ts'
import { sign } from '../signature.ts'
import type { Answer, Ask, Context, Frame, Json, Problem, Refusal, VendorApi } from '../types.ts'
import { problem } from '../types.ts'
import { promptTokens } from '../usage.ts'
import { checkMessages } from './anthropic-validate.ts'
import { arr, base64Size, obj, objs, ownWords, str } from './util.ts'

const REASONS: Record<Answer['finish'], string> = {
  end: 'end_turn',
  tools: 'tool_use',
  length: 'max_tokens',
  stop: 'stop_sequence',
  refusal: 'refusal',
  blocked: 'refusal',
}

const ERRORS: Record<Problem['kind'], { status: number; type: string; message: string }> = {
  invalid: { status: 400, type: 'invalid_request_error', message: 'Invalid request' },
  context: {
    status: 400,
    type: 'invalid_request_error',
    message: 'prompt is too long: 1250025 tokens > 200000 maximum',
  },
  quota: {
    status: 400,
    type: 'invalid_request_error',
    message:
      'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
  },
  unauthorized: { status: 401, type: 'authentication_error', message: 'invalid x-api-key' },
  forbidden: {
    status: 403,
    type: 'permission_error',
    message: 'Your API key does not have permission to use the specified resource.',
  },
  'not-found': { status: 404, type: 'not_found_error', message: 'Not Found' },
  'no-such-model': { status: 404, type: 'not_found_error', message: '' },
  'too-large': { status: 413, type: 'request_too_large', message: 'Request exceeds the maximum size' },
  'rate-limited': {
    status: 429,
    type: 'rate_limit_error',
    message:
      "This request would exceed your organization's rate limit of 50 requests per minute. For details, refer to: https://docs.claude.com/en/api/rate-limits.",
  },
  server: { status: 500, type: 'api_error', message: 'Internal server error' },
  unavailable: { status: 503, type: 'api_error', message: 'Service Unavailable' },
  overloaded: { status: 529, type: 'overloaded_error', message: 'Overloaded' },
}

function requestId(ctx: Context): string {
  return `req_011Csim${ctx.seed.slice(0, 17)}`
}

/** Visible texts of a block, for token counts and echoes. */
function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content]
  return objs(content).flatMap((b) => {
    switch (b['type']) {
      case 'text':
        return [str(b['text'])]
      case 'thinking':
        return [str(b['thinking'])]
      case 'tool_result':
        return textsOf(b['content'])
      case 'tool_use':
        return [str(b['name']), JSON.stringify(b['input'])]
      default:
        return []
    }
  })
}

/** Whether a cache breakpoint is set anywhere. */
function marked(body: Json): boolean {
  if (body['cache_control']) return true
  const any = (list: unknown): boolean =>
    objs(list).some((b) => b['cache_control'] !== undefined || (Array.isArray(b['content']) && any(b['content'])))
  return any(body['messages']) || any(body['system']) || any(body['tools'])
}

function ask(body: Json, _ctx: Context): Ask {
  const messages = objs(body['messages'])
  const last = messages.findLast((m) => m['role'] !== 'system')
  const users = messages.filter((m) => m['role'] === 'user')
  const lastTexts = (m: Json | undefined) =>
    typeof m?.['content'] === 'string'
      ? [m['content']]
      : objs(m?.['content'])
          .filter((b) => b['type'] === 'text')
          .map((b) => str(b['text']))
  const talking = users.findLast((m) => lastTexts(m).length > 0)
  const choice = obj(body['tool_choice'])
  const format = obj(obj(body['output_config'])?.['format']) ?? obj(body['output_format'])
  const thinking = obj(body['thinking'])?.['type']
  return {
    model: str(body['model']),
    stream: body['stream'] === true,
    segments: [
      textsOf(body['system']).join('\n') + JSON.stringify(body['tools'] ?? ''),
      ...messages.map((m) => textsOf(m['content']).join('\n')),
    ],
    userText: ownWords(lastTexts(talking)),
    tools: objs(body['tools'])
      .filter((t) => obj(t['input_schema']) && t['defer_loading'] !== true)
      .map((t) => ({ name: str(t['name']), schema: obj(t['input_schema'])! })),
    choice:
      choice?.['type'] === 'any'
        ? 'any'
        : choice?.['type'] === 'none'
          ? 'none'
          : choice?.['type'] === 'tool'
            ? { name: str(choice['name']) }
            : 'auto',
    parallel: choice?.['disable_parallel_tool_use'] !== true,
    results:
      last?.['role'] === 'user'
        ? objs(last['content'])
            .filter((b) => b['type'] === 'tool_result')
            .map((b) => textsOf(b['content']).join('\n'))
        : [],
    format: format?.['type'] === 'json_schema' ? { schema: obj(format['schema']) } : undefined,
    media: objs(talking?.['content']).flatMap((b) => {
      const source = obj(b['source'])
      if (b['type'] !== 'image' && b['type'] !== 'document') return []
      return [
        {
          kind: `an ${b['type']}`.replace('an d', 'a d'),
          mediaType: str(source?.['media_type']) || str(source?.['type']),
          bytes: base64Size(str(source?.['data'])),
        },
      ]
    }),
    reasoning: thinking === 'enabled' || thinking === 'adaptive',
    reasoningVisible: obj(body['thinking'])?.['display'] !== 'omitted',
    maxTokens: typeof body['max_tokens'] === 'number' ? body['max_tokens'] : undefined,
    stops: arr(body['stop_sequences']).map(str),
    cacheable: marked(body),
  }
}

function usage(answer: Answer): Json {
  const u = answer.usage
  return {
    input_tokens: u.fresh,
    cache_creation_input_tokens: u.cacheWrite,
    cache_read_input_tokens: u.cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: u.cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: u.output + u.reasoning,
    ...(u.reasoning ? { output_tokens_details: { thinking_tokens: u.reasoning } } : {}),
    service_tier: 'standard',
    inference_geo: 'global',
  }
}

/** The thinking block and its signature; with omitted display only the signature is left. */
function thought(answer: Answer, text: string, body: Json): { thinking: string; signature: string } {
  if (obj(body['thinking'])?.['display'] === 'omitted')
    return { thinking: '', signature: sign('anthropic-omitted', answer.seed, '') }
  return { thinking: text, signature: sign('anthropic', answer.seed, text) }
}

function message(answer: Answer, content: unknown[], reason: string | null, tokens: Json): Json {
  return {
    model: answer.model,
    id: `msg_01sim${answer.seed.slice(0, 19)}`,
    type: 'message',
    role: 'assistant',
    content,
    stop_reason: reason,
    stop_sequence: reason === null ? null : (answer.stop ?? null),
    stop_details: null,
    usage: tokens,
  }
}

function whole(answer: Answer, body: Json): unknown {
  const content = answer.blocks.map((b): Json => {
    switch (b.type) {
      case 'reasoning':
        return b.redacted
          ? { type: 'redacted_thinking', data: sign('anthropic-redacted', answer.seed, '') }
          : { type: 'thinking', ...thought(answer, b.text, body) }
      case 'text':
        return { type: 'text', text: b.pieces.text() }
      case 'refusal':
        return { type: 'text', text: b.text }
      default:
        return { type: 'tool_use', id: `toolu_01sim${b.id}`, name: b.tool.name, input: JSON.parse(b.input) }
    }
  })
  return message(answer, content, REASONS[answer.finish], usage(answer))
}

function frame(type: string, data: string, role: Frame['role'] = 'other'): Frame {
  return { text: `event: ${type}\ndata: ${data}\n\n`, role }
}

function delta(index: number, kind: string, field: string, text: string): Frame {
  return frame(
    'content_block_delta',
    `{"type":"content_block_delta","index":${index},"delta":{"type":"${kind}","${field}":${JSON.stringify(text)}}}`,
    'content',
  )
}

function* stream(answer: Answer, body: Json): Iterable<Frame> {
  const first = usage(answer)
  first['output_tokens'] = 1
  delete first['output_tokens_details']
  yield frame(
    'message_start',
    JSON.stringify({ type: 'message_start', message: message(answer, [], null, first) }),
    'start',
  )
  let pinged = false
  for (const [i, b] of answer.blocks.entries()) {
    const thoughts = b.type === 'reasoning' ? thought(answer, b.text, body) : undefined
    const open =
      b.type === 'call'
        ? { type: 'tool_use', id: `toolu_01sim${b.id}`, name: b.tool.name, input: {} }
        : b.type === 'reasoning'
          ? b.redacted
            ? { type: 'redacted_thinking', data: sign('anthropic-redacted', answer.seed, '') }
            : { type: 'thinking', thinking: '', signature: '' }
          : { type: 'text', text: '' }
    yield frame(
      'content_block_start',
      `{"type":"content_block_start","index":${i},"content_block":${JSON.stringify(open)}}`,
    )
    if (!pinged) yield frame('ping', '{"type": "ping"}')
    pinged = true
    if (b.type === 'text') for (const text of b.pieces) yield delta(i, 'text_delta', 'text', text)
    else if (b.type === 'refusal') yield delta(i, 'text_delta', 'text', b.text)
    else if (b.type === 'call') {
      yield delta(i, 'input_json_delta', 'partial_json', '')
      for (const part of slices(b.input)) yield delta(i, 'input_json_delta', 'partial_json', part)
    } else if (!b.redacted) {
      for (const text of slices(thoughts!.thinking, 24)) yield delta(i, 'thinking_delta', 'thinking', text)
      yield { ...delta(i, 'signature_delta', 'signature', thoughts!.signature), role: 'other' }
    }
    yield frame('content_block_stop', `{"type":"content_block_stop","index":${i}}`)
  }
  const { cache_creation: _, service_tier: __, inference_geo: ___, ...last } = usage(answer)
  const end = {
    type: 'message_delta',
    delta: { stop_reason: REASONS[answer.finish], stop_sequence: answer.stop ?? null, stop_details: null },
    usage: last,
  }
  yield frame('message_delta', JSON.stringify(end), 'end')
  yield frame('message_stop', '{"type":"message_stop"}', 'done')
}

function errorBody(p: Problem, ctx: Context): Json {
  const e = ERRORS[p.kind]
  const message = p.message ?? (p.kind === 'no-such-model' ? `model: ${ctx.model}` : e.message)
  const error: Json = { type: e.type, message }
  if (p.details?.length) error['details'] = p.details[0]
  return { type: 'error', error, request_id: requestId(ctx) }
}

function refuse(p: Problem, ctx: Context): Refusal {
  const headers: Record<string, string> = {
    ...base(ctx),
    'x-should-retry': ERRORS[p.kind].status >= 429 ? 'true' : 'false',
  }
  if (p.retryAfter !== undefined) headers['retry-after'] = String(p.retryAfter)
  if (p.kind === 'rate-limited') {
    const reset = Math.floor(ctx.nowMs / 1000) + (p.retryAfter ?? 60)
    headers['anthropic-ratelimit-requests-remaining'] = '0'
    headers['anthropic-ratelimit-requests-reset'] = new Date(reset * 1000).toISOString().replace(/\.\d+Z/, 'Z')
    if (p.longLimit) {
      headers['anthropic-ratelimit-unified-status'] = 'rejected'
      headers['anthropic-ratelimit-unified-reset'] = String(reset)
      headers['anthropic-ratelimit-unified-7d-status'] = 'rejected'
      headers['anthropic-ratelimit-unified-7d-reset'] = String(reset)
      headers['anthropic-ratelimit-unified-7d-utilization'] = '1.0'
      headers['anthropic-ratelimit-unified-representative-claim'] = 'seven_day'
    }
  }
  return { status: p.status ?? ERRORS[p.kind].status, headers, body: errorBody(p, ctx) }
}

let limits: Record<string, string> = {}
let limitsOf = -1

/** Rate-limit headers change once a second; building them at each answer would be the dearest part of it. */
function base(ctx: Context): Record<string, string> {
  const second = Math.floor(ctx.nowMs / 1000)
  if (second !== limitsOf) {
    limits = limitHeaders(ctx)
    limitsOf = second
  }
  return { 'request-id': requestId(ctx), ...limits }
}

function limitHeaders(ctx: Context): Record<string, string> {
  const soon = new Date(ctx.nowMs + 1000).toISOString().replace(/\.\d+Z/, 'Z')
  const headers: Record<string, string> = {
    'anthropic-organization-id': 'simulated-organization',
  }
  for (const [what, limit] of [
    ['requests', 4000],
    ['tokens', 2_400_000],
    ['input-tokens', 2_000_000],
    ['output-tokens', 400_000],
  ] as const) {
    headers[`anthropic-ratelimit-${what}-limit`] = String(limit)
    headers[`anthropic-ratelimit-${what}-remaining`] = String(limit - 1)
    headers[`anthropic-ratelimit-${what}-reset`] = soon
  }
  return headers
}

/** The Anthropic Messages API. */
export const anthropic: VendorApi = {
  id: 'anthropic',
  streamType: () => 'text/event-stream; charset=utf-8',
  validate(body, ctx) {
    const counting = ctx.action === 'count_tokens'
    const fault = checkMessages(body, ctx, counting)
    if (fault) return fault
    // Stand-ins keep no threads: continuing one is answered so that SDKs replay the whole conversation.
    if (obj(body['thread'])?.['type'] === 'continue') {
      return problem({ kind: 'not-found', message: 'thread not found', details: [{ error_code: 'thread_not_found' }] })
    }
    return body
  },
  ask,
  whole,
  stream,
  other: (body, ctx) => (ctx.action === 'count_tokens' ? { input_tokens: promptTokens(ask(body, ctx)) } : undefined),
  refuse,
  streamError: (p, ctx) => `event: error\ndata: ${JSON.stringify(errorBody(p, ctx))}\n\n`,
  headers: base,
}
