/** One timer that can be asked to ring sooner. */
import type { Clock } from './clock.ts'

export interface Alarm {
  /** Rings in so many ms, unless it does sooner anyway. */
  within(ms: number): void
  stop(): void
}

/** @param bounds shortest and longest time to the next ring, ms. */
export function createAlarm(clock: Clock, bounds: { least: number; most: number }, ring: () => void): Alarm {
  let off: (() => void) | undefined
  let at = Number.POSITIVE_INFINITY
  let stopped = false
  return {
    within(ms) {
      const wait = Math.min(bounds.most, Math.max(bounds.least, ms))
      const then = clock.steady() + wait
      if (stopped || then >= at) return
      off?.()
      at = then
      off = clock.after(wait, () => {
        at = Number.POSITIVE_INFINITY
        ring()
      })
    },
    stop() {
      stopped = true
      off?.()
    },
  }
}
