/** A vendor that rotates its refresh tokens and ends the whole login when one is presented a second time. */
import type { Tokens } from '../../login-record.ts'
import type { Exchanged } from '../job.ts'

export interface Vendor {
  /** A new login. @param lifeMs of its access token. */
  login(now: number, lifeMs?: number): Tokens
  /** Presents a refresh token. The effect is there when this returns. */
  present(refreshToken: string, now: number, lifeMs?: number): Exchanged
  /** Whether it still takes this refresh token. */
  takes(refreshToken: string | undefined): boolean
  /** How often each refresh token was presented. */
  presented: Map<string, number>
  /** Presentations of tokens that were spent. */
  reuses: number
}

export function createVendor(): Vendor {
  let count = 0
  /** Token → its login, while it is the one to present. */
  const good = new Map<string, number>()
  const families = new Map<string, number>()
  let family = 0

  function issue(of: number, now: number, lifeMs: number) {
    const n = ++count
    good.set(`refresh-${n}`, of)
    families.set(`refresh-${n}`, of)
    return { accessToken: `access-${n}`, refreshToken: `refresh-${n}`, issuedAt: now, expiresAt: now + lifeMs }
  }

  const vendor: Vendor = {
    reuses: 0,
    presented: new Map(),
    takes: (token) => token !== undefined && good.has(token),
    login: (now, lifeMs = 3_600_000) => ({ ...issue(++family, now, lifeMs), details: {} }),
    present(token, now, lifeMs = 3_600_000) {
      vendor.presented.set(token, (vendor.presented.get(token) ?? 0) + 1)
      const of = good.get(token)
      if (of !== undefined) {
        good.delete(token)
        return { is: 'tokens', fresh: issue(of, now, lifeMs), answer: {} }
      }
      vendor.reuses++
      const gone = families.get(token)
      for (const [other, its] of good) if (its === gone) good.delete(other)
      return { is: 'dead', words: 'The token endpoint answered 400 (invalid_grant).' }
    },
  }
  return vendor
}
