/** Qwen, iFlow, Kimi and xAI: dialects of OpenAI and Anthropic with wishes of their own (domain.md 1.4, 1.5, 1.7, 1.8). */
import { bearer, type Exchange, json, type Reply } from '../exchange.ts'
import type { ProviderName } from '../persons.ts'
import { type Context, invalid, type Json, type Problem, problem, type VendorApi } from '../types.ts'
import { anthropic } from '../vendors/anthropic.ts'
import { openaiChat } from '../vendors/openai-chat.ts'
import { openaiResponses } from '../vendors/openai-responses.ts'
import { obj, objs, str } from '../vendors/util.ts'
import type { World } from '../world.ts'
import type { Allowance } from './accounts.ts'
import type { RefusalForm } from './refusals.ts'
import { type Call, caller, callOf, type Destination, direct, secondsUntil, standing, through } from './shell.ts'

const CHAT = { vendor: 'openai-chat', api: openaiChat, action: 'chat', generates: true } as const

function openaiError(status: number, code: string, message: string, type = 'invalid_request_error'): Reply {
  return json(status, { error: { message, type, param: null, code } })
}

function modelList(call: Call, ids: readonly string[]): Destination {
  const data = ids.map((id) => ({ id, object: 'model', created: 1_767_225_600, owned_by: 'simulated' }))
  return direct(call, 200, { object: 'list', data })
}

function used(form: Omit<RefusalForm, 'headers'>) {
  return (w: Allowance, ctx: Context): RefusalForm => ({
    ...form,
    headers: { 'retry-after': String(secondsUntil(w.resetsAt, ctx.nowMs)) },
  })
}

// --- Qwen

/** `portal.qwen.ai`: the host that `resource_url` names. */
export function qwen(x: Exchange, world: World): Destination | undefined {
  const chat = x.method === 'POST' && x.path === '/v1/chat/completions'
  const models = x.method === 'GET' && x.path === '/v1/models'
  if (!chat && !models) return undefined
  const call = caller(x, world, ['qwen'], () =>
    openaiError(401, 'invalid_api_key', 'invalid access token or token expired'),
  )
  if ('reply' in call) return { provider: 'qwen', ...call }
  if (!call.scopes.includes('model.completion'))
    return direct(call, 403, { error: { message: 'insufficient scope', type: 'access_denied', code: 'access_denied' } })
  if (models) return modelList(call, ['coder-model', 'vision-model'])
  return through(call, CHAT, {
    open: qwenBody,
    // Neither Retry-After nor a reset is told; the day ends at midnight, UTC+8.
    limit: () => ({
      status: 429,
      body: {
        error: {
          message: 'Free allocated quota exceeded.',
          type: 'insufficient_quota',
          code: 'insufficient_quota',
          param: null,
        },
      },
    }),
  })
}

function qwenBody(body: Json, ctx: Context): Problem | Json {
  if (!/^(?:coder|vision)-model$/.test(ctx.base))
    return problem({ kind: 'invalid', message: `model \`${ctx.base}\` is not supported.`, code: 'model_not_supported' })
  const tools = emptyTools(body)
  if (tools) return tools
  const messages = objs(body['messages'])
  const first = messages[0]
  if (first?.['role'] !== 'system') return invalid('A system message is required as the first message.', 'messages')
  if (!Array.isArray(first['content'])) return invalid('The system message must be a list of parts.', 'messages')
  const plain = messages.map((m) =>
    Array.isArray(m['content'])
      ? { ...m, content: objs(m['content']).map(({ cache_control: _, ...part }): Json => part) }
      : m,
  )
  // Instructions without words are fine here; the dialect behind would refuse them.
  const empty = objs(plain[0]!['content']).every((p) => p['text'] === '')
  return { ...body, messages: empty ? plain.slice(1) : plain }
}

/** `tools: []` is refused rather than read as none. */
function emptyTools(body: Json): Problem | undefined {
  return Array.isArray(body['tools']) && body['tools'].length === 0
    ? invalid("[] is too short - 'tools'", 'tools', 'invalid_parameter_error')
    : undefined
}

// --- iFlow

