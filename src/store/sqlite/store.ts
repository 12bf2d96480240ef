import { statfs } from 'node:fs/promises'
import { changeOf } from '../changes.ts'
import type { OperationName, Run } from '../operations.ts'
import { type Store, type StoreChange, StoreError } from '../store.ts'
import { createTables } from '../tables.ts'
import { refuseFullDisk } from './files.ts'
import { startThread, type Thread } from './thread.ts'

/** How often other processes' changes are looked for: far under the second that is promised. */
const POLL_MS = 200

/** Queries that may take long: they have a thread of their own, so that no refresh of a token waits behind a page. */
const LONG: ReadonlySet<OperationName> = new Set<OperationName>(['listUsage', 'getUsage', 'totalUsage', 'usageBeyond'])
/** Of so many rows at most, such a query takes a few milliseconds: no reason to start the second thread. */
const FEW_ROWS = 2_000
/** The second thread ends when it has had nothing to do for so long, ms: it weighs 18 MiB, and starts in 30 ms. */
const READER_IDLE_MS = 60_000

/**
 * The store in one file of the auth directory.
 * @param options.readerIdleMs for tests.
 * @throws {StoreError} if it cannot be opened
 */
export async function openSqliteStore(directory: string, options: { readerIdleMs?: number } = {}): Promise<Store> {
  const { readerIdleMs = READER_IDLE_MS } = options
  const listeners = new Set<(change: StoreChange) => void>()
  const changed = (topics: string[]) => {
    for (const topic of topics) for (const listener of listeners) listener(changeOf(topic))
  }
  let closed: Promise<void> | undefined

  /** A thread that is started when it is first needed, and again if it ended. */
  const keep = (reader: boolean) => {
    let thread: Promise<Thread> | undefined
    return {
      async get(): Promise<Thread> {
        const had = thread
        const now = await had?.catch(() => undefined)
        if (now?.alive()) return now
        // Of several that wait here, the first one starts it.
        if (thread === had) {
          thread = startThread({ directory, reader, pollMs: POLL_MS }, changed)
          // What happened in between nobody has seen.
          if (now) thread.then(() => changed(['credentials'])).catch(() => {})
        }
        return thread!
      },
      get started() {
        return thread !== undefined
      },
      /** Ends it once all that was asked is answered; asked again, it starts again. */
      async close() {
        const leaving = thread
        thread = undefined
        await (await leaving?.catch(() => undefined))?.close()
      },
    }
  }
  const main = keep(false)
  const pages = keep(true)
  let asked = 0
  let idle: NodeJS.Timeout | undefined
  const run: Run = async (name, ...args) => {
    if (closed) throw new StoreError('closed', 'The store has been closed.')
    if (!LONG.has(name) || (!pages.started && (await isSmall()))) return (await main.get()).run(name, ...args)
    clearTimeout(idle)
    asked += 1
    try {
      return await (await pages.get()).run(name, ...args)
    } finally {
      asked -= 1
      if (asked === 0 && !closed) idle = setTimeout(() => pages.close().catch(() => {}), readerIdleMs).unref()
    }
  }
  const isSmall = async () => (await (await main.get()).run('usageBeyond', FEW_ROWS)) === undefined
  await main.get()
  return {
    engine: 'sqlite',
    ...createTables(run),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async check() {
      await run('touch')
      refuseFullDisk(directory, await statfs(directory))
    },
    close() {
      clearTimeout(idle)
      closed ??= Promise.all([main.close(), pages.close()]).then(() => {})
      return closed
    },
  }
}
