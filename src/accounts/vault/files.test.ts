import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { VaultError } from '../vault.ts'
import { createKeyFile } from './key-file.ts'
import { systemKeychain } from './keychain.ts'
import { findPassphrase, readPassphraseFile } from './passphrase.ts'
import { createPrivate, privateDirectory, replacePrivate } from './private-file.ts'
import { folder } from './testing/fixture.ts'

const mode = (path: string) => statSync(path).mode & 0o7777

describe('the key file', () => {
  it('is 0600 in a directory of 0700, whatever the umask', async () => {
    for (const umask of [0, 0o777, 0o022]) {
      const before = process.umask(umask)
      try {
        const authDir = join(folder(), 'deep', 'auth')
        if (umask === 0o777) mkdirSync(join(authDir, '..'), { mode: 0o700 })
        if (umask === 0o777) chmodSync(join(authDir, '..'), 0o700)
        const { key } = await createKeyFile(join(authDir, 'vault.key'), authDir).readOrCreate()
        assert.equal(key.length, 32)
        assert.equal(mode(authDir), 0o700)
        if (umask !== 0o777) assert.equal(mode(join(authDir, 'vault.key')), 0o600)
        assert.deepEqual(readdirSync(authDir), ['vault.key'])
      } finally {
        process.umask(before)
      }
    }
  })

  it('is refused, with the command to run, when others may reach it', async () => {
    const authDir = folder()
    const file = createKeyFile(join(authDir, 'vault.key'), authDir)
    const { id } = await file.readOrCreate()
    for (const open of [0o640, 0o604, 0o660, 0o610]) {
      chmodSync(file.path, open)
      await assert.rejects(file.read(id), (error: VaultError) => {
        assert.equal(error.code, 'unsafe-permissions')
        assert.ok(error.message.endsWith(`Run: chmod 600 ${file.path}`), error.message)
        return true
      })
    }
    chmodSync(file.path, 0o600)
    chmodSync(authDir, 0o755)
    await assert.rejects(file.read(id), {
      code: 'unsafe-permissions',
      message: new RegExp(`Run: chmod 700 ${authDir}`),
    })
    chmodSync(authDir, 0o700)
    assert.equal((await file.read(id)).length, 32)
  })

  it('is refused as a link, a directory, damaged, or of another vault', async () => {
    const authDir = folder()
    const real = createKeyFile(join(authDir, 'real.key'), authDir)
    const { id } = await real.readOrCreate()
    symlinkSync(real.path, join(authDir, 'link.key'))
    await assert.rejects(createKeyFile(join(authDir, 'link.key'), authDir).read(id), /symbolic link/)
    mkdirSync(join(authDir, 'dir.key'), { mode: 0o700 })
    await assert.rejects(createKeyFile(join(authDir, 'dir.key'), authDir).read(id), /not a plain file/)
    await assert.rejects(createKeyFile(join(authDir, 'no.key'), authDir).read(id), {
      code: 'no-key',
      message: /missing/,
    })
    await assert.rejects(real.read('0'.repeat(16)), { code: 'no-key', message: /another vault/ })
    const text = readFileSync(real.path, 'utf8')
    for (const bent of ['', 'x\n', text.slice(0, -4), text.replace(/.(?==\n)/, (c) => (c === 'A' ? 'E' : 'A'))]) {
      writeFileSync(real.path, bent)
      await assert.rejects(real.read(id), { code: 'format' })
    }
  })

  it('is made once by many at once', async () => {
    const authDir = folder()
    const all = await Promise.all(
      Array.from({ length: 20 }, () => createKeyFile(join(authDir, 'vault.key'), authDir).readOrCreate()),
    )
    assert.equal(new Set(all.map((line) => line.id)).size, 1)
    assert.deepEqual(readdirSync(authDir), ['vault.key'])
  })

  it('elsewhere than in the auth directory may lie in a directory others can look into, not write to', async () => {
    const authDir = folder()
    const etc = folder()
    chmodSync(etc, 0o755)
    const file = createKeyFile(join(etc, 'vault.key'), authDir)
    const { id } = await file.readOrCreate()
    chmodSync(etc, 0o777)
    await assert.rejects(file.read(id), /Run: chmod go-w/)
  })
})

