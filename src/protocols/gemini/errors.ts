/** Errors of generateContent: google.rpc.Status (https://cloud.google.com/apis/design/errors). */

import type { Failure } from '../../hub/failure.ts'
import { formatSse } from '../../wire/sse.ts'
import type { Headers } from '../failures/hints.ts'
import { judge } from '../failures/judge.ts'
import { failureResponse, wholeSeconds } from '../failures/respond.ts'
import type { OwnResponse } from '../protocol.ts'

/** Reads an upstream's refusal of a generateContent request. */
export function decodeGemini(status: number, headers: Headers, body: string): Failure {
  return judge(status, headers, body)
}

const STATUS_WORDS: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** Words that share a status with the usual one of that status, and so may be said again as they came. */
const OTHER_WORDS = new Set(['FAILED_PRECONDITION', 'OUT_OF_RANGE', 'ALREADY_EXISTS', 'UNKNOWN', 'DATA_LOSS'])

/**
 * The error body of the dialect. `details` is always there; a wait is told as google.rpc.RetryInfo, which Gemini CLI
 * reads and the `retry-after` header it does not.
 */
export function geminiError(failure: Failure): object {
  const details =
    failure.retryAfter === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${wholeSeconds(failure.retryAfter)}s` }]
  return { error: { code: failure.status, message: failure.message, status: wordOf(failure), details } }
}

/** Says a failure as an HTTP response. */
export function encodeGemini(failure: Failure): OwnResponse {
  return failureResponse(failure, geminiError(failure))
}

/**
 * The terminal error of a stream: a data event with `error`; @google/genai throws when its `code` is 400 to 599. Its 1.x
 * takes such an event for an empty answer, and throws only at what is left over behind the last event: the comment is that.
 */
export function midStreamGemini(failure: Failure): string {
  return `${formatSse(JSON.stringify(geminiError(failure)))}: the answer broke off\n`
}

function wordOf(failure: Failure): string {
  if (failure.code !== undefined && OTHER_WORDS.has(failure.code)) return failure.code
  return STATUS_WORDS[failure.status] ?? (failure.status >= 500 ? 'UNAVAILABLE' : 'INVALID_ARGUMENT')
}
