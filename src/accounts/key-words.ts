/** Refusals of client keys, in words: which limit, until when, what to do. */
import { type Failure, failure } from '../hub/failure.ts'
import type { LimitName, Reached } from './key-meter.ts'

/** Why a client key is refused; the label of the metric. */
export type RefusalReason = LimitName | 'expired' | 'disabled' | 'revoked'

const dollars = (micros: number): string => `$${(micros / 1_000_000).toFixed(micros % 10_000 === 0 ? 2 : 6)}`
const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

const MAY: Record<LimitName, (most: number) => string> = {
  'requests-per-minute': (most) => `may make ${count(most, 'request')} a minute`,
  'tokens-per-minute': (most) => `may use ${count(most, 'token')} a minute`,
  'tokens-per-day': (most) => `may use ${count(most, 'token')} a day (UTC)`,
  'usd-per-day': (most) => `may spend ${dollars(most)} a day (UTC, by list prices)`,
  'usd-per-month': (most) => `may spend ${dollars(most)} a month (UTC, by list prices)`,
  concurrent: (most) => `may have ${count(most, 'request')} under way at once`,
}

/** A clock time for people, to the second. */
export const clock = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')

/** A limit is reached: 429, with when to come again, under the codes that OpenAI's clients know (domain.md 2.4). */
export function limitReached(name: string, { limit, most, until }: Reached, now: number): Failure {
  const owner = 'The owner of this gateway can raise the limit.'
  if (until === undefined)
    return failure(
      'rate-limited',
      `The key "${name}" ${MAY[limit](most)}, and has them now. Try again when one is over. ${owner}`,
      { code: 'rate_limit_exceeded', retryAfter: 1 },
    )
  const retryAfter = Math.max(1, Math.ceil((until - now) / 1000))
  const words = `The key "${name}" ${MAY[limit](most)}, and has reached that. It is taken again at ${clock(until)}. ${owner}`
  if (limit === 'requests-per-minute' || limit === 'tokens-per-minute')
    return failure('rate-limited', words, { code: 'rate_limit_exceeded', retryAfter })
  // The vendors' SDKs obey the header: nobody is served by a program that tries again for hours.
  return failure('quota-exhausted', words, {
    code: 'insufficient_quota',
    retryAfter,
    headers: { 'x-should-retry': 'false' },
  })
}

export function expired(name: string, at: number): Failure {
  return failure(
    'unauthorized',
    `The key "${name}" expired at ${clock(at)}. The owner of this gateway can make it last longer, or make a new one.`,
    { code: 'invalid_api_key' },
  )
}

/** The store has not been read since the start: what was made at run time is not known here, and may well be good. */
export function notReadYet(): Failure {
  return failure(
    'overloaded',
    'Keys made with "logicaproxy keys create" cannot be checked just now, because the store is away. Try again soon.',
    { retryAfter: 5, code: 'keys_not_read' },
  )
}

/** An old key whose time of grace is over. */
export function rotatedAway(name: string, at: number): Failure {
  return failure(
    'unauthorized',
    `This key of "${name}" was replaced by a new one and is not taken since ${clock(at)}. Use the new key.`,
    { code: 'invalid_api_key' },
  )
}

export function disabled(name: string): Failure {
  return failure('forbidden', `The key "${name}" is switched off. The owner of this gateway can switch it on again.`, {
    code: 'key_disabled',
  })
}

export function revoked(name: string): Failure {
  return failure('unauthorized', `The key "${name}" was revoked. Ask the owner of this gateway for a new one.`, {
    code: 'invalid_api_key',
  })
}
