/**
 * One try at one account: sends the request, judges the answer up to its first content, then relays it.
 *
 * Until content shows, nothing has been sent to the client and the try can be taken back without a trace. From then on
 * the answer belongs to the client, and a dead upstream becomes exactly one terminal error in the client's protocol.
 */
import type { Transform } from 'node:stream'
import { type Failure, FailureError, failure } from '../hub/failure.ts'
import type { Usage } from '../hub/response.ts'
import { createSniffer, decoderFor } from '../wire/decompress.ts'
import { createSseParser, type Sse, type SseParser, SseTooLargeError } from '../wire/sse.ts'
import type { Attempt, AttemptInput, AttemptListener, Refusal } from './attempt-contract.ts'
import { type ClockLimits, type ClockState, nextLook, runOut } from './clocks.ts'
import { createOutflow } from './outflow.ts'
import type { UpstreamFlight, UpstreamHandler, UpstreamHeaders, UpstreamTransport } from './transport.ts'
import { transportFailure } from './transport-failure.ts'
import { firstCharacter, isHalfObject, isWholeEvent, isWholeObject } from './wholeness.ts'

/** Answers without a stream are held up to this size, so that an upstream dying half-way can still be replaced. */
const WHOLE_HELD_BYTES = 4 * 1024 * 1024
/** An answer that has to be translated is held whole, up to this size. */
const WHOLE_MOST_BYTES = 64 * 1024 * 1024
/** What is read of a refusal. */
const REFUSAL_BYTES = 256 * 1024
/** Whole answers come in one piece after all the thinking: they get this many times the patience of a first event. */
const WHOLE_PATIENCE = 2

