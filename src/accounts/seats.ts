/** A list of candidates, prepared for choosing: compiled once, because the lists live as long as their configuration. */
import type { AccountState, Ledger } from './ledger.ts'
import type { Candidate } from './pool.ts'

export interface Roster {
  /** Of the ledger when it was compiled: accounts that were forgotten since have other states now. */
  readonly generation: number
  /** The state of each candidate's account, in the order of the list. */
  readonly states: readonly AccountState[]
  /** Indices of the candidates of each priority, highest first; ascending within one. */
  readonly tiers: readonly (readonly number[])[]
  /** Whether any of the accounts takes only so many requests at once. */
  readonly capped: boolean
  /** How many each takes; Infinity for those without a limit. */
  readonly caps: Float64Array
  indexOf(key: string): number
}

// A ledger's states are its own, so each ledger has its own rosters.
const compiled = new WeakMap<Ledger, WeakMap<readonly Candidate[], Roster>>()

/** The roster of a list; the list must not change afterwards. */
export function rosterOf(ledger: Ledger, list: readonly Candidate[]): Roster {
  let own = compiled.get(ledger)
  if (own === undefined) {
    own = new WeakMap()
    compiled.set(ledger, own)
  }
  const before = own.get(list)
  if (before?.generation === ledger.generation) return before
  const roster = compile(ledger, list)
  own.set(list, roster)
  return roster
}

function compile(ledger: Ledger, list: readonly Candidate[]): Roster {
  const byPriority = new Map<number, number[]>()
  for (const [i, { account }] of list.entries()) {
    const tier = byPriority.get(account.priority) ?? []
    tier.push(i)
    byPriority.set(account.priority, tier)
  }
  let places: Map<string, number> | undefined
  return {
    generation: ledger.generation,
    states: list.map(({ account }) => ledger.state(account.id)),
    tiers: [...byPriority].sort(([a], [b]) => b - a).map(([, tier]) => tier),
    capped: list.some(({ account }) => account.concurrency !== undefined),
    caps: Float64Array.from(list, ({ account }) => account.concurrency ?? Number.POSITIVE_INFINITY),
    indexOf(key) {
      places ??= new Map(list.map((c, i) => [c.key, i]))
      return places.get(key) ?? -1
    },
  }
}
