/** ChatGPT plans by OAuth, as Codex logs in to them. Facts: domain.md 1.2. */
import type { Tokens } from '../../accounts/login-record.ts'
import {
  type CustomDevice,
  type FlowContext,
  type Identity,
  LoginError,
  type LoginFlow,
} from '../../accounts/oauth/flow.ts'
import { formBody } from '../../accounts/oauth/http.ts'
import { openAiIdentity } from '../../accounts/oauth/identities.ts'
import { errorOf, plain, textOf } from '../../accounts/oauth/text.ts'
import { exchangeCode } from '../../accounts/oauth/token.ts'

const ISSUER = 'https://auth.openai.com'
/** Longest wait for the confirmation on another device, in seconds. */
const DEVICE_LIMIT = 15 * 60

/** OpenAI's own form of a device login: what is polled for is a code, exchanged as in the browser's flow. */
const device: CustomDevice = {
  async start(context) {
    const answer = await context.http({
      method: 'POST',
      url: context.url(`${ISSUER}/api/accounts/deviceauth/usercode`),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: context.clientId }),
    })
    const { json, status } = answer
    const id = textOf(json['device_auth_id'])
    const userCode = textOf(json['user_code']) ?? textOf(json['usercode'])
    if (status === 404)
      throw new LoginError(
        'refused',
        'Device login is not enabled for this ChatGPT workspace. Its administrator can allow it (ChatGPT, Settings, Security); or log in with a browser.',
      )
    if (status !== 200 || id === undefined || userCode === undefined)
      throw new LoginError(
        'refused',
        `OpenAI gave no code to log in with (${status}${said(json)}). Try again, or log in with a browser.`,
      )
    return {
      userCode: plain(userCode, 64),
      verificationUrl: context.url(`${ISSUER}/codex/device`),
      // A string or a number.
      interval: Number(json['interval']) || 5,
      expiresIn: DEVICE_LIMIT,
      handle: { id, userCode },
    }
  },
  async poll(handle, context) {
    const answer = await context.http({
      method: 'POST',
      url: context.url(`${ISSUER}/api/accounts/deviceauth/token`),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ device_auth_id: handle['id'], user_code: handle['userCode'] }),
    })
    const { status, json } = answer
    if (/denied/.test(errorOf(json).code))
      throw new LoginError('denied', 'The login to ChatGPT was declined on the other device.')
    if (status === 403 || status === 404) return undefined
    // A moment's trouble, or polled too fast.
    if (status === 429 || status >= 500) throw new LoginError('network', `OpenAI answered ${status}.`)
    const code = textOf(json['authorization_code'])
    const verifier = textOf(json['code_verifier'])
    if (status > 299 || code === undefined || verifier === undefined)
      throw new LoginError('refused', `OpenAI ended the login with ${status}${said(json)}. Start it again.`)
    const { tokens } = await exchangeCode(login, context, {
      code,
      verifier,
      redirectUri: `${ISSUER}/deviceauth/callback`,
    })
    return tokens
  },
}

const said = (json: Readonly<Record<string, unknown>>): string => {
  const { code, words } = errorOf(json)
  return words || code ? `: ${plain(words || code)}` : ''
}

export const login: LoginFlow = {
  policy: {
    state: 'tolerated',
    since: '2026-09-22',
    note: 'OpenAI publishes how Codex logs in and is not known to refuse other programs that do the same under their own name; it has not promised to go on doing so. Limits of the ChatGPT plan apply.',
    url: 'https://developers.openai.com/codex/auth',
  },
  title: 'ChatGPT (Codex)',
  clientId: 'app_EMoamEEZ73f0CkXaXp7hrann',
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  browser: {
    authorizeUrl: `${ISSUER}/oauth/authorize`,
    params: { id_token_add_organizations: 'true', codex_cli_simplified_flow: 'true', originator: 'logicaproxy' },
    pkce: true,
    // Both are registered, and no other.
    redirect: { host: 'localhost', path: '/auth/callback', ports: [1455, 1457] },
  },
  device: {
    start: { url: `${ISSUER}/api/accounts/deviceauth/usercode`, body: 'json' },
    pkce: false,
    interval: 5,
    limit: DEVICE_LIMIT,
    custom: device,
  },
  token: {
    url: `${ISSUER}/oauth/token`,
    exchange: 'form',
    refresh: 'json',
    dead: { codes: ['refresh_token_expired', 'refresh_token_reused', 'refresh_token_invalidated'] },
  },
  baseUrl: 'https://chatgpt.com/backend-api/codex',
  async identify(tokens: Tokens): Promise<Identity> {
    const identity = openAiIdentity(tokens.idToken, tokens.accessToken)
    if (identity === undefined)
      throw new LoginError(
        'refused',
        'OpenAI did not say which ChatGPT account this login is for. Does the account have a plan that includes Codex?',
      )
    return identity
  },
  /** A new ID token tells of a plan that changed. */
  refreshed(tokens) {
    const details = openAiIdentity(tokens.idToken, tokens.accessToken)?.details
    return details === undefined ? tokens : { ...tokens, details: { ...tokens.details, ...details } }
  },
  async revoke(tokens, context: FlowContext) {
    const answer = await context.http({
      method: 'POST',
      url: context.url(`${ISSUER}/oauth/revoke`),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: formBody({ token: tokens.refreshToken ?? tokens.accessToken, client_id: context.clientId }),
    })
    if (answer.status >= 300) throw new LoginError('refused', `OpenAI did not take the login back (${answer.status}).`)
  },
}
