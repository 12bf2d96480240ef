/**
 * The config file as it may be shown: every secret replaced by a marker (`***1`), and back again. Whoever saves a text with
 * its markers unchanged keeps the secrets; a marker may stand only where a secret may stand, so that it cannot be used to
 * have a secret shown in a place that is shown.
 */
import { isMap, isPair, isScalar, isSeq, type Node, parseDocument, type Scalar } from 'yaml'
import { type Path, showPath } from './read.ts'

export interface Masked {
  text: string
  /** Values by the number of their marker; index 0 is not used. */
  secrets: readonly Secret[]
  /** Paths of the values that are masked. */
  paths: readonly string[]
  /** What was masked. */
  original: string
}

interface Secret {
  value: string
  /** As it is written in the file; empty where it cannot be put elsewhere as it is. */
  source: string
}

/** A marker that stands, or is used, where it may not. */
export interface MarkerFault {
  line: number
  column: number
  path: string
  message: string
}

/** A stretch of the text to be masked. */
interface Range {
  from: number
  to: number
  value: string
  /** Whether it is a whole scalar, so that its marker is written in quotes. */
  scalar: boolean
}

const MARKER = /\*\*\*(\d{1,6})/g
const WHOLE_MARKER = /^\*\*\*(\d{1,6})$/
/** `${NAME}` without a default: no secret, and worth showing. */
const VARIABLE = /^\$?\$\{[A-Za-z_][A-Za-z0-9_]*\}$/
const SECRET_NAMES = new Set([
  'api-key',
  'api-keys',
  'key',
  'secret',
  'secret-key',
  'client-secret',
  'password',
  'passphrase',
  'token',
  'access-token',
  'refresh-token',
  'authorization',
])
/** Lists whose entries are mappings with a key; a bare text there is the key, in the wrong place. */
const HOLDERS = /-api-key$|^api-key-entries$|^remote-management$/
/** Secrets by their look: for comments, and for keys that were spelled wrong. */
const LOOKS =
  /\b(?:sk-[\w-]{12,}|AIza[\w-]{20,}|lp-[A-Za-z0-9]{16,}|lpa-[A-Za-z0-9]{16,}|xai-[\w-]{12,}|GOCSPX-[\w-]{12,}|gh[a-z]_\w{16,}|eyJ[\w-]{12,}(?:\.[\w-]+)*|sha256:[0-9a-fA-F]{64}|(?:Bearer|Basic)\s+[\w.~+/=-]{8,})/g
const COMMENTED =
  /^\s*#.*?(?:^|[\s"'{,-])(?:api-key|key|secret|secret-key|password|passphrase|token)["']?\s*:\s*["']?([^\s"',}#]+)/
