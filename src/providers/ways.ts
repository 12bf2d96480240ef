/**
 * Several ways to one account: hosts of the same API in the vendor's order, projects whose allowances are counted apart.
 * What has failed rests for a while, so that the next request does not run into it first. A memory of this process alone:
 * it is a hint, and costs one vain try when it is lost.
 */

import type { Account } from '../accounts/account.ts'
import type { Failure } from '../hub/failure.ts'

export interface Ways {
  /** The first of these that does not rest, looked at from `from` on and round; where all rest the one at `from`. */
  best(ways: readonly string[], from?: number): string
  /** Rests one of these for so many ms. @returns whether another one is free. */
  fail(way: string, ways: readonly string[], ms: number): boolean
  /** Ends the rest of one. */
  free(way: string): void
}

/** Rests remembered; the oldest go first. */
const MOST = 10_000

/** Makes an empty memory. @param now clock time, ms. */
export function createWays(now: () => number = Date.now): Ways {
  const rests = new Map<string, number>()

  function isFree(way: string): boolean {
    const until = rests.get(way)
    if (until === undefined) return true
    if (until > now()) return false
    rests.delete(way)
    return true
  }

  return {
    best(ways, from = 0) {
      for (let i = 0; i < ways.length; i += 1) {
        const way = ways[(from + i) % ways.length]!
        if (isFree(way)) return way
      }
      return ways[from % ways.length]!
    },
    fail(way, ways, ms) {
      rests.delete(way)
      rests.set(way, now() + ms)
      if (rests.size > MOST) rests.delete(rests.keys().next().value!)
      return ways.some((other) => other !== way && isFree(other))
    },
    free: (way) => void rests.delete(way),
  }
}

/** Whether a failure is about the host that was asked: it was not there, or stumbled. Another host may do better. */
export function isOfHost(f: Failure): boolean {
  if (f.scope === 'request' || f.code === 'MODEL_CAPACITY_EXHAUSTED') return false
  return f.kind === 'upstream' || f.kind === 'timeout' || (f.kind === 'overloaded' && f.status >= 500)
}

/** So long a host rests that stumbled, ms. */
export const HOST_REST_MS = 60_000

/** All addresses of an account's API, the first one first. */
export function basesOf({ baseUrl, otherBaseUrls = [] }: Account): readonly string[] {
  return otherBaseUrls.length === 0 ? [baseUrl] : [...new Set([baseUrl, ...otherBaseUrls])]
}

// Accounts are frozen with their snapshot, and addresses are read once for each account (outgoing.ts).
const elsewhere = new WeakMap<Account, Map<string, Account>>()

/** The account under one of its addresses; undefined: its own. */
export function addressed(account: Account, base: string): Account | undefined {
  if (base === account.baseUrl) return undefined
  let known = elsewhere.get(account)
  if (known === undefined) {
    known = new Map()
    elsewhere.set(account, known)
  }
  let there = known.get(base)
  if (there === undefined) {
    there = { ...account, baseUrl: base }
    known.set(base, there)
  }
  return there
}
