/**
 * A request of an xAI login: address and headers (domain.md 1.8).
 *
 * What is sent, and what is not. To `api.x.ai` goes a plain Responses request with the bearer; the scope `api:access` of the
 * login is made for that. To the subscription's own chat host, `cli-chat-proxy.grok.com`, which an account goes on to
 * when the API refuses its plan (hosts.ts), goes beside it `X-XAI-Token-Auth: xai-grok-cli`: it says which client the token was issued to, and it
 * was issued to that one. Not sent are `x-grok-client-identifier`, `x-grok-client-version` and the Grok CLI's user agent:
 * they say that the request comes from that program, which it does not. Where the host insists on them it refuses, and the
 * refusal is told (refusals.ts). The host knows no `/responses/compact`: the road sees the 404 and summarises in its place.
 */
import type { Account, Credential } from '../../accounts/account.ts'
import { cacheKeyOf, clientHeader, conversationId, loginHeaders, type Manners } from '../login-request.ts'
import { endpointOf, post } from '../outgoing.ts'
import type { Outgoing, UpstreamRequest } from '../provider.ts'

/** xAI's own programs, whose headers pass as they are. */
const OWN_CLIENT = /^(?:xai-grok|grok[ _-]?(?:cli|build|shell))/i

/** The host of the subscription's chat; a stand-in for it carries its name in the path. */
const CHAT_HOST = 'cli-chat-proxy.grok.com'

const CONVERSATION = 'x-grok-conv-id'

/** A transport that ends at us. */
const DROPS: ReadonlySet<string> = new Set([
  'openai-beta',
  'openai-organization',
  'openai-project',
  'chatgpt-account-id',
])

/** The account's base URL. */
export function apiRoot(account: Account): string {
  const { origin, path } = endpointOf(account)
  return origin + path
}

/** Whether the account talks to the host of the subscription's chat. */
export function isChatHost(account: Account): boolean {
  const { host, path } = endpointOf(account)
  return host === CHAT_HOST || path.split('/').includes(CHAT_HOST)
}

function hostHeaders(account: Account): Record<string, string> {
  return isChatHost(account) ? { 'x-xai-token-auth': 'xai-grok-cli' } : {}
}

/** Headers of calls beside the road. */
export function callHeaders(account: Account, credential: Credential): Record<string, string> {
  return { authorization: `Bearer ${credential.value}`, ...hostHeaders(account) }
}

/** The request a login sends. Pure. The body passes as it is. */
export function loginRequest(out: Outgoing, account: Account, credential: Credential): UpstreamRequest {
  const session = out.session ?? cacheKeyOf(out.body)
  const own = clientHeader(out.headers, CONVERSATION) !== undefined || session === undefined
  const manners: Manners = {
    ownClient: OWN_CLIENT,
    drops: DROPS,
    sets: { ...hostHeaders(account), [CONVERSATION]: own ? undefined : conversationId(session, account.id) },
  }
  return post(
    { ...out, headers: loginHeaders(out.headers, manners) },
    account,
    '',
    `${out.action === 'compact' ? '/responses/compact' : '/responses'}${out.query}`,
    ['authorization', `Bearer ${credential.value}`],
  )
}
