/** Google's sign-in, which Gemini CLI and Antigravity share (domain.md 1.3, 1.6). */
import type { Tokens } from '../../login-record.ts'
import { type BrowserGrant, type FlowContext, type Identity, LoginError, type TokenEndpoint } from '../flow.ts'
import { formBody } from '../http.ts'
import { googleIdentity } from '../identities.ts'
import { readClaims } from '../jwt.ts'
import { textOf } from '../text.ts'

const SCOPE = 'https://www.googleapis.com/auth/'

/** Scopes in their long form. */
export const googleScopes = (...names: readonly string[]): readonly string[] => names.map((name) => SCOPE + name)

/** `prompt=consent` makes Google give a refresh token at every login, not only at the first one. */
export function googleBrowser(redirect: BrowserGrant['redirect']): BrowserGrant {
  return {
    authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
    params: { access_type: 'offline', prompt: 'consent' },
    pkce: false,
    redirect,
  }
}

/** Refresh tokens are stable; `invalid_grant` means that the grant was revoked. */
export const googleToken: TokenEndpoint = {
  url: 'https://oauth2.googleapis.com/token',
  exchange: 'form',
  refresh: 'form',
}

/**
 * Asks whose account it is; an ID token stands in for the answer.
 * @throws {LoginError} `refused`
 */
export async function googleWhoAmI(tokens: Tokens, context: FlowContext): Promise<Identity> {
  const answer = await context.http({
    method: 'GET',
    url: context.url('https://www.googleapis.com/oauth2/v2/userinfo'),
    headers: { authorization: `Bearer ${tokens.accessToken}` },
  })
  const email =
    (answer.status === 200 ? textOf(answer.json['email']) : undefined) ?? textOf(readClaims(tokens.idToken)?.['email'])
  if (email === undefined)
    throw new LoginError(
      'refused',
      `Google did not tell whose account this is (${answer.status}). Start the login again and leave every box ticked.`,
    )
  return googleIdentity(email)
}

/** Ends the grant of this client at this account, other programs that use the same client included. */
export async function googleRevoke(tokens: Tokens, context: FlowContext): Promise<void> {
  const answer = await context.http({
    method: 'POST',
    url: context.url('https://oauth2.googleapis.com/revoke'),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: formBody({ token: tokens.refreshToken ?? tokens.accessToken }),
  })
  if (answer.status >= 300) throw new LoginError('refused', `Google did not take the login back (${answer.status}).`)
}
