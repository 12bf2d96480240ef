/** The road as a whole: holds what lives longer than a request and lets calls travel. */
import type { Logins } from '../accounts/logins.ts'
import { createPool, type Pool, type PoolOptions } from '../accounts/pool.ts'
import type { Quotas } from '../accounts/quota.ts'
import { type Failure, failure } from '../hub/failure.ts'
import { createSticky, type Sticky } from '../routing/auto/sticky.ts'
import type { Classifier } from '../routing/plan.ts'
import { turnAway } from './admission.ts'
import { startCall } from './call.ts'
import type { Call } from './call-context.ts'
import { type Conversations, createConversations } from './conversations.ts'
import { createEstimator } from './estimate.ts'
import type { AttemptRecord, CallRecord, GatewayEvents } from './events.ts'
import type { InboundRequest, Reply } from './exchange.ts'
import { createRemoteMedia } from './media.ts'
import { overhear } from './overhear.ts'
import type { Matched } from './reading.ts'
import { createRetryBudget } from './retry-budget.ts'
import { type Place, Roster } from './roster.ts'
import { createSealedMemory } from './sealed-memory.ts'
import { createSignatureMemory } from './signature-memory.ts'
import type { Snapshot } from './snapshot.ts'
import { createTransport, type UpstreamTransport } from './transport.ts'

export interface GatewayOptions {
  snapshot: Snapshot
  /** The accounts people logged in to; absent: there are accounts by key alone. */
  logins?: Logins
  quotas?: Quotas
  /** Hears what the pool learns, so that it outlives the process. */
  poolHooks?: Pick<PoolOptions, 'onRest' | 'onBinding'>
  classifier?: Classifier
  transport?: UpstreamTransport
  /** Takes secrets out of words from upstream before anybody hears them. */
  scrub?: (text: string) => string
  /** Clock in milliseconds. */
  now?: () => number
}

export interface Gateway {
  /** The configuration in force, compiled. */
  readonly snapshot: Snapshot
  readonly pool: Pool
  readonly conversations: Conversations
  /** Which model each conversation of `auto` has. */
  readonly sticky: Sticky
  /** Calls under way. */
  readonly active: number
  /** Sends a request down the road. The answer goes to `reply`. */
  handle(matched: Matched, request: InboundRequest, reply: Reply): void
  /** Puts the next snapshot in force; calls under way keep theirs. */
  swap(snapshot: Snapshot): void
  /** Listens; returns a function that stops listening. */
  on<E extends keyof GatewayEvents>(event: E, listener: GatewayEvents[E]): () => void
  off<E extends keyof GatewayEvents>(event: E, listener: GatewayEvents[E]): void
  emit<E extends keyof GatewayEvents>(event: E, ...args: Parameters<GatewayEvents[E]>): void
  /** Ends every call under way with a clear error. */
  terminateAll(why: Failure): void
  /** Closes the connections to upstreams. */
  close(): Promise<void>
}

/** Makes a gateway. */
export function createGatewayCore(options: GatewayOptions): Gateway {
  const now = options.now ?? Date.now
  let snapshot = options.snapshot
  const listeners: { [E in keyof GatewayEvents]: Set<GatewayEvents[E]> } = {
    end: new Set(),
    attempt: new Set(),
    failed: new Set(),
    kept: new Set(),
    reload: new Set(),
    'reload-failed': new Set(),
  }
  const pool = createPool({
    ...options.poolHooks,
    now,
    policy: () => snapshot.cooldown,
    sessionTtlMs: () => snapshot.sessionTtlMs,
  })
  const transport =
    options.transport ?? createTransport({ connectTimeoutMs: () => snapshot.config.timeouts.connect * 1000 })
  const budget = createRetryBudget(now)
  const estimator = createEstimator()
  const conversations = createConversations(now)
  const sticky = createSticky(now, () => snapshot.config.routing['session-affinity-ttl'] * 1000)
  const memory = createSignatureMemory(now)
  const sealed = createSealedMemory()
  const media = createRemoteMedia(now)
  const calls = new Roster<Call>()
  const scrub = options.scrub ?? ((text: string) => text)

  function emit<E extends keyof GatewayEvents>(event: E, ...args: Parameters<GatewayEvents[E]>): void {
    for (const listener of listeners[event]) {
      try {
        ;(listener as (...a: Parameters<GatewayEvents[E]>) => void)(...args)
      } catch (error) {
        // A listener only watches: its fault must not become the client's.
        process.emitWarning(error as Error)
      }
    }
  }

  return {
    get snapshot() {
      return snapshot
    },
    pool,
    sticky,
    conversations,
    get active() {
      return calls.size
    },
    handle(matched, request, client) {
      const leave = request.client.begin?.()
      if (leave !== undefined && typeof leave !== 'function') {
        emit('end', turnAway(matched, request, client, leave, now()))
        return
      }
      const keepMs = request.client.keepsBodiesMs
      const heard = keepMs === undefined || listeners.kept.size === 0 ? undefined : overhear(client)
      const reply = heard?.reply ?? client
      let place: Place<Call> | undefined
      let ended = false
      const onEnd = (record: CallRecord, responseBody: string): void => {
        ended = true
        if (place !== undefined) calls.remove(place)
        leave?.(record)
        emit('end', record)
        if (heard !== undefined)
          emit('kept', { record, keepMs: keepMs!, request: request.body, response: heard.said() })
        if (record.failure !== undefined && record.failure.kind !== 'cancelled' && listeners.failed.size > 0)
          emit('failed', {
            record,
            request: {
              method: request.method,
              url: request.path + request.query,
              headers: request.rawHeaders,
              body: request.body,
            },
            response: { status: record.status, headers: {}, body: responseBody },
          })
      }
      const onAttempt = (attempt: AttemptRecord): void => {
        if (listeners.attempt.size > 0) emit('attempt', attempt, request)
      }
      const call = startCall(
        {
          snapshot,
          pool,
          transport,
          budget,
          estimator,
          conversations,
          memory,
          sealed,
          media,
          logins: options.logins,
          quotas: options.quotas,
          now,
          classifier: options.classifier,
          sticky,
          scrub,
          onAttempt,
          onEnd,
        },
        matched,
        request,
        reply,
      )
      if (!ended) place = calls.add(call)
    },
    swap(next) {
      const { config } = snapshot
      snapshot = next
      pool.prune(next.accounts)
      // Logins come, change and are refreshed all the time: that is no new configuration.
      if (next.config !== config) emit('reload', { digest: next.digest })
    },
    on(event, listener) {
      listeners[event].add(listener)
      return () => listeners[event].delete(listener)
    },
    off(event, listener) {
      listeners[event].delete(listener)
    },
    emit,
    terminateAll(why) {
      for (const call of calls.list()) call.terminate(why)
    },
    close: () => transport.close(),
  }
}

/** The failure of calls that a stopping gateway cannot wait for. */
export function stopping(): Failure {
  return failure('overloaded', 'The gateway is shutting down. Please try again.', { retryAfter: 5 })
}
