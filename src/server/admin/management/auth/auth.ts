/** Tells who asks: the admin token in a header, or a session in a cookie with its CSRF token. */
import type { Config } from '../../../../config/schema.ts'
import type { Audit } from '../audit.ts'
import type { ManagementContext } from '../context.ts'
import type { Session as SessionView } from '../contract.ts'
import { ManagementError } from '../errors.ts'
import type { Caller } from './guard.ts'
import { linkPath, makeLink, useLink } from './links.ts'
import { isAdminToken, tokenPrint, tokenState } from './secrets.ts'
import { createSessions, csrfOf, expiryOf, isCsrf, type Session, type Sessions } from './sessions.ts'
import { createThrottle } from './throttle.ts'

/** Who acts: for the audit, and for rules. */
export interface Actor {
  kind: 'token' | 'session'
  /** First characters of the session's id. */
  id?: string
  from: string
  session?: Session
  cookie?: string
}

export interface Auth {
  /**
   * @param changes the route changes something, so a cookie needs its CSRF header.
   * @throws {ManagementError} 401, 403 (`csrf`), 429
   */
  require(headers: Headers, caller: Caller, changes: boolean): Promise<Actor>
  /** The session of a cookie, if any; for `GET session`, and never an error. */
  peek(headers: Headers, caller: Caller): Promise<Actor | undefined>
  /** @throws {ManagementError} 401, 429 */
  signIn(token: string, headers: Headers, caller: Caller): Promise<Opened>
  /** @throws {ManagementError} 401 */
  redeem(link: string, headers: Headers, caller: Caller): Promise<Opened>
  /** @throws {StoreError} */
  newLink(): Promise<{ url: string; path: string; expiresAt: number }>
  sessions: Sessions
  print(): string
  setCookie(cookie: string, caller: Caller): string
  clearCookie(caller: Caller): string
  view(actor: Actor | undefined): SessionView
  close(): void
}

export interface Opened {
  cookie: string
  session: Session
  view: SessionView
}

const COOKIE = 'logicaproxy_session'
/** Over TLS the browser itself sees to it that the cookie is ours alone. */
const SECURE_COOKIE = '__Host-logicaproxy_session'
const MAX_AGE_S = 7 * 86_400

