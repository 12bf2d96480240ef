/**
 * Conversations that clients go on with by naming an answer (`previous_response_id`) although nobody upstream keeps them:
 * bounded in bytes, in number and in time, in memory alone. What an upstream keeps itself is not kept here; of those
 * answers it is only known which account gave them.
 */
import { type Failure, failure } from '../hub/failure.ts'
import { parseExact, stringifyExact } from '../protocols/exact-json.ts'
import type { Answered, Continuation, Protocol } from '../protocols/protocol.ts'
import type { Plan } from '../routing/plan.ts'
import { type Span, spanString } from '../wire/peek.ts'
import type { Carrier } from './carrier.ts'
import type { InboundRequest } from './exchange.ts'
import { isReading, type Matched, type Reading, readRequest } from './reading.ts'
import type { SnapshotLimits } from './snapshot.ts'

/** What one turn added to a conversation: its new input and its output. Turns share what came before them. */
export interface Turn {
  readonly before?: Turn
  /** Items as JSON text, joined by commas. */
  readonly items: string
}

export interface Conversations {
  /** @param scope whose conversation it is: nobody else's can be named. */
  find(scope: string, id: string): Turn | undefined
  keep(scope: string, id: string, turn: Turn): void
  forget(scope: string, id: string): void
  /** The account that keeps an answer. */
  home(scope: string, id: string): string | undefined
  settle(scope: string, id: string, accountId: string): void
  /** What is held, for tests and metrics. */
  readonly size: { turns: number; bytes: number }
}

export interface ConversationBounds {
  bytes: number
  turns: number
  ttlMs: number
}

const BOUNDS: ConversationBounds = { bytes: 64 * 1024 * 1024, turns: 10_000, ttlMs: 3_600_000 }
/** What a turn costs beside its text. */
const OVERHEAD = 200
const MOST_HOMES = 20_000

interface Kept {
  turn: Turn
  expires: number
}

/** Makes an empty memory. */
export function createConversations(now: () => number, bounds: Partial<ConversationBounds> = {}): Conversations {
  const { bytes: mostBytes, turns: mostTurns, ttlMs } = { ...BOUNDS, ...bounds }
  // Oldest use first.
  const kept = new Map<string, Kept>()
  const homes = new Map<string, string>()
  /** How many hold a turn: its entry, and the turns that follow it. */
  const holders = new Map<Turn, number>()
  let bytes = 0

  const nameOf = (scope: string, id: string) => `${scope}\n${id}`

  // In loops: a conversation may have thousands of turns.
  function hold(turn: Turn): void {
    for (let at: Turn | undefined = turn; at !== undefined; at = at.before) {
      const count = holders.get(at) ?? 0
      holders.set(at, count + 1)
      if (count > 0) return
      bytes += costOf(at)
    }
  }

  function release(turn: Turn): void {
    for (let at: Turn | undefined = turn; at !== undefined; at = at.before) {
      const count = holders.get(at)! - 1
      if (count > 0) {
        holders.set(at, count)
        return
      }
      holders.delete(at)
      bytes -= costOf(at)
    }
  }

  function drop(name: string): void {
    const entry = kept.get(name)
    if (entry === undefined) return
    kept.delete(name)
    release(entry.turn)
  }

  function trim(): void {
    const at = now()
    for (const [name, { expires }] of kept) {
      if (expires > at && bytes <= mostBytes && kept.size <= mostTurns) return
      drop(name)
    }
  }

  return {
    find(scope, id) {
      const name = nameOf(scope, id)
      const entry = kept.get(name)
      if (entry === undefined) return undefined
      if (entry.expires <= now()) {
        drop(name)
        return undefined
      }
      kept.delete(name)
      kept.set(name, { turn: entry.turn, expires: now() + ttlMs })
      return entry.turn
    },
    keep(scope, id, turn) {
      const name = nameOf(scope, id)
      hold(turn)
      drop(name)
      kept.set(name, { turn, expires: now() + ttlMs })
      trim()
    },
    forget: (scope, id) => drop(nameOf(scope, id)),
    home: (scope, id) => homes.get(nameOf(scope, id)),
    settle(scope, id, accountId) {
      const name = nameOf(scope, id)
      homes.delete(name)
      homes.set(name, accountId)
      if (homes.size > MOST_HOMES) homes.delete(homes.keys().next().value!)
    },
    get size() {
      return { turns: kept.size, bytes }
    },
  }
}

