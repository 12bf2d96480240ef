/** What the owner of a vault can ask of it beyond reading and writing logins. */
import type { LoginFacts, LoginRecord, Tokens } from '../login-record.ts'
import type { VaultState } from '../vault.ts'
import type { Anchor } from './anchor.ts'
import type { Argon2Parameters } from './argon2.ts'
import { type BundleContent, readBundle, writeBundle } from './bundle.ts'
import type { Custody } from './custody.ts'
import type { Records } from './records.ts'
import { type RekeyOptions, type RekeyResult, rekey } from './rekey.ts'
import type { Secrets, Vault } from './secrets.ts'

export interface VaultStatus {
  state: VaultState
  /** Where the sealed records are. */
  engine: 'sqlite' | 'postgres'
  /** When the vault and its present data key were made, ms; absent while locked. */
  createdAt?: number
  keyAt?: number
  kdf?: Omit<Argon2Parameters, 'salt'>
  logins: number
  secrets: number
  /** How often the set of logins was written. */
  revision: number
  /** In words, one for each damaged login. */
  damage: string[]
  warnings: string[]
}

/** A login in a list. */
export interface ListedLogin {
  id: string
  provider: string
  label: string
  version: number
  expiresAt?: number
  updatedAt: number
  /** Whether it can be renewed once it has expired. */
  refreshable: boolean
  damage?: string
}

export interface PurgeResult {
  /** Logins that had expired and hold nothing to renew them with. */
  logins: string[]
  secrets: number
}

export interface ExportResult {
  text: string
  logins: string[]
  secrets: number
  /** Logins that are damaged, and so not in it. */
  left: string[]
}

export interface ImportResult {
  added: string[]
  updated: string[]
  /** What is here is as new or newer. */
  kept: string[]
  secrets: number
}

export interface VaultAdmin {
  status(): Promise<VaultStatus>
  /** What the owner should know, in words. */
  warnings(): string[]
  list(): Promise<ListedLogin[]>
  /** Removes what has expired. @param dry only tells what would go. */
  purge(dry?: boolean): Promise<PurgeResult>
  rekey(options?: RekeyOptions): Promise<RekeyResult>
  /** Takes logins and revision as they are now: after a backup was restored, or damage looked into. */
  accept(): Promise<void>
  /** All logins that open, and the secrets, as one text. @param passphrase undefined: in the clear. */
  exportBundle(passphrase: string | undefined): Promise<ExportResult>
  importBundle(text: string, passphrase: () => Promise<string | undefined>): Promise<ImportResult>
  /** Named secrets of an embedder. */
  readonly secrets: Vault
  /** Waits for the anchor, stops listening, forgets the keys. The store stays open. */
  close(): Promise<void>
}

export function createAdmin(custody: Custody, records: Records, secrets: Secrets, anchor: Anchor): VaultAdmin {
  const { store, now } = custody

  const warnings = () => [...custody.warnings(), ...[anchor.warning()].filter((w) => w !== undefined)]

  async function list(): Promise<ListedLogin[]> {
    const loaded = await records.all()
    return loaded
      .map((login): ListedLogin => {
        const { id, provider, version, expiresAt, updatedAt, facts } = login.record
        const base = { id, provider, label: facts.label, version, expiresAt, updatedAt }
        if ('damage' in login) return { ...base, refreshable: false, damage: login.damage }
        return { ...base, refreshable: login.tokens.refreshToken !== undefined }
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  return {
    warnings,
    list,
    async status() {
      const state = custody.state()
      const closed = {
        state,
        engine: store.engine,
        logins: 0,
        secrets: 0,
        revision: 0,
        damage: [],
        warnings: warnings(),
      }
      if (state.is === 'locked') return closed
      const [logins, named] = [await list(), await secrets.list()]
      const { header } = custody.unlocked()
      const { salt: _, ...kdf } = header.wrap.kind === 'passphrase' ? header.wrap.kdf : { salt: undefined }
      return {
        ...closed,
        createdAt: header.createdAt,
        keyAt: header.keyAt,
        kdf: 'name' in kdf ? kdf : undefined,
        logins: logins.length,
        secrets: named.length,
        revision: (await records.manifest()).revision,
        damage: logins.flatMap((l) => l.damage ?? []),
        warnings: warnings(),
      }
    },
    async purge(dry = false) {
      const gone: string[] = []
      for (const login of await records.all()) {
        if ('damage' in login || login.record.facts.origin.how === 'borrowed') continue
        const { expiresAt, refreshToken } = login.tokens
        if (expiresAt === undefined || expiresAt > now() || refreshToken !== undefined) continue
        // Somebody may have logged in again since it was read.
        const { id, version } = login.record
        if (dry || (await records.removeVersion(id, version))) gone.push(id)
      }
      return { logins: gone, secrets: dry ? 0 : await secrets.purgeExpired() }
    },
    rekey: (options = {}) => rekey(custody, records, secrets, options),
    async accept() {
      await custody.ready()
      await records.accept()
      const { revision } = await records.manifest()
      await anchor.accept(custody.unlocked().header.id, revision)
    },
    async exportBundle(passphrase) {
      const content: BundleContent = { logins: [], secrets: [] }
      const left: string[] = []
      for (const login of await records.all()) {
        if ('damage' in login) {
          left.push(login.record.id)
          continue
        }
        const { id, provider, version, facts } = login.record
        content.logins.push({ id, provider, version, facts, tokens: login.tokens })
      }
      for (const { name, provider, expiresAt } of await secrets.list()) {
        const value = (await secrets.retrieve(name))?.toString('base64')
        if (value !== undefined) content.secrets.push({ name, provider, value, expiresAt })
      }
      const text = await writeBundle(content, passphrase, now(), custody.sources.cost)
      return { text, logins: content.logins.map((l) => l.id), secrets: content.secrets.length, left }
    },
    async importBundle(text, passphrase) {
      await custody.ready()
      const content = await readBundle(text, passphrase)
      const result: ImportResult = { added: [], updated: [], kept: [], secrets: 0 }
      for (const login of content.logins) result[await merge(records, login)].push(login.id)
      for (const { name, provider, value, expiresAt } of content.secrets) {
        if (expiresAt !== undefined && expiresAt <= now()) continue
        const plain = Buffer.from(value, 'base64')
        await secrets.store(name, plain, { provider, expiresAt }).finally(() => plain.fill(0))
        result.secrets++
      }
      return result
    },
    secrets,
    async close() {
      await anchor.flush()
      custody.close()
    },
  }
}

type Incoming = { id: string; provider: string; version: number; facts: LoginFacts; tokens: Tokens }

/**
 * The version issued later stays: a vendor that rotates refresh tokens has killed the earlier one. Version numbers alone
 * do not tell, since two machines count for themselves; they decide between tokens issued at the same time.
 */
async function merge(records: Records, login: Incoming): Promise<'added' | 'updated' | 'kept'> {
  for (;;) {
    const there = await records.get(login.id)
    if (there !== undefined && 'tokens' in there && !newer(login, there.tokens, there.record)) return 'kept'
    const expected = there?.record.version ?? 0
    const written = await records.put(login, login.tokens, { expected })
    if (written === 'written') return expected === 0 ? 'added' : 'updated'
  }
}

function newer(login: Incoming, tokens: Tokens, record: LoginRecord): boolean {
  if (login.tokens.issuedAt !== tokens.issuedAt) return login.tokens.issuedAt > tokens.issuedAt
  return login.version > record.version && login.tokens.accessToken !== tokens.accessToken
}
