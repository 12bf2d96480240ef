/**
 * What lasts, behind one interface with two engines: SQLite in the auth directory (sqlite.ts) and Postgres for many
 * machines (postgres.ts). Nothing here knows what a credential or a cooldown means.
 *
 * Every method may reject with a `StoreError`. Nothing on the road of a request awaits a store: callers keep what they
 * need in memory and write behind (accounts/). Times are milliseconds since the epoch.
 */

/** A credential at rest. The token is sealed by the vault; the rest is what lists, schedulers and people need. */
export interface CredentialRow {
  /** Account id: `claude-1f3a9c0b2d`. */
  id: string
  provider: string
  /** Rises by one with every write of `sealed`; bound into the seal, so that an old seal cannot stand under a new number. */
  version: number
  /** The vault's bytes (see accounts/vault.ts). */
  sealed: Uint8Array
  /** Settings and facts for people as JSON, no secrets: label, email, plan, weight, state … (accounts/login-record.ts). */
  facts: string
  /** When the access token ends; undefined: it does not, or nobody said. */
  expiresAt?: number
  updatedAt: number
}

/** What a guarded write came to. */
export type WriteResult = 'written' | 'conflict'

export interface CredentialTable {
  all(): Promise<CredentialRow[]>
  get(id: string): Promise<CredentialRow | undefined>
  /**
   * Writes a new seal if the stored version still is `expected` (0: no such row yet) and, where a fence is given, no
   * later holder of that lease has been let in. The manifest moves in the same transaction, see `Manifest`.
   * Durable (synced) before it resolves.
   */
  put(row: CredentialRow, guard: CredentialGuard): Promise<WriteResult>
  /** Changes facts alone; the seal and its version stay. */
  putFacts(id: string, facts: string, updatedAt: number): Promise<WriteResult>
  remove(id: string, manifest?: ManifestStep): Promise<WriteResult>
}

export interface CredentialGuard {
  expected: number
  fence?: { lease: string; number: number }
  manifest?: ManifestStep
}

/** One small row that vouches for all credentials at once; written only together with what it vouches for. */
export interface ManifestStep {
  /** Revision the writer has read; a different one is a conflict. */
  expected: number
  value: Uint8Array
}

/** A lease: who may do something that only one may do, everywhere. */
export interface Lease {
  name: string
  /** Rises with every holder; a write guarded by an older number is refused. */
  number: number
  until: number
  /** What the last holder noted and did not clear: it ended in the middle of something. */
  note?: string
}

export interface LeaseTable {
  /** Takes the lease unless somebody else holds it; `owner` names the process. The database's clock is not used. */
  acquire(name: string, owner: string, now: number, ttlMs: number): Promise<Lease | { heldUntil: number }>
  /** Leaves a durable note on a lease that is held (say: about to present this token). False: no longer held. */
  note(lease: Lease, owner: string, note: string | undefined): Promise<boolean>
  release(lease: Lease, owner: string): Promise<void>
}

/** Small JSON values by kind and id: cooldowns, sessions, quota readings, settings, client keys, router examples. */
export interface DocumentRow {
  kind: string
  id: string
  /** Rises with every write. */
  version: number
  value: string
  updatedAt: number
  /** Clock time after which it is gone. */
  expiresAt?: number
}

export interface DocumentTable {
  all(kind: string, now: number): Promise<DocumentRow[]>
  get(kind: string, id: string, now: number): Promise<DocumentRow | undefined>
  /** Many at once, one transaction. With `expected` (0: none yet) a row is written only over that version. */
  put(rows: readonly (Omit<DocumentRow, 'version'> & { expected?: number })[]): Promise<WriteResult>
  remove(kind: string, ids?: readonly string[]): Promise<number>
  purge(now: number): Promise<number>
}

/** One attempt or call as it is kept (telemetry/usage.ts). Money in millionths of a US dollar; absent: unknown. */
export interface UsageRow {
  /** Call id and number of the attempt: `req_ab12/0`. */
  id: string
  at: number
  clientKey: string
  protocol: string
  endpoint: string
  requestedModel: string
  servedModel: string
  category: string
  provider: string
  account: string
  lane: string
  status: number
  failure: string
  /** 1 for the attempt that answered the client, 0 for those before it. */
  final: number
  attempts: number
  latencyMs: number
  firstEventMs?: number
  inputTokens?: number
  cacheReadTokens?: number
  cacheWriteTokens?: number
  outputTokens?: number
  reasoningTokens?: number
  costMicros?: number
  dropped: string
  /** JSON with what a detail page shows: why this account, route reason, timeline. */
  detail: string
}

/** A column usage can be grouped or filtered by. */
export type UsageColumn =
  | 'clientKey'
  | 'protocol'
  | 'endpoint'
  | 'requestedModel'
  | 'servedModel'
  | 'category'
  | 'provider'
  | 'account'
  | 'lane'
  | 'status'
  | 'failure'

export interface UsageFilter {
  from?: number
  to?: number
  /** Exact values; all must hold. */
  where?: Partial<Record<UsageColumn, string | number>>
  /** Only attempts that answered (the default), or all. */
  attempts?: 'final' | 'all'
}

export interface UsageTotals {
  /** One value for each column asked for; `bucket` is the start of the time bucket. */
  key: Partial<Record<UsageColumn | 'bucket', string | number>>
  requests: number
  errors: number
  latencyMsSum: number
  inputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  outputTokens: number
  reasoningTokens: number
  costMicros: number
  /** Requests whose cost is unknown. */
  unpriced: number
}

export interface UsageTable {
  append(rows: readonly UsageRow[]): Promise<void>
  /** Newest first; `before` is the cursor (`at` and `id` of the last row seen). */
  list(filter: UsageFilter, limit: number, before?: { at: number; id: string }): Promise<UsageRow[]>
  get(id: string): Promise<UsageRow[]>
  totals(filter: UsageFilter, by: readonly UsageColumn[], bucketMs?: number): Promise<UsageTotals[]>
  /** Drops what is older, then the oldest beyond `most` rows. */
  prune(before: number, most: number): Promise<number>
  wipe(): Promise<number>
}

/** A table another process (or this one) wrote to. */
export type StoreChange = { table: 'credentials' } | { table: 'documents'; kind: string }

export interface Store {
  readonly engine: 'sqlite' | 'postgres'
  readonly credentials: CredentialTable
  readonly leases: LeaseTable
  readonly documents: DocumentTable
  readonly usage: UsageTable
  /** The manifest of the credentials and its revision; revision 0: none yet. */
  manifest(): Promise<{ revision: number; value: Uint8Array }>
  /** Hears within a second what other processes wrote. Own writes are not told. */
  onChange(listener: (change: StoreChange) => void): () => void
  /** Rejects with the reason if the store cannot be used now. */
  check(): Promise<void>
  close(): Promise<void>
}

export type StoreErrorCode = 'unavailable' | 'read-only' | 'full' | 'corrupt' | 'newer-schema' | 'closed'

export interface StoreErrorOptions extends ErrorOptions {
  passing?: boolean
}

/** Why the store could not do it, in words for its owner. */
export class StoreError extends Error {
  readonly code: StoreErrorCode
  /** Whether it may pass without anybody changing the config: a server that is away, a disk that is full. */
  readonly passing: boolean
  constructor(code: StoreErrorCode, message: string, options: StoreErrorOptions = {}) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
    this.passing = options.passing ?? false
  }
}

/** Where what lasts is kept. */
export type StoreLocation = { engine: 'sqlite'; directory: string } | { engine: 'postgres'; url: string }
