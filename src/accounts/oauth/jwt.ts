/**
 * Reads what a token says about itself. **Nothing is verified here**: the token came over TLS from the endpoint that
 * issued it, and what it says is used for labels, plans and expiry alone, never to decide who may do something.
 */

/** The claims of a JWT, or undefined if it is none. */
export function readClaims(token: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (token === undefined || token.length > 64 * 1024) return undefined
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(parts[1]!, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** When a JWT ends (`exp`), ms since the epoch; undefined if it does not say. */
export function expiryOf(token: string | undefined): number | undefined {
  const exp = readClaims(token)?.['exp']
  return typeof exp === 'number' && Number.isFinite(exp) && exp > 0 ? exp * 1000 : undefined
}
