/** Which handler answers at which host and path of the authorization servers. */
import type { Exchange, Reply } from '../exchange.ts'
import type { HostName } from '../hosts.ts'
import type { World } from '../world.ts'
import { authorize, codePage } from './authorize.ts'
import { codexDeviceToken, codexUserCode, confirmPage, deviceStart } from './device.ts'
import { page } from './pages.ts'
import { tokenEndpoint } from './token.ts'
import * as who from './whoami.ts'

/** Answers a request to an authorization server. */
export type OAuthHandler = (x: Exchange, world: World) => Reply

const google = tokenEndpoint(['gemini-cli', 'antigravity'])
const googleSignIn = authorize(['gemini-cli', 'antigravity'])
const claudeToken = tokenEndpoint(['claude'])

/** `claude.com/cai/oauth/authorize` sends on to claude.ai and keeps the query (domain.md 1.1). */
function claudeDetour(x: Exchange): Reply {
  return { status: 307, headers: { location: `${x.base}/hosts/claude.ai/oauth/authorize?${x.query}` }, body: '' }
}

/** By host, then path. */
export const OAUTH_ROUTES: Partial<Record<HostName, Readonly<Record<string, OAuthHandler>>>> = {
  'claude.ai': { '/oauth/authorize': authorize(['claude']) },
  'claude.com': { '/cai/oauth/authorize': claudeDetour },
  'platform.claude.com': { '/v1/oauth/token': claudeToken, '/oauth/code/callback': codePage('#') },
  'console.anthropic.com': { '/oauth/code/callback': codePage('#') },
  'api.anthropic.com': {
    '/v1/oauth/token': claudeToken,
    '/api/oauth/profile': who.claudeProfile,
    '/api/oauth/claude_cli/roles': who.claudeRoles,
  },
  'auth.openai.com': {
    '/oauth/authorize': authorize(['codex']),
    '/oauth/token': tokenEndpoint(['codex']),
    '/oauth/revoke': who.revoke('codex'),
    '/api/accounts/deviceauth/usercode': codexUserCode,
    '/api/accounts/deviceauth/token': codexDeviceToken,
    '/codex/device': confirmPage('codex'),
    '/.well-known/jwks.json': who.keySet,
  },
  'accounts.google.com': {
    '/o/oauth2/v2/auth': googleSignIn,
    '/signin/continue': () => page(200, 'Verified', '<p>The account is verified, as far as a stand-in can tell.</p>'),
  },
  'oauth2.googleapis.com': {
    '/token': google,
    '/revoke': who.googleRevoke,
    '/tokeninfo': who.googleTokeninfo,
  },
  'www.googleapis.com': {
    '/oauth2/v2/userinfo': who.googleUserinfo,
    '/oauth2/v1/userinfo': who.googleUserinfo,
    '/oauth2/v3/certs': who.keySet,
  },
  'codeassist.google.com': { '/authcode': codePage(undefined) },
  'chat.qwen.ai': {
    '/api/v1/oauth2/device/code': deviceStart('qwen'),
    '/api/v1/oauth2/token': tokenEndpoint(['qwen']),
    '/authorize': confirmPage('qwen'),
  },
  'iflow.cn': {
    '/oauth': authorize(['iflow']),
    '/oauth/token': tokenEndpoint(['iflow']),
    '/api/oauth/getUserInfo': who.iflowUserInfo,
  },
  'platform.iflow.cn': { '/api/openapi/apikey': who.iflowApiKey },
  'auth.kimi.com': {
    '/api/oauth/device_authorization': deviceStart('kimi'),
    '/api/oauth/token': tokenEndpoint(['kimi']),
    '/device': confirmPage('kimi'),
  },
  'auth.x.ai': {
    '/.well-known/openid-configuration': who.xaiDiscovery,
    '/.well-known/jwks.json': who.keySet,
    '/oauth2/device/code': deviceStart('xai'),
    '/oauth2/token': tokenEndpoint(['xai']),
    '/oauth2/revoke': who.revoke('xai'),
    '/oauth2/userinfo': who.xaiUserinfo,
    '/device': confirmPage('xai'),
  },
}
