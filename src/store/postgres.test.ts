import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'
import { createBehind, deadline } from './behind.ts'
import { openPostgresStore } from './postgres/store.ts'
import { type Store, StoreError } from './store.ts'
import { SHARED } from './testing/engines.ts'
import { credential, usageRow } from './testing/rows.ts'
import { type SlowProxy, startSlowProxy } from './testing/slow-proxy.ts'

const { open, fresh } = SHARED[1]!
const told = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error))
  assert.equal(error.code, code)
  assert.match(error.message, message)
  assert.doesNotMatch(error.message, /password:|test-password|hunter2/)
  return true
}
const soon = () => new Promise((resolve) => setTimeout(resolve, 20))

describe('the Postgres store', () => {
  let server: TestPostgres
  before(async () => {
    server = await startPostgres()
  })

  it('says what to install when the driver is missing', async () => {
    const load = () => Promise.reject(Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' }))
    await assert.rejects(openPostgresStore('postgres://h/d', { load }), told('unavailable', /npm install pg/))
    await assert.rejects(
      openPostgresStore('postgres://h/d', { load: () => Promise.reject(new Error('odd')) }),
      told('unavailable', /cannot be loaded \(odd\)/),
    )
  })

  it('refuses what is no address, without repeating it', async () => {
    for (const url of ['mysql://root:hunter2@h/d', 'hunter2', 'postgres://user:hunter2@ho st/d'])
      await assert.rejects(openPostgresStore(url), told('unavailable', /no Postgres address/))
  })

  it('says why a server cannot be used, by its name and without the password', async () => {
    const url = new URL(await server.database())
    const wrong = (change: (url: URL) => void) => {
      const other = new URL(url)
      change(other)
      return openPostgresStore(other.href)
    }
    await assert.rejects(
      wrong((u) => {
        u.password = 'hunter2'
      }),
      told('unavailable', /127\.0\.0\.1:\d+\/test_\d+ refuses the login/),
    )
    await assert.rejects(
      wrong((u) => {
        u.pathname = '/nowhere'
      }),
      told('unavailable', /no such database/),
    )
    const proxy = await startSlowProxy(server.port)
    await proxy.close()
    await assert.rejects(
      wrong((u) => {
        u.port = String(proxy.port)
      }),
      told('unavailable', /cannot be reached \(ECONNREFUSED\)/),
    )
    await assert.rejects(
      wrong((u) => {
        u.searchParams.set('sslmode', 'verify-full')
      }),
      told('unavailable', /secure connection/),
    )
    await assert.rejects(
      wrong((u) => {
        u.searchParams.set('options', '-c default_transaction_read_only=on')
      }),
      told('read-only', /primary/),
    )
  })

  it('goes on after the server was stopped and started again', async () => {
    const store = await fresh()
    const other = await fresh()
    await store.credentials.put(credential('a', 1), { expected: 0 })
    await server.stop()
    const down = told('unavailable', /cannot be reached/)
    await assert.rejects(store.credentials.all(), down)
    await assert.rejects(store.credentials.put(credential('a', 2), { expected: 1 }), down)
    await assert.rejects(store.check(), down)
    await other.close()
    await server.start()
    assert.deepEqual(await store.credentials.get('a'), credential('a', 1))
    assert.equal(await store.credentials.put(credential('a', 2), { expected: 1 }), 'written')
    await store.check()
  })

  it('writes what waited once the server is there again', async () => {
    const store = await fresh()
    const behind = createBehind({ store, everyMs: 10 })
    await server.stop()
    behind.usage(usageRow('req_1/0', 1))
    await assert.rejects(behind.flush(), told('unavailable', /cannot be reached/))
    await server.start()
    while (behind.counts.waiting > 0) await soon()
    await behind.close()
    assert.equal((await store.usage.list({}, 5)).length, 1)
  })

  it('lets no next holder of a lease in while a write under it is being made', async (t) => {
    const url = await server.database()
    const store = await open({ engine: 'postgres', url })
    await store.credentials.put(credential('a', 1), { expected: 0 })
    const lease = await store.leases.acquire('refresh a', 'slow', 0, 100)
    assert.ok('number' in lease)
    const [beside, watch] = [new pg.Client(url), new pg.Client(url)]
    await Promise.all([beside.connect(), watch.connect()])
    t.after(() => Promise.all([beside.end(), watch.end()]))
    const waiting = async (count: number) => {
      const sql = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
      while ((await watch.query(sql)).rows.length < count) await soon()
    }
    await beside.query('BEGIN')
    await beside.query("SELECT id FROM lp_credentials WHERE id = 'a' FOR UPDATE")
    const fence = { lease: 'refresh a', number: lease.number }
    const put = store.credentials.put(credential('a', 2), { expected: 1, fence })
    await waiting(1)
    // What the next holder reads once it is let in: two connections may bring their answers in any order.
    const next = store.leases.acquire('refresh a', 'next', 100, 100).then(() => store.credentials.get('a'))
    await waiting(2)
    await beside.query('COMMIT')
    assert.equal(await put, 'written')
    assert.equal((await next)?.version, 2)
  })

  it('survives writers that lock rows crosswise', async () => {
    const url = await server.database()
    const stores = await Promise.all([open({ engine: 'postgres', url }), open({ engine: 'postgres', url })])
    const ids = Array.from({ length: 40 }, (_, i) => `d${i}`)
    const rows = (from: string[]) => from.map((id) => ({ kind: 'k', id, value: '1', updatedAt: 1, expiresAt: 5 }))
    await Promise.all(
      stores.flatMap(({ documents, credentials }, one) =>
        Array.from({ length: 12 }, (_, i) => [
          documents.put(rows(one === 0 ? ids : ids.toReversed())),
          documents.purge(i % 2 === 0 ? 10 : 0),
          credentials.put(credential(`${one}/${i}`, 1), { expected: 0 }),
        ]).flat(),
      ),
    )
    assert.equal((await stores[0]!.credentials.all()).length, 24)
  })

  describe('behind a proxy', () => {
    let proxy: SlowProxy
    before(async () => {
      proxy = await startSlowProxy(server.port)
    })
    after(() => proxy.close())
    const through = async (): Promise<[near: Store, far: Store]> => {
      const url = await server.database()
      const far = new URL(url)
      far.port = String(proxy.port)
      return [await open({ engine: 'postgres', url }), await open({ engine: 'postgres', url: far.href })]
    }

    it('keeps nobody waiting when answers take 5 s, and loses nothing', async () => {
      const [, far] = await through()
      await far.documents.put([{ kind: 'session', id: 'a', value: '1', updatedAt: 1 }])
      proxy.delay(5_000)
      const slow = far.documents.get('session', 'a', 1)
      await assert.rejects(deadline(slow, 20), told('unavailable', /within 20 ms/))
      const behind = createBehind({ store: far, everyMs: 10 })
      behind.put({ kind: 'session', id: 'b', value: '2', updatedAt: 1 })
      behind.usage(usageRow('req_1/0', 1))
      const write = far.credentials.put(credential('a', 1), { expected: 0 })
      await assert.rejects(deadline(write, 20), told('unavailable', /within 20 ms/))
      proxy.delay(0)
      assert.equal((await slow)?.value, '1')
      assert.equal(await write, 'written')
      await behind.close()
      assert.equal((await far.documents.all('session', 1)).length, 2)
      assert.equal((await far.usage.list({}, 5)).length, 1)
    })

    it('takes new connections for those that broke, without an error for who asks next', async () => {
      const [near, far] = await through()
      await far.documents.put([{ kind: 'k', id: 'a', value: '1', updatedAt: 1 }])
      proxy.cut()
      assert.equal((await far.documents.get('k', 'a', 1))?.value, '1')
      proxy.cut()
      assert.equal(await far.credentials.put(credential('a', 1), { expected: 0 }), 'written')
      // The connection that listened broke as well; what happened meanwhile is still heard of.
      const heard = new Promise((resolve) => far.onChange(resolve))
      proxy.cut()
      await near.documents.put([{ kind: 'k', id: 'b', value: '1', updatedAt: 1 }])
      assert.deepEqual(await heard, { table: 'documents', kind: 'k' })
    })

    it('does not repeat a commit whose answer was lost: it says that it does not know', async () => {
      const [near, far] = await through()
      await far.credentials.put(credential('a', 1), { expected: 0 })
      proxy.cutAfter('COMMIT')
      const put = () => far.credentials.put(credential('a', 2), { expected: 1 })
      await assert.rejects(put(), told('unavailable', /may or may not have been saved/))
      assert.deepEqual(await near.credentials.get('a'), credential('a', 2))
      assert.equal(await put(), 'conflict')
    })
  })
})
