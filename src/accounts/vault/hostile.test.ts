/** What others may bring about: hostile exports, races, clocks that are set, places that cannot be written to. */
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { StoreError } from '../../store/store.ts'
import { MOST_ENTRIES } from './bundle.ts'
import { openConfiguredVault } from './configured.ts'
import { createVault } from './embed.ts'
import { factsOf, fill, folder, login, read, START, tokensOf, vaultOn } from './testing/fixture.ts'
import { createMemoryStore } from './testing/memory-store.ts'

describe('a hostile export', () => {
  it('cannot make us spend memory or time on its passphrase', async () => {
    const vault = await vaultOn(createMemoryStore(), folder())
    await fill(vault, ['a'])
    const bundle = JSON.parse((await vault.exportBundle('travel')).text)
    for (const kdf of [
      { ...bundle.kdf, memoryKiB: 4 * 1024 * 1024 },
      { ...bundle.kdf, memoryKiB: 1024 * 1024 },
      { ...bundle.kdf, passes: 1_000_000 },
      { ...bundle.kdf, parallelism: 4_096 },
      { ...bundle.kdf, salt: 'A'.repeat(1_000_000) },
      { ...bundle.kdf, name: 'scrypt' },
    ])
      await assert.rejects(
        vault.importBundle(JSON.stringify({ ...bundle, kdf }), () => assert.fail('nobody is asked')),
        { name: 'VaultError', code: 'format' },
      )
  })

  it('brings no more than there is room for, and nothing at all if any of it is wrong', async () => {
    const store = createMemoryStore()
    const vault = await vaultOn(store, folder())
    const one = (id: string) => ({ ...login(id), version: 1, tokens: tokensOf(id) })
    const head = { format: 'logicaproxy-export', version: 1, createdAt: START }
    const many = Array.from({ length: MOST_ENTRIES + 1 }, (_, n) => one(`a${n}`))
    const good = one('good')
    for (const logins of [
      many,
      [good, one('x'.repeat(513))],
      [good, { ...one('b'), version: -1 }],
      [good, { ...one('b'), tokens: { accessToken: 5, issuedAt: 0, details: {} } }],
      [good, { ...one('b'), facts: { ...factsOf('b'), headers: { x: { y: 1 } } } }],
      [good, { ...one('b'), facts: null }],
      [good, { ...one('b'), facts: { ...factsOf('b'), proxyUrl: 5 } }],
      [good, { ...one('b'), tokens: { ...tokensOf('b'), expiresAt: 'tomorrow' } }],
      [good, { ...one('b'), tokens: { ...tokensOf('b'), refreshToken: {} } }],
    ])
      await assert.rejects(
        vault.importBundle(JSON.stringify({ ...head, plain: { logins, secrets: [] } }), async () => undefined),
        { name: 'VaultError', code: 'format' },
      )
    assert.equal(store.rows.size, 0)
  })

  it('is read from a plain file of bounded size alone', async () => {
    const authDir = folder()
    const config = {
      'auth-dir': authDir,
      store: { url: '' },
      vault: { wrap: 'key-file', 'key-file': '', 'passphrase-file': '' },
    } as const
    const opened = await openConfiguredVault(config, { env: {} })
    try {
      for (const path of ['/dev/zero', authDir])
        await assert.rejects(opened.read(path), { name: 'VaultError', message: /not a plain file/ })
      const large = join(authDir, 'large')
      writeFileSync(large, '')
      truncateSync(large, 65 * 1024 * 1024)
      await assert.rejects(opened.read(large), /too large to be an export/)
      await assert.rejects(opened.read(join(authDir, 'none')), /ENOENT/)
    } finally {
      await opened.close()
    }
  })
})

