/**
 * The one error value. Every refusal, whoever spoke it, becomes a `Failure`; what to do next (try another account, rest
 * one, tell the client) is then a table over `kind` and `scope`, not a nest of ifs.
 */

export type FailureKind =
  | 'invalid-request'
  | 'unauthorized'
  | 'forbidden'
  | 'unknown-model'
  | 'not-found'
  | 'too-large'
  | 'rate-limited'
  | 'quota-exhausted'
  | 'overloaded'
  | 'upstream'
  | 'timeout'
  | 'cancelled'
  | 'internal'

/** Who has to rest because of it: nobody but this request, one model of one account, the whole account, or its provider. */
export type FailureScope = 'request' | 'model' | 'account' | 'provider'

export interface Failure {
  kind: FailureKind
  /** HTTP status a client should see. */
  status: number
  scope: FailureScope
  /** One sentence a person can act on. Never holds a secret. */
  message: string
  /** Seconds until a retry makes sense, as the upstream or the pool says. A hint, not a law. */
  retryAfter?: number
  /** The vendor's own machine-readable code or type, verbatim (`usage_limit_reached`, `overloaded_error`). */
  code?: string
  /** The request field at fault, if known. */
  param?: string
  /** Extra response headers the client should see (for example `allow`). Lower-case names. */
  headers?: Record<string, string>
}

const DEFAULT_STATUS: Record<FailureKind, number> = {
  'invalid-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'unknown-model': 404,
  'not-found': 404,
  'too-large': 413,
  'rate-limited': 429,
  'quota-exhausted': 429,
  overloaded: 503,
  upstream: 502,
  timeout: 504,
  cancelled: 499,
  internal: 500,
}

/** Builds a failure with the usual status of its kind and request scope, unless told otherwise. */
export function failure(
  kind: FailureKind,
  message: string,
  rest: Partial<Omit<Failure, 'kind' | 'message'>> = {},
): Failure {
  return { kind, message, status: DEFAULT_STATUS[kind], scope: 'request', ...rest }
}

/** A failure thrown across a function boundary, for the few places where a return value would bury the main line. */
export class FailureError extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.message)
    this.name = 'FailureError'
    this.failure = failure
  }
}

/**
 * Whether another attempt can end differently. `invalid-request`, `too-large` and refusals of this very request cannot:
 * the next account would say the same (400, 404, 413, 422 are never retried).
 */
export function isRetriable(f: Failure): boolean {
  return f.scope !== 'request' && f.kind !== 'cancelled'
}

/** Default reading of an upstream HTTP status, before a protocol or provider looks closer. */
export function failureOfStatus(status: number, message: string): Failure {
  if (status === 401) return { kind: 'unauthorized', status, scope: 'account', message }
  if (status === 402) return { kind: 'quota-exhausted', status, scope: 'account', message }
  if (status === 403) return { kind: 'forbidden', status, scope: 'account', message }
  if (status === 404) return { kind: 'unknown-model', status, scope: 'model', message }
  if (status === 408) return { kind: 'timeout', status, scope: 'model', message }
  if (status === 413) return { kind: 'too-large', status, scope: 'request', message }
  if (status === 429) return { kind: 'rate-limited', status, scope: 'model', message }
  if (status === 503 || status === 529) return { kind: 'overloaded', status, scope: 'model', message }
  if (status === 504) return { kind: 'timeout', status, scope: 'model', message }
  if (status >= 500) return { kind: 'upstream', status, scope: 'model', message }
  if (status >= 400) return { kind: 'invalid-request', status, scope: 'request', message }
  return { kind: 'upstream', status: 502, scope: 'model', message }
}
