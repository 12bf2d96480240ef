import { createHash, randomBytes } from 'node:crypto'
import type { ProviderName, Simulator } from '../index.ts'

/** What a token endpoint gave. */
export interface Tokens {
  access_token: string
  refresh_token?: string
  id_token?: string
  expires_in: number
  scope?: string
  [more: string]: unknown
}

/** A finished exchange. */
export interface Said {
  status: number
  headers: Headers
  json: Record<string, unknown>
}

const GOOGLE = 'https://www.googleapis.com/auth/'
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
/** Kimi's five headers, told truthfully. */
export const MSH = {
  'x-msh-platform': 'logicaproxy',
  'x-msh-version': '1',
  'x-msh-device-name': 'test',
  'x-msh-device-model': 'test',
  'x-msh-device-id': '0',
}

/** Client ids as the vendors publish them (domain.md 1.1–1.8). */
export const CLIENT: Record<ProviderName, string> = {
  claude: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
  codex: 'app_EMoamEEZ73f0CkXaXp7hrann',
  'gemini-cli': '681255809395-oo8ft2oprdrnp9e3aqf6av3hmdib135j.apps.googleusercontent.com',
  antigravity: '1071006060591-tmhssin2h21lcre235vtolojh4g403ep.apps.googleusercontent.com',
  qwen: 'f0304373b74a44d2b584a3fb70ca9e56',
  iflow: '10009311001',
  kimi: '17e5f671-d194-4dfb-9706-5516cb48c098',
  xai: 'b1a00492-073a-47ea-816f-4c329264a828',
}

/** Vendor token endpoints. */
export const TOKEN: Record<ProviderName, string> = {
  claude: 'https://platform.claude.com/v1/oauth/token',
  codex: 'https://auth.openai.com/oauth/token',
  'gemini-cli': 'https://oauth2.googleapis.com/token',
  antigravity: 'https://oauth2.googleapis.com/token',
  qwen: 'https://chat.qwen.ai/api/v1/oauth2/token',
  iflow: 'https://iflow.cn/oauth/token',
  kimi: 'https://auth.kimi.com/api/oauth/token',
  xai: 'https://auth.x.ai/oauth2/token',
}

/** The stand-in of a vendor URL. */
export function at(s: Simulator, url: string): string {
  const { origin } = new URL(url)
  return s.hosts[origin]! + url.slice(origin.length)
}

/** A verifier and its challenge (RFC 7636). */
export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(48).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** Posts a form or JSON to a vendor URL. */
export async function post(
  s: Simulator,
  url: string,
  values: Record<string, string>,
  form: 'form' | 'json' = 'form',
  headers: Record<string, string> = {},
): Promise<Said> {
  const answer = await fetch(at(s, url), {
    method: 'POST',
    headers: {
      'content-type': form === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
      ...headers,
    },
    body: form === 'json' ? JSON.stringify(values) : new URLSearchParams(values).toString(),
  })
  return said(answer)
}

/** Gets a vendor URL. */
export async function get(s: Simulator, url: string, headers: Record<string, string> = {}): Promise<Said> {
  return said(await fetch(at(s, url), { headers }))
}

async function said(answer: Response): Promise<Said> {
  const text = await answer.text()
  let json: Record<string, unknown> = {}
  try {
    json = JSON.parse(text) as Record<string, unknown>
  } catch {
    json = { text }
  }
  return { status: answer.status, headers: answer.headers, json }
}

/** The authorize URL a healthy client opens; `change` bends it. */
export function authorizeUrl(provider: ProviderName, challenge: string, change: Record<string, string> = {}): string {
  const [base, params] = AUTHORIZE[provider]!
  const url = new URL(base)
  const all: Record<string, string> = {
    ...params,
    client_id: CLIENT[provider],
    state: 'a-state-of-its-own',
    ...(provider === 'claude' || provider === 'codex'
      ? { code_challenge: challenge, code_challenge_method: 'S256' }
      : {}),
    ...change,
  }
  for (const [name, value] of Object.entries(all)) if (value !== '') url.searchParams.set(name, value)
  return url.href
}

