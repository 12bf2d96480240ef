import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { openStore } from '../../store/index.ts'
import { argon2Key, newArgon2 } from './argon2.ts'
import { createVault } from './embed.ts'
import { CHEAP, factsOf, fill, folder, login, read, START, tokensOf, vaultOn } from './testing/fixture.ts'
import { createMemoryStore } from './testing/memory-store.ts'

describe("an embedder's vault", () => {
  it('stores, retrieves, lists, deletes and purges, over restarts', async () => {
    const directory = join(folder(), 'mine')
    let now = START
    const open = () => createVault({ directory, passphrase: 'correct horse', now: () => now })
    let vault = await open()
    assert.deepEqual(await vault.store('github', 'ghp_1', { provider: 'github', ttlMs: 1000 }), {
      name: 'github',
      provider: 'github',
      createdAt: START,
      expiresAt: START + 1000,
    })
    await vault.store('bytes', Uint8Array.of(0, 255, 7))
    await vault.store('github', 'ghp_2', { ttlMs: 1000 })
    const { fingerprint } = vault
    await vault.close()
    await assert.rejects(vault.retrieve('github'))
    await assert.rejects(createVault({ directory, passphrase: 'wrong' }), {
      code: 'wrong-passphrase',
      message: /not the vault's/,
    })
    await assert.rejects(createVault({ directory, passphrase: '' }), RangeError)
    await assert.rejects(createVault({ directory }), { code: 'locked', message: /LOGICAPROXY_PASSPHRASE/ })

    vault = await open()
    assert.equal(vault.fingerprint, fingerprint)
    assert.equal((await vault.retrieve('github'))?.toString(), 'ghp_2')
    assert.deepEqual([...(await vault.retrieve('bytes'))!], [0, 255, 7])
    assert.deepEqual(
      (await vault.list()).map((s) => s.name),
      ['bytes', 'github'],
    )
    now += 1000
    assert.equal(await vault.retrieve('github'), undefined)
    assert.equal(await vault.purgeExpired(), 1)
    assert.equal(await vault.purgeExpired(), 0)
    assert.deepEqual([await vault.delete('bytes'), await vault.delete('bytes')], [true, false])
    assert.deepEqual(await vault.list(), [])
    await vault.close()
  })

  it('gives back whatever it was given', async () => {
    const { secrets } = await vaultOn(createMemoryStore(), folder())
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, maxLength: 100 }), fc.uint8Array(), async (name, value) => {
        await secrets.store(name, value)
        assert.deepEqual(new Uint8Array((await secrets.retrieve(name))!), value)
      }),
      { numRuns: 50 },
    )
  })

  it('finds a secret under another name, with a longer life or altered', async () => {
    const store = createMemoryStore()
    const { secrets } = await vaultOn(store, folder())
    await secrets.store('a', 'x', { ttlMs: 1000 })
    await secrets.store('b', 'y')
    const key = 'secret\na'
    const row = store.documentRows.get(key)!
    const altered = [
      { ...row, expiresAt: undefined },
      { ...row, value: store.documentRows.get('secret\nb')!.value },
      { ...row, value: '{' },
      { ...row, value: '{"sealed":5}' },
    ]
    for (const bent of altered) {
      store.documentRows.set(key, bent)
      await assert.rejects(secrets.retrieve('a'), { code: 'tampered' })
    }
    assert.equal((await secrets.retrieve('b'))?.toString(), 'y')
  })

  it('refuses names and lives that make no sense', async () => {
    const { secrets } = await vaultOn(createMemoryStore(), folder())
    await assert.rejects(secrets.store('', 'x'), RangeError)
    await assert.rejects(secrets.store('x'.repeat(513), 'x'), RangeError)
    for (const ttlMs of [0, -1, Number.NaN]) await assert.rejects(secrets.store('a', 'x', { ttlMs }), RangeError)
  })
})

describe('argon2id', () => {
  it('has the cost of RFC 9106, a salt of 16 bytes, and takes a passphrase in its composed form', async () => {
    const { salt, ...cost } = newArgon2()
    assert.deepEqual(cost, { name: 'argon2id', memoryKiB: 65536, passes: 3, parallelism: 4 })
    assert.equal(Buffer.from(salt, 'base64').length, 16)
    assert.notEqual(newArgon2().salt, salt)
    const cheap = newArgon2(CHEAP)
    assert.deepEqual(await argon2Key('\u00e9', cheap), await argon2Key('e\u0301', cheap))
  })
})