describe('settings in a row that somebody else has written', () => {
  it('are refused where they could reach further than their login, and it is told', async () => {
    const bends: Record<string, unknown>[] = [
      { excludedModels: 5 },
      { excludedModels: [5] },
      { headers: null },
      { headers: { 'x y\r\n': 'z' } },
      { headers: { x: 'a\r\nauthorization: b' } },
      { state: null },
      { state: { is: 'odd' } },
      { origin: undefined },
      { proxyUrl: 5 },
      { prefix: {} },
      { subject: 5 },
      { weight: null },
      { label: 'x'.repeat(5_000) },
    ]
    const store = createMemoryStore()
    const vault = await vaultOn(store, folder())
    await fill(vault, ['a'])
    const row = store.rows.get('a')!
    for (const bent of bends) {
      store.rows.set('a', { ...row, facts: JSON.stringify({ ...factsOf('a'), ...bent }) })
      const [loaded] = await vault.all()
      assert.ok(loaded !== undefined && 'damage' in loaded, JSON.stringify(bent))
      assert.match(loaded.damage, /its settings cannot be read/)
      assert.equal(loaded.record.facts.state.is, 'needs-login')
    }
  })

  it('are left out where they only describe it; what this version does not know stays', async () => {
    const store = createMemoryStore()
    const vault = await vaultOn(store, folder())
    await fill(vault, ['a'])
    const row = store.rows.get('a')!
    const odd = { models: 'x', modelsAt: 'y', note: 5, plan: {}, email: [], neverRests: 1, later: { known: true } }
    store.rows.set('a', { ...row, facts: JSON.stringify({ ...factsOf('a'), ...odd }) })
    const [loaded] = await vault.all()
    assert.ok(loaded !== undefined && 'tokens' in loaded, JSON.stringify(loaded))
    const { models, note, label, later } = loaded.record.facts as unknown as Record<string, unknown>
    assert.deepEqual([models, note, label, later], [undefined, undefined, 'a', { known: true }])
  })
})

describe('a purge', () => {
  it('leaves a login that came anew while it looked', async () => {
    const store = createMemoryStore()
    const authDir = folder()
    const [vault, other] = [await vaultOn(store, authDir), await vaultOn(store, authDir)]
    const over = { refreshToken: undefined, expiresAt: START - 1 }
    await vault.put(login('a'), tokensOf('a', over), { expected: 0 })
    await vault.put(login('b'), tokensOf('b', over), { expected: 0 })
    let renewed = false
    store.before = async (operation) => {
      if (operation !== 'credentials.remove' || renewed) return
      renewed = true
      await other.put(login('a'), tokensOf('new'), { expected: 1 })
      await other.put(login('b'), tokensOf('new'), { expected: 1 })
    }
    assert.deepEqual(await vault.purge(), { logins: [], secrets: 0 })
    store.before = () => {}
    assert.deepEqual(await read(vault), { good: { a: 'refresh-new', b: 'refresh-new' }, bad: {} })
  })

  it('leaves a secret that was stored anew while it looked', async () => {
    const store = createMemoryStore()
    const authDir = folder()
    let now = START
    const vault = await vaultOn(store, authDir, { now: () => now })
    const { secrets } = vault
    await secrets.store('kept', 'old', { ttlMs: 1_000 })
    await secrets.store('gone', 'old', { ttlMs: 1_000 })
    now += 2_000
    let stored = false
    store.before = async (operation) => {
      if (!/documents\.(?:purge|remove)/.test(operation) || stored) return
      stored = true
      await secrets.store('kept', 'new')
    }
    assert.equal(await secrets.purgeExpired(), 2)
    assert.ok(stored)
    assert.equal((await secrets.retrieve('kept'))?.toString(), 'new')
    assert.deepEqual(
      (await secrets.list()).map(({ name }) => name),
      ['kept'],
    )
  })
})

