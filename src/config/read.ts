/** From YAML text to a plain value that still knows the line of each of its parts. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type Scalar } from 'yaml'
import type { Fault } from './faults.ts'

/** Keys and indexes from the root to a value. */
export type Path = readonly (string | number)[]

/** A place in the file, both counted from 1. */
export interface Place {
  line: number
  column: number
}

/** What is known of one value beyond the value itself. */
export interface Spot {
  key?: Place
  value: Place
  /** The scalar as it is written in the file. */
  source?: string
  /** Written without quotes. */
  plain?: boolean
  /** The text before `${…}` was filled in. */
  template?: string
}

/** A plain value with the places of its parts. */
export interface Tree {
  value: unknown
  /** false when the syntax is broken: then the value says nothing. */
  readable: boolean
  spot(path: Path): Spot | undefined
  /** Place of the key (or list item) at this path, or of the nearest ancestor that has one. */
  keyPlace(path: Path): Place
  /** Place of the value at this path, or of the nearest ancestor that has one. */
  valuePlace(path: Path): Place
}

/** Values that aliases may unfold to: far more than any honest file, far less than a bomb needs. */
const aliasBudget = 10_000

/** `a.b[0].c` */
export function showPath(path: Path): string {
  let shown = ''
  for (const part of path) {
    if (typeof part === 'number') shown += `[${part}]`
    else shown += shown === '' ? part : `.${part}`
  }
  return shown
}

const id = (path: Path) => path.join('\0')

/** Reads YAML; faults of the syntax go into `faults`, and the value is then not to be used. */
export function readYaml(text: string, faults: Fault[]): Tree {
  const reader = new Reader(faults)
  return reader.read(text)
}

class Reader {
  readonly #faults: Fault[]
  readonly #lines = new LineCounter()
  readonly #spots = new Map<string, Spot>()
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #readable = true
  #aliasDepth = 0
  #aliasBudget = aliasBudget

  constructor(faults: Fault[]) {
    this.#faults = faults
  }

  read(text: string): Tree {
    let value: unknown = null
    try {
      const doc = parseDocument(text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        // The library compares every key with every other; the check below does the same in one pass.
        uniqueKeys: false,
        logLevel: 'silent',
      })
      for (const error of doc.errors) this.#broken(this.#place(error.pos[0]), syntaxMessage(error.message))
      if (this.#readable) value = this.#node(doc.contents, [])
    } catch (error) {
      // The parser recurses: thousands of open brackets overflow its stack.
      if (!(error instanceof RangeError)) throw error
      this.#broken({ line: 1, column: 1 }, tooDeep)
    }
    const spot = (path: Path) => this.#spots.get(id(path))
    const nearest = (path: Path, pick: (spot: Spot) => Place): Place => {
      for (let length = path.length; length >= 0; length--) {
        const found = spot(path.slice(0, length))
        if (found) return pick(found)
      }
      return { line: 1, column: 1 }
    }
    return {
      value,
      readable: this.#readable,
      spot,
      keyPlace: (path) => nearest(path, (found) => found.key ?? found.value),
      valuePlace: (path) => nearest(path, (found) => found.value),
    }
  }

  #node(node: Node | null, path: Path, key?: Place): unknown {
    const value = node?.range ? this.#place(node.range[0]) : (key ?? { line: 1, column: 1 })
    if (isAlias(node)) return this.#alias(node.source, path, key, value)
    if (this.#aliasDepth > 0 && this.#aliasBudget-- <= 0) {
      if (this.#aliasBudget === -1) this.#broken(value, `aliases unfold to more than ${aliasBudget} values`)
      return null
    }
    const spot: Spot = { key, value }
    this.#spots.set(id(path), spot)
    if (node === null) return null
    if (node.anchor) this.#anchors.set(node.anchor, node)
    if (isScalar(node)) return this.#scalar(node, spot)
    this.#open.add(node)
    let result: unknown = null
    if (isSeq(node)) result = node.items.map((item, index) => this.#node(item as Node | null, [...path, index]))
    else if (isMap(node)) result = this.#map(node.items as Pair<Node, Node | null>[], path)
    this.#open.delete(node)
    return result
  }

  #scalar(node: Scalar, spot: Spot): unknown {
    spot.plain = node.type === 'PLAIN'
    spot.source = node.source ?? String(node.value)
    return typeof node.value === 'bigint' ? Number(node.value) : node.value
  }

  #alias(name: string, path: Path, key: Place | undefined, place: Place): unknown {
    const target = this.#anchors.get(name)
    if (!target || this.#open.has(target)) {
      this.#broken(place, target ? `alias "*${name}" holds itself` : `alias "*${name}" has no anchor before it`)
      return null
    }
    this.#aliasDepth++
    const value = this.#node(target, path, key)
    this.#aliasDepth--
    return value
  }

  #map(pairs: Pair<Node, Node | null>[], path: Path): Record<string, unknown> {
    const result: Record<string, unknown> = {}
    const merges: Node[] = []
    for (const { key: keyNode, value } of pairs) {
      const place = keyNode?.range ? this.#place(keyNode.range[0]) : { line: 1, column: 1 }
      const named = isAlias(keyNode) ? this.#anchors.get(keyNode.source) : keyNode
      if (!isScalar(named)) {
        this.#fault(place, 'a key must be a name')
        continue
      }
      const key = typeof named.value === 'string' ? named.value : (named.source ?? String(named.value))
      if (key === '<<' && named.type === 'PLAIN' && value) merges.push(value)
      else if (key === '__proto__') this.#fault(place, 'key "__proto__" is not allowed')
      else if (Object.hasOwn(result, key)) {
        const first = this.#spots.get(id([...path, key]))?.key?.line
        this.#fault(place, `key "${key}" is given twice${first ? ` (first in line ${first})` : ''}`)
      } else result[key] = this.#node(value, [...path, key], place)
    }
    for (const merge of merges) this.#merge(merge, path, result)
    return result
  }

  /** `<<: *base` or `<<: [*a, *b]`: keys that are already there win. */
  #merge(source: Node, path: Path, into: Record<string, unknown>): void {
    const node = isAlias(source) ? this.#anchors.get(source.source) : source
    const place = source.range ? this.#place(source.range[0]) : { line: 1, column: 1 }
    if (isSeq(node)) {
      for (const item of node.items) this.#merge(item as Node, path, into)
      return
    }
    if (!isMap(node) || this.#open.has(node)) {
      this.#fault(place, 'a merge key (<<) takes a mapping, or a list of mappings')
      return
    }
    this.#open.add(node)
    this.#aliasDepth++
    const fresh = (node.items as Pair<Node, Node | null>[]).filter(
      ({ key }) => !(isScalar(key) && Object.hasOwn(into, String(key.value))),
    )
    for (const [key, value] of Object.entries(this.#map(fresh, path))) if (!Object.hasOwn(into, key)) into[key] = value
    this.#aliasDepth--
    this.#open.delete(node)
  }

  #place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }

  #fault(place: Place, message: string): void {
    this.#faults.push({ ...place, path: '', message })
  }

  /** A fault after which the rest of the file cannot be judged. */
  #broken(place: Place, message: string): void {
    this.#readable = false
    this.#fault(place, message)
  }
}

const tooDeep = 'the file is nested too deeply'

/** The library's sentence with a small first letter, as ours have. */
function syntaxMessage(message: string): string {
  if (message.startsWith('Maximum call stack')) return tooDeep
  return `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`
}
