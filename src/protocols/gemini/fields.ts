/**
 * Reads generateContent JSON tolerantly. The API is protobuf JSON: every field may be spelled in camelCase or snake_case,
 * `null` is absence, an object may stand where a list of one belongs, and 64-bit integers may be strings
 * (https://protobuf.dev/programming-guides/json/).
 */
import type { Json } from '../codec.ts'
import { isExactNumber } from '../exact-json.ts'
import { asObject } from '../json.ts'

/** Fields whose value is the user's own JSON: keys in it are no field names. */
const OPAQUE: ReadonlySet<string> = new Set([
  'args',
  'response',
  'parameters',
  'parametersJsonSchema',
  'responseSchema',
  'responseJsonSchema',
  '_responseJsonSchema',
  'schema',
  'labels',
  'headers',
  'partMetadata',
])

/** The spelling this project writes: camelCase; a leading underscore stays. */
export function camel(name: string): string {
  if (!name.includes('_')) return name
  return name.replace(/(?<=.)_([a-z0-9])/g, (_, c: string) => c.toUpperCase())
}

/** Deeper than any message of the API: a body that only wants to exhaust the stack. */
const MAX_DEPTH = 100

/** A copy with every field name in camelCase and without nulls; what is opaque is taken over as it is. */
export function normalised(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value
  if (isExactNumber(value)) return plainNumber(value)
  if (Array.isArray(value)) return value.map((item) => normalised(item, depth + 1))
  const out: Json = {}
  for (const [key, member] of Object.entries(value)) {
    if (member === null || member === undefined) continue
    const name = camel(key)
    if (name === '__proto__') continue
    out[name] = OPAQUE.has(name) ? member : normalised(member, depth + 1)
  }
  return out
}

/** A number a double holds well enough; exact spelling matters in the user's own JSON only. */
function plainNumber(exact: unknown): unknown {
  const value = Number(JSON.stringify(exact))
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? exact : value
}

/** The objects of a repeated field; a single object is a list of one. */
export function objects(value: unknown): Json[] {
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return list.map(asObject).filter((item) => item !== undefined)
}

/** The strings of a repeated field. */
export function strings(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.filter((item): item is string => typeof item === 'string')
}

/** A number, perhaps written as a string. */
export function number(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value)
  return undefined
}

export function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Takes known fields out of a copy; what is left over is the rest. */
export interface Taker {
  take(name: string): unknown
  /** Takes the field only if `read` understands it; otherwise it stays in the rest. */
  takeIf<T>(name: string, read: (value: unknown) => T | undefined): T | undefined
  put(name: string, value: unknown): void
  rest(): Json | undefined
}

export function taker(source: Json): Taker {
  const left: Json = { ...source }
  return {
    take(name) {
      const value = left[name]
      delete left[name]
      return value
    },
    takeIf(name, read) {
      const value = left[name] === undefined ? undefined : read(left[name])
      if (value !== undefined) delete left[name]
      return value
    },
    put(name, value) {
      if (value !== undefined) left[name] = value
    },
    rest: () => (Object.keys(left).length > 0 ? left : undefined),
  }
}

/** The object without undefined members: fields that are not there are not written. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}

/** `extras` of a node, or nothing. */
export function extrasOf(rest: Json | undefined): { extras?: { gemini: Json } } {
  return rest === undefined || Object.keys(rest).length === 0 ? {} : { extras: { gemini: rest } }
}
