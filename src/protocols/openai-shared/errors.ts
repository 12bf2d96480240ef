/** What both OpenAI dialects say of a failure (https://platform.openai.com/docs/guides/error-codes). */

import type { Failure } from '../../hub/failure.ts'
import type { Headers } from '../failures/hints.ts'
import { judge } from '../failures/judge.ts'
import { failureResponse, wholeSeconds } from '../failures/respond.ts'
import type { OwnResponse } from '../protocol.ts'

/** The `error` member of an OpenAI error body. */
export interface OpenaiError {
  message: string
  type: string
  param: string | null
  code: string | null
  resets_in_seconds?: number
  resets_at?: number
}

/** Reads any upstream's refusal of a chat or responses request. */
export function decodeOpenai(status: number, headers: Headers, body: string): Failure {
  return judge(status, headers, body)
}

/** Codes whose `type` is the same word; the Codex CLI reads them there. */
const TYPE_IS_CODE = new Set(['usage_limit_reached', 'usage_not_included', 'insufficient_quota'])

/** Says a failure as an OpenAI error object. */
export function openaiError(failure: Failure): OpenaiError {
  const code = openaiCode(failure)
  const error: OpenaiError = {
    message: failure.message,
    type: code !== null && TYPE_IS_CODE.has(code) ? code : openaiType(failure.status),
    param: failure.param ?? null,
    code,
  }
  // With these the Codex CLI tells its user when the subscription is back.
  if (code === 'usage_limit_reached' && failure.retryAfter !== undefined) {
    error.resets_in_seconds = wholeSeconds(failure.retryAfter)
    error.resets_at = Math.ceil(Date.now() / 1000) + error.resets_in_seconds
  }
  return error
}

/** The failure as an HTTP response of either OpenAI dialect. */
export function encodeOpenai(failure: Failure, requestId: string): OwnResponse {
  return failureResponse(failure, { error: openaiError(failure) }, { 'x-request-id': requestId })
}

function openaiType(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** The vendor's own code where it is one OpenAI clients can know; otherwise the usual one of the kind and status. */
export function openaiCode(failure: Failure): string | null {
  if (failure.code !== undefined && isOpenaiCode(failure.code)) return failure.code
  if (failure.kind === 'quota-exhausted') return 'insufficient_quota'
  if (failure.kind === 'unknown-model') return 'model_not_found'
  switch (failure.status) {
    case 401:
      return 'invalid_api_key'
    case 403:
      return 'permission_denied'
    case 404:
      return 'not_found'
    case 405:
      return 'method_not_allowed'
    case 408:
      return 'request_timeout'
    case 413:
      return 'request_too_large'
    case 429:
      return 'rate_limit_exceeded'
  }
  return failure.status >= 500 ? 'internal_server_error' : null
}

/** OpenAI's codes are snake case; Anthropic's types end in `_error` and Google's are upper case. */
function isOpenaiCode(code: string): boolean {
  return /^[a-z][a-z0-9_]*$/.test(code) && !code.endsWith('_error') && code !== 'error'
}
