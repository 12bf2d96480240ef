/** The vendors' own files, one function a format. Facts: domain.md 1.1–1.6, clients.md 6. All pure. */
import { claudeSubject, googleIdentity, openAiIdentity } from '../../oauth/identities.ts'
import { readClaims } from '../../oauth/jwt.ts'
import { fieldsOf, present, textOf } from '../../oauth/text.ts'
import { timeOf } from '../bounded.ts'
import type { Parsed } from '../types.ts'
import { tokensFrom } from './tokens.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * `.credentials.json` and the Keychain's value of Claude Code.
 * @param account `oauthAccount` of `.claude.json`, where that is there: the credentials of older versions name nobody.
 */
export function parseClaude(json: Json, now: number, account: Json = {}): Parsed | undefined {
  const oauth = fieldsOf(json['claudeAiOauth'])
  const plan = textOf(oauth['subscriptionType'])
  const id = textOf(oauth['accountUuid']) ?? textOf(account['accountUuid'])
  const organization = textOf(oauth['organizationUuid']) ?? textOf(account['organizationUuid'])
  const details = {
    plan,
    'account-id': id,
    'organization-id': organization,
    'rate-limit-tier': textOf(oauth['rateLimitTier']),
  }
  const tokens = tokensFrom(
    {
      access: oauth['accessToken'],
      refresh: oauth['refreshToken'],
      expires: oauth['expiresAt'],
      scope: oauth['scopes'],
      details,
    },
    now,
  )
  if (tokens === undefined) return undefined
  const parsed: Parsed = { provider: 'claude', tokens }
  if (id !== undefined)
    parsed.identity = {
      subject: claudeSubject(id, organization),
      ...present({ email: textOf(account['emailAddress']), plan }),
      details: present(details),
    }
  const refreshEnds = timeOf(oauth['refreshTokenExpiresAt'])
  if (refreshEnds !== undefined && refreshEnds <= now)
    parsed.warnings = ['Its refresh token has ended, too: log in again instead.']
  return parsed
}

/** `auth.json` of Codex. An API key in it is none of an import's business. */
export function parseCodex(json: Json, now: number): Parsed | undefined {
  const held = fieldsOf(json['tokens'])
  const account = textOf(held['account_id'])
  const identity = openAiIdentity(textOf(held['id_token']), textOf(held['access_token']))
  const tokens = tokensFrom(
    {
      access: held['access_token'],
      refresh: held['refresh_token'],
      id: held['id_token'],
      issued: json['last_refresh'],
      details: { 'account-id': account, ...identity?.details },
    },
    now,
  )
  if (tokens === undefined) return undefined
  const parsed: Parsed = { provider: 'codex', tokens }
  if (identity !== undefined) parsed.identity = identity
  else if (account !== undefined) parsed.identity = { subject: account, details: { 'account-id': account } }
  return parsed
}

/**
 * `oauth_creds.json` of Gemini CLI, and what it puts into the keychain in its place (`{token: {accessToken, …}}`).
 * @param active the address in `google_accounts.json`.
 */
export function parseGemini(json: Json, now: number, active?: string): Parsed | undefined {
  const kept = fieldsOf(json['token'])
  const tokens = tokensFrom(
    {
      access: json['access_token'] ?? kept['accessToken'],
      refresh: json['refresh_token'] ?? kept['refreshToken'],
      id: json['id_token'],
      expires: json['expiry_date'] ?? kept['expiresAt'],
      scope: json['scope'] ?? kept['scope'],
    },
    now,
  )
  return tokens === undefined
    ? undefined
    : google('gemini-cli', tokens, textOf(readClaims(tokens.idToken)?.['email']) ?? active)
}

/** `oauth_creds.json` of Qwen Code. It names nobody. */
export function parseQwen(json: Json, now: number): Parsed | undefined {
  const tokens = tokensFrom(
    {
      access: json['access_token'],
      refresh: json['refresh_token'],
      expires: json['expiry_date'],
      details: { 'resource-url': textOf(json['resource_url']) },
    },
    now,
  )
  return tokens === undefined ? undefined : { provider: 'qwen', tokens }
}

/** `settings.json` of iFlow: its API key is what model calls present (domain.md 1.5). */
export function parseIflow(json: Json, now: number): Parsed | undefined {
  const tokens = tokensFrom({ access: json['apiKey'], details: { 'api-key': textOf(json['apiKey']) } }, now)
  return tokens === undefined ? undefined : { provider: 'iflow', tokens }
}

/** Antigravity's command line: the keyring's value and the token files, with the token nested or not. */
export function parseAgy(json: Json, now: number): Parsed | undefined {
  const nested = fieldsOf(json['token'])
  const held = textOf(nested['access_token']) === undefined ? json : nested
  const id = textOf(json['id_token']) ?? textOf(held['id_token'])
  const tokens = tokensFrom(
    {
      access: held['access_token'],
      refresh: held['refresh_token'],
      id,
      expires: held['expiry'] ?? held['expiry_date'],
    },
    now,
  )
  return tokens === undefined
    ? undefined
    : google('antigravity', tokens, textOf(readClaims(id)?.['email']) ?? textOf(json['email']))
}

/** A token of `claude setup-token`, as the environment holds it: model calls alone, a year, no refresh. */
export function parseSetupToken(token: string, now: number): Parsed | undefined {
  const tokens = tokensFrom({ access: token.trim(), scope: 'user:inference' }, now)
  return tokens === undefined ? undefined : { provider: 'claude', tokens }
}

export function google(
  provider: string,
  tokens: Parsed['tokens'],
  email: string | undefined,
  project?: string,
): Parsed {
  const parsed: Parsed = { provider, tokens }
  if (email !== undefined)
    parsed.identity = { ...googleIdentity(email), ...(project === undefined ? {} : { details: { project } }) }
  return parsed
}
