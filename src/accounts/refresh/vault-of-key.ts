/** The vault as the keeper has it: opened with a data key that was handed over, for logins alone. */
import type { Store } from '../../store/store.ts'
import type { Anchor } from '../vault/anchor.ts'
import { createCustody } from '../vault/custody.ts'
import type { KeyFile } from '../vault/key-file.ts'
import { createRecords } from '../vault/records.ts'
import { VaultError } from '../vault.ts'
import type { RefreshVault } from './refresher.ts'

export interface KeyedVault extends RefreshVault {
  /** Whether the key that was handed over no longer opens the vault. */
  superseded(): boolean
  close(): void
}

/**
 * @param key of the vault that stands in this store; wiped.
 * @throws {VaultError} if the key is not, or no longer, the vault's; {StoreError}
 */
export async function vaultOfKey(store: Store, key: Uint8Array): Promise<KeyedVault> {
  const custody = await createCustody({
    store,
    authDir: '',
    wish: 'key-file',
    now: Date.now,
    key,
    // Neither key file, keychain nor passphrase is the keeper's business, nor is making a vault.
    sources: {
      keyFile: NOBODYS_FILE,
      keychain: { read: handedOver, write: handedOver, remove: handedOver },
      passphrase: { env: {} },
    },
  })
  custody.unlocked()
  const { get, put, putFacts } = createRecords(custody, NO_ANCHOR)
  return { get, put, putFacts, superseded: () => custody.state().is === 'locked', close: custody.close }
}

function handedOver(): Promise<never> {
  return Promise.reject(new VaultError('locked', 'The vault has been given another key. It is asked for again.'))
}

const NOBODYS_FILE: KeyFile = {
  path: '',
  read: handedOver,
  readOrCreate: handedOver,
  add: handedOver,
  keepOnly: handedOver,
}

/** The gateway watches over restored backups. */
const NO_ANCHOR: Anchor = {
  compare: async () => {},
  highest: () => undefined,
  saw() {},
  warning: () => undefined,
  accept: async () => {},
  flush: async () => {},
}