describe('a locked vault', () => {
  it('is tried again though the clock was set back by a year', async () => {
    const store = createMemoryStore()
    const authDir = folder()
    await fill(await vaultOn(store, authDir), ['a'])
    let now = START
    const keyFile = join(authDir, 'elsewhere', 'vault.key')
    const vault = await vaultOn(store, authDir, { keyFile, now: () => now })
    assert.equal(vault.state().is, 'locked')
    now -= 365 * 86_400_000
    mkdirSync(join(authDir, 'elsewhere'), { mode: 0o700 })
    copyFileSync(join(authDir, 'vault.key'), keyFile)
    chmodSync(keyFile, 0o600)
    assert.equal((await vault.all()).length, 1)
    assert.equal(vault.state().is, 'open')
  })

  it('opens when a store that was away at the start is back, and then takes over what an earlier version kept', async () => {
    const store = createMemoryStore()
    const authDir = folder()
    await fill(await vaultOn(store, authDir), ['a'])
    let away = true
    store.before = () => {
      if (away) throw new StoreError('unavailable', 'The database is away.', { passing: true })
    }
    const vault = await vaultOn(store, authDir)
    const state = vault.state()
    assert.ok(state.is === 'locked')
    assert.match(`${state.reason} ${state.help}`, /The database is away\. It is tried again by itself\./)
    await assert.rejects(vault.all(), StoreError)
    away = false
    assert.deepEqual((await read(vault)).good, { a: 'refresh-a2' })
  })
})

describe('a key file', () => {
  it('that cannot be written to leaves a re-key undone, and says so', async () => {
    const store = createMemoryStore()
    const authDir = folder()
    const place = join(authDir, 'keys')
    const vault = await vaultOn(store, authDir, { keyFile: join(place, 'vault.key') })
    await fill(vault, ['a'])
    rmSync(place, { recursive: true })
    writeFileSync(place, 'a file in its place')
    await assert.rejects(vault.rekey({ settleMs: 0 }), { name: 'VaultError', message: /cannot be (?:made|written)/ })
    assert.deepEqual((await read(vault)).good, { a: 'refresh-a2' })
  })

  it('that is gone while a server runs is missed by nobody, and a re-key makes another', async () => {
    const store = createMemoryStore()
    const authDir = folder()
    const vault = await vaultOn(store, authDir)
    await fill(vault, ['a'])
    rmSync(join(authDir, 'vault.key'))
    await vault.put(login('a'), tokensOf('a3'), { expected: 2 })
    await vault.rekey({ settleMs: 0 })
    await vault.close()
    assert.deepEqual((await read(await vaultOn(store, authDir))).good, { a: 'refresh-a3' })
  })

  it('that was cut short or emptied says what to do', async () => {
    for (const content of ['', 'logicaproxy-key-1 0123', 'logicaproxy-key-1 0123456789abcdef \n']) {
      const store = createMemoryStore()
      const authDir = folder()
      await fill(await vaultOn(store, authDir), ['a'])
      writeFileSync(join(authDir, 'vault.key'), content)
      const state = (await vaultOn(store, authDir)).state()
      assert.ok(state.is === 'locked')
      assert.match(`${state.reason} ${state.help}`, /is damaged\. Restore it from a backup/)
    }
  })
})

describe("an embedder's vault", () => {
  it('closes itself at the end of its block, and says by a code why it does not open', async () => {
    const directory = join(folder(), 'mine')
    let escaped: { retrieve(name: string): Promise<unknown> }
    {
      await using vault = await createVault({ directory, passphrase: 'correct horse' })
      await vault.store('a', 'x')
      escaped = vault
    }
    await assert.rejects(escaped.retrieve('a'), { name: 'VaultError', code: 'locked' })
    await assert.rejects(createVault({ directory, passphrase: 'wrong' }), { code: 'wrong-passphrase' })
    await assert.rejects(createVault({ directory }), { code: 'locked' })
    const other = join(folder(), 'other')
    await (await createVault({ directory: other })).close()
    rmSync(join(other, 'vault.key'))
    await assert.rejects(createVault({ directory: other }), { code: 'no-key', message: /is missing/ })
  })
})
