/** Device logins over HTTP: Qwen, Kimi and xAI by RFC 8628, Codex in a form of its own. */
import { createHash } from 'node:crypto'
import { type Exchange, fields, json, type Reply } from '../exchange.ts'
import type { ProviderName } from '../persons.ts'
import type { Json } from '../types.ts'
import type { World } from '../world.ts'
import { type Issued, random } from './book.ts'
import { devicePage, faultPage, page } from './pages.ts'
import { proves, speak } from './speech.ts'
import { OAUTH_VENDORS, type OAuthVendor, vendorOf } from './vendors.ts'

/** Kimi wants to know the device on every call (domain.md 1.7). */
const KIMI_HEADERS = ['X-Msh-Platform', 'X-Msh-Version', 'X-Msh-Device-Name', 'X-Msh-Device-Model', 'X-Msh-Device-Id']

/** The first header the vendor insists on that is not there. */
export function headersMissing(v: OAuthVendor, x: Exchange): string | undefined {
  return v.id === 'kimi' ? KIMI_HEADERS.find((name) => !x.headers[name.toLowerCase()]) : undefined
}

/** Where the Codex device flow pretends to redirect to (domain.md 1.2). */
const CODEX_DEVICE_REDIRECT = 'https://auth.openai.com/deviceauth/callback'

/** Where people confirm, by vendor: host and path of a page below. */
const PAGES: Partial<Record<ProviderName, string>> = {
  qwen: '/hosts/chat.qwen.ai/authorize',
  kimi: '/hosts/auth.kimi.com/device',
  xai: '/hosts/auth.x.ai/device',
  codex: '/hosts/auth.openai.com/codex/device',
}

/** Starts a device login by RFC 8628 3.1. */
export function deviceStart(vendor: ProviderName) {
  const v = OAUTH_VENDORS[vendor]
  return (x: Exchange, world: World): Reply => {
    const read = fields(x)
    if (x.method !== 'POST') return speak(v, 405, 'invalid_request', 'Method not allowed: POST only.')
    if (read?.form !== 'form')
      return speak(v, 400, 'invalid_request', 'Content-Type must be application/x-www-form-urlencoded.')
    if (world.faults.take(['device-disabled'], v.id))
      return speak(v, 403, 'unauthorized_client', 'Device login is not offered to this client.')
    const { values } = read
    if (!vendorOf(values['client_id'], [vendor]))
      return speak(v, 401, 'invalid_client', 'The OAuth client was not found.')
    const lacking = headersMissing(v, x)
    if (lacking) return speak(v, 400, 'invalid_request', `Missing header: ${lacking}`)
    const scopes = String(values['scope'] ?? '')
      .split(' ')
      .filter(Boolean)
    const odd = scopes.find((s) => !v.scopes.includes(s)) ?? v.needs.find((s) => !scopes.includes(s))
    if (odd !== undefined) return speak(v, 400, 'invalid_scope', `Scope ${odd} is unknown, or missing.`)
    const challenge = values['code_challenge']
    if (v.device!.pkce) {
      if (values['code_challenge_method'] !== 'S256')
        return speak(v, 400, 'invalid_request', 'code_challenge_method must be S256.')
      if (typeof challenge !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(challenge))
        return speak(v, 400, 'invalid_request', 'code_challenge must be a SHA-256 in base64url.')
    }
    const { limit } = v.device!
    const device = world.devices.start(
      {
        vendor,
        clientId: String(values['client_id']),
        scopes,
        challenge: typeof challenge === 'string' ? challenge : undefined,
        interval: world.settings.deviceInterval,
      },
      limit,
    )
    world.log.add({ at: world.now(), vendor, kind: 'device-start', outcome: 'granted' })
    const uri = `${x.base}${PAGES[vendor]}`
    return json(200, {
      device_code: device.code,
      user_code: device.userCode,
      verification_uri: uri,
      verification_uri_complete: `${uri}?user_code=${device.userCode}`,
      expires_in: limit,
      interval: device.interval,
    })
  }
}

const ENDS: Record<string, [error: string, description: string]> = {
  pending: ['authorization_pending', 'The person has not confirmed yet.'],
  expired: ['expired_token', 'The device code has expired.'],
  denied: ['access_denied', 'The person refused.'],
  unknown: ['invalid_grant', 'The device code is unknown or was used already.'],
}

