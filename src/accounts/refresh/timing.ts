/** When a token is refreshed, and when again after a failure. Pure; all times in ms. */
import type { Tokens } from '../login-record.ts'

/** Share of an access token's life after which it is refreshed ahead of time, and the spread around it. */
const AHEAD = 0.8
const SPREAD = 0.1

/** Shortest and longest rest after a failed refresh, and of a `Retry-After` that is believed (domain.md 1.1, 4.6). */
export const MIN_REST_MS = 5_000
export const MAX_REST_MS = 300_000
/** An account nobody uses is refreshed this rarely: often enough for its refresh token not to lapse. */
const IDLE_MS = 86_400_000

/** Issue times this far ahead of the clock mean that the clock was set back, and that expiry times mean nothing. */
const CLOCK_SLACK_MS = 300_000

/** Whether an access token has not ended. */
export function isLive(tokens: Pick<Tokens, 'expiresAt'>, now: number): boolean {
  return tokens.expiresAt === undefined || now < tokens.expiresAt
}

/**
 * When a token is to be refreshed ahead of its end: at 80 % of its life, 5 % earlier or later by chance, so that many
 * accounts and many processes do not all come at once.
 * @param random in [0, 1).
 * @param idle whether nobody has used the account since the token came: then once a day is enough.
 * @returns clock time; undefined: never (nobody said when it ends, or it cannot be refreshed).
 */
export function dueAt(
  tokens: Pick<Tokens, 'issuedAt' | 'expiresAt' | 'refreshToken'>,
  random: number,
  idle = false,
): number | undefined {
  if (tokens.expiresAt === undefined || tokens.refreshToken === undefined) return undefined
  const life = Math.max(0, tokens.expiresAt - tokens.issuedAt)
  const share = AHEAD + SPREAD * (random - 0.5)
  return tokens.issuedAt + (idle ? Math.max(life, IDLE_MS) : life) * share
}

/** Whether the clock must have been set back since a token was issued. */
export function isFromTheFuture(tokens: Pick<Tokens, 'issuedAt'>, now: number): boolean {
  return tokens.issuedAt > now + CLOCK_SLACK_MS
}

/**
 * Rest after so many failures in a row (1: the first): 5 s doubling to 5 minutes, less up to a quarter by chance, and
 * no less than the vendor asked for, as far as that is believed.
 */
export function restAfter(failures: number, random: number, askedMs = 0): number {
  const rest = Math.min(MAX_REST_MS, MIN_REST_MS * 2 ** Math.min(failures - 1, 20)) * (1 - random / 4)
  return Math.min(MAX_REST_MS, Math.max(MIN_REST_MS, rest, askedMs))
}

/**
 * What is left of a wait until a clock time, in ms. More than the longest wait there is means that the clock was set back
 * meanwhile: then nothing is left, for nobody would wait a year for a rest of five minutes.
 */
export function waitLeft(until: number, now: number, longest: number): number {
  const left = until - now
  return left > longest ? 0 : Math.max(0, left)
}
