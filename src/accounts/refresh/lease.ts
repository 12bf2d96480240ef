/**
 * The right to present a refresh token: a lease in the store that one process holds at a time, with a note of what it is
 * about to do. A note left behind by a process that died says that nobody knows whether the token was spent.
 */
import { createHash } from 'node:crypto'
import type { Lease, LeaseTable } from '../../store/store.ts'
import type { Clock } from './clock.ts'

/** Life of a lease: a refresh takes 30 s at most, and the lease is looked at right before. */
export const LEASE_MS = 60_000

/** What leases are taken with. One for each process that refreshes. */
export interface LeaseBench {
  leases: LeaseTable
  /** Names the process, everywhere and over restarts: no two have the same. */
  owner: string
  clock: Clock
  /** How far the clocks of the machines that share a store may differ; 0 where there is only one machine. */
  skewMs: number
  /** Leases of others as they were first seen, by name. */
  watched: Map<string, { until: number; since: number }>
}

export interface Held {
  lease: Lease
  /** Whether it is ours for so many more ms, whichever clock is asked. */
  isGoodFor(ms: number): boolean
}

export function leaseName(accountId: string): string {
  return `refresh/${accountId}`
}

/** Tries once. @throws {StoreError} */
export async function takeLease(bench: LeaseBench, name: string): Promise<Held | undefined> {
  const { leases, owner, clock, skewMs, watched } = bench
  const wall = clock.now()
  const since = clock.steady()
  const life = LEASE_MS + skewMs
  let got = await leases.acquire(name, owner, wall - skewMs, life)
  if ('heldUntil' in got) {
    const until = got.heldUntil
    const seen = watched.get(name)
    if (seen?.until !== until) {
      watched.set(name, { until, since })
      return undefined
    }
    // Whoever held it for a whole life without renewing it can no longer use it, even if a clock that was wrong once
    // has dated it years ahead.
    if (since - seen.since <= life + skewMs) return undefined
    got = await leases.acquire(name, owner, until + 1, life)
    if ('heldUntil' in got) return undefined
  }
  watched.delete(name)
  return {
    lease: got,
    isGoodFor: (ms) => clock.steady() - since + ms <= LEASE_MS && clock.now() - wall + ms <= LEASE_MS,
  }
}

/** What stands on a lease while a refresh token is presented. */
export interface PresentingNote {
  /** Version of the record whose refresh token is presented. */
  version: number
  /** Digest of that token: a re-key gives a record another version, but no other token. */
  token: string
  /** Who presents it, as on the lease, and which attempt of theirs it is. */
  by: string
  attempt: string
  /** It follows an attempt of which nobody knows how it ended. */
  again: boolean
}

/** Tells tokens apart and gives nothing away. */
export function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 16)
}

export function writeNote(note: PresentingNote): string {
  return JSON.stringify(note)
}

/** @returns undefined for no note, or one that is not ours. */
export function readNote(text: string | undefined): PresentingNote | undefined {
  if (text === undefined) return undefined
  try {
    const { version, token, by, attempt, again } = JSON.parse(text) as Partial<PresentingNote>
    return typeof version === 'number' && typeof token === 'string' && typeof attempt === 'string'
      ? { version, token, by: String(by), attempt, again: again === true }
      : undefined
  } catch {
    return undefined
  }
}
