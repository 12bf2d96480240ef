/** What each vendor's authorization server insists on, as data. Facts: domain.md 1.0–1.8. */
import type { ProviderName } from '../persons.ts'

/** A redirect a client has registered. */
export type Redirect =
  | { host: 'localhost' | '127.0.0.1'; path: string; ports: 'any' | readonly number[] }
  /** Exactly this URL, at the vendor itself: it shows the code for pasting. */
  | { url: string; pkce?: boolean }

/** How a vendor's token endpoint words a refusal. */
export type Speech = 'rfc' | 'openai'

/** One vendor's rules. */
export interface OAuthVendor {
  id: ProviderName
  title: string
  /** Public client ids that are taken. */
  clients: readonly string[]
  /** The client has a secret; the simulator's own one is `secretOf`. */
  secret: boolean
  /** The secret and id travel as HTTP Basic, too (iFlow). */
  basic?: boolean
  redirects: readonly Redirect[]
  /** Name of the redirect parameter at the authorize page. */
  redirectParam?: string
  /** Parameters the authorize page wants word for word. */
  fixed?: Readonly<Record<string, string>>
  scopes: readonly string[]
  /** Scopes a login is worth nothing without. */
  needs: readonly string[]
  /** PKCE S256: a must, or checked when used. */
  pkce: 'required' | 'optional'
  /** The exchange repeats `state` (Claude). */
  stateInExchange?: boolean
  exchange: 'json' | 'form'
  refresh: readonly ('json' | 'form')[]
  rotates: boolean
  /** Seconds an access token lives. */
  life: number
  speech: Speech
  /** Status of a refresh token that is not taken. */
  deadStatus: number
  /** A device grant is offered: seconds until it ends, whether it carries PKCE, what a hasty poll is told. */
  device?: { limit: number; pkce: boolean; slowDownStatus: number }
}

const GOOGLE = 'https://www.googleapis.com/auth/'

