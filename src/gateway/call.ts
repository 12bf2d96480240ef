/** One request on its way down the road: peek, plan, seat, attempt, relay, and the next attempt if one was in vain. */
import type { Credential } from '../accounts/account.ts'
import type { Seat } from '../accounts/pool.ts'
import { type Failure, failure, isRetriable } from '../hub/failure.ts'
import type { Plan } from '../routing/plan.ts'
import { startAttempt } from './attempt.ts'
import type { Attempt, AttemptListener, AttemptResult, Refusal } from './attempt-contract.ts'
import type { Call, CallContext } from './call-context.ts'
import { atClock } from './clocks.ts'
import type { Continued } from './conversations.ts'
import type { AttemptRecord } from './events.ts'
import type { InboundRequest, Reply } from './exchange.ts'
import { ownHeaders, returnable } from './headers.ts'
import type { Wanting } from './media.ts'
import { createPreparer, type Known, type Manner, type Prepared } from './outgoing.ts'
import { forSeat, untilNextRound } from './patience.ts'
import { planCall } from './planning.ts'
import { observer, tellHeaders } from './quota-watch.ts'
import { isReading, type Matched, openAttempt, openRecord, type Reading, readRequest } from './reading.ts'
import { noted } from './route-note.ts'
import { formOf, formOfEstimate, lastWords, refusalOf } from './saying.ts'
import type { UpstreamHeaders } from './transport.ts'
import {
  allResting,
  crowded,
  discreet,
  exhausted,
  isUnknownThere,
  lossy,
  notAllowed,
  unprepared,
  withoutEchoes,
} from './words.ts'

