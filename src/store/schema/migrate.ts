import { asNumber, type Dialect, type Operation, type Statement, statement } from '../statement.ts'
import { StoreError } from '../store.ts'
import { MIGRATIONS, type Migration } from './migrations.ts'

/** Any number, the same in every release: who migrates a Postgres database holds the advisory lock of this number. */
const MIGRATION_LOCK = 7_106_429_311

/** Marks our SQLite files, so that another program's is left alone: "LgPx". */
export const APPLICATION_ID = 0x4c675078

/** Postgres is asked by its catalogue: what `to_regclass` says may be older than the lock that is held. */
const exists = ({ engine }: Dialect): Statement =>
  statement(
    engine === 'sqlite'
      ? "SELECT count(*) AS n FROM sqlite_master WHERE type = 'table' AND name = 'lp_schema'"
      : "SELECT CAST(count(*) AS BIGINT) AS n FROM pg_class WHERE relname = 'lp_schema' AND pg_table_is_visible(oid)",
  )

/** The schema's version, 0 if there is none yet. Reads only: a user without the right to create tables may ask. */
export function* schemaVersion(dialect: Dialect): Operation<number> {
  const { rows } = yield exists(dialect)
  if (asNumber(rows[0]?.['n']) === 0) return 0
  const { rows: versions } = yield statement('SELECT MAX(version) AS version FROM lp_schema')
  return asNumber(versions[0]?.['version'])
}

/** @throws {StoreError} `newer-schema` */
export function refuseNewer(found: number, list: readonly Migration[] = MIGRATIONS): void {
  const ours = latest(list)
  if (found <= ours) return
  throw new StoreError(
    'newer-schema',
    `The store was written by a newer LogicaProxy (schema ${found}; this one knows ${ours}). Nothing was changed. ` +
      'Start the newer version again, or give this one another auth-dir or store.url.',
  )
}

export const latest = (list: readonly Migration[] = MIGRATIONS): number => list.at(-1)?.version ?? 0

/**
 * Brings the schema up to date, in one transaction, one process after the other.
 * @param now clock time noted beside each step. @returns the version it found. @throws {StoreError} `newer-schema`
 */
export function* migrate(dialect: Dialect, now: number, list: readonly Migration[] = MIGRATIONS): Operation<number> {
  if (dialect.engine === 'postgres') yield statement('SELECT pg_advisory_xact_lock($1)', MIGRATION_LOCK)
  const found = yield* schemaVersion(dialect)
  refuseNewer(found, list)
  if (found === 0) {
    if (dialect.engine === 'sqlite') yield statement(`PRAGMA application_id = ${APPLICATION_ID}`)
    yield statement('CREATE TABLE lp_schema (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)')
  }
  for (const { version, statements } of list) {
    if (version <= found) continue
    for (const sql of statements) yield statement(spelled(sql, dialect))
    yield statement('INSERT INTO lp_schema (version, applied_at) VALUES ($1, $2)', version, now)
  }
  return found
}

const spelled = (sql: string, dialect: Dialect): string =>
  sql.replaceAll('{bytes}', dialect.bytes).replaceAll('{text}', dialect.text).replaceAll('{ordered}', dialect.ordered)
