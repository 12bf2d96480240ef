/** One request on its way down the road: peek, plan, seat, attempt, relay, and the next attempt if one was in vain. */
import type { Pool, RestingInfo, Seat } from '../accounts/pool.ts'
import { type Failure, failure, isRetriable } from '../hub/failure.ts'
import type { Framing, Protocol, Route } from '../protocols/protocol.ts'
import type { UpstreamRequest } from '../providers/provider.ts'
import { type Classifier, isPlan, type Plan, plan } from '../routing/plan.ts'
import { PeekError, peek, type Span, spanString, splice } from '../wire/peek.ts'
import { type Attempt, type AttemptListener, type AttemptResult, type Refusal, startAttempt } from './attempt.ts'
import type { AttemptRecord, CallRecord, Lane } from './events.ts'
import type { InboundRequest, Reply } from './exchange.ts'
import { forwardable, JSON_ARRAY_HEADERS, returnable, STREAM_HEADERS } from './headers.ts'
import type { RetryBudget } from './retry-budget.ts'
import { SESSION_FIELDS, sessionKey } from './session.ts'
import type { Snapshot } from './snapshot.ts'
import type { UpstreamHeaders, UpstreamTransport } from './transport.ts'

/** What a call borrows from the gateway. */
export interface CallContext {
  snapshot: Snapshot
  pool: Pool
  transport: UpstreamTransport
  budget: RetryBudget
  now: () => number
  classifier?: Classifier
  onAttempt(attempt: AttemptRecord): void
  onEnd(record: CallRecord, body: string): void
}

/** What the path said. */
export interface Matched {
  protocol: Protocol
  route: Route
  /** Model named in the path (Gemini). */
  model?: string
  /** Provider id the path pins. */
  pin?: string
  /** Endpoint label: the route's template, with the provider prefix where there is one. */
  endpoint: string
}

/** A call under way. */
export interface Call {
  /** Ends it from our side with one clear error in the client's protocol, whatever it is doing. */
  terminate(failure: Failure): void
}

