/** The translate lane: decode → hub → encode, and the same for the answer. */
import { FailureError, failure } from '../hub/failure.ts'
import { folder, unfold } from '../hub/fold.ts'
import { withoutForeignReasoning } from '../hub/foreign.ts'
import { legalise, type Restore } from '../hub/legal.ts'
import { type Loss, leftBehind } from '../hub/loss.ts'
import { paired } from '../hub/pairing.ts'
import type { ChatRequest } from '../hub/request.ts'
import type { ChatResponse, StreamEvent } from '../hub/response.ts'
import type { AnswerContext, Codec, Json, TargetModel } from '../protocols/codec.ts'
import { parseExact, stringifyExact } from '../protocols/exact-json.ts'
import type { Protocol } from '../protocols/protocol.ts'
import { createSseParser, type Sse } from '../wire/sse.ts'
import type { Carrier } from './carrier.ts'
import { type Estimator, requestSize } from './estimate.ts'
import { type MediaContent, neededUrls, withContent } from './media-parts.ts'
import type { Reading } from './reading.ts'
import type { SignatureMemory } from './signature-memory.ts'

export interface Translator {
  /** The size of the request for estimates of its tokens, see estimate.ts; absent where the client is told none. */
  readonly size: number | undefined
  /** Counts tokens: by asking the upstream if its dialect can count, otherwise by an estimate. */
  count(dialect: Protocol, target: TargetModel): { json: Json; carrier: Carrier } | { estimate: Buffer }
  /**
   * The request in another dialect, what that cannot say, and what brings its answer back.
   * @throws {FailureError} if the request cannot be understood, or cannot be said at all.
   */
  to(dialect: Protocol, target: TargetModel): { json: Json; losses: Loss[]; carrier: Carrier }
  /** Brings an answer back that was asked for whole in the client's own dialect and comes as a stream of it. */
  gather(dialect: Protocol, target: TargetModel): Carrier
  /** URLs of media whose content a dialect needs and this translator does not hold yet. */
  wants(dialect: Protocol): string[]
  hold(contents: ReadonlyMap<string, MediaContent>): void
}

/** What a translator borrows from the gateway. */
export interface TranslatorContext {
  now: () => number
  estimator: Estimator
  memory: SignatureMemory
  /** Name of the client, to keep the memories of clients apart. */
  client: string
  /** Whether tokens are to be counted and not an answer given. */
  counts: boolean
}

/** The dialects of a client: what its body is in, and what it reads. They differ when a body was posted to a wrong path. */
export interface Spoken {
  asks: Protocol
  reads: Protocol
}

/** Translates one client's request; it is decoded once, however many accounts are tried. */
export function createTranslator(
  { asks, reads }: Spoken,
  body: Buffer,
  reading: Reading,
  { now, estimator, memory, client: name, counts }: TranslatorContext,
): Translator {
  const codec = codecOf(asks)
  const answers = codecOf(reads)
  const { model, depth } = reading
  const json = parseExact(body.toString('utf8').replace(/^\ufeff/, '')) as Json
  const decode = (counts ? codec.count : codec.request)!.decode
  const decoded = decode(json, { model, stream: reading.stream })
  const request: ChatRequest = {
    ...decoded,
    messages: [...memory.recall(name, decoded.messages)],
    ...(depth !== undefined && { reasoning: { ...decoded.reasoning, depth } }),
  }
  // Only dialects that count tokens tell an estimate; the others need not pay for measuring.
  const size = answers.count === undefined ? undefined : requestSize(request)
  const estimate = (target: TargetModel) => (size === undefined ? 0 : estimator.estimate(target.model, size))
  const held = new Map<string, MediaContent>()
  const context = (target: TargetModel): AnswerContext => ({
    model: reading.asked,
    request,
    created: Math.floor(now() / 1000),
    inputEstimate: estimate(target),
  })

  /** What every dialect needs before it can say the request. */
  function prepared(dialect: Protocol, target: TargetModel) {
    const other = codecOf(dialect)
    const { needsBytes } = other
    const said = held.size > 0 && needsBytes ? withContent(request.messages, needsBytes, held) : request.messages
    const history = withoutForeignReasoning(said, dialect.id)
    const messages = [...paired(history.messages)]
    const { request: legal, restorer } = legalise(
      { ...request, model: target.model, messages },
      other.legal,
      other.namespaces !== true,
    )
    return { other, legal, restorer, history }
  }

  function to(dialect: Protocol, target: TargetModel) {
    const { other, legal, restorer, history } = prepared(dialect, target)
    const said = other.request.encode(legal, target)
    return {
      json: said.body,
      losses: [...history.losses, ...leftBehind(legal, dialect.id), ...said.losses],
      carrier: carrier(answers, other, restorer(), context(target), reading, memory.watch(name)),
    }
  }

  return {
    size,
    count(dialect, target) {
      const { other, legal } = prepared(dialect, target)
      const answer = (tokens: number) => Buffer.from(stringifyExact(answers.count!.answer(tokens)))
      const { count } = other
      if (count === undefined) return { estimate: answer(estimate(target)) }
      const whole = (counted: Buffer): Buffer => {
        const tokens = count.read(parseExact(counted.toString('utf8')) as Json)
        return answer(tokens ?? estimate(target))
      }
      return { json: count.encode(legal, target), carrier: { event: () => '', end: () => '', whole } }
    },
    to,
    gather(dialect, target) {
      const same = codecOf(dialect)
      return carrier(answers, same, sameAgain, context(target), reading, memory.watch(name))
    },
    wants(dialect) {
      const { needsBytes, count } = codecOf(dialect)
      // An estimate needs nothing; what a client says to its own dialect is its own affair.
      if (needsBytes === undefined || dialect.id === asks.id || (counts && count === undefined)) return []
      return neededUrls(request.messages, needsBytes).filter((url) => !held.has(url))
    },
    hold(contents) {
      for (const [url, content] of contents) held.set(url, content)
    },
  }
}

