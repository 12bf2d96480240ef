import type { Run } from './operations.ts'
import { openEngine } from './sqlite/engine.ts'
import { type Store, StoreError } from './store.ts'
import { createTables } from './tables.ts'

/** A store that lasts as long as the process, for embedding without a disk and for tests: SQLite without a file. */
export function createMemoryStore(options: { now?: () => number } = {}): Store {
  const engine = openEngine(options)
  let closed = false
  const run: Run = async (name, ...args) => {
    if (closed) throw new StoreError('closed', 'The store has been closed.')
    return engine.run(name, ...args)
  }
  return {
    engine: 'sqlite',
    ...createTables(run),
    // Nobody else can write here.
    onChange: () => () => {},
    check: () => run('touch'),
    async close() {
      if (closed) return
      closed = true
      engine.close()
    },
  }
}
