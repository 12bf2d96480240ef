/** One line of the JSON log, made readable. Nothing an upstream or a client said can steer the terminal. */

const COLOURS: Record<string, string> = {
  trace: '\x1b[90m',
  debug: '\x1b[36m',
  info: '\x1b[32m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
  fatal: '\x1b[41m',
}
const DIM = '\x1b[2m'
const RESET = '\x1b[0m'

/** C0 and C1 controls, line separators, and the marks that turn the direction of writing. */
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** The text with control characters spelled out. */
export function neutralise(text: string): string {
  return text.replace(UNSAFE, (c) => {
    const code = c.charCodeAt(0)
    if (c === '\n') return '\\n'
    if (c === '\r') return '\\r'
    if (c === '\t') return '\\t'
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/** A JSON text with the characters escaped that JSON leaves as they are and a terminal would obey. */
export function neutraliseJson(line: string): string {
  return line.replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

export function prettyLine(line: string, colour: boolean): string {
  let entry: Record<string, unknown>
  try {
    entry = JSON.parse(line)
  } catch {
    return `${neutralise(line.trimEnd())}\n`
  }
  const { level, time, msg, err, ...rest } = entry
  const name = String(level)
  const paint = (code: string, text: string) => (colour && text ? `${code}${text}${RESET}` : text)
  const parts = [paint(DIM, clock(time)), paint(COLOURS[name] ?? '', name.toUpperCase().padEnd(5))]
  if (msg !== undefined) parts.push(neutralise(String(msg)))
  for (const [key, value] of Object.entries(rest)) {
    if (value !== undefined && value !== null && value !== '') {
      parts.push(`${paint(DIM, `${neutralise(key)}=`)}${shown(value)}`)
    }
  }
  return `${parts.join(' ')}${errorLines(err)}\n`
}

function clock(time: unknown): string {
  const at = new Date(time as string)
  if (Number.isNaN(at.getTime())) return ''
  const two = (n: number) => String(n).padStart(2, '0')
  const ms = String(at.getMilliseconds()).padStart(3, '0')
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`
}

function shown(value: unknown): string {
  if (typeof value !== 'string') return neutralise(JSON.stringify(value))
  return /^[^\s"=]+$/.test(value) ? neutralise(value) : `"${neutralise(value)}"`
}

function errorLines(err: unknown): string {
  if (err === null || typeof err !== 'object') return ''
  const { stack, message } = err as { stack?: unknown; message?: unknown }
  const text = typeof stack === 'string' ? stack : String(message ?? '')
  return text
    .split('\n')
    .map((line) => `\n    ${neutralise(line.trim())}`)
    .join('')
}
