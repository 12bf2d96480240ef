/**
 * Free-text tools in dialects that have only functions: the tool becomes a function with one string, `{"input": "…"}`.
 * On the way back the string is unwrapped as it streams.
 */

/** The JSON Schema such a function has. */
export const CUSTOM_SCHEMA = {
  type: 'object',
  properties: { input: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
  required: ['input'],
  additionalProperties: false,
} as const

export interface Unwrapper {
  /** @returns the free text that these pieces of JSON complete. */
  push(json: string): string
  /** What is left when the call ends: everything, if it was not of the expected form. */
  end(): string
}

const HEAD = /^\s*\{\s*"input"\s*:\s*"/
/** So much JSON may stand before the string; a longer beginning is of another form. */
const HEAD_LIMIT = 64

/** Unwraps one call. */
export function customUnwrapper(): Unwrapper {
  let pending = ''
  let inString = false
  let done = false
  let raw = ''

  return {
    push(json) {
      raw += json
      if (done) return ''
      pending += json
      if (!inString) {
        const head = HEAD.exec(pending)
        if (head === null) return ''
        inString = true
        pending = pending.slice(head[0].length)
      }
      // Up to the closing quote, or to an escape that is not whole yet.
      let end = 0
      while (end < pending.length) {
        const c = pending[end]
        if (c === '"') {
          done = true
          break
        }
        if (c === '\\') {
          const length = pending[end + 1] === 'u' ? 6 : 2
          // A surrogate pair is two escapes; splitting it would leave half a character, which text may hold for a while.
          if (end + length > pending.length) break
          end += length
        } else end += 1
      }
      const piece = pending.slice(0, end)
      pending = pending.slice(end)
      return decoded(piece)
    },
    end() {
      if (inString) return ''
      // Not `{"input": "…`: hand on what there is, the only thing that is not a guess.
      if (raw.length <= HEAD_LIMIT && /^\s*(?:\{\s*\})?\s*$/.test(raw)) return ''
      return raw
    },
  }
}

function decoded(piece: string): string {
  if (!piece.includes('\\')) return piece
  try {
    return JSON.parse(`"${piece.replace(/[\n\r\t]/g, (c) => JSON.stringify(c).slice(1, -1))}"`) as string
  } catch {
    return piece
  }
}
