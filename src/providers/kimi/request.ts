/** A request of a Kimi login: address and headers (domain.md 1.7). */
import { createHash } from 'node:crypto'
import type { Account, Credential } from '../../accounts/account.ts'
import { version } from '../../version.ts'
import { loginHeaders, type Manners } from '../login-request.ts'
import { endpointOf, post } from '../outgoing.ts'
import type { Outgoing, UpstreamRequest } from '../provider.ts'

/** Kimi's own programs. */
const OWN_CLIENT = /^kimi[ _-]?(?:cli|code)/i

/** Paths below the base URL, which ends in `/coding`. */
const PATHS: Readonly<Record<string, string>> = {
  'openai-chat': '/chat/completions',
  anthropic: '/messages',
}

/** The account's base URL without the version some write behind it. */
export function apiRoot(account: Account): string {
  const { origin, path } = endpointOf(account)
  return origin + path.replace(/\/v1$/, '')
}

/**
 * What Kimi asks every program about itself, the same as at the login (login.ts). All of it is true: the platform is this
 * program, and the device is the one the login named, or a number of the account's own where it named none.
 */
export function deviceHeaders(account: Account, credential: Credential): Record<string, string> {
  const details = credential.type === 'oauth' ? credential.details : {}
  return {
    'x-msh-platform': 'logicaproxy',
    'x-msh-version': version,
    'x-msh-device-name': 'LogicaProxy',
    'x-msh-device-model': `${process.platform} ${process.arch}`,
    'x-msh-device-id': details['device-id'] || createHash('sha256').update(account.id).digest('hex').slice(0, 32),
  }
}

/** Headers of calls beside the road. */
export function callHeaders(account: Account, credential: Credential): Record<string, string> {
  return { authorization: `Bearer ${credential.value}`, ...deviceHeaders(account, credential) }
}

/** The request a login sends. Pure. */
export function loginRequest(out: Outgoing, account: Account, credential: Credential): UpstreamRequest {
  const path = out.action === 'count-tokens' ? '/messages/count_tokens' : PATHS[out.protocol]
  if (path === undefined) throw new Error(`Kimi is not addressed in ${out.protocol}`)
  const device = deviceHeaders(account, credential)
  const manners: Manners = { ownClient: OWN_CLIENT, setsUnlessOwn: device }
  return post(
    { ...out, headers: loginHeaders(out.headers, manners) },
    account,
    'v1',
    path + out.query,
    ['authorization', `Bearer ${credential.value}`],
    out.protocol === 'anthropic' ? [['anthropic-version', '2023-06-01']] : [],
  )
}
