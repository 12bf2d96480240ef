/** Figures of an evaluation. */
import { CATEGORIES, type Category } from '../../src/routing/classify/categories.ts'
import type { Row } from './rows.ts'

/** A row and what was said of it. */
export interface Result {
  row: Row
  got: Category
  /** Probabilities, where there are any. */
  scores?: readonly number[]
  hard?: boolean
  variants?: readonly number[]
}

export interface Figures {
  n: number
  strict: number
  lenient: number
  /** Strict on rows that have one label only. */
  core: number
  macroF1: number
}

const right = ({ row, got }: Result) => got === row.label
const accepted = ({ row, got }: Result) => got === row.label || row.alt.includes(got)
const share = (list: readonly Result[], test: (r: Result) => boolean) =>
  list.length === 0 ? 0 : list.filter(test).length / list.length

export function figures(list: readonly Result[]): Figures {
  const f1 = CATEGORIES.filter((c) => list.some(({ row }) => row.label === c)).map((c) => {
    const hit = list.filter((r) => r.got === c && right(r)).length
    const wrong = list.filter((r) => (r.got === c) !== (r.row.label === c)).length
    return (2 * hit) / (2 * hit + wrong || 1)
  })
  return {
    n: list.length,
    strict: share(list, right),
    lenient: share(list, accepted),
    core: share(
      list.filter(({ row }) => row.alt.length === 0),
      right,
    ),
    macroF1: f1.reduce((a, b) => a + b, 0) / (f1.length || 1),
  }
}

export function grouped(list: readonly Result[], key: (row: Row) => string): Record<string, Figures> {
  const groups: Record<string, Result[]> = {}
  for (const result of list) {
    const name = key(result.row)
    groups[name] ??= []
    groups[name].push(result)
  }
  return Object.fromEntries(
    Object.entries(groups)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, results]) => [name, figures(results)]),
  )
}

/** Label → decision, by count. */
export function confusion(list: readonly Result[]): Record<string, Record<string, number>> {
  const table: Record<string, Record<string, number>> = {}
  for (const label of CATEGORIES) {
    const line: Record<string, number> = {}
    for (const got of CATEGORIES) line[got] = list.filter((r) => r.row.label === label && r.got === got).length
    table[label] = line
  }
  return table
}

const confidence = ({ scores }: Result) => Math.max(...(scores ?? [0]))

/** How often decisions of a confidence are right, and the mean gap between the two. */
export function calibration(list: readonly Result[]) {
  const bins = Array.from({ length: 8 }, (_, i) => {
    const from = 0.2 + i * 0.1
    const inside = list.filter((r) => confidence(r) >= from && (confidence(r) < from + 0.1 || i === 7))
    return {
      from: Number(from.toFixed(1)),
      n: inside.length,
      confidence: inside.reduce((sum, r) => sum + confidence(r), 0) / (inside.length || 1),
      strict: share(inside, right),
      lenient: share(inside, accepted),
    }
  })
  const gap = bins.reduce((sum, b) => sum + (b.n / (list.length || 1)) * Math.abs(b.confidence - b.strict), 0)
  const sure = list.filter((r) => confidence(r) >= 0.8)
  const low = list.filter((r) => confidence(r) < 0.4)
  return {
    bins,
    gap,
    sure: { share: sure.length / (list.length || 1), strict: share(sure, right), lenient: share(sure, accepted) },
    low: { share: low.length / (list.length || 1), strict: share(low, right) },
  }
}

/** The power of the scores under which they fit best, as a factor on the temperature. */
export function temperatureFactor(list: readonly Result[]): number {
  let best = 1
  let least = Number.POSITIVE_INFINITY
  for (let t = 0.5; t <= 2.5; t += 0.05) {
    let loss = 0
    for (const { row, scores = [] } of list) {
      const powered = scores.map((p) => Math.max(1e-9, p) ** (1 / t))
      const sum = powered.reduce((a, b) => a + b, 0)
      loss -= Math.log(powered[CATEGORIES.indexOf(row.label)]! / sum)
    }
    if (loss < least) {
      least = loss
      best = t
    }
  }
  return best
}

/** Hard work, by label, that would go to the fast model: by category alone, and where it is not even told to be hard. */
export function costly(list: readonly Result[]) {
  const work = list.filter(({ row }) => row.label !== 'fast' && row.label !== 'creative' && !row.alt.includes('fast'))
  return {
    n: work.length,
    fast: share(work, ({ got }) => got === 'fast'),
    fastAndNotHard: share(work, ({ got, hard }) => got === 'fast' && hard !== true),
    fastWithConfidence: share(work, (r) => r.got === 'fast' && r.hard !== true && confidence(r) >= 0.4),
  }
}

export const VARIANTS = ['greeting', 'thanks', '5 % slips', 'lower case', 'upper case'] as const

/** How often a decision stays the same under each variant. */
export function robustness(list: readonly Result[]): Record<string, number> {
  return Object.fromEntries(
    VARIANTS.map((name, i) => [name, share(list, (r) => CATEGORIES[r.variants?.[i] ?? -1] === r.got)]),
  )
}
