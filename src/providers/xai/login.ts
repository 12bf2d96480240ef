/** Grok subscriptions by xAI's device login. Facts: domain.md 1.8. */
import { LoginError, type LoginFlow } from '../../accounts/oauth/flow.ts'
import { readClaims } from '../../accounts/oauth/jwt.ts'
import { present, textOf } from '../../accounts/oauth/text.ts'

const ISSUER = 'https://auth.x.ai'

export const login: LoginFlow = {
  policy: {
    state: 'tolerated',
    since: '2026-09-22',
    note: "xAI's login is standard and taken from programs under their own name; its host for subscription chats asks for the name of its own program, which LogicaProxy does not give, so it may refuse. An xAI API key has no such limit.",
    url: 'https://docs.x.ai/docs/overview',
  },
  title: 'Grok (xAI)',
  clientId: 'b1a00492-073a-47ea-816f-4c329264a828',
  scopes: ['openid', 'profile', 'email', 'offline_access', 'grok-cli:access', 'api:access'],
  device: {
    start: { url: `${ISSUER}/.well-known/openid-configuration`, body: 'form', discover: { trust: 'x.ai' } },
    pkce: false,
    interval: 5,
    limit: 30 * 60,
  },
  token: {
    url: `${ISSUER}/oauth2/token`,
    exchange: 'form',
    refresh: 'form',
  },
  baseUrl: 'https://api.x.ai/v1',
  otherBaseUrls: ['https://cli-chat-proxy.grok.com/v1'],
  async identify(tokens) {
    const claims = readClaims(tokens.idToken) ?? readClaims(tokens.accessToken)
    const subject = textOf(claims?.['sub'])
    if (subject === undefined)
      throw new LoginError('refused', 'xAI did not tell whose account this is. Start the login again.')
    return { subject, ...present({ email: textOf(claims?.['email']) }) }
  },
}
