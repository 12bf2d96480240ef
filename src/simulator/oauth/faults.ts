import type { ProviderName } from '../persons.ts'

/** What can go wrong at an authorization server, for the torture of clients. */
export const OAUTH_FAULTS = {
  '500': 'token endpoint: internal error, nothing done',
  '503': 'token endpoint: unavailable, nothing done',
  '429': 'token endpoint: rate limited with Retry-After (`retryAfter`, default 30 s), nothing done',
  hang: 'token endpoint: never answers, nothing done',
  reset: 'token endpoint: connection reset before a byte, nothing done',
  slow: 'token endpoint: answers `ms` later (default 200)',
  cut: 'token endpoint: tokens are rotated, then the reply is cut in half',
  'hang-after': 'token endpoint: tokens are rotated, then nothing is said',
  'bad-json': 'token endpoint: tokens are rotated, then the reply is no JSON',
  'keep-refresh': 'token endpoint: the reply has no new refresh token and the old one stays',
  'expire-access': 'at once: all access tokens end',
  'expire-refresh': 'at once: all refresh tokens have expired',
  'revoke-family': 'at once: all logins are revoked',
  'device-disabled': 'device login is not offered',
} as const

/** One of `OAUTH_FAULTS`. */
export type OAuthFault = keyof typeof OAUTH_FAULTS

/** Whom and how often a fault strikes. */
export interface FaultOptions {
  /** Default 1. `0` clears faults of that name. */
  times?: number
  /** Only this person's tokens. */
  person?: string
  /** Only this grant; default both. */
  grant?: 'code' | 'refresh'
  ms?: number
  /** Seconds. */
  retryAfter?: number
}

interface Standing extends FaultOptions {
  vendor: ProviderName
  fault: OAuthFault
  left: number
}

export type FaultShelf = ReturnType<typeof createFaultShelf>

/** Faults waiting for a request to strike. */
export function createFaultShelf() {
  let list: Standing[] = []
  return {
    put(vendor: ProviderName, fault: OAuthFault, options: FaultOptions = {}): void {
      const left = options.times ?? 1
      if (left <= 0) list = list.filter((s) => s.vendor !== vendor || s.fault !== fault)
      else list.push({ ...options, vendor, fault, left })
    },
    /** The first waiting fault among `names` that fits; it is used up by that. */
    take(
      names: readonly OAuthFault[],
      vendor: ProviderName,
      about: { person?: string; grant?: string } = {},
    ): Standing | undefined {
      const hit = list.find(
        (s) =>
          s.vendor === vendor &&
          names.includes(s.fault) &&
          (s.person === undefined || s.person === about.person) &&
          (s.grant === undefined || s.grant === about.grant),
      )
      if (hit && --hit.left <= 0) list = list.filter((s) => s !== hit)
      return hit
    },
    reset(): void {
      list = []
    },
  }
}