function costOf(turn: Turn): number {
  return turn.items.length + OVERHEAD
}

/** All items of a conversation, as JSON text joined by commas. */
export function itemsUpTo(turn: Turn | undefined): string {
  const texts: string[] = []
  for (let at = turn; at !== undefined; at = at.before) if (at.items !== '') texts.push(at.items)
  return texts.reverse().join(',')
}

/** A turn's conversation with what was said and answered next. */
export function followed(before: Turn | undefined, said: string, answered: string): Turn {
  const items = [said, answered].filter((text) => text !== '').join(',')
  return before === undefined ? { items } : { before, items }
}

/** A request after the conversation it names was put into it. */
export interface Continued {
  request: InboundRequest
  reading: Reading
  /** Set when it names an answer that is not kept here. */
  elsewhere?: string
  /** Makes a carrier remember the answer it carries. */
  remembering(carrier: Carrier): Carrier
  /** Hears the first bytes of an answer that travels as it comes, and from whom. */
  overheard?(chunk: Buffer | string, accountId: string): void
}

const AS_IT_IS = (carrier: Carrier): Carrier => carrier

/** Puts the conversation a request names into it, if it is kept here. */
export function continued(
  memory: Conversations,
  { protocol, route, ...matched }: Matched,
  request: InboundRequest,
  reading: Reading,
  limits: SnapshotLimits,
): Continued | Failure {
  const { continuation } = protocol
  if (continuation === undefined || (route.action !== 'generate' && route.action !== 'compact'))
    return { request, reading, remembering: AS_IT_IS }
  const named = spanString(request.body, reading.spans.get(continuation.field))
  const before = named === undefined ? undefined : memory.find(request.client.name, named)
  const sent = () => continuation.items(textAt(request.body, reading.spans.get(protocol.conversation.turns)) ?? 'null')
  const refers = memory.size.turns > 0 && request.body.includes(continuation.reference)
  const item = (id: string) => memory.find(request.client.name, itemName(id))?.items
  const filled = refers ? continuation.dereferenced(sent(), item) : undefined
  const said = () => filled ?? sent()
  const keeps =
    route.action === 'generate' && textAt(request.body, reading.spans.get(continuation.unstored)) !== 'false'

  let turn: { before?: Turn; said: () => string } = { said }
  let whole = { request, reading }
  if (before !== undefined || filled !== undefined) {
    const expanded = expand(protocol, continuation, request, before, said())
    if ('kind' in expanded) return expanded
    if (expanded.body.length > limits.bodyBytes) return tooLong(limits.bodyBytes)
    const next = { ...request, body: expanded.body }
    const read = readRequest({ protocol, route, ...matched }, next, limits.jsonDepth)
    if (!isReading(read)) return read
    whole = { request: next, reading: read }
    turn = { ...(before !== undefined && !expanded.replaces && { before }), said: () => expanded.added }
  }
  const elsewhere = before === undefined ? named : undefined
  // What follows an answer that is kept elsewhere is not the whole conversation.
  if (!keeps) return { ...whole, elsewhere, remembering: AS_IT_IS }

  const scope = request.client.name
  const learn = (text: string): void => {
    const answer = continuation.answered(text)
    if (answer === undefined || !isUnique(answer)) return
    for (const [id, text] of answer.named) memory.keep(scope, itemName(id), { items: text })
    if (elsewhere === undefined) memory.keep(scope, answer.id, followed(turn.before, turn.said(), answer.items))
  }
  let heard = false
  return {
    ...whole,
    elsewhere,
    remembering: (carrier) => remembering(carrier, learn),
    overheard(chunk, accountId) {
      if (heard) return
      heard = true
      const start = typeof chunk === 'string' ? chunk.slice(0, HEAD_BYTES) : chunk.toString('latin1', 0, HEAD_BYTES)
      const id = continuation.idIn(start)
      if (id !== undefined) memory.settle(scope, id, accountId)
    },
  }
}

