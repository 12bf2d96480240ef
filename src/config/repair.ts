/**
 * Mends the harmless differences between YAML as it is written and what the schema asks for: an empty value counts as
 * left out, an unquoted `123` may be a text, `yes` may be a switch, `${PORT}` may be a number. The schema decides what
 * is wanted: only values it has refused are touched.
 */
import type * as z from 'zod'
import { isOneVariable } from './environment.ts'
import { valueAt } from './faults.ts'
import type { Path, Spot, Tree } from './read.ts'

/** Mends the values behind these issues, in place; true when something changed and parsing again is worth it. */
export function repair(issues: readonly z.core.$ZodIssue[], tree: Tree): boolean {
  let changed = false
  for (const { path, expected } of wanted(issues, [])) {
    if (path.length === 0) {
      if (tree.value !== null || expected !== 'object') continue
      tree.value = {}
      changed = true
      continue
    }
    const parent = valueAt(tree.value, path.slice(0, -1)) as Record<string | number, unknown> | undefined
    const key = path.at(-1)!
    if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key)) continue
    const value = parent[key]
    if (value === null && !Array.isArray(parent)) {
      delete parent[key]
      changed = true
      continue
    }
    const mended = convert(value, expected, tree.spot(path))
    if (mended === undefined) continue
    parent[key] = mended
    changed = true
  }
  return changed
}

interface Wanted {
  path: Path
  expected: string
}

/** Which type is wanted where, the alternatives of unions included. */
function* wanted(issues: readonly z.core.$ZodIssue[], base: Path): Generator<Wanted> {
  for (const issue of issues) {
    const path = [...base, ...(issue.path as (string | number)[])]
    if (issue.code === 'invalid_union') for (const branch of issue.errors) yield* wanted(branch, path)
    else if (issue.code === 'invalid_type') yield { path, expected: issue.expected }
    else if (issue.code === 'invalid_value') yield { path, expected: 'string' }
  }
}

const numeric = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i
const switches: Record<string, boolean> = { true: true, yes: true, on: true, false: false, no: false, off: false }

function convert(value: unknown, expected: string, spot: Spot | undefined): unknown {
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return spot?.source
  if (typeof value !== 'string') return undefined
  const variable = isOneVariable(spot?.template)
  if (expected === 'boolean' && (variable || spot?.plain)) return switches[value.trim().toLowerCase()]
  if ((expected === 'number' || expected === 'int') && variable && numeric.test(value.trim())) return Number(value)
  return undefined
}