/** Starts a try. The listener hears `fail` or `end` once, unless the attempt is aborted. */
export function startAttempt(input: AttemptInput, transport: UpstreamTransport, listener: AttemptListener): Attempt {
  const { protocol, limits, now } = input
  const startedAt = now()
  const { carrier, keepAlive, gathers = false } = input
  const clocks: ClockLimits = {
    ...limits,
    firstEventMs: limits.firstEventMs * (input.stream && !gathers ? 1 : WHOLE_PATIENCE),
    keepAliveMs: keepAlive === undefined ? 0 : limits.keepAliveMs,
  }
  let status = 0
  let headers: UpstreamHeaders = {}
  let mode: 'head' | 'events' | 'whole' | 'refusal' = 'head'
  let begun = false
  let over = false
  let lastByteAt = startedAt
  let lastWriteAt = startedAt
  let pausedAt = 0
  let maxGapMs = 0
  let firstChunk = true
  // Some answers come compressed though no header says so.
  let sniff: ReturnType<typeof createSniffer> | undefined = createSniffer()
  let decoder: Transform | undefined

  // Of a whole answer or a refusal: everything so far. Of a stream: finished events not yet let go.
  let held: Buffer[] = []
  let heldBytes = 0
  // Of a stream: the bytes of an unfinished event. They leave when it is finished, so a cut never leaves half of one.
  let tail: Buffer[] = []
  const out = createOutflow(write)

  let parser: SseParser | undefined
  let sawContent = false
  let sawError: Failure | undefined
  const tap = input.stream ? protocol.stream.tap() : undefined

  const flight: UpstreamFlight = transport.send(input.request, { proxyUrl: input.proxyUrl }, {
    onHead,
    onData,
    onEnd,
    onError,
  } satisfies UpstreamHandler)
  let timer = setTimeout(tick, nextLook(clockState(), clocks, startedAt))

  function onHead(s: number, h: UpstreamHeaders): void {
    status = s
    headers = h
    lastByteAt = now()
    if (s >= 300) mode = 'refusal'
    else if (input.stream && String(h['content-type'] ?? '').includes('event-stream')) {
      mode = 'events'
      parser = createSseParser(onEvent, limits.eventBytes)
    } else mode = 'whole'
    const coding = h['content-encoding']
    useDecoder(decoderFor(coding === undefined ? undefined : String(coding)))
  }

  function useDecoder(d: Transform | undefined): void {
    if (d === undefined) return
    decoder = d
    d.on('data', feed)
    d.on('end', finish)
    d.on('error', onError)
  }

  function onData(piece: Buffer): void {
    if (over) return
    let chunk = piece
    if (firstChunk) {
      firstChunk = false
    }
    lastByteAt = now()
    if (decoder === undefined && sniff !== undefined) {
      const seen = sniff(piece)
      if (seen === undefined) return
      sniff = undefined
      chunk = seen.chunk
      useDecoder(decoderFor(seen.encoding))
    }
    if (decoder === undefined) feed(chunk)
    else if (!decoder.write(chunk)) {
      flight.pause()
      // A client that reads too slowly keeps it paused all the same.
      decoder.once('drain', () => {
        if (pausedAt === 0) flight.resume()
      })
    }
  }

  function feed(chunk: Buffer): void {
    if (over) return
    if (mode === 'events') feedEvents(chunk)
    else if (begun) out.push(chunk)
    else {
      heldBytes += chunk.length
      if (mode === 'refusal') {
        if (heldBytes <= REFUSAL_BYTES) held.push(chunk)
        return
      }
      held.push(chunk)
      if (heldBytes > WHOLE_HELD_BYTES && carrier?.whole === undefined && !input.stream) begin()
      else if (heldBytes > WHOLE_MOST_BYTES)
        lost({ ...fault('sent an answer too large to translate'), scope: 'request' })
    }
  }

  function feedEvents(chunk: Buffer): void {
    let finished: number
    try {
      finished = parser!.push(chunk)
    } catch (error) {
      if (!(error instanceof SseTooLargeError)) throw error
      broken(fault(`sent ${error.message}`))
      return
    }
    if (sawError !== undefined && (!sawContent || gathers)) {
      lost(sawError)
      return
    }
    if (gathers) {
      heldBytes += chunk.length
      if (heldBytes > WHOLE_MOST_BYTES) lost({ ...fault('sent an answer too large to gather'), scope: 'request' })
    }
    if (finished > 0) {
      if (carrier === undefined) {
        for (const piece of tail) pass(piece)
        pass(finished === chunk.length ? chunk : chunk.subarray(0, finished))
      }
      tail = []
    }
    if (finished < chunk.length) tail.push(finished === 0 ? chunk : chunk.subarray(finished))
    if (sawContent && !begun && !gathers) begin()
    // As bytes the upstream's own words reach the client; a carrier leaves telling it to the road.
    if (sawError !== undefined && carrier !== undefined) ended(sawError, undefined, true)
  }

  /** The event without the vendor's envelope; undefined if there is none in it, or a refusal. */
  function opened(event: Sse, open: (json: string) => string | undefined): Sse | undefined {
    try {
      const data = open(event.data)
      return data === undefined ? undefined : { ...event, data }
    } catch (error) {
      sawError ??= error instanceof FailureError ? error.failure : fault('sent a broken event')
      return undefined
    }
  }

  function pass(piece: Buffer): void {
    if (begun) out.push(piece)
    else held.push(piece)
  }

  function onEvent(came: Sse): void {
    input.observe?.(came)
    const event = input.open === undefined ? came : opened(came, input.open)
    if (event === undefined) return
    if (!sawContent) {
      // One chunk may bring what follows an error, too; it does not undo it.
      if (sawError !== undefined) return
      if (isHalfObject(event.data)) {
        sawError = fault('sent a broken event')
        return
      }
    }
    const mark = tap!.read(event)
    if (mark === 'content' || mark === 'end') {
      if (sawContent) maxGapMs = Math.max(maxGapMs, lastByteAt - lastWriteAt)
      sawContent = true
    } else if (mark === 'error') sawError ??= input.judge(tap!.failure!, status, headers, event.data)
    if (carrier !== undefined && mark !== 'error') {
      const text = carrier.event(event)
      if (text !== '') pass(Buffer.from(text))
    }
  }

  /** From here on the answer is the client's. */
  function begin(length?: number): void {
    begun = true
    listener.begin(status, headers, length)
    for (const piece of held) out.push(piece)
    held = []
  }

  function write(chunk: Buffer | string): void {
    lastWriteAt = lastByteAt
    if (listener.write(chunk) || pausedAt > 0) return
    pausedAt = now()
    flight.pause()
    decoder?.pause()
  }

  function onEnd(): void {
    if (over) return
    if (decoder === undefined) finish()
    else decoder.end()
  }

  function finish(): void {
    if (over) return
    if (mode === 'refusal') refused()
    else if (mode === 'events') eventsEnded()
    else wholeEnded()
  }

  function refused(): void {
    const body = Buffer.concat(held)
    const text = body.toString('utf8')
    if (status < 400) {
      lost({ ...fault(`answered with a redirect (${status}), which is never followed`), scope: 'provider' })
      return
    }
    const read = protocol.failure.decode(status, headers, text)
    const judged = input.judge(read, status, headers, text)
    lost(judged, { status, headers, body, advised: judged.message !== read.message })
  }

  function eventsEnded(): void {
    // Some upstreams forget the blank line behind their last event. It counts if it is whole.
    if (parser!.pending > 0 && isWholeEvent(Buffer.concat(tail))) {
      feedEvents(BLANK_LINE)
      if (over) return
    }
    if (tap!.ended || (begun && tap!.failure !== undefined)) {
      const last = carrier === undefined ? undefined : Buffer.from(carrier.end())
      if (!begun) begin(gathers ? last!.length : undefined)
      if (last !== undefined && last.length > 0) out.push(last)
      ended(tap!.failure)
      return
    }
    broken(fault(`ended the stream ${begun ? 'before the answer was complete' : 'without an answer'}`))
  }

  function wholeEnded(): void {
    if (begun) {
      ended(undefined)
      return
    }
    if (gathers) {
      lost(fault('answered whole where only streams are known'))
      return
    }
    let body = held.length === 1 ? held[0]! : Buffer.concat(held)
    if (input.open !== undefined) {
      const inner = opened({ event: '', data: body.toString('utf8') } as Sse, input.open)
      if (sawError !== undefined) {
        lost(sawError)
        return
      }
      if (inner !== undefined) body = Buffer.from(inner.data)
    }
    const usage = protocol.usage(body)
    const wrong = wholeFault(body, usage)
    if (wrong !== undefined) {
      lost(input.judge(wrong, status, headers, ''), undefined)
      return
    }
    const streamed = input.stream && carrier === undefined ? input.streamed : undefined
    let answer: Buffer
    try {
      answer = streamed?.(body) ?? carrier?.whole?.(body) ?? body
    } catch (error) {
      if (!(error instanceof FailureError)) throw error
      lost(error.failure)
      return
    }
    held = []
    begin(streamed === undefined ? answer.length : undefined)
    // All there is: nothing to gather it with.
    write(answer)
    ended(undefined, usage)
  }

  function wholeFault(body: Buffer, usage: Usage | undefined): Failure | undefined {
    const first = firstCharacter(body)
    if (first !== '{' && first !== '[') {
      const type = String(headers['content-type'] ?? 'no content type')
      return fault(`answered ${status} with something that is no JSON (${type})`)
    }
    // Usage is read from the whole object only, so an answer that has it is whole and need not be scanned again.
    if (first === '{' && usage === undefined && !isWholeObject(body)) return fault('sent an answer that is broken off')
    return protocol.wholeFailure(body)
  }

  function onError(error: Error): void {
    if (!over) broken(transportFailure(error, input.upstream))
  }

  /** The upstream is of no more use. */
  function broken(f: Failure): void {
    if (!begun) lost(f)
    // The answer is complete, or the upstream has told its own error: what becomes of the connection then is nobody's loss.
    else if (tap !== undefined && mode === 'events' && (tap.ended || tap.failure !== undefined)) eventsEnded()
    else {
      tail = []
      ended(f, undefined, true)
    }
  }

  function lost(f: Failure, refusal?: Refusal): void {
    close()
    listener.fail(f, { status, failure: f, refusal, usage: tap?.usage, maxGapMs })
  }

  function ended(f: Failure | undefined, usage = tap?.usage, tell?: true): void {
    out.flush()
    close()
    listener.end({ status, usage, failure: f, tell, maxGapMs })
  }

  function close(): void {
    over = true
    out.close()
    clearTimeout(timer)
    decoder?.destroy()
    flight.abort()
  }

  function clockState(): ClockState {
    return {
      startedAt,
      lastByteAt,
      lastWriteAt,
      pausedAt,
      waitsForFirst: input.stream ? !begun : firstChunk,
      // Before the head there is nothing to keep alive, but the head may come any moment.
      alive: mode === 'events' ? 'open' : mode === 'head' && input.stream ? 'soon' : 'never',
    }
  }

  function tick(): void {
    const state = clockState()
    switch (runOut(state, clocks, now())) {
      case 'total':
        broken(failure('timeout', 'the answer took longer than the total time allowed (timeouts.total)'))
        return
      case 'first-event':
        broken(timedOut('sent no content in time (timeouts.first-event)'))
        return
      case 'idle':
        broken(timedOut('fell silent in the middle of the answer (timeouts.idle)'))
        return
      case 'stalled':
        close()
        listener.stalled()
        return
      case 'keep-alive':
        lastWriteAt = now()
        if (!begun) listener.waiting(headers)
        if (keepAlive !== undefined) listener.write(keepAlive(begun))
        break
      case undefined:
        break
    }
    timer = setTimeout(tick, nextLook(clockState(), clocks, now()))
  }

  /** The upstream did what it should not have. */
  function fault(what: string): Failure {
    return failure('upstream', `${input.upstream} ${what}`, { scope: 'model' })
  }

  function timedOut(what: string): Failure {
    return failure('timeout', `${input.upstream} ${what}`, { scope: 'model' })
  }

  return {
    resume() {
      if (over || pausedAt === 0) return
      pausedAt = 0
      lastByteAt = now()
      decoder?.resume()
      flight.resume()
    },
    abort() {
      if (!over) close()
    },
  }
}

const BLANK_LINE = Buffer.from('\n\n')
