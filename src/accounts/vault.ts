/**
 * Tokens at rest: what the rest of the house knows of the vault. The implementation stands in `vault/`.
 *
 * Envelope encryption: every record is sealed with AES-256-GCM under a random data key; the data key itself is wrapped by
 * the OS keychain, a key file (0600) or a passphrase (argon2id). Record id, provider and version are bound into each seal,
 * and a manifest vouches for the set of all records, so that none can be swapped, dropped or rolled back unnoticed.
 */
import type { CredentialRow, WriteResult } from '../store/store.ts'
import type { LoginFacts, LoginRecord, Tokens } from './login-record.ts'

export type VaultState =
  | { is: 'open'; fingerprint: string; wrap: 'keychain' | 'key-file' | 'passphrase' }
  /** No token can be read; `/ready` says why. */
  | { is: 'locked'; reason: string; help: string; code?: VaultErrorCode }

/** A record as the vault gives it out. */
export type Loaded =
  | { record: LoginRecord; tokens: Tokens }
  /** Told, and used by nobody: it was swapped, cut, flipped, rolled back, or sealed under another key. */
  | { record: LoginRecord; damage: string }

export interface PutGuard {
  /** Version the writer has read; 0 for a new record. */
  expected: number
  fence?: { lease: string; number: number }
}

export interface TokenVault {
  state(): VaultState
  /** Every login. Checks the manifest. @throws {VaultError} when locked; {StoreError} */
  all(): Promise<Loaded[]>
  get(id: string): Promise<Loaded | undefined>
  /** Seals and writes; the record's version becomes `expected + 1`. Durable before it resolves. */
  put(login: { id: string; provider: string; facts: LoginFacts }, tokens: Tokens, guard: PutGuard): Promise<WriteResult>
  /** Changes the open half alone. */
  putFacts(id: string, facts: LoginFacts): Promise<WriteResult>
  remove(id: string): Promise<void>
  /** Opens one row without asking the store (the refresh process reads rows itself). @throws {VaultError} */
  open(row: CredentialRow): Tokens
  /** The data key, for the refresh process of the same user, over a private channel. Never written anywhere. */
  exportKey(): Uint8Array
}

export type VaultErrorCode = 'locked' | 'wrong-passphrase' | 'tampered' | 'no-key' | 'unsafe-permissions' | 'format'

/** Why the vault could not do it, with what to do. Never holds a secret. */
export class VaultError extends Error {
  readonly code: VaultErrorCode
  constructor(code: VaultErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'VaultError'
    this.code = code
  }
}