export function createAuth(context: ManagementContext, audit: Audit): Auth {
  const { now, store, behind } = context
  const sleep = context.sleep ?? ((ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref()))
  const throttle = createThrottle(now, sleep)
  const sessions = createSessions({ store, behind, now })
  const config = (): Config => context.gateway.snapshot.config
  const print = (): string => tokenPrint(config())

  /** Checks a token in its turn. */
  async function check(token: string, caller: Caller): Promise<void> {
    const source = caller.remoteAddress ?? 'unknown'
    if (!(await throttle.turn(source)))
      throw new ManagementError(
        429,
        'too-many',
        'Too many sign-ins wait already. Try again in a few seconds; a one-time link ("logicaproxy dashboard") works at once.',
        {
          retryAfterMs: Math.max(1_000, throttle.wait(source)),
        },
      )
    if (isAdminToken(config(), token)) {
      throttle.succeeded(source)
      return
    }
    throttle.failed(source)
    audit.refused(source, 'login.refused', 'A wrong admin token was presented.')
    const state = tokenState(config())
    throw new ManagementError(
      401,
      'unauthorized',
      state.is === 'none'
        ? state.because
        : 'This is not the admin token. It was shown at the first start; "logicaproxy dashboard" prints a one-time link.',
      { retryAfterMs: throttle.wait(source) },
    )
  }

  async function opened(by: Session['by'], headers: Headers, caller: Caller): Promise<Opened> {
    const from = caller.remoteAddress ?? ''
    const { cookie, session } = await sessions.open(
      by,
      { address: from, userAgent: headers.get('user-agent') ?? '' },
      print(),
    )
    await audit.done(
      { kind: by, id: session.id.slice(0, 8), from },
      'login',
      'dashboard',
      `A browser signed in with ${by === 'link' ? 'a one-time link' : 'the admin token'}.`,
    )
    return { cookie, session, view: view({ kind: 'session', from, session, cookie }) }
  }

  function view(actor: Actor | undefined): SessionView {
    if (actor === undefined) {
      const state = tokenState(config())
      return {
        authenticated: false,
        kind: 'nobody',
        help:
          state.is === 'none'
            ? state.because
            : 'Sign in with the admin token of the first start, or run "logicaproxy dashboard" for a one-time link.',
      }
    }
    const { session, cookie } = actor
    return {
      authenticated: true,
      kind: actor.kind,
      version: context.version,
      ...(session === undefined || cookie === undefined ? {} : { csrf: csrfOf(cookie), expiresAt: expiryOf(session) }),
    }
  }

  async function bySession(headers: Headers, caller: Caller): Promise<Actor | undefined> {
    const cookie = cookieOf(headers, caller.encrypted ? SECURE_COOKIE : COOKIE)
    if (cookie === undefined) return undefined
    const session = await sessions.find(cookie, print())
    return session === undefined
      ? undefined
      : { kind: 'session', id: session.id.slice(0, 8), from: caller.remoteAddress ?? '', session, cookie }
  }

  return {
    sessions,
    print,
    view,
    async require(headers, caller, changes) {
      const token = tokenOf(headers)
      if (token !== undefined) {
        await check(token, caller)
        return { kind: 'token', from: caller.remoteAddress ?? '' }
      }
      const actor = await bySession(headers, caller)
      if (actor === undefined)
        throw new ManagementError(
          401,
          'unauthorized',
          'Sign in first: send the admin token as "Authorization: Bearer …" or "X-Management-Key", or open a one-time link ("logicaproxy dashboard").',
        )
      if (changes && !isCsrf(actor.cookie!, headers.get('x-csrf-token') ?? ''))
        throw new ManagementError(
          403,
          'csrf',
          'The header X-CSRF-Token is missing or not that of this session: load the page again.',
        )
      return actor
    },
    async peek(headers, caller) {
      const token = tokenOf(headers)
      if (token === undefined) return await bySession(headers, caller)
      await check(token, caller)
      return { kind: 'token', from: caller.remoteAddress ?? '' }
    },
    async signIn(token, headers, caller) {
      await check(token, caller)
      return await opened('token', headers, caller)
    },
    async redeem(link, headers, caller) {
      if (!(await useLink(store, link, now()))) {
        audit.refused(
          caller.remoteAddress ?? '',
          'login.refused',
          'A one-time link was presented that is used, too old, or none.',
        )
        throw new ManagementError(
          401,
          'link',
          'This link was used already or is older than 10 minutes. "logicaproxy dashboard" prints a new one.',
        )
      }
      return await opened('link', headers, caller)
    },
    async newLink() {
      const { link, expiresAt } = await makeLink(store, now())
      context.learn(link)
      return { path: linkPath(link), url: `${context.url()}${linkPath(link)}`, expiresAt }
    },
    setCookie(cookie, { encrypted }) {
      const name = encrypted ? SECURE_COOKIE : COOKIE
      return `${name}=${cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${MAX_AGE_S}${encrypted ? '; Secure' : ''}`
    },
    clearCookie({ encrypted }) {
      const name = encrypted ? SECURE_COOKIE : COOKIE
      return `${name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0${encrypted ? '; Secure' : ''}`
    },
    close: () => sessions.close(),
  }
}

/** The admin token, where one is presented; never from the query, which stands in logs and histories. */
function tokenOf(headers: Headers): string | undefined {
  const authorization = headers.get('authorization')
  if (authorization !== null)
    return /^bearer\s/i.test(authorization) ? authorization.slice(7).trim() : authorization.trim()
  return headers.get('x-management-key')?.trim() ?? undefined
}

function cookieOf(headers: Headers, name: string): string | undefined {
  for (const part of (headers.get('cookie') ?? '').split(';')) {
    const at = part.indexOf('=')
    if (at !== -1 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}
