/** The token endpoints: one engine, the vendors' rules as data, their own words for every refusal. */
import { bearer, type Exchange, fields, json, type Reply } from '../exchange.ts'
import type { ProviderName } from '../persons.ts'
import type { Json } from '../types.ts'
import type { World } from '../world.ts'
import type { Consent, Issued, RefreshFault } from './book.ts'
import { deviceGrant, headersMissing } from './device.ts'
import type { OAuthFault } from './faults.ts'
import type { GrantEntry } from './log.ts'
import { DEVICE_GRANT, proves, speak } from './speech.ts'
import { extras, idToken } from './tokens.ts'
import { OAUTH_VENDORS, type OAuthVendor, secretOf, vendorOf } from './vendors.ts'

const BEFORE: readonly OAuthFault[] = ['500', '503', '429', 'hang', 'reset', 'slow']
const AFTER: readonly OAuthFault[] = ['cut', 'hang-after', 'bad-json']

/** OpenAI's codes for refresh tokens it does not take (domain.md 1.2), and their texts. */
const OPENAI_REFRESH: Record<RefreshFault, [code: string, message: string]> = {
  unknown: ['refresh_token_invalidated', 'Your refresh token is invalid. Please try signing in again.'],
  'wrong-client': ['refresh_token_invalidated', 'Your refresh token is invalid. Please try signing in again.'],
  reused: [
    'refresh_token_reused',
    'Your refresh token has already been used to generate a new access token. Please try signing in again.',
  ],
  revoked: ['refresh_token_invalidated', 'Your refresh token has been invalidated. Please try signing in again.'],
  expired: ['refresh_token_expired', 'Your refresh token has expired. Please try signing in again.'],
}

/** Answers the token endpoint for the vendors whose clients it knows. */
export function tokenEndpoint(among: readonly ProviderName[]) {
  return (x: Exchange, world: World): Reply => {
    const read = fields(x)
    const first = OAUTH_VENDORS[among[0]!]
    if (x.method !== 'POST') return speak(first, 405, 'invalid_request', 'Method not allowed: POST only.')
    if (!read)
      return speak(first, 400, 'invalid_request', 'The body is neither a form nor JSON as its Content-Type says.')
    const { form, values } = read
    const grant = text(values['grant_type'])
    const v = vendorOf(values['client_id'], among)
    if (!v) return speak(first, 401, 'invalid_client', 'The OAuth client was not found.')
    const kind = grant === 'refresh_token' ? 'refresh' : grant === DEVICE_GRANT ? 'device' : 'code'
    const taken = kind === 'refresh' ? v.refresh : [v.exchange]
    if (!taken.includes(form))
      return speak(
        v,
        400,
        'invalid_request',
        `Content-Type must be ${taken[0] === 'json' ? 'application/json' : 'application/x-www-form-urlencoded'}.`,
      )
    const client = clientFault(v, x, values)
    if (client) return speak(v, 401, 'invalid_client', client)
    const lacking = headersMissing(v, x)
    if (lacking) return speak(v, 400, 'invalid_request', `Missing header: ${lacking}`)
    const person =
      kind === 'refresh'
        ? world.book.familyOf(text(values['refresh_token']))?.person
        : world.book.peekCode(text(values['code']))?.person
    const about = { person, grant: kind === 'device' ? 'code' : kind }
    const struck = world.faults.take(BEFORE, v.id, about)
    const early = struck && before(v, struck.fault, struck.retryAfter)
    if (early) {
      world.log.add({ at: world.now(), vendor: v.id, kind, person, outcome: 'fault', fault: struck.fault })
      return early
    }
    const reply =
      kind === 'refresh'
        ? refresh(v, values, world)
        : kind === 'device'
          ? deviceGrant(v, values, world, (issued) => tokens(v, issued, world))
          : grant === 'authorization_code'
            ? exchange(v, values, world)
            : speak(v, 400, 'unsupported_grant_type', `Grant type '${grant}' is not supported.`)
    if (struck?.fault === 'slow') reply.delayMs = struck.ms ?? 200
    if (reply.status === 200) after(reply, world, v.id, about)
    return reply
  }
}

function before(v: OAuthVendor, fault: OAuthFault, retryAfter = 30): Reply | undefined {
  switch (fault) {
    case '500':
      return speak(v, 500, 'server_error', 'Internal server error.')
    case '503':
      return speak(v, 503, 'temporarily_unavailable', 'The service is unavailable.')
    case '429': {
      const reply = speak(v, 429, 'rate_limit_error', 'Rate limited. Please try again later.')
      return { ...reply, headers: { ...reply.headers, 'retry-after': String(retryAfter) } }
    }
    case 'hang':
    case 'reset':
      return { status: 200, body: {}, fate: fault }
    default:
      return undefined
  }
}

