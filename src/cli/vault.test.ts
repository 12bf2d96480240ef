import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { openConfiguredVault } from '../accounts/vault/configured.ts'
import { login, tokensOf } from '../accounts/vault/testing/fixture.ts'
import { parseConfig } from '../config/load.ts'
import { CommandError, type Output } from './output.ts'
import type { VaultCliOptions } from './vault.ts'
import { exportTo, fingerprint, importFrom, list, purge, rekey, status } from './vault-run.ts'

const COMMANDS = { exportTo, fingerprint, importFrom, list, purge, rekey, status }

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

/** A house of its own: a config, an auth directory, and the commands, run in this process as for a machine. */
function house(name: string) {
  const authDir = join(folder, name)
  const config = join(folder, `${name}.yaml`)
  writeFileSync(config, `auth-dir: ${authDir}\n`)
  async function vault(
    verb: keyof typeof COMMANDS,
    path = '',
    options: VaultCliOptions = {},
    env: NodeJS.ProcessEnv = {},
  ) {
    const told = { code: 0, out: '', err: '', data: undefined as never as Record<string, never> }
    const same = (text: string) => text
    const out: Output = {
      json: true,
      line(text = '') {
        told.out += `${text}
`
      },
      data(value) {
        told.data = JSON.parse(JSON.stringify(value))
      },
      talk(text) {
        told.err += `${text}
`
      },
      bold: same,
      dim: same,
      good: same,
      bad: same,
    }
    Object.assign(process.env, env)
    try {
      await COMMANDS[verb](out, { config, settle: '0', ...options }, path)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      told.err += error.message
      told.code = error.exitCode
    } finally {
      for (const key of Object.keys(env)) delete process.env[key]
    }
    return told
  }
  async function fill() {
    const parsed = parseConfig(readFileSync(config, 'utf8')).config
    const opened = await openConfiguredVault(parsed, { env: {} })
    await opened.vault.put(login('claude-1'), tokensOf('Kanarie'), { expected: 0 })
    await opened.close()
  }
  return { authDir, config, vault, fill }
}

describe('logicaproxy vault', () => {
  it('tells status, list and fingerprint, and never a token', async () => {
    const { authDir, vault, fill } = house('tells')
    await fill()
    const status = await vault('status')
    assert.equal(status.code, 0)
    assert.match(status.out, /open.*a key file[\s\S]*fingerprint {2}[0-9a-f]{16}[\s\S]*1 login, 0 secrets/)
    assert.deepEqual([status.data['state']!['is'], status.data['logins'], status.data['authDir']], ['open', 1, authDir])
    const list = await vault('list')
    assert.equal(list.data['logins']![0]!['id'], 'claude-1')
    const print = await vault('fingerprint')
    assert.equal(print.out.trim(), status.data['state']!['fingerprint'])
    for (const told of [status, list, print]) assert.doesNotMatch(JSON.stringify(told), /Kanarie/)
  })

  it('tells a locked vault with what to do and exit code 1, without asking', async () => {
    const { authDir, vault, fill } = house('locked')
    await fill()
    chmodSync(join(authDir, 'vault.key'), 0o644)
    assert.equal((await vault('status')).data['state']!['is'], 'locked')
    for (const command of ['status', 'list', 'fingerprint', 'purge', 'rekey'] as const) {
      const { code, out, err } = await vault(command)
      assert.equal(code, 1)
      assert.match(out + err, /Run: chmod 600/)
    }
  })

  it('re-keys to a passphrase from a file, and back', async () => {
    const { vault, fill } = house('rekey')
    await fill()
    const file = join(folder, 'new-passphrase')
    writeFileSync(file, 'correct horse\n', { mode: 0o600 })
    const before = (await vault('fingerprint')).data['fingerprint']
    assert.equal((await vault('rekey', '', { wrap: 'passphrase' })).code, 1)
    const done = await vault('rekey', '', { wrap: 'passphrase', newPassphraseFile: file })
    assert.deepEqual([done.code, done.data['wrap'], done.data['resealed']], [0, 'passphrase', 1])
    assert.notEqual(done.data['fingerprint'], before)
    assert.match((await vault('status')).err, /LOGICAPROXY_PASSPHRASE/)
    assert.match((await vault('status', '', { passphraseFile: file })).out, /argon2id, 64 MiB, 3 passes, 4 lanes/)
    const wrong = await vault('status', '', {}, { LOGICAPROXY_PASSPHRASE: 'wrong' })
    assert.deepEqual([wrong.code, /not the vault's/.test(wrong.out)], [1, true])
    const back = await vault('rekey', '', { wrap: 'key-file' }, { LOGICAPROXY_PASSPHRASE: 'correct horse' })
    assert.deepEqual([back.code, back.data['wrap']], [0, 'key-file'])
    assert.equal((await vault('list')).code, 0)
  })

  it('exports under a passphrase into a new file of mode 0600, in the clear only on two words, and imports', async () => {
    const one = house('export')
    const two = house('import')
    await one.fill()
    const file = join(folder, 'bundle')
    const env = { LOGICAPROXY_BUNDLE_PASSPHRASE: 'travel' }
    assert.equal((await one.vault('exportTo', file)).code, 2)
    assert.match((await one.vault('exportTo', file, { plain: true })).err, /--tokens-in-the-clear/)
    assert.ok(!existsSync(file))
    assert.equal((await one.vault('exportTo', file, {}, env)).code, 0)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.doesNotMatch(readFileSync(file, 'utf8'), /Kanarie/)
    assert.match((await one.vault('exportTo', file, {}, env)).err, /exists already/)
    assert.equal((await two.vault('importFrom', file, {}, { LOGICAPROXY_BUNDLE_PASSPHRASE: 'wrong' })).code, 1)
    const done = await two.vault('importFrom', file, {}, env)
    assert.deepEqual(done.data, { added: ['claude-1'], updated: [], kept: [], secrets: 0 })
    const plain = join(folder, 'plain')
    assert.equal((await two.vault('exportTo', plain, { plain: true, tokensInTheClear: true })).code, 0)
    assert.equal(statSync(plain).mode & 0o777, 0o600)
    assert.match(readFileSync(plain, 'utf8'), /Kanarie/)
  })

  it('purges, and tells a wrong config', async () => {
    const { config, vault, fill } = house('purge')
    await fill()
    assert.deepEqual((await vault('purge', '', { dryRun: true })).data, { logins: [], secrets: 0, dryRun: true })
    writeFileSync(config, 'no-such-key: 1\n')
    assert.equal((await vault('status')).code, 3)
  })

  it('has its place in the command line', async () => {
    const { config } = house('placed')
    const args = ['--input-type=module', '-e', SCRIPT, 'vault', 'status', '--json', '--config', config]
    const options = { cwd: import.meta.dirname, env: { PATH: process.env['PATH'], HOME: folder } }
    const { stdout } = await promisify(execFile)(process.execPath, args, options)
    assert.equal(JSON.parse(stdout).state.is, 'open')
  })
})
