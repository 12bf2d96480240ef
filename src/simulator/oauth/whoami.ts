/** Who am I, and giving up: what the vendors offer beside the token endpoint. */
import { bearer, type Exchange, fields, json, type Reply } from '../exchange.ts'
import { type Person, type ProviderName, uuidOf } from '../persons.ts'
import type { World } from '../world.ts'
import type { Access, AccessFault } from './book.ts'
import { jwks } from './jwt.ts'
import { speak } from './speech.ts'
import { OAUTH_VENDORS } from './vendors.ts'

/** Who a request speaks for, or why not. */
export function speaker(
  x: Pick<Exchange, 'headers'>,
  world: World,
  among: readonly ProviderName[],
): { access: Access; person: Person } | AccessFault {
  const access = world.book.access(bearer(x.headers))
  if (typeof access === 'string') return access
  if (!among.includes(access.family.vendor)) return 'unknown'
  return { access, person: world.person(access.family.person) }
}

/** Google's refusal of a token (google.rpc form). */
export function googleUnauthorized(): Reply {
  return json(
    401,
    {
      error: {
        code: 401,
        message:
          'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
        status: 'UNAUTHENTICATED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'ACCESS_TOKEN_EXPIRED',
            domain: 'googleapis.com',
          },
        ],
      },
    },
    { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' },
  )
}

const CLAUDE_TOKEN: Record<AccessFault, string> = {
  unknown: 'Invalid bearer token',
  expired: 'OAuth token has expired. Please obtain a new token or refresh your existing token.',
  revoked: 'OAuth token has been revoked. Please obtain a new token.',
}

/** Anthropic's refusal of a bearer token. */
export function claudeUnauthorized(fault: AccessFault): Reply {
  return json(
    401,
    {
      type: 'error',
      error: { type: 'authentication_error', message: CLAUDE_TOKEN[fault] },
      request_id: 'req_011Csimunauthorized',
    },
    { 'x-should-retry': 'false' },
  )
}

/** OpenAI's refusal of a ChatGPT token (domain.md 1.2: 401 `token_invalidated`, `token_expired`). */
export function codexUnauthorized(fault: AccessFault): Reply {
  const [code, message] =
    fault === 'expired'
      ? ['token_expired', 'Provided authentication token is expired. Please try signing in again.']
      : ['token_invalidated', 'Your authentication token has been invalidated. Please try signing in again.']
  return json(401, { error: { message, type: 'invalid_request_error', code, param: null } })
}

/** `GET www.googleapis.com/oauth2/v2/userinfo`. */
export function googleUserinfo(x: Exchange, world: World): Reply {
  const who = speaker(x, world, ['gemini-cli', 'antigravity'])
  if (typeof who === 'string') return googleUnauthorized()
  const { access, person } = who
  const has = (scope: string) => access.family.scopes.some((s) => s.endsWith(scope))
  return json(200, {
    id: person.subject('gemini-cli'),
    ...(has('userinfo.email') ? { email: person.email, verified_email: true } : {}),
    ...(has('userinfo.profile') ? { name: person.fullName, given_name: person.fullName.split(' ')[0] } : {}),
  })
}

/** `oauth2.googleapis.com/tokeninfo`. */
export function googleTokeninfo(x: Exchange, world: World): Reply {
  const access = world.book.access(x.query.get('access_token') ?? bearer(x.headers))
  if (typeof access === 'string' || !['gemini-cli', 'antigravity'].includes(access.family.vendor))
    return json(400, { error: 'invalid_token', error_description: 'Invalid Value' })
  const { family, expiresAt } = access
  return json(200, {
    aud: family.clientId,
    sub: world.person(family.person).subject('gemini-cli'),
    scope: family.scopes.join(' '),
    exp: String(Math.floor(expiresAt / 1000)),
    expires_in: String(Math.floor((expiresAt - world.now()) / 1000)),
    email: world.person(family.person).email,
    email_verified: 'true',
  })
}

/** `POST oauth2.googleapis.com/revoke`, by form or query. */
export function googleRevoke(x: Exchange, world: World): Reply {
  if (x.method !== 'POST') return json(405, { error: 'invalid_request' })
  const given = fields(x)?.values['token'] ?? x.query.get('token')
  const family = typeof given === 'string' ? world.book.revoke(given) : undefined
  if (!family) return json(400, { error: 'invalid_token', error_description: 'Token expired or revoked' })
  world.log.add({
    at: world.now(),
    vendor: family.vendor,
    kind: 'revoke',
    person: family.person,
    outcome: 'granted',
    family: family.id,
  })
  return json(200, {})
}

/** RFC 7009: an unknown token is as good as revoked. */
export function revoke(vendor: ProviderName) {
  const v = OAUTH_VENDORS[vendor]
  return (x: Exchange, world: World): Reply => {
    const read = fields(x)
    const token = read?.values['token']
    if (x.method !== 'POST' || typeof token !== 'string') return speak(v, 400, 'invalid_request', 'token is required.')
    if (!v.clients.includes(String(read!.values['client_id'])))
      return speak(v, 401, 'invalid_client', 'The OAuth client was not found.')
    const family = world.book.revoke(token)
    if (family)
      world.log.add({
        at: world.now(),
        vendor,
        kind: 'revoke',
        person: family.person,
        outcome: 'granted',
        family: family.id,
      })
    return json(200, {})
  }
}