/** Single items are kept beside the turns; no answer has such an id. */
const itemName = (id: string) => `item ${id}`

/** The id of an answer stands near its beginning. */
const HEAD_BYTES = 4_096

/** Ids we made from the time alone, for upstreams that name their answers not at all, can be those of two answers. */
function isUnique({ id }: Answered): boolean {
  return !/^resp_lp[0-9a-f]{8}$/.test(id)
}

function textAt(body: Buffer, span: Span | undefined): string | undefined {
  return span && body.toString('utf8', span.start, span.end)
}

function expand(
  protocol: Protocol,
  continuation: Continuation,
  request: InboundRequest,
  before: Turn | undefined,
  said: string,
): { body: Buffer; added: string; replaces: boolean } | Failure {
  let body: Record<string, unknown>
  try {
    body = parseExact(request.body.toString('utf8').replace(/^\ufeff/, '')) as Record<string, unknown>
  } catch {
    return failure('invalid-request', 'The request body is not valid JSON.', { code: 'invalid_json' })
  }
  const { [continuation.field]: named, ...rest } = body
  const json = before === undefined && named !== undefined ? { ...rest, [continuation.field]: named } : rest
  const history = itemsUpTo(before)
  const { added, replaces } = continuation.joined(history, said)
  const all = replaces ? added : [history, added].filter((text) => text !== '').join(',')
  return { body: withTurns(json, protocol.conversation.turns, all), added, replaces }
}

/** A body with these turns; the rest is written around them, so that a long history is not parsed and written again. */
export function withTurns(json: Record<string, unknown>, name: string, items: string): Buffer {
  const { [name]: _, ...rest } = json
  const text = stringifyExact(rest)
  return Buffer.from(`${text.slice(0, -1)}${text === '{}' ? '' : ','}${JSON.stringify(name)}:[${items}]}`)
}

function remembering(carrier: Carrier, learn: (text: string) => void): Carrier {
  const { whole } = carrier
  return {
    ...carrier,
    end() {
      const text = carrier.end()
      learn(text)
      return text
    },
    ...(whole !== undefined && {
      whole(body: Buffer) {
        const answer = whole(body)
        learn(answer.toString('utf8'))
        return answer
      },
    }),
  }
}

/**
 * The seats that can go on with an answer kept elsewhere: the account that gave it, if it is known; otherwise those that
 * speak the dialect, for one of them may know it.
 */
export function atHome(
  plan: Plan,
  { elsewhere, request }: Continued,
  memory: Conversations,
  protocol: Protocol,
): Plan | Failure {
  if (elsewhere === undefined) return plan
  const only = (fits: (account: { id: string; speaks: readonly string[] }) => boolean) =>
    plan.targets
      .map((target) => ({ ...target, candidates: target.candidates.filter((c) => fits(c.account)) }))
      .filter((target) => target.candidates.length > 0)
  const home = memory.home(request.client.name, elsewhere)
  const own = home === undefined ? [] : only((account) => account.id === home)
  const targets = own.length > 0 ? own : only((account) => account.speaks.includes(protocol.id))
  return targets.length > 0 ? { ...plan, targets } : unknownAnswer(elsewhere)
}

/** Nobody here knows an answer of this id; clients that can then send the conversation in full. */
export function unknownAnswer(id: string): Failure {
  return failure(
    'invalid-request',
    `Previous response with id '${id.slice(0, 100)}' not found. LogicaProxy keeps answers for an hour at most, in memory; send the whole conversation as input instead.`,
    { code: 'previous_response_not_found', param: 'previous_response_id' },
  )
}

function tooLong(limit: number): Failure {
  return failure(
    'too-large',
    `The conversation is larger than ${Math.round((limit / 1024 / 1024) * 100) / 100} MiB (limits.body-mib) with what it continues.`,
    { code: 'request_too_large' },
  )
}
