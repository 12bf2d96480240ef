/**
 * Changes single keys of a YAML text and leaves the rest as it was, byte for byte: a value is replaced where it stands, a new
 * key is put behind its siblings. Each splice is read again and must say what was meant; what fits no splice goes through
 * the document, which keeps comments but may move white space.
 */
import { isMap, isPair, isScalar, isSeq, parseDocument, stringify, type YAMLSeq } from 'yaml'

export type Path = readonly (string | number)[]

export interface ParsedYaml {
  values: Record<string, unknown>
  /** Faults of syntax; then there are no values. */
  faults: { line: number; message: string }[]
}

export function parseYaml(text: string): ParsedYaml {
  const doc = parseDocument(text, { prettyErrors: true })
  const faults = doc.errors.map((e) => ({ line: e.linePos?.[0].line ?? 1, message: e.message.split('\n')[0]! }))
  if (faults.length > 0) return { values: {}, faults }
  const value = doc.toJS() as unknown
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value)
  return { values: isMapping ? (value as Record<string, unknown>) : {}, faults }
}

/** `a.b[0].c`, as faults of the config name a key. */
export function pathText(path: Path): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('')
}

/** What stands at a path of plain values. */
export function valueAt(values: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (now, step) =>
      typeof now === 'object' && now !== null ? (now as Record<string | number, unknown>)[step] : undefined,
    values,
  )
}

/** The line (from 1) on which a key stands, or undefined. */
export function lineOf(text: string, path: Path): number | undefined {
  const doc = parseDocument(text, { keepSourceTokens: false })
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent = depth === 1 ? doc.contents : doc.getIn(path.slice(0, depth - 1), true)
    const key = path[depth - 1]
    const node = isMap(parent)
      ? parent.items.find((p) => isScalar(p.key) && p.key.value === key)?.key
      : doc.getIn(path.slice(0, depth), true)
    const range = (node as { range?: [number, number, number] } | undefined)?.range
    if (range) return text.slice(0, range[0]).split('\n').length
  }
  return undefined
}

/** @param value undefined takes the key away. The text must be without faults of syntax. */
export function setIn(text: string, path: Path, value: unknown): string {
  const before = parseYaml(text).values
  if (value === undefined && valueAt(before, path) === undefined) return text
  const wanted = JSON.stringify(changed(before, path, value))
  const holds = (next: string | undefined) =>
    next !== undefined && parseYaml(next).faults.length === 0 && JSON.stringify(parseYaml(next).values) === wanted
  // A whole parent is written anew only when its part cannot be: what stands in it may lose its comments then.
  for (let depth = path.length; depth > 0; depth -= 1) {
    const at = path.slice(0, depth)
    const next = spliced(text, at, depth === path.length ? value : valueAt(changed(before, path, value), at))
    if (holds(next)) return next!
  }
  const doc = parseDocument(text)
  if (value === undefined) doc.deleteIn(path)
  else doc.setIn(path, doc.createNode(value))
  return doc.toString({ lineWidth: 0, flowCollectionPadding: false })
}

/** The values as they should be after the change. A mapping that has lost its last key goes, too. */
function changed(values: Record<string, unknown>, path: Path, value: unknown): Record<string, unknown> {
  const root = structuredClone(values)
  const chain: (Record<string | number, unknown> | unknown[])[] = [root]
  for (const [i, step] of path.slice(0, -1).entries()) {
    const now = chain.at(-1) as Record<string | number, unknown>
    if (typeof now[step] !== 'object' || now[step] === null) now[step] = typeof path[i + 1] === 'number' ? [] : {}
    chain.push(now[step] as Record<string, unknown>)
  }
  const last = chain.at(-1) as Record<string | number, unknown>
  if (value !== undefined) last[path.at(-1)!] = value
  else if (Array.isArray(last)) last.splice(Number(path.at(-1)), 1)
  else delete last[path.at(-1)!]
  for (let depth = chain.length - 1; depth > 0 && value === undefined; depth -= 1) {
    if (Array.isArray(chain[depth]) || Object.keys(chain[depth]!).length > 0) break
    const parent = chain[depth - 1] as Record<string | number, unknown>
    if (Array.isArray(parent)) break
    delete parent[path[depth - 1]!]
  }
  return root
}

