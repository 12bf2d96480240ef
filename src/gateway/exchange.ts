/**
 * The neutral exchange the road works on. Node's `http`, the web-standard `fetch` face and the tests are thin adapters
 * over it (docs/decisions/002).
 */

import type { Failure } from '../hub/failure.ts'
import type { OwnRules } from '../routing/auto/rules.ts'
import type { CallRecord } from './events.ts'

/** Who the client is, once its key was accepted. */
export interface ClientIdentity {
  /** Name from the configuration, or a fingerprint of the key; never the key. */
  name: string
  /** Whether this client may use a model; absent: any. */
  allows?(model: string): boolean
  /** What `auto` means for this client, where it differs from `ai-router`. */
  readonly router?: OwnRules | undefined
  /** Why nothing of this client is taken now; a look without consequences, before the body is read. Absent: no limits. */
  refusal?(): Failure | undefined
  /** Takes a place for one call, or says why there is none. What it gives is called exactly once, when the call is over. */
  begin?(): Failure | ((record: CallRecord) => void)
  /** Bodies of its calls are kept for so long, ms; absent: they are not. */
  keepsBodiesMs?: number | undefined
}

/** A request whose head was checked and whose body was read, bounded and decompressed. */
export interface InboundRequest {
  id: string
  method: string
  /** Path without query and without the provider prefix. */
  path: string
  /** `''`, or the query with its `?`, credentials removed. */
  query: string
  /** Names and values in turn, as they came. */
  rawHeaders: readonly string[]
  /** A header by its lower-case name. */
  header(name: string): string | undefined
  body: Buffer
  client: ClientIdentity
  /** The asker itself goes on without reasoning state that a vendor does not take back. */
  keepsState?: true
}

/** Where the answer goes. Push style: a stream's bytes pass through without a queue between. */
export interface Reply {
  /** Sends the head. Names and values in turn. */
  head(status: number, headers: readonly string[]): void
  /** @returns false when the client reads too slowly: wait for `onDrain`. */
  write(chunk: Buffer | string): boolean
  end(chunk?: Buffer | string): void
  /** Breaks the connection, so that the client sees a cut and not an end. */
  destroy(): void
  /** Called when writing may go on. */
  onDrain: (() => void) | undefined
  /** Called when the client went away before the end. */
  onGone: (() => void) | undefined
}
