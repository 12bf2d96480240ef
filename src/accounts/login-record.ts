/** A login as it is kept: facts for people and lists in the clear, tokens sealed. */
import type { AccountModel } from './account.ts'

/** The secret half: what the vault seals. */
export interface Tokens {
  accessToken: string
  refreshToken?: string
  idToken?: string
  /** When the access token ends, ms since the epoch; undefined: nobody said. */
  expiresAt?: number
  /** When it was issued, ms: 80 % of the life between the two is when it is refreshed ahead of time. */
  issuedAt: number
  scope?: string
  /** What the vendor's API wants beside the token (`Credential.details`). */
  details: Readonly<Record<string, string>>
}

export type LoginState =
  | { is: 'ready' }
  /** Excluded until its owner logs in again. */
  | {
      is: 'needs-login'
      since: number
      reason: string
      /** The record's version it was found out of: a later one, from a new login, is ready whatever this says. */
      version?: number
    }

/** The open half: what stands in `CredentialRow.facts`. */
export interface LoginFacts {
  label: string
  email?: string
  /** The vendor's own id of the person or workspace: the same login again replaces this record instead of adding one. */
  subject: string
  plan?: string
  state: LoginState
  /** How it came here: by our own login, taken over from the vendor's CLI, or only borrowed (read-only, never refreshed). */
  origin: { how: 'login' | 'moved' | 'borrowed'; from?: string; at: number }
  disabled: boolean
  priority: number
  weight: number
  prefix?: string
  proxyUrl?: string
  headers: Readonly<Record<string, string>>
  excludedModels: readonly string[]
  concurrency?: number
  neverRests?: boolean
  note?: string
  /** The vendor's live model list, where it has one. */
  models?: readonly AccountModel[]
  modelsAt?: number
  /** When the owner acknowledged a restricted provider's policy. */
  acknowledgedAt?: number
  createdAt: number
}

/** A login in memory, without its tokens. */
export interface LoginRecord {
  id: string
  provider: string
  version: number
  expiresAt?: number
  updatedAt: number
  facts: LoginFacts
}
