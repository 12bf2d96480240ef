/**
 * The seal: AES-256-GCM under a key derived for one purpose, a fresh random 96-bit nonce each time, and associated data
 * that say what the bytes are, so that they stand for nothing else.
 *
 *     'LPV1' (4) | fingerprint of the data key (8) | nonce (12) | ciphertext | tag (16)
 *
 * Random nonces are safe for 2^32 seals under one key (NIST SP 800-38D, 8.3); a re-key starts anew.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'
import type { DataKey, Purpose } from './data-key.ts'

const MAGIC = Buffer.from('LPV1', 'latin1')
const KEY_AT = MAGIC.length
const NONCE_AT = KEY_AT + 8
const BODY_AT = NONCE_AT + 12
const TAG = 16

/** What a seal is bound to, in a fixed order. */
export type Context = readonly (string | number)[]

/** Why a seal does not open. It says nothing of what is inside. */
export class SealError extends Error {
  /** `format`: no seal at all; `other-key`: made under another data key; `refused`: altered, or bound to something else. */
  readonly why: 'format' | 'other-key' | 'refused'
  constructor(why: SealError['why']) {
    super(
      why === 'format'
        ? 'it is no seal of this vault, or it was cut short'
        : why === 'other-key'
          ? 'it was sealed under another key'
          : 'its bytes were altered, or belong to another record or version',
    )
    this.name = 'SealError'
    this.why = why
  }
}

/** Seals bytes for one purpose and context. The plain bytes are left as they are: wipe them. */
export function seal(key: DataKey, purpose: Purpose, context: Context, plain: Uint8Array): Buffer {
  const head = Buffer.concat([MAGIC, Buffer.from(key.fingerprint, 'hex')])
  const { nonce, body, tag } = encrypt(key.subkey(purpose), associated(head, purpose, context), plain)
  return Buffer.concat([head, nonce, body, tag])
}

/**
 * Opens a seal under whichever of the keys made it.
 * @param find the data key of a fingerprint, if it is known.
 * @throws {SealError}
 */
export function unseal(
  find: (fingerprint: string) => DataKey | undefined,
  purpose: Purpose,
  context: Context,
  sealed: Uint8Array,
): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  const key = find(keyOf(bytes))
  if (key === undefined) throw new SealError('other-key')
  const plain = decrypt(
    key.subkey(purpose),
    associated(bytes.subarray(0, NONCE_AT), purpose, context),
    bytes.subarray(NONCE_AT, BODY_AT),
    bytes.subarray(BODY_AT, bytes.length - TAG),
    bytes.subarray(bytes.length - TAG),
  )
  if (plain === undefined) throw new SealError('refused')
  return plain
}

/** Fingerprint of the data key that made a seal. @throws {SealError} `format` */
export function keyOf(sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  if (bytes.length < BODY_AT + TAG || !bytes.subarray(0, KEY_AT).equals(MAGIC)) throw new SealError('format')
  return bytes.toString('hex', KEY_AT, NONCE_AT)
}

/** Whether a seal was made under the data key of that fingerprint. */
export function isUnder(sealed: Uint8Array, fingerprint: string): boolean {
  try {
    return keyOf(sealed) === fingerprint
  } catch {
    return false
  }
}

/** AES-256-GCM with a fresh nonce. */
export function encrypt(key: KeyObject, aad: Uint8Array, plain: Uint8Array) {
  const nonce = randomBytes(BODY_AT - NONCE_AT)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
  cipher.setAAD(aad)
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return { nonce, body, tag: cipher.getAuthTag() }
}

/** The plain bytes, or undefined if anything at all was altered. */
export function decrypt(
  key: KeyObject,
  aad: Uint8Array,
  nonce: Uint8Array,
  body: Uint8Array,
  tag: Uint8Array,
): Buffer | undefined {
  if (nonce.length !== BODY_AT - NONCE_AT || tag.length !== TAG) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
  decipher.setAAD(aad)
  decipher.setAuthTag(tag)
  const first = decipher.update(body)
  try {
    const last = decipher.final()
    return last.length === 0 ? first : Buffer.concat([first, last])
  } catch {
    // What was decrypted before the tag was found wrong is nobody's business.
    first.fill(0)
    return undefined
  }
}

/** Associated data: every part with its length ahead, so that no two lists of parts read the same. */
export function associated(head: Uint8Array, ...parts: readonly (string | number | Context)[]): Buffer {
  const pieces: Buffer[] = [Buffer.from(head)]
  for (const part of parts.flat() as (string | number)[]) {
    const bytes = Buffer.from(typeof part === 'number' ? `#${part}` : `"${part}`)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    pieces.push(length, bytes)
  }
  return Buffer.concat(pieces)
}
