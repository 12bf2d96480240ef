/** The accounts a configuration describes: one for each API key. */
import { createHash } from 'node:crypto'
import type { CompatibleKey, CompatibleProvider, Config, KeyAccount, ModelEntry } from '../config/schema.ts'
import { matcher } from '../config/wildcard.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import { EFFORTS } from '../hub/request.ts'
import type { Account, AccountModel } from './account.ts'

/** The lists of the config that hold keys of a built-in provider, and that provider's id and dialects. */
const KEY_LISTS = [
  ['claude-api-key', 'claude', ['anthropic']],
  ['openai-api-key', 'openai', ['openai-responses', 'openai-chat']],
  ['codex-api-key', 'codex', ['openai-responses']],
  ['gemini-api-key', 'gemini', ['gemini']],
] as const satisfies readonly (readonly [keyof Config, string, readonly ProtocolId[]])[]

/** Every account the configuration describes and does not switch off, in the order of the file. */
export function configuredAccounts(config: Config): Account[] {
  const accounts: Account[] = []
  for (const [list, provider, speaks] of KEY_LISTS)
    for (const entry of config[list])
      if (!entry.disabled && entry.weight > 0) accounts.push(keyAccount(config, provider, speaks, entry))
  for (const endpoint of config['openai-compatibility']) {
    if (endpoint.disabled || endpoint.weight <= 0) continue
    const entries = endpoint['api-key-entries']
    if (entries.length === 0) accounts.push(endpointAccount(config, endpoint, undefined))
    for (const entry of entries)
      if (!entry.disabled && (entry.weight ?? 1) > 0) accounts.push(endpointAccount(config, endpoint, entry))
  }
  return accounts.map((account) => Object.freeze(account))
}

function keyAccount(config: Config, provider: string, speaks: readonly ProtocolId[], entry: KeyAccount): Account {
  const baseUrl = entry['base-url'].replace(/\/+$/, '')
  return {
    ...identity(provider, baseUrl, entry['api-key'], entry['display-name']),
    provider,
    credential: { type: 'api-key', value: entry['api-key'] },
    baseUrl,
    proxyUrl: entry['proxy-url'] || config['proxy-url'] || undefined,
    headers: entry.headers,
    speaks,
    priority: entry.priority,
    weight: entry.weight,
    prefix: entry.prefix || undefined,
    models: modelsOf(entry.models),
    excludes: matcher(entry['excluded-models']),
    neverRests: entry['disable-cooling'] ?? config['disable-cooling'],
  }
}

function endpointAccount(config: Config, endpoint: CompatibleProvider, entry: CompatibleKey | undefined): Account {
  const baseUrl = endpoint['base-url'].replace(/\/+$/, '')
  const key = entry?.['api-key'] ?? ''
  return {
    ...identity(endpoint.name, baseUrl, key, entry?.['display-name'] ?? endpoint['display-name']),
    provider: endpoint.name,
    credential: { type: 'api-key', value: key },
    baseUrl,
    proxyUrl: entry?.['proxy-url'] || endpoint['proxy-url'] || config['proxy-url'] || undefined,
    headers: { ...endpoint.headers, ...entry?.headers },
    speaks: endpoint.protocol,
    priority: entry?.priority ?? endpoint.priority,
    weight: entry?.weight ?? endpoint.weight,
    prefix: (entry?.prefix ?? endpoint.prefix) || undefined,
    models: modelsOf(entry !== undefined && entry.models.length > 0 ? entry.models : endpoint.models),
    excludes: matcher([...endpoint['excluded-models'], ...(entry?.['excluded-models'] ?? [])]),
    neverRests: entry?.['disable-cooling'] ?? endpoint['disable-cooling'] ?? config['disable-cooling'],
  }
}

function modelsOf(entries: readonly ModelEntry[]): readonly AccountModel[] | undefined {
  if (entries.length === 0) return undefined
  return entries.map((m) => ({
    name: m.alias,
    upstream: m.name,
    contextLength: m['max-context-length'],
    efforts:
      m.thinking?.levels === undefined ? undefined : EFFORTS.filter((level) => m.thinking?.levels?.includes(level)),
  }))
}

/** The id says nothing of the key and stays the same as long as provider, address and key do. */
function identity(provider: string, baseUrl: string, key: string, label: string | undefined) {
  const digest = createHash('sha256').update(`${provider}\n${baseUrl}\n${key}`).digest('hex').slice(0, 10)
  const id = `${provider}-${digest}`
  const tail = key.length >= 16 ? `…${key.slice(-4)}` : digest.slice(0, 4)
  return { id, label: label || `${provider} ${tail}` }
}
