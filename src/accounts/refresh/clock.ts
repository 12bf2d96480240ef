/** Time as refreshes need it: what the clock on the wall says, what has really passed, and timers. Tests bring their own. */

export interface Clock {
  /** ms since the epoch. May jump either way: a person sets it, or the machine slept. */
  now(): number
  /** ms that only go on, from an arbitrary start. Stands still while the machine sleeps. */
  steady(): number
  /** Runs something once after so many ms, without keeping the process alive for it. @returns calls it off. */
  after(ms: number, run: () => void): () => void
  /** Waits so many ms, and keeps the process alive meanwhile. */
  sleep(ms: number): Promise<void>
}

/** The machine's own clocks. */
export const realClock: Clock = {
  now: Date.now,
  steady: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}
