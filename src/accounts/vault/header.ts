/**
 * The header of a vault: what its data key is wrapped by. It is a document of the store (kind `vault`, id `header`), on
 * SQLite as on Postgres: it travels with the records in every backup, changes atomically by compare-and-set, and so
 * several processes that start at once agree on one key (docs/decisions/007-vault.md).
 */
import { createSecretKey } from 'node:crypto'
import * as z from 'zod'
import { VaultError } from '../vault.ts'
import { argon2Schema } from './argon2.ts'
import { type DataKey, dataKey } from './data-key.ts'
import { associated, decrypt, encrypt, seal, unseal } from './seal.ts'

export const HEADER_KIND = 'vault'
export const HEADER_ID = 'header'

const fingerprint = z.string().regex(/^[0-9a-f]{16}$/)

const wrapSchema = z.discriminatedUnion('kind', [
  /** `key`: fingerprint of the line of the key file. */
  z.strictObject({ kind: z.literal('key-file'), key: fingerprint }),
  /** `entry`: name in the keychain, under the service `logicaproxy`. */
  z.strictObject({ kind: z.literal('keychain'), entry: z.string().min(1).max(100) }),
  z.strictObject({ kind: z.literal('passphrase'), kdf: argon2Schema }),
])

export type Wrap = z.infer<typeof wrapSchema>
export type WrapKind = Wrap['kind']

const headerSchema = z.strictObject({
  format: z.literal('logicaproxy-vault'),
  version: z.literal(1),
  /** Random name of the vault. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  createdAt: z.int(),
  /** When the data key was made, ms. */
  keyAt: z.int(),
  fingerprint,
  wrap: wrapSchema,
  /** The wrapped data key: nonce, ciphertext and tag, base64. */
  key: z.base64(),
  /** While a re-key runs: the keys before, each sealed under the data key, base64. */
  retired: z
    .array(z.strictObject({ fingerprint, key: z.base64() }))
    .max(8)
    .default([]),
  /** While a re-key to a passphrase runs: the data key sealed under the one before, for servers that run. */
  bridge: z.strictObject({ from: fingerprint, key: z.base64() }).optional(),
  /** The manifest at one revision, sealed under this data key, for a re-key that had no record to write it with. */
  manifest: z.strictObject({ revision: z.int().min(0), value: z.base64() }).optional(),
})

export type VaultHeader = z.infer<typeof headerSchema>

/** @throws {VaultError} `format` */
export function parseHeader(text: string): VaultHeader {
  try {
    const value = JSON.parse(text)
    if (value?.format === 'logicaproxy-vault' && typeof value.version === 'number' && value.version > 1)
      throw new VaultError(
        'format',
        'The vault was written by a newer LogicaProxy. Install that version again, or restore a backup.',
      )
    return headerSchema.parse(value, { jitless: true })
  } catch (error) {
    if (error instanceof VaultError) throw error
    throw new VaultError('format', "The vault's header is damaged. Restore the store from a backup.")
  }
}

type Identity = Pick<VaultHeader, 'id' | 'createdAt' | 'keyAt' | 'fingerprint' | 'wrap'>

/** All that must not be altered in a header without the key ceasing to open. */
function bound({ id, createdAt, keyAt, fingerprint, wrap }: Identity): Buffer {
  const how =
    wrap.kind === 'passphrase'
      ? [wrap.kdf.name, wrap.kdf.memoryKiB, wrap.kdf.passes, wrap.kdf.parallelism, wrap.kdf.salt]
      : [wrap.kind === 'key-file' ? wrap.key : wrap.entry]
  return associated(Buffer.from('logicaproxy-vault 1 key'), id, createdAt, keyAt, fingerprint, wrap.kind, how)
}

/** The header of a data key, wrapped by a key of 32 bytes, which is wiped. */
export function wrapKey(identity: Identity, key: DataKey, by: Buffer): VaultHeader {
  const raw = key.raw()
  const { nonce, body, tag } = encrypt(createSecretKey(by), bound(identity), raw)
  raw.fill(0)
  by.fill(0)
  return {
    format: 'logicaproxy-vault',
    version: 1,
    ...identity,
    key: Buffer.concat([nonce, body, tag]).toString('base64'),
    retired: [],
  }
}

/**
 * The data key of a header, or undefined if the wrapping key is not the right one or the header was altered. The
 * wrapping key is wiped.
 */
export function unwrapKey(header: VaultHeader, by: Buffer): DataKey | undefined {
  const bytes = Buffer.from(header.key, 'base64')
  const secret = createSecretKey(by)
  by.fill(0)
  if (bytes.length !== 12 + 32 + 16) return undefined
  const raw = decrypt(secret, bound(header), bytes.subarray(0, 12), bytes.subarray(12, 44), bytes.subarray(44))
  if (raw === undefined) return undefined
  const key = dataKey(raw)
  return key.fingerprint === header.fingerprint ? key : undefined
}

/** One data key sealed under another, base64. */
export function sealKey(under: DataKey, key: DataKey, role: 'retired' | 'bridge'): string {
  const raw = key.raw()
  const sealed = seal(under, 'key', [role, key.fingerprint], raw)
  raw.fill(0)
  return sealed.toString('base64')
}

/** @throws {SealError} */
export function unsealKey(under: DataKey, fingerprint: string, sealed: string, role: 'retired' | 'bridge'): DataKey {
  const find = (id: string) => (id === under.fingerprint ? under : undefined)
  return dataKey(unseal(find, 'key', [role, fingerprint], Buffer.from(sealed, 'base64')))
}
