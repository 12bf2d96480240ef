/** The newest log lines in memory, for people who look: bounded, already without secrets. */
import type { LogLine, Logs } from './contract.ts'

type Level = LogLine['level']

/** The part of a logger that the ring listens to. */
export interface LogFace {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  isLevelEnabled?(level: string): boolean
}

export interface LogQuery {
  limit: number
  level?: Level
  request?: string
  text?: string
  after?: number
  before?: number
}

export interface LogRing {
  add(level: Level, fields: object, message: string): void
  /** Newest last. */
  lines(query: LogQuery): Logs['lines']
  onLine(listener: (line: LogLine) => void): () => void
  /** A logger that also tells the ring. Levels the logger itself leaves out are left out here. */
  wrap<L extends LogFace>(log: L): LogFace
  level: string
}

const ORDER: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
/** A line is cut to this. */
const MOST_TEXT = 4_000

export interface LogRingOptions {
  now?: () => number
  scrub?: (text: string) => string
  /** Lines kept. */
  most?: number
}

export function createLogRing({ now = Date.now, scrub = (t) => t, most = 2_000 }: LogRingOptions = {}): LogRing {
  const ring: (LogLine | undefined)[] = new Array(most)
  const listeners = new Set<(line: LogLine) => void>()
  let seq = 0

  function add(level: Level, fields: object, message: string): void {
    const line: LogLine = { seq: seq + 1, at: now(), level, message: cut(scrub(message)), fields: clean(fields, scrub) }
    const id = (fields as { id?: unknown }).id ?? (fields as { requestId?: unknown }).requestId
    if (typeof id === 'string') line.requestId = id
    ring[seq % most] = line
    seq += 1
    for (const listener of listeners) listener(line)
  }

  return {
    add,
    level: 'info',
    lines({ limit, level = 'trace', request, text, after, before }) {
      const found: LogLine[] = []
      const least = ORDER.indexOf(level)
      const needle = text?.toLowerCase()
      for (let at = seq - 1; at >= Math.max(0, seq - most) && found.length < limit; at--) {
        const line = ring[at % most]!
        if (after !== undefined && line.seq <= after) break
        if (before !== undefined && line.seq >= before) continue
        if (ORDER.indexOf(line.level) < least || (request !== undefined && line.requestId !== request)) continue
        if (needle !== undefined && !`${line.message} ${JSON.stringify(line.fields)}`.toLowerCase().includes(needle))
          continue
        found.push(line)
      }
      return found.reverse()
    },
    onLine(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    wrap(log) {
      const tee = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) => {
        log[level](fields, message)
        if (log.isLevelEnabled?.(level) ?? level !== 'debug') add(level, fields, message)
      }
      return {
        debug: tee('debug'),
        info: tee('info'),
        warn: tee('warn'),
        error: tee('error'),
        isLevelEnabled: (level) => log.isLevelEnabled?.(level) ?? level !== 'debug',
      }
    },
  }
}

const cut = (text: string): string => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text)

/** Fields as plain JSON, scrubbed; what cannot be said in JSON is said in words. */
function clean(fields: object, scrub: (text: string) => string): Record<string, unknown> {
  try {
    const text = scrub(
      JSON.stringify(fields, (_, value: unknown) =>
        value instanceof Error ? value.message : typeof value === 'bigint' ? String(value) : value,
      ),
    )
    return text.length > MOST_TEXT * 4 ? { cut: cut(text) } : (JSON.parse(text) as Record<string, unknown>)
  } catch {
    return {}
  }
}
