/**
 * JSON read from both of its ends within a budget, so that a conversation of any length costs the same.
 *
 * Outside of a string a quote begins or ends one, and a quote is escaped exactly if an odd number of backslashes stands
 * before it: both can be told from the bytes next to it, so that values can be stepped over backwards as well. What cannot
 * be reached within the budget is left alone. Grammar is not checked: whatever the bytes are, reading ends and throws nothing.
 */
import type { Span } from '../../wire/peek.ts'

/** Bytes that may still be looked at, one by one; native searches count a sixteenth. */
export interface Budget {
  left: number
}

/** A member of an object; `end` is -1 where the value is longer than could be looked through. */
export interface Member extends Span {
  key: string
}

const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
const COLON = 58
const LONGEST_KEY = 80

const isSpace = (c: number | undefined) => c === 32 || c === 10 || c === 13 || c === 9
const isOpen = (c: number) => c === 123 || c === 91
const isClose = (c: number) => c === 125 || c === 93

export function spaceAhead(body: Buffer, at: number): number {
  let i = at
  while (isSpace(body[i])) i += 1
  return i
}

/** The offset after the last byte before `end` that is no space. */
export function spaceBack(body: Buffer, end: number): number {
  let i = end
  while (i > 0 && isSpace(body[i - 1])) i -= 1
  return i
}

/** Bytes looked at one by one before a native search is worth its call. */
const STEPS = 192
const CALL = 160

/** `at` is an opening quote; the offset after the closing one, or -1. */
function stringEnd(body: Buffer, at: number, budget: Budget): number {
  const length = body.length
  let i = at + 1
  while (budget.left > 0) {
    const limit = Math.min(length, i + STEPS)
    const from = i
    while (i < limit) {
      const c = body[i]!
      if (c === QUOTE) {
        budget.left -= i - from + 1
        return i + 1
      }
      i += c === BACKSLASH ? 2 : 1
    }
    if (i >= length) return -1
    const quote = body.indexOf(QUOTE, i)
    if (quote < 0) return -1
    budget.left -= STEPS + CALL + ((quote - i) >> 4)
    if (!escaped(body, quote)) return quote + 1
    i = quote + 1
  }
  return -1
}

function escaped(body: Buffer, quote: number): boolean {
  let i = quote - 1
  while (i >= 0 && body[i] === BACKSLASH) i -= 1
  return (quote - 1 - i) % 2 === 1
}

/** `at` is a closing quote; the offset of the opening one, or -1. */
function stringStart(body: Buffer, at: number, budget: Budget): number {
  let i = at - 1
  while (budget.left > 0) {
    const limit = Math.max(0, i - STEPS)
    const from = i
    for (; i >= limit; i -= 1)
      if (body[i] === QUOTE && !escaped(body, i)) {
        budget.left -= from - i + 1
        return i
      }
    if (i < 0) return -1
    const quote = body.lastIndexOf(QUOTE, i)
    if (quote < 0) return -1
    budget.left -= STEPS + CALL + ((i - quote) >> 4)
    if (!escaped(body, quote)) return quote
    i = quote - 1
  }
  return -1
}

/** The offset after the value that begins at `at`, or -1. */
export function valueEnd(body: Buffer, at: number, budget: Budget): number {
  const first = body[at]
  if (first === undefined) return -1
  if (first === QUOTE) return stringEnd(body, at, budget)
  let depth = 0
  let i = at
  const most = Math.min(body.length, at + Math.max(0, budget.left))
  for (; i < most; i += 1) {
    const c = body[i]!
    if (c === QUOTE) {
      if (depth === 0) return -1
      const before = budget.left
      const end = stringEnd(body, i, budget)
      if (end < 0 || budget.left <= 0) return -1
      // What the string cost is paid; the walk pays below for the rest.
      budget.left = before - Math.max(1, before - budget.left)
      i = end - 1
    } else if (isOpen(c)) depth += 1
    else if (isClose(c)) {
      if (depth === 0) break
      depth -= 1
      budget.left -= 1
      if (depth === 0) return i + 1
    } else if (depth === 0 && (c === COMMA || isSpace(c))) break
    else budget.left -= 1
  }
  if (depth > 0 || i === at) return -1
  return i
}

/** The offset of the value that ends before `end`, or -1. */
export function valueStart(body: Buffer, end: number, budget: Budget): number {
  const last = body[end - 1]
  if (last === undefined) return -1
  if (last === QUOTE) return stringStart(body, end - 1, budget)
  let i = end - 1
  if (!isClose(last)) {
    while (i >= 0 && budget.left > 0) {
      const c = body[i]!
      if (c === COMMA || c === COLON || isSpace(c) || isOpen(c) || c === QUOTE) return i + 1 < end ? i + 1 : -1
      budget.left -= 1
      i -= 1
    }
    return -1
  }
  let depth = 0
  for (; i >= 0 && budget.left > 0; i -= 1) {
    const c = body[i]!
    if (c === QUOTE) {
      i = stringStart(body, i, budget)
      if (i < 0) return -1
    } else if (isClose(c)) depth += 1
    else if (isOpen(c)) {
      depth -= 1
      if (depth === 0) return i
    }
    budget.left -= 1
  }
  return -1
}

function keyOf(body: Buffer, start: number, end: number): string {
  return end - start > LONGEST_KEY ? '' : body.toString('latin1', start + 1, end - 1)
}

/**
 * The members of the object between `start` and `end`: from its beginning as far as `ahead` reaches, then from its end as
 * far as `back` does. One member may be longer than either: it ends where the reading from behind came to.
 */
