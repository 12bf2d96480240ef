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

/**
 * Whether there may be a number of more than 15 significant digits or with an exponent: only then can a double fall short.
 * It has to stand where a number can, so that base64 text does not cost a slow parse.
 */
const LONG_NUMBER = /(?:^|[:,[])\s*-?(?:[\d.]{16}|[\d.]+[eE])/

/**
 * Parses text, keeping what a double cannot hold.
 * @throws {SyntaxError} as `JSON.parse` does.
 */
export function parseExact(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text)
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && isLossy(value, source) ? json.rawJSON(source) : value,
  )
}

/** Whether the double is another number than the text says; `1.0` and `1e3` are not. */
function isLossy(value: number, source: string): boolean {
  if (String(value) === source) return false
  if (!Number.isFinite(value)) return true
  const [digits, scale] = decimal(source)
  if (digits.length <= 15 && Math.abs(scale) < 290) return false
  const [kept, keptScale] = decimal(String(value))
  return digits !== kept || scale !== keptScale
}

/** Significant digits, and the power of ten of the last one. */
function decimal(text: string): [digits: string, scale: number] {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().replace('-', '').split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const all = `${whole}${fraction}`
  const digits = all.replace(/0+$/, '')
  const significant = digits.replace(/^0+/, '')
  // `-` before an exponent was taken with the sign; a negative exponent keeps its own.
  const power = Number(/e-/i.test(text) ? `-${exponent.replace('-', '')}` : exponent)
  return significant === '' ? ['', 0] : [significant, power - fraction.length + all.length - digits.length]
}

/** Writes a value; numbers `parseExact` kept come out as they went in. `undefined` for what JSON has no form for. */
export function stringifyExact(value: unknown): string {
  return JSON.stringify(value)
}

/** The nearest double of a number `parseExact` gave; undefined if the value is no number. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return json.isRawJSON(value) ? Number(value.rawJSON) : undefined
}

/** Whether the value is a number `parseExact` kept as text. */
export function isExactNumber(value: unknown): boolean {
  return json.isRawJSON(value)
}
