/** The translating half of a dialect: wire ↔ hub, both ways, whole and streamed. */
import type { Loss } from '../hub/loss.ts'
import type { ReasoningAbility } from '../hub/reasoning.ts'
import type { ChatRequest, MediaPart } from '../hub/request.ts'
import type { ChatResponse, StreamEvent } from '../hub/response.ts'
import type { Sse } from '../wire/sse.ts'

export type Json = Record<string, unknown>

/** What the path and the peek said of a request. */
export interface RequestPlace {
  /** From the path (Gemini) or the body. */
  model: string
  stream: boolean
}

/** What is known of the model a request goes to; everything may be unknown. */
export interface TargetModel {
  /** Upstream name. */
  model: string
  reasoning?: ReasoningAbility
  /** Known not to reason; asking it to is refused. */
  reasons?: false
  /** Most output tokens. */
  maxOutput?: number
}

/** Names and ids a dialect accepts. The road maps what does not fit, injectively, before `encode`, and back afterwards. */
export interface LegalNames {
  toolName: { pattern: RegExp; max: number }
  callId: { pattern: RegExp; max: number }
}

/** What an answer is written for. */
export interface AnswerContext {
  /** The model's name as the client asked for it. */
  model: string
  /** The client's request, for what changes the answer's form (usage chunks, tools echoed back). */
  request: ChatRequest
  /** Seconds since the epoch. */
  created: number
  /** Input tokens estimated from the request's size, for dialects that tell them before the upstream does. */
  inputEstimate: number
}

/** Upstream events of this dialect → hub. */
export interface EventDecoder {
  push(event: Sse): StreamEvent[]
  /** The stream is over: closes what is open. Tells no finish the upstream did not tell. */
  end(): StreamEvent[]
}

/** Hub → client events of this dialect, as wire text. Serialises interleaved parts where the dialect needs it. */
export interface EventEncoder {
  push(event: StreamEvent): string
  /** After `finish`: the terminal events. Not called when the answer broke: the road says the one terminal error. */
  end(): string
}

export interface Codec {
  legal: LegalNames
  /** Whether tools can be grouped in namespaces; without it the road joins the names. */
  namespaces?: true
  /**
   * Whether media by this URL can only be said by its content; `encode` refuses it as a URL. The road fetches it where the
   * configuration says so.
   */
  needsBytes?(url: string, part: MediaPart): boolean
  request: {
    /** @throws {FailureError} kind `invalid-request`, naming the field, for what no reading can make sense of. */
    decode(body: Json, place: RequestPlace): ChatRequest
    /** The body for this dialect, and what it could not say (extras of other dialects are found elsewhere: hub/loss). */
    encode(request: ChatRequest, target: TargetModel): { body: Json; losses: Loss[] }
  }
  response: {
    decode(body: Json): ChatResponse
    encode(answer: ChatResponse, context: AnswerContext): Json
  }
  /** Counting tokens, in dialects that have it. */
  count?: {
    decode(body: Json, place: RequestPlace): ChatRequest
    encode(request: ChatRequest, target: TargetModel): Json
    /** The figure an answer tells. */
    read(body: Json): number | undefined
    answer(tokens: number): Json
  }
  stream: {
    decoder(): EventDecoder
    encoder(context: AnswerContext): EventEncoder
  }
}
