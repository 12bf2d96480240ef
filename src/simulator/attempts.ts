import type { ProviderName } from './persons.ts'
import type { VendorId } from './types.ts'

/** One request as the stand-in saw it. */
export interface Attempt {
  /** Arrival, milliseconds since the epoch. */
  at: number
  seq: number
  /** The dialect, or the provider whose subscription was used. */
  vendor: VendorId | ProviderName
  method: string
  /** With query. */
  path: string
  /** The credential presented; behind a vendor's host the account: `claude:anna`. */
  key: string
  headers: Record<string, string>
  /** SHA-256 of the raw bytes, in hex. */
  bodyHash: string
  bodyBytes: number
  /** Parsed JSON; kept for the latest attempts only. */
  body: unknown
  model?: string
  fault?: string
  status?: number
  outcome?: 'answered' | 'refused' | 'cut' | 'client-gone' | 'open'
  endedAt?: number
  eventsSent: number
}

/** Which attempts to show. */
export interface AttemptFilter {
  key?: string
  model?: string
  vendor?: string
}

/** The log of attempts: bounded, bodies kept for the latest only. */
export class AttemptLog {
  private list: Attempt[] = []
  private seq = 0
  private readonly keepBodies: number
  private readonly keep: number

  constructor(keepBodies = 200, keep = 10_000) {
    this.keepBodies = keepBodies
    this.keep = Math.max(keep, keepBodies)
  }

  add(attempt: Omit<Attempt, 'seq'>): Attempt {
    const entry = attempt as Attempt
    entry.seq = ++this.seq
    this.list.push(entry)
    const old = this.list[this.list.length - 1 - this.keepBodies]
    if (old) old.body = undefined
    // Halving now and then is cheaper than shifting at every attempt.
    if (this.list.length > this.keep * 2) this.list = this.list.slice(-this.keep)
    return entry
  }

  select(filter: AttemptFilter = {}): Attempt[] {
    return this.list.filter(
      (a) =>
        (filter.key === undefined || a.key === filter.key) &&
        (filter.model === undefined || a.model === filter.model) &&
        (filter.vendor === undefined || a.vendor === filter.vendor),
    )
  }

  reset(): void {
    this.list = []
    this.seq = 0
  }
}
