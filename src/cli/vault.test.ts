import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { openConfiguredVault } from '../accounts/vault/configured.ts'
import { login, tokensOf } from '../accounts/vault/testing/fixture.ts'
import { parseConfig } from '../config/load.ts'

const folder = mkdtempSync(join(tmpdir(), 'logicaproxy-cli-vault-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const SCRIPT = `
import { Command } from 'commander'
import { addVaultCommand } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'vault.ts')).href)}
const program = new Command('logicaproxy').option('-c, --config <file>').option('--json').exitOverride()
addVaultCommand(program)
try {
  await program.parseAsync(process.argv.slice(1), { from: 'user' })
} catch (error) {
  process.stderr.write(error.message)
  process.exitCode = error.exitCode ?? 99
}`

/** A house of its own: a config, an auth directory, and the command line. */
function house(name: string) {
  const authDir = join(folder, name)
  const config = join(folder, `${name}.yaml`)
  writeFileSync(config, `auth-dir: ${authDir}\n`)
  function vault(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    return new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const all = ['--input-type=module', '-e', SCRIPT, 'vault', ...args, '--config', config]
      const options = { cwd: import.meta.dirname, env: { PATH: process.env['PATH'], HOME: folder, ...env } }
      execFile(process.execPath, all, options, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      )
    })
  }
  const json = async (args: readonly string[], env?: NodeJS.ProcessEnv) => {
    const done = await vault([...args, '--json'], env)
    return { ...done, data: JSON.parse(done.out) }
  }
  async function fill() {
    const parsed = parseConfig(readFileSync(config, 'utf8')).config
    const opened = await openConfiguredVault(parsed, { env: {} })
    await opened.vault.put(login('claude-1'), tokensOf('Kanarie'), { expected: 0 })
    await opened.close()
  }
  return { authDir, config, vault, json, fill }
}

describe('logicaproxy vault', () => {
  it('tells status, list and fingerprint, for people and for machines, and never a token', async () => {
    const { authDir, vault, json, fill } = house('tells')
    await fill()
    const status = await vault(['status'])
    assert.equal(status.code, 0)
    assert.match(status.out, /open.*a key file[\s\S]*fingerprint {2}[0-9a-f]{16}[\s\S]*1 login, 0 secrets/)
    const { data } = await json(['status'])
    assert.deepEqual([data.state.is, data.logins, data.damage, data.authDir], ['open', 1, [], authDir])
    const list = await json(['list'])
    assert.deepEqual(list.data.logins[0].id, 'claude-1')
    const print = await vault(['fingerprint'])
    assert.equal(print.out.trim(), data.state.fingerprint)
    for (const { out, err } of [status, list, print, await vault(['list'])]) assert.doesNotMatch(out + err, /Kanarie/)
  })

  it('tells a locked vault with what to do and exit code 1, without asking', async () => {
    const { authDir, vault, json, fill } = house('locked')
    await fill()
    chmodSync(join(authDir, 'vault.key'), 0o644)
    const status = await json(['status'])
    assert.deepEqual([status.code, status.data.state.is], [1, 'locked'])
    for (const command of ['status', 'list', 'fingerprint', 'purge', 'rekey']) {
      const { code, out, err } = await vault([command])
      assert.equal(code, 1)
      assert.match(out + err, /Run: chmod 600/)
    }
  })

  it('re-keys to a passphrase from a file, and back', async () => {
    const { vault, json, fill } = house('rekey')
    await fill()
    const file = join(folder, 'new-passphrase')
    writeFileSync(file, 'correct horse\n', { mode: 0o600 })
    const before = (await json(['fingerprint'])).data.fingerprint
    assert.equal((await vault(['rekey', '--wrap', 'passphrase'])).code, 1)
    const done = await json(['rekey', '--wrap', 'passphrase', '--new-passphrase-file', file])
    assert.deepEqual([done.code, done.data.wrap, done.data.resealed], [0, 'passphrase', 1])
    assert.notEqual(done.data.fingerprint, before)
    assert.match((await vault(['status'])).err, /LOGICAPROXY_PASSPHRASE/)
    assert.match((await vault(['status', '--passphrase-file', file])).out, /argon2id, 64 MiB, 3 passes, 4 lanes/)
    const wrong = await vault(['status'], { LOGICAPROXY_PASSPHRASE: 'wrong' })
    assert.deepEqual([wrong.code, /not the vault's/.test(wrong.out)], [1, true])
    const back = await json(['rekey', '--wrap', 'key-file'], { LOGICAPROXY_PASSPHRASE: 'correct horse' })
    assert.deepEqual([back.code, back.data.wrap], [0, 'key-file'])
    assert.equal((await vault(['list'])).code, 0)
  })

  it('exports under a passphrase into a new file of mode 0600, in the clear only on two words, and imports', async () => {
    const one = house('export')
    const two = house('import')
    await one.fill()
    const file = join(folder, 'bundle')
    const env = { LOGICAPROXY_BUNDLE_PASSPHRASE: 'travel' }
    assert.equal((await one.vault(['export', file])).code, 2)
    assert.match((await one.vault(['export', file, '--plain'])).err, /--tokens-in-the-clear/)
    assert.ok(!existsSync(file))
    assert.equal((await one.vault(['export', file], env)).code, 0)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.doesNotMatch(readFileSync(file, 'utf8'), /Kanarie/)
    assert.match((await one.vault(['export', file], env)).err, /exists already/)
    assert.equal((await two.vault(['import', file], { LOGICAPROXY_BUNDLE_PASSPHRASE: 'wrong' })).code, 1)
    const done = await two.json(['import', file], env)
    assert.deepEqual(done.data, { added: ['claude-1'], updated: [], kept: [], secrets: 0 })
    const plain = join(folder, 'plain')
    assert.equal((await two.vault(['export', plain, '--plain', '--tokens-in-the-clear'])).code, 0)
    assert.equal(statSync(plain).mode & 0o777, 0o600)
    assert.match(readFileSync(plain, 'utf8'), /Kanarie/)
  })

  it('purges, and tells a wrong command line and a wrong config', async () => {
    const { config, vault, json, fill } = house('purge')
    await fill()
    assert.deepEqual((await json(['purge', '--dry-run'])).data, { logins: [], secrets: 0, dryRun: true })
    assert.notEqual((await vault(['rekey', '--wrap', 'nothing'])).code, 0)
    writeFileSync(config, 'no-such-key: 1\n')
    assert.equal((await vault(['status'])).code, 3)
  })
})
