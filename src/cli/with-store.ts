/** What the commands about keys and usage have in common: the config and the store, without the vault. */
import { expandHome } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { openStore, storeLocation } from '../store/index.ts'
import { type Store, StoreError } from '../store/store.ts'
import { CommandError, EXIT } from './output.ts'
import { readConfig } from './with-accounts.ts'

/** Runs something with the store open; whatever happens, it is closed. @throws {CommandError} */
export async function withStore<T>(
  options: { config?: string },
  work: (store: Store, config: Config) => Promise<T>,
): Promise<T> {
  const config = await readConfig(options.config)
  const store = await openStore(storeLocation(config, expandHome(config['auth-dir']))).catch(notOpened)
  try {
    return await work(store, config)
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(error.message, EXIT.failed)
    throw error
  } finally {
    await store.close()
  }
}

/** Ends a command whose store cannot be opened, with the exit code that says so. @throws {CommandError} */
export function notOpened(error: unknown): never {
  if (error instanceof StoreError) throw new CommandError(error.message, EXIT.store)
  throw error
}

/** Dollars for people. */
export const dollars = (micros: number): string => `$${(micros / 1_000_000).toFixed(micros < 10_000_000 ? 4 : 2)}`

/** Columns under their titles; numbers to the right. */
export function table(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string[] {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), [])
  return rows.map((row) =>
    row
      .map((cell, i) => (right.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
}