describe('private files', () => {
  it('are never half there and never replaced by creating', async () => {
    const authDir = folder()
    const path = join(authDir, 'f')
    assert.equal(await createPrivate(path, 'one'), true)
    assert.equal(await createPrivate(path, 'two'), false)
    assert.equal(readFileSync(path, 'utf8'), 'one')
    chmodSync(path, 0o644)
    await replacePrivate(path, 'three')
    assert.deepEqual([readFileSync(path, 'utf8'), mode(path), readdirSync(authDir)], ['three', 0o600, ['f']])
  })

  it('need a directory that can be made', async () => {
    const authDir = folder()
    writeFileSync(join(authDir, 'file'), '')
    await assert.rejects(privateDirectory(join(authDir, 'file', 'below'), true), VaultError)
  })
})

describe('the passphrase', () => {
  it('comes from the file, else the environment, else a person who may be asked', async () => {
    const path = join(folder(), 'pass')
    writeFileSync(path, 'from file\n', { mode: 0o600 })
    const ask = async () => 'from person'
    const env = { LOGICAPROXY_PASSPHRASE: 'from env' }
    assert.equal(await findPassphrase({ env, file: path, ask }, true), 'from file')
    assert.equal(await findPassphrase({ env, ask }, true), 'from env')
    assert.equal(await findPassphrase({ env: {}, ask }, true), 'from person')
    assert.equal(await findPassphrase({ env: {}, ask }, false), undefined)
  })

  it('file is refused as a link, open to the world, empty or missing, and only its last line end is no part of it', async () => {
    const dir = folder()
    const path = join(dir, 'pass')
    writeFileSync(path, ' two words \n\n', { mode: 0o600 })
    assert.equal(await readPassphraseFile(path), ' two words \n')
    chmodSync(path, 0o440)
    assert.equal(await readPassphraseFile(path), ' two words \n')
    for (const open of [0o644, 0o604, 0o620]) {
      chmodSync(path, open)
      await assert.rejects(readPassphraseFile(path), { code: 'unsafe-permissions', message: /Run: chmod 600/ })
    }
    chmodSync(path, 0o600)
    symlinkSync(path, join(dir, 'link'))
    await assert.rejects(readPassphraseFile(join(dir, 'link')), { code: 'unsafe-permissions' })
    writeFileSync(path, '\n')
    await assert.rejects(readPassphraseFile(path), /is empty/)
    await assert.rejects(readPassphraseFile(join(dir, 'none')), /no passphrase file/)
  })
})

describe('the keychain', () => {
  it('without a Secret Service fails with what to do instead of using one that forgets', async (t) => {
    if (process.platform !== 'linux' || process.env['DBUS_SESSION_BUS_ADDRESS'])
      return t.diagnostic('a keychain may be here')
    await assert.rejects(systemKeychain().write('test', Buffer.from('x')), {
      code: 'no-key',
      message: /use a key file or a passphrase/,
    })
  })
})

describe('two processes that make a vault at once', () => {
  it('agree on one key, and read what the other wrote', async () => {
    const authDir = join(folder(), 'auth')
    const script = join(import.meta.dirname, 'testing', 'opener.ts')
    const children = [0, 1].map((n) =>
      spawn(process.execPath, [script, authDir, `login${n}`], { stdio: ['pipe', 'pipe', 'inherit'] }),
    )
    const outputs = children.map(() => '')
    for (const [n, child] of children.entries()) child.stdout.on('data', (chunk) => (outputs[n] += chunk))
    // Both are ready before either begins.
    await Promise.all(children.map((child) => once(child.stdout, 'data')))
    for (const child of children) child.stdin.write('go\n')
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0]))
    assert.deepEqual(codes, [0, 0])
    const [one, two] = outputs.map((text) => JSON.parse(text.split('\n')[1]!))
    assert.equal(one.fingerprint, two.fingerprint)
    assert.ok(existsSync(join(authDir, 'vault.key')))
    assert.deepEqual([mode(authDir), mode(join(authDir, 'vault.key'))], [0o700, 0o600])
    for (const name of readdirSync(authDir)) assert.equal(mode(join(authDir, name)) & 0o077, 0, name)
  })
})
