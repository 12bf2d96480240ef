/**
 * Finds top-level members of a JSON object in its bytes without parsing it, and replaces one of them.
 *
 * One pass over the bytes knows strings, escapes and depth, so that `"model"` inside a tool schema is not taken for the
 * model, a body that is cut off or nested too deep is noticed, and of duplicate keys the last one counts, as it does for
 * the JSON readers of every vendor.
 */

/** Where a member's value stands: byte offsets, end exclusive. */
export interface Span {
  start: number
  end: number
}

export class PeekError extends Error {
  readonly reason: 'malformed' | 'too-deep' | 'not-an-object'
  constructor(reason: 'malformed' | 'too-deep' | 'not-an-object', message: string) {
    super(message)
    this.name = 'PeekError'
    this.reason = reason
  }
}

const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
const COLON = 58
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93

/** Bytes that are sooner looked at one by one than searched natively. */
const SHORT = 16

/**
 * Locates the given members of the object that `body` spells.
 * @param names member names to find; a name given twice in the body is found where it stands last.
 * @param maxDepth deepest nesting taken, the outer object counting 1.
 * @throws {PeekError} if the bytes are no JSON object, end too early, close what was not opened or nest too deep.
 *   Deeper grammar (a missing comma inside a nested value) is not checked.
 */
export function peek(body: Buffer, names: readonly string[], maxDepth = 200): Map<string, Span> {
  try {
    return look(body, names, maxDepth)
  } finally {
    closeWindow()
  }
}

function look(body: Buffer, names: readonly string[], maxDepth: number): Map<string, Span> {
  const found = new Map<string, Span>()
  const length = body.length
  let at = skipSpace(body, length > 2 && body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0)
  if (at >= length) throw new PeekError('malformed', 'the body is empty')
  if (body[at] !== OPEN_BRACE) throw new PeekError('not-an-object', 'the body is not a JSON object')
  at = skipSpace(body, at + 1)
  if (body[at] === CLOSE_BRACE) return ended(body, at + 1, found)
  for (;;) {
    if (body[at] !== QUOTE) throw malformed(body, at)
    const keyEnd = stringEnd(body, at)
    const key = wantedKey(body, at, keyEnd, names)
    at = skipSpace(body, keyEnd)
    if (body[at] !== COLON) throw malformed(body, at)
    const start = skipSpace(body, at + 1)
    const end = valueEnd(body, start, maxDepth)
    if (key !== undefined) found.set(key, { start, end })
    at = skipSpace(body, end)
    const c = body[at]
    if (c === COMMA) {
      at = skipSpace(body, at + 1)
    } else if (c === CLOSE_BRACE) {
      return ended(body, at + 1, found)
    } else throw malformed(body, at)
  }
}

/** The spans of the first `count` elements of the array that starts at `start`; empty if no array stands there. */
export function peekElements(body: Buffer, start: number, count: number, maxDepth = 200): Span[] {
  try {
    return elements(body, start, count, maxDepth)
  } finally {
    closeWindow()
  }
}

function elements(body: Buffer, start: number, count: number, maxDepth: number): Span[] {
  const spans: Span[] = []
  if (body[start] !== OPEN_BRACKET) return spans
  let at = skipSpace(body, start + 1)
  while (spans.length < count && at < body.length && body[at] !== CLOSE_BRACKET) {
    const end = valueEnd(body, at, maxDepth)
    spans.push({ start: at, end })
    at = skipSpace(body, end)
    if (body[at] !== COMMA) break
    at = skipSpace(body, at + 1)
  }
  return spans
}

/** The string a span spells, or undefined if it spells something else. */
export function spanString(body: Buffer, span: Span | undefined): string | undefined {
  if (span === undefined || body[span.start] !== QUOTE) return undefined
  try {
    return JSON.parse(body.toString('utf8', span.start, span.end)) as string
  } catch {
    return undefined
  }
}

/** A copy of `body` with the bytes of `span` replaced by `text`. */
export function splice(body: Buffer, span: Span, text: string): Buffer {
  const insert = Buffer.byteLength(text)
  const out = Buffer.allocUnsafe(body.length - (span.end - span.start) + insert)
  body.copy(out, 0, 0, span.start)
  out.write(text, span.start, insert, 'utf8')
  body.copy(out, span.start + insert, span.end)
  return out
}

function ended(body: Buffer, at: number, found: Map<string, Span>): Map<string, Span> {
  const rest = skipSpace(body, at)
  if (rest !== body.length) throw malformed(body, rest)
  return found
}

