/** Numbers, times and money for people. */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const compactFormat = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
const longFormat = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 4 })
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const clockSeconds = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const dayFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' })
const full = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
})

const MINUTE = 60_000

export const count = (n: number) => whole.format(n)
/** 1.2K, 3.4M: for narrow places; the exact number belongs into a title. */
export const compact = (n: number) => (n < 10_000 ? whole.format(n) : compactFormat.format(n))

/** 12,345,678, but 1.23B and 12.3T: past nine digits nobody counts them, and they push the rest away. */
export const figure = (n: number) => (n < 1e9 ? whole.format(n) : longFormat.format(n))

/** 840, 1.2K, 76K: for columns of figures side by side. */
export const kilo = (n: number) => compactFormat.format(n)

/** A share as percent: one decimal below ten. */
export function percent(share: number): string {
  const value = share * 100
  return `${value !== 0 && value < 10 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)} %`
}

/** 84 ms, 1.24 s, 2 min 5 s. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return '–'
  if (ms < 1) return '< 1 ms'
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`
  if (ms < MINUTE) return `${(ms / 1000).toFixed(1)} s`
  return span(ms)
}

/** Two units at most: 3 d 4 h, 1 h 12 min, 45 s. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 60) return `${s} s`
  const minutes = Math.floor(s / 60)
  if (minutes < 10) return s % 60 === 0 ? `${minutes} min` : `${minutes} min ${s % 60} s`
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  const days = Math.floor(hours / 24)
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`
}

/** One unit alone: 3 d, 5 h, 12 min, 45 s. */
function roughly(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [MINUTE, 'min'],
  ] as const
  const [size, unit] = units.find(([size]) => ms >= size) ?? [1000, 's']
  return `${Math.floor(ms / size)} ${unit}`
}

/** `in 1 h 12 min`, `12 s ago`, `3 h ago`, `now`: to the minute what comes, roughly what was. */
export function relative(at: number, now: number): string {
  const gap = at - now
  if (Math.abs(gap) < 1500) return 'now'
  return gap > 0 ? `in ${span(gap)}` : `${roughly(-gap)} ago`
}

/** In local time: `16:40` today, `Tue 24 Nov 09:00` otherwise. */
export function when(at: number, now: number): string {
  const time = clock.format(at)
  return sameDay(at, now) ? time : `${dayFormat.format(at)} ${time}`
}

/** A sentence of the server in its parts: text, and the moments it names (`2026-11-22T23:35:18Z`) as ms since the epoch. */
export function momentsOf(text: string): (string | number)[] {
  return text
    .split(/(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)/)
    .map((part, i) => {
      const at = i % 2 === 1 ? Date.parse(part) : Number.NaN
      return Number.isNaN(at) ? part : at
    })
    .filter((part) => part !== '')
}

/** The same sentence with its moments as the reader's clock shows them, where only text can stand. */
export const inLocalTime = (text: string, now: number): string =>
  momentsOf(text)
    .map((part) => (typeof part === 'number' ? when(part, now) : part))
    .join('')

export const sameDay = (a: number, b: number) => new Date(a).toDateString() === new Date(b).toDateString()
export const timeOfDay = (at: number) => clockSeconds.format(at)
export const shortTime = (at: number) => clock.format(at)
export const day = (at: number) => dayFormat.format(at)
export const exact = (at: number) => full.format(at)

/** Millionths of a US dollar: `$0.0042`, `$12.30`. Unknown stays unknown. */
export function money(micros: number | undefined): string {
  if (micros === undefined) return '–'
  const dollars = micros / 1e6
  if (dollars === 0) return '$0'
  if (dollars < 0.0001) return '< $0.0001'
  if (dollars < 0.1) return `$${dollars.toFixed(4)}`
  if (dollars < 1000) return `$${dollars.toFixed(2)}`
  if (dollars >= 100_000) return `$${longFormat.format(dollars)}`
  return `$${whole.format(dollars)}`
}

export function bytes(n: number | undefined): string {
  if (n === undefined) return '–'
  if (n < 1024) return `${n} B`
  if (n < 1024 * 1024) return `${(n / 1024).toFixed(1)} KiB`
  return `${(n / 1024 / 1024).toFixed(1)} MiB`
}

/** `1 account`, `3 accounts`. */
export const plural = (n: number, one: string, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`

/** A scale's end and steps that people can read: 0, 50, 100. */
export function niceScale(highest: number, steps = 4): { top: number; ticks: number[] } {
  if (highest <= 0) return { top: steps, ticks: [0] }
  const raw = Math.max(1, highest / steps)
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 2.5, 5, 10].map((f) => f * power).find((s) => s >= raw && Number.isInteger(s)) ?? 10 * power
  const top = Math.ceil(highest / step) * step
  return { top, ticks: Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step) }
}
