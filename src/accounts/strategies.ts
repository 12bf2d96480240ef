/** Which of the usable seats is next. Indices into the list of all candidates, so that an absent one skews nothing. */
import { type IndexSet, positionOf } from './index-set.ts'
import type { Candidate, Strategy } from './pool.ts'
import type { Roster } from './seats.ts'

/** Where a rotation stands. One name may go with several lists (a model in two dialects), which turn by themselves. */
export interface Rotation {
  /** Used latest last. */
  readonly turns: Turn[]
}

interface Turn {
  /** Whom it turns among. */
  list: readonly Candidate[]
  /** Where the round goes on. */
  cursor: number
  /** Current weights of the smooth weighted rotation, one for each of `list`; empty until that is used. */
  weights: Float64Array
}

/** Lists of one rotation that are remembered: dialects, and providers that requests are pinned to. */
const MOST_LISTS = 16

export function newRotation(): Rotation {
  return { turns: [] }
}

/** Why it was taken, in words. */
export const BECAUSE: Record<Strategy, string> = {
  'round-robin': 'its turn in the round',
  weighted: 'its turn by weight',
  'fill-first': 'first usable in order',
  'most-quota-left': 'most quota left',
}

/** @param usable those that can be taken, at least one. */
export function pick(strategy: Strategy, roster: Roster, usable: IndexSet, turn: Rotation, at: number): number {
  switch (strategy) {
    case 'fill-first':
      return usable.items[0]!
    case 'weighted':
      return weightedNext(roster, usable, turnOf(turn, roster.list))
    case 'most-quota-left':
      return richest(roster, usable, at)
    case 'round-robin':
      return roundRobinNext(usable, turnOf(turn, roster.list))
  }
}

/** A new list (a reload, another dialect) begins where the one used latest is: nobody loses what it has gained. */
function turnOf({ turns }: Rotation, list: readonly Candidate[]): Turn {
  const latest = turns.at(-1)
  if (latest?.list === list) return latest
  const at = turns.findIndex((t) => t.list === list)
  const turn = at === -1 ? carriedOver(latest, list) : turns.splice(at, 1)[0]!
  turns.push(turn)
  if (turns.length > MOST_LISTS) turns.shift()
  return turn
}

function carriedOver(from: Turn | undefined, list: readonly Candidate[]): Turn {
  if (from === undefined) return { list, cursor: 0, weights: new Float64Array(0) }
  const before = new Map(from.list.map((c, i) => [c.key, from.weights[i] ?? 0]))
  const weights = from.weights.length === 0 ? from.weights : Float64Array.from(list, (c) => before.get(c.key) ?? 0)
  return { list, cursor: from.cursor, weights }
}

/** The first usable one at or after the cursor, on a ring of all. */
function roundRobinNext(usable: IndexSet, turn: Turn): number {
  const { length } = turn.list
  const at = positionOf(usable, turn.cursor % length)
  const chosen = usable.items[at === usable.size ? 0 : at]!
  turn.cursor = (chosen + 1) % length
  return chosen
}

/** Smooth weighted round-robin: everyone gains its weight, the richest is taken and pays the total. */
function weightedNext({ list, weights }: Roster, { items, size }: IndexSet, turn: Turn): number {
  if (turn.weights.length === 0) turn.weights = new Float64Array(list.length)
  const gains = turn.weights
  let total = 0
  let best = items[0]!
  let most = Number.NEGATIVE_INFINITY
  for (let n = 0; n < size; n += 1) {
    const i = items[n]!
    const weight = weights[i]!
    total += weight
    const gained = gains[i]! + weight
    gains[i] = gained
    if (gained > most) {
      most = gained
      best = i
    }
  }
  gains[best] = most - total
  return best
}

/** Most left; among equals what is soonest reset (it would be lost), then the least busy, then the longest unused. */
function richest(roster: Roster, { items, size }: IndexSet, at: number): number {
  const { states } = roster
  const allowances = roster.allowances()
  const { steps, resets } = allowances
  let best = items[0]!
  let most = -1
  let soonest = 0
  for (let n = 0; n < size; n += 1) {
    const i = items[n]!
    if (resets[i]! <= at) allowances.refresh(i, at)
    const step = steps[i]!
    if (step < most) continue
    const reset = resets[i]!
    if (step === most) {
      if (reset > soonest) continue
      if (reset === soonest) {
        const s = states[i]!
        const rival = states[best]!
        if (s.inFlight > rival.inFlight || (s.inFlight === rival.inFlight && s.lastTurn >= rival.lastTurn)) continue
      }
    }
    best = i
    most = step
    soonest = reset
  }
  return best
}
