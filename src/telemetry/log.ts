import { createRequire } from 'node:module'
import type { Logger } from 'pino'
import { neutraliseJson, prettyLine } from './pretty.ts'
import { createRedactor, type Redactor } from './redact.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
/** pino's logger; everything it is told is scrubbed before it is written. */
export type Log = Logger

export interface LogDestination {
  write(text: string): unknown
  isTTY?: boolean
  /** Calls back when all that was written is out. */
  flush?(done: () => void): void
}

export interface LogOptions {
  level?: LogLevel
  /** `auto` is pretty on a terminal, else JSON. */
  format?: 'auto' | 'pretty' | 'json'
  /** Log at level debug at least. */
  debug?: boolean
  redactor?: Redactor
  /** Standard error when left out: standard output is for data. */
  destination?: LogDestination
  env?: Readonly<Record<string, string | undefined>>
}

/** A reader that stands still costs at most this much memory; then lines are dropped. */
const MOST_PENDING = 4 << 20
const FLUSH_MS = 1000

/** A log. pino itself is loaded here and not before, so that commands which log nothing do not pay for it. */
export function createLog(options: LogOptions = {}): Log {
  const { format = 'auto', env = process.env, redactor = createRedactor() } = options
  const pino = createRequire(import.meta.url)('pino') as typeof import('pino').default
  const destination = options.destination ?? standardError(pino)
  const pretty = format === 'pretty' || (format === 'auto' && destination.isTTY === true)
  const colour = pretty && destination.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  return pino(
    {
      level: levelOf(options),
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line: string) {
        const clean = redactor.scrub(line)
        destination.write(pretty ? prettyLine(clean, colour) : neutraliseJson(clean))
      },
      flush(done: () => void) {
        if (destination.flush) destination.flush(done)
        else done()
      },
    } as { write(line: string): void },
  )
}

/** Resolves when all lines are written. Call it before the process ends. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => log.flush(() => resolve()))
}

function levelOf({ level = 'info', debug = false }: LogOptions): LogLevel {
  return debug && level !== 'trace' ? 'debug' : level
}

/** Standard error, written without blocking the event loop; what is left at exit is written then. */
function standardError(pino: typeof import('pino').default): LogDestination {
  // Lines are written as they come; with a least length of 0 the stream's flush would not wait.
  const stream = pino.destination({ dest: 2, sync: false, minLength: 1, maxLength: MOST_PENDING })
  // A full disk behind a redirection must not stop the gateway.
  stream.on('error', () => {})
  return {
    isTTY: process.stderr.isTTY,
    write: (text) => stream.write(text),
    flush(done) {
      // A reader that stands still is not waited for.
      const patience = setTimeout(done, FLUSH_MS)
      try {
        stream.flush(() => {
          clearTimeout(patience)
          done()
        })
      } catch {
        clearTimeout(patience)
        done()
      }
    },
  }
}
