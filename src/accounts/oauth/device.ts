/** Logins on another device: RFC 8628, and the vendors' own forms of it (`CustomDevice`). */
import { processDeviceAuthorizationResponse } from 'oauth4webapi'
import type { Tokens } from '../login-record.ts'
import {
  type DeviceGrant,
  type DevicePrompt,
  type FlowContext,
  LoginError,
  type LoginFlow,
  type VendorAnswer,
} from './flow.ts'
import { newPkce } from './pkce.ts'
import { errorOf, fieldsOf, plain, present, textOf } from './text.ts'
import { readTokens, refusalOf, tokenBody, tokensOf } from './token.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
/** RFC 8628, 3.5: `slow_down` adds five seconds (domain.md 1.8 says the same of xAI; Qwen has a rule of its own). */
const slower = (interval: number): number => interval + 5

/** A device login that waits for its person. */
export interface DeviceLogin {
  prompt: DevicePrompt
  /** Clock time at which the code ends, ms. */
  expiresAt: number
  /** Polls to the end. @throws {LoginError} `denied`, `expired`, `refused`, `cancelled` */
  finish(): Promise<{ tokens: Tokens; answer: VendorAnswer['json'] }>
}

/**
 * Asks for a code that a person confirms elsewhere.
 * @throws {LoginError} `refused` if the vendor gives none, `network`.
 */
export async function startDevice(flow: LoginFlow, grant: DeviceGrant, context: FlowContext): Promise<DeviceLogin> {
  return grant.custom === undefined ? await standard(flow, grant, context) : await custom(flow, grant, context)
}

async function custom(flow: LoginFlow, grant: DeviceGrant, context: FlowContext): Promise<DeviceLogin> {
  const { start, poll } = grant.custom!
  const { handle, ...prompt } = await start(context)
  const expiresAt = context.now() + Math.min(prompt.expiresIn, grant.limit) * 1000
  return {
    prompt,
    expiresAt,
    finish: () =>
      waited(flow, grant, context, expiresAt, prompt.interval, async () => {
        const tokens = await poll(handle, context)
        return tokens === undefined ? 'pending' : { tokens, answer: {} }
      }),
  }
}

async function standard(flow: LoginFlow, grant: DeviceGrant, context: FlowContext): Promise<DeviceLogin> {
  const ends =
    grant.start.discover === undefined
      ? { device: context.url(grant.start.url), token: context.url(grant.pollUrl ?? flow.token.url) }
      : await discover(grant.start.url, grant.start.discover.trust, context)
  const pkce = grant.pkce ? await newPkce() : undefined
  const headers = grant.headers?.(context) ?? {}
  const opening = tokenBody(
    grant.start.body,
    present({
      client_id: context.clientId,
      scope: flow.scopes.join(' '),
      code_challenge: pkce?.challenge,
      code_challenge_method: pkce && 'S256',
    }),
  )
  const opened = await context.http({
    method: 'POST',
    url: ends.device,
    headers: { ...opening.headers, ...headers },
    body: opening.body,
  })
  const started = await readStart(flow, grant, opened, context.clientId)
  const expiresAt = context.now() + Math.min(started.prompt.expiresIn, grant.limit) * 1000
  const asking = tokenBody(
    flow.token.exchange,
    present({
      grant_type: GRANT,
      client_id: context.clientId,
      client_secret: context.clientSecret,
      device_code: started.deviceCode,
      code_verifier: pkce?.verifier,
    }),
  )
  const hide = [started.deviceCode, pkce?.verifier, context.clientSecret]
  return {
    prompt: started.prompt,
    expiresAt,
    finish: async () => {
      const done = await waited(flow, grant, context, expiresAt, started.prompt.interval, async () =>
        judgePoll(
          flow,
          await context.http({
            method: 'POST',
            url: ends.token,
            headers: { ...asking.headers, ...headers },
            body: asking.body,
          }),
          context.now(),
          hide,
        ),
      )
      // A refresh goes to the endpoint that was discovered, not to the one known when this was written.
      if (ends.token !== context.url(flow.token.url))
        done.tokens.details = { ...done.tokens.details, 'token-url': ends.token }
      return done
    },
  }
}

