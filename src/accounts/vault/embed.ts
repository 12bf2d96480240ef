/** The vault for programs that embed LogicaProxy: named secrets of their own, in a directory or a database of theirs. */
import { openStore } from '../../store/index.ts'
import type { Store } from '../../store/store.ts'
import { VaultError } from '../vault.ts'
import type { WrapKind } from './header.ts'
import { openVault } from './index.ts'
import { PASSPHRASE_VARIABLE } from './passphrase.ts'
import type { Vault } from './secrets.ts'

export interface CreateVaultOptions {
  /** Directory of the key file, and of the database unless `store` says otherwise. Made (0700) if there is none. */
  directory: string
  /** `postgres://…`, or a store that is open already and stays open. Left out: SQLite in `directory`. */
  store?: string | Store
  /** What protects the key at first; `auto` when left out: a passphrase if one is given, else a key file. */
  wrap?: WrapKind | 'auto'
  /** Path of the key file; `vault.key` in `directory` when left out. */
  keyFile?: string
  passphrase?: string
  /** Clock in milliseconds; for tests. */
  now?: () => number
}

export interface EmbeddedVault extends Vault, AsyncDisposable {
  /** Tells the data key apart from others, and nothing more. */
  readonly fingerprint: string
  /** Forgets the keys, and closes the store if it was opened here. */
  close(): Promise<void>
}

/**
 * Opens a vault, making it at the first use.
 *
 *     await using vault = await createVault({ directory: './secrets', passphrase })
 *     await vault.store('github', token, { ttlMs: 3_600_000 })
 *     const value = await vault.retrieve('github')
 *
 * @throws {VaultError} if it cannot be opened, with what to do: `wrong-passphrase`, `locked` (it needs a passphrase),
 *   `no-key`, `unsafe-permissions`, `tampered`, `format`; {StoreError}; {RangeError} for an empty passphrase
 */
export async function createVault(options: CreateVaultOptions): Promise<EmbeddedVault> {
  const { directory, wrap = 'auto', keyFile = '', passphrase, now = Date.now } = options
  // It would mean a key file, and whoever gives one, from a variable that is not set, means a passphrase.
  if (passphrase === '') throw new RangeError('The passphrase is empty. Leave it out for a key file.')
  const own = typeof options.store === 'object' ? undefined : await openStore(place(options.store, directory), { now })
  const vault = await openVault({
    store: own ?? (options.store as Store),
    authDir: directory,
    config: { vault: { wrap, 'key-file': keyFile, 'passphrase-file': '' } },
    env: passphrase === undefined ? {} : { [PASSPHRASE_VARIABLE]: passphrase },
    now,
  })
  const close = async () => {
    await vault.close()
    await own?.close()
  }
  const state = vault.state()
  if (state.is === 'locked') {
    await close()
    throw new VaultError(state.code ?? 'locked', `${state.reason} ${state.help}`.trim())
  }
  const { store, retrieve, list, purgeExpired, delete: remove } = vault.secrets
  return {
    fingerprint: state.fingerprint,
    store,
    retrieve,
    delete: remove,
    list,
    purgeExpired,
    close,
    [Symbol.asyncDispose]: close,
  }
}

const place = (url: string | undefined, directory: string) =>
  url === undefined ? ({ engine: 'sqlite', directory } as const) : ({ engine: 'postgres', url } as const)
