import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { Json } from '../types.ts'

const KEY_ID = 'simulated-1'
let pair: { privateKey: KeyObject; publicKey: KeyObject } | undefined

/** One key for the life of the process: made when first needed. */
function keys(): { privateKey: KeyObject; publicKey: KeyObject } {
  pair ??= generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return pair
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A JWT signed with the simulator's own key (ES256, RFC 7515). */
export function jwt(claims: Json): string {
  const text = `${part({ alg: 'ES256', typ: 'JWT', kid: KEY_ID })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(text), { key: keys().privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

/** The public half, as `jwks_uri` shows it (RFC 7517). */
export function jwks(): Json {
  return { keys: [{ ...keys().publicKey.export({ format: 'jwk' }), kid: KEY_ID, use: 'sig', alg: 'ES256' }] }
}
