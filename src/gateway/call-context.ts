/** What a call is lent, and how it is ended from outside. */
import type { Logins } from '../accounts/logins.ts'
import type { Pool } from '../accounts/pool.ts'
import type { Quotas } from '../accounts/quota.ts'
import type { Failure } from '../hub/failure.ts'
import type { Sticky } from '../routing/auto/sticky.ts'
import type { Classifier } from '../routing/plan.ts'
import type { Conversations } from './conversations.ts'
import type { Estimator } from './estimate.ts'
import type { AttemptRecord, CallRecord } from './events.ts'
import type { RemoteMedia } from './media.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { SealedMemory } from './sealed-memory.ts'
import type { SignatureMemory } from './signature-memory.ts'
import type { Snapshot } from './snapshot.ts'
import type { UpstreamTransport } from './transport.ts'

/** What a call borrows from the gateway. */
export interface CallContext {
  snapshot: Snapshot
  pool: Pool
  transport: UpstreamTransport
  budget: RetryBudget
  estimator: Estimator
  conversations: Conversations
  memory: SignatureMemory
  sealed: SealedMemory
  media: RemoteMedia
  /** Absent: there are accounts by key alone. */
  logins?: Logins
  quotas?: Quotas
  now: () => number
  /** An embedder's own, in place of the built-in one. */
  classifier?: Classifier
  sticky: Sticky
  /** Takes secrets out of words from upstream. */
  scrub(text: string): string
  onAttempt(attempt: AttemptRecord): void
  onEnd(record: CallRecord, body: string): void
}

/** A call under way. */
export interface Call {
  /** Ends it from our side with one clear error in the client's protocol, whatever it is doing. */
  terminate(failure: Failure): void
}