/** What happens to a reply whose tokens have been rotated already. */
function after(reply: Reply, world: World, vendor: ProviderName, about: { person?: string; grant: string }): void {
  const struck = world.faults.take(AFTER, vendor, about)
  if (!struck) return
  const entry = world.log.last()
  if (entry) entry.fault = struck.fault
  if (struck.fault === 'cut') reply.fate = 'cut'
  else if (struck.fault === 'hang-after') reply.fate = 'hang'
  else {
    reply.body = '<html>upstream connect error</html>'
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** What is wrong with the client's own credentials. */
function clientFault(v: OAuthVendor, x: Exchange, values: Json): string | undefined {
  if (!v.secret) return bearer(x.headers) ? 'This endpoint takes no bearer token.' : undefined
  const secret = secretOf(v.id)
  if (text(values['client_secret']) !== secret)
    return values['client_secret'] === undefined
      ? 'client_secret is missing.'
      : 'The provided client secret is invalid.'
  if (!v.basic) return undefined
  const wanted = `Basic ${Buffer.from(`${text(values['client_id'])}:${secret}`).toString('base64')}`
  return x.headers['authorization'] === wanted
    ? undefined
    : 'HTTP Basic authentication with client id and secret is required.'
}

function exchange(v: OAuthVendor, values: Json, world: World): Reply {
  const code = text(values['code'])
  const entry = { at: world.now(), vendor: v.id, kind: 'code' as const }
  const refuse = (error: string, description: string, rest: Partial<GrantEntry> = {}): Reply => {
    world.log.add({ ...entry, outcome: error, ...rest })
    return speak(v, 400, error, description)
  }
  if (!code) return refuse('invalid_request', 'Missing required parameter: code')
  const about = world.book.peekCode(code)
  const found = world.book.checkCode(code)
  const person = about?.person
  if (found === 'unknown') return refuse('invalid_grant', 'Invalid authorization code.')
  if (found === 'used') return refuse('invalid_grant', 'Authorization code was already used.', { person, reuse: true })
  if (found === 'expired') return refuse('invalid_grant', 'Authorization code has expired.', { person })
  const fault = exchangeFault(v, values, found)
  if (fault) {
    // A code that was shown with the wrong proof may be stolen: it is worth nothing from then on.
    world.book.spoilCode(code)
    return refuse(fault[0], fault[1], { person })
  }
  const issued = world.book.open(found, code)
  world.log.add({ ...entry, person, outcome: 'granted', family: issued.family.id })
  return tokens(v, issued, world)
}

/** What is wrong with the proof that comes with a code. */
function exchangeFault(
  v: OAuthVendor,
  values: Json,
  consent: Consent,
): [error: string, description: string] | undefined {
  if (consent.vendor !== v.id || consent.clientId !== values['client_id'])
    return ['invalid_grant', 'The code was issued to another client.']
  if (values['redirect_uri'] === undefined) return ['invalid_request', 'Missing required parameter: redirect_uri']
  if (values['redirect_uri'] !== consent.redirectUri)
    return [
      v.id === 'gemini-cli' || v.id === 'antigravity' ? 'redirect_uri_mismatch' : 'invalid_grant',
      'redirect_uri does not match the authorization request.',
    ]
  if (v.stateInExchange) {
    if (values['state'] === undefined) return ['invalid_request', 'Missing required parameter: state']
    if (values['state'] !== consent.state) return ['invalid_grant', 'state does not match the authorization request.']
  }
  const verifier = values['code_verifier']
  if (consent.challenge === undefined)
    return verifier === undefined
      ? undefined
      : ['invalid_grant', 'code_verifier was sent, but no code_challenge before.']
  if (verifier === undefined) return ['invalid_grant', 'Missing code verifier.']
  return proves(verifier, consent.challenge) ? undefined : ['invalid_grant', 'Invalid code verifier.']
}

function refresh(v: OAuthVendor, values: Json, world: World): Reply {
  const value = text(values['refresh_token'])
  const entry = { at: world.now(), vendor: v.id, kind: 'refresh' as const }
  if (!value) {
    world.log.add({ ...entry, outcome: 'invalid_request' })
    return speak(v, 400, 'invalid_request', 'Missing required parameter: refresh_token')
  }
  const family = world.book.familyOf(value)
  const person = family?.person
  const keep = world.faults.take(['keep-refresh'], v.id, { person, grant: 'refresh' }) !== undefined
  const got = world.book.refresh(value, text(values['client_id']), keep)
  if (typeof got !== 'string') {
    world.log.add({
      ...entry,
      person,
      outcome: 'granted',
      family: got.family.id,
      ...(keep ? { fault: 'keep-refresh' } : {}),
    })
    return tokens(v, got, world)
  }
  const [error, message] =
    v.speech === 'openai'
      ? OPENAI_REFRESH[got]
      : [
          'invalid_grant',
          v.id === 'claude' ? 'Refresh token not found or invalid' : 'Token has been expired or revoked.',
        ]
  world.log.add({
    ...entry,
    person,
    outcome: v.speech === 'openai' ? error : `${error} (${got})`,
    reuse: got === 'reused',
    family: family?.id,
  })
  return speak(v, v.deadStatus, error, message)
}

/** The token endpoint's good news. */
export function tokens(v: OAuthVendor, issued: Issued, world: World): Reply {
  const { family } = issued
  const person = world.person(family.person)
  const id = idToken(v.id, family, person, world.now())
  return json(
    200,
    {
      access_token: issued.access,
      token_type: 'Bearer',
      expires_in: issued.expiresIn,
      ...(issued.refresh === undefined ? {} : { refresh_token: issued.refresh }),
      ...(family.scopes.length ? { scope: family.scopes.join(' ') } : {}),
      ...(id === undefined ? {} : { id_token: id }),
      ...extras(family, person),
    },
    { 'cache-control': 'no-store' },
  )
}