describe('an export', () => {
  const two = async () => {
    const vault = await vaultOn(createMemoryStore(), folder())
    await fill(vault, ['a', 'b'])
    await vault.secrets.store('s', 'Kanarie', { ttlMs: 1000, provider: 'p' })
    return vault
  }

  it('carries logins and secrets to another vault, and shows nothing without its passphrase', async () => {
    const { text, logins, secrets } = await (await two()).exportBundle('travel')
    assert.deepEqual([logins, secrets], [['a', 'b'], 1])
    assert.doesNotMatch(text, /refresh-|Kanarie|claude/)
    const other = await vaultOn(createMemoryStore(), folder())
    await assert.rejects(
      other.importBundle(text, async () => 'wrong'),
      { code: 'wrong-passphrase' },
    )
    await assert.rejects(
      other.importBundle(text, async () => undefined),
      { code: 'no-key' },
    )
    const result = await other.importBundle(text, async () => 'travel')
    assert.deepEqual(result, { added: ['a', 'b'], updated: [], kept: [], secrets: 1 })
    assert.deepEqual(await read(other), { good: { a: 'refresh-a2', b: 'refresh-b2' }, bad: {} })
    assert.deepEqual((await other.get('a'))?.record.facts, factsOf('a'))
    assert.equal((await other.secrets.retrieve('s'))?.toString(), 'Kanarie')
    assert.deepEqual((await other.importBundle(text, async () => 'travel')).kept, ['a', 'b'])
  })

  it('fails for every altered byte', async () => {
    const { text } = await (await two()).exportBundle('travel')
    const bundle = JSON.parse(text)
    const other = await vaultOn(createMemoryStore(), folder())
    const bent = [
      { ...bundle, createdAt: bundle.createdAt + 1 },
      { ...bundle, data: bundle.data.replace(/^./, (c: string) => (c === 'A' ? 'B' : 'A')) },
      { ...bundle, kdf: { ...bundle.kdf, passes: 2 } },
      { ...bundle, version: 2 },
      { ...bundle, data: undefined },
    ]
    for (const each of bent)
      await assert.rejects(
        other.importBundle(JSON.stringify(each), async () => 'travel'),
        { name: 'VaultError' },
      )
    await assert.rejects(
      other.importBundle('refresh-token', async () => 'travel'),
      (error: Error) => !error.message.includes('refresh-token'),
    )
    assert.deepEqual((await read(other)).good, {})
  })

  it('in the clear needs no passphrase', async () => {
    const { text } = await (await two()).exportBundle(undefined)
    assert.match(text, /refresh-a2/)
    const other = await vaultOn(createMemoryStore(), folder())
    assert.deepEqual((await other.importBundle(text, async () => undefined)).added, ['a', 'b'])
  })

  it('brings newer tokens and never overwrites newer ones, and mends what is damaged', async () => {
    const [vault, store] = [await two(), createMemoryStore()]
    const other = await vaultOn(store, folder())
    await other.put(login('a'), tokensOf('older', { issuedAt: START - 1 }), { expected: 0 })
    await other.put(login('b'), tokensOf('newer', { issuedAt: START + 1 }), { expected: 0 })
    const { text } = await vault.exportBundle(undefined)
    const first = await other.importBundle(text, async () => undefined)
    assert.deepEqual([first.updated, first.kept], [['a'], ['b']])
    assert.deepEqual((await read(other)).good, { a: 'refresh-a2', b: 'refresh-newer' })
    store.rows.get('b')!.sealed.fill(0, 30)
    assert.deepEqual((await other.importBundle(text, async () => undefined)).updated, ['b'])
    assert.deepEqual(await read(other), { good: { a: 'refresh-a2', b: 'refresh-b2' }, bad: {} })
  })
})

describe('on the disk', () => {
  it('no byte of a token, a secret or a key is found, nor after changes, a re-key and a removal', async () => {
    const authDir = folder()
    const store = await openStore({ engine: 'sqlite', directory: authDir })
    const vault = await vaultOn(store, authDir)
    const canary = 'KanarieImVogelhaus'
    const found = () => {
      const keys = [vault.exportKey()].flatMap((key) => [
        Buffer.from(key).toString('base64'),
        Buffer.from(key).toString('hex'),
      ])
      const words = [
        canary,
        ...[0, 1, 2].map((n) => Buffer.from(canary.slice(n)).toString('base64').slice(0, 20)),
        ...keys,
      ]
      return readdirSync(authDir).flatMap((name) => {
        const bytes = readFileSync(join(authDir, name))
        return words
          .filter((word) => bytes.includes(word) || bytes.includes(Buffer.from(word, 'utf16le')))
          .map((word) => [name, word])
      })
    }
    for (let version = 0; version < 5; version++)
      await vault.put(login('a'), tokensOf(`${canary}${version}`, { idToken: canary, details: { x: canary } }), {
        expected: version,
      })
    await vault.secrets.store('s', canary)
    assert.ok(readdirSync(authDir).some((name) => name.endsWith('-wal')))
    assert.deepEqual(found(), [])
    await vault.rekey({ settleMs: 0 })
    assert.deepEqual((await read(vault)).good, { a: `refresh-${canary}4` })
    await vault.remove('a')
    assert.deepEqual(found(), [])
    await vault.close()
    await store.close()
  })
})
