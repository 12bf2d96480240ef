/** What is wrong with a config file, in sentences: the line, the key, what is allowed there and what was found. */
import type * as z from 'zod'
import { nearest } from './nearest.ts'
import { type Path, type Place, showPath, type Tree } from './read.ts'
import { configKeys, knownKeys } from './walk.ts'

/** One thing that is wrong with a config file. */
export interface Fault extends Place {
  /** `a.b[0].c`; empty when it concerns the file as a whole or its syntax. */
  path: string
  message: string
}

/** One thing the owner of a config file should know; the file is still used. */
export interface Notice extends Place {
  kind: 'ignored' | 'warning'
  path: string
  message: string
  /** The entry of `ignoredKeys` an ignored key belongs to. */
  pattern?: string
}

/** A config that cannot be used. The message lists all faults, one a line, each with its file and line. */
export class ConfigError extends Error {
  readonly faults: readonly Fault[]
  readonly file: string

  constructor(file: string, faults: readonly Fault[]) {
    const sorted = distinct(faults).sort((a, b) => a.line - b.line || a.column - b.column)
    const told = sorted.slice(0, faultBudget)
    const lines = told.map((fault) => `${file}${fault.line > 0 ? `:${fault.line}` : ''}: ${fault.message}`)
    if (sorted.length > told.length) lines.push(`${file}: and ${sorted.length - told.length} more faults`)
    super(lines.join('\n'))
    this.name = 'ConfigError'
    this.faults = sorted
    this.file = file
  }
}

/** Faults told in one message; a file with more is no config at all. */
const faultBudget = 100

/** The syntax reader may say the same thing of one line many times. */
function distinct(faults: readonly Fault[]): Fault[] {
  const seen = new Set<string>()
  return faults.filter(({ line, message }) => {
    const said = `${line}:${message}`
    return !seen.has(said) && seen.add(said)
  })
}

/** Turns what zod found into faults. */
export function toFaults(issues: readonly z.core.$ZodIssue[], tree: Tree): Fault[] {
  return issues.flatMap((issue) => issueFaults(issue, [], tree))
}

function issueFaults(issue: z.core.$ZodIssue, base: Path, tree: Tree): Fault[] {
  const path = [...base, ...(issue.path as (string | number)[])]
  const value = valueAt(tree.value, path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key, index) => unknownKey(path, key, tree, index < faultBudget))
  }
  if (issue.code === 'invalid_union') {
    // When the value has the shape of one alternative, its own faults say more than "none of them".
    const inner = issue.errors.find(
      (branch) => branch.length > 0 && branch.every((one) => one.path.length > 0 || one.code === 'unrecognized_keys'),
    )
    if (inner && typeof value === 'object') return inner.flatMap((one) => issueFaults(one, path, tree))
  }
  if (issue.code === 'invalid_key') {
    const allowed = issue.issues[0]?.message ?? 'a name'
    return [
      fault(
        tree.keyPlace(path),
        path,
        `${showPath(path.slice(0, -1))} has the key ${JSON.stringify(String(path.at(-1)))}: it must be ${allowed}`,
      ),
    ]
  }
  const name = showPath(path) || 'the file'
  if (value === undefined && path.length > 0) {
    return [fault(tree.keyPlace(path.slice(0, -1)), path, `${name} is missing; it must be ${issue.message}`)]
  }
  const place = value === null ? tree.keyPlace(path) : tree.valuePlace(path)
  return [fault(place, path, `${name} must be ${issue.message}, found ${found(path, value, tree)}`)]
}

function fault(place: Place, path: Path, message: string): Fault {
  return { line: place.line, column: place.column, path: showPath(path), message }
}

function unknownKey(parent: Path, key: string, tree: Tree, suggest: boolean): Fault {
  const path = [...parent, key]
  const where = parent.length > 0 ? ` in ${showPath(parent)}` : ''
  return fault(
    tree.keyPlace(path),
    path,
    `unknown key ${shorten(key)}${where}${suggest ? suggestion(parent, key) : ''}`,
  )
}

function suggestion(parent: Path, key: string): string {
  const known = knownKeys(parent)
  const best = nearest(key, known)
  if (best?.near) return ` (did you mean "${best.word}"?)`
  const elsewhere = configKeys().find(({ path }) => path.endsWith(`.${key}`) && !path.includes('[]'))
  if (elsewhere) return ` (did you mean "${elsewhere.path}"?)`
  return best ? ` (the nearest known key is "${best.word}")` : ''
}

/** The value at a path, or undefined. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined
    at = (at as Record<string | number, unknown>)[part]
  }
  return at
}

const secretKeys = new Set(['api-key', 'api-keys', 'key', 'secret-key', 'headers'])

/** Where a secret stands alone when the list or the mapping around it was forgotten. */
const secretHolders = new Set([
  'claude-api-key',
  'openai-api-key',
  'codex-api-key',
  'gemini-api-key',
  'api-key-entries',
  'remote-management',
])

/** Whether the value at this path is a secret, which no message may show. */
function isSecret(path: Path): boolean {
  const names = path.filter((part) => typeof part === 'string')
  return names.some((name) => secretKeys.has(name)) || secretHolders.has(names.at(-1) ?? '')
}

/** What was found, in words; secrets and values from the environment are not shown. */
function found(path: Path, value: unknown, tree: Tree): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (value === '') return '""'
  const spot = tree.spot(path)
  if (spot?.template !== undefined) return `the value of ${shorten(spot.template)} from the environment`
  if (isSecret(path)) return `a ${typeof value === 'string' ? 'text' : typeof value} (not shown)`
  if (typeof value !== 'string') return spot?.source ?? String(value)
  // Addresses may hold a password before the @.
  return shorten(value.replace(/\/\/[^/\s]*@/g, '//***@'))
}

function shorten(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value)
}
