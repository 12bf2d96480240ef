/** What is left of an account's allowances, as vendors tell it in headers, events and usage endpoints. */

/** One allowance that fills up and is emptied at a time. */
export interface QuotaWindow {
  /** Stable within a provider: `5h`, `7d`, `7d-opus`, `gemini-2.5-pro`. */
  id: string
  /** For people: `5 hours`, `week`. */
  title: string
  /** Share used, 0 to 1 (above 1 where the vendor lets it be overdrawn). */
  used: number
  /** When it is emptied, ms since the epoch. */
  resetsAt?: number
  /** Length of the window in ms, where it is told. */
  lengthMs?: number
  /** The models it is about, as wildcards; undefined: all. */
  models?: readonly string[]
  /** The vendor says that this window refuses now. */
  exhausted?: boolean
}

/** All that one source told at one time. Windows that it does not mention stay as they were. */
export interface QuotaReading {
  /** ms since the epoch. */
  at: number
  windows: readonly QuotaWindow[]
  plan?: string
  /** The window that binds, by the vendor's own word. */
  binding?: string
  /** Whether the vendor says that the account may be used at all; true ends a rest for lack of quota. */
  allowed?: boolean
}

/** What is known of an account's allowances now. */
export interface QuotaState {
  /** When something was last told, ms since the epoch. */
  at: number
  /** Windows whose time has come are shown empty. */
  windows: readonly QuotaWindow[]
  plan?: string
  binding?: string
}

/** The living table of allowances: told by the road and by polls, asked by the pool and by pages. Never waits. */
export interface Quotas {
  tell(accountId: string, reading: QuotaReading): void
  of(accountId: string): QuotaState | undefined
}