const IFLOW_MODELS = [
  'qwen3-coder-plus',
  'qwen3-max',
  'qwen3-vl-plus',
  'glm-4.6',
  'kimi-k2',
  'deepseek-v3.2',
  'deepseek-r1',
]

/** `apis.iflow.cn`: the bearer is the key from getUserInfo, never the access token. */
export function iflow(x: Exchange, world: World): Destination | undefined {
  const chat = x.method === 'POST' && x.path === '/v1/chat/completions'
  const models = x.method === 'GET' && x.path === '/v1/models'
  if (!chat && !models) return undefined
  const owner = world.accounts.ownerOf(bearer(x.headers))
  if (owner === undefined)
    return { provider: 'iflow', reply: json(401, { status: '434', msg: 'Invalid apiKey', body: null }) }
  const call = callOf(x, world, 'iflow', world.person(owner), [])
  if (models) return modelList(call, IFLOW_MODELS)
  return through(call, CHAT, {
    open(body) {
      const { chat_template_kwargs: _, reasoning_split: __, ...rest } = body
      return emptyTools(body) ?? { ...rest, messages: withoutReasoning(rest['messages']) }
    },
    limit: used({ status: 429, body: { status: '449', msg: 'You exceeded your current rate limit', body: null } }),
  })
}

/** `reasoning_content` in the history is welcome (GLM, MiniMax); the dialect behind does not know it. */
function withoutReasoning(messages: unknown): unknown {
  return Array.isArray(messages) ? objs(messages).map(({ reasoning_content: _, ...m }): Json => m) : messages
}

// --- Kimi

const KIMI_MODELS = ['kimi-k2', 'k2-thinking', 'k2.5', 'k2.6', 'k2.7-code', 'k2.7-code-highspeed', 'k3']

const showing = (ctx: Context): Context => ({ ...ctx, words: new Set([...ctx.words, 'reasoning-content']) })

/** Chat that shows what it thought, as Kimi's does. */
const KIMI_CHAT = {
  ...CHAT,
  api: {
    ...openaiChat,
    whole: (answer, body, ctx) => openaiChat.whole(answer, body, showing(ctx)),
    stream: (answer, body, ctx) => openaiChat.stream(answer, body, showing(ctx)),
  } satisfies VendorApi,
} as const

/** `api.kimi.com/coding`: both dialects, and what is left. */
export function kimi(x: Exchange, world: World): Destination | undefined {
  const name = `${x.method} ${x.path}`
  const chat = name === 'POST /coding/v1/chat/completions'
  const messages = name === 'POST /coding/v1/messages'
  const usages = name === 'GET /coding/v1/usages'
  if (!chat && !messages && !usages && name !== 'GET /coding/v1/models') return undefined
  const key = bearer(x.headers) || x.headers['x-api-key'] || ''
  const asked = { ...x, headers: { ...x.headers, authorization: `Bearer ${key}` } }
  const refused = 'The API Key appears to be invalid or may have expired. Please verify your credentials and try again.'
  const call = caller(asked, world, ['kimi'], () =>
    messages
      ? json(401, { type: 'error', error: { type: 'authentication_error', message: refused } })
      : openaiError(401, 'invalid_authentication_error', refused, 'invalid_authentication_error'),
  )
  if ('reply' in call) return { provider: 'kimi', ...call }
  if (usages) return kimiUsages(call)
  if (!chat && !messages) return modelList(call, KIMI_MODELS)
  const limitText =
    "You've reached your usage limit for this billing cycle. Your quota will be refreshed in the next cycle."
  if (messages)
    return through(
      call,
      { vendor: 'anthropic', api: anthropic, action: 'messages', generates: true },
      {
        open: (body) => ({ ...body, ...(body['thinking'] ? { thinking: plainThinking(body['thinking']) } : {}) }),
        limit: used({
          status: 429,
          body: { type: 'error', error: { type: 'rate_limit_error', message: limitText } },
        }),
        headers: (_, inner) => Object.fromEntries(Object.entries(inner).filter(([n]) => !n.startsWith('anthropic-'))),
      },
    )
  return through(call, KIMI_CHAT, {
    open(body) {
      const { thinking, ...rest } = body
      const { type, effort } = obj(thinking) ?? {}
      const depth = type === undefined ? {} : { reasoning_effort: type === 'disabled' ? 'none' : (effort ?? 'medium') }
      return { ...rest, ...depth, messages: withoutReasoning(rest['messages']) }
    },
    limit: used({
      status: 429,
      body: { error: { message: limitText, type: 'rate_limit_reached_error', param: null, code: null } },
    }),
  })
}

