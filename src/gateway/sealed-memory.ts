/**
 * Remembers sealed reasoning that an account does not take back. Clients of HTTP replay a whole conversation at each turn,
 * also what another account has sealed in it: once a vendor has refused that, or the conversation has moved, later turns
 * go to the account without it at the first try. What the account sealed itself since then stays (domain.md 3.5, rule 4).
 */

export interface SealedMemory {
  /** These states are of no use to an account. */
  refuse(accountId: string, states: readonly string[]): void
  /** Which states are of no use to an account; undefined: nothing is known against any. */
  refusedBy(accountId: string): ((state: string) => boolean) | undefined
}

/** States remembered for one account, and accounts that some are remembered for; the oldest go first. */
const MOST_STATES = 5_000
const MOST_ACCOUNTS = 1_000

/** Makes an empty memory. */
export function createSealedMemory(): SealedMemory {
  const accounts = new Map<string, Set<string>>()
  return {
    refuse(accountId, states) {
      if (states.length === 0) return
      const known = accounts.get(accountId) ?? new Set()
      accounts.delete(accountId)
      accounts.set(accountId, known)
      if (accounts.size > MOST_ACCOUNTS) accounts.delete(accounts.keys().next().value!)
      for (const state of states) {
        const mark = markOf(state)
        known.delete(mark)
        known.add(mark)
        if (known.size > MOST_STATES) known.delete(known.values().next().value!)
      }
    },
    refusedBy(accountId) {
      const known = accounts.get(accountId)
      return known && ((state) => known.has(markOf(state)))
    },
  }
}

/** Sealed states are as good as random to their end: a piece of it tells one from the other. */
const markOf = (state: string): string => `${state.length}:${state.slice(-40)}`
