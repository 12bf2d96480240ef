/**
 * JSON whose numbers survive. An integer beyond 2^53 or a decimal with more digits than a double holds would come out of
 * `JSON.parse` as another number; here it is kept as the text it came as (`JSON.rawJSON`) and written back unchanged.
 */

interface RawJson {
  rawJSON: string
}

// In ECMAScript 2026 and in Node 24, not yet in the types of TypeScript's es2024 library.
const json = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  rawJSON(text: string): RawJson
  isRawJSON(value: unknown): value is RawJson
}

/** Numbers of up to 15 significant digits without exponent are doubles without loss. */
const LONG_NUMBER = /\d[\d.]{15,}|\d[eE]/

/**
 * Parses text, keeping what a double cannot hold.
 * @throws {SyntaxError} as `JSON.parse` does.
 */
export function parseExact(text: string): unknown {
  // Nearly every text has short numbers only; then the reviver's cost is not paid.
  if (!LONG_NUMBER.test(text)) return JSON.parse(text)
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && JSON.stringify(value) !== source
      ? json.rawJSON(source)
      : value,
  )
}

/** Writes a value; numbers `parseExact` kept come out as they went in. `undefined` for what JSON has no form for. */
export function stringifyExact(value: unknown): string {
  return JSON.stringify(value)
}

/** Whether the value is a number `parseExact` kept as text. */
export function isExactNumber(value: unknown): boolean {
  return json.isRawJSON(value)
}
