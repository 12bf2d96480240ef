/** What counts as the same. */
import type { Json } from './corpus.ts'

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Text without its white space, which dialects join and split. */
export const squeeze = (s: string): string => s.replace(/\s+/g, '')

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** JSON in which the order of members says nothing. */
export function canonical(v: Json): string {
  return JSON.stringify(v, (_k, x) =>
    x !== null && typeof x === 'object' && !Array.isArray(x)
      ? Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1)))
      : x,
  )
}

/** What arguments mean: none are an empty object, free text may be wrapped, and what is no object may, too. */
export function value(args: string): unknown {
  if (args.trim() === '') return '{}'
  if (!isJson(args)) return args
  const parsed: Json = JSON.parse(args)
  const keys = typeof parsed === 'object' && parsed !== null ? Object.keys(parsed) : []
  if (keys.length === 1 && keys[0] === '_raw') return value(String(parsed._raw))
  return keys.length === 1 && keys[0] === 'input' && typeof parsed.input === 'string' ? parsed.input : canonical(parsed)
}
