/** The vault of a config: its store opened and closed with it. What the command line works on. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { expandHome } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { openStore, storeLocation } from '../../store/index.ts'
import { type TokenVault, VaultError } from '../vault.ts'
import type { VaultAdmin } from './admin.ts'
import { type OpenVaultOptions, openVault } from './index.ts'
import { readPassphraseFile } from './passphrase.ts'
import { createPrivate } from './private-file.ts'

export interface ConfiguredVault {
  vault: TokenVault & VaultAdmin
  authDir: string
  /** Writes a new file of mode 0600. @throws {VaultError} if the name is taken, or nothing can be written there */
  writeNew(path: string, text: string): Promise<void>
  /** @throws {VaultError} */
  read(path: string): Promise<string>
  /** @throws {VaultError} for a link, or a file that others may read */
  readPassphrase(path: string): Promise<string>
  close(): Promise<void>
}

/**
 * Opens store and vault as the config says.
 * @throws {StoreError} A vault that stays locked says so in its `state()`.
 */
export async function openConfiguredVault(
  config: Pick<Config, 'auth-dir' | 'store' | 'vault'>,
  options: Pick<OpenVaultOptions, 'passphraseFile' | 'askPassphrase'> & {
    env?: NodeJS.ProcessEnv
    now?: () => number
  } = {},
): Promise<ConfiguredVault> {
  const { env = process.env, now = Date.now, ...rest } = options
  const authDir = resolve(expandHome(config['auth-dir'], env))
  const store = await openStore(storeLocation(config, authDir), { now })
  const vault = await openVault({ ...rest, store, authDir, config, env, now })
  return {
    vault,
    authDir,
    async writeNew(path, text) {
      const created = await createPrivate(path, text).catch((error) => {
        throw fileTrouble(path, 'written', error)
      })
      if (!created) throw new VaultError('format', `${path} exists already. Give another name.`)
    },
    read: (path) =>
      readFile(path, 'utf8').catch((error) => {
        throw fileTrouble(path, 'read', error)
      }),
    readPassphrase: readPassphraseFile,
    async close() {
      await vault.close()
      await store.close()
    },
  }
}

const fileTrouble = (path: string, what: string, error: NodeJS.ErrnoException) =>
  new VaultError('format', `${path} cannot be ${what}: ${error.code ?? error.message}.`)
