/**
 * Bytes ↔ server-sent events, push style (WHATWG HTML, "event stream interpretation").
 *
 * The parser works on the latin1 view of the bytes: a UTF-8 sequence split over two chunks cannot break it, lines are
 * found with native searches, and an event that nobody decodes costs no UTF-8 pass. `decodeUtf8` turns a field into text.
 */

/** One event: its name (`''` when the stream names none) and its data as latin1 text, lines joined by `\n`. */
export interface Sse {
  event: string
  data: string
}

export interface SseParser {
  /**
   * Takes the next bytes and calls back for every event they complete.
   * @returns how many bytes of `chunk` belong to finished events; what follows is the start of an unfinished one.
   * @throws {SseTooLargeError} when one event grows over the limit.
   */
  push(chunk: Buffer): number
  /** Bytes of the unfinished event so far. */
  readonly pending: number
}

export class SseTooLargeError extends Error {
  readonly limit: number
  constructor(limit: number) {
    super(`one server-sent event is larger than ${limit} bytes`)
    this.name = 'SseTooLargeError'
    this.limit = limit
  }
}

const NON_ASCII = /[\x80-\xff]/

/** Turns latin1-viewed bytes into the UTF-8 text they spell. Free for ASCII. */
export function decodeUtf8(latin1: string): string {
  return NON_ASCII.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1
}

const LF = 10
const CR = 13
const COLON = 58
const SPACE = 32
const UTF8_BOM = '\xef\xbb\xbf'
const DEFAULT_MAX_EVENT_BYTES = 8 * 1024 * 1024

/**
 * Makes a parser. Lines may end in LF, CRLF or CR; a leading BOM is skipped; comments and unknown fields are ignored, and
 * so are `id` and `retry`, which mean nothing in a model's answer.
 * @param maxEventBytes how large an unfinished event may grow, in bytes on the wire. One that comes whole in a chunk is
 *   let through: its memory is spent already, and looking would cost every event.
 */
export function createSseParser(
  onEvent: (event: Sse) => void,
  maxEventBytes: number = DEFAULT_MAX_EVENT_BYTES,
): SseParser {
  let event = ''
  let data: string | undefined
  // Pieces of an unfinished line; joined once it ends, so that a 10 MB line is copied once and not once per chunk.
  let line: string[] = []
  let firstLine = true
  let skipLf = false

  function take(text: string): void {
    if (firstLine) {
      firstLine = false
      if (text.startsWith(UTF8_BOM)) text = text.slice(UTF8_BOM.length)
    }
    if (text.startsWith('data')) {
      const value = fieldValue(text, 4)
      if (value !== undefined) data = data === undefined ? value : `${data}\n${value}`
    } else if (text.startsWith('event')) {
      event = fieldValue(text, 5) ?? event
    }
  }

  function dispatch(): void {
    if (data !== undefined) onEvent({ event, data })
    event = ''
    data = undefined
  }

  // `pending` is a field and no getter: V8 allocates a getter written in an object literal in the old generation, where it
  // keeps all it can reach alive until the next full collection.
  const parser = {
    pending: 0,
    push(chunk: Buffer): number {
      const text = chunk.toString('latin1')
      const hasCr = text.includes('\r')
      let at = 0
      let finished = 0
      if (skipLf && text.length > 0) {
        skipLf = false
        if (text.charCodeAt(0) === LF) {
          at = 1
          if (parser.pending === 0) finished = 1
        }
      }
      while (at < text.length) {
        let end = text.indexOf('\n', at)
        if (hasCr) {
          const cr = text.indexOf('\r', at)
          if (cr !== -1 && (end === -1 || cr < end)) end = cr
        }
        if (end === -1) {
          line.push(at === 0 ? text : text.slice(at))
          break
        }
        let next = end + 1
        if (text.charCodeAt(end) === CR) {
          if (next === text.length) skipLf = true
          else if (text.charCodeAt(next) === LF) next += 1
        }
        if (end === at && line.length === 0) {
          dispatch()
          firstLine = false
          finished = next
        } else {
          let whole = text.slice(at, end)
          if (line.length > 0) {
            line.push(whole)
            whole = line.join('')
            line = []
          }
          take(whole)
        }
        at = next
      }
      parser.pending = finished > 0 ? text.length - finished : parser.pending + text.length
      if (parser.pending > maxEventBytes) throw new SseTooLargeError(maxEventBytes)
      return finished
    },
  }
  return parser
}

function fieldValue(line: string, colon: number): string | undefined {
  if (line.length === colon) return ''
  if (line.charCodeAt(colon) !== COLON) return undefined
  return line.slice(line.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1)
}

/** Writes one event. `data` must hold no line break; JSON never does. */
export function formatSse(data: string, event = ''): string {
  return event === '' ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`
}
