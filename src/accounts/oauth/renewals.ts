/**
 * Renewals that are none of OAuth's refreshes: iFlow's key, asked for anew with the cookie of its web console (domain.md
 * 1.5, "Cookie mode"), and the token of a Google service account, for an assertion signed with its key (domain.md 1.9,
 * "Vertex"; RFC 7523). What stands in the place of the refresh token is the cookie, and the account's key file. Neither is
 * used up by a renewal.
 */
import { createPrivateKey, sign } from 'node:crypto'
import { LoginError, type RefreshRecipe, type Renewal, type VendorAnswer } from './flow.ts'
import { fieldsOf, plain, textOf } from './text.ts'

interface Carrying {
  /** What is sent. @throws {LoginError} `dead` when the secret cannot be used at all. */
  request(
    fields: RefreshRecipe['fields'],
    secret: string,
    now: number,
  ): { headers: Record<string, string>; body: string }
  /** The answer in the words of a token endpoint. */
  read(answer: VendorAnswer, now: number): VendorAnswer
}

/** How each of them is carried out. */
export const renewals: Readonly<Record<Renewal, Carrying>> = {
  'iflow-cookie': {
    request: (fields, cookie) => ({
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify(fields),
    }),
    read: readIflowKey,
  },
  'service-account': {
    request: (fields, key, now) => ({
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: assertion(key, fields['scope'] ?? '', fields['aud'] ?? '', now),
      }).toString(),
    }),
    read: (answer) => answer,
  },
}

/** `{success, data: {apiKey, expireTime: "YYYY-MM-DD HH:mm"}}` (domain.md 1.5). */
export function readIflowKey(answer: VendorAnswer, now: number): VendorAnswer {
  const data = fieldsOf(answer.json['data'])
  const key = textOf(data['apiKey'])
  if (answer.status === 200 && answer.json['success'] !== false && key !== undefined) {
    const until = expiryOfKey(textOf(data['expireTime']))
    const seconds = until === undefined ? undefined : Math.max(1, Math.round((until - now) / 1000))
    return { ...answer, json: { access_token: key, ...(seconds !== undefined && { expires_in: seconds }) } }
  }
  if (answer.status >= 500 || answer.status === 429) return answer
  const words = plain(textOf(answer.json['message']) ?? 'it gave no key')
  return { ...answer, status: 401, json: { error: 'invalid_grant', error_description: words } }
}

/** A time of iFlow's, `2026-04-17 08:30`, ms since the epoch: the vendor's clock is Beijing's. */
export function expiryOfKey(text: string | undefined): number | undefined {
  const [, date, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d)(?::\d\d)?$/.exec(text ?? '') ?? []
  const at = date === undefined ? Number.NaN : Date.parse(`${date}T${time}:00+08:00`)
  return Number.isFinite(at) ? at : undefined
}

/** Longest life Google gives an assertion, seconds. */
const ASSERTION_LIFE = 3_600

/**
 * What a service account presents for a token: a JWT of its own, signed by its key (RS256).
 * @param key the account's key file: JSON with `client_email`, `private_key`, `private_key_id`.
 * @throws {LoginError} `dead` if there is no usable key in it.
 */
export function assertion(key: string, scope: string, aud: string, now: number): string {
  try {
    const { client_email, private_key, private_key_id } = JSON.parse(key) as Record<string, string>
    const iat = Math.floor(now / 1000)
    const header = { alg: 'RS256', typ: 'JWT', ...(private_key_id && { kid: private_key_id }) }
    const claims = { iss: client_email, scope, aud, iat, exp: iat + ASSERTION_LIFE }
    const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${text}.${sign('sha256', Buffer.from(text), createPrivateKey(private_key!)).toString('base64url')}`
  } catch {
    throw new LoginError('dead', 'The key of this service account cannot be used: import its key file again.')
  }
}
