/**
 * Bounds what retries may add to the load: a token bucket that every call feeds a little and every extra round empties
 * by one. Without it a lasting outage would multiply the traffic by the number of rounds just when it hurts most.
 */
export interface RetryBudget {
  /** A new call arrived. */
  deposit(): void
  /** @returns whether one more round is affordable. */
  withdraw(): boolean
}

/** Rounds allowed for each call, in the long run. */
const SHARE = 0.2
/** Rounds allowed at once after a quiet time; lets a single user's every call retry. */
const CAPACITY = 50
/** Rounds regained each second, so that a lone request always has some. */
const PER_SECOND = 1

export function createRetryBudget(now: () => number): RetryBudget {
  let tokens = CAPACITY
  let at = now()
  return {
    deposit() {
      tokens = Math.min(CAPACITY, tokens + SHARE)
    },
    withdraw() {
      const t = now()
      tokens = Math.min(CAPACITY, tokens + (Math.max(0, t - at) / 1000) * PER_SECOND)
      at = t
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}
