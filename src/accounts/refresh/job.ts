/** The refresh of one login, as it is asked for and what comes of it. Plain data: it travels between processes. */
import type { LoginRecord, Tokens } from '../login-record.ts'
import type { RefreshRecipe } from '../oauth/flow.ts'
import type { FreshTokens } from '../oauth/token.ts'

/** One refresh asked for. */
export interface RefreshJob {
  /** Account id. */
  id: string
  /** Version of the record the asker knows. Another one with a usable token is taken instead of a refresh. */
  known: number
  /** Refresh even though the token is still good: it is due, or a person asked. */
  force: boolean
  /** An access token that the upstream has answered with 401: it is not usable, whatever its expiry says. */
  refused?: string
  recipe: RefreshRecipe
  /** The account's own proxy, or `direct`. */
  proxyUrl?: string
  /** The answer to the refresh before was lost on its way, so that the token may be spent. For the words only. */
  lostAnswer?: boolean
  /** Rotated tokens that could not be written yet: write these, present nothing. */
  unsaved?: Unsaved
}

export interface Unsaved {
  tokens: Tokens
  /** The refresh token that was spent for them: where it still stands, they take its place. */
  spent: string
}

/** How a refresh ended. */
export type Outcome =
  /** There is a token, durable. `answer` is the vendor's, without its tokens; absent: somebody else refreshed. */
  | { is: 'renewed'; record: LoginRecord; tokens: Tokens; answer?: Readonly<Record<string, unknown>> }
  /** The refresh token is dead; the record says so. `told`: it was known before. */
  | { is: 'needs-login'; reason: string; version: number; told: boolean }
  /** Not now. */
  | { is: 'later'; cause: LaterCause; words: string; retryAfterMs?: number; lostAnswer?: boolean }
  /** The record is there, but the vault does not vouch for it. */
  | { is: 'damaged'; words: string }
  /** The login was removed meanwhile. */
  | { is: 'gone' }

/**
 * `network`: nothing came back. `busy`: the vendor answered, but not now. `held`: another process is at it for longer
 * than is worth waiting. `store`: what lasts cannot be read or written.
 */
export type LaterCause = 'network' | 'busy' | 'held' | 'store'

/** The new tokens are here and their write has failed; it is tried again until it succeeds. */
export interface Troubled extends Unsaved {
  words: string
}

/** What a vendor answered to a refresh token. */
export type Exchanged =
  | { is: 'tokens'; fresh: FreshTokens; answer: Readonly<Record<string, unknown>> }
  /** This refresh token is no longer taken. */
  | { is: 'dead'; words: string }
  /** `lost`: the vendor may have seen the request, and rotated the token. */
  | { is: 'later'; cause: 'network' | 'busy'; words: string; retryAfterMs?: number; lost: boolean }

/** Carries refreshes out, here or in a process of its own. */
export interface Refresher {
  /** @param troubled told when new tokens cannot be written; the promise then stays open until they are. */
  run(job: RefreshJob, troubled: (what: Troubled) => void): Promise<Outcome>
  /** Lets what has begun come to its end, as far as it is in this process. */
  close(): Promise<void>
}
