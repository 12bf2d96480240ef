import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { openStore, storeLocation } from './index.ts'
import { openEngine } from './sqlite/engine.ts'
import { sqliteError } from './sqlite/errors.ts'
import { DATABASE_FILE, refuseFullDisk } from './sqlite/files.ts'
import { openSqliteStore } from './sqlite/store.ts'
import { StoreError } from './store.ts'
import { startChild } from './testing/children.ts'
import { SHARED, temporaryFolder } from './testing/engines.ts'
import { bytes, credential, usageRow } from './testing/rows.ts'

const { open } = SHARED[0]!
const inFolder = (directory: string) => openStore({ engine: 'sqlite', directory })
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
const told = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error))
  assert.equal(error.code, code)
  assert.match(error.message, message)
  return true
}

describe('the SQLite store', () => {
  it('is a file for its owner alone, in a folder for its owner alone', async () => {
    const directory = join(temporaryFolder(), 'not', 'yet')
    const store = await open({ engine: 'sqlite', directory })
    await store.credentials.put(credential('a', 1), { expected: 0 })
    assert.equal(mode(directory), '700')
    const files = readdirSync(directory)
    assert.ok(files.includes(DATABASE_FILE))
    for (const file of files) assert.equal(mode(join(directory, file)), '600', file)
  })

  it('closes a folder and a file that stood open', async () => {
    const directory = temporaryFolder()
    await (await inFolder(directory)).close()
    chmodSync(directory, 0o755)
    chmodSync(join(directory, DATABASE_FILE), 0o644)
    await (await inFolder(directory)).close()
    assert.equal(mode(directory), '700')
    assert.equal(mode(join(directory, DATABASE_FILE)), '600')
  })

  it('stands in auth-dir unless the config names a Postgres', () => {
    assert.deepEqual(storeLocation({ store: { url: '' } }, '/auth'), { engine: 'sqlite', directory: '/auth' })
    assert.deepEqual(storeLocation({ store: { url: ' postgres://h/d' } }, '/auth'), {
      engine: 'postgres',
      url: 'postgres://h/d',
    })
  })

  it('keeps what it has over a restart', async () => {
    const directory = temporaryFolder()
    const first = await inFolder(directory)
    await first.credentials.put(credential('a', 1), { expected: 0, manifest: { expected: 0, value: bytes('m') } })
    await first.close()
    assert.deepEqual(readdirSync(directory), [DATABASE_FILE])
    const second = await open({ engine: 'sqlite', directory })
    assert.deepEqual(await second.credentials.all(), [credential('a', 1)])
    assert.deepEqual(await second.manifest(), { revision: 1, value: bytes('m') })
  })

  it('leaves a file alone that is no database', async () => {
    const directory = temporaryFolder()
    const file = join(directory, DATABASE_FILE)
    for (const content of ['not a database\n'.repeat(100), 'short', `SQLite format 3\0${'x'.repeat(5000)}`]) {
      writeFileSync(file, content)
      await assert.rejects(inFolder(directory), told('corrupt', /logicaproxy\.db .*left as it is.*auth-dir|damaged/))
      assert.equal(readFileSync(file, 'utf8'), content)
    }
  })

  it("leaves another program's database alone", async () => {
    const directory = temporaryFolder()
    const file = join(directory, DATABASE_FILE)
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE lp_credentials (mine TEXT)')
    other.close()
    const before = readFileSync(file)
    await assert.rejects(inFolder(directory), told('corrupt', /another program/))
    assert.deepEqual(readFileSync(file), before)
  })

  it('tells of damage inside the file, and writes nothing more', async () => {
    const directory = temporaryFolder()
    const store = await inFolder(directory)
    await store.usage.append(Array.from({ length: 500 }, (_, i) => usageRow(`r${i}`, i, { detail: 'x'.repeat(200) })))
    await store.close()
    const file = join(directory, DATABASE_FILE)
    const content = readFileSync(file)
    content.fill(0xa5, 4096)
    writeFileSync(file, content)
    await assert.rejects(
      async () => {
        const damaged = await open({ engine: 'sqlite', directory })
        await damaged.credentials.put(credential('a', 1), { expected: 0 })
      },
      told('corrupt', /damaged.*backup/),
    )
  })

  it('tells that the disk is full, loses nothing, and goes on when there is space again', () => {
    const engine = openEngine({
      directory: temporaryFolder(),
      connect(file, options) {
        const db = new DatabaseSync(file, options)
        db.exec('PRAGMA max_page_count = 40')
        return db
      },
    })
    assert.equal(engine.run('putCredential', credential('a', 1), { expected: 0 }), 'written')
    const big = usageRow('big', 1, { detail: 'x'.repeat(400_000) })
    assert.throws(
      () => engine.run('appendUsage', [usageRow('small', 1), big]),
      told('full', /no space left.*Free some/),
    )
    assert.deepEqual(engine.run('listUsage', {}, 10), [])
    assert.deepEqual(engine.run('getCredential', 'a'), credential('a', 1))
    assert.equal(engine.run('putCredential', credential('a', 2), { expected: 1 }), 'written')
    engine.run('appendUsage', [usageRow('small', 1)])
    engine.close()
  })

  it('keeps no byte of what was removed or replaced', async () => {
    const directory = temporaryFolder()
    const store = await inFolder(directory)
    const canary = bytes(`sealed ${'Kanarienvogel '.repeat(20)}`)
    for (const id of ['a', 'b', 'c'])
      await store.credentials.put({ ...credential(id, 1), sealed: canary }, { expected: 0 })
    await store.documents.put([{ kind: 'vault', id: 'header', value: 'Kanarienkopf '.repeat(30), updatedAt: 1 }])
    await store.credentials.remove('a')
    await store.credentials.put({ ...credential('b', 2), sealed: bytes('short') }, { expected: 1 })
    await store.credentials.put({ ...credential('c', 2), sealed: bytes('long '.repeat(400)) }, { expected: 1 })
    await store.documents.put([{ kind: 'vault', id: 'header', value: 'another', updatedAt: 2 }])
    // Closing brings everything from the log into the file.
    await store.close()
    for (const name of readdirSync(directory))
      assert.doesNotMatch(readFileSync(join(directory, name), 'latin1'), /Kanarien/, name)
  })

  it('calls a disk full, too, on which only the shared memory beside the database finds no room', () => {
    // SQLITE_IOERR_SHMSIZE: what a start on a full disk gives.
    const error = Object.assign(new Error('disk I/O error'), { errcode: 4874 })
    const full = sqliteError(error, '/auth/logicaproxy.db')
    assert.ok(told('full', /no space left for \/auth\/logicaproxy\.db/)(full))
    assert.equal((full as StoreError).passing, true)
    const failed = sqliteError(Object.assign(new Error('disk I/O error'), { errcode: 266 }), '/auth/logicaproxy.db')
    assert.ok(told('unavailable', /The disk failed/)(failed))
    assert.equal((failed as StoreError).passing, false)
  })

  it('is not ready on a disk that is all but full', () => {
    refuseFullDisk('/auth', { blocks: 1_000, bavail: 257, bsize: 4096 })
    refuseFullDisk('/auth', { blocks: 0, bavail: 0, bsize: 4096 })
    const nearly = () => refuseFullDisk('/auth', { blocks: 1_000, bavail: 255, bsize: 4096 })
    assert.throws(nearly, told('full', /1 MiB.*\/auth/))
  })

  it('tells that it is read-only', () => {
    const directory = temporaryFolder()
    openEngine({ directory }).close()
    const reader = openEngine({ directory, reader: true })
    assert.throws(
      () => reader.run('putCredential', credential('a', 1), { expected: 0 }),
      told('read-only', /cannot be written to/),
    )
    assert.deepEqual(reader.run('allCredentials'), [])
    reader.close()
  })

  it('tells a user without the right to write what is wrong', async (t) => {
    const directory = join(temporaryFolder(), 'store')
    const location = { engine: 'sqlite', directory } as const
    await (await openStore(location)).close()
    const file = join(directory, DATABASE_FILE)
    chmodSync(join(directory, '..'), 0o755)
    chmodSync(file, 0o444)
    chmodSync(directory, 0o555)
    const root = process.getuid?.() === 0
    const child = startChild('open', location, [], root ? { uid: 65_534, gid: 65_534 } : {})
    const [said] = (await child.rest()) as { code?: string; message: string }[]
    chmodSync(directory, 0o700)
    t.diagnostic(said?.message ?? '')
    assert.equal(said?.code, 'read-only')
  })

  it('tells that its folder cannot be one', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    await assert.rejects(inFolder(join(folder, 'file')), told('unavailable', /auth-dir/))
    await assert.rejects(inFolder(join(folder, 'file', 'below')), told('unavailable', /auth-dir/))
    mkdirSync(join(folder, DATABASE_FILE))
    await assert.rejects(inFolder(folder), told('unavailable', /auth-dir/))
  })

  it('follows a link to a folder elsewhere', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'real'))
    symlinkSync(join(folder, 'real'), join(folder, 'link'))
    const store = await open({ engine: 'sqlite', directory: join(folder, 'link') })
    await store.check()
    assert.ok(readdirSync(join(folder, 'real')).includes(DATABASE_FILE))
  })

  it('takes no token for kept that went into a deleted file', async () => {
    const directory = temporaryFolder()
    const file = join(directory, DATABASE_FILE)
    const store = await open({ engine: 'sqlite', directory })
    renameSync(file, `${file}.aside`)
    await assert.rejects(
      store.credentials.put(credential('a', 1), { expected: 0 }),
      told('unavailable', /moved, deleted/),
    )
    await assert.rejects(store.check(), told('unavailable', /moved, deleted/))
    renameSync(`${file}.aside`, file)
    assert.equal(await store.credentials.put(credential('a', 1), { expected: 0 }), 'written')
    rmSync(file)
    await assert.rejects(store.check(), told('unavailable', /moved, deleted/))
  })

  it('waits for a writer of another process, and is told who is in the way when that lasts', () => {
    const directory = temporaryFolder()
    const engine = openEngine({
      directory,
      connect: (file, options) => new DatabaseSync(file, { ...options, timeout: 20 }),
    })
    const other = new DatabaseSync(join(directory, DATABASE_FILE))
    other.exec('BEGIN IMMEDIATE')
    assert.throws(
      () => engine.run('putCredential', credential('a', 1), { expected: 0 }),
      told('unavailable', /locked by another process/),
    )
    assert.deepEqual(engine.run('allCredentials'), [])
    other.exec('ROLLBACK')
    assert.equal(engine.run('putCredential', credential('a', 1), { expected: 0 }), 'written')
    other.close()
    engine.close()
  })

  it('syncs what must not be lost, and only that', () => {
    const directory = temporaryFolder()
    const seen: string[] = []
    const engine = openEngine({
      directory,
      connect(file, options) {
        const db = new DatabaseSync(file, options)
        const { exec } = db
        db.exec = (sql) => {
          seen.push(sql)
          exec.call(db, sql)
        }
        return db
      },
    })
    const modes = (work: () => unknown) => {
      seen.length = 0
      work()
      return seen.filter((sql) => sql.includes('synchronous'))
    }
    assert.deepEqual(
      modes(() => engine.run('appendUsage', [usageRow('a', 1)])),
      ['PRAGMA synchronous = NORMAL'],
    )
    assert.deepEqual(
      modes(() => engine.run('putCredential', credential('a', 1), { expected: 0 })),
      ['PRAGMA synchronous = FULL'],
    )
    assert.deepEqual(
      modes(() => engine.run('acquireLease', 'l', 'me', 0, 1)),
      [],
    )
    engine.close()
  })

  it('opens for many askers at once in one thread each kind', async () => {
    const store = await open({ engine: 'sqlite', directory: temporaryFolder() })
    const pages = await Promise.all(Array.from({ length: 20 }, () => store.usage.list({}, 5)))
    assert.equal(pages.flat().length, 0)
  })

  it('has a second thread for long queries only while there is much usage, and somebody asks', async () => {
    const threads: Worker[] = []
    const seen = (thread: Worker) => threads.push(thread)
    process.on('worker', seen)
    const store = await openSqliteStore(temporaryFolder(), { readerIdleMs: 20 })
    const requests = async () => (await store.usage.totals({}, []))[0]?.requests
    try {
      await store.usage.append([usageRow('first', 1)])
      assert.equal(await requests(), 1)
      assert.equal(threads.length, 1)
      await store.usage.append(Array.from({ length: 2_500 }, (_, i) => usageRow(`u${i}`, i)))
      assert.deepEqual(await Promise.all([requests(), requests()]), [2_501, 2_501])
      assert.equal(threads.length, 2)
      await once(threads[1]!, 'exit')
      assert.equal(await requests(), 2_501)
      assert.equal(threads.length, 3)
    } finally {
      process.off('worker', seen)
      await store.close()
    }
  })
})
