/** Claude subscriptions at api.anthropic.com (domain.md 1.1, API and quota). */
import { bearer, type Exchange } from '../exchange.ts'
import { claudeScope, claudeUnauthorized } from '../oauth/whoami.ts'
import { type Route, route } from '../routes.ts'
import type { Context, Json } from '../types.ts'
import type { World } from '../world.ts'
import type { Allowance } from './accounts.ts'
import type { RefusalForm } from './refusals.ts'
import { type Call, caller, type Destination, direct, type Shell, secondsUntil, standing, through } from './shell.ts'

const BETA = 'oauth-2025-04-20'
/** Asking for usage more often than this within five minutes is refused (the endpoint is limited itself). */
const USAGE_QUESTIONS = 10
const USAGE_SPAN = 300_000

/** Answers at api.anthropic.com. */
export function claude(x: Exchange, world: World): Destination | undefined {
  const usage = x.path === '/api/oauth/usage'
  const to = usage ? undefined : route(x.method, x.path, { 'anthropic-version': '2023-06-01' })
  if (!usage && !to?.vendor.startsWith('anthropic')) return undefined
  const key = x.headers['x-api-key']
  // An API key at the same host is no subscription: the plain stand-in answers.
  if (key && !bearer(x.headers) && to) return { provider: 'claude', key, route: to }
  const call = caller(x, world, ['claude'], claudeUnauthorized)
  if ('reply' in call) return { provider: 'claude', ...call }
  const betas = (x.headers['anthropic-beta'] ?? '').split(',').map((b) => b.trim())
  if (!betas.includes(BETA)) return unsupported(call)
  const scope = usage ? 'user:profile' : 'user:inference'
  if (!call.scopes.includes(scope)) return { provider: 'claude', key: call.key, reply: claudeScope(scope) }
  if (usage) return usageReport(call)
  const refused = to?.list && standing(call, '')
  if (refused) return direct(call, refused.status, refused.body, refused.headers)
  return through(call, to as Route, shell(call))
}

function unsupported(call: Call): Destination {
  return direct(call, 401, {
    type: 'error',
    error: { type: 'authentication_error', message: 'OAuth authentication is currently not supported.' },
    request_id: 'req_011Csimnobeta',
  })
}

const CLAIMS: Record<string, string> = {
  '5h': 'five_hour',
  '7d': 'seven_day',
  '7d-opus': 'seven_day_opus',
  '7d-sonnet': 'seven_day_sonnet',
}

/** The unified rate headers, which subscriptions have in place of the limits of API keys. */
function unified(call: Call, model: string, refused?: Allowance): Record<string, string> {
  const { world, person } = call
  const all = world.accounts.windows('claude', person.name)
  const shown = all.filter((w) => w.id === '5h' || w.id === '7d' || (w.id === '7d-opus' && /opus/.test(model)))
  const fullest = refused ?? shown.reduce((a, b) => (b.used > a.used ? b : a))
  const state = (w: Allowance) => (w.used >= 100 ? 'rejected' : w.used >= 80 ? 'allowed_warning' : 'allowed')
  const headers: Record<string, string> = {
    'anthropic-ratelimit-unified-status': state(fullest),
    'anthropic-ratelimit-unified-reset': String(Math.floor(fullest.resetsAt / 1000)),
    'anthropic-ratelimit-unified-representative-claim': CLAIMS[fullest.id]!,
    'anthropic-ratelimit-unified-overage-status': 'rejected',
    'anthropic-ratelimit-unified-overage-disabled-reason': 'org_level_disabled',
  }
  for (const one of shown) {
    const w = one.id === refused?.id ? refused : one
    const name = `anthropic-ratelimit-unified-${w.id === '7d-opus' ? '7d_oi' : w.id}`
    headers[`${name}-status`] = state(w)
    headers[`${name}-reset`] = String(Math.floor(w.resetsAt / 1000))
    headers[`${name}-utilization`] = String(Math.round(w.used * 100) / 10_000)
  }
  return headers
}

function limited(call: Call, w: Allowance, ctx: Context): RefusalForm {
  return {
    status: 429,
    headers: {
      ...unified(call, ctx.base, w),
      'retry-after': String(secondsUntil(w.resetsAt, ctx.nowMs)),
      'x-should-retry': 'true',
    },
    body: {
      type: 'error',
      error: {
        type: 'rate_limit_error',
        message: "This request would exceed your account's rate limit. Please try again later.",
      },
      request_id: `req_011Csim${ctx.seed.slice(0, 17)}`,
    },
  }
}

function shell(call: Call): Shell {
  return {
    limit: (w, ctx) => limited(call, w, ctx),
    refuse(p, ctx) {
      if (p.kind === 'unauthorized') return { status: 401, body: claudeUnauthorized('unknown').body as Json }
      if (p.kind !== 'rate-limited' || !p.longLimit) return undefined
      // The behaviour word for a used-up week: the headers must say the same.
      const week = call.world.accounts.window('claude', call.person.name, '7d')
      return limited(call, { ...week, used: 100, resetsAt: ctx.nowMs + (p.retryAfter ?? 0) * 1000 }, ctx)
    },
    headers: (ctx, inner) => ({
      ...Object.fromEntries(Object.entries(inner).filter(([name]) => !name.startsWith('anthropic-ratelimit-'))),
      ...unified(call, ctx.base),
    }),
  }
}

/** `GET /api/oauth/usage`. */
function usageReport(call: Call): Destination {
  const { world, person, key } = call
  const refused = standing(call, '')
  if (refused?.status === 403) return direct(call, 403, refused.body)
  const at = world.now()
  const times = (world.usageAsked.get(key) ?? []).filter((t) => t > at - USAGE_SPAN)
  world.usageAsked.set(key, times)
  if (times.length >= USAGE_QUESTIONS)
    return direct(
      call,
      429,
      {
        type: 'error',
        error: { type: 'rate_limit_error', message: 'Rate limited. Please try again later.' },
        request_id: 'req_011Csimusage',
      },
      { 'retry-after': String(secondsUntil(times[0]! + USAGE_SPAN, at)) },
    )
  times.push(at)
  const body: Record<string, unknown> = {}
  for (const w of world.accounts.windows('claude', person.name))
    body[CLAIMS[w.id]!] = {
      utilization: Math.round(w.used * 100) / 100,
      // A window that nothing has used yet has not begun.
      resets_at: w.used > 0 ? new Date(w.resetsAt).toISOString() : null,
    }
  return direct(call, 200, {
    ...body,
    seven_day_oauth_apps: null,
    extra_usage: { is_enabled: false, monthly_limit: null, used_credits: null, utilization: null },
  })
}