/** One poll of a device login by RFC 8628 3.4. */
export function deviceGrant(v: OAuthVendor, values: Json, world: World, tokens: (issued: Issued) => Reply): Reply {
  if (!v.device) return speak(v, 400, 'unsupported_grant_type', 'This client has no device login.')
  const code = typeof values['device_code'] === 'string' ? values['device_code'] : ''
  if (!code) return speak(v, 400, 'invalid_request', 'Missing required parameter: device_code')
  const found = world.devices.get(code)
  const device = found?.vendor === v.id && found.clientId === values['client_id'] ? found : undefined
  const entry = { at: world.now(), vendor: v.id, kind: 'device' as const, person: device?.person }
  if (device?.challenge !== undefined && !proves(values['code_verifier'], device.challenge)) {
    world.log.add({ ...entry, outcome: 'invalid_grant' })
    return speak(v, 400, 'invalid_grant', 'Invalid code verifier.')
  }
  const verdict = world.devices.poll(device)
  if (verdict === 'slow-down') {
    world.log.add({ ...entry, outcome: 'pending', fault: 'slow_down' })
    return speak(v, v.device.slowDownStatus, 'slow_down', 'Polling too fast.')
  }
  if (verdict !== 'confirmed') {
    const [error, description] = ENDS[verdict]!
    world.log.add({ ...entry, outcome: verdict === 'pending' ? 'pending' : error, reuse: device?.used === true })
    return speak(v, 400, error, description)
  }
  device!.used = true
  const issued = world.book.open({
    vendor: v.id,
    person: device!.person!,
    clientId: device!.clientId,
    scopes: device!.scopes,
    redirectUri: '',
    // xAI gives a refresh token only for the scope that asks for one; the others always do.
    offline: v.id !== 'xai' || device!.scopes.includes('offline_access'),
  })
  world.log.add({ ...entry, outcome: 'granted', family: issued.family.id })
  return tokens(issued)
}

/** `POST /api/accounts/deviceauth/usercode` (domain.md 1.2, device flow). */
export function codexUserCode(x: Exchange, world: World): Reply {
  const v = OAUTH_VENDORS.codex
  const read = fields(x)
  if (x.method !== 'POST' || read?.form !== 'json') return speak(v, 400, 'invalid_request', 'A JSON body is required.')
  if (!vendorOf(read.values['client_id'], ['codex'])) return speak(v, 401, 'invalid_client', 'Unknown client.')
  // The vendor's CLI reads 404 as: this workspace has not enabled device login.
  if (world.faults.take(['device-disabled'], 'codex')) return speak(v, 404, 'not_found', 'Device login is not enabled.')
  const device = world.devices.start(
    {
      vendor: 'codex',
      clientId: String(read.values['client_id']),
      scopes: [],
      interval: world.settings.deviceInterval,
    },
    900,
  )
  world.log.add({ at: world.now(), vendor: 'codex', kind: 'device-start', outcome: 'granted' })
  // The interval comes as a string, as it does at the vendor.
  return json(200, { device_auth_id: device.code, user_code: device.userCode, interval: String(device.interval) })
}

/** `POST /api/accounts/deviceauth/token`: 403 and 404 mean that nobody has confirmed yet (domain.md 1.2). */
export function codexDeviceToken(x: Exchange, world: World): Reply {
  const v = OAUTH_VENDORS.codex
  const read = fields(x)
  if (x.method !== 'POST' || read?.form !== 'json') return speak(v, 400, 'invalid_request', 'A JSON body is required.')
  const device = world.devices.get(String(read.values['device_auth_id'] ?? ''))
  const entry = { at: world.now(), vendor: 'codex' as const, kind: 'device' as const, person: device?.person }
  if (device?.vendor !== 'codex' || device.userCode !== read.values['user_code'])
    return speak(v, 404, 'deviceauth_not_found', 'No such device authorization.')
  const verdict = world.devices.poll(device)
  if (verdict !== 'confirmed') {
    world.log.add({
      ...entry,
      outcome: verdict === 'expired' || verdict === 'denied' ? `deviceauth_${verdict}` : 'pending',
    })
    return verdict === 'expired' || verdict === 'unknown'
      ? speak(v, 404, 'deviceauth_not_found', 'No such device authorization.')
      : speak(
          v,
          403,
          verdict === 'denied' ? 'deviceauth_denied' : 'deviceauth_authorization_unknown',
          'Device authorization is not confirmed.',
        )
  }
  device.used = true
  const { code, verifier, challenge } = codexDeviceCode(world, device.person!, device.clientId)
  return json(200, { authorization_code: code, code_verifier: verifier, code_challenge: challenge })
}

/** A code that the Codex device flow hands out together with its verifier. */
function codexDeviceCode(
  world: World,
  person: string,
  clientId: string,
): { code: string; verifier: string; challenge: string } {
  const verifier = random(48)
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const scopes = ['openid', 'profile', 'email', 'offline_access']
  const code = world.book.code({
    vendor: 'codex',
    person,
    clientId,
    scopes,
    redirectUri: CODEX_DEVICE_REDIRECT,
    challenge,
    offline: true,
  })
  return { code, verifier, challenge }
}

/** The page on which people confirm; `?user_code=…&auto=anna` does it without clicks. */
export function confirmPage(vendor: ProviderName) {
  const { title } = OAUTH_VENDORS[vendor]
  return (x: Exchange, world: World): Reply => {
    const typed = x.query.get('user_code') ?? ''
    const auto = x.query.get('auto')
    if (!typed || (auto === null && !x.query.has('deny'))) return devicePage(title, typed)
    try {
      if (world.devices.find(typed)?.vendor !== vendor) throw new Error(`no device login waits for the code '${typed}'`)
      const name = auto === null ? '' : world.person(auto).name
      world.devices.decide(typed, name, auto === null)
      return page(200, 'Done', '<p id="done">You can go back to the program.</p>')
    } catch (error) {
      return faultPage(400, 'Not confirmed', (error as Error).message)
    }
  }
}
