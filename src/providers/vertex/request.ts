/** Where a service account's requests go (domain.md 1.9, "Vertex"). */
import type { Account, Credential } from '../../accounts/account.ts'
import { FailureError, failure } from '../../hub/failure.ts'
import { loginHeaders, type Manners } from '../login-request.ts'
import { endpointOf, post } from '../outgoing.ts'
import type { Outgoing, UpstreamRequest } from '../provider.ts'
import { LOCATION, USUAL_LOCATION } from './login.ts'

/** Google's own programs keep their name; a client never decides whose project pays. */
const manners: Manners = { ownClient: /^GeminiCLI\b/i, drops: new Set(['x-goog-user-project', 'x-goog-api-key']) }

/** The request a service account sends. Pure. @throws {FailureError} if the account lacks its project. */
export function loginRequest(out: Outgoing, account: Account, credential: Credential): UpstreamRequest {
  const details = credential.type === 'oauth' ? credential.details : {}
  const project = details['project']
  if (project === undefined || project === '')
    throw new FailureError(
      failure('forbidden', `The account ${account.label} has no Google Cloud project: import its key file again.`, {
        scope: 'account',
        code: 'project_missing',
      }),
    )
  const location = details[LOCATION] || USUAL_LOCATION
  const verb =
    out.action === 'count-tokens' ? 'countTokens' : out.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  const place = `/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}`
  const path = `${place}/publishers/google/models/${encodeURIComponent(out.model)}:${verb}`
  return post({ ...out, headers: loginHeaders(out.headers, manners) }, at(account, location), 'v1', path, [
    'authorization',
    `Bearer ${credential.value}`,
  ])
}

/** The account at the host of its region; one that was pointed at a stand-in stays there. */
function at(account: Account, location: string): Account {
  if (!endpointOf(account).host.endsWith('aiplatform.googleapis.com')) return account
  const host = location === 'global' ? 'aiplatform.googleapis.com' : `${location}-aiplatform.googleapis.com`
  const baseUrl = `https://${host}`
  return baseUrl === account.baseUrl ? account : { ...account, baseUrl }
}
