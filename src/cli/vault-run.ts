/** What the commands of `logicaproxy vault` do. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ConfiguredVault, openConfiguredVault } from '../accounts/vault/configured.ts'
import { ConfigError, loadConfig, parseConfig, resolveConfigPath } from '../config/load.ts'
import { CommandError, EXIT, type Output } from './output.ts'
import { BUNDLE_VARIABLE, NEW_VARIABLE, type VaultCliOptions } from './vault.ts'

type Action = (out: Output, options: VaultCliOptions, path: string) => Promise<void>

export const status: Action = (out, options) =>
  withVault(out, options, async ({ vault, authDir }) => {
    if (options.accept) {
      mustBeOpen(vault.state())
      await vault.accept()
    }
    const told = await vault.status()
    out.data({ ...told, authDir })
    const { state } = told
    if (state.is === 'locked') {
      out.line(`${out.bad('locked')}: ${state.reason}`)
      for (const warning of told.warnings) out.talk(warning)
      throw new CommandError(state.help, EXIT.failed)
    }
    const { kdf } = told
    const how =
      kdf === undefined
        ? ''
        : ` (${kdf.name}, ${kdf.memoryKiB / 1024} MiB, ${kdf.passes} passes, ${kdf.parallelism} lanes)`
    out.line(`${out.good('open')}, protected by ${WORDS[state.wrap]}${how}`)
    out.line(`fingerprint  ${state.fingerprint}, since ${day(told.keyAt)}`)
    out.line(`kept in      ${told.engine === 'sqlite' ? authDir : 'Postgres'}, written ${told.revision} times`)
    out.line(`holds        ${count(told.logins, 'login')}, ${count(told.secrets, 'secret')}`)
    for (const warning of told.warnings) out.talk(warning)
    for (const damage of told.damage) out.talk(out.bad(damage))
    if (told.damage.length > 0) throw new CommandError(`${count(told.damage.length, 'damaged login')}.`, EXIT.failed)
  })

export const list: Action = (out, options) =>
  withVault(out, options, async ({ vault }) => {
    mustBeOpen(vault.state())
    const [logins, secrets] = [await vault.list(), await vault.secrets.list()]
    out.data({ logins, secrets })
    for (const login of logins) {
      const renewal = login.refreshable ? ', renewable' : ''
      const state = login.damage === undefined ? `access until ${day(login.expiresAt)}${renewal}` : out.bad('damaged')
      out.line(`${login.id}  ${login.provider}  ${login.label}  version ${login.version}  ${out.dim(state)}`)
    }
    for (const secret of secrets)
      out.line(`${secret.name}  secret  ${secret.provider}  ${out.dim(`until ${day(secret.expiresAt)}`)}`)
    if (logins.length + secrets.length === 0)
      out.line('Nothing is kept yet. logicaproxy login <provider> adds an account.')
    for (const { damage } of logins) if (damage !== undefined) out.talk(damage)
  })

export const fingerprint: Action = (out, options) =>
  withVault(out, options, async ({ vault }) => {
    const state = mustBeOpen(vault.state())
    out.data({ fingerprint: state.fingerprint })
    out.line(state.fingerprint)
  })

export const purge: Action = (out, options) =>
  withVault(out, options, async ({ vault }) => {
    mustBeOpen(vault.state())
    const gone = await vault.purge(options.dryRun)
    out.data({ ...gone, dryRun: options.dryRun === true })
    const what = `${count(gone.logins.length, 'login')} (${gone.logins.join(', ') || 'none'})`
    out.line(options.dryRun ? `Would remove ${what}.` : `Removed ${what} and ${count(gone.secrets, 'secret')}.`)
  })

export const rekey: Action = (out, options) =>
  withVault(out, options, async ({ vault, readPassphrase }) => {
    const { wrap: before } = mustBeOpen(vault.state())
    const { wrap, resume, bridge } = options
    const file = options.newPassphraseFile
    if (file !== undefined && (wrap ?? before) !== 'passphrase')
      throw new CommandError('--new-passphrase-file goes with --wrap passphrase.', EXIT.usage)
    const settle = Number(options.settle ?? 2.5)
    if (!(settle >= 0 && settle <= 600)) throw new CommandError('--settle takes 0 to 600 seconds.', EXIT.usage)
    let passphrase: string | undefined
    if ((wrap ?? before) === 'passphrase' && !resume) {
      passphrase = file === undefined ? process.env[NEW_VARIABLE] || undefined : await readPassphrase(file)
      // Without a new one the passphrase that is given stays the passphrase.
      const given = options.passphraseFile !== undefined || (process.env['LOGICAPROXY_PASSPHRASE'] ?? '') !== ''
      if (passphrase === undefined && wrap === 'passphrase' && !given)
        passphrase = await newPassphrase(out, "the vault's new passphrase")
    }
    const done = await vault.rekey({ wrap, passphrase, resume, bridge, settleMs: settle * 1000 })
    out.data(done)
    out.line(
      `New key ${done.fingerprint}, protected by ${WORDS[done.wrap]}; ${count(done.resealed, 'login')} sealed anew.`,
    )
    if (done.damaged > 0)
      out.talk(
        `${count(done.damaged, 'record')} could not be opened before and cannot now: see logicaproxy vault status.`,
      )
    out.talk('Backups of the store that were made before now need what protected the key then.')
    if (done.wrap === 'key-file')
      out.talk('Keep a copy of the key file where the store is not: without it nobody can read the logins.')
    else if (before === 'key-file')
      out.talk('The old key file opens such backups alone from now on: keep it with them, elsewhere, or delete it.')
    if (passphrase !== undefined) out.talk('Start servers with the new passphrase from now on.')
  })

export const exportTo: Action = (out, options, path) =>
  withVault(out, options, async ({ vault, readPassphrase, writeNew }) => {
    mustBeOpen(vault.state())
    if (options.plain && !options.tokensInTheClear)
      throw new CommandError(
        'A plain export lets whoever reads the file use your accounts. If that is what you want, add --tokens-in-the-clear.',
        EXIT.usage,
      )
    const file = resolve(path)
    if (existsSync(file)) throw new CommandError(`${file} exists already. Give another name.`, EXIT.failed)
    const passphrase = options.plain ? undefined : await bundlePassphrase(out, options, readPassphrase, true)
    const { text, logins, secrets, left } = await vault.exportBundle(passphrase)
    await writeNew(file, text)
    out.data({ file, logins, secrets, left, plain: options.plain === true })
    out.line(
      `${count(logins.length, 'login')} and ${count(secrets, 'secret')} in ${file}${options.plain ? ', in the clear' : ''}.`,
    )
    if (left.length > 0) out.talk(`Damaged, and so not in it: ${left.join(', ')}.`)
    if (logins.length > 0)
      out.talk('Refresh tokens work in one place only: do not let this machine and another one use the same logins.')
  })

export const importFrom: Action = (out, options, path) =>
  withVault(out, options, async ({ vault, readPassphrase, read }) => {
    mustBeOpen(vault.state())
    const text = await read(resolve(path))
    const done = await vault.importBundle(text, () => bundlePassphrase(out, options, readPassphrase, false))
    out.data(done)
    const parts = (['added', 'updated', 'kept'] as const).map((what) => `${done[what].length} ${what}`)
    out.line(`Logins: ${parts.join(', ')}; ${count(done.secrets, 'secret')}.`)
    if (done.kept.length > 0) out.talk(`As new or newer here, and so kept: ${done.kept.join(', ')}.`)
  })

type Opened = ConfiguredVault

/** Opens the vault of the config for one action; its failures become sentences. */
async function withVault(
  out: Output,
  options: VaultCliOptions,
  work: (opened: Opened) => Promise<void>,
): Promise<void> {
  const path = resolveConfigPath(options.config)
  let opened: Opened | undefined
  try {
    // Before the first start there is no config; then the defaults hold.
    const { config } = existsSync(path) || options.config ? await loadConfig(path) : parseConfig('', { file: path })
    opened = await openConfiguredVault(config, {
      passphraseFile: options.passphraseFile,
      askPassphrase: canAsk(out) ? () => ask("Passphrase of LogicaProxy's vault") : undefined,
    })
    await work(opened)
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(error.message, EXIT.config)
    if (error instanceof Error && error.name === 'StoreError')
      throw new CommandError(error.message, opened === undefined ? EXIT.store : EXIT.failed)
    if (error instanceof Error && error.name === 'VaultError') throw new CommandError(error.message, EXIT.failed)
    throw error
  } finally {
    await opened?.close()
  }
}

