/** Presents refresh tokens to vendors, each through its account's own proxy, and reads what they answer. */
import { createVendorHttp } from '../oauth/http.ts'
import { refreshOnce } from '../oauth/token.ts'
import type { Bench } from './attempt.ts'

/** @param options.now clock time, ms, that `expires_in` counts from. */
export function createExchange(options: { userAgent: string; now?: () => number }): Bench['exchange'] {
  const { userAgent, now = Date.now } = options
  return async (recipe, refreshToken, proxyUrl) => {
    // Refreshes are hours apart: no connection is worth keeping.
    const { http, close } = createVendorHttp({ proxyUrl, userAgent })
    // A life counts from the moment the vendor was asked: an answer that took its time ends no later for it.
    const askedAt = now()
    try {
      const verdict = await refreshOnce(recipe, refreshToken, http, () => askedAt)
      switch (verdict.is) {
        case 'fresh':
          return { is: 'tokens', fresh: verdict.fresh, answer: withoutTokens(verdict.answer) }
        case 'dead':
          return { is: 'dead', words: verdict.reason }
        case 'later':
          return {
            is: 'later',
            cause: 'busy',
            words: verdict.reason,
            retryAfterMs: verdict.retryAfterMs,
            lost: verdict.mayBeSpent,
          }
        case 'network':
          return { is: 'later', cause: 'network', words: verdict.reason, lost: verdict.mayBeSpent }
      }
    } finally {
      void close().catch(() => {})
    }
  }
}

const TOKENS = new Set(['access_token', 'refresh_token', 'id_token'])

function withoutTokens(answer: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(answer).filter(([name]) => !TOKENS.has(name)))
}