/** The text with one key written, replaced or cut out where it stands; undefined where that cannot be done so. */
function spliced(text: string, path: Path, value: unknown): string | undefined {
  const doc = parseDocument(text)
  const key = path.at(-1)!
  const parent = path.length === 1 ? doc.contents : doc.getIn(path.slice(0, -1), true)
  if (isSeq(parent)) return typeof key === 'number' ? intoList(text, parent, key, value) : undefined
  if (!isMap(parent))
    // The parent is not there yet: it is written with the key in it, by the caller's next step upwards.
    return path.length === 1 && value !== undefined ? `${withEnd(text)}${write({ [key]: value }, 0)}\n` : undefined
  if (parent.flow === true || parent.items.length === 0) return undefined
  const pair = parent.items.find((p) => isScalar(p.key) && p.key.value === key)
  if (pair === undefined) {
    if (value === undefined) return undefined
    const first = startOf(parent.items[0]!.key)
    if (first === undefined) return undefined
    const column = first - lineStart(text, first)
    if (column === 0) return `${withEnd(text)}${write({ [key]: value }, 0)}\n`
    const at = lineEnd(text, endOf(parent))
    return `${withEnd(text.slice(0, at))}${' '.repeat(column)}${write({ [key]: value }, column)}\n${text.slice(at)}`
  }
  const start = startOf(pair.key)
  if (start === undefined) return undefined
  const line = lineStart(text, start)
  const end = pair.value === null ? text.indexOf(':', start) + 1 : endOf(pair.value)
  if (value === undefined) {
    if (text.slice(line, start).trim() !== '') return undefined
    return text.slice(0, line) + text.slice(lineEnd(text, end))
  }
  const node = pair.value
  if (isScalar(node) && node.range && plain(value) && !node.anchor && node.range[1] > node.range[0]) {
    const quoted = node.type === 'QUOTE_DOUBLE' && typeof value === 'string' ? JSON.stringify(value) : write(value, 0)
    if (!quoted.includes('\n')) return text.slice(0, node.range[0]) + quoted + text.slice(node.range[1])
  }
  const ends = text[end - 1] === '\n' ? end - 1 : end
  return text.slice(0, start) + write({ [key]: value }, start - line) + text.slice(ends)
}

function intoList(text: string, list: YAMLSeq, index: number, value: unknown): string | undefined {
  if (list.flow === true || list.items.length === 0) return undefined
  const first = startOf(list.items[0])
  if (first === undefined) return undefined
  const dash = /^( *)- $/.exec(text.slice(lineStart(text, first), first))
  const indent = dash?.[1]
  if (indent === undefined) return undefined
  if (index === list.items.length && value !== undefined) {
    const at = lineEnd(text, endOf(list))
    return `${withEnd(text.slice(0, at))}${indent}- ${write(value, indent.length + 2)}\n${text.slice(at)}`
  }
  const node = list.items[index]
  if (!isScalar(node) || !node.range || !plain(value)) return undefined
  const quoted = write(value, 0)
  return quoted.includes('\n') ? undefined : text.slice(0, node.range[0]) + quoted + text.slice(node.range[1])
}

const plain = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)

/** YAML of a value, its further lines indented. */
function write(value: unknown, column: number): string {
  const lines = stringify(value, { lineWidth: 0 }).trimEnd().split('\n')
  return lines.map((l, i) => (i === 0 || l === '' ? l : ' '.repeat(column) + l)).join('\n')
}

const withEnd = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)
const lineStart = (text: string, at: number) => text.lastIndexOf('\n', at - 1) + 1

/** Where the line after this place begins. */
function lineEnd(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at
  const found = text.indexOf('\n', at)
  return found === -1 ? text.length : found + 1
}

const startOf = (node: unknown) => (node as { range?: [number, number, number] } | null | undefined)?.range?.[0]

/** Where a value ends, comments behind it left out. */
function endOf(node: unknown): number {
  if ((isMap(node) || isSeq(node)) && node.flow !== true && node.items.length > 0) {
    const last = node.items.at(-1)
    return isPair(last) ? endOf(last.value ?? last.key) : endOf(last)
  }
  return (node as { range?: [number, number, number] }).range?.[1] ?? 0
}
