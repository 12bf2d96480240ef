/** The vault, put together: `openVault` for the house, `createVault` for programs that embed it. */
import { join } from 'node:path'
import { expandHome } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import type { Store } from '../../store/store.ts'
import { type TokenVault, VaultError } from '../vault.ts'
import { createAdmin, type VaultAdmin } from './admin.ts'
import { createAnchor } from './anchor.ts'
import type { Argon2Cost } from './argon2.ts'
import { type Custody, createCustody } from './custody.ts'
import { createKeyFile } from './key-file.ts'
import { type Keychain, systemKeychain } from './keychain.ts'
import { type OldVault, oldFormPath, readOldForm } from './old-form.ts'
import { findPassphrase, type PassphraseSources } from './passphrase.ts'
import { exists, privateDirectory } from './private-file.ts'
import { createRecords, type Records } from './records.ts'
import { createSecrets, type Secrets, synced } from './secrets.ts'

export type { ExportResult, ImportResult, ListedLogin, PurgeResult, VaultAdmin, VaultStatus } from './admin.ts'
export type { RekeyOptions, RekeyResult } from './rekey.ts'
export type { SecretInfo, StoreSecretOptions, Vault } from './secrets.ts'

export interface OpenVaultOptions {
  store: Store
  /** The auth directory, `~` already put in its place. */
  authDir: string
  config: Pick<Config, 'vault'>
  env: NodeJS.ProcessEnv
  now: () => number
  /** Goes before the config's `vault.passphrase-file` and the environment. */
  passphraseFile?: string
  /** Asks a person for the passphrase; leave it out where there is none. */
  askPassphrase?: () => Promise<string | undefined>
  /** The data key, from `exportKey` of another process; it is wiped. */
  key?: Uint8Array
  /** For tests: another keychain, cheaper passphrase keys. */
  keychain?: Keychain
  cost?: Argon2Cost
}

/** Opens the vault, making it at the first start. Does not reject: a vault that cannot be opened says so in `state()`. */
export async function openVault(options: OpenVaultOptions): Promise<TokenVault & VaultAdmin> {
  const { store, authDir, env, now } = options
  const { wrap, 'key-file': keyFile, 'passphrase-file': passphraseFile } = options.config.vault
  const passphrase: PassphraseSources = {
    env,
    file: options.passphraseFile ?? (passphraseFile === '' ? undefined : expandHome(passphraseFile, env)),
    ask: options.askPassphrase && once(options.askPassphrase),
  }
  const custody = await createCustody({
    store,
    authDir,
    now,
    wish: wrap,
    key: options.key,
    sources: {
      keyFile: createKeyFile(keyFile === '' ? join(authDir, 'vault.key') : expandHome(keyFile, env), authDir),
      keychain: options.keychain ?? systemKeychain(),
      passphrase,
      cost: options.cost,
    },
  })
  const anchor = createAnchor(authDir, now)
  const records = createRecords(custody, anchor)
  const secrets = createSecrets(custody)
  const admin = createAdmin(custody, records, secrets, anchor)
  const remarks: string[] = []

  let settled: Promise<void> | undefined
  /** Once, as soon as the vault is open: at the start, or when a store that was away then is back. */
  function settle(): Promise<void> {
    settled ??= (async () => {
      await privateDirectory(authDir, false).catch((error: Error) => remarks.push(error.message))
      // Compares the store with what was seen of it before. What is wrong with it, every reading tells.
      await records.manifest().catch(() => {})
      await upgrade(authDir, custody, passphrase, records, secrets, remarks)
    })()
    return settled
  }
  if (custody.state().is === 'open') await settle()

  return {
    state: custody.state,
    ...pick(records),
    async all() {
      await custody.ready()
      await settle()
      return records.all()
    },
    exportKey: () => custody.unlocked().key.raw(),
    ...admin,
    warnings: () => [...remarks, ...admin.warnings()],
    async status() {
      const status = await admin.status()
      return { ...status, warnings: [...remarks, ...status.warnings] }
    },
  }
}

const pick = ({ all, get, put, putFacts, remove, open }: Records) => ({ all, get, put, putFacts, remove, open })

/** A person is asked one time; what they said is good for all that opens in this start. */
function once(ask: () => Promise<string | undefined>): () => Promise<string | undefined> {
  let answer: Promise<string | undefined> | undefined
  return () => (answer ??= ask())
}

/** Takes over what an earlier LogicaProxy kept in `vault.json`. Interrupted, it begins again: nothing is taken twice. */
async function upgrade(
  authDir: string,
  custody: Custody,
  sources: PassphraseSources,
  records: Records,
  secrets: Secrets,
  remarks: string[],
): Promise<void> {
  const path = oldFormPath(authDir)
  if (!(await exists(path))) return
  try {
    const passphrase = await findPassphrase(sources, true)
    if (passphrase === undefined) {
      remarks.push(`${path}, the vault of an earlier LogicaProxy, waits for its passphrase to be taken over.`)
      return
    }
    const old = await readOldForm(authDir, passphrase, custody.now())
    if (old === undefined) return
    await takeOver(old, custody, records, secrets)
    await old.retire()
    remarks.push(
      `${old.records.length} ${old.records.length === 1 ? 'entry' : 'entries'} of ${path} (an earlier LogicaProxy) ` +
        `taken over${old.damaged.length === 0 ? '; the file was removed.' : `; damaged and left there: ${old.damaged.join(', ')}.`}`,
    )
  } catch (error) {
    if (!(error instanceof Error)) throw error
    remarks.push(`${path} was not taken over: ${error.message}`)
  }
}

async function takeOver(old: OldVault, custody: Custody, records: Records, secrets: Secrets): Promise<void> {
  for (const record of old.records) {
    if (record.is === 'login') {
      if ((await records.get(record.id)) === undefined) await records.put(record, record.tokens, { expected: 0 })
    } else if (record.expiresAt === undefined || record.expiresAt > custody.now()) {
      const { provider, expiresAt, value } = record
      if ((await secrets.retrieve(record.id)) === undefined)
        await secrets.store(record.id, value, { provider, expiresAt })
      value.fill(0)
    }
  }
  // The file goes only after what came of it is on the disk.
  await synced(custody.store, custody.now())
  for (const record of old.records)
    if (record.is === 'login' && (await records.get(record.id)) === undefined)
      throw new VaultError('format', `the login ${record.id} could not be written`)
}
