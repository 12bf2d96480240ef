/** Which conversation a request belongs to (domain.md 4.2), so that it stays on one account and prompt caches hold. */
import { createHash } from 'node:crypto'
import type { ConversationFields } from '../protocols/protocol.ts'
import { peek, peekElements, type Span, spanString } from '../wire/peek.ts'

/** Headers by which clients name their conversation, first one wins. */
const HEADERS_FIRST = ['x-claude-code-session-id'] as const
const HEADERS_LATER = ['session-id', 'session_id', 'x-session-id', 'x-session-affinity', 'x-client-request-id'] as const

/** Body members looked at, besides the turns and the instructions of the dialect. */
export const SESSION_FIELDS = [
  'metadata',
  'session_id',
  'sessionId',
  'prompt_cache_key',
  'conversation',
  'conversation_id',
] as const

/** How much of the instructions and of the first user turn tells conversations apart. */
const OPENING_BYTES = 2_048
/** The first user turn stands within so many turns, after the instructions. */
const OPENING_TURNS = 6
/** So many blocks of a turn are looked at. */
const OPENING_BLOCKS = 8

/**
 * The conversation's key, or undefined if nothing tells.
 * @param spans where the body's members stand, as `peek` found them.
 */
export function sessionKey(
  header: (name: string) => string | undefined,
  body: Buffer,
  spans: ReadonlyMap<string, Span>,
  fields: ConversationFields,
): string | undefined {
  return namedSession(header, body, spans) ?? opening(body, spans, fields)
}

/** The key as the client itself names its conversation, if it does. */
export function namedSession(
  header: (name: string) => string | undefined,
  body: Buffer,
  spans: ReadonlyMap<string, Span>,
): string | undefined {
  for (const name of HEADERS_FIRST) {
    const value = header(name)
    if (value) return value
  }
  const metadata = spans.get('metadata')
  const user = metadata === undefined ? undefined : member(body, metadata, 'user_id')
  const fromUser = user === undefined ? undefined : claudeSession(user)
  if (fromUser !== undefined) return fromUser
  for (const name of HEADERS_LATER) {
    const value = header(name)
    if (value) return value
  }
  for (const name of ['session_id', 'sessionId', 'prompt_cache_key'] as const) {
    const value = spanString(body, spans.get(name))
    if (value) return value
  }
  const conversation = spans.get('conversation')
  const id = conversation && (spanString(body, conversation) ?? member(body, conversation, 'id'))
  return id || user || spanString(body, spans.get('conversation_id')) || undefined
}

/** Claude Code's `metadata.user_id` names the session: `…_session_<uuid>`, or a JSON text with `session_id`. */
function claudeSession(user: string): string | undefined {
  const plain = /_session_([0-9a-zA-Z-]{8,})/.exec(user)
  if (plain !== null) return plain[1]
  return /"session_id"\s*:\s*"([^"]{8,})"/.exec(user)?.[1]
}

function member(body: Buffer, span: Span, name: string): string | undefined {
  const inner = body.subarray(span.start, span.end)
  return spanString(inner, membersOf(inner, [name]).get(name))
}

/** Members of a nested object; none if it is no object. */
function membersOf(object: Buffer, names: readonly string[]): ReadonlyMap<string, Span> {
  try {
    return peek(object, names, Number.POSITIVE_INFINITY)
  } catch {
    return NONE
  }
}

/** Elements of a nested array. Its depth was checked with the body's; its grammar was not, and is the upstream's to refuse. */
function elementsOf(body: Buffer, start: number, most: number): readonly Span[] {
  try {
    return peekElements(body, start, most, Number.POSITIVE_INFINITY)
  } catch {
    return []
  }
}

const NONE: ReadonlyMap<string, Span> = new Map()

/**
 * A digest of how the conversation opens: instructions and first user turn. Later turns only add to it. Of the turn its
 * texts count alone: clients mark the newest turns for the cache, and a mark that moves on must not change the digest.
 */
function opening(
  body: Buffer,
  spans: ReadonlyMap<string, Span>,
  { turns, system }: ConversationFields,
): string | undefined {
  const first = spans.get(turns)
  if (first === undefined) return undefined
  const hash = createHash('sha256')
  for (const name of system) {
    const span = spans.get(name)
    if (span !== undefined) hash.update(head(body, span))
  }
  const elements = elementsOf(body, first.start, OPENING_TURNS)
  if (elements.length === 0) hash.update(head(body, first))
  for (const element of elements) {
    const turn = body.subarray(element.start, element.end)
    const found = membersOf(turn, ['role', 'content', 'parts'])
    const texts = textsOf(turn, found.get('content') ?? found.get('parts'))
    for (const text of texts) hash.update(text).update('\n')
    if (texts.length === 0) hash.update(head(body, element))
    const role = spanString(turn, found.get('role'))
    if (role !== 'system' && role !== 'developer') break
  }
  return hash.digest('base64url')
}

/** The texts of a turn, which is a string or a list of blocks; each only so far as it counts. */
function textsOf(turn: Buffer, content: Span | undefined): Buffer[] {
  if (content === undefined) return []
  if (turn[content.start] === 34) return [head(turn, content)]
  return elementsOf(turn, content.start, OPENING_BLOCKS).flatMap((span) => {
    const block = turn.subarray(span.start, span.end)
    const text = membersOf(block, ['text']).get('text')
    return text === undefined ? [] : [head(block, text)]
  })
}

function head(body: Buffer, span: Span): Buffer {
  return body.subarray(span.start, Math.min(span.end, span.start + OPENING_BYTES))
}
