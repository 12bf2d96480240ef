import type { Failure } from '../hub/failure.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import type { Usage } from '../hub/response.ts'
import type { Sse } from '../wire/sse.ts'
import type { Codec } from './codec.ts'

/** What a route asks for. */
export type Action = 'generate' | 'count-tokens' | 'compact' | 'list-models' | 'get-model'

/** How an answer's stream is framed: server-sent events, or Gemini's JSON array when `alt=sse` is not asked for. */
export type Framing = 'sse' | 'json-array'

/** One path this protocol answers. */
export interface Route {
  method: 'GET' | 'POST'
  /** Path with at most one `{model}`; a `:verb` may follow it. It is also the endpoint's label in metrics. */
  path: string
  action: Action
  /** Set where the path itself says so (Gemini); otherwise the body's `stream` does. */
  stream?: boolean
  /** The same requests are taken over a WebSocket at this path. */
  websocket?: true
}

/** What one upstream event means for the road. */
export type EventMark =
  /** Opens the answer but bears nothing yet: it can still be taken back. */
  | 'handshake'
  /** Bears text, reasoning, a tool call or another thing a client shows or acts on. */
  | 'content'
  /** The answer ended well. */
  | 'end'
  /** The upstream says, inside the stream, that it failed. */
  | 'error'

/** Reads the events of one answer as they pass. Changes and delays nothing. */
export interface StreamTap {
  /** Judges an event. Latin1 text, see `wire/sse.ts`. */
  read(event: Sse): EventMark
  /** The last usage the upstream told, if any. */
  readonly usage: Usage | undefined
  /** Whether a terminal event (or the last sign of life this dialect guarantees) was seen. */
  readonly ended: boolean
  /** Why the upstream failed, after `read` said `error`. */
  readonly failure: Failure | undefined
}

/** A model as a list shows it; lengths in tokens. */
export interface ListedModel {
  id: string
  ownedBy: string
  displayName?: string
  contextLength?: number
  maxOutput?: number
  /** Seconds since the epoch; 0 when unknown. */
  created: number
}

/** A response of our own making. */
export interface OwnResponse {
  status: number
  headers: Record<string, string>
  body: string
}

/** Fields of the request that tell one conversation from another, for session affinity. */
export interface ConversationFields {
  /** The array (or string) of turns. */
  turns: string
  /** Where instructions stand, if not among the turns. */
  system: readonly string[]
}

/** What a finished answer adds to its conversation: its id, and its items as JSON text joined by commas. */
export interface Answered {
  id: string
  items: string
  /** Each item that has an id, with it. */
  named: readonly (readonly [id: string, item: string])[]
}

/** How requests go on from an earlier answer that they only name. */
export interface Continuation {
  /** The member that names it. */
  field: string
  /** The member that is `false` where an answer must not be kept. */
  unstored: string
  /** The items of the turns, given and returned as JSON text. */
  items(turns: string): string
  /** What new items add to those before; or that they are the whole conversation. */
  joined(before: string, added: string): { added: string; replaces: boolean }
  /** What stands in a body where one item is named in place of being sent. */
  reference: string
  /** The items with those put in that `find` knows; undefined if it knows none. */
  dereferenced(items: string, find: (id: string) => string | undefined): string | undefined
  /** Reads a whole answer, or the end of a stream. */
  answered(text: string): Answered | undefined
  /** Finds the id in the first bytes of an answer. */
  idIn(head: string): string | undefined
}

/** An action that is carried out by generating, where the upstream has no such thing. */
export interface Emulation {
  /** What `X-LogicaProxy-Emulated` says. */
  name: string
  /** The request to generate instead. */
  request(body: Record<string, unknown>): Record<string, unknown>
  /**
   * The answer, made of what was generated.
   * @throws {FailureError} if nothing can be made of it.
   */
  answer(generated: Buffer, created: number): Buffer
}

/** How a conversation goes on without the opaque reasoning state in it. */
export interface Forgetting {
  /** Whether a body may hold such state; a look at the bytes. */
  holds(body: Buffer): boolean
  /** Whether a refusal says that the state is not taken back. */
  refused(failure: Failure): boolean
  /** The states in a request. */
  states(body: Record<string, unknown>): string[]
  /** The request without its state, or without those that are picked; the given one stays as it is. */
  body(body: Record<string, unknown>, picks?: (state: string) => boolean): Record<string, unknown>
}

/** A dialect: everything the road needs to serve it. Knows no provider. */
export interface Protocol {
  id: ProtocolId
  title: string
  routes: readonly Route[]
  conversation: ConversationFields
  /**
   * A dialect whose bodies clients post to this one's path by mistake, told by the field of its turns. They are read as
   * what they are and answered as the path says (domain.md 2.2: Cursor does this).
   */
  alsoReads?: { protocol: ProtocolId; turns: string }
  failure: {
    /** Reads an upstream's refusal. `body` is the raw text of the answer, perhaps not JSON and perhaps cut off. */
    decode(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: string): Failure
    /** Says a failure in this dialect, `retry-after` included. */
    encode(failure: Failure, requestId: string): OwnResponse
    /** The one terminal error of a stream that has begun, as wire text. */
    midStream(failure: Failure, requestId: string): string
  }
  stream: {
    tap(): StreamTap
    /** Keeps a waiting client alive; wire text. `begun` is false while no event of the answer has left. */
    keepAlive(begun: boolean): string
  }
  /** The usage a whole answer tells; the bytes are a JSON object. */
  usage(body: Buffer): Usage | undefined
  /** Whether a whole answer with status 200 is in truth an error (some upstreams do that). */
  wholeFailure(body: Buffer): Failure | undefined
  /** Translates; absent: this dialect can only be passed through. */
  codec?: Codec
  /** Absent: every request carries its whole conversation. */
  continuation?: Continuation
  /** For state that a vendor no longer takes back; absent: this dialect has none that can be left out. */
  forgetting?: Forgetting
  /** Stands in for the action `compact`; absent: there is no such route. */
  compaction?: Emulation
  models: {
    list(models: readonly ListedModel[]): OwnResponse
    one(model: ListedModel): OwnResponse
  }
}
