/** Makes tokens of the fields that files hold. */
import type { Tokens } from '../../login-record.ts'
import { expiryOf } from '../../oauth/jwt.ts'
import { present, textOf } from '../../oauth/text.ts'
import { timeOf } from '../bounded.ts'

/** Values as a file has them; times in any form `timeOf` reads. */
export interface RawTokens {
  access: unknown
  refresh?: unknown
  id?: unknown
  expires?: unknown
  issued?: unknown
  scope?: unknown
  details?: Readonly<Record<string, string | undefined>>
}

/** Undefined without an access token. `issuedAt` is `now` where the file does not say: it was good when it was found. */
export function tokensFrom(raw: RawTokens, now: number): Tokens | undefined {
  const accessToken = textOf(raw.access)
  if (accessToken === undefined) return undefined
  const expiresAt = timeOf(raw.expires) ?? expiryOf(accessToken)
  const issuedAt = timeOf(raw.issued) ?? Math.min(now, expiresAt ?? now)
  const tokens: Tokens = { accessToken, issuedAt, details: present(raw.details ?? {}) }
  const refreshToken = textOf(raw.refresh)
  const idToken = textOf(raw.id)
  const scope = Array.isArray(raw.scope) ? raw.scope.filter((s) => typeof s === 'string').join(' ') : textOf(raw.scope)
  if (refreshToken !== undefined) tokens.refreshToken = refreshToken
  if (idToken !== undefined) tokens.idToken = idToken
  if (scope !== undefined && scope !== '') tokens.scope = scope
  if (expiresAt !== undefined) tokens.expiresAt = expiresAt
  return tokens
}
