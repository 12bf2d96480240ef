/**
 * What counts as what: one definition for the store, /metrics, the last hour in memory, the pages and the alerts.
 *
 * A *request* is a call that was let in and is over: its client's key was known and took it. It is counted once, however it
 * ended and however many attempts it needed; in the store it is the row with `final`. It *failed* unless it was answered or
 * its client left; one whose client left is *cancelled*, and no failure.
 *
 * A *refusal* is what was turned away at the door, before anything of it was read: no key, a wrong, revoked, expired or
 * exhausted one, a foreign Host, a path that is not served. It is no request, has no row, and is counted by itself: who
 * knocks without a key must not spoil the figures of those who have one.
 *
 * An *attempt* is one request sent to one account; an upstream sees as many.
 */
import type { CallRecord } from '../gateway/events.ts'

export type Outcome = 'ok' | 'failed' | 'cancelled'

/** Whether it was turned away at the door. */
export function isRefusal({ barred }: Pick<CallRecord, 'barred'>): boolean {
  return barred === true
}

/** How a request ended. The store's sums say the same of its rows. */
export function outcomeOf({ failure, status }: Pick<CallRecord, 'failure' | 'status'>): Outcome {
  if (failure?.kind === 'cancelled') return 'cancelled'
  return failure !== undefined || status >= 400 ? 'failed' : 'ok'
}
