/** The store: opened by location, whatever its engine. */
import type { Config } from '../config/schema.ts'
import { openSqliteStore } from './sqlite/store.ts'
import type { Store, StoreLocation } from './store.ts'

export { type Behind, type BehindOptions, createBehind, deadline } from './behind.ts'
export { createMemoryStore } from './memory.ts'
export { openPatiently, type PatientOptions, type PatientStore } from './patient.ts'

/** Where the config says that things are kept. @param authDir `auth-dir` with the home directory filled in. */
export function storeLocation(config: Pick<Config, 'store'>, authDir: string): StoreLocation {
  const url = config.store.url.trim()
  return url === '' ? { engine: 'sqlite', directory: authDir } : { engine: 'postgres', url }
}

/**
 * Opens the store, makes it if there is none, and brings its schema up to date. It keeps the process alive only while an
 * answer is due.
 * @param options.now clock for the dates of migrations.
 * @throws {StoreError} with what its owner can do about it
 */
export async function openStore(location: StoreLocation, options: { now?: () => number } = {}): Promise<Store> {
  if (location.engine === 'sqlite') return openSqliteStore(location.directory)
  const { openPostgresStore } = await import('./postgres/store.ts')
  return openPostgresStore(location.url, options)
}