const AUTHORIZE: Partial<Record<ProviderName, [url: string, params: Record<string, string>]>> = {
  claude: [
    'https://claude.ai/oauth/authorize',
    {
      code: 'true',
      response_type: 'code',
      redirect_uri: 'http://localhost:40111/callback',
      scope: 'user:profile user:inference',
    },
  ],
  codex: [
    'https://auth.openai.com/oauth/authorize',
    {
      response_type: 'code',
      redirect_uri: 'http://localhost:1455/auth/callback',
      scope: 'openid profile email offline_access',
    },
  ],
  'gemini-cli': [
    'https://accounts.google.com/o/oauth2/v2/auth',
    {
      response_type: 'code',
      redirect_uri: 'http://127.0.0.1:40112/oauth2callback',
      scope: ['cloud-platform', 'userinfo.email', 'userinfo.profile'].map((x) => GOOGLE + x).join(' '),
      access_type: 'offline',
      prompt: 'consent',
    },
  ],
  antigravity: [
    'https://accounts.google.com/o/oauth2/v2/auth',
    {
      response_type: 'code',
      redirect_uri: 'http://localhost:40113/oauth-callback',
      scope: ['cloud-platform', 'userinfo.email', 'userinfo.profile', 'cclog', 'experimentsandconfigs']
        .map((x) => GOOGLE + x)
        .join(' '),
      access_type: 'offline',
      prompt: 'consent',
    },
  ],
  iflow: [
    'https://iflow.cn/oauth',
    { loginMethod: 'phone', type: 'phone', redirect: 'http://localhost:11451/oauth2callback' },
  ],
}

/** The exchange a healthy client sends for a redirect. */
export function exchangeFields(provider: ProviderName, redirect: string, verifier: string, s: Simulator) {
  const back = new URL(redirect)
  const secret = s.clients[provider]?.secret
  return {
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: `${back.origin}${back.pathname}`,
    client_id: CLIENT[provider],
    ...(provider === 'claude' ? { state: back.searchParams.get('state') ?? '' } : {}),
    ...(provider === 'claude' || provider === 'codex' ? { code_verifier: verifier } : {}),
    ...(secret ? { client_secret: secret } : {}),
  } as Record<string, string>
}

/** Headers the token endpoint wants. */
export function tokenHeaders(provider: ProviderName, s: Simulator): Record<string, string> {
  if (provider === 'kimi') return MSH
  if (provider !== 'iflow') return {}
  return { authorization: `Basic ${btoa(`${CLIENT.iflow}:${s.clients['iflow']!.secret}`)}` }
}

/** What one refresh of a healthy client sends. */
export function refresh(s: Simulator, provider: ProviderName, token: string): Promise<Said> {
  const secret = s.clients[provider]?.secret
  return post(
    s,
    TOKEN[provider],
    {
      grant_type: 'refresh_token',
      refresh_token: token,
      client_id: CLIENT[provider],
      ...(secret ? { client_secret: secret } : {}),
    },
    provider === 'claude' || provider === 'codex' ? 'json' : 'form',
    tokenHeaders(provider, s),
  )
}

/** Where device logins begin, and what they send. */
export const DEVICE_START: Partial<Record<ProviderName, [url: string, fields: Record<string, string>]>> = {
  qwen: ['https://chat.qwen.ai/api/v1/oauth2/device/code', { scope: 'openid profile email model.completion' }],
  kimi: ['https://auth.kimi.com/api/oauth/device_authorization', {}],
  xai: [
    'https://auth.x.ai/oauth2/device/code',
    { scope: 'openid profile email offline_access grok-cli:access api:access' },
  ],
}

/** Starts a device login. */
export async function startDevice(s: Simulator, provider: 'qwen' | 'kimi' | 'xai') {
  const { verifier, challenge } = pkce()
  const [url, more] = DEVICE_START[provider]!
  const proof: Record<string, string> =
    provider === 'qwen' ? { code_challenge: challenge, code_challenge_method: 'S256' } : {}
  const started = await post(
    s,
    url,
    { client_id: CLIENT[provider], ...more, ...proof },
    'form',
    tokenHeaders(provider, s),
  )
  const poll = () =>
    post(
      s,
      TOKEN[provider],
      {
        grant_type: DEVICE,
        client_id: CLIENT[provider],
        device_code: String(started.json['device_code']),
        ...(provider === 'qwen' ? { code_verifier: verifier } : {}),
      },
      'form',
      tokenHeaders(provider, s),
    )
  return { started, poll, userCode: String(started.json['user_code']) }
}

/** A whole login, as a healthy client does it. */
export async function login(s: Simulator, provider: ProviderName, person: string): Promise<Tokens> {
  if (provider === 'qwen' || provider === 'kimi' || provider === 'xai') {
    const { poll, userCode } = await startDevice(s, provider)
    s.confirmDevice(userCode, person)
    return (await poll()).json as Tokens
  }
  const { verifier, challenge } = pkce()
  const redirect = await s.consent({ url: authorizeUrl(provider, challenge), person })
  const got = await post(
    s,
    TOKEN[provider],
    exchangeFields(provider, redirect, verifier, s),
    provider === 'claude' ? 'json' : 'form',
    tokenHeaders(provider, s),
  )
  return got.json as Tokens
}
