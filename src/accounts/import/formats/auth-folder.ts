/** CLIProxyAPI's auth files, which LogicaProxy's first form shares (domain.md 1.1–1.7 "Reference file", 5.1). Pure. */
import { claudeSubject, openAiIdentity } from '../../oauth/identities.ts'
import { fieldsOf, present, textOf } from '../../oauth/text.ts'
import { timeOf } from '../bounded.ts'
import type { Parsed } from '../types.ts'
import { parseServiceAccount } from './service-account.ts'
import { tokensFrom } from './tokens.ts'
import { google } from './vendors.ts'

type Json = Readonly<Record<string, unknown>>

/** `type` of a file → our provider. */
const PROVIDERS: Readonly<Record<string, string>> = {
  claude: 'claude',
  codex: 'codex',
  gemini: 'gemini-cli',
  'gemini-cli': 'gemini-cli',
  antigravity: 'antigravity',
  qwen: 'qwen',
  iflow: 'iflow',
  kimi: 'kimi',
  xai: 'xai',
  vertex: 'vertex',
}

/** Whether a JSON object is such a file at all, and of which provider. */
export function authFileProvider(json: Json): string | undefined {
  const type = textOf(json['type'])
  return type !== undefined && Object.hasOwn(PROVIDERS, type) ? PROVIDERS[type] : undefined
}

/** A file of an auth folder, with the settings in it. Undefined: no such file, or one without tokens. */
export function parseAuthFile(json: Json, now: number): Parsed | undefined {
  const provider = authFileProvider(json)
  const parsed =
    provider === undefined ? undefined : provider === 'vertex' ? parseServiceAccount(json) : login(provider, json, now)
  if (parsed === undefined) return undefined
  const facts = settings(json)
  const lostProxy = textOf(json['proxy_url']) !== undefined && facts.proxyUrl === undefined
  // Without the proxy its owner meant for it, the account is not to be used before somebody has looked.
  return lostProxy
    ? {
        ...parsed,
        facts: { ...facts, disabled: true },
        warnings: ['Its proxy_url is no proxy, so it comes switched off: see "logicaproxy accounts proxy".'],
      }
    : { ...parsed, facts }
}

function login(provider: string, json: Json, now: number): Parsed | undefined {
  const email = textOf(json['email'])
  const nested = fieldsOf(json['token'])
  const isGoogle = provider === 'gemini-cli' || provider === 'antigravity'
  const held = isGoogle && textOf(nested['access_token']) !== undefined ? nested : json
  const issued = timeOf(json['last_refresh']) ?? timeOf(json['timestamp'])
  const life = Number(json['expires_in'])
  const spoken = timeOf(json['expired']) ?? timeOf(held['expiry']) ?? timeOf(held['expiry_date'])
  const project = textOf(json['project_id'])
  const account = textOf(json['account_id'])
  const key = provider === 'iflow' ? textOf(json['api_key']) : undefined
  const tokens = tokensFrom(
    {
      access: key ?? held['access_token'],
      refresh: held['refresh_token'],
      id: json['id_token'] ?? held['id_token'],
      expires: spoken ?? (issued !== undefined && life > 0 ? issued + life * 1000 : undefined),
      issued,
      scope: held['scope'],
      details: {
        project: project?.toUpperCase() === 'ALL' ? undefined : project,
        'account-id': account,
        'api-key': key,
        'resource-url': textOf(json['resource_url']),
        'device-id': textOf(json['device_id']),
        'client-id': isGoogle ? textOf(held['client_id']) : undefined,
      },
    },
    now,
  )
  if (tokens === undefined) return undefined
  if (isGoogle) return google(provider, tokens, email, tokens.details['project'])
  const parsed: Parsed = { provider, tokens }
  const openAi = provider === 'codex' ? openAiIdentity(tokens.idToken, tokens.accessToken) : undefined
  if (openAi !== undefined) {
    tokens.details = { ...tokens.details, ...openAi.details }
    parsed.identity = openAi
  } else if (provider === 'claude') {
    const person = fieldsOf(json['account'])
    const id = textOf(person['uuid'])
    if (id !== undefined)
      parsed.identity = {
        subject: claudeSubject(id, textOf(fieldsOf(json['organization'])['uuid'])),
        ...present({ email: email ?? textOf(person['email_address']) }),
      }
    else if (email !== undefined) parsed.identity = { subject: `email:${email.toLowerCase()}`, email }
  } else if (email !== undefined) {
    // Qwen's and Kimi's files hold the name a person gave in the place of an address.
    parsed.identity = email.includes('@')
      ? { subject: email.toLowerCase(), email }
      : { subject: `name:${email.toLowerCase()}`, label: email }
  }
  return parsed
}

/** The settings that travel with a file (domain.md 5.1, "Credential-file fields honoured"). */
function settings(json: Json): NonNullable<Parsed['facts']> {
  const facts: NonNullable<Parsed['facts']> = {}
  if (json['disabled'] === true) facts.disabled = true
  const priority = Number(json['priority'])
  if (json['priority'] !== undefined && Number.isInteger(priority)) facts.priority = priority
  const weight = Number(json['weight'])
  if (json['weight'] !== undefined && Number.isFinite(weight) && weight >= 0) facts.weight = weight
  const prefix = textOf(json['prefix'])
  if (prefix !== undefined) facts.prefix = prefix
  const proxy = proxyOf(textOf(json['proxy_url'])?.trim())
  if (proxy !== undefined) facts.proxyUrl = proxy
  const note = textOf(json['note'])
  if (note !== undefined) facts.note = note
  if (json['disable_cooling'] === true) facts.neverRests = true
  const excluded = json['excluded_models']
  if (Array.isArray(excluded)) facts.excludedModels = excluded.filter((m): m is string => typeof m === 'string')
  const headers = Object.entries(fieldsOf(json['headers'])).filter(
    (h): h is [string, string] => typeof h[1] === 'string',
  )
  if (headers.length > 0) facts.headers = Object.fromEntries(headers)
  return facts
}

/** `direct`, or the address of a proxy; undefined for what is neither (told by `parseAuthFile`). */
function proxyOf(text: string | undefined): string | undefined {
  if (text === undefined || text === 'direct') return text
  if (text === 'none') return 'direct'
  return /^(?:https?|socks5h?):$/.test(URL.parse(text)?.protocol ?? '') ? text : undefined
}
