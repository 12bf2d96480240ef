import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import pg from 'pg'
import { migrate } from './schema/migrate.ts'
import { MIGRATIONS, type Migration } from './schema/migrations.ts'
import { DATABASE_FILE } from './sqlite/files.ts'
import { type Operation, POSTGRES, type Row, SQLITE } from './statement.ts'
import type { StoreLocation } from './store.ts'
import { SHARED } from './testing/engines.ts'
import { versionOne } from './testing/version-1.ts'

/** A database as such, beside the store. */
interface Bare {
  query(sql: string, params?: readonly unknown[]): Promise<Row[]>
  close(): Promise<void>
}

async function bare(location: StoreLocation): Promise<Bare> {
  if (location.engine === 'postgres') {
    const client = new pg.Client(location.url)
    await client.connect()
    return {
      query: async (sql, params = []) => (await client.query(sql, [...params])).rows,
      close: () => client.end(),
    }
  }
  const db = new DatabaseSync(join(location.directory, DATABASE_FILE))
  return {
    query: async (sql, params = []) =>
      db.prepare(sql.replaceAll(/\$(\d+)/g, '?$1')).all(...(params as string[])) as Row[],
    close: async () => db.close(),
  }
}

/** Runs a migration as the engines do: in one transaction. */
async function migrateTo(location: StoreLocation, list: readonly Migration[]): Promise<number> {
  const db = await bare(location)
  const operation: Operation<number> = migrate(location.engine === 'sqlite' ? SQLITE : POSTGRES, 1_000, list)
  await db.query('BEGIN')
  try {
    let step = operation.next()
    while (!step.done) {
      const rows = await db.query(step.value.sql, step.value.params)
      step = operation.next({ rows, changes: rows.length })
    }
    await db.query('COMMIT')
    return step.value
  } catch (error) {
    await db.query('ROLLBACK')
    throw error
  } finally {
    await db.close()
  }
}

const second: Migration = {
  version: 2,
  statements: [
    'ALTER TABLE lp_documents ADD COLUMN origin {text}',
    "UPDATE lp_documents SET origin = 'before version 2'",
    'CREATE TABLE lp_more (id {text} NOT NULL PRIMARY KEY, value {bytes}){ordered}',
  ],
}
const broken: Migration = {
  version: 3,
  statements: ['CREATE TABLE lp_half (id {text})', 'CREATE TABLE lp_more (id {text})'],
}

describe('the migrations', () => {
  it('are numbered without a gap', () => {
    assert.deepEqual(
      MIGRATIONS.map(({ version }) => version),
      MIGRATIONS.map((_, i) => i + 1),
    )
  })
})

for (const { name, place, open } of SHARED) {
  describe(`the schema (${name})`, () => {
    it('of version 1 is brought up to date with all it holds', async () => {
      const location = await place()
      const db = await bare(location)
      for (const sql of versionOne(name)) await db.query(sql)
      await db.close()
      const store = await open(location)
      const sealed = new Uint8Array([1, 2, 3])
      assert.deepEqual(await store.credentials.all(), [
        { id: 'claude-1', provider: 'claude', version: 4, sealed, facts: '{"label":"one"}', updatedAt: 1000 },
      ])
      assert.deepEqual(await store.manifest(), { revision: 9, value: sealed })
      assert.deepEqual(await store.leases.acquire('refresh claude-1', 'me', 2000, 100), {
        name: 'refresh claude-1',
        number: 6,
        until: 2100,
        note: 'presents abc',
      })
      assert.equal((await store.documents.get('settings', 'x', 1))?.version, 3)
      const [row] = await store.usage.get('req_1')
      assert.deepEqual([row?.firstEventMs, row?.cacheReadTokens, row?.detail], [120, undefined, '{"why":"affinity"}'])
    })

    it('takes a new version in one step, with the data of the old one', async () => {
      const location = await place()
      assert.equal(await migrateTo(location, MIGRATIONS), 0)
      const store = await open(location)
      await store.documents.put([{ kind: 'settings', id: 'x', value: '1', updatedAt: 1 }])
      await store.close()
      const steps = [...MIGRATIONS, { ...second, version: MIGRATIONS.length + 1 }]
      assert.equal(await migrateTo(location, steps), MIGRATIONS.length)
      assert.equal(await migrateTo(location, steps), steps.length)
      const db = await bare(location)
      assert.deepEqual(
        { ...(await db.query('SELECT id, origin FROM lp_documents'))[0] },
        { id: 'x', origin: 'before version 2' },
      )
      await db.close()
    })

    it('is as it was before when a migration fails half-way', async () => {
      const location = await place()
      const steps = [...MIGRATIONS, { ...second, version: MIGRATIONS.length + 1 }]
      await migrateTo(location, steps)
      await assert.rejects(migrateTo(location, [...steps, { ...broken, version: steps.length + 1 }]), /lp_more/)
      assert.equal(await migrateTo(location, steps), steps.length)
      const db = await bare(location)
      await assert.rejects(db.query('SELECT * FROM lp_half'), /lp_half/)
      await db.close()
    })

    it('of a newer program is refused, and left as it is', async () => {
      const location = await place()
      await (await open(location)).close()
      const db = await bare(location)
      await db.query('INSERT INTO lp_schema (version, applied_at) VALUES (999, 1)')
      await assert.rejects(open(location), { name: 'StoreError', code: 'newer-schema', message: /schema 999/ })
      assert.equal((await db.query('SELECT * FROM lp_schema')).length, MIGRATIONS.length + 1)
      await db.close()
    })
  })
}
