/** Key files of Google service accounts, and CLIProxyAPI's files with one in them (domain.md 1.9, 5.2 `-vertex-import`). Pure. */
import { fieldsOf, textOf } from '../../oauth/text.ts'
import type { Parsed } from '../types.ts'

type Json = Readonly<Record<string, unknown>>

/** The key file in a JSON object: itself, or `service_account` of `{type: "vertex", …}`. */
export function serviceAccountIn(json: Json): Json | undefined {
  const key = json['type'] === 'vertex' ? fieldsOf(json['service_account']) : json
  const whole = textOf(key['client_email']) !== undefined && /-----BEGIN/.test(textOf(key['private_key']) ?? '')
  return whole && (json['type'] === 'vertex' || key['type'] === 'service_account') ? key : undefined
}

/** Undefined: no such file. The account has no token yet: the first is asked for with its key. */
export function parseServiceAccount(json: Json): Parsed | undefined {
  const key = serviceAccountIn(json)
  if (key === undefined) return undefined
  const email = textOf(key['client_email'])!
  const project = textOf(json['project_id']) ?? textOf(key['project_id'])
  const location = textOf(json['location'])
  const details = {
    ...(project !== undefined && { project }),
    ...(location !== undefined && /^[a-z0-9-]{2,40}$/.test(location) && { location }),
  }
  const { client_email, private_key, private_key_id } = key
  return {
    provider: 'vertex',
    // What stands for a refresh token is the part of the file that signs (renewals.ts).
    tokens: {
      accessToken: 'none-yet',
      refreshToken: JSON.stringify({ client_email, private_key, private_key_id }),
      issuedAt: 0,
      expiresAt: 0,
      details,
    },
    identity: { subject: `${email.toLowerCase()}/${project ?? ''}`, email, label: email.split('@')[0]!, details },
    ...(project === undefined && { warnings: ['It names no project_id: requests need one.'] }),
  }
}
