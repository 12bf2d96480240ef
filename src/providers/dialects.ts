/** How each dialect is addressed by key, whoever the vendor is. Vendors' own folders and `compatible/` build on it. */
import type { Account } from '../accounts/account.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import { endpointOf, post } from './outgoing.ts'
import type { Outgoing, UpstreamRequest } from './provider.ts'

type Builder = (out: Outgoing, account: Account) => UpstreamRequest

function bearer(account: Account): [string, string] | undefined {
  const key = account.credential.value
  return key === '' ? undefined : ['authorization', `Bearer ${key}`]
}

/** Anthropic Messages. Anthropic's own host takes the key as `x-api-key`; look-alikes expect a bearer (domain.md 1.9). */
const anthropic: Builder = (out, account) => {
  const { host } = endpointOf(account)
  const own = host === 'anthropic.com' || host.endsWith('.anthropic.com')
  const path = out.action === 'count-tokens' ? '/messages/count_tokens' : '/messages'
  return post(out, account, 'v1', path + out.query, own ? ['x-api-key', account.credential.value] : bearer(account), [
    ['anthropic-version', '2023-06-01'],
  ])
}

const openaiChat: Builder = (out, account) => post(out, account, 'v1', `/chat/completions${out.query}`, bearer(account))

const openaiResponses: Builder = (out, account) => post(out, account, 'v1', `/responses${out.query}`, bearer(account))

/** Gemini generateContent. A stream is always asked for as server-sent events. */
const gemini: Builder = (out, account) => {
  const verb = out.action === 'count-tokens' ? 'countTokens' : out.stream ? 'streamGenerateContent' : 'generateContent'
  const pairs = out.query
    .replace(/^\?/, '')
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('alt='))
  if (out.stream) pairs.unshift('alt=sse')
  const query = pairs.length > 0 ? `?${pairs.join('&')}` : ''
  const model = out.model.split('/').map(encodeURIComponent).join('/')
  return post(out, account, 'v1beta', `/models/${model}:${verb}${query}`, ['x-goog-api-key', account.credential.value])
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
export function dialectRequest(out: Outgoing, account: Account): UpstreamRequest {
  const build = builders[out.protocol]
  if (build === undefined) throw new Error(`no provider is addressed in ${out.protocol}`)
  return build(out, account)
}
