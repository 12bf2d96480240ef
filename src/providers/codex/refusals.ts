/** What the Codex backend's refusals mean, and what to do about them (domain.md 1.2, "Errors"). */
import type { Failure } from '../../hub/failure.ts'
import type { Headers } from '../login-request.ts'
import { fields, followedBy, headerValue, moment, numeric, parsed, secondsTo, text, until } from '../reading.ts'
import { quota } from './quota.ts'

/** Seconds a model rests that is "at capacity", where nothing is said: such a shortage passes quickly. */
const CAPACITY_REST = 10
/** Seconds an account rests whose network the vendor's bot protection refuses. */
const CHALLENGE_REST = 60

/**
 * Looks closer at what the dialect read of a refusal, of a status line or inside a stream.
 * @param now ms since the epoch.
 */
export function judge(read: Failure, status: number, headers: Headers, body: string, now = Date.now()): Failure {
  const json = parsed(body)
  const error = errorIn(json)
  const name = text(error['type']) ?? text(error['code']) ?? read.code
  if (name === 'usage_limit_reached') return limitReached(read, error, headers, now)
  if (name === 'usage_not_included') return notIncluded(read, error)
  if (/\bat capacity\b/i.test(read.message))
    return { ...read, kind: 'overloaded', scope: 'model', retryAfter: read.retryAfter ?? CAPACITY_REST }
  if (isDeactivated(read, error, json)) return deactivated(read)
  if (NOT_IN_PLAN.test(read.message))
    return {
      ...read,
      kind: 'unknown-model',
      scope: 'model',
      message: followedBy(
        read.message,
        `The plan of this ChatGPT account does not have it; accounts with other plans are tried.`,
      ),
    }
  if (status === 403) return forbidden(read, headers, body)
  return read
}

/** `{"error":{…}}`, `{"detail":{…}}`, or an event with either of them in its response. */
function errorIn(json: ReturnType<typeof fields>): ReturnType<typeof fields> {
  const response = fields(json['response'])
  for (const holder of [json, response])
    for (const field of ['error', 'detail'])
      if (Object.keys(fields(holder[field])).length > 0) return fields(holder[field])
  return {}
}

function limitReached(read: Failure, error: ReturnType<typeof fields>, headers: Headers, now: number): Failure {
  const after = numeric(error['resets_in_seconds'])
  const resetsAt =
    moment(error['resets_at']) ?? (after === undefined ? undefined : now + after * 1000) ?? fullUntil(headers, now)
  const plan = planOf(error)
  const retryAfter = resetsAt === undefined ? read.retryAfter : secondsTo(resetsAt, now)
  return {
    ...read,
    kind: 'quota-exhausted',
    scope: 'account',
    message: followedBy(
      read.message,
      `The allowance of this ChatGPT account${plan} is used up${resetsAt === undefined ? '' : ` ${until(resetsAt)}`}; it is asked again from time to time, since it may be reset earlier.`,
    ),
    ...(retryAfter !== undefined && { retryAfter }),
  }
}

/** When the last full window is emptied, as the headers of the refusal tell it. */
function fullUntil(headers: Headers, now: number): number | undefined {
  const windows = quota.fromHeaders?.(headers, now)?.windows ?? []
  const ends = windows.flatMap((w) =>
    w.exhausted && w.models === undefined && w.resetsAt !== undefined ? [w.resetsAt] : [],
  )
  return ends.length === 0 ? undefined : Math.max(...ends)
}

function planOf(error: ReturnType<typeof fields>): string {
  const plan = text(error['plan_type'])
  return plan === undefined ? '' : ` (plan "${plan}")`
}

function notIncluded(read: Failure, error: ReturnType<typeof fields>): Failure {
  return {
    ...read,
    // The reset that is told with it is of an allowance the plan does not have: often this very moment.
    retryAfter: undefined,
    kind: 'quota-exhausted',
    scope: 'account',
    message: followedBy(
      read.message,
      `The plan of this ChatGPT account${planOf(error)} does not include Codex: change the plan at chatgpt.com, or disable the account.`,
    ),
  }
}

const NOT_IN_PLAN = /model is not supported when using Codex with a ChatGPT account/i

function isDeactivated(read: Failure, error: ReturnType<typeof fields>, json: ReturnType<typeof fields>): boolean {
  const code = text(error['code']) ?? text(json['code']) ?? read.code
  return code === 'deactivated_workspace' || code === 'account_deactivated' || DEACTIVATED.test(read.message)
}

const DEACTIVATED = /\b(?:workspace|account) (?:has been|is|was) deactivated/i

function deactivated(read: Failure): Failure {
  return {
    ...read,
    kind: 'forbidden',
    scope: 'account',
    message: followedBy(
      sentence(read.message),
      `OpenAI has deactivated the workspace of this account: ask its owner, or log in with another one (logicaproxy login codex).`,
    ),
  }
}

/** A code alone is told in JSON; people need a sentence. */
function sentence(message: string): string {
  return message.startsWith('{') ? 'The Codex backend refused.' : message
}

function forbidden(read: Failure, headers: Headers, body: string): Failure {
  const challenged = headerValue(headers, 'cf-mitigated') === 'challenge' || /^\s*<(?:!doctype|html)/i.test(body)
  if (challenged)
    return {
      ...read,
      kind: 'upstream',
      scope: 'account',
      retryAfter: read.retryAfter ?? CHALLENGE_REST,
      message:
        "chatgpt.com's bot protection refused this machine's network, not the account. Use another network, or set a proxy for the account.",
    }
  if (/unsupported_country_region_territory/.test(`${read.code} ${body.slice(0, 4096)}`))
    return {
      ...read,
      message: followedBy(
        read.message,
        `OpenAI does not serve the country this request came from: check the proxy of the account.`,
      ),
    }
  return read
}
