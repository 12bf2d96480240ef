/** The store in a Postgres database, for several machines. */
import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { changeOf, createChanges } from '../changes.ts'
import { type Mode, OPERATIONS, type Run } from '../operations.ts'
import { latest, refuseNewer, schemaVersion } from '../schema/migrate.ts'
import { bound, Conflict, type Operation, POSTGRES, type Result, type Row } from '../statement.ts'
import { type Store, type StoreChange, StoreError } from '../store.ts'
import { createTables } from '../tables.ts'
import { connectionOptions, loadDriver, serverName } from './driver.ts'
import { CHANNEL, createEar } from './ear.ts'
import { connectionLost, postgresError, undone } from './errors.ts'

/** How often changes are looked for beside the notices: a pooler between may swallow those. */
const POLL_MS = 800
const MOST_CONNECTIONS = 4
const TRIES = 3
/** A poll that finds a revision it does not know waits this long for writes of our own that are under way. */
const OWN_WRITES_MS = 100
/** Longest wait for the last writes and for the server's goodbye when the store is closed. */
const FAREWELL_MS = 5_000

const BEGIN =
  'BEGIN; SET LOCAL statement_timeout = 30000; SET LOCAL lock_timeout = 30000; SET LOCAL idle_in_transaction_session_timeout = 60000'
/** A server whose operator turned syncing off shall still sync what must not be lost. */
const DURABLE = '; SET LOCAL synchronous_commit = on'

export interface PostgresOptions {
  now?: () => number
  /** The driver; for tests. */
  load?: Parameters<typeof loadDriver>[0]
}

/** @throws {StoreError} if it cannot be reached, or is not to be used */
export async function openPostgresStore(url: string, options: PostgresOptions = {}): Promise<Store> {
  const server = serverName(url)
  const driver = await loadDriver(options.load)
  /** Our name in notices. */
  const instance = randomBytes(8).toString('hex')
  const listeners = new Set<(change: StoreChange) => void>()
  const writes = new Set<Promise<unknown>>()
  const changes = createChanges([])
  const pool = new driver.Pool({
    ...connectionOptions(url),
    max: MOST_CONNECTIONS,
    idleTimeoutMillis: 300_000,
    allowExitOnIdle: true,
  })
  // An idle connection that breaks is no news: the pool makes another one.
  pool.on('error', () => {})
  let closed: Promise<void> | undefined

  const run: Run = async (name, ...args) => {
    if (closed) throw new StoreError('closed', 'The store has been closed.')
    const { mode, make } = OPERATIONS[name]
    const begin = () => (make as (...all: unknown[]) => Operation<unknown>)(POSTGRES, ...args)
    const work = perform(begin, mode)
    if (mode !== 'read') {
      writes.add(work)
      const over = () => writes.delete(work)
      work.then(over, over)
    }
    return work as never
  }

  async function perform(begin: () => Operation<unknown>, mode: Mode): Promise<unknown> {
    for (let tried = 1; ; tried += 1) {
      const state = { committing: false }
      try {
        return await attempt(begin(), mode, state)
      } catch (error) {
        if (error instanceof Conflict) return 'conflict'
        // Nothing was committed: a connection that had died unnoticed, or two transactions that stood in each other's way.
        const again = undone(error) || (connectionLost(error) && !state.committing && !hopeless(error))
        if (again && tried < TRIES && !closed) continue
        if (state.committing && connectionLost(error)) throw unknownOutcome(error, server)
        throw postgresError(error, server)
      }
    }
  }

  async function attempt(operation: Operation<unknown>, mode: Mode, state: { committing: boolean }): Promise<unknown> {
    const client = await pool.connect()
    let broken: Error | undefined
    // Without a listener an error between two statements would end the process.
    const fail = (error: Error) => {
      broken = error
    }
    client.on('error', fail)
    try {
      if (mode === 'read') return await drive(client, operation)
      await client.query(mode === 'durable' ? BEGIN + DURABLE : BEGIN)
      const raised: [string, number][] = []
      const value = await drive(client, operation, raised)
      state.committing = true
      await client.query(raised.length > 0 ? `NOTIFY ${CHANNEL}, '${instance}'; COMMIT` : 'COMMIT')
      for (const [topic, revision] of raised) changes.own(topic, revision)
      return value
    } catch (error) {
      if (connectionLost(error)) broken = error as Error
      else if (mode !== 'read') await client.query('ROLLBACK').catch(fail)
      throw error
    } finally {
      client.removeListener('error', fail)
      client.release(broken)
    }
  }

  let looking: Promise<void> | undefined
  let lookAgain = false
  function look(): Promise<void> {
    lookAgain = true
    looking ??= (async () => {
      while (lookAgain && !closed) {
        lookAgain = false
        const rows = await run('revisions')
        if (writes.size > 0)
          await Promise.race([
            Promise.allSettled([...writes]),
            new Promise((resolve) => setTimeout(resolve, OWN_WRITES_MS)),
          ])
        for (const topic of changes.seen(rows)) for (const listener of listeners) listener(changeOf(topic))
      }
    })().finally(() => {
      looking = undefined
    })
    return looking
  }

  try {
    const found = (await perform(() => schemaVersion(POSTGRES), 'read')) as number
    refuseNewer(found)
    if (found < latest()) await run('migrate', (options.now ?? Date.now)())
    changes.seen(await run('revisions'))
  } catch (error) {
    await pool.end().catch(() => {})
    throw error
  }
  const ear = createEar(driver, url, (from) => {
    if (from !== instance) void look().catch(() => {})
  })
  let timer: NodeJS.Timeout
  const pollSoon = () => {
    timer = setTimeout(() => {
      look()
        .catch(() => {})
        .finally(() => {
          if (!closed) pollSoon()
        })
    }, POLL_MS)
    timer.unref()
  }
  pollSoon()

  /** Idle connections keep no process alive, so this timer has to until they are closed. */
  let farewell: NodeJS.Timeout
  async function end() {
    await Promise.allSettled([...writes])
    await Promise.all([ear.close(), pool.end().catch(() => {})])
    clearTimeout(farewell)
  }

  return {
    engine: 'postgres',
    ...createTables(run),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    check: () => run('touch'),
    close() {
      clearTimeout(timer)
      closed ??= Promise.race([end(), new Promise<void>((resolve) => (farewell = setTimeout(resolve, FAREWELL_MS)))])
      return closed
    },
  }
}

/** No server answered, or not in time: asking again at once gives nothing. */
const hopeless = (error: unknown): boolean => {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return /timeout/i.test(message) || HOPELESS.has(code)
}
const HOPELESS = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT', 'ETIMEDOUT', '57P03', '53300'])

const unknownOutcome = (cause: unknown, server: string) =>
  new StoreError(
    'unavailable',
    `The connection to Postgres at ${server} broke during a commit: what was being written may or may not have been saved. Read it again.`,
    { cause },
  )

async function drive(client: pg.PoolClient, operation: Operation<unknown>, raised?: [string, number][]) {
  let step = operation.next()
  while (!step.done) {
    const { sql, params, topic } = step.value
    const { rows, rowCount } = await client.query<Row>(sql, params.map(bound))
    const result: Result = { rows, changes: rowCount ?? 0 }
    if (topic !== undefined) raised?.push([topic, Number(rows[0]?.['revision'])])
    step = operation.next(result)
  }
  return step.value
}
