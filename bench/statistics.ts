/** The arithmetic of the bench: order statistics, ratios of rounds that belong together, and what may be concluded. */

/** The value below which a share `q` of the values lies, between neighbours in proportion; NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = Float64Array.from(values).sort()
  const at = (sorted.length - 1) * q
  const below = sorted[Math.floor(at)]!
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at))
}

export interface Summary {
  count: number
  min: number
  /** A fifth of the slices were cheaper. Noise only ever adds, so this stands nearer to the truth than the median. */
  lowerQuintile: number
  median: number
  max: number
}

export function summarise(values: readonly number[]): Summary {
  return {
    count: values.length,
    min: quantile(values, 0),
    lowerQuintile: quantile(values, 0.2),
    median: quantile(values, 0.5),
    max: quantile(values, 1),
  }
}

/** One figure of one round; undefined where the slice was refused. */
export type Rounds = readonly (number | undefined)[]

/** Ratios of slices of the same round, taken where both are there: what disturbs a round disturbs both alike. */
export function pairedRatios(of: Rounds, to: Rounds): number[] {
  const ratios: number[] = []
  for (let round = 0; round < Math.min(of.length, to.length); round += 1) {
    const a = of[round]
    const b = to[round]
    if (a !== undefined && b !== undefined && b > 0) ratios.push(a / b)
  }
  return ratios
}

/** Rounds that must be left for a conclusion: fewer than this many, or less than half of them, and there is none. */
const FEWEST_ROUNDS = 5

/** How many rounds have to stay clean, of so many that were run. */
export function roundsNeeded(rounds: number): number {
  return Math.min(rounds, Math.max(FEWEST_ROUNDS, Math.ceil(rounds / 2)))
}

/**
 * What two copies of the same program differ by: the distance of their median ratio from 1. A difference smaller than
 * that between two programs says nothing.
 */
export function noiseFloor(ratios: readonly number[]): number {
  return Math.abs(quantile(ratios, 0.5) - 1)
}

export type Verdict = 'met' | 'missed' | 'within noise' | 'inconclusive'

/**
 * Judges a figure against its budget.
 * @param noise share by which the figure may be wrong; nearer than that to the limit it is neither met nor missed.
 */
export function judge(figure: number, limit: number, noise: number): Verdict {
  if (!Number.isFinite(figure) || !Number.isFinite(noise)) return 'inconclusive'
  if (Math.abs(figure / limit - 1) <= noise) return 'within noise'
  return figure <= limit ? 'met' : 'missed'
}

/** Counts of values in buckets of one width; the last bucket takes all that lies beyond. */
export function histogram(values: Iterable<number>, width: number, buckets: number): number[] {
  const counts = new Array<number>(buckets).fill(0)
  for (const value of values) counts[Math.min(buckets - 1, Math.max(0, Math.floor(value / width)))]! += 1
  return counts
}

/**
 * The share of delays, in milliseconds, that stand where Nagle's algorithm meets a delayed acknowledgement: what waits for
 * one of 40 ms, and what queues up behind it.
 */
export function fortyMsShare(delays: readonly number[]): number {
  if (delays.length === 0) return 0
  return delays.filter((d) => d >= 20 && d < 60).length / delays.length
}
