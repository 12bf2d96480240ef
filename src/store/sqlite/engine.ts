/** SQLite, synchronously: what runs in the store's thread, and, without a file, what `createMemoryStore` is. */
import { DatabaseSync, type DatabaseSyncOptions, type StatementSync } from 'node:sqlite'
import { type Changes, createChanges } from '../changes.ts'
import { type ArgumentsOf, type Mode, OPERATIONS, type OperationName, type ResultOf } from '../operations.ts'
import { APPLICATION_ID, latest, refuseNewer, schemaVersion } from '../schema/migrate.ts'
import { bound, Conflict, type Operation, type Result, type Row, SQLITE, type Statement } from '../statement.ts'
import { StoreError } from '../store.ts'
import { sqliteError } from './errors.ts'
import { identity, prepareFiles } from './files.ts'

/** How long a writer waits for one in another process, in ms. */
const BUSY_MS = 5000
/** Prepared statements kept. */
const PREPARED = 200

export interface Engine {
  /** @throws {StoreError} */
  run<N extends OperationName>(name: N, ...args: ArgumentsOf<N>): ResultOf<N>
  /** Topics that other processes have changed since the last time. */
  poll(): string[]
  close(): void
}

export interface EngineOptions {
  /** The auth directory; left out: memory. */
  directory?: string
  /** For queries alone: the schema is there already. */
  reader?: boolean
  /** Opens the file; tests have their own way, with less patience or less space. */
  connect?: (file: string, options: DatabaseSyncOptions) => DatabaseSync
  now?: () => number
}

/** @throws {StoreError} */
export function openEngine(options: EngineOptions): Engine {
  const { directory, reader = false, connect = open, now = Date.now } = options
  let file = ':memory:'
  let db: DatabaseSync | undefined
  try {
    if (directory !== undefined) file = prepareFiles(directory)
    db = connect(file, { timeout: BUSY_MS, enableForeignKeyConstraints: false, allowExtension: false })
    return createEngine(db, file, reader, now)
  } catch (error) {
    db?.close()
    throw sqliteError(error, directory === undefined ? file : file === ':memory:' ? directory : file)
  }
}

const open = (file: string, options: DatabaseSyncOptions) => new DatabaseSync(file, options)

