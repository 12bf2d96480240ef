/**
 * Delays those who guess. After a wrong token the next attempts of the same source wait, longer each time, one after the
 * other; many sources at once slow down all of them together. The right token waits its turn too, seconds at most, so that
 * guessing is slow and nobody is locked out for good. Sessions and one-time links do not come this way.
 */
export interface Throttle {
  /** Waits its turn. Resolves with false when too many wait already: refuse without looking at the token. */
  turn(source: string): Promise<boolean>
  failed(source: string): void
  succeeded(source: string): void
  /** Milliseconds the next attempt of this source waits. */
  wait(source: string): number
}

interface Source {
  failures: number
  at: number
  /** When the next attempt may be looked at. */
  next: number
  waiting: number
}

const FIRST_MS = 250
const MOST_MS = 5_000
/** Half of the failures are forgotten in this time. */
const HALF_LIFE_MS = 60_000
const MOST_SOURCES = 1_000
const MOST_WAITING = 4
const MOST_WAITING_ALL = 32
/** Failures of all sources together that slow down everybody. */
const MANY = 50
const EVERYBODY = '*'

export function createThrottle(now: () => number, sleep: (ms: number) => Promise<void>): Throttle {
  const sources = new Map<string, Source>()
  let waitingAll = 0

  function of(name: string): Source {
    const at = now()
    let source = sources.get(name)
    if (source === undefined) {
      if (sources.size >= MOST_SOURCES)
        for (const [key, s] of sources) {
          if (key === EVERYBODY || s.waiting > 0) continue
          sources.delete(key)
          break
        }
      source = { failures: 0, at, next: 0, waiting: 0 }
      sources.set(name, source)
    }
    source.failures *= 0.5 ** (Math.max(0, at - source.at) / HALF_LIFE_MS)
    source.at = at
    if (source.failures < 0.5) source.failures = 0
    return source
  }

  const delay = ({ failures }: Source, free: number): number =>
    failures <= free ? 0 : Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(10, Math.ceil(failures - free) - 1))

  function wait(name: string): number {
    return Math.max(0, of(name).next - now(), of(EVERYBODY).next - now())
  }

  return {
    wait,
    async turn(name) {
      const source = of(name)
      if (wait(name) === 0 && source.waiting === 0) return true
      if (source.waiting >= MOST_WAITING || waitingAll >= MOST_WAITING_ALL) return false
      source.waiting += 1
      waitingAll += 1
      try {
        // Those who wait go one after the other, each a delay apart.
        const ms = wait(name) + (source.waiting - 1) * delay(source, 0)
        await sleep(Math.min(ms, MOST_MS * MOST_WAITING))
        return true
      } finally {
        source.waiting -= 1
        waitingAll -= 1
      }
    },
    failed(name) {
      for (const [key, free] of [
        [name, 0],
        [EVERYBODY, MANY],
      ] as const) {
        const source = of(key)
        source.failures += 1
        source.next = now() + delay(source, free)
      }
    },
    succeeded(name) {
      sources.delete(name)
    },
  }
}
