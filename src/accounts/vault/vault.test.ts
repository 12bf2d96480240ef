import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { StoreError } from '../../store/store.ts'
import { VaultError } from '../vault.ts'
import { factsOf, fakeKeychain, fill, folder, login, read, START, tokensOf, vaultOn } from './testing/fixture.ts'
import { createMemoryStore } from './testing/memory-store.ts'

const IDS = ['a', 'b', 'c', 'd']

async function filled() {
  const store = createMemoryStore()
  const authDir = folder()
  const vault = await vaultOn(store, authDir)
  await fill(vault, IDS)
  return { store, authDir, vault }
}

/** One record is told, the others are used. */
async function toldAlone(vault: Awaited<ReturnType<typeof vaultOn>>, id: string, words: RegExp) {
  const { good, bad } = await read(vault)
  assert.deepEqual(Object.keys(bad), [id])
  assert.match(bad[id]!, words)
  const others = IDS.filter((other) => other !== id)
  assert.deepEqual(good, Object.fromEntries(others.map((other) => [other, `refresh-${other}2`])))
  const alone = await vault.get(id)
  assert.ok(alone !== undefined && 'damage' in alone)
  for (const other of others) assert.ok('tokens' in (await vault.get(other))!)
}

describe('the vault', () => {
  it('keeps logins over a restart, and gives them a version with each write', async () => {
    const { store, authDir } = await filled()
    const again = await vaultOn(store, authDir)
    assert.equal(again.state().is, 'open')
    assert.deepEqual(await read(again), { good: Object.fromEntries(IDS.map((id) => [id, `refresh-${id}2`])), bad: {} })
    const a = await again.get('a')
    assert.ok(a !== undefined && 'tokens' in a)
    assert.deepEqual([a.record.version, a.record.facts, a.record.expiresAt], [2, factsOf('a'), a.tokens.expiresAt])
    assert.equal(await again.get('nobody'), undefined)
  })

  it('refuses a writer who has read an older version, and lets exactly one of many win', async () => {
    const { vault, store, authDir } = await filled()
    assert.equal(await vault.put(login('a'), tokensOf('late'), { expected: 1 }), 'conflict')
    assert.equal(await vault.put(login('a'), tokensOf('late'), { expected: 0 }), 'conflict')
    const others = await Promise.all([0, 1, 2].map(() => vaultOn(store, authDir)))
    const results = await Promise.all(
      others.flatMap((v, i) => [0, 1].map((j) => v.put(login('a'), tokensOf(`${i}${j}`), { expected: 2 }))),
    )
    assert.deepEqual(
      results.filter((r) => r === 'written'),
      ['written'],
    )
    assert.deepEqual((await read(vault)).bad, {})
  })

  it('lets writers of different logins pass each other, in one process and in several', async () => {
    const { store, authDir } = await filled()
    const vaults = await Promise.all([0, 1, 2].map(() => vaultOn(store, authDir)))
    const ids = Array.from({ length: 30 }, (_, i) => `n${i}`)
    const results = await Promise.all(ids.map((id, i) => vaults[i % 3]!.put(login(id), tokensOf(id), { expected: 0 })))
    assert.ok(results.every((r) => r === 'written'))
    const { good, bad } = await read(vaults[0]!)
    assert.deepEqual([Object.keys(good).length, bad], [34, {}])
  })

  it('refuses a write under a fence that a later holder has passed', async () => {
    const { store, vault } = await filled()
    const first = await store.leases.acquire('refresh a', 'one', 0, 10)
    assert.ok('number' in first)
    await store.leases.acquire('refresh a', 'two', 20, 10)
    const fence = { lease: 'refresh a', number: first.number }
    assert.equal(await vault.put(login('a'), tokensOf('late'), { expected: 2, fence }), 'conflict')
    fence.number++
    assert.equal(await vault.put(login('a'), tokensOf('new'), { expected: 2, fence }), 'written')
  })

  it('changes facts without touching the seal, and removes for good', async () => {
    const { store, vault } = await filled()
    const before = Buffer.from(store.rows.get('a')!.sealed)
    assert.equal(await vault.putFacts('a', { ...factsOf('a'), label: 'work' }), 'written')
    assert.deepEqual(Buffer.from(store.rows.get('a')!.sealed), before)
    assert.equal((await vault.get('a'))?.record.facts.label, 'work')
    await vault.remove('a')
    await vault.remove('a')
    assert.equal(await vault.get('a'), undefined)
    assert.deepEqual(Object.keys((await read(vault)).good), ['b', 'c', 'd'])
  })

  it('opens a row that somebody else has read, and no altered one', async () => {
    const { store, vault } = await filled()
    const row = store.rows.get('a')!
    assert.equal(vault.open(row).refreshToken, 'refresh-a2')
    assert.throws(() => vault.open({ ...row, id: 'b' }), { name: 'VaultError', code: 'tampered' })
  })

  it('hands its key to a process of the same user, which wipes it', async () => {
    const { store, authDir, vault } = await filled()
    const key = vault.exportKey()
    assert.equal(key.length, 32)
    const child = await vaultOn(store, authDir, { key, keyFile: '/nowhere/at/all' })
    assert.deepEqual(await read(child), await read(vault))
    assert.ok(key.every((byte) => byte === 0))
  })

  it('shows no token and no key when it is printed or serialised', async () => {
    const { vault } = await filled()
    await vault.secrets.store('s', 'Kanarie')
    const shown = inspect(vault, { depth: 12, showHidden: true }) + JSON.stringify(vault)
    const key = Buffer.from(vault.exportKey())
    assert.doesNotMatch(shown, /refresh-|access-|Kanarie/)
    assert.ok(!shown.includes(key.toString('base64')) && !shown.includes(key.toString('hex')))
  })
})