/** `GET api.anthropic.com/api/oauth/profile` (domain.md 1.1). */
export function claudeProfile(x: Exchange, world: World): Reply {
  const who = speaker(x, world, ['claude'])
  if (typeof who === 'string') return claudeUnauthorized(who)
  const { access, person } = who
  if (!access.family.scopes.includes('user:profile')) return claudeScope('user:profile')
  const plan = person.claude.organizationType
  return json(200, {
    account: {
      uuid: person.subject('claude'),
      full_name: person.fullName,
      display_name: person.fullName.split(' ')[0],
      email: person.email,
      has_claude_max: plan === 'claude_max',
      has_claude_pro: plan === 'claude_pro',
    },
    organization: {
      uuid: uuidOf(person.name, 'claude-organization'),
      name: person.claude.organization,
      organization_type: plan,
      rate_limit_tier: person.claude.rateLimitTier,
    },
  })
}

/** A token without the scope a call needs. */
export function claudeScope(scope: string): Reply {
  return json(403, {
    type: 'error',
    error: { type: 'permission_error', message: `OAuth token does not meet scope requirement ${scope}` },
    request_id: 'req_011Csimscope',
  })
}

/** `GET api.anthropic.com/api/oauth/claude_cli/roles`. */
export function claudeRoles(x: Exchange, world: World): Reply {
  const who = speaker(x, world, ['claude'])
  if (typeof who === 'string') return claudeUnauthorized(who)
  return json(200, {
    organization_uuid: uuidOf(who.person.name, 'claude-organization'),
    organization_name: who.person.claude.organization,
    organization_role: 'admin',
    workspace_role: null,
  })
}

/** The bearer for iFlow's models: a key that is got with the token, not the token itself (domain.md 1.5). */
export function iflowKey(person: string): string {
  return `sk-${uuidOf(person, 'iflow-key').replaceAll('-', '')}`
}

/** `GET iflow.cn/api/oauth/getUserInfo?accessToken=…`. */
export function iflowUserInfo(x: Exchange, world: World): Reply {
  const access = world.book.access(x.query.get('accessToken') ?? '')
  if (typeof access === 'string' || access.family.vendor !== 'iflow')
    return json(200, { success: false, code: '40001', message: 'accessToken is invalid or has expired', data: null })
  const person = world.person(access.family.person)
  world.accounts.know(iflowKey(person.name), person.name)
  return json(200, {
    success: true,
    data: { apiKey: iflowKey(person.name), email: person.email, phone: person.phone, nickname: person.fullName },
  })
}

/** Cookie mode: `GET` shows the key, `POST {name}` renews it. The cookie of anna is `BXAuth=sim-anna`. */
export function iflowApiKey(x: Exchange, world: World): Reply {
  const cookie = /(?:^|;\s*)BXAuth=sim-([a-z0-9-]+)/.exec(x.headers['cookie'] ?? '')
  if (!cookie) return json(401, { success: false, code: '40101', message: 'not signed in', data: null })
  const person = world.person(cookie[1]!)
  const key = iflowKey(person.name)
  // Told by the clock of Beijing.
  const expireTime = new Date(world.now() + 7 * 86_400_000 + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')
  if (x.method === 'POST') {
    if (typeof fields(x)?.values['name'] !== 'string')
      return json(400, { success: false, code: '40000', message: 'name is required', data: null })
    world.accounts.know(key, person.name)
  }
  return json(200, {
    success: true,
    data: { name: person.name, apiKey: key, apiKeyMask: `${key.slice(0, 6)}***`, expireTime, hasExpired: false },
  })
}

/** xAI's discovery document; its endpoints are the vendor's own addresses, as clients check (domain.md 1.8). */
export function xaiDiscovery(): Reply {
  return json(200, {
    issuer: 'https://auth.x.ai',
    authorization_endpoint: 'https://auth.x.ai/oauth2/authorize',
    token_endpoint: 'https://auth.x.ai/oauth2/token',
    device_authorization_endpoint: 'https://auth.x.ai/oauth2/device/code',
    revocation_endpoint: 'https://auth.x.ai/oauth2/revoke',
    userinfo_endpoint: 'https://auth.x.ai/oauth2/userinfo',
    jwks_uri: 'https://auth.x.ai/.well-known/jwks.json',
    response_types_supported: ['code'],
    grant_types_supported: ['refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    id_token_signing_alg_values_supported: ['ES256'],
    scopes_supported: OAUTH_VENDORS.xai.scopes,
  })
}

/** `GET auth.x.ai/oauth2/userinfo`. */
export function xaiUserinfo(x: Exchange, world: World): Reply {
  const who = speaker(x, world, ['xai'])
  if (typeof who === 'string')
    return json(401, { error: 'invalid_token' }, { 'www-authenticate': 'Bearer error="invalid_token"' })
  return json(200, { sub: who.person.subject('xai'), email: who.person.email, name: who.person.fullName })
}

/** The key that signs the id tokens. */
export function keySet(): Reply {
  return json(200, jwks())
}
