import { appendFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogDestination } from './log.ts'

export interface LogFileOptions {
  /** `<auth-dir>/logs`. */
  dir: string
  /** `logs-max-total-size-mb`; 0 sets no limit. */
  maxTotalMb: number
  /** Wall clock in milliseconds. */
  now?: () => number
  /** Told once when writing fails, and again after a success. */
  trouble?: (error: Error) => void
}

const CURRENT = 'main.log'
const OLDER = /^main-\d{8}T\d{9}Z\.log$/
const MOST_FILE = 10 << 20
const MOST_PENDING = 4 << 20

/**
 * The log as files (`logging-to-file`): `main.log`, set aside with its time when it is full; the oldest go when all of
 * them take too much room. Written in the background in order; when the disk does not keep up, lines are dropped.
 */
export function createLogFile({ dir, maxTotalMb, now = Date.now, trouble }: LogFileOptions): LogDestination {
  const total = maxTotalMb > 0 ? maxTotalMb * 1024 * 1024 : Infinity
  const most = Math.min(MOST_FILE, total / 4)
  const current = join(dir, CURRENT)
  let pending: string[] = []
  let pendingSize = 0
  let size = -1
  let running: Promise<void> | undefined
  let told = false

  async function drain(): Promise<void> {
    while (pending.length > 0) {
      const text = pending.join('')
      pending = []
      pendingSize = 0
      try {
        if (size < 0) await open()
        if (size > 0 && size + text.length > most) await setAside()
        await appendFile(current, text, { mode: 0o600 })
        size += Buffer.byteLength(text)
        told = false
      } catch (error) {
        if (!told) trouble?.(error as Error)
        told = true
      }
    }
    running = undefined
  }

  async function open(): Promise<void> {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    size = await stat(current).then(
      (found) => found.size,
      () => 0,
    )
  }

  async function setAside(): Promise<void> {
    await rename(current, join(dir, `main-${new Date(now()).toISOString().replace(/[-:.]/g, '')}.log`))
    size = 0
    const older = (await readdir(dir)).filter((name) => OLDER.test(name)).sort()
    const sizes = await Promise.all(older.map((name) => stat(join(dir, name)).then((found) => found.size)))
    // Room for the file that is now begun.
    let sum = sizes.reduce((all, one) => all + one, most)
    for (const [at, name] of older.entries()) {
      if (sum <= total) break
      await rm(join(dir, name), { force: true })
      sum -= sizes[at]!
    }
  }

  return {
    isTTY: false,
    write(text) {
      if (pendingSize > MOST_PENDING) return
      pending.push(text)
      pendingSize += text.length
      running ??= drain()
    },
    flush(done) {
      const wait = async () => {
        while (running) await running
      }
      void wait().then(done)
    },
  }
}
