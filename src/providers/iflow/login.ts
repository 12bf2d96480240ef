/** iFlow's login. The vendor closed the service; kept for tests and for stand-ins. Facts: domain.md 1.5. */
import type { Tokens } from '../../accounts/login-record.ts'
import { type FlowContext, type Identity, LoginError, type LoginFlow } from '../../accounts/oauth/flow.ts'
import { fieldsOf, plain, present, textOf } from '../../accounts/oauth/text.ts'
import { COOKIE_NAME, cookieLogin, KEYS_URL } from './cookie.ts'

/**
 * Model calls present the account's API key, not the OAuth token: the key is asked for with the token once, at the login,
 * kept in `details`, and stands in `Tokens.accessToken`, also after every refresh. So `Credential.value` is the key.
 */
const KEY = 'api-key'

export const login: LoginFlow = {
  policy: {
    state: 'discontinued',
    since: '2026-09-22',
    note: 'iFlow closed its service on 17 April 2026 and sends its users to Qoder; logins and requests fail.',
    url: 'https://github.com/router-for-me/CLIProxyAPI/issues/2561',
  },
  title: 'iFlow',
  clientId: '10009311001',
  scopes: [],
  secret: {
    env: 'LOGICAPROXY_IFLOW_SECRET',
    help: 'It is inside the closed program @iflow-ai/iflow-cli, without a name to find it by; only somebody who has it can supply it.',
  },
  browser: {
    authorizeUrl: 'https://iflow.cn/oauth',
    params: { loginMethod: 'phone', type: 'phone' },
    names: { redirect_uri: 'redirect', response_type: '', scope: '' },
    pkce: false,
    redirect: { host: 'localhost', path: '/oauth2callback', ports: [11451] },
  },
  token: {
    url: 'https://iflow.cn/oauth/token',
    exchange: 'form',
    refresh: 'form',
    basic: true,
  },
  baseUrl: 'https://apis.iflow.cn/v1',
  brought: cookieLogin,
  renewal: (details) => {
    const name = details[COOKIE_NAME]
    return name === undefined ? undefined : { by: 'iflow-cookie', url: KEYS_URL, fields: { name } }
  },
  identify,
  refreshed(tokens) {
    const key = tokens.details[KEY]
    return key === undefined ? tokens : { ...tokens, accessToken: key }
  },
}

async function identify(tokens: Tokens, _: unknown, context: FlowContext): Promise<Identity> {
  const query = new URLSearchParams({ accessToken: tokens.accessToken })
  const { status, json } = await context.http({
    method: 'GET',
    url: context.url(`https://iflow.cn/api/oauth/getUserInfo?${query}`),
  })
  const data = fieldsOf(json['data'])
  const key = textOf(data['apiKey'])
  if (status !== 200 || json['success'] === false || key === undefined)
    throw new LoginError(
      'refused',
      `iFlow gave no API key for this account (${status}${json['message'] ? `: ${plain(String(json['message']))}` : ''}).`,
    )
  const email = textOf(data['email'])
  const phone = textOf(data['phone'])
  const subject = email?.toLowerCase() ?? phone
  if (subject === undefined) throw new LoginError('refused', 'iFlow did not tell whose account this is.')
  return { subject, ...present({ email, label: email === undefined ? phone : undefined }), details: { [KEY]: key } }
}
