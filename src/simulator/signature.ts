import { createHmac } from 'node:crypto'

/**
 * Opaque reasoning state. Each vendor returns it only to itself, so a stand-in must tell its own from anyone else's: a
 * keyed digest over the vendor's tag and what the state is bound to, in an envelope that looks like the vendor's.
 */
const SECRET = 'logicaproxy-simulator'

function digest(tag: string, seed: Buffer, bound: string): Buffer {
  return createHmac('sha256', SECRET).update(tag).update('\0').update(seed).update('\0').update(bound).digest()
}

/** A protobuf-like blob: field 2, length, then `payload`; its base64 begins with `E`. */
function envelope(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x12, payload.length]), payload])
}

/** Sign for Anthropic or Gemini. `bound` is text that must come back unaltered. */
export function sign(tag: string, seed: string, bound: string): string {
  const head = Buffer.from(seed.padEnd(24, '0').slice(0, 24), 'hex')
  return envelope(Buffer.concat([Buffer.from('simulated:'), head, digest(tag, head, bound)])).toString('base64')
}

/** Whether `value` was made by `sign` with the same tag and bound text. */
export function verify(tag: string, value: unknown, bound: string): boolean {
  if (typeof value !== 'string') return false
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length !== 56 || bytes[0] !== 0x12) return false
  const head = bytes.subarray(12, 24)
  return digest(tag, head, bound).equals(bytes.subarray(24))
}

/** OpenAI's form: a Fernet-like token. `bound` is the organisation, for which the stand-in takes the key. */
export function seal(seed: string, bound: string): string {
  const iv = Buffer.from(seed.padEnd(32, '0').slice(0, 32), 'hex')
  const box = Buffer.concat([Buffer.from([0x80, 0, 0, 0, 0]), Buffer.from('simu'), iv, Buffer.alloc(32, iv)])
  return `${Buffer.concat([box, digest('openai', iv, bound)]).toString('base64url')}=`
}

/** Whether `value` was made by `seal` for the same organisation. */
export function unseal(value: unknown, bound: string): boolean {
  if (typeof value !== 'string' || !value.startsWith('gAAAA')) return false
  const bytes = Buffer.from(value, 'base64url')
  return bytes.length === 89 && digest('openai', bytes.subarray(9, 25), bound).equals(bytes.subarray(57))
}
