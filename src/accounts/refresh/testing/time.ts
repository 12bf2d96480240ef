import type { Clock } from '../clock.ts'

export interface FakeTime extends Clock {
  /** Lets so much time pass, and everything happen that falls into it. */
  pass(ms: number): Promise<void>
  /** Sets the clock on the wall, as a person would: timers and the steady clock do not notice. */
  set(by: number): void
  /** Lets everything happen that waits for nothing but its turn. */
  settle(): Promise<void>
}

/** A time that stands still until it is told to pass. */
export function createTime(at = 1_700_000_000_000): FakeTime {
  let wall = at
  let steady = 0
  const timers = new Set<{ at: number; run(): void }>()

  function after(ms: number, run: () => void): () => void {
    const timer = { at: steady + Math.max(0, ms), run }
    timers.add(timer)
    return () => void timers.delete(timer)
  }

  async function settle(): Promise<void> {
    for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve))
  }

  return {
    now: () => wall,
    steady: () => steady,
    after,
    sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
    set(by) {
      wall += by
    },
    settle,
    async pass(ms) {
      const end = steady + ms
      await settle()
      for (;;) {
        const next = [...timers].filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        timers.delete(next)
        wall += next.at - steady
        steady = next.at
        next.run()
        await settle()
      }
      wall += end - steady
      steady = end
      await settle()
    },
  }
}
