/**
 * Refusals of Google's Code Assist API (domain.md 1.3, errors; 1.6, 429 handling): the dialect has read them as what any
 * Gemini endpoint would mean by them; here stands what they mean for a login.
 */
import type { Failure } from '../hub/failure.ts'
import { durationSeconds, explained, googleLink, type RpcError, readRpcError } from './google-rpc.ts'

/** `Failure.code` of an account that Google has shut out for good. */
export const ACCOUNT_BANNED = 'account_banned'
/** `Failure.code` of an account whose owner has to prove something in the browser first. */
export const VALIDATION_REQUIRED = 'VALIDATION_REQUIRED'
/** `Failure.code` of an account whose plan does not cover this client, or has no licence. */
export const SUBSCRIPTION_REQUIRED = 'SUBSCRIPTION_REQUIRED'
/** `Failure.code` of a model that the account's plan has no allowance for at all. */
export const NO_ALLOWANCE = 'no_allowance'

/** `Failure.code` of the gate for clients whose version Google does not take. */
export const CLIENT_VERSION = 'client_version'

/** Longer than this the vendor's own client does not wait: the allowance is gone. Seconds. */
const TERMINAL_WAIT = 300
/** A per-minute window that does not say when it ends. Seconds. */
const MINUTE = 60
/** `limit: 0` is no matter of waiting; asked again for the sake of a changed plan. Seconds. */
const NEVER = 12 * 3600

const BANNED = /disabled in this account for violation of (?:our )?Terms of Service/i
const CLOSED =
  /client is no longer supported|no longer supported for Gemini Code Assist|no valid licen[cs]e|SUBSCRIPTION_REQUIRED/i
const API_OFF = /has not been used in project|it is disabled|SERVICE_DISABLED/i
const PROJECT_REFUSED =
  /permission.{0,80}\bprojects?\b|\bproject\b.{0,80}(?:not found|denied|invalid)|caller does not have permission/i
const LIMIT_ZERO = /\blimit: 0\b/
const WRONG_PLACE = /User location is not supported/i

/** What differs between the products. */
export interface Product {
  /** `Gemini CLI`. */
  title: string
  /** Which plans it is for, as the end of a sentence. */
  plans: string
}

/** Reads a refusal for what it means to the account. Returns `read` itself where there is nothing to add. */
export function judgeCodeAssist(read: Failure, body: string, product: Product): Failure {
  const error = readRpcError(body)
  if (error === undefined) return read
  if (read.status === 403) return forbidden(read, error, product)
  if (error.reasons.includes('MODEL_CAPACITY_EXHAUSTED'))
    return explained(read, "Google's servers for this model are full; it is not about this account.", {
      kind: 'overloaded',
      scope: 'model',
    })
  if (read.status === 429) return tooMany(read, error)
  if (read.status === 404)
    return explained(read, `This account has no such model with ${product.title}.`, {
      kind: 'unknown-model',
      scope: 'model',
    })
  if (read.status === 400 && WRONG_PLACE.test(error.message))
    return explained(read, 'Give the account a proxy in a country Google serves (`proxy`).', {
      kind: 'forbidden',
      scope: 'account',
    })
  return read
}

function forbidden(read: Failure, error: RpcError, { title, plans }: Product): Failure {
  const { message, reasons, metadata, links } = error
  const account = { kind: 'forbidden', scope: 'account' } as const
  const has = (reason: string) => reasons.includes(reason)
  if (has('TOS_VIOLATION') || BANNED.test(message))
    return explained(
      read,
      `Google has shut this account out of ${title}. Nothing here can change that: remove or disable the account, and write to Google as its owner.`,
      { ...account, code: ACCOUNT_BANNED },
    )
  if (has('VALIDATION_REQUIRED') || metadata['validation_url'] !== undefined) {
    const link = googleLink([metadata['validation_url'], ...links])
    const where = link === undefined ? 'Open Gemini in a browser' : `Open ${link} in a browser`
    return explained(
      read,
      `Google wants the owner of this account to verify it. ${where}, signed in with this account, follow the steps, then use the account again.`,
      { ...account, code: VALIDATION_REQUIRED },
    )
  }
  if (has('SUBSCRIPTION_REQUIRED') || has('UNSUPPORTED_CLIENT') || CLOSED.test(message))
    return explained(read, `${title} can be used through other programs with ${plans}.`, {
      ...account,
      code: SUBSCRIPTION_REQUIRED,
    })
  if (has('SECURITY_POLICY_VIOLATED'))
    return explained(
      read,
      "The organisation's VPC Service Controls keep this machine out: its administrator has to allow it.",
      { ...account, code: 'SECURITY_POLICY_VIOLATED' },
    )
  if (has('SERVICE_DISABLED') || API_OFF.test(message)) {
    const link = googleLink([metadata['activationUrl'], ...links])
    return explained(
      read,
      `Enable "Gemini for Google Cloud API" in the account's Google Cloud project${link === undefined ? '' : `: ${link}`}.`,
      { ...account, code: 'SERVICE_DISABLED' },
    )
  }
  if (has('IAM_PERMISSION_DENIED') || has('CONSUMER_INVALID') || PROJECT_REFUSED.test(message))
    return explained(
      read,
      "The account may not use its Google Cloud project. Check the project's id and the account's role in it, or log in again with another project.",
      account,
    )
  return read
}

function tooMany(read: Failure, error: RpcError): Failure {
  const { message, reasons, metadata, quotaIds } = error
  const model = { scope: 'model' } as const
  if (LIMIT_ZERO.test(message))
    return explained(read, "The account's plan has no allowance for this model: waiting does not help.", {
      ...model,
      kind: 'quota-exhausted',
      code: NO_ALLOWANCE,
      retryAfter: NEVER,
    })
  if (reasons.includes('INSUFFICIENT_G1_CREDITS_BALANCE'))
    return explained(read, 'The credits bought for this account are used up, too.', {
      ...model,
      kind: 'quota-exhausted',
    })
  const reset = metadata['quotaResetDelay']
  const waits = [read.retryAfter, error.retryDelay, reset === undefined ? undefined : durationSeconds(reset)]
  const told = waits.filter((wait) => wait !== undefined)
  const longest = told.length === 0 ? undefined : Math.max(...told)
  const gone = reasons.includes('QUOTA_EXHAUSTED') || quotaIds.some((id) => id.includes('PerDay'))
  if (gone || (longest !== undefined && longest > TERMINAL_WAIT)) {
    const { retryAfter: _, ...rest } = read
    return { ...rest, ...model, kind: 'quota-exhausted', ...(longest !== undefined && { retryAfter: longest }) }
  }
  const perMinute = quotaIds.some((id) => id.includes('PerMinute')) || reasons.includes('RATE_LIMIT_EXCEEDED')
  if (!perMinute || read.retryAfter !== undefined) return read
  return { ...read, ...model, kind: 'rate-limited', retryAfter: longest ?? MINUTE }
}
