/** What the authorization servers remember: codes, token families, access tokens. No HTTP here, no vendor's words. */
import { randomBytes } from 'node:crypto'
import type { ProviderName } from '../persons.ts'

/** What a person agreed to. */
export interface Consent {
  vendor: ProviderName
  person: string
  clientId: string
  scopes: readonly string[]
  /** The redirect the code is bound to. */
  redirectUri: string
  /** PKCE S256. */
  challenge?: string
  state?: string
  /** Whether a refresh token comes with it. */
  offline: boolean
}

/** Everything one login led to: one access token after another, one refresh token after another. */
export interface Family {
  id: string
  vendor: ProviderName
  person: string
  clientId: string
  scopes: readonly string[]
  /** The refresh token that is taken now. */
  refresh?: string
  /** Counts refreshes. */
  generation: number
  /** Why nothing of this family is taken any more. */
  dead?: 'reuse' | 'revoked' | 'code-reuse'
  refreshExpired?: boolean
}

/** An access token. */
export interface Access {
  value: string
  family: Family
  /** ms since the epoch. */
  expiresAt: number
}

/** Fresh tokens. */
export interface Issued {
  family: Family
  access: string
  /** Seconds. */
  expiresIn: number
  /** Absent when the login has none, or when it stays as it was. */
  refresh?: string
}

/** Why a code is not taken. `used` has already revoked what the code first gave. */
export type CodeFault = 'unknown' | 'used' | 'expired'
/** Why a refresh token is not taken. `reused` has already revoked the family. */
export type RefreshFault = 'unknown' | 'wrong-client' | 'reused' | 'revoked' | 'expired'
/** Why an access token is not taken. */
export type AccessFault = 'unknown' | 'expired' | 'revoked'

interface Code {
  consent: Consent
  expiresAt: number
  family?: Family
}

/** How tokens of a vendor are made. */
export interface Minting {
  now: () => number
  /** Seconds an access token lives. */
  life(vendor: ProviderName): number
  rotates(vendor: ProviderName): boolean
  access(family: Family, issuedAt: number, expiresAt: number): string
  refresh(family: Family): string
}

/** Codes end after this many milliseconds (RFC 6749 4.1.2 recommends at most ten minutes; vendors are shorter). */
const CODE_LIFE_MS = 60_000
/** Spent tokens are remembered to tell reuse from nonsense; the oldest go first. */
const KEEP = 300_000

function forget<V>(map: Map<string, V>): void {
  if (map.size <= KEEP) return
  for (const key of map.keys()) {
    map.delete(key)
    if (map.size <= KEEP * 0.9) break
  }
}

/** Random letters and digits, in base64url. */
export function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}

export type TokenBook = ReturnType<typeof createTokenBook>

/** The memory of all authorization servers together. */
export function createTokenBook(minting: Minting) {
  const codes = new Map<string, Code>()
  const refreshTokens = new Map<string, Family>()
  const accessTokens = new Map<string, Access>()
  const families = new Map<string, Family>()

  function issue(family: Family, rotate: boolean): Issued {
    const at = minting.now()
    const expiresIn = minting.life(family.vendor)
    const access = minting.access(family, at, at + expiresIn * 1000)
    accessTokens.set(access, { value: access, family, expiresAt: at + expiresIn * 1000 })
    forget(accessTokens)
    if (!rotate) return { family, access, expiresIn }
    const refresh = minting.refresh(family)
    family.refresh = refresh
    refreshTokens.set(refresh, family)
    forget(refreshTokens)
    return { family, access, expiresIn, refresh }
  }

  return {
    /** A code for what was agreed to; it works once, for a minute. */
    code(consent: Consent): string {
      const code = random(32)
      codes.set(code, { consent, expiresAt: minting.now() + CODE_LIFE_MS })
      forget(codes)
      return code
    },

    /** What a code stands for, without using it. */
    peekCode: (code: string): Consent | undefined => codes.get(code)?.consent,

    /** Whether a code can still be used. A second use revokes what the first gave (RFC 6749 4.1.2). */
    checkCode(code: string): Consent | CodeFault {
      const entry = codes.get(code)
      if (!entry) return 'unknown'
      if (entry.family) {
        entry.family.dead ??= 'code-reuse'
        return 'used'
      }
      return minting.now() >= entry.expiresAt ? 'expired' : entry.consent
    },

    /** A code that was presented wrongly is spent, too: no second guess at its verifier. */
    spoilCode(code: string): void {
      codes.delete(code)
    },

    /** Tokens for a checked code, or for a confirmed device. */
    open(consent: Consent, code?: string): Issued {
      const { vendor, person, clientId, scopes, offline } = consent
      const family: Family = { id: random(9), vendor, person, clientId, scopes, generation: 0 }
      families.set(family.id, family)
      forget(families)
      const entry = code === undefined ? undefined : codes.get(code)
      if (entry) entry.family = family
      return issue(family, offline)
    },

    familyOf: (refresh: string): Family | undefined => refreshTokens.get(refresh),

    /** Tokens for a refresh token. A spent one kills its family. `keep` leaves the refresh token as it is this once. */
    refresh(value: string, clientId: string, keep = false): Issued | RefreshFault {
      const family = refreshTokens.get(value)
      if (!family) return 'unknown'
      if (family.clientId !== clientId) return 'wrong-client'
      if (family.refresh !== value) {
        family.dead ??= 'reuse'
        return 'reused'
      }
      if (family.dead) return 'revoked'
      if (family.refreshExpired) return 'expired'
      family.generation++
      return issue(family, minting.rotates(family.vendor) && !keep)
    },

    /** Who an access token speaks for. */
    access(value: string): Access | AccessFault {
      const entry = accessTokens.get(value)
      if (!entry) return 'unknown'
      if (entry.family.dead) return 'revoked'
      return minting.now() >= entry.expiresAt ? 'expired' : entry
    },

    /** Gives up the login a token belongs to, whichever of its tokens it is. @returns the login, if there was one. */
    revoke(value: string): Family | undefined {
      const family = refreshTokens.get(value) ?? accessTokens.get(value)?.family
      if (family) family.dead ??= 'revoked'
      return family
    },

    /** Every login of a vendor, or of one person there. */
    families: (vendor: ProviderName, person?: string): Family[] =>
      [...families.values()].filter((f) => f.vendor === vendor && (person === undefined || f.person === person)),

    /** Ends access tokens now. @returns how many. */
    expireAccess(vendor: ProviderName, person?: string): number {
      let n = 0
      const at = minting.now()
      for (const entry of accessTokens.values()) {
        if (entry.family.vendor !== vendor || (person !== undefined && entry.family.person !== person)) continue
        if (entry.expiresAt > at) n++
        entry.expiresAt = Math.min(entry.expiresAt, at)
      }
      return n
    },

    /** How a token stands, without using it. */
    inspect(value: string): { state: string; vendor?: ProviderName; person?: string; family?: string } {
      const family = refreshTokens.get(value)
      const access = accessTokens.get(value)
      const about = family ?? access?.family
      if (!about) return { state: 'unknown' }
      const state = about.dead
        ? 'revoked'
        : family
          ? family.refresh !== value
            ? 'spent'
            : family.refreshExpired
              ? 'expired'
              : 'current'
          : minting.now() >= access!.expiresAt
            ? 'expired'
            : 'current'
      return { state, vendor: about.vendor, person: about.person, family: about.id }
    },

    reset(): void {
      for (const map of [codes, refreshTokens, accessTokens, families]) map.clear()
    },
  }
}
