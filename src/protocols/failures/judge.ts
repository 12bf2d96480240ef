/**
 * From an upstream's refusal to a `Failure`: what it is, and who has to rest for it. One table for all dialects, since
 * upstreams borrow each other's codes; a dialect adds what only its own headers tell.
 */

import { type Failure, type FailureKind, type FailureScope, failureOfStatus } from '../../hub/failure.ts'
import { type Headers, retryHint } from './hints.ts'
import { type ErrorShape, readShape } from './shape.ts'

/** A finding that overrules what the bare status says. */
export interface Verdict {
  kind: FailureKind
  scope: FailureScope
  retryAfter?: number
}

/** What a rule looks at. */
export interface Evidence {
  status: number
  headers: Headers
  shape: ErrorShape | undefined
  /** The start of the message. */
  message: string
}

const ACCOUNT_OUT: Verdict = { kind: 'quota-exhausted', scope: 'account' }
const BUSY: Verdict = { kind: 'overloaded', scope: 'model' }
const BAD_KEY: Verdict = { kind: 'unauthorized', scope: 'account' }
const BAD_REQUEST: Verdict = { kind: 'invalid-request', scope: 'request' }
const NO_MODEL: Verdict = { kind: 'unknown-model', scope: 'request' }

/** Codes, types and reasons that say more than the status does. */
const BY_NAME: Record<string, Verdict> = {
  // OpenAI and the Codex backend.
  usage_limit_reached: ACCOUNT_OUT,
  usage_not_included: ACCOUNT_OUT,
  insufficient_quota: ACCOUNT_OUT,
  billing_hard_limit_reached: ACCOUNT_OUT,
  billing_not_active: ACCOUNT_OUT,
  rate_limit_exceeded: { kind: 'rate-limited', scope: 'model' },
  server_is_overloaded: BUSY,
  slow_down: BUSY,
  invalid_api_key: BAD_KEY,
  token_expired: BAD_KEY,
  token_invalidated: BAD_KEY,
  account_deactivated: BAD_KEY,
  model_not_found: NO_MODEL,
  model_not_supported: NO_MODEL,
  context_length_exceeded: BAD_REQUEST,
  invalid_prompt: BAD_REQUEST,
  invalid_encrypted_content: BAD_REQUEST,
  previous_response_not_found: BAD_REQUEST,
  content_filter: BAD_REQUEST,
  cyber_policy: BAD_REQUEST,
  bio_policy: BAD_REQUEST,
  // Anthropic.
  overloaded_error: BUSY,
  billing_error: ACCOUNT_OUT,
  rate_limit_error: { kind: 'rate-limited', scope: 'model' },
  // Google.
  API_KEY_INVALID: BAD_KEY,
  MODEL_CAPACITY_EXHAUSTED: BUSY,
  QUOTA_EXHAUSTED: { kind: 'quota-exhausted', scope: 'model' },
  INSUFFICIENT_G1_CREDITS_BALANCE: ACCOUNT_OUT,
}

/** The HTTP status of an error told inside a stream, where no status line speaks. */
const STATUS_BY_NAME: Record<string, number> = {
  invalid_request_error: 400,
  invalid_prompt: 400,
  context_length_exceeded: 400,
  invalid_encrypted_content: 400,
  previous_response_not_found: 400,
  content_filter: 400,
  cyber_policy: 400,
  bio_policy: 400,
  tool_use_failed: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  token_expired: 401,
  token_invalidated: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  model_not_found: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  usage_limit_reached: 429,
  usage_not_included: 429,
  api_error: 500,
  server_error: 500,
  internal_server_error: 500,
  server_is_overloaded: 503,
  slow_down: 503,
  timeout_error: 504,
  overloaded_error: 529,
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNKNOWN: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
}

/**
 * Anthropic's policy refusals. They stand for how the caller uses the subscription and not for the account that was
 * tried: rotating accounts over them would be evading them, so they go back to the caller word for word.
 */
const POLICY_REFUSAL =
  /only authorized for use with Claude Code|Third-party apps now draw from your extra usage|You're out of extra usage/i

/** Anthropic: this request needs a paid extra; the account itself is well. */
const NEEDS_EXTRA = /extra usage is required for long context|usage credits are required for fast mode/i

const OUT_OF_CREDIT = /credit balance is too low/i
const AT_CAPACITY = /model is (?:currently )?at capacity/i
/** OpenAI and Groq: the request alone is over the whole per-minute limit; waiting does not help and nobody need rest. */
const LARGER_THAN_LIMIT = /request too large for .*(?:per min|TPM)/i
const BAD_KEY_TEXT = /(?:incorrect|invalid) api key|api key not valid|invalid x-api-key/i

