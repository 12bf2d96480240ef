/** The engines the suites run over. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { startPostgres } from '../../../test/support/postgres.ts'
import { createMemoryStore, openStore } from '../index.ts'
import type { Store, StoreLocation } from '../store.ts'

export interface TestEngine {
  name: 'memory' | 'sqlite' | 'postgres'
  /** A new empty store, closed when the suite is over. */
  fresh(): Promise<Store>
}

/** An engine that several processes can share. */
export interface SharedEngine extends TestEngine {
  name: 'sqlite' | 'postgres'
  place(): Promise<StoreLocation>
  /** Opens what is there already, closed when the suite is over. */
  open(location: StoreLocation): Promise<Store>
}

const opened: Store[] = []
const folders: string[] = []
/** A store keeps no process alive, and a test that only waits for a notice would end unheard. */
const alive = setInterval(() => {}, 1_000)

after(async () => {
  clearInterval(alive)
  await Promise.all(opened.map((store) => store.close()))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A directory that is removed when the suite is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'logicaproxy-store-'))
  folders.push(folder)
  return folder
}

function keep(store: Store): Store {
  opened.push(store)
  return store
}

const open = async (location: StoreLocation) => keep(await openStore(location))

const shared = (name: 'sqlite' | 'postgres', place: () => Promise<StoreLocation>): SharedEngine => ({
  name,
  place,
  open,
  fresh: async () => open(await place()),
})

export const SHARED: readonly SharedEngine[] = [
  shared('sqlite', async () => ({ engine: 'sqlite', directory: temporaryFolder() })),
  shared('postgres', async () => ({ engine: 'postgres', url: await (await startPostgres()).database() })),
]

export const ENGINES: readonly TestEngine[] = [
  { name: 'memory', fresh: async () => keep(createMemoryStore()) },
  ...SHARED,
]