/** Starts a call. It ends by itself; `context.onEnd` hears of it exactly once. */
export function startCall(context: CallContext, matched: Matched, request: InboundRequest, reply: Reply): Call {
  const { snapshot, pool, now } = context
  const { protocol, route } = matched
  const { limits } = snapshot
  const startedAt = now()
  const record: CallRecord = {
    id: request.id,
    startedAt,
    endedAt: startedAt,
    method: request.method,
    endpoint: matched.endpoint,
    protocol: protocol.id,
    client: request.client.name,
    requestedModel: '',
    servedModel: '',
    provider: '',
    accountId: '',
    stream: false,
    status: 0,
    attempts: [],
    maxGapMs: 0,
    bytesIn: request.body.length,
    bytesOut: 0,
  }
  const countsOnly = route.action === 'count-tokens'
  const framing: Framing = route.stream === true && !/[?&]alt=sse(?:&|$)/.test(request.query) ? 'json-array' : 'sse'

  let over = false
  let headSent = false
  let planned: Plan
  let spans: ReadonlyMap<string, Span> = NO_SPANS
  let session: string | undefined
  let targetAt = 0
  let round = 0
  let inRound = 0
  const tried = new Set<string>()
  let attempt: Attempt | undefined
  let seat: Seat | undefined
  let waiting: NodeJS.Timeout | undefined
  let lastFailure: { failure: Failure; refusal?: Refusal } | undefined
  let forwarded: string[] | undefined

  reply.onGone = () => stop(failure('cancelled', 'the client closed the connection'))
  reply.onDrain = () => attempt?.resume()
  start()
  return { terminate }

  function start(): void {
    const refused = read()
    if (refused !== undefined) {
      refuse(refused)
      return
    }
    const result = plan({
      registry: snapshot.registry,
      config: snapshot.config,
      protocol: protocol.id,
      model: record.requestedModel,
      body: request.body,
      pin: matched.pin,
      classifier: context.classifier,
    })
    if (!isPlan(result)) {
      refuse(result)
      return
    }
    planned = result
    record.category = result.category
    const seats = result.targets.reduce((sum, target) => sum + target.candidates.length, 0)
    if (snapshot.sessionTtlMs > 0 && seats > 1)
      session = sessionKey(request.header, request.body, spans, protocol.conversation)
    context.budget.deposit()
    next()
  }

  /** Steps 2 and 3: what the body's head says. */
  function read(): Failure | undefined {
    const { turns, system } = protocol.conversation
    try {
      spans = peek(request.body, ['model', 'stream', turns, ...system, ...SESSION_FIELDS], limits.jsonDepth)
    } catch (error) {
      if (!(error instanceof PeekError)) throw error
      return failure('invalid-request', `The request body cannot be read: ${error.message}.`, { code: 'invalid_json' })
    }
    const model = matched.model ?? spanString(request.body, spans.get('model'))
    if (model === undefined || model === '')
      return failure(
        'invalid-request',
        spans.has('model') ? 'The field "model" must be a non-empty string.' : 'The field "model" is required.',
        { param: 'model' },
      )
    record.requestedModel = model
    const stream = spans.get('stream')
    record.stream =
      !countsOnly &&
      (route.stream ?? (stream !== undefined && request.body.toString('latin1', stream.start, stream.end) === 'true'))
    if (request.client.allows?.(model) === false)
      return failure('forbidden', `This key may not use the model "${model}".`, {
        param: 'model',
        code: 'model_not_allowed',
      })
    return undefined
  }

  /** Step 4: the next seat, the next target, the next round, or the end of patience. */
  function next(): void {
    const most = snapshot.config['max-retry-credentials']
    while (targetAt < planned.targets.length && (most === 0 || inRound < most)) {
      const target = planned.targets[targetAt]!
      const taken = pool.take(target.candidates, {
        rotation: target.model,
        strategy: snapshot.strategy,
        session,
        tried,
      })
      if (taken !== undefined) {
        inRound += 1
        tried.add(taken.key)
        send(taken, target.model)
        return
      }
      targetAt += 1
    }
    endOfRound()
  }

  function endOfRound(): void {
    const soonest = soonestOf()
    const wait = soonest === undefined ? 0 : Math.max(0, soonest.nextTry - now())
    const rounds =
      snapshot.config['request-retry'] + (record.stream ? snapshot.config.streaming['bootstrap-retries'] : 0)
    const hopeful = lastFailure === undefined ? wait > 0 : isRetriable(lastFailure.failure)
    const inTime = now() + wait < startedAt + limits.totalMs
    if (hopeful && round < rounds && wait <= limits.maxRetryWaitMs && inTime && context.budget.withdraw()) {
      round += 1
      waiting = setTimeout(() => {
        tried.clear()
        targetAt = 0
        inRound = 0
        next()
      }, wait)
      return
    }
    if (lastFailure !== undefined) refuse(exhausted(lastFailure.failure, soonest), lastFailure.refusal)
    else refuse(allResting(soonest))
  }

  function soonestOf(): RestingInfo | undefined {
    let best: RestingInfo | undefined
    for (const target of planned.targets) {
      const one = pool.soonest(target.candidates)
      if (one !== undefined && (best === undefined || one.nextTry < best.nextTry)) best = one
    }
    return best
  }

  function allResting(soonest: RestingInfo | undefined): Failure {
    if (soonest === undefined) return failure('overloaded', 'No account is free for this model.', { retryAfter: 1 })
    const seconds = Math.max(1, Math.ceil((soonest.nextTry - now()) / 1000))
    return failure(
      'rate-limited',
      `All accounts for "${record.requestedModel}" are resting. The soonest, ${soonest.label}, is tried again in ${seconds} s. It rests because: ${soonest.failure.message}`,
      { retryAfter: seconds, code: 'model_cooldown' },
    )
  }

  /** The last failure, told with what was tried. */
  function exhausted(last: Failure, soonest: RestingInfo | undefined): Failure {
    if (last.scope === 'request') return last
    const tries = record.attempts.map((a) => `${a.accountLabel}: ${a.failure?.status ?? a.status}`).join(', ')
    const retryAfter =
      soonest === undefined ? last.retryAfter : Math.max(1, Math.ceil((soonest.nextTry - now()) / 1000))
    return { ...last, retryAfter, message: `${last.message} (tried ${tries})` }
  }

  /** Step 5: lane, request, send. */
  function send(taken: Seat, model: string): void {
    const { account } = taken
    const provider = snapshot.providers.get(account.provider)!
    let prepared: { upstream: UpstreamRequest; lane: Lane }
    try {
      prepared = prepare(taken)
    } catch (error) {
      pool.released(taken)
      refuse(unprepared(error))
      return
    }
    record.lane = prepared.lane
    record.servedModel = model
    record.provider = account.provider
    record.accountId = account.id
    const tryRecord: AttemptRecord = {
      accountId: account.id,
      accountLabel: account.label,
      provider: account.provider,
      model: taken.model,
      startedAt: now(),
      endedAt: 0,
      status: 0,
      why: taken.why,
    }
    record.attempts.push(tryRecord)
    seat = taken
    attempt = startAttempt(
      {
        request: prepared.upstream,
        proxyUrl: account.proxyUrl,
        protocol,
        stream: record.stream,
        framing,
        limits: {
          firstEventMs: limits.firstEventMs,
          idleMs: limits.idleMs,
          deadline: startedAt + limits.totalMs,
          keepAliveMs: limits.keepAliveMs,
          eventBytes: limits.eventBytes,
        },
        now,
        judge: (f, status, headers, text) => provider.judge?.(f, status, headers, text) ?? f,
        upstream: account.label,
      },
      context.transport,
      listener(taken, tryRecord),
    )
  }

  function prepare(taken: Seat): { upstream: UpstreamRequest; lane: Lane } {
    const { account, model } = taken
    forwarded ??= forwardable(request.rawHeaders)
    const { body, lane } = outgoingBody(taken)
    const upstream = snapshot.providers.get(account.provider)!.request(
      {
        protocol: protocol.id,
        action: countsOnly ? 'count-tokens' : 'generate',
        model,
        stream: record.stream,
        query: request.query,
        headers: forwarded,
        body,
      },
      account,
    )
    return { upstream, lane }
  }

  /** The body for one seat: untouched, with the model's name spliced in, or changed by the operator's rules. */
  function outgoingBody(taken: Seat): { body: Buffer; lane: Lane } {
    const span = spans.get('model')
    const renamed = span !== undefined && matched.model === undefined && taken.model !== record.requestedModel
    if (!snapshot.payload.empty) {
      const steps = snapshot.payload.applicable({
        models: [taken.model, record.requestedModel],
        protocol: protocol.id,
        from: protocol.id,
        header: request.header,
      })
      if (steps.length > 0) {
        const json = JSON.parse(request.body.toString('utf8').replace(/^\ufeff/, '')) as Record<string, unknown>
        if (renamed) json['model'] = taken.model
        for (const step of steps) step(json)
        return { body: Buffer.from(JSON.stringify(json)), lane: 'native' }
      }
    }
    const body = renamed ? splice(request.body, span, JSON.stringify(taken.model)) : request.body
    return { body, lane: 'pass-through' }
  }

  /** Steps 6 and 7, as heard from the attempt. */
  function listener(taken: Seat, tryRecord: AttemptRecord): AttemptListener {
    return {
      begin(status, headers, length) {
        record.firstEventAt = now()
        if (!headSent) sendHead(status, headers, length)
      },
      write(chunk) {
        record.bytesOut += chunk.length
        return reply.write(chunk)
      },
      waiting(headers) {
        if (!headSent) sendHead(200, headers)
      },
      end(result) {
        settle(taken, tryRecord, result)
        if (result.failure === undefined || result.tell === undefined) reply.end()
        else breakOff(result.failure)
        finish(record.status, result.failure)
      },
      fail(f, result) {
        settle(taken, tryRecord, result)
        const told = withoutKey(f, taken.account.credential.value)
        lastFailure = { failure: told, refusal: result.refusal }
        if (isRetriable(f) && !over) next()
        else refuse(exhausted(told, undefined), result.refusal)
      },
      stalled() {
        stop(failure('cancelled', 'the client stopped reading'))
        reply.destroy()
      },
    }
  }

  function settle(taken: Seat, tryRecord: AttemptRecord, result: AttemptResult): void {
    attempt = undefined
    seat = undefined
    tryRecord.endedAt = now()
    tryRecord.status = result.status
    tryRecord.failure = result.failure
    record.maxGapMs = Math.max(record.maxGapMs, result.maxGapMs)
    if (result.usage !== undefined) record.usage = result.usage
    if (result.failure === undefined) pool.succeeded(taken)
    // Counting tokens is asked for all the time and must not take an account out of service (domain.md 2.8).
    else if (countsOnly) pool.released(taken)
    else pool.failed(taken, result.failure)
    context.onAttempt(tryRecord)
  }

  function sendHead(status: number, headers: UpstreamHeaders, length?: number): void {
    headSent = true
    record.status = status
    const own = ownHeaders()
    if (length !== undefined)
      own.push('content-type', String(headers['content-type'] ?? 'application/json'), 'content-length', String(length))
    else if (record.stream) own.push(...(framing === 'sse' ? STREAM_HEADERS : JSON_ARRAY_HEADERS))
    else own.push('content-type', String(headers['content-type'] ?? 'application/json'))
    for (const value of returnable(headers)) own.push(value)
    reply.head(status, own)
  }

  /** What we say of our own in every answer. */
  function ownHeaders(): string[] {
    const own = ['x-logicaproxy-request-id', record.id]
    if (record.lane !== undefined) own.push('x-logicaproxy-lane', record.lane)
    if (record.accountId !== '') own.push('x-logicaproxy-account', record.accountId)
    if (record.servedModel !== '') own.push('x-ai-route', headerText(record.servedModel))
    if (record.category !== undefined) {
      own.push('x-ai-category', headerText(record.category))
      if (planned.reason !== undefined) own.push('x-ai-reason', headerText(planned.reason))
    }
    return own
  }

  /** The terminal error of an answer that has begun. */
  function lastWords(f: Failure): string {
    if (framing === 'json-array') return `,\r\n${protocol.failure.encode(f, record.id).body}]`
    return protocol.failure.midStream(f, record.id)
  }

  /** Ends an answer that has begun and cannot be completed. A whole one has no place for an error: the cut must show. */
  function breakOff(f: Failure): void {
    if (!record.stream) {
      reply.destroy()
      return
    }
    const words = lastWords(f)
    record.bytesOut += words.length
    reply.end(words)
  }

  /** Ends the call with an error. `refusal` is handed on as it came when it is about this request alone. */
  function refuse(f: Failure, refusal?: Refusal): void {
    if (over) return
    if (headSent) {
      breakOff(f)
      finish(record.status, f)
      return
    }
    const own = ownHeaders()
    if (refusal !== undefined && f.scope === 'request') {
      own.push('content-type', String(refusal.headers['content-type'] ?? 'application/json'))
      own.push('content-length', String(refusal.body.length))
      for (const value of returnable(refusal.headers)) own.push(value)
      reply.head(refusal.status, own)
      record.bytesOut += refusal.body.length
      reply.end(refusal.body)
      finish(refusal.status, f, refusal.body.toString('utf8'))
      return
    }
    const said = protocol.failure.encode(f, record.id)
    for (const [name, value] of Object.entries(said.headers)) own.push(name, value)
    own.push('content-length', String(Buffer.byteLength(said.body)))
    reply.head(said.status, own)
    record.bytesOut += said.body.length
    reply.end(said.body)
    finish(said.status, f, said.body)
  }

  /** Gives the attempt under way up, without a verdict on its account. */
  function abandon(f: Failure): void {
    clearTimeout(waiting)
    attempt?.abort()
    attempt = undefined
    if (seat !== undefined) pool.released(seat)
    seat = undefined
    const last = record.attempts.at(-1)
    if (last !== undefined && last.endedAt === 0) {
      last.endedAt = now()
      last.failure = f
      context.onAttempt(last)
    }
  }

  function stop(f: Failure): void {
    if (over) return
    abandon(f)
    finish(headSent ? record.status : f.status, f)
  }

  function terminate(f: Failure): void {
    if (over) return
    abandon(f)
    refuse(f)
  }

  function finish(status: number, f?: Failure, body = ''): void {
    over = true
    reply.onGone = undefined
    reply.onDrain = undefined
    record.status = status
    record.endedAt = now()
    record.failure = f
    context.onEnd(record, body)
  }
}

/** Why a request could not be made ready: its JSON is broken deeper than the peek looked, or the fault is ours. */
function unprepared(error: unknown): Failure {
  if (error instanceof SyntaxError)
    return failure('invalid-request', 'The request body is not valid JSON.', { code: 'invalid_json' })
  process.emitWarning(error as Error)
  return failure('internal', 'The request could not be made ready for its provider.')
}

const NO_SPANS: ReadonlyMap<string, Span> = new Map()

/** Vendors quote the key they refuse; it is the account's and not the client's to know. */
function withoutKey(f: Failure, key: string): Failure {
  return key !== '' && f.message.includes(key) ? { ...f, message: f.message.replaceAll(key, '…') } : f
}

/** Header values are latin1 and of one line; a model's name may be anything. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (c) => encodeURIComponent(c.isWellFormed() ? c : '\ufffd'))
}
