/**
 * What is said on one WebSocket: every `response.create` becomes a request on the ordinary road, with the conversation it
 * goes on from put into it (domain.md 2.6). One answer at a time on each lane, in the order of asking.
 */
import { randomUUID } from 'node:crypto'
import { followed, itemsUpTo, type Turn, unknownAnswer, withTurns } from '../gateway/conversations.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { type Failure, failure } from '../hub/failure.ts'
import { parseExact, stringifyExact } from '../protocols/exact-json.ts'
import { withoutReasoning } from '../protocols/openai-responses/continuation.ts'
import { errorFrame, prewarmed } from '../protocols/openai-responses/socket.ts'
import type { RequestHead } from './access.ts'
import type { Door, Verdict } from './door.ts'
import { onLane, SocketReply } from './socket-reply.ts'

type Json = Record<string, unknown>

export interface TalkOptions {
  gateway: Gateway
  door: Door
  /** Of the request that opened the connection. */
  head: RequestHead
  admitted: Verdict & { type: 'call' }
  /** Nobody else's: under it the connection's turns are kept. */
  scope: string
  /** @returns false when the client reads too slowly. */
  send(text: string | Buffer): boolean
  cut(): void
  /** No answer is under way any more. */
  onIdle(): void
}

export interface Talk {
  readonly busy: boolean
  hear(text: string): void
  /** The client can take more. */
  drained(): void
  /** The client is gone. */
  gone(): void
  /** Takes nothing new from here on. */
  drain(): void
  /** What the door says of the client now, after the configuration has changed. */
  readmit(admitted: Verdict & { type: 'call' }): void
  /** Says what is wrong with the connection itself. */
  complain(why: Failure): void
}

interface Said {
  id: string
  items: string
}

interface Lane {
  id: string | undefined
  busy: boolean
  waiting: { frame: Json; bytes: number }[]
  /** The last request, for what a follow-up leaves out. */
  last: Json
  lastId: string | undefined
}

/** Lanes with an answer under way, and creates waiting for their turn; together no larger than a body may be. */
const MOST_LANES = 8
const MOST_WAITING = 16
const LONGEST_LANE = 256
/** Turns one connection can go on from; clients go on from the last one, or fork a lane from one before. */
const MOST_TURNS = 64

const INHERITED = ['model', 'instructions', 'tools'] as const

