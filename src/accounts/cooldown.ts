/**
 * When a credential has to rest, and when it may be tried again: a pure state machine.
 *
 * A cooldown is a hint and not a latch. An upstream may name a reset six days away and be wrong after a minute, so a
 * resting key is tried half-open (one request at a time) at least every `probeMs`, and any success clears it.
 */
import type { Failure } from '../hub/failure.ts'

/** The rest of one key (an account, one model of an account, or an endpoint). Absent: nothing is known against it. */
export interface Rest {
  /** Clock time, ms, until which the failure asks for rest. */
  until: number
  /** Clock time, ms, from which one request may test it before `until`. */
  probeAt: number
  /** Clock time, ms, until which a probe under way keeps others out; 0 when none is. */
  probeLease: number
  /** Failures in a row, for the backoff. Requests that were under way when the rest began count as one. */
  failures: number
  failure: Failure
}

export interface CooldownPolicy {
  /** Longest time without a probe, ms. */
  probeMs: number
  /** Longest rest, whatever the upstream says, ms. */
  maxMs: number
  /** First rest after a passing fault (5xx, network, 429 without a hint), ms; doubles with each failure in a row. */
  baseMs: number
  /** Cap of that doubling for faults of the upstream (5xx, network), ms. */
  transientMaxMs: number
  /** Cap of that doubling for 429 without a hint, ms. */
  rateMaxMs: number
  /** Rest after the credential was refused (401, 402, 403), ms. */
  refusedMs: number
  /** How long a probe keeps others out, ms, should it never report back. */
  probeLeaseMs: number
}

/** domain.md 4.4 gives the figures users know; 4.5 the reasons for capping and probing them. */
export const DEFAULT_COOLDOWN: CooldownPolicy = {
  probeMs: 300_000,
  maxMs: 3_600_000,
  baseMs: 1_000,
  transientMaxMs: 60_000,
  rateMaxMs: 1_800_000,
  refusedMs: 1_800_000,
  probeLeaseMs: 60_000,
}

/** `ready`: use it. `probe`: one request may test it. `resting`: not now. */
export type Stance = 'ready' | 'probe' | 'resting'

/** The state after a failure. A longer rest that is already running is never shortened by a lesser fault. */
export function rested(before: Rest | undefined, failure: Failure, now: number, policy: CooldownPolicy): Rest {
  // Ten requests that fail together are one fault: only a try after the rest, or a probe within it, tells anything new.
  const straggler = before !== undefined && now < before.until && now >= before.probeLease
  const failures = straggler ? before.failures : (before?.failures ?? 0) + 1
  const asked = now + Math.min(restMs(failure, failures, policy), policy.maxMs)
  const until = before !== undefined && before.until > asked ? before.until : asked
  return {
    until,
    probeAt: Math.min(until, now + policy.probeMs),
    probeLease: 0,
    failures,
    failure: until === asked || before === undefined ? failure : before.failure,
  }
}

function restMs(failure: Failure, failures: number, policy: CooldownPolicy): number {
  if (failure.retryAfter !== undefined) return Math.max(0, failure.retryAfter * 1000)
  const backoff = policy.baseMs * 2 ** Math.min(failures - 1, 30)
  switch (failure.kind) {
    case 'unauthorized':
    case 'forbidden':
    case 'quota-exhausted':
      return policy.refusedMs
    case 'rate-limited':
      return Math.min(backoff, policy.rateMaxMs)
    default:
      return Math.min(backoff, policy.transientMaxMs)
  }
}

/** What may be done with a key now. */
export function stance(rest: Rest | undefined, now: number): Stance {
  if (rest === undefined || now >= rest.until) return 'ready'
  if (now >= rest.probeAt && now >= rest.probeLease) return 'probe'
  return 'resting'
}

/** Clock time, ms, after `now` at which the stance may be another one by itself; Infinity: never. */
export function changesAt({ until, probeAt, probeLease }: Rest, now: number): number {
  let soonest = Number.POSITIVE_INFINITY
  for (const time of [until, probeAt, probeLease]) if (time > now && time < soonest) soonest = time
  return soonest
}

/** The state once a probe has been let through: others stay out until it reports or its lease ends. */
export function probing(rest: Rest, now: number, policy: CooldownPolicy): Rest {
  return { ...rest, probeLease: now + policy.probeLeaseMs }
}

/** Clock time, ms, at which something may next be tried. */
export function nextTry(rest: Rest, now: number): number {
  if (stance(rest, now) !== 'resting') return now
  return Math.min(rest.until, Math.max(rest.probeAt, rest.probeLease))
}