function mustBeOpen(state: ReturnType<Opened['vault']['state']>) {
  if (state.is === 'open') return state
  throw new CommandError(`${state.reason} ${state.help}`.trim(), EXIT.failed)
}

async function bundlePassphrase(
  out: Output,
  options: VaultCliOptions,
  readPassphrase: Opened['readPassphrase'],
  fresh: boolean,
): Promise<string> {
  if (options.bundlePassphraseFile !== undefined) return readPassphrase(options.bundlePassphraseFile)
  const named = process.env[BUNDLE_VARIABLE]
  if (named) return named
  const asked = fresh
    ? await newPassphrase(out, 'a passphrase for the export')
    : canAsk(out) && (await ask('Passphrase of the export'))
  if (asked) return asked
  throw new CommandError(
    `A passphrase for the export is needed: --bundle-passphrase-file or ${BUNDLE_VARIABLE}.`,
    EXIT.usage,
  )
}

/** Asks twice, where there is somebody to ask. */
async function newPassphrase(out: Output, what: string): Promise<string | undefined> {
  if (!canAsk(out)) return undefined
  const first = await ask(`Type ${what}`)
  if (first === undefined || first === '') return undefined
  if ((await ask('Once more')) !== first) throw new CommandError('The two are not the same.', EXIT.failed)
  return first
}

/** Questions are for people: a terminal at both ends, and no `--json`. */
const canAsk = (out: Output) => !out.json && process.stdin.isTTY === true && process.stderr.isTTY === true

async function ask(message: string): Promise<string | undefined> {
  const { isCancel, password } = await import('@clack/prompts')
  const answer = await password({ message, output: process.stderr })
  return isCancel(answer) ? undefined : answer
}

const WORDS = { 'key-file': 'a key file', keychain: 'the keychain', passphrase: 'a passphrase' }
const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`
const day = (at: number | undefined) =>
  at === undefined ? 'for ever' : new Date(at).toISOString().slice(0, 16).replace('T', ' ')
