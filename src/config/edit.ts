/**
 * Changes single keys of a YAML text and leaves the rest of it as its owner wrote it: comments, order, quotes, blank lines.
 * Each change is cut into the text where that is simple, written anew by the YAML library where it is not, and in either
 * case checked: the text is read again and must say exactly what was asked for.
 */
import { isDeepStrictEqual } from 'node:util'
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { type Path, showPath } from './read.ts'

export interface Edit {
  path: Path
  /** The new value; undefined takes the key or item away. */
  value?: unknown
}

/** A change that cannot be made, with the path it is about. */
export class EditError extends Error {
  readonly path: string
  constructor(path: Path, message: string) {
    super(message)
    this.name = 'EditError'
    this.path = showPath(path)
  }
}

/**
 * Makes the changes, one after the other.
 * @throws {EditError} for a text that is no YAML mapping, a path through a value that is no mapping or list, and what YAML cannot say.
 */
export function editYaml(text: string, edits: readonly Edit[]): string {
  return edits.reduce(applyEdit, text)
}

function applyEdit(text: string, edit: Edit): string {
  const { path } = edit
  if (path.length === 0) throw new EditError(path, 'A path names at least one key.')
  if (path.some((part) => part === '__proto__')) throw new EditError(path, 'There is no key of this name.')
  const doc = read(text, path)
  const wanted = planned(doc.toJS() ?? {}, edit)
  if (isDeepStrictEqual(doc.toJS() ?? {}, wanted)) return text
  for (const attempt of [spliced, rewritten]) {
    const next = attempt(text, doc, edit)
    if (next !== undefined && says(next, wanted)) return next
  }
  throw new EditError(path, `${showPath(path)} cannot be changed here; change it in the text.`)
}

function read(text: string, path: Path): Document {
  const doc = parseDocument(text, { uniqueKeys: false, logLevel: 'silent', prettyErrors: false })
  if (doc.errors.length > 0) throw new EditError(path, `The text is no valid YAML: ${doc.errors[0]!.message}`)
  if (doc.contents !== null && !isMap(doc.contents) && !(isScalar(doc.contents) && doc.contents.value === null))
    throw new EditError(path, 'The text is no mapping of keys.')
  return doc
}

function says(text: string, wanted: unknown): boolean {
  const doc = parseDocument(text, { uniqueKeys: false, logLevel: 'silent' })
  return doc.errors.length === 0 && isDeepStrictEqual(doc.toJS() ?? {}, wanted)
}

/** What the text has to say afterwards. */
function planned(before: unknown, { path, value }: Edit): unknown {
  const root = structuredClone(before)
  let at = root as Record<string | number, unknown>
  for (const [depth, part] of path.slice(0, -1).entries()) {
    if (!Object.hasOwn(at, part) || at[part] === null) {
      if (value === undefined) return root
      at[part] = typeof path[depth + 1] === 'number' ? [] : {}
    }
    if (typeof at[part] !== 'object')
      throw new EditError(
        path.slice(0, depth + 1),
        `${showPath(path.slice(0, depth + 1))} holds a single value; it has no parts.`,
      )
    at = at[part] as Record<string | number, unknown>
  }
  const last = path.at(-1)!
  if (Array.isArray(at)) {
    if (typeof last !== 'number' || last > at.length)
      throw new EditError(path, `${showPath(path.slice(0, -1))} is a list of ${at.length}.`)
    if (value === undefined) at.splice(last, 1)
    else at[last] = structuredClone(value)
  } else if (value === undefined) delete at[last]
  else at[last] = structuredClone(value)
  return root
}

/** Changes the text itself; undefined where that is not simple. */
function spliced(text: string, doc: Document, { path, value }: Edit): string | undefined {
  // Nearest mapping or list that is there; what is missing below it is written as one value.
  let depth = path.length - 1
  let parent = nodeAt(doc, path.slice(0, depth))
  while (depth > 0 && !isMap(parent) && !isSeq(parent)) {
    depth -= 1
    parent = nodeAt(doc, path.slice(0, depth))
  }
  const key = path[depth]!
  const wrapped = value === undefined ? undefined : wrap(path.slice(depth + 1), value)
  if (parent === undefined && depth === 0) return appended(text, key, wrapped)
  if (isMap(parent)) return inMap(text, parent, String(key), wrapped)
  if (isSeq(parent) && typeof key === 'number') return inSeq(text, parent, key, wrapped)
  return undefined
}

function nodeAt(doc: Document, path: Path): Node | undefined {
  const node = path.length === 0 ? doc.contents : doc.getIn(path, true)
  return node === null || isAlias(node) || (isScalar(node) && path.length === 0)
    ? undefined
    : (node as Node | undefined)
}

function wrap(rest: Path, value: unknown): unknown {
  return rest.reduceRight<unknown>((inner, part) => (typeof part === 'number' ? [inner] : { [part]: inner }), value)
}

