/** What an attempt is given, what it tells, and how it is steered. */
import type { Failure } from '../hub/failure.ts'
import type { Usage } from '../hub/response.ts'
import type { Protocol } from '../protocols/protocol.ts'
import type { UpstreamRequest } from '../providers/provider.ts'
import type { Sse } from '../wire/sse.ts'
import type { Carrier } from './carrier.ts'
import type { ClockLimits } from './clocks.ts'
import type { UpstreamHeaders } from './transport.ts'

export interface AttemptLimits extends ClockLimits {
  /** Largest single event, bytes. */
  eventBytes: number
}

export interface AttemptInput {
  request: UpstreamRequest
  proxyUrl?: string
  /** The dialect the upstream answers in. */
  protocol: Protocol
  stream: boolean
  /** Absent: the bytes travel as they come. */
  carrier?: Carrier
  /** Takes the vendor's envelope off the JSON of an event or a whole answer (`Vessel.open`). */
  open?: (json: string) => string | undefined
  /** The client wants whole what comes as a stream: nothing leaves before it is complete. */
  gathers?: boolean
  /** Hears every event as it came. */
  observe?: (event: Sse) => void
  /** Makes the stream that was asked for of an answer that came whole in the client's own dialect. */
  streamed?(body: Buffer): Buffer
  /** The client's sign of life; absent where its framing has no place for one. */
  keepAlive?: (begun: boolean) => string
  limits: AttemptLimits
  now: () => number
  /** Lets the provider read its vendor's refusals. */
  judge(failure: Failure, status: number, headers: UpstreamHeaders, body: string): Failure
  /** Names the upstream in messages. */
  upstream: string
}

/** The upstream's refusal as it came, for handing on in the same dialect. */
export interface Refusal {
  status: number
  headers: UpstreamHeaders
  body: Buffer
  /** The provider has added what to do: the client is told in our words, which hold the upstream's. */
  advised?: boolean
}

export interface AttemptListener {
  /** The answer begins to bear content and is the client's from here on. `length` is known for whole answers. */
  begin(status: number, headers: UpstreamHeaders, length?: number): void
  /** @returns false when the client reads too slowly. */
  write(chunk: Buffer | string): boolean
  /** Over after `begin`; `failure` if the answer broke, in which case `terminal` is still to be written. */
  end(result: AttemptResult): void
  /** Over before `begin`: another account may be tried. */
  fail(failure: Failure, result: AttemptResult & { refusal?: Refusal }): void
  /** The upstream accepted the request but says nothing yet: time for a sign of life. */
  waiting(headers: UpstreamHeaders): void
  /** The client has not read for as long as an upstream may be silent. */
  stalled(): void
}

export interface AttemptResult {
  status: number
  usage?: Usage
  failure?: Failure
  /** Set when the client still needs to be told of `failure`; an upstream's own terminal error told it already. */
  tell?: true
  maxGapMs: number
}

export interface Attempt {
  /** The client can take more. */
  resume(): void
  /** Gives up: the client left, or the gateway stops. Nothing more is heard of it. */
  abort(): void
}
