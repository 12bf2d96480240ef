import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { StoreError } from '../../store/store.ts'
import { keyOf } from './seal.ts'
import { factsOf, fakeKeychain, fill, folder, login, read, tokensOf, vaultOn } from './testing/fixture.ts'
import { createMemoryStore, type MemoryStore } from './testing/memory-store.ts'

const IDS = ['a', 'b', 'c']
const WHOLE = { good: { a: 'refresh-a2', b: 'refresh-b2', c: 'refresh-c2' }, bad: {} }
const quick = { settleMs: 0 }

async function filled(wishes = {}) {
  const store = createMemoryStore()
  const authDir = folder()
  const vault = await vaultOn(store, authDir, wishes)
  await fill(vault, IDS)
  await vault.secrets.store('s', 'the secret')
  return { store, authDir, vault }
}

const headerOf = (store: MemoryStore) => JSON.parse(store.documentRows.get('vault\nheader')!.value)
const keysInUse = (store: MemoryStore) => new Set([...store.rows.values()].map((row) => keyOf(row.sealed)))

describe('a re-key', () => {
  it('seals everything under a new key and forgets the old one', async () => {
    const { store, authDir, vault } = await filled()
    const before = vault.state()
    const keyFile = readFileSync(join(authDir, 'vault.key'), 'utf8')
    const result = await vault.rekey(quick)
    assert.deepEqual({ ...result, fingerprint: '' }, { fingerprint: '', wrap: 'key-file', resealed: 3, damaged: 0 })
    assert.notDeepEqual(vault.state(), before)
    assert.deepEqual(keysInUse(store), new Set([result.fingerprint]))
    assert.deepEqual(headerOf(store).retired, [])
    const [old, now] = [keyFile, readFileSync(join(authDir, 'vault.key'), 'utf8')]
    assert.ok(now.split('\n').length === 2 && !now.includes(old.trim()))
    for (const each of [vault, await vaultOn(store, authDir)]) {
      assert.deepEqual(await read(each), WHOLE)
      assert.equal((await each.secrets.retrieve('s'))?.toString(), 'the secret')
      assert.deepEqual(each.warnings(), [])
    }
  })

  it('changes the wrapping both ways between all three', async () => {
    const keychain = fakeKeychain()
    const { store, authDir } = await filled({ keychain })
    for (const wrap of [
      'passphrase',
      'keychain',
      'key-file',
      'keychain',
      'passphrase',
      'key-file',
      'passphrase',
    ] as const) {
      const vault = await vaultOn(store, authDir, { keychain, passphrase: 'one' })
      assert.equal((await vault.rekey({ ...quick, wrap })).wrap, wrap)
      const again = await vaultOn(store, authDir, { keychain, passphrase: 'one' })
      assert.deepEqual(await read(again), WHOLE)
      assert.deepEqual([...keychain.entries.keys()].length, wrap === 'keychain' ? 1 : 0)
    }
    const { is } = (await vaultOn(store, authDir, { passphrase: 'two' })).state()
    assert.equal(is, 'locked')
  })

  it('takes an empty vault along, and its manifest', async () => {
    const store = createMemoryStore()
    const authDir = folder()
    const vault = await vaultOn(store, authDir)
    await vault.rekey(quick)
    await fill(vault, IDS)
    for (const id of IDS) await vault.remove(id)
    await vault.rekey(quick)
    const again = await vaultOn(store, authDir)
    assert.deepEqual(await read(again), { good: {}, bad: {} })
    await fill(again, IDS)
    assert.deepEqual(await read(await vaultOn(store, authDir)), WHOLE)
  })

  it('gives no honest look to a record that was damaged before', async () => {
    const { store, vault } = await filled()
    const old = store.rows.get('a')!
    await vault.put(login('a'), tokensOf('a3'), { expected: 2 })
    store.rows.set('a', old)
    assert.equal((await vault.rekey(quick)).damaged, 1)
    const { good, bad } = await read(vault)
    assert.deepEqual([Object.keys(good), Object.keys(bad)], [['b', 'c'], ['a']])
  })

  it('keeps settings that change while it runs', async () => {
    const { store, vault } = await filled()
    let once = true
    store.before = async (operation) => {
      if (operation !== 'credentials.put' || !once) return
      once = false
      await vault.putFacts('c', { ...factsOf('c'), label: 'changed' })
    }
    await vault.rekey(quick)
    assert.equal((await vault.get('c'))?.record.facts.label, 'changed')
  })

  it('refuses to run twice at once', async () => {
    const { store, authDir, vault } = await filled()
    const other = await vaultOn(store, authDir)
    const both = await Promise.allSettled([vault.rekey(quick), other.rekey(quick)])
    assert.deepEqual(both.map((r) => r.status).sort(), ['fulfilled', 'rejected'])
    assert.deepEqual(await read(other), WHOLE)
  })
})

