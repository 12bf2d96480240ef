/** What `logicaproxy route` looks at: the config, and of the store what is there. Nothing is sent, nothing is changed. */
import { existsSync } from 'node:fs'
import type { LoginFacts, LoginRecord } from '../accounts/login-record.ts'
import { createPool, type Pool } from '../accounts/pool.ts'
import { createQuotaTable } from '../accounts/quota-table.ts'
import { createRemembrance } from '../accounts/remembrance.ts'
import { expandHome } from '../config/load.ts'
import type { ClientKey, Config } from '../config/schema.ts'
import { matcher } from '../config/wildcard.ts'
import { compileSnapshot, type Snapshot } from '../gateway/snapshot.ts'
import { providers } from '../providers/index.ts'
import { createExamples, type Examples, type RouteQuestion } from '../routing/auto/index.ts'
import { createBehind, createMemoryStore, openStore, storeLocation } from '../store/index.ts'
import { databaseFile } from '../store/sqlite/files.ts'
import type { CredentialRow, Store } from '../store/store.ts'
import { CommandError, EXIT } from './output.ts'
import { readConfig } from './with-accounts.ts'
import { notOpened } from './with-store.ts'

export interface World {
  config: Config
  snapshot: Snapshot
  examples: Examples
  pool: Pool
  /** The snapshot with the examples as they are now. */
  again(): Snapshot
  close(): Promise<void>
}

/**
 * @param writes opens the store even where there is none yet.
 * @throws {CommandError} for a config with faults, or a store that cannot be opened; {StoreError}
 */
export async function openWorld(explicit: string | undefined, writes: boolean): Promise<World> {
  const config = await readConfig(explicit)
  const location = storeLocation(config, expandHome(config['auth-dir']))
  // To look is no reason to make a database.
  const there = writes || location.engine === 'postgres' || existsSync(databaseFile(location.directory))
  const store = there ? await openStore(location).catch(notOpened) : createMemoryStore()
  try {
    let trouble: Error | undefined
    const examples = await createExamples(store, Date.now, undefined, (error) => {
      trouble = error
    })
    if (trouble !== undefined) throw trouble
    const records = (await store.credentials.all()).flatMap(recordOf)
    const compile = () => compileSnapshot(config, '', providers, [], records, examples.list())
    const pool = await recalled(store)
    return {
      config,
      snapshot: compile(),
      examples,
      pool,
      again: compile,
      async close() {
        examples.close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Logins without their tokens. What cannot be read is told by `logicaproxy accounts`. */
function recordOf({ id, provider, version, expiresAt, updatedAt, facts }: CredentialRow): LoginRecord[] {
  try {
    const parsed = JSON.parse(facts) as LoginFacts
    const sound = typeof parsed.state?.is === 'string' && Array.isArray(parsed.excludedModels)
    const ends = expiresAt === undefined ? {} : { expiresAt }
    return sound ? [{ id, provider, version, ...ends, updatedAt, facts: parsed }] : []
  } catch {
    return []
  }
}

/** A pool that knows who rests, as far as a running server has told the store. */
async function recalled(store: Store): Promise<Pool> {
  const pool = createPool()
  const behind = createBehind({ store })
  const memory = createRemembrance(store, behind, Date.now)
  await memory.attach(pool, createQuotaTable({ now: Date.now, told() {} }))
  memory.close()
  await behind.close()
  return pool
}

/** What the client of that name may use, and its routes. @throws {CommandError} */
export function clientNamed(config: Config, name: string | undefined): RouteQuestion['client'] {
  if (name === undefined) return undefined
  const named = config['api-keys'].filter((key): key is Exclude<ClientKey, string> => typeof key !== 'string')
  const found = named.find((key) => key.name === name)
  if (found === undefined)
    throw new CommandError(
      `No client of api-keys is named "${name}". There are: ${named.map((key) => key.name ?? '(without a name)').join(', ') || 'none'}.`,
      EXIT.usage,
    )
  const { models, 'ai-router': router } = found
  return { router, ...(models !== undefined && { allows: matcher(models) }) }
}
