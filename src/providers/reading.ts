/** Reads what vendors answer about accounts: every field may be missing, null, or a number written as text. */
import type { QuotaWindow } from '../accounts/quota.ts'
import type { Headers } from './login-request.ts'

export type Fields = Readonly<Record<string, unknown>>

const NOTHING: Fields = {}

/** The object, or one without fields. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NOTHING
}

/** The objects of a list. */
export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : []
}

/** A number, also one written as text; undefined for everything else. */
export function numeric(value: unknown): number | undefined {
  if (typeof value === 'string' && value.trim() === '') return undefined
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** A text that says something. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** JSON text as an object; without fields if it is none. Never throws. */
export function parsed(json: string): Fields {
  try {
    return fields(JSON.parse(json))
  } catch {
    return NOTHING
  }
}

/** A header's value, the first if it stands there twice. */
export function headerValue(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** A moment in ms since the epoch, told as unix seconds, as milliseconds or in RFC 3339. */
export function moment(value: unknown): number | undefined {
  const number = numeric(value)
  // Seconds stay below this until the year 5138, milliseconds passed it in 1973.
  if (number !== undefined) return number <= 0 ? undefined : number < 1e11 ? number * 1000 : number
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isFinite(at) ? at : undefined
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** What a window of a length is called: `5h` and `5 hours`; undefined for a length that is unknown. */
export function windowName(lengthMs: number | undefined): { id: string; title: string } | undefined {
  if (lengthMs === undefined || lengthMs <= 0) return undefined
  if (lengthMs === 7 * DAY) return { id: '7d', title: 'week' }
  if (lengthMs % DAY === 0 && lengthMs > DAY) return { id: `${lengthMs / DAY}d`, title: `${lengthMs / DAY} days` }
  const hours = Math.round((lengthMs / HOUR) * 100) / 100
  return { id: `${hours}h`, title: hours === 1 ? 'hour' : `${hours} hours` }
}

/** A window without the fields that nobody told. */
export function quotaWindow(
  window: {
    [K in keyof QuotaWindow]: QuotaWindow[K] | undefined
  },
): QuotaWindow {
  return Object.fromEntries(Object.entries(window).filter(([, value]) => value !== undefined)) as unknown as QuotaWindow
}

/** "until 2026-11-22 18:00 UTC", for messages. */
export function until(at: number): string {
  return `until ${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** Whole seconds from now to a moment, at least 1. */
export function secondsTo(at: number, now: number): number {
  return Math.max(1, Math.ceil((at - now) / 1000))
}

/** A vendor's own words, unchanged, and ours behind them. */
export function followedBy(said: string, more: string): string {
  return said === '' ? more : `${said}${/[.!?…]$/.test(said) ? '' : '.'} ${more}`
}