export function createTalk({ gateway, door, head, admitted, scope, ...to }: TalkOptions): Talk {
  let { matched, client } = admitted
  const { path, query } = admitted
  const continuation = matched.protocol.continuation!
  const rawHeaders = ordinary(head.rawHeaders)
  const memory = gateway.conversations
  const kept: string[] = []
  const lanes = new Map<string | undefined, Lane>()
  const replies = new Set<SocketReply>()
  let last: Json = {}
  let waiting = 0
  let waitingBytes = 0
  let draining = false
  let over = false

  function say(text: string, lane: string | undefined): void {
    to.send(lane === undefined ? text : onLane(text, lane))
  }

  function refuse(why: Failure, lane: string | undefined): void {
    const { status, headers, body } = door.refuse(head, why)
    say(errorFrame(status, Object.entries(headers).flat(), body), lane)
  }

  function hear(text: string): void {
    let frame: Json
    try {
      frame = parseExact(text.replace(/^\ufeff/, '')) as Json
      if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) throw new TypeError('no object')
    } catch {
      refuse(failure('invalid-request', 'A frame is one JSON object.', { code: 'invalid_json' }), undefined)
      return
    }
    const id = typeof frame['stream_id'] === 'string' ? frame['stream_id'] : undefined
    switch (frame['type']) {
      case 'response.create':
      case 'response.append':
        if (id !== undefined && id.length > LONGEST_LANE)
          refuse(failure('invalid-request', 'The stream_id is too long.', { param: 'stream_id' }), undefined)
        else arrive(frame, id, text.length)
        break
      // The client's receipt for an answer.
      case 'response.processed':
        break
      default:
        refuse(
          failure('invalid-request', 'The type of a frame is "response.create" or "response.append".', {
            code: 'unknown_event_type',
            param: 'type',
          }),
          id,
        )
    }
  }

  function arrive(frame: Json, id: string | undefined, bytes: number): void {
    let lane = lanes.get(id)
    if (lane === undefined) {
      for (const [name, other] of lanes) if (!other.busy && lanes.size >= MOST_LANES) lanes.delete(name)
      if (lanes.size >= MOST_LANES) {
        refuse(tooMany(`${MOST_LANES} streams are under way on this connection.`), id)
        return
      }
      lane = { id, busy: false, waiting: [], last, lastId: undefined }
      lanes.set(id, lane)
    }
    if (!lane.busy) {
      begin(lane, frame)
      return
    }
    if (waiting >= MOST_WAITING || waitingBytes + bytes > gateway.snapshot.limits.bodyBytes) {
      refuse(tooMany('A response is under way on this connection, and too many requests wait for it.'), id)
      return
    }
    waiting += 1
    waitingBytes += bytes
    lane.waiting.push({ frame, bytes })
  }

  function next(lane: Lane): void {
    lane.busy = false
    const one = lane.waiting.shift()
    if (one !== undefined) {
      waiting -= 1
      waitingBytes -= one.bytes
      begin(lane, one.frame)
    } else if (!busy()) to.onIdle()
  }

  function busy(): boolean {
    for (const lane of lanes.values()) if (lane.busy) return true
    return false
  }

  /** @returns what is wrong with the frame, or nothing if it is on its way. */
  function begin(lane: Lane, frame: Json): void {
    if (over) return
    lane.busy = true
    const wrong = draining ? shuttingDown() : start(lane, frame)
    if (wrong === undefined) return
    refuse(wrong, lane.id)
    next(lane)
  }

  function start(lane: Lane, frame: Json): Failure | undefined {
    const { nested, input } = unwrapped(frame)
    const append = frame['type'] === 'response.append'
    const named = nested['previous_response_id'] ?? (append ? lane.lastId : undefined)
    const fields: Json = append ? { ...lane.last, ...nested } : { ...nested }
    for (const name of INHERITED)
      if (fields[name] === undefined && lane.last[name] !== undefined && (name === 'model' || named != null))
        fields[name] = lane.last[name]
    if (typeof fields['model'] !== 'string' || fields['model'] === '')
      return failure('invalid-request', 'The field "model" is required.', { param: 'model' })
    if (input !== undefined && input !== null && typeof input !== 'string' && !Array.isArray(input))
      return failure('invalid-request', 'The field "input" must be a string or a list of items.', { param: 'input' })

    const before = typeof named === 'string' ? memory.find(scope, named) : undefined
    const said = continuation.items(input === undefined ? 'null' : stringifyExact(input))
    const { added, replaces } = before === undefined ? WHOLE(said) : continuation.joined(itemsUpTo(before), said)
    const turn = { before: replaces ? undefined : before, said: added }
    // What goes on from an answer that is not kept here is not the whole conversation: only the road may know it.
    const elsewhere = typeof named === 'string' && before === undefined

    delete fields['previous_response_id']
    lane.last = fields
    last = fields
    if (nested['generate'] === false) {
      if (elsewhere) return unknownAnswer(named)
      const id = `resp_prewarm_${randomUUID().replaceAll('-', '')}`
      keep(lane, id, followed(turn.before, added, ''))
      const seen = { ...fields, previous_response_id: named }
      for (const text of prewarmed(seen, id, Math.floor(Date.now() / 1000))) say(text, lane.id)
      next(lane)
      return undefined
    }
    const { generate: _, ...sent } = fields
    const all = [turn.before === undefined ? '' : itemsUpTo(turn.before), added].filter((t) => t !== '').join(',')
    return ask(lane, { ...sent, ...(elsewhere && { previous_response_id: named }), stream: true }, all, (answer) => {
      if (!elsewhere) keep(lane, answer.id, followed(turn.before, added, answer.items))
      lane.lastId = answer.id
    })
  }

  function ask(
    lane: Lane,
    fields: Json,
    items: string,
    answered: (answer: Said) => void,
    again = true,
  ): Failure | undefined {
    const body = withTurns(fields, 'input', items)
    const limit = gateway.snapshot.limits.bodyBytes
    if (body.length > limit)
      return failure('too-large', 'The conversation is larger than limits.body-mib with what it continues.', {
        code: 'request_too_large',
      })
    const reply = new SocketReply(
      {
        send: to.send,
        cut() {
          over = true
          to.cut()
        },
        answered,
        done: () => next(lane),
        over: () => replies.delete(reply),
        // Another account than the one that sealed it cannot open it (domain.md 1.2): go on without it, once.
        retries(status, text) {
          if (!again || over || status !== 400 || !text.includes('invalid_encrypted_content')) return false
          const open = withoutReasoning(items)
          if (open === undefined) return false
          // What it goes on from is from now on what this account could read.
          const whole = fields['previous_response_id'] === undefined
          const learned = (answer: Said): void =>
            whole ? keep(lane, answer.id, followed(undefined, open, answer.items)) : answered(answer)
          return ask(lane, fields, open, learned, false) === undefined
        },
      },
      lane.id,
    )
    replies.add(reply)
    gateway.handle(
      matched,
      { id: door.newId(), method: 'WS', path, query, rawHeaders, header: head.header, body, client, keepsState: true },
      reply,
    )
    return undefined
  }

  function keep(lane: Lane, id: string, turn: Turn): void {
    lane.lastId = id
    memory.keep(scope, id, turn)
    kept.push(id)
    if (kept.length > MOST_TURNS) memory.forget(scope, kept.shift()!)
  }

  return {
    get busy() {
      return busy()
    },
    hear,
    drained() {
      for (const reply of replies)
        if (reply.paused) {
          reply.paused = false
          reply.onDrain?.()
        }
    },
    gone() {
      over = true
      for (const reply of [...replies]) reply.gone()
      for (const id of kept) memory.forget(scope, id)
    },
    drain() {
      draining = true
    },
    readmit(now) {
      matched = now.matched
      client = now.client
    },
    complain: (why) => refuse(why, undefined),
  }
}

const WHOLE = (said: string) => ({ added: said, replaces: false })

/** The fields of a create: flat, or within `response` as the Realtime API has them. */
function unwrapped(frame: Json): { nested: Json; input: unknown } {
  const { type: _, event_id: _e, stream_id: _s, stream: _t, background: _b, response, ...flat } = frame
  const inner = typeof response === 'object' && response !== null && !Array.isArray(response) ? (response as Json) : {}
  const { input, ...nested } = { ...inner, ...flat }
  return { nested, input }
}

/** Headers of the upgrade as those of an ordinary request. */
function ordinary(raw: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    if (name === 'connection' || name === 'content-type') continue
    // The transport is nobody's business upstream.
    const value = name === 'openai-beta' ? raw[i + 1]!.replace(/\bresponses_websockets=[^,]*,?\s*/, '') : raw[i + 1]!
    if (value !== '') kept.push(raw[i]!, value)
  }
  return kept
}

function tooMany(message: string): Failure {
  return failure('invalid-request', message, { code: 'response_in_progress' })
}

function shuttingDown(): Failure {
  return failure('overloaded', 'The gateway is shutting down. Please connect again.', { retryAfter: 5 })
}
