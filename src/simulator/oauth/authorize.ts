/** The authorize pages: strict about what the client asks, then a person's choice, then the redirect. */
import type { Exchange, Reply } from '../exchange.ts'
import { standIn } from '../hosts.ts'
import type { ProviderName } from '../persons.ts'
import type { World } from '../world.ts'
import { consentPage, escaped, faultPage, page } from './pages.ts'
import { type OAuthVendor, type Redirect, registered, vendorOf } from './vendors.ts'

/** Answers an authorize page for the vendors whose clients it knows. */
export function authorize(among: readonly ProviderName[]) {
  return (x: Exchange, world: World): Reply => {
    if (x.method !== 'GET') return faultPage(405, 'Sign in', 'This page is for browsers: GET only.')
    const double = [...new Set(x.query.keys())].find((name) => x.query.getAll(name).length > 1)
    if (double !== undefined) return faultPage(400, 'Invalid request', `Parameter given twice: ${double}`)
    const vendor = vendorOf(x.query.get('client_id') ?? '', among)
    if (!vendor)
      return faultPage(
        401,
        'Invalid client',
        `invalid_client: no client has the id '${x.query.get('client_id') ?? ''}'.`,
      )
    const uri = x.query.get(vendor.redirectParam ?? 'redirect_uri') ?? ''
    const redirect = registered(vendor, uri, world.settings.anyPort)
    // Nothing is ever sent to an address that is not registered, not even an error (RFC 6749 4.1.2.1).
    if (!redirect) return faultPage(400, 'Invalid redirect', `redirect_uri_mismatch: '${uri}' is not registered.`)
    const back = (params: Record<string, string>) => goBack(x, uri, params)
    const fault = faultOf(vendor, x.query, redirect)
    const state = x.query.get('state') ?? ''
    if (fault) return back({ error: fault[0], error_description: fault[1], ...(state ? { state } : {}) })
    return decide(x, world, vendor, uri, back)
  }
}

function goBack(x: Exchange, uri: string, params: Record<string, string>): Reply {
  const to = new URL(standIn(x.base, uri))
  for (const [name, value] of Object.entries(params)) to.searchParams.set(name, value)
  return { status: 302, headers: { location: to.href, 'cache-control': 'no-store' }, body: '' }
}

/** What is wrong with the client's request: error code and words. */
function faultOf(v: OAuthVendor, query: URLSearchParams, redirect: Redirect): [string, string] | undefined {
  for (const [name, value] of Object.entries(v.fixed ?? {}))
    if (query.get(name) !== value) return ['invalid_request', `${name}=${value} is required`]
  // iFlow's page is no OAuth endpoint by the book: it knows no response_type (domain.md 1.5).
  if (v.id !== 'iflow' && query.get('response_type') !== 'code')
    return ['unsupported_response_type', 'response_type must be code']
  if (!query.get('state')) return ['invalid_request', 'state is required']
  const challenge = query.get('code_challenge')
  const needed = v.pkce === 'required' || ('url' in redirect && redirect.pkce === true)
  if (needed && !challenge) return ['invalid_request', 'code_challenge is required']
  if (challenge !== null) {
    if (query.get('code_challenge_method') !== 'S256') return ['invalid_request', 'code_challenge_method must be S256']
    if (!/^[A-Za-z0-9_-]{43}$/.test(challenge))
      return ['invalid_request', 'code_challenge is not a SHA-256 in base64url']
  }
  const scopes = scopesOf(query)
  const odd = scopes.find((s) => !v.scopes.includes(s))
  if (odd !== undefined) return ['invalid_scope', `unknown scope ${odd}`]
  const lacking = v.needs.find((s) => !scopes.includes(s))
  return lacking === undefined ? undefined : ['invalid_scope', `scope ${lacking} is required`]
}

function scopesOf(query: URLSearchParams): string[] {
  return (query.get('scope') ?? '').split(' ').filter(Boolean)
}

/** Whether a refresh token comes with the login. Google gives one at the first consent, later only when made to ask. */
function offline(world: World, v: OAuthVendor, person: string, query: URLSearchParams): boolean {
  const scopes = scopesOf(query)
  if (v.id === 'gemini-cli' || v.id === 'antigravity')
    return (
      query.get('access_type') === 'offline' &&
      (query.get('prompt') === 'consent' || !world.book.families(v.id, person).some((f) => !f.dead))
    )
  return v.id !== 'codex' || scopes.includes('offline_access')
}

function decide(
  x: Exchange,
  world: World,
  v: OAuthVendor,
  uri: string,
  back: (params: Record<string, string>) => Reply,
): Reply {
  const { query } = x
  const state = query.get('state')!
  const scopes = scopesOf(query)
  const entry = { at: world.now(), vendor: v.id, kind: 'consent' as const }
  if (query.has('deny')) {
    world.log.add({ ...entry, outcome: 'denied' })
    return back({ error: 'access_denied', error_description: 'The person refused.', state })
  }
  const auto = query.get('auto')
  if (auto === null) return consentPage(v.title, scopes, query)
  let person: string
  try {
    person = world.person(auto).name
  } catch (error) {
    return faultPage(400, 'Nobody', (error as Error).message)
  }
  world.log.add({ ...entry, person, outcome: 'granted' })
  const code = world.book.code({
    vendor: v.id,
    person,
    clientId: query.get('client_id')!,
    scopes,
    redirectUri: uri,
    challenge: query.get('code_challenge') ?? undefined,
    state,
    offline: offline(world, v, person, query),
  })
  return back({ code, state, ...(v.id === 'iflow' || v.id === 'claude' ? {} : { scope: scopes.join(' ') }) })
}

/** Where a vendor shows a code for pasting; Claude's form is `code#state` (domain.md 1.1). */
export function codePage(separator: string | undefined) {
  return (x: Exchange): Reply => {
    const error = x.query.get('error')
    if (error) return faultPage(400, 'Not signed in', `${error}: ${x.query.get('error_description') ?? ''}`)
    const code = x.query.get('code')
    if (!code) return faultPage(400, 'No code', 'This page shows a code after a login.')
    const shown = separator === undefined ? code : `${code}${separator}${x.query.get('state') ?? ''}`
    return page(200, 'Paste this into the program', `<p><code id="code">${escaped(shown)}</code></p>`)
  }
}
