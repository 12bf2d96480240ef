/** How each dialect is addressed by key, whoever the vendor is. Vendors' own folders and `compatible/` build on it. */
import type { Account, Credential } from '../accounts/account.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import { endpointOf, post } from './outgoing.ts'
import type { Outgoing, UpstreamRequest } from './provider.ts'

type Builder = (out: Outgoing, account: Account, credential: Credential) => UpstreamRequest

/** The credential under a header's name; an endpoint without a key gets none. */
function keyAs(name: string, credential: Credential, scheme = ''): [string, string] | undefined {
  const key = credential.value
  return key === '' ? undefined : [name, scheme + key]
}

const bearer = (credential: Credential) => keyAs('authorization', credential, 'Bearer ')

/** Anthropic Messages. Anthropic's own host takes the key as `x-api-key`; look-alikes expect a bearer (domain.md 1.9). */
const anthropic: Builder = (out, account, credential) => {
  const { host } = endpointOf(account)
  const own = host === 'anthropic.com' || host.endsWith('.anthropic.com')
  const path = out.action === 'count-tokens' ? '/messages/count_tokens' : '/messages'
  return post(out, account, 'v1', path + out.query, own ? keyAs('x-api-key', credential) : bearer(credential), [
    ['anthropic-version', '2023-06-01'],
  ])
}

/** Endpoints of OpenAI's dialects are given with their version, if they have one: nothing is put in between (domain.md 1.9). */
const openaiChat: Builder = (out, account, credential) =>
  post(out, account, '', `/chat/completions${out.query}`, bearer(credential))

const openaiResponses: Builder = (out, account, credential) => {
  const path = out.action === 'compact' ? '/responses/compact' : '/responses'
  return post(out, account, '', path + out.query, bearer(credential))
}

/** Gemini generateContent. A stream is always asked for as server-sent events. */
const gemini: Builder = (out, account, credential) => {
  const verb = out.action === 'count-tokens' ? 'countTokens' : out.stream ? 'streamGenerateContent' : 'generateContent'
  const pairs = out.query
    .replace(/^\?/, '')
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('alt='))
  if (out.stream) pairs.unshift('alt=sse')
  const query = pairs.length > 0 ? `?${pairs.join('&')}` : ''
  const path = `/models/${modelPath(out.model)}:${verb}${query}`
  return post(out, account, 'v1beta', path, keyAs('x-goog-api-key', credential))
}

/** A model's name as path segments; a name that would climb up the path becomes one segment, so that it cannot. */
function modelPath(model: string): string {
  const segments = model.split('/')
  const climbs = segments.some((segment) => segment === '.' || segment === '..')
  return climbs ? encodeURIComponent(model) : segments.map(encodeURIComponent).join('/')
}

const builders: Partial<Record<ProtocolId, Builder>> = {
  anthropic,
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  gemini,
}

/**
 * The request in the dialect it is in.
 * @throws if the dialect is inbound only: the road never sends one of those.
 */
export function dialectRequest(out: Outgoing, account: Account, credential: Credential): UpstreamRequest {
  const build = builders[out.protocol]
  if (build === undefined) throw new Error(`no provider is addressed in ${out.protocol}`)
  return build(out, account, credential)
}
