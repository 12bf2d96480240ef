import assert from 'node:assert/strict'
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { StoreError } from '../../store/store.ts'
import { folder, read, START, vaultOn } from './testing/fixture.ts'
import { createMemoryStore } from './testing/memory-store.ts'

function oldEntry(passphrase: string, provider: string, plain: string, expiresAt?: string) {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', createHash('sha256').update(passphrase).digest(), nonce)
  const data = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return { provider, nonce: nonce.toString('base64'), data: data.toString('base64'), expiresAt }
}

const CLAUDE = JSON.stringify({
  access_token: 'at',
  refresh_token: 'rt',
  email: 'me@example.org',
  expired: '2026-11-22T01:00:00Z',
  last_refresh: '2026-11-21T17:00:00Z',
  type: 'claude',
})
const CODEX = JSON.stringify({ access_token: 'at2', refresh_token: 'rt2', id_token: 'id2', account_id: 'acc' })

function oldVault(entries?: Record<string, unknown>) {
  const authDir = folder()
  const file = join(authDir, 'vault.json')
  entries ??= {
    'claude-me': oldEntry('open sesame', 'claude', CLAUDE),
    codex: oldEntry('open sesame', 'codex', CODEX, '2026-11-23T00:00:00Z'),
    'some key': oldEntry('open sesame', 'mine', 'just a text'),
    late: oldEntry('open sesame', 'mine', 'gone', '2020-01-01T00:00:00Z'),
  }
  writeFileSync(file, JSON.stringify({ version: 1, entries }), { mode: 0o600 })
  return { authDir, file }
}

describe("LogicaProxy's old vault", () => {
  it('is taken over at the first open with its passphrase, behind argon2id', async () => {
    const { authDir, file } = oldVault()
    const store = createMemoryStore()
    const vault = await vaultOn(store, authDir, { passphrase: 'open sesame' })
    const status = await vault.status()
    assert.deepEqual([status.state.is, status.kdf?.name, status.logins, status.secrets], ['open', 'argon2id', 2, 1])
    assert.match(status.warnings.join(), /4 entries of .*taken over; the file was removed/)
    assert.ok(!existsSync(file))
    assert.deepEqual((await read(vault)).good, { 'claude-me': 'rt', codex: 'rt2' })
    const claude = await vault.get('claude-me')
    assert.ok(claude !== undefined && 'tokens' in claude)
    assert.equal(claude.tokens.expiresAt, Date.UTC(2026, 10, 22, 1))
    assert.equal(claude.tokens.issuedAt, Date.UTC(2026, 10, 21, 17))
    assert.deepEqual(claude.record.facts.origin, { how: 'moved', from: 'vault.json', at: START })
    assert.equal(claude.record.facts.label, 'me@example.org')
    const codex = await vault.get('codex')
    assert.ok(codex !== undefined && 'tokens' in codex)
    assert.deepEqual([codex.tokens.details, codex.record.facts.subject], [{ 'account-id': 'acc' }, 'acc'])
    assert.equal((await vault.secrets.retrieve('some key'))?.toString(), 'just a text')
    await vault.close()
    assert.deepEqual((await vaultOn(store, authDir, { passphrase: 'open sesame' })).warnings(), [])
  })

  it('keeps its file, and makes no vault, without the passphrase or with a wrong one', async () => {
    for (const passphrase of [undefined, 'wrong']) {
      const { authDir, file } = oldVault()
      const store = createMemoryStore()
      const state = (await vaultOn(store, authDir, { passphrase })).state()
      assert.ok(state.is === 'locked')
      assert.match(state.reason + state.help, passphrase === undefined ? /LOGICAPROXY_PASSPHRASE/ : /does not open/)
      assert.ok(existsSync(file))
      assert.equal(store.documentRows.size, 0)
    }
  })

  it('leaves damaged entries in the file and says which', async () => {
    const bad = { ...oldEntry('open sesame', 'claude', CLAUDE), nonce: randomBytes(12).toString('base64') }
    const { authDir, file } = oldVault({ good: oldEntry('open sesame', 'claude', CLAUDE), bad })
    const vault = await vaultOn(createMemoryStore(), authDir, { passphrase: 'open sesame' })
    assert.match(vault.warnings().join(), /left there: bad/)
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(file, 'utf8')).entries), ['bad'])
  })

  it('is not lost or taken twice when the store fails in the middle', async () => {
    let runs = 0
    for (let at = 0; ; at++) {
      const { authDir, file } = oldVault()
      const store = createMemoryStore()
      let calls = 0
      let failed = false
      store.before = () => {
        if (failed || calls++ === at) {
          failed = true
          throw new StoreError('full', 'no space')
        }
      }
      await vaultOn(store, authDir, { passphrase: 'open sesame' })
      if (failed) assert.ok(existsSync(file), `${at}`)
      store.before = () => {}
      const vault = await vaultOn(store, authDir, { passphrase: 'open sesame' })
      assert.deepEqual((await read(vault)).good, { 'claude-me': 'rt', codex: 'rt2' }, `${at}`)
      assert.equal((await vault.secrets.retrieve('some key'))?.toString(), 'just a text')
      assert.ok(!existsSync(file))
      runs++
      if (!failed) break
    }
    assert.ok(runs > 10)
  })

  it('is told when it is something else', async () => {
    const { authDir, file } = oldVault()
    writeFileSync(file, '{"version":7}', { mode: 0o600 })
    const state = (await vaultOn(createMemoryStore(), authDir, { passphrase: 'x' })).state()
    assert.ok(state.is === 'locked' && /not a vault of an earlier LogicaProxy/.test(state.reason))
  })
})
