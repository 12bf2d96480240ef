/**
 * The token endpoint: exchange of a code, and one refresh. `refreshOnce` sends one request and judges its answer; who may
 * refresh, when, and what is stored before what, is decided elsewhere (refresh.ts of this room).
 *
 * Answers are read here and not by oauth4webapi: half of the vendors leave out `token_type`, sign ID tokens of other
 * issuers, or answer in JSON forms of their own (domain.md 1.1, 1.2, 1.5).
 */
import type { Tokens } from '../login-record.ts'
import {
  type FlowContext,
  LoginError,
  type LoginFlow,
  type RefreshRecipe,
  type TokenBody,
  type VendorAnswer,
  type VendorHttp,
} from './flow.ts'
import { formBody, neverSent } from './http.ts'
import { expiryOf } from './jwt.ts'
import { renewals } from './renewals.ts'
import { errorOf, plain, present, textOf } from './text.ts'

/** What an answer brought; what it left out stays as it was. */
export interface FreshTokens {
  accessToken?: string
  refreshToken?: string
  idToken?: string
  /** ms since the epoch. */
  expiresAt?: number
  issuedAt: number
  scope?: string
}

/** Ten years: longer than any token lives, short enough to be a date. */
const MAX_SECONDS = 315_360_000

/** The tokens in an answer; `expires_in` counts from `now`, a JWT's own `exp` stands in for it (domain.md 1.0). */
export function readTokens(answer: Readonly<Record<string, unknown>>, now: number): FreshTokens {
  const fresh: FreshTokens = { issuedAt: now }
  const accessToken = textOf(answer['access_token'])
  const refreshToken = textOf(answer['refresh_token'])
  const idToken = textOf(answer['id_token'])
  const scope = textOf(answer['scope'])
  if (accessToken !== undefined) fresh.accessToken = accessToken
  if (refreshToken !== undefined) fresh.refreshToken = refreshToken
  if (idToken !== undefined) fresh.idToken = idToken
  if (scope !== undefined) fresh.scope = scope
  const seconds = Number(answer['expires_in'] ?? Number.NaN)
  const until = seconds > 0 && seconds <= MAX_SECONDS ? now + seconds * 1000 : expiryOf(accessToken)
  if (until !== undefined) fresh.expiresAt = until
  return fresh
}

/** The tokens after a refresh: what the answer left out is kept, the refresh token above all (domain.md 1.1). */
export function renewed(old: Tokens, fresh: FreshTokens): Tokens {
  const tokens: Tokens = { ...old, issuedAt: fresh.issuedAt }
  if (fresh.accessToken !== undefined) {
    tokens.accessToken = fresh.accessToken
    // The end of the old one says nothing about the new one.
    delete tokens.expiresAt
  }
  for (const name of ['refreshToken', 'idToken', 'scope'] as const)
    if (fresh[name] !== undefined) tokens[name] = fresh[name]
  if (fresh.expiresAt !== undefined) tokens.expiresAt = fresh.expiresAt
  return tokens
}

/** `Authorization: Basic`, id and secret form-encoded first (RFC 6749, 2.3.1). */
export function basicAuth(id: string, secret: string): string {
  const encoded = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2)
  return `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64')}`
}

/** Headers and body of a call to a token endpoint. */
export function tokenBody(
  body: TokenBody,
  fields: Readonly<Record<string, string>>,
): { headers: Record<string, string>; body: string } {
  return body === 'json'
    ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(fields) }
    : { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: formBody(fields) }
}

/** Where a code comes from. */
export interface CodeGrant {
  code: string
  redirectUri: string
  state?: string
  verifier?: string
}

/**
 * Turns a code into tokens. A code is good once: a failure here means that the login starts again.
 * @throws {LoginError} `refused` or `denied` with the vendor's words, `network`.
 */
export async function exchangeCode(
  flow: LoginFlow,
  context: FlowContext,
  grant: CodeGrant,
): Promise<{ tokens: Tokens; answer: VendorAnswer['json'] }> {
  const { token } = flow
  const fields = present({
    grant_type: 'authorization_code',
    code: grant.code,
    state: token.sendsState ? grant.state : undefined,
    redirect_uri: grant.redirectUri,
    client_id: context.clientId,
    client_secret: context.clientSecret,
    code_verifier: grant.verifier,
  })
  const { headers, body } = tokenBody(token.exchange, fields)
  const answer = await context.http({
    method: 'POST',
    url: context.url(token.url),
    headers: {
      ...headers,
      ...token.headers?.(context),
      ...(token.basic ? { authorization: basicAuth(context.clientId, context.clientSecret ?? '') } : {}),
    },
    body,
  })
  const hide = [grant.code, grant.verifier, context.clientSecret]
  return { tokens: tokensOf(answer, flow.title, context.now(), hide), answer: answer.json }
}

/**
 * The tokens of an answer that must hold an access token.
 * @throws {LoginError} `refused` with the vendor's own words.
 */
export function tokensOf(
  answer: VendorAnswer,
  title: string,
  now: number,
  hide: readonly (string | undefined)[] = [],
): Tokens {
  const fresh = readTokens(answer.json, now)
  if (answer.status < 200 || answer.status > 299 || fresh.accessToken === undefined)
    throw refusalOf(answer, title, hide)
  return { ...fresh, accessToken: fresh.accessToken, details: {} }
}

