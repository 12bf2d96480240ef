import { PeekError, peek, type Span } from '../wire/peek.ts'
import { decodeUtf8, type Sse } from '../wire/sse.ts'
import { isExactNumber } from './exact-json.ts'

/** A JSON object of which only what is asked for is known. */
export type Json = Record<string, unknown>

/** Narrows to a JSON object; arrays and null are none, and neither are numbers that `parseExact` kept as text. */
export function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value)
    ? (value as Json)
    : undefined
}

/** The elements, or none if the value is no array. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A token count: a finite number not below zero; anything else is undefined. */
export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

/** A string with something in it. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** The object an event's data spells, its text left as latin1: enough to look at keys, numbers and emptiness. */
export function parseEvent(event: Sse): Json | undefined {
  try {
    return asObject(JSON.parse(event.data))
  } catch {
    return undefined
  }
}

/** The event's data as text, for what a person will read. */
export function eventText(event: Sse): string {
  return decodeUtf8(event.data)
}

/** Top-level members of a body; empty if the bytes spell no JSON object. Never throws. */
export function members(body: Buffer, names: readonly string[]): Map<string, Span> {
  try {
    return peek(body, names)
  } catch (error) {
    if (error instanceof PeekError) return new Map()
    throw error
  }
}

/** The object a member spells, or undefined. */
export function memberObject(body: Buffer, span: Span | undefined): Json | undefined {
  if (span === undefined || body[span.start] !== 123) return undefined
  try {
    return asObject(JSON.parse(body.toString('utf8', span.start, span.end)))
  } catch {
    return undefined
  }
}

/** Whether a member holds something: an object or array with content, a non-empty string, a number, `true`. */
export function memberFilled(body: Buffer, span: Span | undefined): boolean {
  if (span === undefined) return false
  const text = body.toString('latin1', span.start, Math.min(span.end, span.start + 8)).replace(/\s/g, '')
  return text !== 'null' && text !== 'false' && text !== '""' && text !== '{}' && text !== '[]'
}