const USER = /^[a-z][a-z0-9+.-]*:\/\/([^/\s?#]*)@/i
const QUERY = /[?&](?:password|sslpassword|key|api_key|token|secret)=([^&\s"'#]+)/gi
/** Shorter values are too likely to be ordinary words. */
const SHORTEST_COPY = 8

/** Whether what stands at this path is a secret, which nobody is shown. */
export function isSecretPath(path: Path): boolean {
  const names = path.filter((part): part is string => typeof part === 'string')
  const last = names.at(-1) ?? ''
  if (names.slice(0, -1).some((name) => name.toLowerCase() === 'headers')) return true
  if (last === 'key' && names.at(-2) === 'tls') return false
  if (typeof path.at(-1) === 'number') return SECRET_NAMES.has(last) || HOLDERS.test(last)
  return SECRET_NAMES.has(last.toLowerCase()) || HOLDERS.test(last)
}

/**
 * Masks a text; never throws, whatever the text is.
 * @param known further values that must not show.
 */
export function maskSecrets(text: string, known: readonly string[] = []): Masked {
  const ranges: Range[] = []
  const paths: string[] = []
  walk(text, (node, path) => {
    const [from, to] = extent(text, node)
    const value = String(node.value ?? '')
    if (isSecretPath(path)) {
      if (value === '' || VARIABLE.test(value) || isHeaderCopy(path, value)) return
      paths.push(showPath(path))
      ranges.push({ from, to, value, scalar: true })
      return
    }
    const inner = ranges.length
    for (const [at, length] of urlSecrets(text.slice(from, to)))
      ranges.push({
        from: from + at,
        to: from + at + length,
        value: text.slice(from + at, from + at + length),
        scalar: false,
      })
    if (ranges.length > inner) paths.push(showPath(path))
  })
  const taken = () => ranges.toSorted((a, b) => a.from - b.from)
  let sorted = taken()
  const offer = (from: number, to: number) => {
    if (to <= from || sorted.some((r) => from < r.to && to > r.from)) return
    ranges.push({ from, to, value: text.slice(from, to), scalar: false })
  }
  for (const [from, to] of commented(text)) offer(from, to)
  for (const found of text.matchAll(LOOKS)) offer(found.index, found.index + found[0].length)
  for (const found of text.matchAll(MARKER)) offer(found.index, found.index + found[0].length)
  sorted = taken()
  const values = new Set([...ranges.map(({ value }) => value), ...known].filter((v) => v.length >= SHORTEST_COPY))
  for (const value of values)
    for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + value.length))
      offer(at, at + value.length)
  return written(text, apart(taken()), paths)
}

/** Stretches that do not overlap, in order. */
function apart(sorted: readonly Range[]): Range[] {
  const kept: Range[] = []
  for (const range of sorted) if (range.from >= (kept.at(-1)?.to ?? 0)) kept.push(range)
  return kept
}

function written(text: string, ranges: readonly Range[], paths: readonly string[]): Masked {
  const secrets: Secret[] = [{ value: '', source: '' }]
  const numbers = new Map<string, number>()
  let out = ''
  let at = 0
  for (const { from, to, value, scalar } of ranges) {
    const source = text.slice(from, to)
    const key = `${scalar}\n${value}`
    let number = numbers.get(key)
    if (number === undefined) {
      number = secrets.push({ value, source: source.includes('\n') ? '' : source }) - 1
      numbers.set(key, number)
    }
    out += text.slice(at, from) + (scalar ? `"***${number}"` : `***${number}`)
    at = to
  }
  return { text: out + text.slice(at), secrets, paths, original: text }
}

/**
 * Puts the secrets back.
 * @param masked what the text was made from.
 * @returns faults where a marker is unknown or stands where no secret may; then the text is not to be used.
 */
export function unmaskSecrets(text: string, masked: Masked): { text: string; faults: MarkerFault[] } {
  if (text === masked.text) return { text: masked.original, faults: [] }
  const faults: MarkerFault[] = []
  const parts: { from: number; to: number; text: string }[] = []
  const blame = (from: number, path: Path, message: string) =>
    faults.push({ ...placeOf(text, from), path: showPath(path), message })
  const secretOf = (number: string, from: number, path: Path): Secret | undefined => {
    const secret = Number(number) === 0 ? undefined : masked.secrets[Number(number)]
    if (secret === undefined) blame(from, path, `***${number} stands for no secret of this file; give the value itself`)
    return secret
  }
  const seen: [number, number][] = []
  walk(
    text,
    (node, path, key) => {
      const [from, to] = extent(text, node)
      seen.push([from, to])
      const source = text.slice(from, to)
      if (!source.includes('***')) return
      const whole = WHOLE_MARKER.exec(String(node.value ?? ''))
      if (key !== true && whole !== null && isSecretPath(path)) {
        const secret = secretOf(whole[1]!, from, path)
        if (secret !== undefined) parts.push({ from, to, text: secret.source || JSON.stringify(secret.value) })
        return
      }
      const places = key === true ? [] : urlSecrets(source)
      for (const found of source.matchAll(MARKER)) {
        const inUrl = places.some(([at, length]) => found.index >= at && found.index + found[0].length <= at + length)
        if (!inUrl)
          blame(from, path, `${found[0]} stands for a secret, and here no secret is expected; give the value itself`)
        else {
          const secret = secretOf(found[1]!, from, path)
          const start = from + found.index
          if (secret !== undefined) parts.push({ from: start, to: start + found[0].length, text: secret.value })
        }
      }
    },
    true,
  )
  // What is no key and no value is a comment.
  for (const found of text.matchAll(MARKER)) {
    if (seen.some(([from, to]) => found.index >= from && found.index < to)) continue
    const secret = secretOf(found[1]!, found.index, [])
    if (secret !== undefined) parts.push({ from: found.index, to: found.index + found[0].length, text: secret.value })
  }
  if (faults.length > 0) return { text, faults }
  let out = ''
  let at = 0
  for (const part of parts.sort((a, b) => a.from - b.from)) {
    out += text.slice(at, part.from) + part.text
    at = part.to
  }
  return { text: out + text.slice(at), faults }
}

type Visit = (node: Scalar, path: Path, key?: true) => void

/** Visits every scalar of the text, also of one whose syntax is broken, as far as it can be read. */
function walk(text: string, visit: Visit, keysToo = false): void {
  try {
    const doc = parseDocument(text, { uniqueKeys: false, logLevel: 'silent', prettyErrors: false })
    step(doc.contents as Node | null, [])
  } catch {
    // Nested beyond any config: there is nothing to visit, and it cannot be loaded either.
  }
  function step(node: Node | null, path: Path): void {
    if (isScalar(node)) visit(node, path)
    else if (isSeq(node)) for (const [index, item] of node.items.entries()) step(item as Node | null, [...path, index])
    else if (isMap(node))
      for (const pair of node.items) {
        if (!isPair(pair)) continue
        const name = isScalar(pair.key) ? String(pair.key.value) : ''
        if (keysToo && isScalar(pair.key)) visit(pair.key, [...path, name], true)
        step(pair.value as Node | null, [...path, name])
      }
  }
}

/** Where a scalar is written, without the line's end that belongs to a block. */
function extent(text: string, node: Node): [number, number] {
  const [from, to] = node.range ?? [0, 0]
  return [from, from + text.slice(from, to).trimEnd().length]
}

/** `$Name` copies the client's header of that name: no secret. */
const isHeaderCopy = (path: Path, value: string) =>
  /^\$[A-Za-z][\w-]*$/.test(value) && path.some((part) => String(part).toLowerCase() === 'headers')

/** Name and password, and credentials in the query, of a URL as it is written. */
function urlSecrets(source: string): [at: number, length: number][] {
  const bare = source.replace(/^["']/, '')
  const shift = source.length - bare.length
  const found: [number, number][] = []
  const user = USER.exec(bare)
  if (user !== null && user[1] !== '' && !VARIABLE.test(user[1]!))
    found.push([shift + user[0].length - 1 - user[1]!.length, user[1]!.length])
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(bare))
    for (const hit of bare.matchAll(QUERY))
      found.push([shift + hit.index + hit[0].length - hit[1]!.length, hit[1]!.length])
  return found
}

/** Values that look like settings in comments: `# api-key: …`, and items below `# api-keys:`. */
function* commented(text: string): Generator<[number, number]> {
  let at = 0
  let inKeys = false
  for (const line of text.split('\n')) {
    if (/^\s*#/.test(line)) {
      const named = COMMENTED.exec(line)
      const item = inKeys ? /^\s*#\s*-\s*["']?([^\s"':]{4,})["']?\s*$/.exec(line) : null
      for (const found of [named, item]) {
        if (found === null || VARIABLE.test(found[1]!)) continue
        const from = at + line.lastIndexOf(found[1]!)
        yield [from, from + found[1]!.length]
      }
      if (/^\s*#\s*api-keys\s*:\s*$/.test(line)) inKeys = true
      else if (/^\s*#\s*[\w-]+\s*:/.test(line)) inKeys = false
    } else inKeys = false
    at += line.length + 1
  }
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
