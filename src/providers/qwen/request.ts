/** Where a Qwen Code login's requests go, and under which headers (domain.md 1.4). */
import type { Account, Credential } from '../../accounts/account.ts'
import { FailureError, failure } from '../../hub/failure.ts'
import { loginHeaders, type Manners } from '../login-request.ts'
import { endpointOf, post } from '../outgoing.ts'
import type { Outgoing, UpstreamRequest } from '../provider.ts'

const manners: Manners = {
  ownClient: /^QwenCode\//i,
  // The API tells a login from a key by the first, and reads cache points by the second.
  sets: { 'x-dashscope-authtype': 'qwen-oauth', 'x-dashscope-cachecontrol': 'enable' },
}

/** The request a login sends. Pure. @throws {FailureError} if the login names an address that is none to send a token to. */
export function loginRequest(out: Outgoing, account: Account, credential: Credential): UpstreamRequest {
  const named = { ...out, headers: loginHeaders(out.headers, manners) }
  const bearer: [string, string] = ['authorization', `Bearer ${credential.value}`]
  return post(named, at(account, apiBase(account, credential)), 'v1', `/chat/completions${out.query}`, bearer)
}

/**
 * The API's base URL without its version: the `resource_url` that came with the token (`portal.qwen.ai`, with or without
 * `https://` and `/v1`), else the account's own. An account that was pointed at a stand-in stays there, unless the
 * stand-in names another address on this machine.
 */
export function apiBase(account: Account, credential: Credential): string {
  const own = account.baseUrl
  const told = credential.type === 'oauth' ? credential.details['resource-url']?.trim() : undefined
  if (told === undefined || told === '') return own
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(told) ? told : `https://${told}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  const moved = !isQwen(endpointOf(account).host)
  if (moved) return url?.protocol === 'http:' && isLoopback(url.hostname) ? plain(url) : own
  if (url === undefined || url.protocol !== 'https:' || url.username !== '' || isAddress(url.hostname))
    throw new FailureError(
      failure(
        'forbidden',
        `The login ${account.label} names an address that is not https to send its token to. Log in again.`,
        { scope: 'account', code: 'resource_url' },
      ),
    )
  return plain(url)
}

const plain = ({ origin, pathname }: URL): string => origin + pathname.replace(/\/+$/, '')

const isQwen = (host: string): boolean => host === 'qwen.ai' || host.endsWith('.qwen.ai')

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127\./.test(host)

/** A bare address or a name of this machine's own network: no vendor is there. */
const isAddress = (host: string): boolean => !host.includes('.') || host.startsWith('[') || /^[\d.]+$/.test(host)

const at = (account: Account, baseUrl: string): Account =>
  baseUrl === account.baseUrl ? account : { ...account, baseUrl }
