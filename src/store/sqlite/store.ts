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

/**
 * The store in one file of the auth directory.
 * @throws {StoreError} if it cannot be opened
 */
export async function openSqliteStore(directory: string): Promise<Store> {
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
      close: async () => (await thread?.catch(() => undefined))?.close(),
    }
  }
  const main = keep(false)
  const pages = keep(true)
  const run: Run = async (name, ...args) => {
    if (closed) throw new StoreError('closed', 'The store has been closed.')
    const thread = await (LONG.has(name) ? pages : main).get()
    return thread.run(name, ...args)
  }
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
      closed ??= Promise.all([main.close(), pages.close()]).then(() => {})
      return closed
    },
  }
}
