/** Step 2 of the road: what the body's top level says, without parsing it. */
import type { Seat } from '../accounts/pool.ts'
import { type Failure, failure } from '../hub/failure.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import { type ReasoningDepth, suffixOf } from '../hub/reasoning.ts'
import type { Framing, Protocol, Route } from '../protocols/protocol.ts'
import { REASONING_FIELDS } from '../routing/auto/needs.ts'
import { PeekError, peek, type Span, spanString } from '../wire/peek.ts'
import type { AttemptRecord, CallRecord } from './events.ts'
import type { InboundRequest } from './exchange.ts'
import { SESSION_FIELDS } from './session.ts'

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

export interface Reading {
  /** The name without a reasoning suffix: what is routed. */
  model: string
  /** The name as the client said it: `gpt-5.2(high)`. */
  asked: string
  /** How deep to think, where the name says so; it overrides the body (domain.md 3.4). */
  depth?: ReasoningDepth
  stream: boolean
  framing: Framing
  /** The dialect of the body, where it is not that of the path. */
  bodyDialect?: ProtocolId
  /** Where the members stand that the road looks at. */
  spans: ReadonlyMap<string, Span>
}

/** The record of a call that has only arrived. */
export function openRecord({ protocol, endpoint }: Matched, request: InboundRequest, startedAt: number): CallRecord {
  return {
    id: request.id,
    startedAt,
    endedAt: startedAt,
    method: request.method,
    endpoint,
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
}

/** The record of an attempt that has only begun. */
export function openAttempt({ account, model, why }: Seat, startedAt: number): AttemptRecord {
  const { id, label, provider } = account
  return { accountId: id, accountLabel: label, provider, model, startedAt, endedAt: 0, status: 0, why }
}

// One list for each protocol: the names are the same for every request.
const fieldsOf = new WeakMap<Protocol, readonly string[]>()

function fields(protocol: Protocol): readonly string[] {
  let list = fieldsOf.get(protocol)
  if (list === undefined) {
    const { turns, system } = protocol.conversation
    list = [
      'model',
      'stream',
      turns,
      ...system,
      ...SESSION_FIELDS,
      ...REASONING_FIELDS,
      ...(protocol.alsoReads ? [protocol.alsoReads.turns] : []),
      ...(protocol.continuation ? [protocol.continuation.field, protocol.continuation.unstored] : []),
    ]
    fieldsOf.set(protocol, list)
  }
  return list
}

/** Reads model and stream flag, or says what is wrong with the body. */
export function readRequest(matched: Matched, request: InboundRequest, maxDepth: number): Reading | Failure {
  const { protocol, route } = matched
  let spans: ReadonlyMap<string, Span>
  try {
    spans = peek(request.body, fields(protocol), maxDepth)
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
  const said = spans.get('stream')
  const wished =
    route.stream ?? (said !== undefined && request.body.toString('latin1', said.start, said.end) === 'true')
  if (wished && route.action === 'compact')
    return failure('invalid-request', 'Streaming not supported for compact responses', { param: 'stream' })
  const stream = route.action === 'generate' && wished
  const framing = route.stream === true && !/[?&]alt=sse(?:&|$)/.test(request.query) ? 'json-array' : 'sse'
  const { alsoReads, conversation } = protocol
  const strayed = alsoReads !== undefined && spans.has(alsoReads.turns) && !spans.has(conversation.turns)
  const bodyDialect = strayed ? alsoReads.protocol : undefined
  return { ...suffixOf(model), asked: model, stream, framing, bodyDialect, spans }
}

export function isReading(result: Reading | Failure): result is Reading {
  return 'spans' in result
}