const MODEL_UNKNOWN = [
  /^model: \S+$/i,
  /\b(?:unknown|unsupported|no such|not a valid) model\b/i,
  /\bmodel (?:is )?not (?:found|supported|available)\b/i,
  /\bmodels?[/:\s]\s*[`'"]?[\w.:/@-]+[`'"]? (?:is not (?:found|supported|available)|was not found|not found|does not exist|has been deprecated)/i,
]
/** Only so much of a message is held against the patterns. */
const JUDGED = 4096

const MODEL_REFUSED = /not allowed|not permitted|no access|not have access|not available|not enabled|not authori[sz]ed/i

/** Reads an upstream's refusal; `own` is the dialect's rule, asked before the common table. Never throws. */
export function judge(
  status: number,
  headers: Headers,
  body: string,
  own?: (evidence: Evidence) => Verdict | undefined,
): Failure {
  const shape = readShape(body)
  const effective = status >= 400 && status < 600 ? status : statusInside(shape)
  const message = shape?.message || plainMessage(effective, body, shape)
  const evidence: Evidence = { status: effective, headers, shape, message: message.slice(0, JUDGED) }
  const verdict = refusal(evidence) ?? own?.(evidence) ?? common(evidence)
  const base = failureOfStatus(effective, message)
  const result: Failure = { ...base, kind: verdict?.kind ?? base.kind, scope: verdict?.scope ?? base.scope }
  const retryAfter = verdict?.retryAfter ?? retryHint(effective, headers, shape)
  if (retryAfter !== undefined) result.retryAfter = retryAfter
  const code = shape?.code ?? shape?.type
  if (code !== undefined) result.code = code
  if (shape?.param !== undefined) result.param = shape.param
  return result
}

function statusInside(shape: ErrorShape | undefined): number {
  if (shape?.status !== undefined) return shape.status
  for (const name of [shape?.code, shape?.type, ...(shape?.reasons ?? [])]) {
    const status = name === undefined ? undefined : STATUS_BY_NAME[name]
    if (status !== undefined) return status
  }
  return 502
}

function refusal({ message }: Evidence): Verdict | undefined {
  if (POLICY_REFUSAL.test(message)) return { kind: 'forbidden', scope: 'request' }
  if (NEEDS_EXTRA.test(message)) return { kind: 'quota-exhausted', scope: 'request' }
  return undefined
}

function common(evidence: Evidence): Verdict | undefined {
  const { status, shape, message } = evidence
  if (LARGER_THAN_LIMIT.test(message)) return { kind: 'too-large', scope: 'request' }
  const named = byName(shape)
  if (status === 403) return forbidden(named, message)
  if (named !== undefined) return named
  if (status === 400 || status === 404 || status === 422) return ofRequest(status, message)
  if (status === 409 || status === 405) return BAD_REQUEST
  if (status === 499) return { kind: 'upstream', scope: 'model' }
  if (status === 522 || status === 524) return { kind: 'timeout', scope: 'model' }
  if (status === 429) return tooMany(evidence)
  return undefined
}

function byName(shape: ErrorShape | undefined): Verdict | undefined {
  for (const name of [shape?.code, ...(shape?.reasons ?? []), shape?.type]) {
    if (name !== undefined && Object.hasOwn(BY_NAME, name)) return BY_NAME[name]
  }
  return undefined
}

function forbidden(named: Verdict | undefined, message: string): Verdict | undefined {
  if (named !== undefined && named !== NO_MODEL) return named
  const aboutModel = named === NO_MODEL || (/\bmodels?\b/i.test(message) && MODEL_REFUSED.test(message))
  return aboutModel ? { kind: 'forbidden', scope: 'model' } : undefined
}

/** 400, 404 and 422 say that the request is at fault, except where the text plainly blames the account. */
function ofRequest(status: number, message: string): Verdict {
  if (OUT_OF_CREDIT.test(message)) return ACCOUNT_OUT
  if (BAD_KEY_TEXT.test(message)) return BAD_KEY
  if (MODEL_UNKNOWN.some((pattern) => pattern.test(message))) return NO_MODEL
  if (status === 404) return { kind: 'not-found', scope: 'request' }
  return BAD_REQUEST
}

function tooMany({ shape, message, headers }: Evidence): Verdict {
  if (OUT_OF_CREDIT.test(message)) return ACCOUNT_OUT
  if (AT_CAPACITY.test(message)) return BUSY
  const quotas = shape?.quotaIds ?? []
  if (quotas.some((id) => id.includes('PerDay'))) return { kind: 'quota-exhausted', scope: 'model' }
  const hint = retryHint(429, headers, shape)
  // Google's per-minute windows: without a hint a minute is what they last.
  const perMinute = quotas.some((id) => id.includes('PerMinute'))
  return { kind: 'rate-limited', scope: 'model', ...(perMinute && hint === undefined && { retryAfter: 60 }) }
}

/** A readable sentence for a body that holds none: a CDN's page, nothing at all, or a code alone. */
function plainMessage(status: number, body: string, shape: ErrorShape | undefined): string {
  const name = shape?.code ?? shape?.type
  if (name !== undefined) return `The upstream refused with status ${status} (${name}).`
  const text = body
    .slice(0, 20_000)
    .replace(/<(script|style|head)\b[\s\S]*?<\/\1\s*>/gi, (part) => /<title[^>]*>([^<]*)/i.exec(part)?.[1] ?? ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  if (text === '') return `The upstream answered with status ${status} and no explanation.`
  return `The upstream answered with status ${status}: ${text.length > 200 ? `${text.slice(0, 200)}…` : text}`
}