/** A refused exchange in words. */
export function refusalOf(answer: VendorAnswer, title: string, hide: readonly (string | undefined)[] = []): LoginError {
  const { code, words } = errorOf(answer.json)
  const said = plain([code, words].filter((w) => w !== '').join(': '), 300, hide)
  if (code === 'invalid_client' || code === 'unauthorized_client')
    return new LoginError(
      'refused',
      `${title} does not accept this program's client id or secret (${said}). Check oauth-clients in the config.`,
    )
  const again =
    code === 'invalid_grant'
      ? ' The code was used before, is too old, or belongs to another login: start the login again.'
      : ''
  return new LoginError(
    'refused',
    `${title} refused the login with ${answer.status}${said === '' ? '' : ` (${said})`}.${again}`,
  )
}

/** What one refresh came to. */
export type RefreshVerdict =
  | { is: 'fresh'; fresh: FreshTokens; answer: VendorAnswer['json'] }
  /** The vendor takes this refresh token no more: its owner has to log in again. */
  | { is: 'dead'; code: string; reason: string }
  /** Not now. `mayBeSpent`: the vendor may have rotated the token all the same. */
  | { is: 'later'; reason: string; retryAfterMs: number; mayBeSpent: boolean }
  /** Nothing came back. `mayBeSpent` is false only where no byte of the request can have left. */
  | { is: 'network'; reason: string; mayBeSpent: boolean }

const MIN_WAIT_MS = 5_000
const MAX_WAIT_MS = 300_000
const USUAL_WAIT_MS = 60_000

/** Codes that speak of the client or the moment; they never mean that this refresh token is dead, whatever the status. */
const NOT_THE_TOKEN = new Set([
  'invalid_client',
  'unauthorized_client',
  'slow_down',
  'temporarily_unavailable',
  'server_error',
  'rate_limit_error',
  'overloaded_error',
])

/** Presents a refresh token once and judges the answer. Never throws, never retries. */
export async function refreshOnce(
  recipe: RefreshRecipe,
  refreshToken: string,
  http: VendorHttp,
  now: () => number,
): Promise<RefreshVerdict> {
  const other = recipe.renewal === undefined ? undefined : renewals[recipe.renewal]
  const basic: Record<string, string> = recipe.basic
    ? { authorization: basicAuth(recipe.clientId, recipe.clientSecret ?? '') }
    : {}
  let answer: VendorAnswer
  try {
    const { headers, body } =
      other?.request(recipe.fields, refreshToken, now()) ??
      tokenBody(recipe.body, {
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: recipe.clientId,
        ...present({ client_secret: recipe.clientSecret }),
        ...recipe.fields,
      })
    answer = await http({ method: 'POST', url: recipe.url, headers: { ...headers, ...recipe.headers, ...basic }, body })
  } catch (error) {
    if (error instanceof LoginError && error.code === 'dead') return { is: 'dead', code: 'key', reason: error.message }
    const reason = plain(error instanceof Error ? error.message : String(error), 300, [
      refreshToken,
      recipe.clientSecret,
    ])
    return { is: 'network', reason, mayBeSpent: other === undefined && !neverSent(error) }
  }
  return judgeRefresh(recipe, refreshToken, other?.read(answer, now()) ?? answer, now())
}

/** What an answer to a refresh means (domain.md 1.1 "Refresh rules", 1.2 "Permanent failures", 1.4, 1.7). Pure. */
export function judgeRefresh(
  recipe: RefreshRecipe,
  refreshToken: string,
  answer: VendorAnswer,
  now: number,
): RefreshVerdict {
  const { status, json } = answer
  const well = status >= 200 && status <= 299
  const fresh = readTokens(json, now)
  if (well && (fresh.accessToken !== undefined || fresh.refreshToken !== undefined))
    return { is: 'fresh', fresh, answer: json }

  const { code, words } = errorOf(json)
  const said = plain([code, words].filter((w) => w !== '').join(': '), 300, [refreshToken, recipe.clientSecret])
  const reason = `The token endpoint answered ${status}${said === '' ? '' : ` (${said})`}`
  const known = code === 'invalid_grant' || recipe.dead.codes.includes(code)
  if (known && status < 500) return { is: 'dead', code, reason: `${reason}.` }
  // A page is a firewall's or a proxy's: it has the status, but says nothing of the token.
  const isPage = /^\s*</.test(answer.text)
  if (!isPage && recipe.dead.statuses.includes(status) && !NOT_THE_TOKEN.has(code))
    return { is: 'dead', code: code || String(status), reason: `${reason}.` }
  const asked = retryAfterMs(answer.headers['retry-after'], now)
  const mayBeSpent = recipe.renewal === undefined && (well || status >= 500)
  if (code === 'invalid_client' || code === 'unauthorized_client')
    return {
      is: 'later',
      reason: `${reason}: check the client id and secret in oauth-clients.`,
      retryAfterMs: MAX_WAIT_MS,
      mayBeSpent: false,
    }
  if (status === 429 || status >= 500 || NOT_THE_TOKEN.has(code))
    return { is: 'later', reason: `${reason}.`, retryAfterMs: clamped(asked ?? USUAL_WAIT_MS), mayBeSpent }
  // A refusal of a kind nobody has described (a country, a firewall's page): slow, told, and tried again.
  return { is: 'later', reason: `${reason}.`, retryAfterMs: clamped(asked ?? MAX_WAIT_MS), mayBeSpent }
}

const clamped = (ms: number): number => Math.min(MAX_WAIT_MS, Math.max(MIN_WAIT_MS, ms))

/** `Retry-After` in ms from `now`: seconds, or a date. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim()
  if (text === undefined || text === '') return undefined
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : date - now
}