/** Kimi's `thinking` has an `effort`; Anthropic's has not. */
function plainThinking(thinking: unknown): Json {
  const { effort: _, ...rest } = obj(thinking) ?? {}
  return rest
}

/** `GET /coding/v1/usages`: the week, and the five hours. Numbers come as text. */
function kimiUsages(call: Call): Destination {
  const of = (id: string) => {
    const w = call.world.accounts.window('kimi', call.person.name, id)
    const spent = Math.min(100, Math.round(w.used))
    return {
      limit: '100',
      used: String(spent),
      remaining: String(100 - spent),
      resetTime: new Date(w.resetsAt).toISOString(),
    }
  }
  return direct(call, 200, {
    user: {
      userId: call.person.subject('kimi'),
      region: 'REGION_OVERSEA',
      membership: { level: 'LEVEL_INTERMEDIATE' },
    },
    usage: of('7d'),
    limits: [{ window: { duration: 300, timeUnit: 'TIME_UNIT_MINUTE' }, detail: of('5h') }],
  })
}

// --- xAI

const GROK_MODELS = ['grok-4.6', 'grok-4.5', 'grok-4.3', 'grok-4.20', 'grok-build-0.1', 'grok-3-mini']

function grokError(status: number, code: string, error: string): Reply {
  return json(status, { code, error })
}

/** `api.x.ai` and, for chat by subscription, `cli-chat-proxy.grok.com`. */
export function xai(x: Exchange, world: World): Destination | undefined {
  const proxy = x.host === 'cli-chat-proxy.grok.com'
  const provider: ProviderName = 'xai'
  if (proxy && x.path === '/v1/responses' && x.method === 'GET')
    return { provider, reply: grokError(405, 'Method not allowed', 'Method not allowed') }
  const name = `${x.method} ${x.path}`
  const paths = [
    'POST /v1/responses',
    'GET /v1/models',
    ...(proxy ? [] : ['POST /v1/responses/compact', 'POST /v1/chat/completions']),
  ]
  if (!paths.includes(name)) return undefined
  const call = caller(x, world, ['xai'], () =>
    grokError(401, 'Unauthenticated', 'The OAuth2 access token could not be validated.'),
  )
  if ('reply' in call) return { provider, ...call }
  const scope = proxy ? 'grok-cli:access' : 'api:access'
  if (!call.scopes.includes(scope))
    return direct(call, 403, { code: 'Permission denied', error: `The token lacks the scope ${scope}.` })
  if (proxy && x.headers['x-xai-token-auth'] !== 'xai-grok-cli')
    return direct(call, 401, { code: 'Unauthenticated', error: 'X-XAI-Token-Auth: xai-grok-cli is required.' })
  if (name === 'GET /v1/models') return standingOr(call) ?? modelList(call, GROK_MODELS)
  const limit = used({
    status: 429,
    body: {
      code: 'Some resource has been exhausted',
      error: 'You have reached your usage limit for the current 24-hour period.',
    },
  })
  if (name === paths[3]) return through(call, CHAT, { limit })
  const compact = name === paths[2]
  return through(
    call,
    {
      vendor: 'openai-responses',
      api: openaiResponses,
      action: compact ? 'compact' : 'responses',
      generates: !compact,
    },
    { limit, open: grokBody },
  )
}

function standingOr(call: Call): Destination | undefined {
  const refused = standing(call, '')
  return refused && direct(call, refused.status, refused.body, refused.headers)
}

function grokBody(body: Json, ctx: Context): Problem | Json {
  return str(body['model']).startsWith('grok-') || ctx.base === 'composer'
    ? body
    : problem({
        kind: 'no-such-model',
        message: `The model ${ctx.model} does not exist or your team does not have access to it.`,
      })
}
