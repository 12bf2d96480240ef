/** How long a call may wait for an account, and for which. Pure but for the wait itself. */
import type { Candidate, Pool, RestingInfo } from '../accounts/pool.ts'
import { type Failure, isRetriable } from '../hub/failure.ts'
import { atClock } from './clocks.ts'
import type { Snapshot } from './snapshot.ts'

export interface RoundInput {
  snapshot: Snapshot
  stream: boolean
  /** Rounds after the first one so far. */
  round: number
  startedAt: number
  now: number
  /** Why the last attempt was in vain; undefined: there was none, everybody rests. */
  failure: Failure | undefined
  soonest: RestingInfo | undefined
}

/** ms until another round over the accounts makes sense; undefined: it does not. */
export function untilNextRound(input: RoundInput): number | undefined {
  const { snapshot, stream, round, startedAt, now, failure, soonest } = input
  const { config, limits } = snapshot
  const wait = soonest === undefined ? 0 : Math.max(0, soonest.nextTry - now)
  const rounds = config['request-retry'] + (stream ? config.streaming['bootstrap-retries'] : 0)
  const hopeful = failure === undefined ? wait > 0 : isRetriable(failure)
  const inTime = now + wait < startedAt + limits.totalMs
  return hopeful && round < rounds && wait <= limits.maxRetryWaitMs && inTime ? wait : undefined
}

/**
 * Waits until an account that is kept back only by its own limit has room.
 * @param until clock time, ms, at which `late` is called instead.
 * @returns gives the waiting up; undefined: nobody is kept back so, or too many wait already.
 */
export function forSeat(
  pool: Pool,
  candidates: readonly Candidate[],
  tried: ReadonlySet<string>,
  clock: { now: () => number; until: number },
  free: () => void,
  late: () => void,
): (() => void) | undefined {
  if (clock.until <= clock.now() || !pool.busy(candidates, tried)) return undefined
  let stopClock = (): void => {}
  const leave = pool.whenFree(() => {
    stopClock()
    free()
  })
  if (leave === undefined) return undefined
  stopClock = atClock(clock.until, clock.now, () => {
    leave()
    late()
  })
  return () => {
    leave()
    stopClock()
  }
}
