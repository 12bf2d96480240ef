/**
 * OAuth logins as data: what a provider's `login.ts` states. The machinery beside this file carries them out and knows
 * no vendor. Facts: domain.md 1.0–1.8.
 *
 * URLs are the vendors' own; `Hosts` puts the addresses of the config (`host-overrides`) in their place.
 */
import type { Tokens } from '../login-record.ts'

/** A policy a person should read before logging in. */
export interface LoginPolicy {
  state: 'supported' | 'tolerated' | 'restricted' | 'discontinued'
  /** ISO date of the reading. */
  since: string
  note: string
  url: string
}

/** How bodies of the token endpoint are written. */
export type TokenBody = 'json' | 'form'

/** A login in the browser with a redirect to this machine (RFC 8252), or with a code to paste. */
export interface BrowserGrant {
  authorizeUrl: string
  /** `client_id`, `response_type`, `redirect_uri`, `scope`, `state` and the challenge are added. */
  params: Readonly<Record<string, string>>
  /** Names of parameters that differ (iFlow: `redirect` in place of `redirect_uri`); an empty name leaves one out. */
  names?: Readonly<Record<string, string>>
  pkce: boolean
  /** `host` is spelled as the vendor registered it; an empty list of ports takes any free one. */
  redirect: { host: 'localhost' | '127.0.0.1'; path: string; ports: readonly number[] }
  /** Where the vendor shows a code to paste when no browser can reach this machine. */
  manualRedirect?: { url: string; pkce: boolean }
}

/** A login on another device (RFC 8628, or a vendor's own form of it). */
export interface DeviceGrant {
  /** `oidc`: both endpoints come from the discovery document at `url` (https, hosts below `trust`). */
  start: { url: string; body: TokenBody; discover?: { trust: string } }
  pollUrl?: string
  pkce: boolean
  /** Seconds. */
  interval: number
  limit: number
  /** What `slow_down` makes of the interval, where that is not RFC 8628's five seconds more; seconds to seconds. */
  slower?: (interval: number) => number
  headers?: (context: FlowContext) => Readonly<Record<string, string>>
  /** A vendor's own way to poll (Codex), in place of RFC 8628. */
  custom?: CustomDevice
}

export interface DevicePrompt {
  userCode: string
  verificationUrl: string
  /** With the code in it, where the vendor offers that. */
  completeUrl?: string
  /** Seconds. */
  interval: number
  expiresIn: number
}

export interface CustomDevice {
  start(context: FlowContext): Promise<DevicePrompt & { handle: Readonly<Record<string, string>> }>
  /** The tokens, or undefined while the person has not confirmed. Throws `LoginError` when it is over. */
  poll(handle: Readonly<Record<string, string>>, context: FlowContext): Promise<Tokens | undefined>
}

export interface TokenEndpoint {
  url: string
  exchange: TokenBody
  refresh: TokenBody
  /** HTTP Basic with the client's id and secret (iFlow). */
  basic?: boolean
  /** Claude wants `state` in the exchange. */
  sendsState?: boolean
  /** Further fields of a refresh (`scope`). */
  refreshFields?: Readonly<Record<string, string>>
  headers?: (context: FlowContext) => Readonly<Record<string, string>>
  /** Error codes and statuses that mean: this refresh token is dead. `invalid_grant` always does. */
  dead?: { codes?: readonly string[]; statuses?: readonly number[] }
}

/** Who logged in, and what the API wants beside the token. */
export interface Identity {
  /** The vendor's id of the person or workspace, the same at every login. */
  subject: string
  email?: string
  label?: string
  plan?: string
  details?: Readonly<Record<string, string>>
}

/** Renewals that present something other than a refresh token (renewals.ts). */
export type Renewal = 'iflow-cookie' | 'service-account'

/** What a refresh needs; kept apart from the rest, because a process of its own carries it out. */
export interface RefreshRecipe {
  url: string
  body: TokenBody
  basic?: boolean
  fields: Readonly<Record<string, string>>
  headers: Readonly<Record<string, string>>
  clientId: string
  clientSecret?: string
  dead: { codes: readonly string[]; statuses: readonly number[] }
  /** Absent: OAuth's own. */
  renewal?: Renewal
}

