/** One login between memory and its row: sealing, opening, and the words for what is wrong with it. */
import type { CredentialRow } from '../../store/store.ts'
import type { LoginFacts, LoginRecord, Tokens } from '../login-record.ts'
import type { Loaded } from '../vault.ts'
import type { DataKey } from './data-key.ts'
import { parseFacts } from './facts.ts'
import { checkOf, type ManifestEntry } from './manifest.ts'
import { SealError, seal, unseal } from './seal.ts'

type Find = (fingerprint: string) => DataKey | undefined

/** What is inside a seal. */
export interface Content {
  tokens: Tokens
  /** Version in which the tokens were written: a re-key raises the version and leaves this. */
  since: number
}

interface Identity {
  id: string
  provider: string
  version: number
}

const contextOf = ({ id, provider, version }: Identity) => [id, provider, version]

/** Seals tokens under the version they will have. */
export function sealTokens(key: DataKey, row: Identity, { tokens, since }: Content): Buffer {
  const plain = Buffer.from(JSON.stringify({ since, tokens }))
  try {
    return seal(key, 'credential', contextOf(row), plain)
  } finally {
    plain.fill(0)
  }
}

/** @throws {SealError} */
export function openTokens(find: Find, row: Identity & Pick<CredentialRow, 'sealed'>): Content {
  const plain = unseal(find, 'credential', contextOf(row), row.sealed)
  try {
    return JSON.parse(plain.toString('utf8')) as Content
  } catch {
    // The parser's own words would quote a token.
    throw new SealError('format')
  } finally {
    plain.fill(0)
  }
}

/** The manifest's entry of a row. */
export const entryOf = (row: CredentialRow): ManifestEntry => ({
  provider: row.provider,
  version: row.version,
  check: checkOf(row.sealed),
})

/** Whether the manifest vouches for exactly this row. */
export function vouched(row: CredentialRow, entry: ManifestEntry | undefined): boolean {
  return (
    entry !== undefined &&
    entry.provider === row.provider &&
    entry.version === row.version &&
    entry.check === checkOf(row.sealed)
  )
}

/** Opens a row that the manifest may or may not vouch for. */
export function load(find: Find, row: CredentialRow, entry: ManifestEntry | undefined): Loaded {
  const { record, factsDamage } = recordOf(row)
  let content: Content
  try {
    content = openTokens(find, row)
  } catch (error) {
    const why = error instanceof SealError ? error.message : 'what it holds cannot be read'
    return { record, damage: inWords(row.id, row.provider, why) }
  }
  record.expiresAt = content.tokens.expiresAt
  if (!vouched(row, entry)) return { record, damage: inWords(row.id, row.provider, mismatch(row, entry)) }
  if (factsDamage) return { record, damage: inWords(row.id, row.provider, 'its settings cannot be read') }
  return { record, tokens: content.tokens }
}

/** A login the manifest knows and the store does not have. */
export function missing(id: string, entry: ManifestEntry, now: number): Loaded {
  const facts = unknownFacts(id, now)
  const record: LoginRecord = { id, provider: entry.provider, version: 0, updatedAt: now, facts }
  return { record, damage: inWords(id, entry.provider, 'it is gone from the store, though nobody removed it here') }
}

function mismatch(row: CredentialRow, entry: ManifestEntry | undefined): string {
  if (entry === undefined) return 'it was put into the store by somebody without the key, or put back after its removal'
  if (row.version < entry.version)
    return `it was rolled back: the store has version ${row.version}, but version ${entry.version} was written last`
  return `it was replaced by other data of version ${row.version}, where version ${entry.version} was written last`
}

function inWords(id: string, provider: string, why: string): string {
  return (
    `The login ${id} is damaged: ${why}. It is not used. Log in again (logicaproxy login ${provider}), or restore the ` +
    'store from a backup.'
  )
}

function recordOf(row: CredentialRow): { record: LoginRecord; factsDamage: boolean } {
  const record = { id: row.id, provider: row.provider, version: row.version, updatedAt: row.updatedAt }
  const facts = parseFacts(row.facts)
  return {
    record: { ...record, expiresAt: row.expiresAt, facts: facts ?? unknownFacts(row.id, row.updatedAt) },
    factsDamage: facts === undefined,
  }
}

function unknownFacts(id: string, at: number): LoginFacts {
  return {
    label: id,
    subject: '',
    state: { is: 'needs-login', since: at, reason: 'Its record is damaged.' },
    origin: { how: 'login', at },
    disabled: false,
    priority: 0,
    weight: 1,
    headers: {},
    excludedModels: [],
    createdAt: at,
  }
}
