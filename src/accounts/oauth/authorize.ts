/** The address a person opens to log in: RFC 6749 4.1.1 with what each vendor adds. */
import type { BrowserGrant, LoginFlow } from './flow.ts'

export interface AuthorizeRequest {
  clientId: string
  redirectUri: string
  state: string
  /** S256 challenge; undefined where the vendor has no PKCE on this way. */
  challenge?: string
}

/** The authorize URL, host overrides not yet applied. */
export function authorizeUrl(flow: Pick<LoginFlow, 'scopes'>, grant: BrowserGrant, request: AuthorizeRequest): string {
  const url = new URL(grant.authorizeUrl)
  const add = (name: string, value: string): void => {
    const named = grant.names?.[name] ?? name
    if (named !== '' && value !== '') url.searchParams.set(named, value)
  }
  for (const [name, value] of Object.entries(grant.params)) url.searchParams.set(name, value)
  add('client_id', request.clientId)
  add('response_type', 'code')
  add('redirect_uri', request.redirectUri)
  add('scope', flow.scopes.join(' '))
  if (request.challenge !== undefined) {
    add('code_challenge', request.challenge)
    add('code_challenge_method', 'S256')
  }
  add('state', request.state)
  return url.href
}