/** What a vendor's login is made of. */
export interface LoginFlow {
  policy: LoginPolicy
  /** Subscription or product, for people: `Claude Pro or Max`. */
  title: string
  clientId: string
  scopes: readonly string[]
  /** Further clients of the vendor's own, for `oauth-clients`: id → whom it is for. */
  otherClients?: Readonly<Record<string, string>>
  /** Set where the vendor's client has a secret that is not ours to ship. */
  secret?: ClientSecret
  browser?: BrowserGrant
  device?: DeviceGrant
  token: TokenEndpoint
  /** Hosts of the API its accounts are used at: base URL before overrides. */
  baseUrl: string
  /** Further base URLs of the same API, in the order the vendor's own program tries them. */
  otherBaseUrls?: readonly string[]
  /** Tells who logged in: from the answer of the token endpoint, a JWT, or by asking. */
  identify(tokens: Tokens, answer: Readonly<Record<string, unknown>>, context: FlowContext): Promise<Identity>
  /**
   * What an answer of the token endpoint says beside the tokens (resource URL), and which of them model calls present.
   * Called at the end of a login and after every refresh, with the details of before in `tokens`.
   */
  refreshed?(tokens: Tokens, answer: Readonly<Record<string, unknown>>): Tokens
  /** For tokens that are renewed by something other than a refresh token, told by their details; undefined: they are not. */
  renewal?(
    details: Readonly<Record<string, string>>,
  ): { by: Renewal; url: string; fields: Readonly<Record<string, string>> } | undefined
  /** A login with something a person brings, in place of a browser or a device (iFlow's cookie). */
  brought?: BroughtLogin
  /** How to come by such accounts where there is no login at all (Vertex: a key file to import). */
  instead?: string
  /** Steps after the login that the API needs (Code Assist onboarding), with words for a progress line. */
  prepare?(tokens: Tokens, identity: Identity, context: FlowContext): Promise<Identity>
  /** Tells the vendor that a login is given up. */
  revoke?(tokens: Tokens, context: FlowContext): Promise<void>
}

/** A login with a secret that a person copies from somewhere. */
export interface BroughtLogin {
  /** What it is called on the command line: `cookie`. */
  name: string
  /** Environment variable it may stand in. */
  env: string
  /** Asks a person for it. */
  question: string
  /** @throws {LoginError} `input`, `refused`, `network` */
  take(secret: string, context: FlowContext): Promise<{ tokens: Tokens; identity: Identity }>
}

/** Where a client secret may come from when the config and the environment have none. */
export interface ClientSecret {
  /** Environment variable. */
  env: string
  /** Reads it from the vendor's installed program, if there is one. `clientId`: whose secret it is. */
  find?(clientId: string): Promise<string | undefined>
  /** How to supply it, exactly. */
  help: string
}

/** What the machinery lends to a vendor's odd calls. */
export interface FlowContext {
  http: VendorHttp
  /** The vendor's URL with the config's override in its place. */
  url(vendorUrl: string): string
  clientId: string
  clientSecret?: string
  now: () => number
  sleep(ms: number): Promise<void>
  /** A line of progress for people. */
  progress(words: string): void
  /** Answers a question only a person can answer (a Google Cloud project); undefined: nobody is there. */
  ask?(question: string): Promise<string | undefined>
  /** What the person said beforehand: a name for the account, a Google Cloud project. */
  label?: string
  project?: string
  /** Of the tokens at hand, where there are some already. */
  details?: Readonly<Record<string, string>>
  /** Own name and version, for `User-Agent` and `originator`. */
  userAgent: string
  signal: AbortSignal
}

/** A call to a vendor outside the road: login, refresh, usage, model lists. */
export interface VendorRequest {
  method: 'GET' | 'POST'
  url: string
  headers?: Readonly<Record<string, string>>
  body?: string
}

export interface VendorAnswer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  text: string
  /** The JSON object it holds; `{}` when it is none. */
  json: Readonly<Record<string, unknown>>
}

/** Sends such a call through the account's own proxy; 30 s at most. Rejects with `LoginError` when nothing came back. */
export type VendorHttp = (request: VendorRequest) => Promise<VendorAnswer>

export type LoginErrorCode =
  | 'denied'
  | 'expired'
  | 'state'
  | 'network'
  | 'refused'
  | 'dead'
  | 'secret-missing'
  | 'cancelled'
  | 'port'
  | 'input'
  | 'not-eligible'

/** Why a login or refresh did not work, with what to do. `dead`: the refresh token is no longer taken. */
export class LoginError extends Error {
  readonly code: LoginErrorCode
  /** A link the person should open (account verification), where the vendor gave one. */
  readonly url?: string
  /** ms to wait, where the vendor said so. */
  readonly retryAfterMs?: number
  constructor(
    code: LoginErrorCode,
    message: string,
    rest: { url?: string; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: rest.cause })
    this.name = 'LoginError'
    this.code = code
    this.url = rest.url
    this.retryAfterMs = rest.retryAfterMs
  }
}
