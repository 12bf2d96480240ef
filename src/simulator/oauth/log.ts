import type { ProviderName } from '../persons.ts'

/** One thing that happened at an authorization server. */
export interface GrantEntry {
  seq: number
  /** The simulator's clock, ms. */
  at: number
  vendor: ProviderName
  kind: 'consent' | 'code' | 'refresh' | 'device-start' | 'device' | 'revoke'
  /** Undefined when the request does not say whose it is. */
  person?: string
  /** `granted`, `denied`, `pending`, or the error code given. */
  outcome: string
  /** A spent code or refresh token was presented. */
  reuse: boolean
  family?: string
  /** A fault struck the reply, after what `outcome` says had been done. */
  fault?: string
}

/** What has been counted since the start or the last reset. */
export interface GrantCounts {
  codes: number
  refreshes: number
  refused: number
  /** Spent refresh tokens presented. */
  refreshReuse: number
  /** Spent codes presented. */
  codeReuse: number
}

const KEEP = 50_000

export type GrantLog = ReturnType<typeof createGrantLog>

/** The log of all grants: bounded, counted in full. */
export function createGrantLog() {
  let entries: GrantEntry[] = []
  let seq = 0
  let counts: GrantCounts
  const zero = (): GrantCounts => ({ codes: 0, refreshes: 0, refused: 0, refreshReuse: 0, codeReuse: 0 })
  counts = zero()
  return {
    add(entry: Omit<GrantEntry, 'seq' | 'reuse'> & { reuse?: boolean }): GrantEntry {
      const full: GrantEntry = { ...entry, seq: ++seq, reuse: entry.reuse === true }
      entries.push(full)
      if (entries.length > KEEP * 2) entries = entries.slice(-KEEP)
      if (entry.kind === 'code' || entry.kind === 'refresh' || entry.kind === 'device') {
        if (entry.outcome === 'granted') counts[entry.kind === 'refresh' ? 'refreshes' : 'codes']++
        else if (entry.outcome !== 'pending') counts.refused++
        if (full.reuse) counts[entry.kind === 'refresh' ? 'refreshReuse' : 'codeReuse']++
      }
      return full
    },
    last: (): GrantEntry | undefined => entries.at(-1),
    select: (filter: { vendor?: string; person?: string; kind?: string } = {}): GrantEntry[] =>
      entries.filter(
        (e) =>
          (filter.vendor === undefined || e.vendor === filter.vendor) &&
          (filter.person === undefined || e.person === filter.person) &&
          (filter.kind === undefined || e.kind === filter.kind),
      ),
    counts: (): GrantCounts => ({ ...counts }),
    reset(): void {
      entries = []
      seq = 0
      counts = zero()
    },
  }
}
