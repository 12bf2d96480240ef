/** The living table of allowances. Readings of different sources are merged window by window. */
import type { QuotaReading, QuotaState, Quotas, QuotaWindow } from './quota.ts'

export interface QuotaTableOptions {
  now: () => number
  /** Hears the state after each reading, and whether the vendor says that the account may be used. */
  told?: (accountId: string, state: QuotaState, available: boolean) => void
}

export interface QuotaTable extends Quotas {
  /** When an account's allowances were last told; 0: never. */
  toldAt(accountId: string): number
  /** Takes over what was known in an earlier life or by another process; older words than ours are ignored. */
  restore(accountId: string, state: QuotaState): void
  /** Drops accounts that are gone. */
  prune(known: ReadonlySet<string>): void
}

/** Windows of one account; a vendor that made up names without end would be stopped here. */
const MAX_WINDOWS = 64

export function createQuotaTable({ now, told }: QuotaTableOptions): QuotaTable {
  const states = new Map<string, QuotaState>()

  return {
    tell(accountId, reading) {
      const before = states.get(accountId)
      if (before !== undefined && before.at > reading.at) return
      const windows = new Map((before?.windows ?? []).map((w) => [w.id, w]))
      for (const window of reading.windows) windows.set(window.id, window)
      const state: QuotaState = {
        at: reading.at,
        windows: [...windows.values()].slice(-MAX_WINDOWS),
        plan: reading.plan ?? before?.plan,
        binding: reading.binding ?? before?.binding,
      }
      states.set(accountId, state)
      told?.(accountId, state, isAvailable(reading))
    },
    of(accountId) {
      const state = states.get(accountId)
      return state === undefined ? undefined : { ...state, windows: state.windows.map((w) => current(w, now())) }
    },
    toldAt: (accountId) => states.get(accountId)?.at ?? 0,
    restore(accountId, state) {
      if ((states.get(accountId)?.at ?? 0) >= state.at) return
      states.set(accountId, state)
      told?.(accountId, state, false)
    },
    prune(known) {
      for (const id of states.keys()) if (!known.has(id)) states.delete(id)
    },
  }
}

/** By the vendor's own word, or because every window that is about all models has room. */
function isAvailable({ allowed, windows }: QuotaReading): boolean {
  if (allowed !== undefined) return allowed
  const whole = windows.filter((w) => w.models === undefined)
  return whole.length > 0 && whole.every((w) => w.used < 1 && w.exhausted !== true)
}

/** A window whose time has come is empty, whatever was last told of it. */
function current(window: QuotaWindow, at: number): QuotaWindow {
  if (window.resetsAt === undefined || window.resetsAt > at) return window
  return { ...window, used: 0, exhausted: undefined, resetsAt: undefined }
}