async function readStart(flow: LoginFlow, grant: DeviceGrant, answer: VendorAnswer, clientId: string) {
  if (answer.status !== 200) throw refusalOf(answer, flow.title)
  // `expires_in` is required, yet left out here and there; the grant has its own limit anyway.
  const { interval: wish, ...rest } = answer.json
  // Sent as text by some; 0 and nonsense leave it to the grant.
  const interval = Number(wish)
  const json = { expires_in: grant.limit, ...rest, ...(interval > 0 ? { interval } : {}) }
  const response = new Response(JSON.stringify(json), { headers: { 'content-type': 'application/json' } })
  const read = await processDeviceAuthorizationResponse(
    { issuer: 'https://device.invalid' },
    { client_id: clientId },
    response,
  ).catch((error: unknown) => {
    throw new LoginError('refused', `${flow.title} gave no code to log in with: ${plain((error as Error).message)}.`, {
      cause: error,
    })
  })
  for (const url of [read.verification_uri, read.verification_uri_complete])
    if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      throw new LoginError('refused', `${flow.title} gave an address to open that is no web page.`)
  const prompt: DevicePrompt = {
    userCode: plain(read.user_code, 64),
    // Made a URL anew, so that nothing in it steers a terminal.
    verificationUrl: new URL(read.verification_uri).href,
    interval: Math.max(grant.interval, read.interval ?? 0),
    expiresIn: read.expires_in,
  }
  if (read.verification_uri_complete !== undefined) prompt.completeUrl = new URL(read.verification_uri_complete).href
  return { prompt, deviceCode: read.device_code }
}

type Poll = { tokens: Tokens; answer: VendorAnswer['json'] } | 'pending' | 'slower'

/** What an answer to a poll means (RFC 8628, 3.5; Qwen says `slow_down` with 429). */
function judgePoll(flow: LoginFlow, answer: VendorAnswer, now: number, hide: readonly (string | undefined)[]): Poll {
  if (answer.status === 200 && readTokens(answer.json, now).accessToken !== undefined)
    return { tokens: tokensOf(answer, flow.title, now, hide), answer: answer.json }
  const { code } = errorOf(answer.json)
  switch (code) {
    case 'authorization_pending':
      return 'pending'
    case 'slow_down':
      return 'slower'
    case 'access_denied':
      throw new LoginError(
        'denied',
        `The login to ${flow.title} was declined on the other device. Start it again if that was not meant.`,
      )
    case 'expired_token':
      throw tooLate(flow)
  }
  if (answer.status === 429) return 'slower'
  // A server that stumbles for a moment does not end a login of minutes.
  if (answer.status >= 500) return 'slower'
  throw refusalOf(answer, flow.title, hide)
}

async function waited(
  flow: LoginFlow,
  grant: DeviceGrant,
  context: FlowContext,
  expiresAt: number,
  intervalS: number,
  poll: () => Promise<Poll>,
): Promise<{ tokens: Tokens; answer: VendorAnswer['json'] }> {
  let interval = Math.max(1, intervalS)
  for (;;) {
    await context.sleep(interval * 1000)
    if (context.signal.aborted) throw new LoginError('cancelled', 'The login was cancelled.')
    if (context.now() >= expiresAt) throw tooLate(flow)
    const found = await poll().catch((error: unknown) => {
      // RFC 8628, 3.5: a connection that fails is asked again, more slowly.
      if (error instanceof LoginError && error.code === 'network') return 'slower' as const
      throw error
    })
    if (typeof found === 'object') return found
    if (found === 'slower') interval = (grant.slower ?? slower)(interval)
  }
}

const tooLate = (flow: LoginFlow): LoginError =>
  new LoginError(
    'expired',
    `The code for ${flow.title} was not confirmed in time. Start the login again for a new one.`,
  )

/**
 * Endpoints from a discovery document. Only https and hosts below `trust` are believed (domain.md 1.8), or the very
 * stand-in that the config puts in the vendor's place.
 */
async function discover(url: string, trust: string, context: FlowContext): Promise<{ device: string; token: string }> {
  const asked = context.url(url)
  const answer = await context.http({ method: 'GET', url: asked })
  if (answer.status !== 200)
    throw new LoginError('refused', `${new URL(asked).host} did not say where to log in (${answer.status}).`)
  const standIn = asked === url ? undefined : new URL(asked).origin
  const end = (name: string): string => {
    const found = textOf(fieldsOf(answer.json)[name])
    const at = found === undefined ? null : URL.parse(found)
    if (at === null) throw new LoginError('refused', `${new URL(asked).host} names no ${name}.`)
    if (standIn !== undefined && at.origin === standIn) return at.href
    if (!trusted(at, trust))
      throw new LoginError(
        'refused',
        `${new URL(asked).host} sends logins to ${plain(at.host)}, which is not below ${trust}. Nothing was sent there.`,
      )
    return context.url(at.href)
  }
  return { device: end('device_authorization_endpoint'), token: end('token_endpoint') }
}

/** Whether a URL is https and its host is `trust` or below it. */
export function trusted(url: URL, trust: string): boolean {
  return (
    url.protocol === 'https:' && url.username === '' && (url.hostname === trust || url.hostname.endsWith(`.${trust}`))
  )
}
