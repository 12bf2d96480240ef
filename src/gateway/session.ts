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
  return id || user || spanString(body, spans.get('conversation_id')) || opening(body, spans, fields)
}

/** Claude Code's `metadata.user_id` names the session: `…_session_<uuid>`, or a JSON text with `session_id`. */
function claudeSession(user: string): string | undefined {
  const plain = /_session_([0-9a-zA-Z-]{8,})/.exec(user)
  if (plain !== null) return plain[1]
  return /"session_id"\s*:\s*"([^"]{8,})"/.exec(user)?.[1]
}

function member(body: Buffer, span: Span, name: string): string | undefined {
  if (body[span.start] !== 123) return undefined
  const inner = body.subarray(span.start, span.end)
  try {
    return spanString(inner, peek(inner, [name]).get(name))
  } catch {
    return undefined
  }
}

/** A digest of how the conversation opens: instructions and first user turn. Later turns only add to it. */
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
    if (span !== undefined) hash.update(body.subarray(span.start, Math.min(span.end, span.start + OPENING_BYTES)))
  }
  // The body's depth was checked when it was peeked.
  const elements = peekElements(body, first.start, OPENING_TURNS, Number.POSITIVE_INFINITY)
  if (elements.length === 0) hash.update(body.subarray(first.start, Math.min(first.end, first.start + OPENING_BYTES)))
  for (const element of elements) {
    hash.update(body.subarray(element.start, Math.min(element.end, element.start + OPENING_BYTES)))
    const role = member(body, element, 'role')
    if (role !== 'system' && role !== 'developer') break
  }
  return hash.digest('base64url')
}