/** The first key of a text that holds comments alone. */
function appended(text: string, key: string | number, value: unknown): string | undefined {
  if (value === undefined || typeof key === 'number') return undefined
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${block({ [key]: value }, 0)}`
}

function inMap(text: string, map: YAMLMap, key: string, value: unknown): string | undefined {
  if (map.flow === true) return undefined
  const pair = map.items.find((p) => isScalar(p.key) && String(p.key.value) === key) as
    | Pair<Node, Node | null>
    | undefined
  if (pair !== undefined) {
    if (value === undefined) return map.items.length === 1 ? undefined : withoutLines(text, startOf(pair), endOf(pair))
    const flat = inPlace(text, pair.value, value)
    if (flat !== undefined) return flat
    const from = startOf(pair)
    const column = columnOf(text, from)
    // A key behind a dash stands on a line that is not its own, which is all the same to what follows it.
    return (
      text.slice(0, from) +
      block({ [key]: value }, column)
        .trimStart()
        .trimEnd() +
      text.slice(endOf(pair))
    )
  }
  const first = map.items[0] as Pair<Node, Node | null> | undefined
  const last = map.items.at(-1) as Pair<Node, Node | null> | undefined
  if (value === undefined || first === undefined || last === undefined) return undefined
  return afterLine(text, endOf(last), block({ [key]: value }, columnOf(text, startOf(first))))
}

function inSeq(text: string, seq: YAMLSeq, index: number, value: unknown): string | undefined {
  if (seq.flow === true) return undefined
  const item = seq.items[index] as Node | null | undefined
  const dash = (node: Node | null | undefined): number | undefined => {
    const at = node?.range === undefined || node?.range === null ? -1 : text.lastIndexOf('-', node.range[0] - 1)
    return at < 0 || text.slice(at + 1, node!.range![0]).trim() !== '' ? undefined : at
  }
  if (index < seq.items.length) {
    const from = dash(item)
    if (from === undefined) return undefined
    if (value === undefined) return seq.items.length === 1 ? undefined : withoutLines(text, from, endOfNode(item!))
    return (
      inPlace(text, item ?? null, value) ??
      text.slice(0, from) + block([value], columnOf(text, from)).trimStart().trimEnd() + text.slice(endOfNode(item!))
    )
  }
  const last = seq.items.at(-1) as Node | null | undefined
  const from = dash(last)
  if (value === undefined || from === undefined) return undefined
  return afterLine(text, endOfNode(last!), block([value], columnOf(text, from)))
}

/** One single value for another, in the quotes the old one had. */
function inPlace(text: string, node: Node | null, value: unknown): string | undefined {
  if (!isScalar(node) || node.range == null || (typeof value === 'object' && value !== null)) return undefined
  const [from, to] = node.range
  if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED' || from === to) return undefined
  const plain = stringify(value, { lineWidth: 0 }).trimEnd()
  if (plain.includes('\n')) return undefined
  const quoted =
    typeof value !== 'string'
      ? plain
      : node.type === 'QUOTE_SINGLE' && !/['\n]/.test(value)
        ? `'${value}'`
        : node.type === 'QUOTE_DOUBLE'
          ? JSON.stringify(value)
          : plain
  return text.slice(0, from) + quoted + text.slice(to)
}

/** YAML of a value whose first column is `column`; ends with a line's end. */
function block(value: unknown, column: number): string {
  const indent = ' '.repeat(column)
  return stringify(value, { lineWidth: 0 }).replace(/^(?=.)/gm, indent)
}

const startOf = (pair: Pair<Node, Node | null>): number => pair.key.range![0]
const endOf = (pair: Pair<Node, Node | null>): number => {
  const { key, value } = pair
  const empty = value === null || (isScalar(value) && value.value === null && value.range![0] === value.range![1])
  return empty ? key.range![1] + 1 : endOfNode(value)
}

/** Where the last thing that a node says ends, without comments and blank lines behind it. */
function endOfNode(node: Node): number {
  const items = isMap(node) || isSeq(node) ? node.items : []
  const last = items.at(-1)
  const flow = (isMap(node) || isSeq(node)) && node.flow === true
  if (last !== undefined && !flow)
    return isPair(last) ? endOf(last as Pair<Node, Node | null>) : endOfNode(last as Node)
  const [from, to] = node.range!
  return isScalar(node) && /^BLOCK/.test(node.type ?? '') ? to - 1 : from === to ? to : to
}

const columnOf = (text: string, at: number): number => at - (text.lastIndexOf('\n', at - 1) + 1)

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}

function withoutLines(text: string, from: number, to: number): string | undefined {
  const start = text.lastIndexOf('\n', from - 1) + 1
  // The first key behind a dash shares its line with the dash.
  if (text.slice(start, from).trim() !== '') return undefined
  return text.slice(0, start) + text.slice(lineEnd(text, to))
}

function afterLine(text: string, at: number, lines: string): string {
  const end = lineEnd(text, at)
  const head = text.slice(0, end)
  return `${head}${head.endsWith('\n') ? '' : '\n'}${lines}${text.slice(end)}`
}

/** By the library: comments stay, spacing may change. */
function rewritten(_text: string, doc: Document, { path, value }: Edit): string | undefined {
  const copy = doc.clone()
  if (value === undefined) copy.deleteIn(path)
  else copy.setIn(path, copy.createNode(value))
  return copy.toString({ lineWidth: 0 })
}