describe('tampering with the store', () => {
  it('a record under the id of another is told', async () => {
    const { store, vault } = await filled()
    store.rows.set('a', { ...store.rows.get('b')!, id: 'a' })
    await toldAlone(vault, 'a', /belong to another record/)
  })

  it('two records exchanged are both told', async () => {
    const { store, vault } = await filled()
    const [a, b] = [store.rows.get('a')!, store.rows.get('b')!]
    store.rows.set('a', { ...a, sealed: b.sealed })
    store.rows.set('b', { ...b, sealed: a.sealed })
    assert.deepEqual(Object.keys((await read(vault)).bad), ['a', 'b'])
  })

  it('a record given to another provider is told', async () => {
    const { store, vault } = await filled()
    store.rows.set('a', { ...store.rows.get('a')!, provider: 'codex' })
    await toldAlone(vault, 'a', /altered/)
  })

  it('a flipped bit and a cut seal are told', async () => {
    for (const bend of [
      (s: Uint8Array) => s.fill(s[30]! ^ 1, 30, 31),
      (s: Uint8Array) => s.subarray(0, s.length - 1),
    ]) {
      const { store, vault } = await filled()
      const row = store.rows.get('c')!
      store.rows.set('c', { ...row, sealed: bend(Uint8Array.from(row.sealed)) })
      await toldAlone(vault, 'c', /altered/)
    }
  })

  it('an old seal under a new number is told', async () => {
    const { store, vault } = await filled()
    const old = store.rows.get('a')!
    await vault.put(login('a'), tokensOf('a3'), { expected: 2 })
    store.rows.set('a', { ...store.rows.get('a')!, sealed: old.sealed })
    await toldAlone(vault, 'a', /altered/)
  })

  it('a whole row rolled back, seal and number together, is told with both versions', async () => {
    const { store, authDir, vault } = await filled()
    const old = store.rows.get('a')!
    await vault.put(login('a'), tokensOf('a3'), { expected: 2 })
    store.rows.set('a', old)
    await toldAlone(vault, 'a', /rolled back: the store has version 2, but version 3 was written last/)
    await toldAlone(await vaultOn(store, authDir), 'a', /rolled back/)
  })

  it('a row of an earlier life, with the number of the present one, is told', async () => {
    const { store, vault } = await filled()
    const old = store.rows.get('a')!
    await vault.remove('a')
    await vault.put(login('a'), tokensOf('a1'), { expected: 0 })
    await vault.put(login('a'), tokensOf('a3'), { expected: 1 })
    store.rows.set('a', old)
    await toldAlone(vault, 'a', /replaced by other data of version 2/)
  })

  it('a dropped row is told by its name, and can be logged in anew or removed', async () => {
    for (const mend of ['login', 'remove']) {
      const { store, vault } = await filled()
      store.rows.delete('b')
      await toldAlone(vault, 'b', /gone from the store/)
      if (mend === 'remove') await vault.remove('b')
      else assert.equal(await vault.put(login('b'), tokensOf('new'), { expected: 0 }), 'written')
      assert.deepEqual((await read(vault)).bad, {})
      assert.equal((await vault.get('b')) === undefined, mend === 'remove')
    }
  })

  it('a removed row that comes back, and a copy under a new id, are told', async () => {
    const { store, vault } = await filled()
    const old = store.rows.get('d')!
    await vault.remove('d')
    store.rows.set('d', old)
    await toldAlone(vault, 'd', /put back after its removal/)
    store.rows.set('e', { ...store.rows.get('a')!, id: 'e' })
    assert.deepEqual(Object.keys((await read(vault)).bad), ['d', 'e'])
  })

  it('settings that are no settings are told', async () => {
    const { store, vault } = await filled()
    store.rows.set('a', { ...store.rows.get('a')!, facts: '{"lab' })
    await toldAlone(vault, 'a', /settings cannot be read/)
  })

  it('a login that is damaged is mended by logging in again', async () => {
    const { store, vault } = await filled()
    const old = store.rows.get('a')!
    await vault.put(login('a'), tokensOf('a3'), { expected: 2 })
    store.rows.set('a', old)
    assert.equal(await vault.put(login('a'), tokensOf('new'), { expected: 2 }), 'written')
    assert.deepEqual(await read(vault), {
      good: { a: 'refresh-new', b: 'refresh-b2', c: 'refresh-c2', d: 'refresh-d2' },
      bad: {},
    })
  })

  it('an altered or older manifest is refused until its owner accepts what is there', async () => {
    for (const old of [true, false]) {
      const { store, authDir, vault } = await filled()
      const early = store.manifestRow
      await vault.put(login('a'), tokensOf('a3'), { expected: 2 })
      const { revision, value } = store.manifestRow
      store.manifestRow = { revision, value: old ? early.value : value.fill(7, 40, 41) }
      const again = await vaultOn(store, authDir)
      await assert.rejects(again.all(), { code: 'tampered', message: /vault status --accept/ })
      await assert.rejects(again.put(login('x'), tokensOf('x'), { expected: 0 }), { code: 'tampered' })
      await again.accept()
      assert.deepEqual((await read(again)).bad, {})
      assert.equal(await again.put(login('x'), tokensOf('x'), { expected: 0 }), 'written')
      assert.deepEqual(Object.keys((await read(await vaultOn(store, authDir))).good), ['a', 'b', 'c', 'd', 'x'])
    }
  })

  it('a header that is gone or altered locks the vault rather than making a new one', async () => {
    const { store, authDir } = await filled()
    const [name, header] = [...store.documentRows][0]!
    store.documentRows.delete(name)
    const gone = (await vaultOn(store, authDir)).state()
    assert.ok(gone.is === 'locked' && /header is gone/.test(gone.reason))
    for (const bent of [header.value.replace('"id":"', '"id":"0000').replace(/(0000\w{12})\w{4}/, '$1'), '{}', 'x']) {
      store.documentRows.set(name, { ...header, value: bent })
      const state = (await vaultOn(store, authDir)).state()
      assert.ok(state.is === 'locked' && /altered|damaged/.test(state.reason), JSON.stringify(state))
    }
  })
})

