/**
 * Arguments that come piece by piece (`streamFunctionCallArguments`): each piece names its place by a JSON path and brings
 * a value, or more of a string (https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling).
 */
import type { Json } from '../codec.ts'
import { asObject } from '../json.ts'

type Step = string | number
type Holder = Record<Step, unknown>

const STEP = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/g

export function stepsOf(path: string): Step[] {
  return [...path.matchAll(STEP)].map(([, name, index, single, double]) =>
    index !== undefined ? Number(index) : (name ?? (single ?? double ?? '').replace(/\\(.)/g, '$1')),
  )
}

/** Puts one piece into `args`, which it changes. */
export function addPiece(args: Json, piece: Json): void {
  const steps = stepsOf(typeof piece['jsonPath'] === 'string' ? piece['jsonPath'] : '')
  const last = steps.at(-1)
  if (last === undefined || steps.some((step) => step === '__proto__' || Number(step) > 100_000)) return
  let at = args as Holder
  for (const [i, step] of steps.slice(0, -1).entries()) {
    if (typeof at[step] !== 'object' || at[step] === null) at[step] = typeof steps[i + 1] === 'number' ? [] : {}
    at = at[step] as Holder
  }
  const before = at[last]
  at[last] =
    typeof piece['stringValue'] === 'string' && typeof before === 'string'
      ? before + piece['stringValue']
      : pieceValue(piece)
}

function pieceValue(piece: Json): unknown {
  for (const field of ['stringValue', 'numberValue', 'boolValue']) if (piece[field] !== undefined) return piece[field]
  return asObject(piece['structValue']) ?? null
}
