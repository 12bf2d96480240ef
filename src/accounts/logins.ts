/**
 * What the road and the managers see of the logins: who there is, a token that can be used now, and what changed.
 * `createLogins` (in this folder's logins-service.ts) keeps it all in memory; only it talks to vault and store.
 */
import type { Failure } from '../hub/failure.ts'
import type { Credential } from './account.ts'
import type { LoginFacts, LoginRecord, Tokens } from './login-record.ts'
import type { Identity } from './oauth/flow.ts'

export interface Logins {
  /** Every login, as last read; borrowed and disabled ones too. */
  records(): readonly LoginRecord[]
  /** The token of an account if it can be used right now: the only thing the hot path calls. */
  current(accountId: string): Credential | undefined
  /**
   * Gets a token: from the store if another process refreshed it, by a refresh otherwise (single flight).
   * @param refused a token the upstream has just answered with 401, so that it is not handed out again.
   * @param done called exactly once, never before this returns, unless cancelled.
   * @returns cancels the waiting (never the refresh).
   */
  bring(accountId: string, refused: string | undefined, done: (got: Credential | Failure) => void): () => void
  /** Adds a login, or renews the one of the same provider and subject. Durable before it resolves. */
  add(provider: string, tokens: Tokens, identity: Identity, how: NewLogin): Promise<LoginRecord>
  /** Changes facts (label, weight, disabled …). @throws {Error} if there is no such login. */
  change(accountId: string, facts: Partial<LoginFacts>): Promise<LoginRecord>
  /** Forgets a login. @param revoke tells the vendor, too, where it can be told. */
  remove(accountId: string, revoke?: boolean): Promise<void>
  /** The tokens themselves, for revocation and for `vault export`. */
  reveal(accountId: string): Promise<Tokens>
  /** Refreshes now. */
  refresh(accountId: string): Promise<LoginRecord>
  /** Hears that records came, changed or went, here or in another process. */
  onChange(listener: () => void): () => void
  /** Why no token can be had at all: the vault is locked, the store is gone; undefined when all is well. */
  trouble(): string | undefined
  close(): Promise<void>
}

export interface NewLogin {
  origin: LoginFacts['origin']
  label?: string
  acknowledgedAt?: number
  proxyUrl?: string
}