describe('a store that was put back from a backup', () => {
  it('is told with what to do, until its owner accepts it', async () => {
    const { store, authDir, vault } = await filled()
    const restore = store.backup()
    await vault.put(login('a'), tokensOf('a3'), { expected: 2 })
    await vault.close()
    restore()
    const again = await vaultOn(store, authDir)
    assert.match(again.warnings().join(), /went back from state 9 to 8.*vault status --accept/)
    assert.deepEqual((await read(again)).bad, {})
    // New writes do not make it forgotten.
    await again.put(login('a'), tokensOf('a3'), { expected: 2 })
    await again.put(login('a'), tokensOf('a4'), { expected: 3 })
    await again.close()
    const third = await vaultOn(store, authDir)
    assert.match(third.warnings().join(), /went back/)
    await third.accept()
    await third.close()
    assert.deepEqual((await vaultOn(store, authDir)).warnings(), [])
  })

  it('is told while the vault is open, too', async () => {
    const { store, vault } = await filled()
    const restore = store.backup()
    await vault.put(login('a'), tokensOf('a3'), { expected: 2 })
    restore()
    await vault.all()
    assert.match(vault.warnings().join(), /went back/)
  })
})

describe('a vault that cannot be opened', () => {
  it('says why and what to do, and refuses every use in the same words', async () => {
    const { store, authDir } = await filled()
    const vault = await vaultOn(store, authDir, { keyFile: '/nowhere/vault.key' })
    const state = vault.state()
    assert.ok(state.is === 'locked')
    assert.equal(state.reason, 'The key file /nowhere/vault.key is missing.')
    assert.match(state.help, /^Restore it from a backup/)
    for (const use of [
      vault.all(),
      vault.get('a'),
      vault.put(login('x'), tokensOf('x'), { expected: 0 }),
      vault.remove('a'),
      vault.secrets.list(),
      vault.rekey(),
    ])
      await assert.rejects(use, { name: 'VaultError', code: 'locked', message: /is missing\. Restore/ })
    assert.throws(() => vault.exportKey(), VaultError)
    assert.equal((await vault.status()).state.is, 'locked')
  })

  it('opens by itself when it was only the store that was away', async () => {
    const { store, authDir } = await filled()
    store.before = () => {
      throw new StoreError('unavailable', 'The database does not answer.')
    }
    const vault = await vaultOn(store, authDir)
    const state = vault.state()
    assert.ok(state.is === 'locked' && /does not answer/.test(state.reason))
    await assert.rejects(vault.all(), StoreError)
    store.before = () => {}
    assert.deepEqual((await read(vault)).bad, {})
    assert.equal(vault.state().is, 'open')
  })

  it('opens when its owner has put right what was wrong', async () => {
    const { store, authDir } = await filled()
    let now = START
    chmodSync(authDir, 0o755)
    const vault = await vaultOn(store, authDir, { now: () => now })
    assert.match(JSON.stringify(vault.state()), /chmod 700/)
    chmodSync(authDir, 0o700)
    await assert.rejects(vault.all(), { code: 'locked' })
    now += 5_000
    assert.deepEqual((await read(vault)).bad, {})
  })

  it('stays open while the store is away for a while', async () => {
    const { store, vault } = await filled()
    store.before = () => {
      throw new StoreError('unavailable', 'gone')
    }
    store.tell({ table: 'documents', kind: 'vault' })
    await assert.rejects(vault.all(), StoreError)
    assert.equal(vault.state().is, 'open')
    store.before = () => {}
    assert.equal(Object.keys((await read(vault)).good).length, 4)
  })
})

