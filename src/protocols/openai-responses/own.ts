/** What of a wire object the hub has no word for, and short notes on the form it had. */
import type { Extras, Node } from '../../hub/request.ts'
import type { Json } from '../json.ts'

export const ID = 'openai-responses'

/** Notes on form; they begin with `$`, so that they are no fields of the wire and nobody misses them elsewhere. */
export interface Notes {
  /** The request, or the answer, was read from this dialect. */
  $own?: true
  /** `content` was a string; the whole `input` was that string; the list was empty. */
  $content?: 'string' | 'input' | 'empty'
  /** Role of a system item: `system` or `developer`. `instructions` have no note. */
  $role?: string
  /** A `type` other than the usual one at this place. */
  $type?: string
  /** The item this part came in (without what its parts hold). Stands on the first part only. */
  $item?: Json
  /** The list of tools stood in this `additional_tools` item, counted from 0. */
  $in?: number
  /** Where the `\n\n` stand that join the pieces of one reasoning item. */
  $breaks?: number[]
  /** Reasoning text came as `content`, not as `summary`. A file came as bare base64. */
  $raw?: true
  /** A tool's output was a list although one text would have done. */
  $list?: true
  /** `strict` was not said: in this dialect that means "as far as the schema allows". */
  $lax?: true
  /** A summary other than `auto`. */
  $summary?: string
  /** Sealed reasoning was asked for (`include`). */
  $sealed?: true
  /** `store: false` was said. */
  $unstored?: true
  /** The answer had no `incomplete_details`, not even null. */
  $undetailed?: true
  /** What a search's `action` held beside queries and sources; null when there was none. */
  $action?: Json | null
}

/** The extras of a node, or nothing at all if there is no rest. */
export function keep(rest: Json & Notes): { extras?: Extras } {
  for (const _ in rest) return { extras: { [ID]: rest as Json } }
  return {}
}

export function notes(node: Node): Notes {
  return (node.extras?.[ID] ?? NONE) as Notes
}

const NONE: Json = Object.freeze({})

/** The wire fields kept on a node. */
export function restOf(node: Node): Json {
  const kept = node.extras?.[ID]
  if (kept === undefined) return NONE
  const rest: Json = {}
  for (const [name, value] of Object.entries(kept)) if (!name.startsWith('$')) rest[name] = value
  return rest
}

/** Takes fields out of a copy of an object: one whose type does not fit stays in the rest and returns untouched. */
export function taker(object: Json) {
  const rest: Json = { ...object }
  function take<T>(name: string, fits: (value: unknown) => value is T): T | undefined {
    const value = rest[name]
    if (!fits(value)) return undefined
    delete rest[name]
    return value
  }
  return {
    rest,
    text: (name: string) => take(name, isString),
    number: (name: string) => take(name, isNumber),
    flag: (name: string) => take(name, isBoolean),
    list: (name: string) => take(name, isList),
    object: (name: string) => take(name, isPlain),
    drop: (name: string) => {
      delete rest[name]
    },
  }
}

const isString = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number'
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
const isList = (value: unknown): value is unknown[] => Array.isArray(value)
const isPlain = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
