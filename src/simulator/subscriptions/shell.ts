/** What every subscription puts around the dialect behind it: who is asking, what is left, which refusal stands. */
import { type Exchange, json, type Reply } from '../exchange.ts'
import type { AccessFault } from '../oauth/book.ts'
import { speaker } from '../oauth/whoami.ts'
import type { Person, ProviderName } from '../persons.ts'
import type { Route } from '../routes.ts'
import type { Answer, Context, Json, Problem, VendorApi } from '../types.ts'
import { isProblem, problem } from '../types.ts'
import type { World } from '../world.ts'
import type { Allowance } from './accounts.ts'
import { REFUSALS, type RefusalContext, type RefusalForm } from './refusals.ts'

/** What becomes of a request to an API: an answer of the vendor layer, or a call of the dialect behind it. */
export type Destination =
  | { provider?: ProviderName; key?: string; reply: Reply; body?: unknown }
  | { provider: ProviderName; key: string; route: Route }

/** A request whose account is known. */
export interface Call {
  x: Exchange
  world: World
  provider: ProviderName
  person: Person
  scopes: readonly string[]
  /** The account: `claude:anna`. Faults, attempts and sealed reasoning go by it. */
  key: string
  plan: string
}

/** What a subscription changes of its dialect. */
export interface Shell {
  /** The vendor's own checks; gives the body the dialect is to read. */
  open?(body: Json, ctx: Context): Problem | Json
  /** What a used-up window is refused with. */
  limit(window: Allowance, ctx: Context): RefusalForm
  /** Headers of every answer, in place of the dialect's. */
  headers?(ctx: Context, inner: Record<string, string>): Record<string, string>
  /** Puts the envelope on. */
  whole?(answer: unknown, ctx: Context): unknown
  /** Changes the text of one event; an empty one is left out. */
  event?(text: string, ctx: Context): string
  /** Further events right after the first. */
  afterStart?(ctx: Context): string
  /** The vendor's own words for a refusal the dialect would word otherwise. */
  refuse?(p: Problem, ctx: Context): RefusalForm | undefined
  streamError?(p: Problem, ctx: Context, sequence: number): string
}

const forms = new WeakMap<Problem, RefusalForm>()

/** A refusal in the vendor's own body, which the dialect has no words for. */
export function refusal(form: RefusalForm): Problem {
  const p = problem({ kind: 'forbidden', status: form.status })
  forms.set(p, form)
  return p
}

/** Who is calling, or the vendor's refusal of the token. */
export function caller(
  x: Exchange,
  world: World,
  among: readonly ProviderName[],
  unauthorized: (fault: AccessFault) => Reply,
): Call | { reply: Reply } {
  const who = speaker(x, world, among)
  if (typeof who === 'string') return { reply: unauthorized(who) }
  return callOf(x, world, who.access.family.vendor, who.person, who.access.family.scopes)
}

/** A call of a known person. */
export function callOf(
  x: Exchange,
  world: World,
  provider: ProviderName,
  person: Person,
  scopes: readonly string[],
): Call {
  return { x, world, provider, person, scopes, key: `${provider}:${person.name}`, plan: planOf(provider, person) }
}

function planOf(provider: ProviderName, person: Person): string {
  return provider === 'codex'
    ? person.codex.plan
    : provider === 'claude'
      ? person.claude.organizationType
      : person.google.tier
}

/** An answer of the vendor layer alone. */
export function direct(call: Call, status: number, body: unknown, headers?: Record<string, string>): Destination {
  return { provider: call.provider, key: call.key, reply: json(status, body, headers) }
}

/** The refusal that a test has set for this account, if any. */
export function standing(call: Call, model: string): RefusalForm | undefined {
  const { world, provider, person, plan, x } = call
  const name = world.accounts.refusal(provider, person.name)
  if (name === undefined) return undefined
  const context: RefusalContext = { person: person.name, plan, model, nowMs: world.now(), base: x.base }
  const form = REFUSALS[provider][name]?.(context)
  // What is no error on the wire is answered where it belongs.
  return form && form.status >= 400 ? form : undefined
}

/** A route to the dialect with the subscription's shell around it. */
export function through(call: Call, route: Route, shell: Shell): Destination {
  return { provider: call.provider, key: call.key, route: { ...route, api: around(call, route.api, shell, route) } }
}

function around(call: Call, inner: VendorApi, shell: Shell, route: Route): VendorApi {
  const { world, provider, person } = call
  const headers = (ctx: Context) => shell.headers?.(ctx, inner.headers(ctx)) ?? inner.headers(ctx)
  return {
    ...inner,
    headers,
    validate(body, ctx) {
      const refused = standing(call, ctx.base)
      if (refused) return refusal(refused)
      const empty = route.generates ? world.accounts.exhausted(provider, person.name, ctx.base) : undefined
      if (empty) return refusal(shell.limit(empty, ctx))
      const opened = shell.open?.(body, ctx) ?? body
      return isProblem(opened) ? opened : inner.validate(opened, ctx)
    },
    whole(answer, body, ctx) {
      const said = inner.whole(answer, body, ctx)
      return shell.whole ? shell.whole(said, ctx) : said
    },
    *stream(answer, body, ctx) {
      let started = false
      for (const frame of inner.stream(answer, body, ctx)) {
        const text = shell.event ? shell.event(frame.text, ctx) : frame.text
        if (text) yield text === frame.text ? frame : { ...frame, text }
        if (started || !shell.afterStart) continue
        started = true
        yield { text: shell.afterStart(ctx), role: 'other' }
      }
    },
    other(body, ctx) {
      const said = inner.other?.(body, ctx)
      return shell.whole && said !== undefined && ctx.action !== 'countTokens' ? shell.whole(said, ctx) : said
    },
    remember(answer, body, ctx) {
      inner.remember?.(answer, body, ctx)
      world.accounts.spend(provider, person.name, ctx.base, total(answer))
    },
    refuse(p, ctx) {
      const form = forms.get(p) ?? shell.refuse?.(p, ctx)
      if (form) return { status: form.status, headers: { ...headers(ctx), ...form.headers }, body: form.body }
      const said = inner.refuse(p, ctx)
      return { ...said, headers: shell.headers ? shell.headers(ctx, said.headers) : said.headers }
    },
    streamError: (p, ctx, place, sequence) =>
      shell.streamError?.(p, ctx, sequence) ?? inner.streamError(p, ctx, place, sequence),
  }
}

function total({ usage: u }: Answer): number {
  return u.fresh + u.cacheRead + u.cacheWrite + u.output + u.reasoning
}

/** Seconds until a moment, rounded up, at least one. */
export function secondsUntil(atMs: number, nowMs: number): number {
  return Math.max(1, Math.ceil((atMs - nowMs) / 1000))
}
