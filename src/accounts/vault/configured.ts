/** The vault of a config: its store opened and closed with it. What the command line works on. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
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
      readExport(path).catch((error) => {
        throw error instanceof VaultError ? error : fileTrouble(path, 'read', error)
      }),
    readPassphrase: readPassphraseFile,
    async close() {
      await vault.close()
      await store.close()
    },
  }
}

/** No export comes near this: a login takes a few KiB. */
const MAX_EXPORT_BYTES = 64 * 1024 * 1024

/** The text of a plain file of bounded size; a device or a pipe could go on for ever. */
async function readExport(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new VaultError('format', `${path} is not a plain file.`)
    if (stats.size > MAX_EXPORT_BYTES) throw new VaultError('format', `${path} is too large to be an export (64 MiB).`)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

const fileTrouble = (path: string, what: string, error: NodeJS.ErrnoException) =>
  new VaultError('format', `${path} cannot be ${what}: ${error.code ?? error.message}.`)
