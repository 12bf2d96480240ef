/**
 * One login from its first address to its tokens: what the command line and the management API both carry out.
 * Nothing is stored here; `done` gives what there is to store.
 */
import { randomUUID } from 'node:crypto'
import type { Tokens } from '../login-record.ts'
import { authorizeUrl } from './authorize.ts'
import type { CallbackHub, Outcome } from './callback.ts'
import { sleep } from './context.ts'
import { type DeviceLogin, startDevice } from './device.ts'
import { type BrowserGrant, type FlowContext, type Identity, LoginError, type LoginFlow } from './flow.ts'
import { type Landing, readPaste } from './paste.ts'
import { newPkce, newState, type Pkce } from './pkce.ts'
import { CLIENT_ID } from './recipe.ts'
import { plain } from './text.ts'
import { exchangeCode } from './token.ts'

/**
 * How a person confirms: `browser` comes back to this machine by itself (a paste is taken, too), `paste` brings the code
 * by hand and listens nowhere, `device` is confirmed on any other device.
 */
export type LoginWay = 'browser' | 'paste' | 'device'

export interface LoginOptions {
  provider: string
  way?: LoginWay
  /** Port of the way back in place of the vendor's. */
  port?: number
  callbacks: CallbackHub
  /** ms; 10 minutes unless said. Device logins have the vendor's limit. */
  limitMs?: number
}

export type LoginStatus =
  /** For the person. */
  | { is: 'waiting'; words: string; url?: string }
  /** The person is done; the rest is between the programs. */
  | { is: 'working'; words: string }
  | { is: 'done'; words: string }
  /** `url`: what the vendor wants opened (verification of the account). */
  | { is: 'failed'; words: string; url?: string }

export interface LoggedIn {
  tokens: Tokens
  identity: Identity
}

export interface LoginSession {
  readonly id: string
  readonly provider: string
  readonly way: LoginWay
  /** To open in a browser. */
  readonly url?: string
  /** OAuth's state, as it stands in the URL. */
  readonly state?: string
  readonly userCode?: string
  readonly verificationUrl?: string
  /** Clock time, ms. */
  readonly expiresAt: number
  status(): LoginStatus
  /** Takes what the person copied. @throws {LoginError} `input`, `state`; the login goes on waiting. */
  paste(text: string): void
  cancel(): void
  /** Rejects with `LoginError`. */
  readonly done: Promise<LoggedIn>
}

const LIMIT_MS = 10 * 60_000

/**
 * Begins a login; resolves once there is an address to open or a code to type.
 * @throws {LoginError} `port`, `input` (a way this provider does not have), `refused`, `network`.
 */
export async function beginLogin(flow: LoginFlow, context: FlowContext, options: LoginOptions): Promise<LoginSession> {
  if (flow.instead !== undefined) throw new LoginError('input', `${flow.title} has no login. ${flow.instead}`)
  const way = options.way ?? (flow.browser === undefined ? 'device' : 'browser')
  const own = new AbortController()
  const signal = AbortSignal.any([context.signal, own.signal])
  let status: LoginStatus = { is: 'waiting', words: 'Waiting for the login.' }
  const inner: FlowContext = {
    ...context,
    signal,
    http: (request) => unlessAborted(context.http(request), signal),
    sleep: (ms) => unlessAborted(context.sleep(ms), signal),
    progress(words) {
      if (status.is === 'working') status = { is: 'working', words }
      context.progress(words)
    },
  }
  const begun = way === 'device' ? await beginDevice(flow, inner) : await beginBrowser(flow, inner, way, options)
  status = { is: 'waiting', words: begun.words, ...(begun.url === undefined ? {} : { url: begun.url }) }
  const working = (words: string): void => {
    status = { is: 'working', words }
    context.progress(words)
  }
  const done = begun
    .finish(working)
    .then((grant) => complete(flow, inner, grant))
    .then(
      (result) => {
        status = { is: 'done', words: `Logged in to ${flow.title} as ${nameOf(result.identity)}.` }
        return result
      },
      (error: unknown) => {
        const told = asLoginError(error, own.signal)
        status = { is: 'failed', words: told.message, ...(told.url === undefined ? {} : { url: told.url }) }
        throw told
      },
    )
    .finally(() => begun.release())
  begun.outcome(done, () => status)
  // Whoever asks for the status only may leave `done` alone.
  done.catch(() => {})
  return {
    id: randomUUID(),
    provider: options.provider,
    way,
    ...begun.face,
    expiresAt: begun.expiresAt,
    status: () => status,
    paste: begun.paste,
    cancel: () => own.abort(),
    done,
  }
}