function createEngine(db: DatabaseSync, file: string, reader: boolean, now: () => number): Engine {
  const inMemory = file === ':memory:'
  const prepared = new Map<string, { query: StatementSync; returns: boolean }>()
  const opened = inMemory ? undefined : identity(file)
  let changes: Changes | undefined
  let synchronous = ''
  let dataVersion = -1

  refuseForeign(db, file)
  const wal = setUp(db, inMemory)
  if (!reader) {
    if (drive(schemaVersion(SQLITE)) !== latest()) run('migrate', now())
    dataVersion = pragma('data_version')
    changes = createChanges(run('revisions'))
  } else {
    refuseNewer(drive(schemaVersion(SQLITE)))
    // Room to sort in: totals go over many rows.
    db.exec('PRAGMA query_only = 1; PRAGMA cache_size = -16384')
  }

  function pragma(name: string): number {
    return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0)
  }

  function execute({ sql, params }: Statement): Result {
    let entry = prepared.get(sql)
    if (!entry) {
      const query = db.prepare(placed(sql))
      entry = { query, returns: query.columns().length > 0 }
      if (prepared.size >= PREPARED) prepared.delete(prepared.keys().next().value!)
      prepared.set(sql, entry)
    }
    const values = params.map(bound)
    if (!entry.returns) return { rows: [], changes: Number(entry.query.run(...values).changes) }
    const rows = entry.query.all(...values) as Row[]
    return { rows, changes: rows.length }
  }

  function drive<T>(operation: Operation<T>, raised?: [string, number][]): T {
    let step = operation.next()
    while (!step.done) {
      const { value } = step
      const result = execute(value)
      if (value.topic !== undefined) raised?.push([value.topic, Number(result.rows[0]?.['revision'])])
      step = operation.next(result)
    }
    return step.value
  }

  /** Without a write-ahead log only a full sync keeps the file whole; with it, a plain write survives our own death. */
  function sync(mode: Mode) {
    const wanted = mode === 'durable' || !wal ? 'FULL' : 'NORMAL'
    if (wanted === synchronous || inMemory) return
    db.exec(`PRAGMA synchronous = ${wanted}`)
    synchronous = wanted
  }

  function transaction<T>(operation: Operation<T>, mode: Mode): T | 'conflict' {
    if (mode === 'durable' && opened !== undefined && identity(file) !== opened)
      throw new StoreError(
        'unavailable',
        `${file} was moved, deleted or replaced while it was in use. Put it back, or restart to begin with what is there.`,
      )
    sync(mode)
    db.exec('BEGIN IMMEDIATE')
    const raised: [string, number][] = []
    try {
      const value = drive(operation, raised)
      db.exec('COMMIT')
      for (const [topic, revision] of raised) changes?.own(topic, revision)
      return value
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      if (error instanceof Conflict) return 'conflict'
      throw error
    }
  }

  function run<N extends OperationName>(name: N, ...args: ArgumentsOf<N>): ResultOf<N> {
    const { mode, make } = OPERATIONS[name]
    const operation = (make as (...all: unknown[]) => Operation<ResultOf<N>>)(SQLITE, ...args)
    try {
      return mode === 'read' ? drive(operation) : (transaction(operation, mode) as ResultOf<N>)
    } catch (error) {
      throw sqliteError(error, file)
    }
  }

  return {
    run,
    poll() {
      const version = pragma('data_version')
      if (version === dataVersion) return []
      dataVersion = version
      return changes?.seen(run('revisions')) ?? []
    },
    close: () => db.close(),
  }
}

/**
 * `$1, $2` as SQLite writes it. Where they come in their order, once each, the numbers are left out: the parameters of a
 * statement then have no names that would be looked through for each of them.
 */
function placed(sql: string): string {
  let last = 0
  const inOrder = [...sql.matchAll(/\$(\d+)/g)].every(([, number]) => Number(number) === ++last)
  return sql.replaceAll(/\$(\d+)/g, inOrder ? '?' : '?$1')
}

/** Looks before anything is changed. @throws {StoreError} if the file is another program's. */
function refuseForeign(db: DatabaseSync, file: string): void {
  const id = db.prepare('PRAGMA application_id').get()?.['application_id']
  if (id === APPLICATION_ID) return
  const tables = db.prepare('SELECT count(*) AS n FROM sqlite_master').get()?.['n']
  if (id !== 0 || tables !== 0)
    throw new StoreError(
      'corrupt',
      `${file} is the database of another program. It was left as it is. Move it away, or give another auth-dir.`,
    )
}

/** @returns whether the file has a write-ahead log. */
function setUp(db: DatabaseSync, inMemory: boolean): boolean {
  if (inMemory) return false
  const mode = patiently(() => db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'])
  // macOS calls a write synced that is still in the drive's cache, unless it is asked to flush that, too.
  // What is deleted or replaced (a sealed token, a wrapped key) is overwritten: a key that leaks later opens none of it.
  db.exec('PRAGMA secure_delete = 1')
  db.exec('PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1; PRAGMA journal_size_limit = 16777216')
  return mode === 'wal'
}

/** Changing the kind of journal does not wait for other processes by itself. */
function patiently<T>(work: () => T): T {
  const until = performance.now() + BUSY_MS
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (;;)
    try {
      return work()
    } catch (error) {
      const busy = ((error as { errcode?: number }).errcode ?? 0) % 256 === 5
      if (!busy || performance.now() > until) throw error
      Atomics.wait(pause, 0, 0, 5 + Math.random() * 20)
    }
}