describe('the first start', () => {
  it('of several processes at once agrees on one key', async () => {
    for (const wishes of [
      {},
      { passphrase: 'correct horse' },
      { wrap: 'keychain' as const, keychain: fakeKeychain() },
    ]) {
      const store = createMemoryStore()
      const authDir = folder()
      store.before = () => new Promise((resolve) => setImmediate(resolve))
      const vaults = await Promise.all(Array.from({ length: 8 }, () => vaultOn(store, authDir, wishes)))
      const prints = new Set(vaults.map((v) => JSON.stringify(v.state())))
      assert.equal(prints.size, 1, [...prints].join())
      await vaults[0]!.put(login('a'), tokensOf('a'), { expected: 0 })
      for (const vault of vaults) assert.ok('tokens' in (await vault.get('a'))!)
      if (wishes.keychain) assert.equal(wishes.keychain.entries.size, 1)
    }
  })

  it('falls back to a key file where there is no keychain, and says so', async () => {
    const vault = await vaultOn(createMemoryStore(), folder(), { wrap: 'keychain' })
    const state = vault.state()
    assert.ok(state.is === 'open' && state.wrap === 'key-file')
    assert.match(vault.warnings().join(), /cannot be used.*key file .*rekey --wrap keychain/)
  })

  it('tells a config that asks for other protection than there is', async () => {
    const { store, authDir } = await filled()
    const vault = await vaultOn(store, authDir, { wrap: 'passphrase', passphrase: 'x' })
    assert.equal(vault.state().is, 'open')
    assert.match(vault.warnings().join(), /protected by a key file.*rekey --wrap passphrase/)
  })
})

describe('expiry', () => {
  it('purges what has ended and cannot be renewed, nothing else', async () => {
    let now = 1_000
    const vault = await vaultOn(createMemoryStore(), folder(), { now: () => now })
    const ended = { expiresAt: 2_000 }
    await vault.put(login('dead'), tokensOf('x', { ...ended, refreshToken: undefined }), { expected: 0 })
    await vault.put(login('renewable'), tokensOf('x', ended), { expected: 0 })
    await vault.put(login('lasting'), tokensOf('x', { expiresAt: undefined, refreshToken: undefined }), { expected: 0 })
    const borrowed = { ...factsOf('b'), origin: { how: 'borrowed' as const, at: 0 } }
    await vault.put({ ...login('borrowed'), facts: borrowed }, tokensOf('x', { ...ended, refreshToken: undefined }), {
      expected: 0,
    })
    await vault.secrets.store('short', 'x', { ttlMs: 500 })
    assert.deepEqual(await vault.purge(), { logins: [], secrets: 0 })
    now = 3_000
    assert.deepEqual(await vault.purge(true), { logins: ['dead'], secrets: 0 })
    assert.deepEqual(await vault.purge(), { logins: ['dead'], secrets: 1 })
    assert.deepEqual(
      (await vault.list()).map((l) => l.id),
      ['borrowed', 'lasting', 'renewable'],
    )
  })
})
