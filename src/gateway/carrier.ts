/** What carries an answer that does not travel as the bytes it came in. */
import { parseExact, stringifyExact } from '../protocols/exact-json.ts'
import { decodeUtf8, type Sse } from '../wire/sse.ts'

export interface Carrier {
  /** What the client gets for an upstream event; wire text, perhaps none. */
  event(event: Sse): string
  /** What closes an answer that ended well. */
  end(): string
  /**
   * What the client gets for a whole answer; absent: the answer itself.
   * @throws {FailureError} if it cannot be read.
   */
  whole?(body: Buffer): Buffer
}

/** Gemini's stream without `alt=sse`: the events' data as the elements of one JSON array. */
export function jsonArrayCarrier(): Carrier {
  let elements = 0
  return {
    event({ data }) {
      if (data === '[DONE]') return ''
      elements += 1
      return `${elements === 1 ? '[' : ',\r\n'}${decodeUtf8(data)}`
    },
    end: () => (elements === 0 ? '[]' : ']'),
  }
}

/** Events in an envelope, as the events that were in it. */
export function eventsCarrier(): Carrier {
  return {
    event: ({ event, data }) =>
      `${event === '' || event === 'message' ? '' : `event: ${event}\n`}data: ${decodeUtf8(data)}\n\n`,
    end: () => '',
  }
}

/** The other way round: the elements of such an array as events; undefined if it is none. */
export function eventsOfArray(body: Buffer): Buffer | undefined {
  const value = parseExact(body.toString('utf8'))
  if (!Array.isArray(value)) return undefined
  return Buffer.from(value.map((element) => `data: ${stringifyExact(element)}\r\n\r\n`).join(''))
}
