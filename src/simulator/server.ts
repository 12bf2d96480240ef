import { hash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { answer } from './answer.ts'
import type { Attempt, AttemptLog } from './attempts.ts'
import { type Behaviour, parseModel, wordValue } from './behaviour.ts'
import { parseBody } from './body.ts'
import { deliver, deliverWhole, spoil } from './emit.ts'
import type { Fault, FaultBook, Plan } from './faults.ts'
import type { Front } from './front.ts'
import { modelList } from './models.ts'
import { credential, type Route, route } from './routes.ts'
import { type Context, HONEST, isProblem, type Json, type Problem, problem, type State } from './types.ts'
import { CACHE_FROM, promptTokens } from './usage.ts'
import { Wheel } from './wheel.ts'

const NO_FAULT: Plan = { headDelay: 0, late: 0 }
const EMPTY = new URLSearchParams()
const MAX_BODY = { anthropic: 32 * 1024 * 1024, gemini: 100 * 1024 * 1024 } as Record<string, number>

/** An encoded answer kept for the next identical request. */
interface Kept {
  second: number
  body: Json
  model: string
  headers: Record<string, string>
  bytes: Buffer
  events: number
  remember?: () => void
}

/** What the listener is made of. */
export interface Parts {
  keys?: readonly string[]
  now: () => number
  log: AttemptLog
  book: FaultBook
  anySignature: boolean
}

function freshState(parts: Parts): State {
  return { responses: new Map(), items: new Map(), prefixes: new Map(), anySignature: parts.anySignature }
}

/** A call that the vendors' hosts have checked. */
export interface ThroughCall {
  headers: Record<string, string>
  query: URLSearchParams
  raw: Buffer
  /** Stands for the account: `claude:anna`. */
  key: string
}

/** The listener: takes requests apart, lets faults strike, answers by the vendor modules. */
export class Listener {
  readonly server: Server
  private readonly parts: Parts
  private readonly wheel = new Wheel()
  private readonly kept = new Map<string, Kept>()
  private state: State

  /** @param front serves what is below `/hosts/`. */
  constructor(
    parts: Parts,
    control: (req: IncomingMessage, res: ServerResponse, path: string) => boolean,
    front: Front,
  ) {
    this.parts = parts
    this.state = freshState(parts)
    this.server = createServer(
      { noDelay: true, keepAliveTimeout: 120_000, requestTimeout: 0, headersTimeout: 0 },
      (req, res) => {
        const url = req.url ?? '/'
        const mark = url.indexOf('?')
        const path = mark < 0 ? url : url.slice(0, mark)
        if (path.startsWith('/_simulator') && control(req, res, path)) return
        // A vendor reads the body before it refuses; so do we, or keep-alive clients would see a reset.
        const chunks: Buffer[] = []
        req.on('data', (c: Buffer) => chunks.push(c))
        req.on('end', () => {
          const query = mark < 0 ? EMPTY : new URLSearchParams(url.slice(mark + 1))
          const raw = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
          if (path.startsWith('/hosts/')) front(req, res, path, query, raw)
          else this.serve(req, res, path, query, raw)
        })
        req.on('error', () => res.destroy())
      },
    )
  }

  reset(): void {
    this.kept.clear()
    this.state = freshState(this.parts)
  }

  stop(): void {
    this.wheel.stop()
    this.server.closeAllConnections()
  }

  private serve(req: IncomingMessage, res: ServerResponse, path: string, query: URLSearchParams, raw: Buffer): void {
    const method = req.method ?? 'GET'
    const to = route(method, path, req.headers)
    const key = to ? credential(to.vendor, req.headers, query) : ''
    const bodyHash = hash('sha256', raw)
    const nowMs = this.parts.now()
    const attempt = this.log(req, res, raw, bodyHash, nowMs, to?.vendor ?? 'unknown', key)
    if (!to) {
      this.elsewhere(res, attempt, method, path)
      return
    }
    const headers = req.headers as Record<string, string>
    const slot = `${to.action}\n${path}\n${key}\n${headers['anthropic-version'] ?? ''}\n${headers['anthropic-beta'] ?? ''}\n${query}\n${bodyHash}`
    const kept = this.kept.get(slot)
    if (kept && kept.second === Math.floor(nowMs / 1000) && this.parts.book.quiet(key)) {
      this.again(res, attempt, kept)
      return
    }
    const ctx = this.context(to, headers, query, key, bodyHash, nowMs)
    this.handle(req, res, attempt, to, ctx, raw, slot).catch(() => res.destroy())
  }

  private log(
    req: IncomingMessage,
    res: ServerResponse,
    raw: Buffer,
    bodyHash: string,
    at: number,
    vendor: Attempt['vendor'],
    key: string,
  ): Attempt {
    const attempt = this.parts.log.add({
      at,
      vendor,
      method: req.method ?? 'GET',
      path: req.url ?? '/',
      key,
      headers: req.headers as Record<string, string>,
      bodyHash,
      bodyBytes: raw.length,
      body: undefined,
      outcome: 'open',
      eventsSent: 0,
    })
    res.on('close', () => {
      attempt.endedAt ??= this.parts.now()
      // What was written to the end reached the client; how it is called is said by whoever wrote it.
      if (!res.writableFinished && (attempt.outcome === 'open' || attempt.outcome === 'answered'))
        attempt.outcome = 'client-gone'
    })
    return attempt
  }

  /** Writes down a request that is served elsewhere, or by `through`. */
  record(req: IncomingMessage, res: ServerResponse, raw: Buffer, vendor: Attempt['vendor'], key: string): Attempt {
    return this.log(req, res, raw, hash('sha256', raw), this.parts.now(), vendor, key)
  }

  /** Serves a call whose vendor, account and right to be served are known: a subscription's API around a dialect. */
  through(req: IncomingMessage, res: ServerResponse, attempt: Attempt, to: Route, call: ThroughCall): void {
    const { raw, key, query } = call
    const ctx = this.context(to, call.headers, query, key, attempt.bodyHash, attempt.at)
    this.handle(req, res, attempt, to, ctx, raw, undefined, true).catch(() => res.destroy())
  }

  private context(
    to: Route,
    headers: Record<string, string>,
    query: URLSearchParams,
    key: string,
    seed: string,
    nowMs: number,
  ): Context {
    return {
      headers,
      query,
      key,
      model: to.model ?? '',
      base: to.model ?? '',
      action: to.action,
      seed,
      nowMs,
      words: new Set(),
      state: this.state,
    }
  }

  /** Paths that belong to no vendor call. */
  private elsewhere(res: ServerResponse, attempt: Attempt, method: string, path: string): void {
    const hello = path === '/' || path === '/api/hello'
    // Clients that try a WebSocket first fall back to POST at once on 426.
    const status = hello ? 200 : path === '/v1/responses' && method === 'GET' ? 426 : 404
    const body = hello
      ? { simulated: true, message: 'LogicaProxy simulator: stand-ins for model vendors; nothing here thinks.' }
      : {
          error: { message: `Invalid URL (${method} ${path})`, type: 'invalid_request_error', param: null, code: null },
        }
    this.finish(res, attempt, status, {}, body)
  }

  private again(res: ServerResponse, attempt: Attempt, kept: Kept): void {
    attempt.body = kept.body
    attempt.model = kept.model
    attempt.status = 200
    attempt.eventsSent = kept.events
    kept.remember?.()
    res.writeHead(200, kept.headers)
    res.end(kept.bytes)
    this.close(attempt, 'answered')
  }

  private async handle(
    req: IncomingMessage,
    res: ServerResponse,
    attempt: Attempt,
    to: Route,
    ctx: Context,
    raw: Buffer,
    slot: string | undefined,
    known = false,
  ): Promise<void> {
    const { book, keys } = this.parts
    const refuse = (p: Problem) => this.refuse(res, attempt, to, ctx, p)
    if (!known && (!ctx.key || (keys && !keys.includes(ctx.key))))
      return refuse(
        problem({
          kind: 'unauthorized',
          ...(to.vendor.startsWith('anthropic') && !ctx.key ? { message: 'x-api-key header is required' } : {}),
        }),
      )
    if (raw.length > (MAX_BODY[to.vendor] ?? 256 * 1024 * 1024)) return refuse(problem({ kind: 'too-large' }))
    if (to.list) return this.list(res, attempt, to, ctx)
    const parsed = parseBody(raw, req.headers['content-encoding'])
    if (isProblem(parsed)) return refuse(parsed)
    attempt.body = parsed
    const model = to.model ?? (typeof parsed['model'] === 'string' ? parsed['model'] : '')
    const behaviour = parseModel(model.replace(/^models\//, ''))
    attempt.model = model
    ctx.model = behaviour.model
    ctx.base = behaviour.base
    ctx.words = behaviour.has
    if (to.model !== undefined) ctx.seed = hash('sha256', `${model}\n${ctx.seed}`)
    const quiet = book.quiet(ctx.key)
    const plan = !to.generates
      ? book.plan(book.standingFor(ctx.key), ctx.key, model)
      : quiet && behaviour.plain
        ? NO_FAULT
        : this.weigh(behaviour.words, ctx.key, model)
    attempt.fault = plan.fault
    if (plan.connection === 'reset') {
      this.close(attempt, 'cut')
      req.socket.resetAndDestroy()
      return
    }
    if (plan.connection === 'silence') return
    if (plan.headDelay) await this.wheel.wait(plan.headDelay)
    if (plan.refuse) return refuse(problem({ ...plan.refuse, ...(plan.refuse.as200 ? { status: 200 } : {}) }))
    if (behaviour.wrong)
      return refuse(problem({ kind: 'no-such-model', message: `model: ${model} (simulator: ${behaviour.wrong})` }))
    const body = to.api.validate(parsed, ctx)
    if (isProblem(body)) return refuse(body)
    if (!to.generates) return this.finish(res, attempt, 200, to.api.headers(ctx), to.api.other?.(body, ctx))
    await this.generate(res, attempt, to, ctx, parsed, body, behaviour, plan, quiet ? slot : undefined)
  }

  private weigh(words: readonly Fault[], key: string, model: string): Plan {
    const imposed = this.parts.book.imposed(key)
    if (imposed?.name === 'none') return NO_FAULT
    return this.parts.book.plan(imposed ? [imposed, ...words] : words, key, model)
  }

  private async generate(
    res: ServerResponse,
    attempt: Attempt,
    to: Route,
    ctx: Context,
    raw: Json,
    body: Json,
    behaviour: Behaviour,
    plan: Plan,
    slot: string | undefined,
  ): Promise<void> {
    const ask = to.api.ask(body, ctx)
    const said = answer(ask, behaviour.words, ctx)
    const value = (name: string) => wordValue(behaviour.words, name, ctx.key) ?? 0
    const healthy = plan === NO_FAULT || !plan.fault
    attempt.status = 200
    const keep =
      slot !== undefined &&
      attempt.bodyBytes < 8_192 &&
      behaviour.plain &&
      healthy &&
      (promptTokens(ask) < CACHE_FROM || !ask.cacheable)
    const headers: Record<string, string> = { ...HONEST, ...to.api.headers(ctx) }
    const remember = to.api.remember && (() => to.api.remember!(said, body, ctx))
    remember?.()
    if (!ask.stream) {
      const text = JSON.stringify(to.api.whole(said, body, ctx))
      headers['content-type'] = to.vendor === 'gemini' ? 'application/json; charset=UTF-8' : 'application/json'
      if (plan.errorSecond || plan.errorMid !== undefined)
        return this.refuse(res, attempt, to, ctx, problem({ kind: 'overloaded' }))
      const bytes = Buffer.byteLength(text)
      if (!plan.noEnd && plan.malformed === undefined) headers['content-length'] = String(bytes)
      if (keep && bytes < 65_536)
        this.keep(slot, {
          second: Math.floor(ctx.nowMs / 1000),
          body: raw,
          model: ctx.model,
          headers,
          bytes: Buffer.from(text),
          events: 0,
          remember,
        })
      res.writeHead(200, headers)
      if (plan.late) {
        res.flushHeaders()
        await this.wheel.wait(plan.late)
      }
      if (healthy) {
        res.end(text)
        return this.close(attempt, 'answered')
      }
      const outcome = await deliverWhole(res, attempt, text, plan)
      if (outcome !== 'stalled') this.close(attempt, plan.noEnd ? 'cut' : outcome)
      return
    }
    headers['content-type'] = to.api.streamType(ctx)
    headers['cache-control'] = 'no-cache'
    headers['transfer-encoding'] = 'chunked'
    const frames = to.api.stream(said, body, ctx)
    const size = said.blocks.reduce((n, b) => n + (b.type === 'text' ? b.pieces.chars : 0), 0)
    if (keep && size < 16_384) {
      let text = ''
      let events = 0
      for (const f of frames) {
        text += f.text
        events++
      }
      const kept = {
        second: Math.floor(ctx.nowMs / 1000),
        body: raw,
        model: ctx.model,
        headers,
        bytes: Buffer.from(text),
        events,
        remember,
      }
      this.keep(slot, kept)
      attempt.eventsSent = events
      res.writeHead(200, headers)
      res.end(kept.bytes)
      return this.close(attempt, 'answered')
    }
    res.writeHead(200, headers)
    if (plan.late) {
      res.flushHeaders()
      await this.wheel.wait(plan.late)
    }
    const failed = plan.errorSecond || plan.errorMid !== undefined
    const steps = healthy
      ? frames
      : spoil(frames, plan, (place, sequence) =>
          to.api.streamError(problem({ kind: 'overloaded' }), ctx, place, sequence),
        )
    const outcome = await deliver(
      res,
      attempt,
      steps,
      { pace: value('pace'), each: behaviour.has.has('each'), bytes: value('bytes') },
      this.wheel,
    )
    if (outcome === 'stalled') return
    this.close(
      attempt,
      outcome === 'answered' && failed
        ? 'refused'
        : outcome === 'answered' && (plan.noEnd || plan.noDone)
          ? 'cut'
          : outcome,
    )
  }

  private keep(slot: string, kept: Kept): void {
    if (this.kept.size >= 500) this.kept.delete(this.kept.keys().next().value!)
    this.kept.set(slot, kept)
  }

  private list(res: ServerResponse, attempt: Attempt, to: Route, ctx: Context): void {
    const plan = this.parts.book.plan(this.parts.book.standingFor(ctx.key), ctx.key, '')
    const list = plan.refuse ? undefined : modelList(to.vendor, to.model)
    if (plan.refuse) this.refuse(res, attempt, to, ctx, problem({ ...plan.refuse }))
    else if (list) this.finish(res, attempt, 200, to.api.headers(ctx), list)
    else this.refuse(res, attempt, to, ctx, problem({ kind: 'no-such-model' }))
  }

  private refuse(res: ServerResponse, attempt: Attempt, to: Route, ctx: Context, p: Problem): void {
    const { status, headers, body } = to.api.refuse(p, ctx)
    this.finish(res, attempt, status, headers, body, 'refused')
  }

  private finish(
    res: ServerResponse,
    attempt: Attempt,
    status: number,
    headers: Record<string, string>,
    body: unknown,
    outcome: Attempt['outcome'] = 'answered',
  ): void {
    if (res.destroyed) return
    const text = JSON.stringify(body ?? {})
    attempt.status = status
    res.writeHead(status, {
      ...HONEST,
      ...headers,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
    })
    res.end(text)
    this.close(attempt, status >= 400 ? 'refused' : outcome)
  }

  private close(attempt: Attempt, outcome: Attempt['outcome']): void {
    // A client that left in the meantime was not answered, whatever we wrote.
    if (attempt.outcome === 'client-gone') return
    attempt.outcome = outcome
    attempt.endedAt = this.parts.now()
  }
}