export const OAUTH_VENDORS: Readonly<Record<ProviderName, OAuthVendor>> = {
  claude: {
    id: 'claude',
    title: 'Claude',
    clients: ['9d1c250a-e61b-44d9-88ed-5944d1962f5e'],
    secret: false,
    redirects: [
      { host: 'localhost', path: '/callback', ports: 'any' },
      { url: 'https://platform.claude.com/oauth/code/callback' },
      { url: 'https://console.anthropic.com/oauth/code/callback' },
    ],
    fixed: { code: 'true' },
    scopes: [
      'user:profile',
      'user:inference',
      'user:sessions:claude_code',
      'user:mcp_servers',
      'user:file_upload',
      'org:create_api_key',
    ],
    needs: ['user:inference'],
    pkce: 'required',
    stateInExchange: true,
    exchange: 'json',
    refresh: ['json'],
    rotates: true,
    life: 28_800,
    speech: 'rfc',
    deadStatus: 400,
  },
  codex: {
    id: 'codex',
    title: 'ChatGPT (Codex)',
    clients: ['app_EMoamEEZ73f0CkXaXp7hrann'],
    secret: false,
    redirects: [{ host: 'localhost', path: '/auth/callback', ports: [1455, 1457] }],
    scopes: ['openid', 'profile', 'email', 'offline_access', 'api.connectors.read', 'api.connectors.invoke'],
    needs: ['openid'],
    pkce: 'required',
    exchange: 'form',
    // The vendor's CLI sends JSON, the reference a form; both are taken.
    refresh: ['json', 'form'],
    rotates: true,
    life: 864_000,
    speech: 'openai',
    deadStatus: 401,
  },
  'gemini-cli': {
    id: 'gemini-cli',
    title: 'Google (Gemini CLI)',
    clients: ['681255809395-oo8ft2oprdrnp9e3aqf6av3hmdib135j.apps.googleusercontent.com'],
    secret: true,
    redirects: [
      { host: '127.0.0.1', path: '/oauth2callback', ports: 'any' },
      { host: 'localhost', path: '/oauth2callback', ports: 'any' },
      { url: 'https://codeassist.google.com/authcode', pkce: true },
    ],
    scopes: ['cloud-platform', 'userinfo.email', 'userinfo.profile'].map((s) => GOOGLE + s).concat('openid'),
    needs: [`${GOOGLE}cloud-platform`],
    pkce: 'optional',
    exchange: 'form',
    refresh: ['form'],
    rotates: false,
    life: 3_599,
    speech: 'rfc',
    deadStatus: 400,
  },
  antigravity: {
    id: 'antigravity',
    title: 'Google (Antigravity)',
    clients: [
      '1071006060591-tmhssin2h21lcre235vtolojh4g403ep.apps.googleusercontent.com',
      '884354919052-36trc1jjb3tguiac32ov6cod268c5blh.apps.googleusercontent.com',
    ],
    secret: true,
    redirects: [
      { host: 'localhost', path: '/oauth-callback', ports: 'any' },
      { host: '127.0.0.1', path: '/oauth-callback', ports: 'any' },
    ],
    scopes: ['cloud-platform', 'userinfo.email', 'userinfo.profile', 'cclog', 'experimentsandconfigs']
      .map((s) => GOOGLE + s)
      .concat('openid'),
    needs: [`${GOOGLE}cloud-platform`],
    pkce: 'optional',
    exchange: 'form',
    refresh: ['form'],
    rotates: false,
    life: 3_599,
    speech: 'rfc',
    deadStatus: 400,
  },
  qwen: {
    id: 'qwen',
    title: 'Qwen',
    clients: ['f0304373b74a44d2b584a3fb70ca9e56'],
    secret: false,
    redirects: [],
    scopes: ['openid', 'profile', 'email', 'model.completion'],
    needs: ['model.completion'],
    pkce: 'required',
    exchange: 'form',
    refresh: ['form'],
    rotates: true,
    life: 21_600,
    speech: 'rfc',
    deadStatus: 400,
    device: { limit: 900, pkce: true, slowDownStatus: 429 },
  },
  iflow: {
    id: 'iflow',
    title: 'iFlow',
    clients: ['10009311001'],
    secret: true,
    basic: true,
    redirects: [{ host: 'localhost', path: '/oauth2callback', ports: [11451] }],
    redirectParam: 'redirect',
    fixed: { loginMethod: 'phone', type: 'phone' },
    scopes: [],
    needs: [],
    pkce: 'optional',
    exchange: 'form',
    refresh: ['form'],
    rotates: true,
    life: 172_800,
    speech: 'rfc',
    deadStatus: 400,
  },
  kimi: {
    id: 'kimi',
    title: 'Kimi',
    clients: ['17e5f671-d194-4dfb-9706-5516cb48c098'],
    secret: false,
    redirects: [],
    scopes: [],
    needs: [],
    pkce: 'optional',
    exchange: 'form',
    refresh: ['form'],
    rotates: true,
    life: 900,
    speech: 'rfc',
    deadStatus: 401,
    device: { limit: 900, pkce: false, slowDownStatus: 400 },
  },
  xai: {
    id: 'xai',
    title: 'xAI',
    clients: ['b1a00492-073a-47ea-816f-4c329264a828'],
    secret: false,
    redirects: [],
    scopes: ['openid', 'profile', 'email', 'offline_access', 'grok-cli:access', 'api:access'],
    needs: ['grok-cli:access'],
    pkce: 'optional',
    exchange: 'form',
    refresh: ['form'],
    rotates: true,
    life: 21_600,
    speech: 'rfc',
    deadStatus: 400,
    device: { limit: 1_800, pkce: false, slowDownStatus: 400 },
  },
}

/** The vendor of a client id among some; undefined: nobody's. */
export function vendorOf(clientId: unknown, among: readonly ProviderName[]): OAuthVendor | undefined {
  for (const id of among) if (OAUTH_VENDORS[id].clients.includes(String(clientId))) return OAUTH_VENDORS[id]
  return undefined
}

/** The simulator's own secret of a client that has one; the vendors' secrets are in no file of ours. */
export function secretOf(vendor: ProviderName): string {
  return `simulated-${vendor}-client-secret`
}

/** Whether a redirect is registered, as what; ports are free when the simulator was told so. */
export function registered(vendor: OAuthVendor, uri: string, anyPort: boolean): Redirect | undefined {
  const exact = vendor.redirects.find((r) => 'url' in r && r.url === uri)
  if (exact) return exact
  const match = /^http:\/\/(localhost|127\.0\.0\.1):(\d{1,5})(\/[^?#]*)$/.exec(uri)
  if (!match) return undefined
  const [, host, port, path] = match
  return vendor.redirects.find(
    (r) =>
      'host' in r &&
      r.host === host &&
      r.path === path &&
      (anyPort || r.ports === 'any' || r.ports.includes(Number(port))),
  )
}
