/** Small helpers with which decoders take what they know out of a wire object and leave the rest (design rule 1). */
import type { Loss } from '../../hub/loss.ts'
import type { Extras } from '../../hub/request.ts'
import { isExactNumber, numberOf } from '../exact-json.ts'
import type { Json } from '../json.ts'

/** A wire object being emptied. Null counts as absent: the API treats both alike. */
export interface Taker {
  /** The value, and it is gone from the rest; undefined, and it stays, if it is not of the wanted form. */
  take<T>(name: string, is: (value: unknown) => value is T): T | undefined
  /** A number, however many digits it was written with. */
  number(name: string): number | undefined
  /** What nobody took. */
  readonly rest: Json
  /** The rest as the extras of a node; nothing if there is none. */
  extras(): { extras?: Extras }
}

export function taker(wire: Json): Taker {
  const rest: Json = {}
  for (const [name, value] of Object.entries(wire)) if (value !== null && value !== undefined) rest[name] = value
  return {
    rest,
    take(name, is) {
      const value = rest[name]
      if (!is(value)) return undefined
      delete rest[name]
      return value
    },
    number(name) {
      const value = numberOf(rest[name])
      if (value !== undefined) delete rest[name]
      return value
    },
    extras: () => (Object.keys(rest).length === 0 ? {} : { extras: { anthropic: rest } }),
  }
}

/** What this dialect left on a node, without its notes on form. */
export function own(node: { extras?: Extras }): Json | undefined {
  const left = node.extras?.anthropic
  if (left === undefined || !Object.keys(left).some(isNote)) return left
  return Object.fromEntries(Object.entries(left).filter(([name]) => !isNote(name)))
}

/**
 * Notes on the form something had on the wire; they say nothing to other dialects (see `hub/loss`).
 * `$search`: a document that was a `search_result`. `$list`: one plain text, but in a list. `$turn`: an instruction among the turns. `$bare`: an effort without `thinking`. `$shown`: thoughts that show unasked.
 * `billing_header` (no note: its loss is told): lines of `system` for the vendor's books. `$caller`: who made a call, where that says nothing.
 */
export type Note = '$search' | '$list' | '$turn' | '$bare' | '$shown' | 'billing_header' | '$caller'

export function note(node: { extras?: Extras }, name: Note): unknown {
  return node.extras?.anthropic?.[name]
}

export function noted(node: { extras?: Extras }, name: Note): boolean {
  return note(node, name) === true
}

function isNote(name: string): boolean {
  return name.startsWith('$')
}

/** `$list` where content is a list that could have been a string. */
export function listNote(content: unknown): Json {
  if (!isObjects(content) || content.length !== 1) return {}
  const [block] = content as [Json]
  const plain = block['type'] === 'text' && Object.keys(block).every((key) => key === 'type' || key === 'text')
  return plain ? { $list: true } : {}
}

export const isString = (value: unknown): value is string => typeof value === 'string'
export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value)
export const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every(isString)
export const isObjects = (value: unknown): value is Json[] => Array.isArray(value) && value.every(isObject)

/** Collects losses; each field is told once. */
export interface Losses {
  add(field: string, reason: string): void
  readonly list: Loss[]
}

export function lossList(): Losses {
  const list: Loss[] = []
  return {
    list,
    add(field, reason) {
      if (!list.some((loss) => loss.field === field)) list.push({ field, reason })
    },
  }
}