/** Starts a call. It ends by itself; `context.onEnd` hears of it exactly once. */
export function startCall(context: CallContext, matched: Matched, request: InboundRequest, reply: Reply): Call {
  const { snapshot, pool, now } = context
  const { protocol } = matched
  const { limits } = snapshot
  const startedAt = now()
  const record = openRecord(matched, request, startedAt)
  const { action } = matched.route
  const countsOnly = action === 'count-tokens'

  let over = false
  let headSent = false
  let planned: Plan
  let reading: Reading
  let prepare: (seat: Seat, manner: Manner) => Prepared | Known | Wanting
  let conversation: Continued
  /** Whether a seat has shown that it lacks the action, and what stands in for it now. */
  let emulates = false
  let emulated: string | undefined
  /** Whether the reasoning state in the request was refused, so that it goes on without. */
  let forgets = false
  /** Of the attempt under way: its dialect, and whether its account has another way. */
  let spoken: Pick<Prepared, 'dialect' | 'turn'> | undefined
  /** Logins whose token was refused and renewed once. */
  const renewed: string[] = []
  let session: string | undefined
  /** Whether the request holds state that only the account of its conversation can read. */
  let sealed = false
  let targetAt = 0
  let round = 0
  let inRound = 0
  const tried = new Set<string>()
  /** Of the request as translated for the attempt under way. */
  let size: number | undefined
  let attempt: Attempt | undefined
  let seat: Seat | undefined
  let stopWaiting: (() => void) | undefined
  /** Gives up what is being fetched: media, or a token. */
  let leave: (() => void) | undefined
  let lastFailure: { failure: Failure; refusal?: Refusal } | undefined

  // Named functions, and not arrows written here: V8 allocates a function literal that is assigned to a property in the old
  // generation, where it keeps its whole request alive until the next full collection (docs/benchmarks.md).
  reply.onGone = gone
  reply.onDrain = drained
  start()
  return { terminate }

  function gone(): void {
    stop(failure('cancelled', 'the client closed the connection'))
  }

  function drained(): void {
    attempt?.resume()
  }

  function start(): void {
    const read = readRequest(matched, request, limits.jsonDepth)
    if (!isReading(read)) {
      refuse(read)
      return
    }
    reading = read
    record.requestedModel = read.asked
    record.stream = read.stream
    if (request.client.allows?.(read.model) === false) {
      refuse(notAllowed(read.model))
      return
    }
    const result = planCall(context, matched, request, read, record)
    if ('kind' in result) {
      refuse(result)
      return
    }
    planned = result.plan
    conversation = result.conversation
    session = result.session
    sealed = result.sealed
    prepare = createPreparer(snapshot, matched, conversation.request, conversation.reading, context)
    context.budget.deposit()
    next()
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
        hard: sealed,
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
    const candidates = planned.targets.flatMap((target) => target.candidates)
    const until = Math.min(now() + limits.maxRetryWaitMs, startedAt + limits.totalMs)
    const busy = pool.busy(candidates, tried)
    stopWaiting = forSeat(pool, candidates, tried, { now, until }, fromTheTop, () => refuse(crowded()))
    if (stopWaiting !== undefined) return
    const soonest = pool.soonest(candidates)
    const { stream } = record
    const failure = lastFailure?.failure
    const wait = untilNextRound({ snapshot, stream, round, startedAt, now: now(), failure, soonest })
    if (wait !== undefined && context.budget.withdraw()) {
      round += 1
      stopWaiting = atClock(now() + wait, now, () => {
        tried.clear()
        fromTheTop()
      })
      return
    }
    if (lastFailure !== undefined)
      refuse(exhausted(lastFailure.failure, record.attempts, soonest, now()), lastFailure.refusal)
    else refuse(busy ? crowded() : allResting(reading.model, soonest, now()))
  }

  function fromTheTop(): void {
    targetAt = 0
    inRound = 0
    next()
  }

  /** A login's token that can be used now; until there is one the seat is kept. */
  function bring(taken: Seat, model: string, refused?: string): void {
    seat = taken
    leave = context.logins!.bring(taken.account.id, refused, (got) => {
      leave = undefined
      seat = undefined
      if ('kind' in got) failed(taken, openAttempt(taken, now()), got, { status: 0, failure: got, maxGapMs: 0 })
      else send(taken, model)
    })
  }

  /** Step 5: token, lane, request, send. */
  function send(taken: Seat, model: string): void {
    const { account } = taken
    const provider = snapshot.providers.get(account.provider)!
    const credential: Credential | undefined =
      account.credential.type === 'api-key' ? account.credential : context.logins?.current(account.id)
    if (credential === undefined) {
      bring(taken, model)
      return
    }
    let prepared: Prepared | Known | Wanting
    try {
      const foreign = sealed && taken.moved === true && request.keepsState !== true
      prepared = prepare(taken, { credential, emulates, forgets: forgets || foreign, session })
    } catch (error) {
      decline(taken, unprepared(error))
      return
    }
    if ('wants' in prepared) {
      seat = taken
      leave = context.media.bring(prepared, (f) => {
        seat = undefined
        if (f === undefined) send(taken, model)
        else decline(taken, f)
      })
      return
    }
    if ('answer' in prepared) {
      pool.released(taken)
      answerEstimate(prepared, taken, model)
      return
    }
    if (prepared.losses.length > 0 && snapshot.config['strict-translation']) {
      decline(taken, lossy(prepared.losses))
      return
    }
    size = prepared.size
    spoken = { dialect: prepared.dialect, turn: prepared.turn }
    emulated = prepared.emulated
    record.lane = prepared.lane
    record.dropped = prepared.losses.length === 0 ? undefined : [...new Set(prepared.losses.map((l) => l.field))]
    record.servedModel = model
    record.provider = account.provider
    record.accountId = account.id
    const tryRecord = openAttempt(taken, now())
    record.attempts.push(tryRecord)
    seat = taken
    attempt = startAttempt(
      {
        request: prepared.request,
        proxyUrl: account.proxyUrl,
        protocol: prepared.dialect,
        stream: record.stream || prepared.gathers === true,
        carrier: prepared.carrier && conversation.remembering(prepared.carrier),
        streamed: prepared.streamed,
        open: prepared.open,
        gathers: prepared.gathers,
        observe: observer(context.quotas, provider, account.id, now),
        ...(reading.framing === 'sse' && record.stream && { keepAlive: protocol.stream.keepAlive }),
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
      listener(taken, tryRecord, credential),
    )
  }

  /** The request cannot go to its seat, nor to any other. */
  function decline(taken: Seat, f: Failure): void {
    pool.released(taken)
    refuse(f)
  }

  /** A count of tokens that no upstream was asked for. It says that it is an estimate. */
  function answerEstimate({ answer, lane }: Known, taken: Seat, model: string): void {
    record.lane = lane
    record.servedModel = model
    record.provider = taken.account.provider
    const own = ownHeaders(noted(record, planned, pool, now), emulated)
    formOfEstimate(own, answer)
    reply.head(200, own)
    record.bytesOut += answer.length
    reply.end(answer)
    finish(200)
  }

  /** Steps 6 and 7, as heard from the attempt. */
  function listener(taken: Seat, tryRecord: AttemptRecord, credential: Credential): AttemptListener {
    const { account } = taken
    const tellQuota = (headers: UpstreamHeaders): void =>
      tellHeaders(context.quotas, snapshot.providers.get(account.provider)!, account.id, headers, now)
    return {
      begin(status, headers, length) {
        tellQuota(headers)
        record.firstEventAt = now()
        planned.settled?.(record.servedModel)
        if (!headSent) sendHead(status, headers, credential.value, length)
      },
      write(chunk) {
        record.bytesOut += chunk.length
        if (record.lane !== 'translate') conversation.overheard?.(chunk, account.id)
        return reply.write(chunk)
      },
      waiting(headers) {
        if (!headSent) sendHead(200, headers, credential.value)
      },
      end(heard) {
        const result = discreet(heard, context.scrub)
        settle(taken, tryRecord, result)
        if (result.failure === undefined || result.tell === undefined) reply.end()
        else breakOff(result.failure)
        finish(record.status, result.failure)
      },
      fail(f, heard) {
        if (heard.refusal !== undefined) tellQuota(heard.refusal.headers)
        const result = discreet(heard, context.scrub)
        // A token that was just refused is renewed once; the seat waits, and nobody rests for it.
        if (f.kind === 'unauthorized' && credential.type === 'oauth' && !renewed.includes(account.id) && !over) {
          renewed.push(account.id)
          note(tryRecord, result)
          bring(taken, record.servedModel, credential.value)
          return
        }
        failed(taken, tryRecord, f, result)
      },
      stalled() {
        stop(failure('cancelled', 'the client stopped reading'))
        reply.destroy()
      },
    }
  }

  /** An attempt in vain: the same seat in another manner, the next one, or the end. */
  function failed(
    taken: Seat,
    tryRecord: AttemptRecord,
    f: Failure,
    result: AttemptResult & { refusal?: Refusal },
  ): void {
    if (!record.attempts.includes(tryRecord)) record.attempts.push(tryRecord)
    const turns = attempt !== undefined && spoken?.turn?.(f) === true
    settle(taken, tryRecord, result, turns)
    const stale = !forgets && request.keepsState !== true && spoken?.dialect.forgetting?.refused(f)
    const lacks = lacksAction(result)
    if ((lacks || turns || stale === true) && !over) {
      if (lacks) emulates = true
      else if (!turns) forgets = true
      tried.delete(taken.key)
      next()
      return
    }
    const told = result.failure ?? f
    lastFailure = { failure: told, refusal: result.refusal }
    if (isRetriable(f) && !over) next()
    else refuse(exhausted(told, record.attempts, undefined, now()), result.refusal)
  }

  /** Whether the upstream does not know what was asked of it, and something else can be asked instead. */
  function lacksAction({ status }: AttemptResult): boolean {
    return action === 'compact' && emulated === undefined && isUnknownThere(status)
  }

  function settle(taken: Seat, tryRecord: AttemptRecord, result: AttemptResult, spares = false): void {
    if (size !== undefined && result.usage !== undefined && result.failure === undefined) {
      const { input, cacheRead, cacheWrite } = result.usage
      context.estimator.observe(taken.model, size, input + cacheRead + cacheWrite)
    }
    note(tryRecord, result)
    record.maxGapMs = Math.max(record.maxGapMs, result.maxGapMs)
    if (result.usage !== undefined) record.usage = result.usage
    if (result.failure === undefined) pool.succeeded(taken)
    // Counting tokens is asked for all the time and must not take an account out of service (domain.md 2.8).
    else if (countsOnly || spares || lacksAction(result)) pool.released(taken)
    else pool.failed(taken, result.failure)
  }

  function note(tryRecord: AttemptRecord, result: AttemptResult): void {
    attempt = undefined
    seat = undefined
    tryRecord.endedAt = now()
    tryRecord.status = result.status
    tryRecord.failure = result.failure
    context.onAttempt(tryRecord)
  }

  function sendHead(status: number, headers: UpstreamHeaders, presented: string, length?: number): void {
    headSent = true
    record.status = status
    const own = ownHeaders(noted(record, planned, pool, now), emulated)
    formOf(own, record, reading.framing, headers, length)
    const returned = returnable(headers)
    own.push(...(seat === undefined ? returned : withoutEchoes(returned, seat.account, presented)))
    reply.head(status, own)
  }

  /** Ends an answer that has begun and cannot be completed. A whole one has no place for an error: the cut must show. */
  function breakOff(f: Failure): void {
    if (!record.stream) {
      reply.destroy()
      return
    }
    const words = lastWords(protocol, reading.framing, f, record.id)
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
    const own = ownHeaders(noted(record, planned, pool, now), emulated)
    const { status, body, text } = refusalOf(own, record, protocol, f, refusal)
    reply.head(status, own)
    record.bytesOut += body.length
    reply.end(body)
    finish(status, f, text)
  }

  /** Gives the attempt under way up, without a verdict on its account. */
  function abandon(f: Failure): void {
    stopWaiting?.()
    leave?.()
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