function malformed(body: Buffer, at: number): PeekError {
  if (at >= body.length) return new PeekError('malformed', 'the JSON ends too early')
  return new PeekError('malformed', `unexpected character at byte ${at} of the JSON`)
}

function skipSpace(body: Buffer, at: number): number {
  for (;;) {
    const c = body[at]
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return at
    at += 1
  }
}

/** `at` is an opening quote; returns the offset after the closing one. */
function stringEnd(body: Buffer, at: number): number {
  const length = body.length
  let i = at + 1
  const limit = Math.min(i + SHORT, length)
  while (i < limit) {
    const c = body[i]!
    if (c === QUOTE) return i + 1
    i += c === BACKSLASH ? 2 : 1
  }
  // A long stretch: search natively, then see whether an odd run of backslashes guards the quote.
  for (let from = i; ; ) {
    const quote = nextQuote(body, i)
    if (quote === -1) throw malformed(body, length)
    let slashes = 0
    for (let k = quote - 1; k >= from && body[k] === BACKSLASH; k -= 1) slashes += 1
    if (slashes % 2 === 0) return quote + 1
    from = quote + 1
    i = from
  }
}

/**
 * The stretch of a body that is searched for quotes, as text: a call to search text costs a fifth of one to search bytes,
 * and code in JSON has a quote every few dozen bytes. One for all, as nothing is left in it.
 */
const WINDOW_BYTES = 16 * 1024
let windowText = ''
/** Where it begins in the body that is looked at. */
let windowAt = 0

function closeWindow(): void {
  windowText = ''
}

/** The first quote at `from` or behind it; -1 if there is none. */
function nextQuote(body: Buffer, from: number): number {
  for (let at = from; at < body.length; at = windowAt + windowText.length) {
    if (at < windowAt || at >= windowAt + windowText.length) {
      windowAt = at
      windowText = body.toString('latin1', at, Math.min(at + WINDOW_BYTES, body.length))
    }
    const found = windowText.indexOf('"', at - windowAt)
    if (found !== -1) return windowAt + found
  }
  return -1
}

/** The kinds of the brackets that are open in the value that is looked at: one list for all, made short again when long. */
const open: number[] = []
const MOST_OPEN = 1_000

/** `at` is the first byte of a value; returns the offset after it. */
function valueEnd(body: Buffer, at: number, maxDepth: number): number {
  const first = body[at]
  if (first === QUOTE) return stringEnd(body, at)
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return literalEnd(body, at)
  const length = body.length
  if (open.length > MOST_OPEN) open.length = 0
  let depth = 0
  let i = at
  while (i < length) {
    const c = body[i]!
    if (c === QUOTE) {
      i = stringEnd(body, i)
      continue
    }
    if (c === OPEN_BRACE || c === OPEN_BRACKET) {
      open[depth] = c
      depth += 1
      if (depth >= maxDepth) throw new PeekError('too-deep', `the JSON is nested deeper than ${maxDepth} levels`)
    } else if (c === CLOSE_BRACE || c === CLOSE_BRACKET) {
      // Both closing characters are their opening one plus two.
      depth -= 1
      if (open[depth] !== c - 2) throw malformed(body, i)
      if (depth === 0) return i + 1
    }
    i += 1
  }
  throw malformed(body, length)
}

const LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/

function literalEnd(body: Buffer, at: number): number {
  let end = at
  for (;;) {
    const c = body[end]
    if (c === undefined || c === COMMA || c === CLOSE_BRACE || c === CLOSE_BRACKET || c <= 32) break
    end += 1
  }
  if (!LITERAL.test(body.toString('latin1', at, end))) throw malformed(body, at)
  return end
}

/** The name among `names` that the key at `start` spells, if any. Nothing is allocated for a plain key. */
function wantedKey(body: Buffer, start: number, end: number, names: readonly string[]): string | undefined {
  const length = end - start - 2
  for (const name of names) if (name.length === length && spells(body, start + 1, name)) return name
  for (let i = start + 1; i < end - 1; i += 1)
    if (body[i] === BACKSLASH || body[i]! > 0x7e) return wantedOddKey(body, start, end, names)
  return undefined
}

/** The same for a key with escapes or beyond ASCII. */
function wantedOddKey(body: Buffer, start: number, end: number, names: readonly string[]): string | undefined {
  try {
    const key = JSON.parse(body.toString('utf8', start, end)) as string
    return names.includes(key) ? key : undefined
  } catch {
    throw malformed(body, start)
  }
}

function spells(body: Buffer, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i += 1) if (body[at + i] !== name.charCodeAt(i)) return false
  return true
}