export function members(body: Buffer, start: number, end: number, ahead: Budget, back: Budget): Member[] {
  const found: Member[] = []
  let at = spaceAhead(body, start + 1)
  while (at < end && body[at] === QUOTE) {
    const keyEnd = stringEnd(body, at, ahead)
    if (keyEnd < 0) return found
    const key = keyOf(body, at, keyEnd)
    at = spaceAhead(body, keyEnd)
    if (body[at] !== COLON) return found
    const valueAt = spaceAhead(body, at + 1)
    const valueTo = valueEnd(body, valueAt, ahead)
    if (valueTo < 0) {
      const rest = behind(body, valueAt, end, back)
      found.push({ key, start: valueAt, end: rest.end }, ...rest.members)
      return found
    }
    found.push({ key, start: valueAt, end: valueTo })
    at = spaceAhead(body, valueTo)
    if (body[at] !== COMMA) return found
    at = spaceAhead(body, at + 1)
  }
  return found
}

/** Members from the end of an object on backwards, until one that began before or at `floor`. */
function behind(body: Buffer, floor: number, end: number, budget: Budget): { end: number; members: Member[] } {
  const found: Member[] = []
  let at = spaceBack(body, end - 1)
  while (at > floor) {
    const valueAt = valueStart(body, at, budget)
    if (valueAt <= floor) break
    const colon = spaceBack(body, valueAt) - 1
    if (body[colon] !== COLON) break
    const keyEnd = spaceBack(body, colon)
    if (body[keyEnd - 1] !== QUOTE) break
    const keyAt = stringStart(body, keyEnd - 1, budget)
    if (keyAt <= floor) break
    found.unshift({ key: keyOf(body, keyAt, keyEnd), start: valueAt, end: at })
    const comma = spaceBack(body, keyAt) - 1
    if (body[comma] !== COMMA) break
    at = spaceBack(body, comma)
  }
  return { end: at, members: found }
}

/** The first elements of an array, in order. */
export function elementsAhead(body: Buffer, array: Span, most: number, budget: Budget): Span[] {
  const found: Span[] = []
  let at = spaceAhead(body, array.start + 1)
  while (found.length < most && at < array.end - 1) {
    const to = valueEnd(body, at, budget)
    if (to < 0) break
    found.push({ start: at, end: to })
    at = spaceAhead(body, to)
    if (body[at] !== COMMA) break
    at = spaceAhead(body, at + 1)
  }
  return found
}

/** Calls `visit` with the elements of an array from the last one on backwards, until it returns false or the budget ends. */
export function elementsBack(body: Buffer, array: Span, budget: Budget, visit: (element: Span) => boolean): boolean {
  let at = spaceBack(body, array.end - 1)
  while (at > array.start + 1) {
    const start = valueStart(body, at, budget)
    if (start <= array.start) return false
    if (!visit({ start, end: at })) return true
    const comma = spaceBack(body, start) - 1
    if (body[comma] !== COMMA) return true
    at = spaceBack(body, comma)
  }
  return true
}

/** The text of a string, as far as `most` bytes of its beginning and `most` of its end go; undefined if it is no string. */
export function stringOf(body: Buffer, span: Span, most: number): { head: string; tail: string } | undefined {
  if (body[span.start] !== QUOTE) return undefined
  const from = span.start + 1
  const to = body[span.end - 1] === QUOTE && span.end - 1 > span.start ? span.end - 1 : span.end
  if (to - from <= most * 2) return { head: unescaped(body, from, to), tail: '' }
  return { head: unescaped(body, from, from + most), tail: unescaped(body, to - most, to) }
}

/** The text that the bytes of a part of a string spell; a character or an escape that is cut is left out. */
export function unescaped(body: Buffer, start: number, end: number): string {
  let from = start
  let to = end
  while (from < to && (body[from]! & 0xc0) === 0x80) from += 1
  // An escape that begins just before this part would otherwise be read from its middle.
  if (from > 0 && body[from - 1] === BACKSLASH && escaped(body, from)) from += body[from] === 117 ? 5 : 1
  else
    for (let k = 2; k <= 5; k += 1)
      if (body[from - k] === BACKSLASH && body[from - k + 1] === 117 && escaped(body, from - k + 1)) {
        from += 6 - k
        break
      }
  let cut = to - 1
  while (cut > from && (body[cut]! & 0xc0) === 0x80) cut -= 1
  if (body[cut]! >= 0xc0) {
    const size = body[cut]! >= 0xf0 ? 4 : body[cut]! >= 0xe0 ? 3 : 2
    if (cut + size > to) to = cut
  }
  for (let k = 1; k <= 6 && to - k >= from; k += 1)
    if (body[to - k] === BACKSLASH && !escaped(body, to - k)) {
      if (k < (body[to - k + 1] === 117 ? 6 : 2)) to -= k
      break
    }
  if (from >= to) return ''
  const raw = body.toString('utf8', from, to)
  if (!raw.includes('\\')) return raw
  try {
    // Native where it is a string as JSON has them; what is none is still read below.
    return JSON.parse(`"${raw}"`)
  } catch {
    return loosely(raw)
  }
}

/** Escapes undone in what is no JSON string: unknown ones, bare line ends. */
function loosely(raw: string): string {
  return raw.replace(/\\(?:u([\da-fA-F]{4})|(.))/gs, (whole, hex: string | undefined, c: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    return c === undefined ? whole : (ESCAPES[c] ?? c)
  })
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }
