/** One allowance as Google's quota methods tell it: what is left as a fraction, and when it is filled again. */
import type { QuotaReading, QuotaWindow } from '../accounts/quota.ts'

/**
 * Reads `remainingFraction` (0 to 1) and `resetTime` (RFC 3339). A fraction that is not told is unknown, and not zero:
 * such a window says nothing.
 */
export function windowOf(
  told: Readonly<Record<string, unknown>>,
  named: Pick<QuotaWindow, 'id' | 'title' | 'models' | 'lengthMs'>,
): QuotaWindow | undefined {
  const left = told['remainingFraction']
  if (typeof left !== 'number' || !Number.isFinite(left)) return undefined
  const reset = typeof told['resetTime'] === 'string' ? Date.parse(told['resetTime']) : Number.NaN
  return {
    ...named,
    // 1 - 0.9 is 0.09999999999999998.
    used: Math.round(Math.max(0, 1 - left) * 1e9) / 1e9,
    ...(Number.isFinite(reset) && { resetsAt: reset }),
    ...(left <= 0 && { exhausted: true }),
  }
}

/** A reading of windows that are each about some models: with room in all of them a rest for lack of quota is over. */
export function readingOf(windows: readonly QuotaWindow[], now: number): QuotaReading | undefined {
  if (windows.length === 0) return undefined
  return { at: now, windows, allowed: windows.every(({ used }) => used < 1) }
}