/** Nothing was renamed for a vendor, so nothing is to be named back. */
const sameAgain: Restore = { push: (event, emit) => emit(event) }

function codecOf(protocol: Protocol): Codec {
  if (protocol.codec !== undefined) return protocol.codec
  throw new FailureError(
    failure('invalid-request', `${protocol.title} can only be passed through, not translated.`, {
      code: 'unsupported_dialect',
    }),
  )
}

function carrier(
  client: Codec,
  upstream: Codec,
  restore: Restore,
  context: AnswerContext,
  reading: Reading,
  watch: (event: StreamEvent) => void,
): Carrier {
  const decoder = upstream.stream.decoder()
  const encoder = client.stream.encoder(context)
  const frame = reading.framing === 'sse' ? (text: string) => text : arrayFramer()
  // Asked for whole, told as a stream: it is gathered, and said when it is complete.
  const gathered = reading.stream ? undefined : folder()

  function encoded(events: Iterable<StreamEvent>): string {
    let text = ''
    for (const event of events)
      restore.push(event, (restored) => {
        watch(restored)
        // The road says errors, once; see `broken` in attempt.ts.
        if (restored.type === 'error') return
        if (gathered === undefined) text += encoder.push(restored)
        else gathered.push(restored)
      })
    return text
  }

  function restored(answer: ChatResponse): ChatResponse {
    // Names and state are all there is to restore and to remember; most answers have neither.
    if (answer.parts.every((part) => part.type === 'text')) return answer
    const f = folder()
    for (const event of unfold(answer))
      restore.push(event, (restored) => {
        watch(restored)
        f.push(restored)
      })
    return f.end()
  }

  return {
    event: (event: Sse) => frame(encoded(decoder.push(event))),
    end() {
      const last = encoded(decoder.end())
      if (gathered !== undefined) return stringifyExact(client.response.encode(gathered.end(), context))
      return frame(last + encoder.end()) + (reading.framing === 'sse' ? '' : ']')
    },
    whole(body) {
      const answer = restored(upstream.response.decode(parseExact(body.toString('utf8')) as Json))
      if (!reading.stream) return Buffer.from(stringifyExact(client.response.encode(answer, context)))
      // Asked for a stream, the upstream gave its answer whole.
      let text = ''
      for (const event of unfold(answer)) text += encoder.push(event)
      return Buffer.from(frame(text + encoder.end()) + (reading.framing === 'sse' ? '' : ']'))
    },
  }
}

/** Turns the encoder's events into the elements of Gemini's JSON array. */
function arrayFramer(): (text: string) => string {
  let elements = 0
  return (text) => {
    let out = ''
    createSseParser(({ data }) => {
      out += `${elements === 0 ? '[' : ',\r\n'}${Buffer.from(data, 'latin1').toString('utf8')}`
      elements += 1
    }).push(Buffer.from(text))
    return out
  }
}
