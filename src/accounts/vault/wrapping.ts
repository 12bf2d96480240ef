/** The keys that wrap the data key: fetched for a header that is, made for a header to come. */
import { randomBytes } from 'node:crypto'
import { VaultError } from '../vault.ts'
import { type Argon2Cost, argon2Key, newArgon2 } from './argon2.ts'
import type { DataKey } from './data-key.ts'
import { unwrapKey, type VaultHeader, type Wrap, type WrapKind } from './header.ts'
import type { KeyFile } from './key-file.ts'
import type { Keychain } from './keychain.ts'
import { findPassphrase, PASSPHRASE_VARIABLE, type PassphraseSources } from './passphrase.ts'

/** Where wrapping keys come from on this machine. */
export interface WrappingSources {
  keyFile: KeyFile
  keychain: Keychain
  passphrase: PassphraseSources
  /** Cost of new passphrase keys. */
  cost?: Argon2Cost
}

/** Unwraps the data key of a header. @throws {VaultError} */
export async function unlockHeader(sources: WrappingSources, header: VaultHeader, mayAsk: boolean): Promise<DataKey> {
  const { wrap } = header
  const key = unwrapKey(header, await fetchKey(sources, wrap, mayAsk))
  if (key !== undefined) return key
  if (wrap.kind === 'passphrase')
    throw new VaultError(
      'wrong-passphrase',
      "The passphrase is not the vault's. Give the one it was locked with; a forgotten passphrase cannot be recovered.",
    )
  throw new VaultError('tampered', "The vault's header was altered. Restore the store from a backup.")
}

async function fetchKey(sources: WrappingSources, wrap: Wrap, mayAsk: boolean): Promise<Buffer> {
  switch (wrap.kind) {
    case 'key-file':
      return sources.keyFile.read(wrap.key)
    case 'keychain': {
      const key = await sources.keychain.read(wrap.entry)
      if (key?.length === 32) return key
      throw new VaultError(
        'no-key',
        "The key of the vault is not in this machine's keychain. Start LogicaProxy as the user who made the vault, on " +
          'the machine where it was made.',
      )
    }
    case 'passphrase': {
      const passphrase = await findPassphrase(sources.passphrase, mayAsk)
      if (passphrase === undefined)
        throw new VaultError(
          'locked',
          `The vault is locked with a passphrase. Give it in ${PASSPHRASE_VARIABLE} or in a file named by ` +
            '--passphrase-file or vault.passphrase-file.',
        )
      return argon2Key(passphrase, wrap.kdf)
    }
  }
}

/** A wrapping key and how a header names it. `undo` takes back what was made for it, if the header never came to be. */
export interface NewWrap {
  wrap: Wrap
  key: Buffer
  undo(): Promise<void>
}

/** How a new wrapping key is made. */
export interface WrapWish {
  kind: WrapKind
  /** The passphrase, if it is not to come from the usual sources. */
  passphrase?: string
  /** A new line in the key file, rather than the one that is there. */
  freshKeyFile?: boolean
}

/** @throws {VaultError} */
export async function makeWrap(sources: WrappingSources, wish: WrapWish, mayAsk: boolean): Promise<NewWrap> {
  const nothing = async () => {}
  switch (wish.kind) {
    case 'key-file': {
      const line = await (wish.freshKeyFile ? sources.keyFile.add() : sources.keyFile.readOrCreate())
      return { wrap: { kind: 'key-file', key: line.id }, key: line.key, undo: nothing }
    }
    case 'keychain': {
      const entry = `vault ${randomBytes(8).toString('hex')}`
      const key = randomBytes(32)
      await sources.keychain.write(entry, key)
      // A keychain that forgets at once is none.
      const kept = await sources.keychain.read(entry)
      if (kept === undefined || !kept.equals(key))
        throw new VaultError('no-key', 'The keychain of this machine does not keep what it is given.')
      kept.fill(0)
      return { wrap: { kind: 'keychain', entry }, key, undo: () => sources.keychain.remove(entry).catch(() => {}) }
    }
    case 'passphrase': {
      const passphrase = wish.passphrase ?? (await findPassphrase(sources.passphrase, mayAsk))
      if (passphrase === undefined || passphrase === '')
        throw new VaultError(
          'no-key',
          `A passphrase is needed. Give it in ${PASSPHRASE_VARIABLE} or in a file named by --passphrase-file or ` +
            'vault.passphrase-file.',
        )
      const kdf = newArgon2(sources.cost)
      return { wrap: { kind: 'passphrase', kdf }, key: await argon2Key(passphrase, kdf), undo: nothing }
    }
  }
}
