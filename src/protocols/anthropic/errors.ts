/** Errors of the Messages API (https://docs.claude.com/en/api/errors, https://docs.claude.com/en/api/rate-limits). */

import type { Failure } from '../../hub/failure.ts'
import { formatSse } from '../../wire/sse.ts'
import { type Headers, header, secondsUntil } from '../failures/hints.ts'
import { type Evidence, judge, type Verdict } from '../failures/judge.ts'
import { failureResponse } from '../failures/respond.ts'
import type { OwnResponse } from '../protocol.ts'

/** Reads an upstream's refusal of a Messages request. */
export function decodeAnthropic(status: number, headers: Headers, body: string): Failure {
  return judge(status, headers, body, subscriptionLimit)
}

/** The error types Anthropic's clients know. */
const TYPES = new Set([
  'invalid_request_error',
  'authentication_error',
  'billing_error',
  'permission_error',
  'not_found_error',
  'request_too_large',
  'rate_limit_error',
  'api_error',
  'timeout_error',
  'overloaded_error',
])

/** The error body of the dialect. */
export function anthropicError(failure: Failure, requestId: string): object {
  // The vendor's SDK looks for this one code to send a thread's whole conversation again.
  const details = failure.code === 'thread_not_found' ? { details: { error_code: failure.code } } : {}
  return {
    type: 'error',
    error: { type: typeOf(failure), message: failure.message, ...details },
    request_id: requestId,
  }
}

/** Says a failure as an HTTP response. */
export function encodeAnthropic(failure: Failure, requestId: string): OwnResponse {
  return failureResponse(failure, anthropicError(failure, requestId), { 'request-id': requestId })
}

/** The terminal error of a stream that has begun. */
export function midStreamAnthropic(failure: Failure, requestId: string): string {
  return formatSse(JSON.stringify(anthropicError(failure, requestId)), 'error')
}

function typeOf(failure: Failure): string {
  if (failure.code !== undefined && TYPES.has(failure.code)) return failure.code
  if (failure.kind === 'overloaded') return 'overloaded_error'
  switch (failure.status) {
    case 401:
      return 'authentication_error'
    case 402:
      return 'billing_error'
    case 403:
      return 'permission_error'
    case 404:
      return 'not_found_error'
    case 408:
    case 504:
      return 'timeout_error'
    case 413:
      return 'request_too_large'
    case 429:
      return 'rate_limit_error'
    case 529:
      return 'overloaded_error'
  }
  return failure.status >= 500 ? 'api_error' : 'invalid_request_error'
}

const UNIFIED = 'anthropic-ratelimit-unified-'
const WINDOW_STATUS = /^anthropic-ratelimit-unified-(.+)-status$/

/**
 * Which window of a subscription a 429 fell into. `5h` and `7d` bind the whole account; `7d_oi` and its like bind one
 * family of models. Without a rejected window it is a short burst, and the common table reads it.
 */
function subscriptionLimit({ status, headers }: Evidence): Verdict | undefined {
  if (status !== 429) return undefined
  let account: number | undefined
  let family: number | undefined
  for (const name in headers) {
    const window = WINDOW_STATUS.exec(name)?.[1]
    if (window === undefined || window === 'overage' || header(headers, name) !== 'rejected') continue
    const reset = resetOf(headers, window)
    if (window === '5h' || window === '7d') account = Math.max(account ?? 0, reset)
    else family = Math.max(family ?? 0, reset)
  }
  if (account !== undefined) return exhausted('account', account)
  if (family !== undefined) return exhausted('model', family)
  if (header(headers, `${UNIFIED}status`) !== 'rejected') return undefined
  const claim = header(headers, `${UNIFIED}representative-claim`) ?? ''
  return exhausted(/opus|sonnet|_oi/.test(claim) ? 'model' : 'account', resetOf(headers))
}

function exhausted(scope: 'account' | 'model', seconds: number): Verdict {
  return { kind: 'quota-exhausted', scope, ...(seconds > 0 && { retryAfter: seconds }) }
}

/** Seconds until a window resets; the unified reset stands in where the window tells none; 0 when nobody tells. */
function resetOf(headers: Headers, window?: string): number {
  const own = window === undefined ? undefined : header(headers, `${UNIFIED}${window}-reset`)
  return secondsUntil(Number(own ?? header(headers, `${UNIFIED}reset`) ?? Number.NaN) * 1000) ?? 0
}
