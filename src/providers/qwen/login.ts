/** Qwen Code's device login. The vendor closed it; kept for tests and for stand-ins. Facts: domain.md 1.4. */
import { randomUUID } from 'node:crypto'
import type { LoginFlow } from '../../accounts/oauth/flow.ts'
import { namedIdentity } from '../../accounts/oauth/identities.ts'
import { textOf } from '../../accounts/oauth/text.ts'

const ISSUER = 'https://chat.qwen.ai/api/v1/oauth2'

export const login: LoginFlow = {
  policy: {
    state: 'discontinued',
    since: '2026-09-22',
    note: 'Qwen ended the free logins of Qwen Code on 15 April 2026; new ones fail. API keys of DashScope or ModelStudio take their place (openai-compatibility in the config).',
    url: 'https://github.com/QwenLM/qwen-code/issues/3203',
  },
  title: 'Qwen Code',
  clientId: 'f0304373b74a44d2b584a3fb70ca9e56',
  scopes: ['openid', 'profile', 'email', 'model.completion'],
  device: {
    start: { url: `${ISSUER}/device/code`, body: 'form' },
    pollUrl: `${ISSUER}/token`,
    pkce: true,
    interval: 5,
    limit: 15 * 60,
    // domain.md 1.4: half as long again, ten seconds at most.
    slower: (interval) => Math.min(interval * 1.5, Math.max(10, interval)),
    headers: () => ({ 'x-request-id': randomUUID() }),
  },
  token: {
    url: `${ISSUER}/token`,
    exchange: 'form',
    refresh: 'form',
    dead: { statuses: [400, 401] },
  },
  baseUrl: 'https://portal.qwen.ai/v1',
  identify: (_, __, context) => namedIdentity(context, login.title),
  refreshed(tokens, answer) {
    const url = textOf(answer['resource_url'])
    return url === undefined ? tokens : { ...tokens, details: { ...tokens.details, 'resource-url': url } }
  },
}
