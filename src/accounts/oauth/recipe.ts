/** Which client speaks for a provider, and what a refresh of its tokens needs. */
import type { Config } from '../../config/schema.ts'
import { createHosts } from '../hosts.ts'
import { trusted } from './device.ts'
import { type FlowContext, LoginError, type LoginFlow, type RefreshRecipe } from './flow.ts'

/** What the config says about logins. */
export type LoginConfig = Pick<Config, 'oauth-clients' | 'host-overrides'>

/** Detail under which tokens remember the client they were issued to; only that one may refresh them (RFC 6749, 6). */
export const CLIENT_ID = 'client-id'
/** Detail with the token endpoint that was discovered at the login. */
export const TOKEN_URL = 'token-url'

export interface OAuthClient {
  clientId: string
  clientSecret?: string
}

/**
 * The client of a provider: from the tokens it issued, the config, or the vendor's own public one. Its secret, where there
 * is one, from the config, the environment, or the vendor's installed program: none is shipped with this one.
 * @param details of tokens to refresh; undefined for a new login.
 * @throws {LoginError} `secret-missing`, with how to supply it.
 */
export async function resolveClient(
  provider: string,
  flow: LoginFlow,
  config: LoginConfig,
  env: NodeJS.ProcessEnv,
  details?: Readonly<Record<string, string>>,
): Promise<OAuthClient> {
  const own = config['oauth-clients'][provider]
  const configured = own?.id ?? flow.clientId
  const clientId = details?.[CLIENT_ID] ?? configured
  // A secret stands for the client it is written beside, not for another one whose tokens are still here.
  const given = clientId === configured ? own?.secret || (flow.secret && env[flow.secret.env]) || undefined : undefined
  if (flow.secret === undefined) return given === undefined ? { clientId } : { clientId, clientSecret: given }
  const clientSecret = given ?? (await flow.secret.find?.(clientId))
  if (clientSecret === undefined) throw secretMissing(provider, flow, clientId)
  return { clientId, clientSecret }
}

function secretMissing(provider: string, flow: LoginFlow, clientId: string): LoginError {
  const { env, help } = flow.secret!
  const id = clientId === flow.clientId ? '' : `\n      id: ${clientId}`
  return new LoginError(
    'secret-missing',
    [
      `${flow.title} has an OAuth client secret that belongs to its vendor, so LogicaProxy does not ship it, and it was not found on this machine.`,
      help,
      `Then either set it in the environment:\n  ${env}=…`,
      `or in the config:\n  oauth-clients:\n    ${provider}:${id}\n      secret: "\${${env}}"`,
    ].join('\n'),
  )
}

/**
 * What a refresh of a provider's tokens needs, as plain data.
 * @param details of the tokens to refresh (`Tokens.details`).
 * @throws {LoginError} `secret-missing`
 */
export async function refreshRecipe(
  provider: string,
  flow: LoginFlow,
  config: LoginConfig,
  context: Pick<FlowContext, 'userAgent'>,
  details: Readonly<Record<string, string>> = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<RefreshRecipe> {
  const hosts = createHosts(config['host-overrides'])
  const other = flow.renewal?.(details)
  if (other !== undefined)
    return {
      url: hosts.url(other.url),
      body: 'form',
      fields: other.fields,
      headers: { 'user-agent': context.userAgent },
      clientId: '',
      dead: { codes: [], statuses: [] },
      renewal: other.by,
    }
  const client = await resolveClient(provider, flow, config, env, details)
  const { token } = flow
  return {
    ...client,
    url: endpoint(flow, hosts.url, details[TOKEN_URL]),
    body: token.refresh,
    ...(token.basic ? { basic: true } : {}),
    fields: token.refreshFields ?? {},
    headers: { 'user-agent': context.userAgent, ...token.headers?.({ ...context, ...client, details } as FlowContext) },
    dead: { codes: token.dead?.codes ?? [], statuses: token.dead?.statuses ?? [] },
  }
}

/** The discovered endpoint if it still is one that may be believed; the known one otherwise. */
function endpoint(flow: LoginFlow, url: (vendorUrl: string) => string, discovered: string | undefined): string {
  const known = url(flow.token.url)
  const trust = flow.device?.start.discover?.trust
  const at = discovered === undefined || trust === undefined ? null : URL.parse(discovered)
  if (at === null) return known
  if (trusted(at, trust!)) return url(at.href)
  return at.origin === new URL(known).origin ? at.href : known
}
