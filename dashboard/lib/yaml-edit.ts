/**
 * Changes single keys of a YAML text and leaves the rest as it was: a scalar is replaced where it stands, a new key is put at
 * the end, and only what neither fits goes through the document (which keeps comments, but may move white space).
 */
import { type Document, isMap, isScalar, parseDocument, stringify } from 'yaml'

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

const plain = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)

/** @param value undefined takes the key away. The text must be without faults of syntax. */
export function setIn(text: string, path: Path, value: unknown): string {
  const doc = parseDocument(text)
  if (value === undefined) return removed(doc, text, path)
  const node = doc.getIn(path, true)
  if (isScalar(node) && node.range && plain(value) && !node.anchor) {
    const quoted =
      node.type === 'QUOTE_DOUBLE' && typeof value === 'string'
        ? JSON.stringify(value)
        : stringify(value, { lineWidth: 0 }).trimEnd()
    // A block scalar, or an empty value, has no room of its own to write into.
    if (!quoted.includes('\n') && node.range[1] > node.range[0]) {
      const next = text.slice(0, node.range[0]) + quoted + text.slice(node.range[1])
      if (valueAt(parseYaml(next).values, path) === value) return next
    }
  }
  const [first] = path
  if (typeof first === 'string' && !doc.has(first)) {
    const nested = path
      .slice(1)
      .reduceRight<unknown>((inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }), value)
    const added = stringify({ [first]: nested }, { lineWidth: 0 })
    return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${added}`
  }
  doc.setIn(path, doc.createNode(value))
  return written(doc)
}

function removed(doc: Document, text: string, path: Path): string {
  if (!doc.hasIn(path)) return text
  doc.deleteIn(path)
  // A mapping that has lost its last key would stand as an empty `{}`.
  for (let depth = path.length - 1; depth > 0; depth -= 1) {
    const parent = doc.getIn(path.slice(0, depth), true)
    if (!isMap(parent) || parent.items.length > 0) break
    doc.deleteIn(path.slice(0, depth))
  }
  return written(doc)
}

const written = (doc: Document) => doc.toString({ lineWidth: 0, flowCollectionPadding: false })
