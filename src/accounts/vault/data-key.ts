/** The key all of a vault hangs on. It lives in KeyObjects inside closures: printing or serialising it shows nothing. */
import { createHash, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'

/** What a key derived from the data key is for; no two purposes share one. */
export type Purpose = 'credential' | 'manifest' | 'secret' | 'key'

export interface DataKey {
  /** First 16 hexadecimal digits of a domain-separated hash of the key: tells keys apart and gives nothing away. */
  readonly fingerprint: string
  subkey(purpose: Purpose): KeyObject
  /** A copy of the raw 32 bytes. Whoever asks wipes it after use. */
  raw(): Buffer
}

export const DATA_KEY_BYTES = 32

/** A new random key of 256 bits. */
export const newDataKey = (): DataKey => dataKey(randomBytes(DATA_KEY_BYTES))

/** Takes 32 bytes as a data key, and wipes them. */
export function dataKey(bytes: Uint8Array): DataKey {
  const fingerprint = fingerprintOf(bytes)
  const secret = createSecretKey(bytes)
  bytes.fill(0)
  const subkeys = new Map<Purpose, KeyObject>()
  return {
    fingerprint,
    subkey(purpose) {
      let key = subkeys.get(purpose)
      if (key === undefined) {
        const derived = new Uint8Array(
          hkdfSync('sha256', secret, '', `logicaproxy vault ${purpose} v1`, DATA_KEY_BYTES),
        )
        key = createSecretKey(derived)
        derived.fill(0)
        subkeys.set(purpose, key)
      }
      return key
    },
    raw: () => secret.export(),
  }
}

/** Fingerprint of a key. */
export function fingerprintOf(bytes: Uint8Array): string {
  return createHash('sha256').update('logicaproxy vault fingerprint v1\0').update(bytes).digest('hex').slice(0, 16)
}