describe('a server that runs during a re-key', () => {
  it('follows, reads and writes at whichever step of it', async () => {
    for (const change of [{ wrap: 'key-file' }, { wrap: 'passphrase', passphrase: 'new to the server' }] as const) {
      let calls = 1
      for (let at = 0; at < calls; at++) {
        const { store, authDir } = await filled()
        const server = await vaultOn(store, authDir)
        const admin = await vaultOn(store, authDir)
        calls = 0
        // A passphrase it does not know reaches the server over the bridge, if it is told in time; else it needs no telling.
        if (change.wrap === 'passphrase')
          store.after = async (operation) => {
            if (operation !== 'documents.put') return
            store.tell({ table: 'documents', kind: 'vault' })
            await server.all()
          }
        store.before = async () => {
          if (calls++ !== at) return
          const { version } = (await server.get('a'))!.record
          assert.equal(await server.put(login('a'), tokensOf('a2'), { expected: version }), 'written')
        }
        await admin.rekey({ ...quick, ...change })
        store.before = store.after = () => {}
        assert.deepEqual(await read(admin), WHOLE, `${at}`)
        assert.deepEqual(await read(server), WHOLE, `${at}`)
        assert.deepEqual(server.state(), admin.state())
      }
      assert.ok(calls > 20)
    }
  })

  it('follows to a passphrase it does not know, over the bridge', async () => {
    const { store, authDir, vault } = await filled()
    const server = await vaultOn(store, authDir)
    store.before = (operation) => {
      if (operation === 'leases.acquire') store.tell({ table: 'documents', kind: 'vault' })
    }
    await vault.rekey({ settleMs: 20, wrap: 'passphrase', passphrase: 'new' })
    assert.deepEqual(server.state(), vault.state())
    assert.deepEqual(await read(server), WHOLE)
    assert.equal(headerOf(store).bridge, undefined)
  })

  it('does not lose a token that it fetched while its record was sealed anew', async () => {
    const { store, authDir, vault } = await filled()
    const server = await vaultOn(store, authDir)
    const seen = (await server.get('a'))!.record.version
    await vault.rekey(quick)
    assert.notEqual((await vault.get('a'))?.record.version, seen)
    // To the server nobody has written since: its write counts, once.
    assert.equal(await server.put(login('a'), tokensOf('fresh'), { expected: seen }), 'written')
    assert.equal(await server.put(login('a'), tokensOf('stale'), { expected: seen }), 'conflict')
    assert.equal((await read(vault)).good['a'], 'refresh-fresh')
  })

  it('is locked, and says so, after a new passphrase without a bridge', async () => {
    const { store, authDir, vault } = await filled()
    const server = await vaultOn(store, authDir)
    await vault.rekey({ ...quick, wrap: 'passphrase', passphrase: 'new', bridge: false })
    await assert.rejects(server.put(login('a'), tokensOf('x'), { expected: 3 }), /locked with a passphrase/)
    assert.equal(server.state().is, 'locked')
    assert.deepEqual(await read(vault), WHOLE)
  })

  it('hears of it from the store', async () => {
    const { store, authDir, vault } = await filled()
    const server = await vaultOn(store, authDir)
    await vault.rekey(quick)
    store.tell({ table: 'documents', kind: 'vault' })
    const old = JSON.stringify(server.state())
    for (let i = 0; i < 1000 && JSON.stringify(server.state()) === old; i++)
      await new Promise((resolve) => setTimeout(resolve, 2))
    assert.deepEqual(server.state(), vault.state())
  })
})

describe('a re-key that is interrupted', () => {
  for (const wrap of ['key-file', 'passphrase', 'keychain'] as const)
    it(`before or after any call to the store loses nothing and can be finished (${wrap})`, async () => {
      let points = 0
      for (const moment of ['before', 'after'] as const) {
        for (let at = 0; ; at++) {
          const keychain = fakeKeychain()
          const wishes = { keychain, passphrase: 'one', wrap: 'key-file' as const }
          const { store, authDir, vault } = await filled(wishes)
          let calls = 0
          let down = false
          const fail = () => {
            throw new StoreError('unavailable', 'the power went')
          }
          // "After": the call was done, but its answer is lost, and everything since fails.
          store.before = () => {
            if (down) fail()
          }
          store[moment] = () => {
            if (!down && calls++ < at) return
            down = true
            fail()
          }
          const outcome = await vault.rekey({ ...quick, wrap }).then(
            () => 'done',
            () => 'failed',
          )
          store.before = store.after = () => {}
          await vault.close()
          // A process that died has not released its lease: a minute passes.
          const later = { ...wishes, wrap: 'auto' as const, now: () => Date.UTC(2026, 10, 22, 1) }
          const again = await vaultOn(store, authDir, later)
          assert.equal(again.state().is, 'open', `${moment} ${at}: ${JSON.stringify(again.state())}`)
          assert.deepEqual(await read(again), WHOLE, `${moment} ${at}`)
          assert.equal((await again.secrets.retrieve('s'))?.toString(), 'the secret')
          await again.rekey({ ...quick, resume: true })
          assert.deepEqual(headerOf(store).retired, [])
          assert.equal(keysInUse(store).size, 1)
          const third = await vaultOn(store, authDir, later)
          assert.deepEqual(await read(third), WHOLE)
          assert.equal((await third.secrets.retrieve('s'))?.toString(), 'the secret')
          points++
          if (outcome === 'done') break
        }
      }
      assert.ok(points > 30, `${points}`)
    })
})
