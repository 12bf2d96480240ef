/** A request of a ChatGPT login to the Codex backend: address and headers (domain.md 1.2, "API"). */
import type { Account, Credential } from '../../accounts/account.ts'
import { cacheKeyOf, clientHeader, conversationId, loginHeaders, type Manners, OWN_AGENT } from '../login-request.ts'
import { endpointOf, post } from '../outgoing.ts'
import type { Outgoing, UpstreamRequest } from '../provider.ts'

/** Who asks. Our own name: no thread in the corpus knows of a refusal because of it (domain.md 1.2, "Disguise"). */
export const ORIGINATOR = 'logicaproxy'

/** The Codex programs: `codex_cli_rs/…`, `codex_exec/…`, `codex_vscode/…`, `codex-tui/…`, `Codex Desktop/…`. */
const OWN_CLIENT = /^codex[ _-]/i

/** They speak of the client's own account, or of a transport that ends at us. */
const DROPS: ReadonlySet<string> = new Set([
  'chatgpt-account-id',
  'openai-organization',
  'openai-project',
  'openai-beta',
])

/** Names under which programs send their conversation; one of them is enough for the backend's cache routing. */
const SESSION_NAMES = ['session_id', 'session-id', 'conversation_id']

/** The account's base URL. */
export function apiRoot(account: Account): string {
  const { origin, path } = endpointOf(account)
  return origin + path
}

/** Headers of calls beside the road. */
export function callHeaders(credential: Credential): Record<string, string> {
  const accountId = accountIdOf(credential)
  return {
    authorization: `Bearer ${credential.value}`,
    ...(accountId !== undefined && { 'chatgpt-account-id': accountId }),
    originator: ORIGINATOR,
    'user-agent': OWN_AGENT,
  }
}

/** The workspace the token belongs to; the backend demands it beside the bearer. */
export function accountIdOf(credential: Credential): string | undefined {
  const id = credential.type === 'oauth' ? credential.details['account-id'] : undefined
  return id === '' ? undefined : id
}

/** The request a login sends. Pure. Its body has been through the vessel (body.ts). */
export function loginRequest(out: Outgoing, account: Account, credential: Credential): UpstreamRequest {
  const compact = out.action === 'compact'
  const named = SESSION_NAMES.some((name) => clientHeader(out.headers, name) !== undefined)
  const manners: Manners = {
    ownClient: OWN_CLIENT,
    drops: DROPS,
    sets: {
      'chatgpt-account-id': accountIdOf(credential),
      accept: compact ? 'application/json' : 'text/event-stream',
      session_id: named ? undefined : sessionOf(out, account),
    },
    setsUnlessOwn: { originator: ORIGINATOR },
  }
  return post(
    { ...out, headers: loginHeaders(out.headers, manners) },
    account,
    '',
    `${compact ? '/responses/compact' : '/responses'}${out.query}`,
    ['authorization', `Bearer ${credential.value}`],
  )
}

/** The conversation's id for the header: the body's cache key, which the vessel has set to the same, or what the road knows. */
function sessionOf(out: Outgoing, account: Account): string | undefined {
  const key = cacheKeyOf(out.body)
  if (key !== undefined) return UUID.test(key) ? key : conversationId(key, account.id)
  return out.session === undefined ? undefined : conversationId(out.session, account.id)
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
