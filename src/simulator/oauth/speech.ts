/** Words that the token endpoints and the device logins share. */
import { createHash } from 'node:crypto'
import { json, type Reply } from '../exchange.ts'
import type { OAuthVendor } from './vendors.ts'

/** RFC 8628's grant type. */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** A refusal in the vendor's shape. */
export function speak(v: OAuthVendor, status: number, error: string, description: string): Reply {
  const headers = { 'cache-control': 'no-store' }
  return v.speech === 'openai'
    ? json(
        status,
        { error: { message: description, type: 'invalid_request_error', param: null, code: error } },
        headers,
      )
    : json(status, { error, error_description: description }, headers)
}

/** Whether a verifier is of RFC 7636's form and hashes to the challenge. */
export function proves(verifier: unknown, challenge: string): boolean {
  if (typeof verifier !== 'string' || !/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false
  return createHash('sha256').update(verifier).digest('base64url') === challenge
}
