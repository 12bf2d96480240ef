/** Which of the usable seats is next. Indices into the list of all candidates, so that an absent one skews nothing. */
import type { AccountState } from './ledger.ts'
import { tightest } from './ledger.ts'
import type { Candidate, Strategy } from './pool.ts'

/** Where a rotation stands. */
export interface Rotation {
  cursor: number
  /** The list the weights belong to. */
  list: readonly Candidate[]
  /** Current weights of the smooth weighted rotation, one for each of `list`. */
  weights: Float64Array
}

export function newRotation(list: readonly Candidate[]): Rotation {
  return { cursor: 0, list, weights: new Float64Array(0) }
}

/** Why it was taken, in words. */
export const BECAUSE: Record<Strategy, string> = {
  'round-robin': 'its turn in the round',
  weighted: 'its turn by weight',
  'fill-first': 'first usable in order',
  'most-quota-left': 'most quota left',
}

/** @param usable indices of the usable seats in ascending order, at least one. */
export function pick(
  strategy: Strategy,
  all: readonly Candidate[],
  states: readonly AccountState[],
  usable: readonly number[],
  turn: Rotation,
  at: number,
): number {
  switch (strategy) {
    case 'fill-first':
      return usable[0]!
    case 'weighted':
      return weightedNext(all, usable, turn)
    case 'most-quota-left':
      return richest(all, states, usable, at)
    case 'round-robin':
      return roundRobinNext(all.length, usable, turn)
  }
}

/** The first usable one at or after the cursor, on a ring of all. */
function roundRobinNext(size: number, usable: readonly number[], turn: Rotation): number {
  const cursor = turn.cursor % size
  let low = 0
  let high = usable.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (usable[middle]! < cursor) low = middle + 1
    else high = middle
  }
  const chosen = usable[low === usable.length ? 0 : low]!
  turn.cursor = (chosen + 1) % size
  return chosen
}

/** Smooth weighted round-robin: everyone gains its weight, the richest is taken and pays the total. */
function weightedNext(all: readonly Candidate[], usable: readonly number[], turn: Rotation): number {
  if (turn.list !== all || turn.weights.length !== all.length) carryOver(all, turn)
  const { weights } = turn
  let total = 0
  let best = usable[0]!
  let bestWeight = Number.NEGATIVE_INFINITY
  for (const i of usable) {
    const { weight } = all[i]!.account
    total += weight
    const gained = weights[i]! + weight
    weights[i] = gained
    if (gained > bestWeight) {
      bestWeight = gained
      best = i
    }
  }
  weights[best] = bestWeight - total
  return best
}

/** The list changed (a reload, another dialect): those who were there keep what they have gained. */
function carryOver(all: readonly Candidate[], turn: Rotation): void {
  const before = new Map(turn.list.map((c, i) => [c.key, turn.weights[i] ?? 0]))
  turn.weights = Float64Array.from(all, (c) => before.get(c.key) ?? 0)
  turn.list = all
}

/** Differences below this share do not matter: readings are a little old. */
const QUOTA_STEP = 0.05
/** The step of an account of whose allowances nothing is known. */
const FULL = Math.ceil(1 / QUOTA_STEP)

/** Most left; among equals what is soonest reset (it would be lost), then the least busy, then the longest unused. */
function richest(
  all: readonly Candidate[],
  states: readonly AccountState[],
  usable: readonly number[],
  at: number,
): number {
  let best = usable[0]!
  let bestStep = -1
  let bestReset = 0
  for (const i of usable) {
    const s = states[i]!
    const window = tightest(s, all[i]!.model, at)
    const step = window === undefined ? FULL : Math.ceil(Math.max(0, 1 - window.used) / QUOTA_STEP)
    if (step < bestStep) continue
    const resetsAt = window?.resetsAt ?? Number.POSITIVE_INFINITY
    const rival = states[best]!
    const better =
      step > bestStep ||
      resetsAt < bestReset ||
      (resetsAt === bestReset &&
        (s.inFlight < rival.inFlight || (s.inFlight === rival.inFlight && s.lastTurn < rival.lastTurn)))
    if (!better) continue
    best = i
    bestStep = step
    bestReset = resetsAt
  }
  return best
}
