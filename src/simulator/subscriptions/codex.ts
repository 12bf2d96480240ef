/** The Codex backend of ChatGPT plans at chatgpt.com/backend-api (domain.md 1.2, API). */
import { type Exchange, json } from '../exchange.ts'
import { codexUnauthorized } from '../oauth/whoami.ts'
import type { Context, Json, Problem } from '../types.ts'
import { problem } from '../types.ts'
import { openaiResponses } from '../vendors/openai-responses.ts'
import { obj, objs, str } from '../vendors/util.ts'
import type { World } from '../world.ts'
import type { Allowance } from './accounts.ts'
import { codexModels, offered } from './codex-models.ts'
import { codexLimit } from './refusals.ts'
import {
  type Call,
  caller,
  type Destination,
  direct,
  refusal,
  type Shell,
  secondsUntil,
  standing,
  through,
} from './shell.ts'

const BASE = '/backend-api/codex'

/** Answers at chatgpt.com. */
export function codex(x: Exchange, world: World): Destination | undefined {
  const name = `${x.method} ${x.path}`
  const known = [
    `POST ${BASE}/responses`,
    `POST ${BASE}/responses/compact`,
    `GET ${BASE}/responses`,
    `GET ${BASE}/models`,
    'GET /backend-api/wham/usage',
  ]
  if (!known.includes(name)) return undefined
  // Clients that try a WebSocket first fall back to POST at once on 426.
  if (name === known[2]) return { provider: 'codex', reply: json(426, { detail: 'Upgrade Required' }) }
  const call = caller(x, world, ['codex'], codexUnauthorized)
  if ('reply' in call) return { provider: 'codex', ...call }
  const account = x.headers['chatgpt-account-id']
  if (!account) return direct(call, 400, { detail: 'chatgpt-account-id header is required' })
  if (account !== call.person.subject('codex'))
    return direct(call, 403, { detail: 'chatgpt-account-id does not belong to this token' })
  if (name === known[3]) return codexModels(call)
  if (name === known[4]) return usageReport(call)
  const compact = name === known[1]
  if (!compact && !(x.headers['accept'] ?? '').includes('text/event-stream'))
    return direct(call, 400, { detail: 'Accept must be text/event-stream' })
  return through(
    call,
    {
      vendor: 'openai-responses',
      api: openaiResponses,
      action: compact ? 'compact' : 'responses',
      generates: !compact,
    },
    shell(call),
  )
}

/** The backend's own refusals have FastAPI's form; those of the model behind it OpenAI's. */
function detail(message: string): Problem {
  return refusal({ status: 400, body: { detail: message } })
}

const REJECTED = `max_output_tokens max_tokens max_completion_tokens temperature top_p truncation user metadata
  previous_response_id prompt_cache_retention safety_identifier stream_options context_management stop top_k
  presence_penalty frequency_penalty logprobs top_logprobs n seed logit_bias`.split(/\s+/)

/** What the backend refuses before the model sees it. */
function check(body: Json, ctx: Context, plan: string): Problem | undefined {
  const rejected = REJECTED.find((field) => field in body)
  if (rejected !== undefined) return detail(`Unsupported parameter: ${rejected}`)
  const compact = ctx.action === 'compact'
  if (compact) {
    const odd = ['stream', 'store'].find((field) => field in body)
    if (odd !== undefined) return detail(`Unsupported parameter: ${odd}`)
  } else {
    if (body['stream'] !== true) return detail('Stream must be set to true')
    if (body['store'] !== false) return detail('Store must be set to false')
  }
  if (typeof body['instructions'] !== 'string') return detail('Instructions are required')
  if (!Array.isArray(body['input'])) return detail('Input must be a list')
  const parallel = body['parallel_tool_calls']
  if (parallel !== undefined && typeof parallel !== 'boolean') return detail('parallel_tool_calls must be a boolean')
  const tier = body['service_tier']
  if (tier !== undefined && tier !== null && !(['priority', 'flex'].includes(str(tier)) && plan !== 'free'))
    return detail(`Unsupported service_tier: ${tier}`)
  const tool = objs(body['tools']).find((t) => str(t['type']).startsWith('web_search_preview'))
  if (tool) return detail(`Unsupported tool type: ${tool['type']}`)
  if (!offered(ctx.base, plan))
    return detail(`The '${ctx.model}' model is not supported when using Codex with a ChatGPT account.`)
  return checkItems(objs(body['input']))
}

