import type { Failure } from '../../hub/failure.ts'
import type { OwnResponse } from '../protocol.ts'

/** `retry-after` in whole seconds, at least 1: clients take 0 for "none". */
export function wholeSeconds(retryAfter: number): number {
  return Math.max(1, Math.ceil(retryAfter))
}

/**
 * A failure as an HTTP response: status, JSON body and the headers every dialect shares.
 * A 401 says `x-should-retry: false`: the vendors' SDKs obey it, and Claude Code otherwise retries a bad key for minutes.
 */
export function failureResponse(failure: Failure, body: unknown, headers: Record<string, string> = {}): OwnResponse {
  const all: Record<string, string> = { 'content-type': 'application/json', ...headers }
  if (failure.retryAfter !== undefined) all['retry-after'] = String(wholeSeconds(failure.retryAfter))
  if (failure.status === 401) all['x-should-retry'] = 'false'
  return { status: failure.status, headers: { ...all, ...failure.headers }, body: JSON.stringify(body) }
}

/** A JSON answer of ours with status 200. */
export function jsonResponse(body: unknown): OwnResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
