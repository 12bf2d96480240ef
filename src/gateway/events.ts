import type { Failure } from '../hub/failure.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import type { Usage } from '../hub/response.ts'

/** How a request is carried: bytes untouched, same dialect with the provider's edits, or translated. */
export type Lane = 'pass-through' | 'native' | 'translate'

/** One try at one account. Times are milliseconds of the gateway's clock (`now`). */
export interface AttemptRecord {
  accountId: string
  accountLabel: string
  provider: string
  /** The model name sent upstream. */
  model: string
  startedAt: number
  endedAt: number
  /** Upstream HTTP status; 0 when none came. */
  status: number
  failure?: Failure
  /** Why this account was picked, in words. */
  why: string
}

/** Everything that is known of one request when it is over. Listeners get it once, after the last byte. */
export interface CallRecord {
  id: string
  startedAt: number
  endedAt: number
  method: string
  /** The route's template (`/v1/messages`), never the raw path: it labels metrics. */
  endpoint: string
  protocol: ProtocolId
  /** Name or fingerprint of the client's key; never the key. */
  client: string
  requestedModel: string
  /** The model that answered; empty when none did. */
  servedModel: string
  provider: string
  accountId: string
  category?: string
  /** How sure the category is, 0 to 1; absent where the classifier does not tell. */
  confidence?: number
  /** Where `auto` led first, whether or not that answered. */
  routedModel?: string
  /** Why this model, in words, where the router chose it. */
  reason?: string
  lane?: Lane
  /** Fields the translation could not say. */
  dropped?: string[]
  stream: boolean
  /** Status the client saw. */
  status: number
  attempts: AttemptRecord[]
  /** Clock time at which the first content left; undefined if none did. */
  firstEventAt?: number
  /** Largest pause between two pieces of the answer, in milliseconds; streams only. */
  maxGapMs: number
  usage?: Usage
  bytesIn: number
  bytesOut: number
  /** Why it failed, for failed calls. */
  failure?: Failure
  /** Set when it never came on the road: refused at the door, or by a limit of its key. */
  barred?: true
}

/** What was said, for a key whose bodies are kept. */
export interface KeptExchange {
  record: CallRecord
  keepMs: number
  request: Buffer
  /** The beginning of the answer, as it went to the client. */
  response: Buffer
}

/** What a failed request looked like, for the error files. Built only when someone listens. */
export interface FailedExchange {
  record: CallRecord
  request: { method: string; url: string; headers: readonly string[]; body: Buffer }
  response: { status: number; headers: Record<string, string>; body: string }
}

/** What listeners of the gateway hear. */
export interface GatewayEvents {
  /** A request was answered, refused, cut or given up. */
  end: (record: CallRecord) => void
  /** One attempt was over, whatever came of it. */
  attempt: (attempt: AttemptRecord, call: { id: string }) => void
  /** A request failed on our side or upstream (status ≥ 400 or a broken stream). */
  failed: (exchange: FailedExchange) => void
  /** A call of a key whose bodies are kept is over. */
  kept: (exchange: KeptExchange) => void
  /** A new configuration is in force. */
  reload: (info: { digest: string }) => void
  /** A configuration was refused; the one in force stays. */
  'reload-failed': (error: Error) => void
}