function checkItems(items: Json[]): Problem | undefined {
  if (items.some((i) => i['role'] === 'system')) return detail('System messages are not allowed')
  const sealed = items.some((i) => i['type'] === 'reasoning' && typeof i['encrypted_content'] === 'string')
  // Nothing is stored, so an id refers to nothing, unless the state itself comes along.
  const loose = items.find(
    (i) =>
      typeof i['id'] === 'string' &&
      ((i['type'] === 'reasoning' && typeof i['encrypted_content'] !== 'string') ||
        (i['type'] === 'function_call' && !sealed) ||
        i['type'] === 'item_reference'),
  )
  return loose
    ? problem({
        kind: 'not-found',
        message: `Item with id '${loose['id']}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
        param: 'input',
      })
    : undefined
}

const round = (n: number) => Math.round(n * 100) / 100

function windows(call: Call): [primary: Allowance, secondary: Allowance] {
  const [primary, secondary] = call.world.accounts.windows('codex', call.person.name)
  return [primary!, secondary!]
}

/** The headers of every answer (domain.md 1.2). */
function headersOf(call: Call, ctx: Context): Record<string, string> {
  const headers: Record<string, string> = {
    'x-codex-plan-type': call.plan,
    'x-codex-active-limit': 'codex',
    'x-codex-credits-has-credits': 'False',
    'x-codex-credits-unlimited': 'False',
    'x-codex-credits-balance': '',
    'x-oai-request-id': `sim-${ctx.seed.slice(0, 24)}`,
    'x-request-id': `sim-${ctx.seed.slice(0, 24)}`,
  }
  for (const [i, w] of windows(call).entries()) {
    const name = `x-codex-${i ? 'secondary' : 'primary'}`
    headers[`${name}-used-percent`] = String(round(w.used))
    headers[`${name}-window-minutes`] = String(w.lengthMs / 60_000)
    headers[`${name}-reset-at`] = String(Math.floor(w.resetsAt / 1000))
    headers[`${name}-reset-after-seconds`] = String(secondsUntil(w.resetsAt, ctx.nowMs))
  }
  return headers
}

/** The event that carries the same as the headers. */
function limitsEvent(call: Call, nowMs: number): string {
  const of = (w: Allowance) => ({
    used_percent: round(w.used),
    window_minutes: w.lengthMs / 60_000,
    reset_after_seconds: secondsUntil(w.resetsAt, nowMs),
    reset_at: Math.floor(w.resetsAt / 1000),
  })
  const [primary, secondary] = windows(call)
  const full = primary.used >= 100 || secondary.used >= 100
  const event = {
    type: 'codex.rate_limits',
    plan_type: call.plan,
    rate_limits: { allowed: !full, limit_reached: full, primary: of(primary), secondary: of(secondary) },
    credits: { has_credits: false, unlimited: false, balance: null },
  }
  return `event: codex.rate_limits\ndata: ${JSON.stringify(event)}\n\n`
}

/** Half of all answers end without their output, as the vendor's do; which half depends on the request alone. */
function emptied(text: string, ctx: Context): string {
  if (!text.startsWith('event: response.completed') || Number.parseInt(ctx.seed[0]!, 16) % 2) return text
  const at = text.indexOf('data: ') + 6
  const event = JSON.parse(text.slice(at)) as { response: Json }
  event.response['output'] = []
  return `${text.slice(0, at)}${JSON.stringify(event)}\n\n`
}

function shell(call: Call): Shell {
  return {
    open: (body, ctx) => check(body, ctx, call.plan) ?? body,
    limit: (w, ctx) => ({
      status: 429,
      body: codexLimit(
        'usage_limit_reached',
        'The usage limit has been reached',
        { plan: call.plan, nowMs: ctx.nowMs },
        w.resetsAt,
      ),
    }),
    headers: (ctx) => headersOf(call, ctx),
    event: emptied,
    afterStart: (ctx) => limitsEvent(call, ctx.nowMs),
    // Overload inside a 200 is a failed response, right after `response.created` or later.
    streamError: (p, ctx, sequence) => openaiResponses.streamError(p, ctx, 'mid', sequence),
    refuse: (p, ctx) =>
      p.kind === 'rate-limited' && p.longLimit
        ? {
            status: 429,
            body: codexLimit(
              'usage_limit_reached',
              'The usage limit has been reached',
              { plan: call.plan, nowMs: ctx.nowMs },
              ctx.nowMs + (p.retryAfter ?? 3_600) * 1000,
            ),
          }
        : p.kind === 'unauthorized'
          ? { status: 401, body: obj(codexUnauthorized('revoked').body)! }
          : undefined,
  }
}

/** `GET /backend-api/wham/usage`. */
function usageReport(call: Call): Destination {
  const refused = standing(call, '')
  if (refused?.status === 401) return direct(call, 401, refused.body)
  const nowMs = call.world.now()
  const of = (w: Allowance) => ({
    used_percent: round(w.used),
    limit_window_seconds: w.lengthMs / 1000,
    reset_after_seconds: secondsUntil(w.resetsAt, nowMs),
    reset_at: Math.floor(w.resetsAt / 1000),
  })
  const [primary, secondary] = windows(call)
  const full = primary.used >= 100 || secondary.used >= 100 || refused !== undefined
  return direct(call, 200, {
    user_id: `user-${call.person.name}`,
    account_id: call.person.subject('codex'),
    email: call.person.email,
    plan_type: call.plan,
    rate_limit: {
      allowed: !full,
      limit_reached: full,
      primary_window: of(primary),
      secondary_window: of(secondary),
    },
    credits: { has_credits: false, unlimited: false, balance: null },
  })
}
