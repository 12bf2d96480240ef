import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FailedExchange } from '../gateway/events.ts'
import type { Redactor } from './redact.ts'

export interface ErrorFilesOptions {
  /** The data directory (`auth-dir`); files go to `logs` in it. */
  dir: string
  /** `error-logs-max-files`: the oldest go first; 0 writes none. */
  maxFiles: number
  redactor: Redactor
  log?: { warn(fields: object, message: string): void }
  /** Wall clock in milliseconds. */
  now?: () => number
  /** Failures waiting to be written; more are dropped and counted. */
  maxPending?: number
  /** Rest between two files, so that a storm of failures does not keep the processor busy with writing about it. */
  pauseMs?: number
  /** Stands in for the file system in tests. */
  write?: typeof writeFile
}

export interface ErrorFiles {
  /** Takes what it needs and returns at once; never throws. */
  failed(exchange: FailedExchange): void
  /** Resolves when nothing is waiting. */
  settled(): Promise<void>
  stats(): { written: number; dropped: number; failed: number; pending: number }
  setMaxFiles(maxFiles: number): void
}

const MOST_BODY = 256 * 1024
/** Copied beyond that, so that the redactor sees a secret whole that the cut would halve. */
const MARGIN = 64 * 1024
const OURS = /^error-\d{8}T\d{9}Z-[\w-]{1,64}\.json$/

interface Kept extends Omit<FailedExchange, 'request'> {
  request: Omit<FailedExchange['request'], 'body'> & { body: string; bytes: number }
  at: number
}

export function createErrorFiles(options: ErrorFilesOptions): ErrorFiles {
  const { redactor, log, now = Date.now, maxPending = 16, pauseMs = 50, write = writeFile } = options
  const dir = join(options.dir, 'logs')
  let maxFiles = options.maxFiles
  const queue: Kept[] = []
  const stats = { written: 0, dropped: 0, failed: 0 }
  let running: Promise<void> | undefined
  /** Code of the trouble last told; told again only after a success. */
  let trouble: string | undefined

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const kept = queue.shift()!
      try {
        if (maxFiles > 0) await save(kept)
        trouble = undefined
      } catch (error) {
        stats.failed++
        const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
        if (trouble !== code) {
          log?.warn({ dir, code }, `cannot write error files: ${explain(code)}`)
          trouble = code
        }
      }
      if (queue.length > 0 && pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    running = undefined
  }

  async function save(kept: Kept): Promise<void> {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    // The directory may be older than this program, or made by hand.
    await chmod(dir, 0o700).catch(() => {})
    const text = document(kept, redactor)
    const name = `error-${new Date(kept.at).toISOString().replace(/[-:.]/g, '')}-${safeId(kept.record.id, redactor)}.json`
    const draft = join(dir, `.${name}.${randomBytes(4).toString('hex')}.tmp`)
    try {
      // Exclusive: a link planted under this name is not followed.
      await write(draft, text, { mode: 0o600, flag: 'wx' })
      await rename(draft, join(dir, name))
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {})
      throw error
    }
    stats.written++
    const files = (await readdir(dir)).filter((file) => OURS.test(file)).sort()
    for (const old of files.slice(0, Math.max(0, files.length - maxFiles))) await rm(join(dir, old), { force: true })
  }

  return {
    failed(exchange) {
      if (maxFiles <= 0 || !worthKeeping(exchange)) return
      if (queue.length >= maxPending) {
        stats.dropped++
        return
      }
      try {
        const { record, request, response } = exchange
        queue.push({
          at: now(),
          record,
          request: {
            method: request.method,
            url: request.url,
            headers: request.headers,
            // Copied: a view would hold the whole body in memory until it is written.
            body: Buffer.from(request.body.subarray(0, MOST_BODY + MARGIN)).toString('utf8'),
            bytes: request.body.length,
          },
          response,
        })
        running ??= drain()
      } catch {
        stats.failed++
      }
    },
    async settled() {
      while (running) await running
    },
    stats: () => ({ ...stats, pending: queue.length }),
    setMaxFiles(files) {
      maxFiles = files
    },
  }
}

/** A client that left, and strangers trying doors, are no failures of ours and would push the real ones out. */
function worthKeeping({ record: { failure, attempts } }: FailedExchange): boolean {
  if (failure?.kind === 'cancelled') return false
  const stranger = failure?.kind === 'unauthorized' || failure?.kind === 'forbidden' || failure?.kind === 'not-found'
  return attempts.length > 0 || !stranger
}

function document({ at, record, request, response }: Kept, redactor: Redactor): string {
  const { headers, body, ...rest } = response
  const document = {
    time: new Date(at).toISOString(),
    record,
    request: {
      method: request.method,
      url: redactor.url(request.url),
      headers: redactor.headers(request.headers),
      bytes: request.bytes,
      body: bodyOf(request.body, request.bytes > MOST_BODY + MARGIN, redactor),
    },
    response: {
      ...rest,
      headers: redactor.headers(Object.entries(headers).flat()),
      body: bodyOf(body, false, redactor),
    },
  }
  return `${redactor.scrub(JSON.stringify(document, null, 2))}\n`
}

/** JSON as JSON, anything else as text; long bodies end at the limit. */
function bodyOf(text: string, cut: boolean, redactor: Redactor): unknown {
  if (cut || text.length > MOST_BODY) return `${redactor.scrubHead(text, MOST_BODY, cut)}… [cut]`
  const clean = redactor.scrub(text)
  try {
    return JSON.parse(clean)
  } catch {
    return clean
  }
}

function safeId(id: string, redactor: Redactor): string {
  return (
    redactor
      .scrub(id)
      .replace(/[^\w-]/g, '')
      .slice(0, 64) || 'unknown'
  )
}

function explain(code: string): string {
  if (code === 'ENOSPC') return 'the disk is full'
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'the directory is not writable'
  return code
}
