import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { openStore } from '../../store/index.ts'
import type { Store } from '../../store/store.ts'
import { SHARED } from '../../store/testing/engines.ts'
import { factsOf, fill, folder, login, read, tokensOf, vaultOn } from './testing/fixture.ts'

const open: Store[] = []
after(() => Promise.all(open.map((store) => store.close())))

async function sqlite(directory: string): Promise<Store> {
  const store = await openStore({ engine: 'sqlite', directory })
  open.push(store)
  return store
}

async function filled() {
  const authDir = folder()
  const vault = await vaultOn(await sqlite(authDir), authDir)
  await fill(vault, ['a', 'b', 'c'])
  const database = new DatabaseSync(join(authDir, 'logicaproxy.db'))
  return { authDir, vault, database }
}

const WHOLE = { good: { a: 'refresh-a2', b: 'refresh-b2', c: 'refresh-c2' }, bad: {} }

describe('the vault on SQLite', () => {
  it('finds rows rolled back, dropped, exchanged and inserted from outside', async () => {
    const { authDir, vault, database } = await filled()
    database.exec("CREATE TABLE kept AS SELECT * FROM lp_credentials WHERE id = 'a'")
    assert.equal(await vault.put(login('a'), tokensOf('a3'), { expected: 2 }), 'written')
    database.exec("DELETE FROM lp_credentials WHERE id IN ('a', 'c'); INSERT INTO lp_credentials SELECT * FROM kept")
    database.exec("UPDATE kept SET id = 'd'; INSERT INTO lp_credentials SELECT * FROM kept")
    for (const each of [vault, await vaultOn(await sqlite(authDir), authDir)]) {
      const { good, bad } = await read(each)
      assert.deepEqual(good, { b: 'refresh-b2' })
      assert.match(bad['a']!, /rolled back: the store has version 2, but version 3/)
      assert.match(bad['c']!, /gone from the store/)
      assert.match(bad['d']!, /belong to another record/)
    }
    await vault.remove('c')
    await vault.remove('d')
    assert.equal(await vault.put(login('a'), tokensOf('again'), { expected: 2 }), 'written')
    assert.deepEqual(await read(vault), { good: { a: 'refresh-again', b: 'refresh-b2' }, bad: {} })
    database.close()
  })
})

for (const engine of SHARED)
  describe(`the vault on ${engine.name}`, () => {
    async function two() {
      const location = await engine.place()
      const authDir = folder()
      const vault = await vaultOn(await engine.open(location), authDir)
      await fill(vault, ['a', 'b', 'c'])
      const server = await vaultOn(await engine.open(location), authDir)
      return { vault, server }
    }

    it('is followed by a second store while it is re-keyed, with writers on both', async () => {
      const { vault, server } = await two()
      let done = false
      const writers = ['b', 'c'].map(async (id) => {
        let written = 0
        while (!done) {
          const { version } = (await server.get(id))!.record
          if ((await server.put(login(id), tokensOf(`${id}2`), { expected: version })) === 'written') written++
        }
        return written
      })
      for (let i = 0; i < 3; i++) await vault.rekey({ settleMs: 30 })
      done = true
      assert.ok((await Promise.all(writers)).every((n) => n > 0))
      assert.deepEqual(await read(server), WHOLE)
      assert.deepEqual(await read(vault), WHOLE)
      assert.deepEqual(server.state(), vault.state())
      assert.deepEqual(vault.warnings(), [])
    })

    it('hears of a re-key to another passphrase within the time it is given', async () => {
      const { vault, server } = await two()
      await vault.rekey({ wrap: 'passphrase', passphrase: 'new' })
      assert.deepEqual(server.state(), vault.state())
      assert.deepEqual(await read(server), WHOLE)
    })

    it('keeps a dead login dead when it is sealed anew', async () => {
      const { vault } = await two()
      const state = { is: 'needs-login' as const, since: 1, reason: 'refused', version: 2 }
      await vault.putFacts('a', { ...factsOf('a'), state })
      await vault.rekey({ settleMs: 0 })
      const { version, facts } = (await vault.get('a'))!.record
      assert.deepEqual(facts.state, { ...state, version })
    })
  })