/** Tokens as they came, before anybody was asked whose they are. */
interface Grant {
  tokens: Tokens
  answer: Readonly<Record<string, unknown>>
}

interface Begun {
  words: string
  url?: string
  face: Pick<LoginSession, 'url' | 'state' | 'userCode' | 'verificationUrl'>
  expiresAt: number
  finish(working: (words: string) => void): Promise<Grant>
  paste(text: string): void
  release(): void
  /** Tells the browser's page how it ended. */
  outcome(done: Promise<LoggedIn>, status: () => LoginStatus): void
}

async function beginDevice(flow: LoginFlow, context: FlowContext): Promise<Begun> {
  if (flow.device === undefined)
    throw new LoginError('input', `${flow.title} has no device login; log in with a browser.`)
  const login: DeviceLogin = await startDevice(flow, flow.device, context)
  const { prompt, expiresAt } = login
  const url = prompt.completeUrl ?? prompt.verificationUrl
  return {
    words: `Open ${prompt.verificationUrl} on any device and enter the code ${prompt.userCode}.`,
    url,
    face: { url, userCode: prompt.userCode, verificationUrl: prompt.verificationUrl },
    expiresAt,
    async finish(working) {
      const grant = await login.finish()
      working('Confirmed.')
      return grant
    },
    paste() {
      throw new LoginError('input', 'This login is confirmed on the other device; there is nothing to paste.')
    },
    release() {},
    outcome() {},
  }
}

async function beginBrowser(
  flow: LoginFlow,
  context: FlowContext,
  way: 'browser' | 'paste',
  options: LoginOptions,
): Promise<Begun> {
  const grant = flow.browser
  if (grant === undefined)
    throw new LoginError('input', `${flow.title} has no login in the browser of this machine; use the device login.`)
  const manual = way === 'paste' ? grant.manualRedirect : undefined
  const ports = options.port ? [options.port] : grant.redirect.ports
  const { host, path } = grant.redirect
  const seat = way === 'browser' ? await options.callbacks.seat({ title: flow.title, host, path, ports }) : undefined
  const redirectUri = seat?.redirectUri ?? manual?.url ?? `http://${host}:${ports[0] ?? UNUSED_PORT}${path}`
  const pkce = (manual?.pkce ?? grant.pkce) ? await newPkce() : undefined
  const state = newState()
  const asked = authorizeUrl(flow, grant, {
    clientId: context.clientId,
    redirectUri,
    state,
    challenge: pkce?.challenge,
  })
  const url = context.url(asked)
  const expiresAt = context.now() + (options.limitMs ?? LIMIT_MS)
  const waiting = Promise.withResolvers<string>()
  // The person may be done before anybody awaits it.
  waiting.promise.catch(() => {})
  const ended = Promise.withResolvers<Outcome>()
  let settled = false

  /** The one place a code comes in by; state is compared wherever there is one. */
  function land(landing: Landing): void {
    if (settled) throw new LoginError('state', 'This login has its answer already; each is good for one time.')
    if (landing.state !== undefined && landing.state !== state)
      throw new LoginError(
        'state',
        'That belongs to another login, not to this one: the state in it differs. Open the address of this login and copy what that one ends on.',
      )
    settled = true
    seat?.settle(state, 'used')
    if (landing.error !== undefined) waiting.reject(deniedBy(flow, landing))
    else waiting.resolve(landing.code!)
  }

  seat?.expect(state, expiresAt, (landing) => {
    land(landing)
    return ended.promise
  })
  return {
    words: wordsFor(flow, grant, way, manual !== undefined),
    url,
    face: { url, state },
    expiresAt,
    async finish(working) {
      const limit = new AbortController()
      const late = sleep(expiresAt - context.now(), AbortSignal.any([limit.signal, context.signal])).then(() => {
        throw new LoginError('expired', `The login to ${flow.title} was not finished within its time. Start it again.`)
      })
      late.catch(() => {})
      try {
        const code = await Promise.race([waiting.promise, late])
        working('The code is here; exchanging it for tokens.')
        return await exchangeCode(flow, context, { code, redirectUri, state, ...verifierOf(pkce) })
      } finally {
        settled = true
        limit.abort()
        seat?.settle(state, 'expired')
      }
    },
    paste: (text) => land(readPaste(text)),
    release: () => seat?.release(),
    outcome(done, status) {
      done.then(
        () => ended.resolve({ ok: true, words: status().words }),
        () => ended.resolve({ ok: false, words: status().words }),
      )
    },
  }
}

/** No program of ours listens there: the person copies the address of the page that cannot be shown. */
const UNUSED_PORT = 8085

const verifierOf = (pkce: Pkce | undefined): { verifier?: string } =>
  pkce === undefined ? {} : { verifier: pkce.verifier }

function wordsFor(flow: LoginFlow, grant: BrowserGrant, way: LoginWay, manual: boolean): string {
  if (manual) return `Open the address, log in to ${flow.title}, and paste the code the page shows.`
  if (way === 'browser') return `Waiting for the login to ${flow.title} in the browser.`
  return `Open the address and log in to ${flow.title}. The last page, at ${grant.redirect.host}, cannot be shown: copy its address from the address bar and paste it here.`
}

function deniedBy(flow: LoginFlow, landing: Landing): LoginError {
  const said = plain([landing.error, landing.errorDescription].filter((w) => w !== undefined).join(': '))
  const denied = landing.error === 'access_denied'
  return new LoginError(
    denied ? 'denied' : 'refused',
    `${flow.title} did not grant the login (${said}).${denied ? ' Start it again if that was not meant.' : ''}`,
  )
}

/** Asks who it is, gets the account ready, and puts what the API wants beside the token. */
async function complete(flow: LoginFlow, context: FlowContext, { tokens, answer }: Grant): Promise<LoggedIn> {
  context.progress('Asking whose account it is.')
  return await finishLogin(flow, context, tokens, answer)
}

/**
 * From bare tokens to a login that can be used: identity, preparation, details. Also the end of an import.
 * @throws {LoginError}
 */
export async function finishLogin(
  flow: LoginFlow,
  context: FlowContext,
  tokens: Tokens,
  answer: Readonly<Record<string, unknown>>,
): Promise<LoggedIn> {
  let identity = await flow.identify(tokens, answer, context)
  const detailed = (): Tokens => ({ ...tokens, details: { ...tokens.details, ...identity.details } })
  identity = (await flow.prepare?.(detailed(), identity, context)) ?? identity
  const withClient = detailed()
  withClient.details = { ...withClient.details, [CLIENT_ID]: context.clientId }
  return { tokens: flow.refreshed?.(withClient, answer) ?? withClient, identity }
}

/** What to call somebody. */
export const nameOf = (identity: Identity): string => identity.label ?? identity.email ?? identity.subject

function asLoginError(error: unknown, cancelled: AbortSignal): LoginError {
  if (cancelled.aborted) return new LoginError('cancelled', 'The login was cancelled.', { cause: error })
  if (error instanceof LoginError) return error
  return new LoginError(
    'refused',
    `The login failed: ${plain(error instanceof Error ? error.message : String(error))}`,
    { cause: error },
  )
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const cancelled = (): LoginError => new LoginError('cancelled', 'The login was cancelled.')
  if (signal.aborted) {
    promise.catch(() => {})
    return Promise.reject(cancelled())
  }
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const give = (): void => reject(cancelled())
  signal.addEventListener('abort', give, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', give))
}
