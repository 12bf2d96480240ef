/** The road's own sentences: what happened, to which account, until when. */
import type { Account } from '../accounts/account.ts'
import type { RestingInfo } from '../accounts/pool.ts'
import { type Failure, FailureError, failure } from '../hub/failure.ts'
import type { Loss } from '../hub/loss.ts'
import type { AttemptResult, Refusal } from './attempt-contract.ts'
import type { AttemptRecord } from './events.ts'
import type { UpstreamHeaders } from './transport.ts'

/** The client's key does not reach this model. */
export function notAllowed(model: string): Failure {
  return failure('forbidden', `This key may not use the model "${model}".`, {
    param: 'model',
    code: 'model_not_allowed',
  })
}

/** `strict-translation`: what cannot be said is not said at all. */
export function lossy(losses: readonly Loss[]): Failure {
  const fields = losses.map(({ field, reason }) => `${field} (${reason})`).join(', ')
  return failure('invalid-request', `Translating this request would lose: ${fields}. strict-translation is on.`, {
    code: 'lossy_translation',
    param: losses[0]!.field,
  })
}

/** Nobody may be tried now. */
export function allResting(model: string, soonest: RestingInfo | undefined, now: number): Failure {
  if (soonest === undefined) return failure('overloaded', 'No account is free for this model.', { retryAfter: 1 })
  const seconds = secondsUntil(soonest, now)
  return failure(
    'rate-limited',
    `All accounts for "${model}" are resting. The soonest, ${soonest.label}, is tried again in ${seconds} s. It rests because: ${soonest.failure.message}`,
    { retryAfter: seconds, code: 'model_cooldown' },
  )
}

/** The last failure, told with what was tried. */
export function exhausted(
  last: Failure,
  attempts: readonly AttemptRecord[],
  soonest: RestingInfo | undefined,
  now: number,
): Failure {
  if (last.scope === 'request') return last
  const tries = attempts.map((a) => `${a.accountLabel}: ${a.failure?.status ?? a.status}`).join(', ')
  // Waiting mends no refused credential; a client would only sleep on it.
  const refused = last.kind === 'unauthorized' || last.kind === 'forbidden'
  const retryAfter = refused ? undefined : soonest === undefined ? last.retryAfter : secondsUntil(soonest, now)
  return { ...last, code: undefined, ...accountStatus(last), retryAfter, message: `${last.message} (tried ${tries})` }
}

/** Some vendors say 400 of an account's key or credit; to a client 400 would mean that its request is wrong. */
function accountStatus({ status, kind, code }: Failure): Pick<Failure, 'status' | 'code'> {
  if (status !== 400) return { status, code }
  if (kind === 'unauthorized') return { status: 401 }
  return kind === 'quota-exhausted' ? { status: 402 } : { status, code }
}

function secondsUntil({ nextTry }: RestingInfo, now: number): number {
  return Math.max(1, Math.ceil((nextTry - now) / 1000))
}

/** Why a request could not be made ready: it cannot be said, its JSON is broken deeper than the peek looked, or the fault is ours. */
export function unprepared(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure
  if (error instanceof SyntaxError)
    return failure('invalid-request', 'The request body is not valid JSON.', { code: 'invalid_json' })
  process.emitWarning(error as Error)
  return failure('internal', 'The request could not be made ready for its provider.')
}

/** What came of an attempt, without secrets: vendors quote the key they refuse, and it is not the client's to know. */
export function discreet(
  result: AttemptResult & { refusal?: Refusal },
  scrub: (text: string) => string,
): AttemptResult & { refusal?: Refusal } {
  const { failure, refusal } = result
  if (failure === undefined) return result
  return {
    ...result,
    failure: { ...failure, message: scrub(failure.message) },
    ...(refusal !== undefined && { refusal: discreetRefusal(refusal, scrub) }),
  }
}

function discreetRefusal({ status, headers, body, advised }: Refusal, scrub: (text: string) => string): Refusal {
  const said = body.toString('utf8')
  const clean = scrub(said)
  const cleanHeaders: UpstreamHeaders = {}
  for (const name in headers) {
    const value = headers[name]
    cleanHeaders[name] = Array.isArray(value) ? value.map(scrub) : value && scrub(value)
  }
  return { status, headers: cleanHeaders, body: clean === said ? body : Buffer.from(clean), advised }
}

/** Headers for the client, names and values in turn, without those that echo what the account was sent with. */
export function withoutEchoes(pairs: readonly string[], account: Account, presented: string): string[] {
  const secrets = [presented, ...Object.values(account.headers)].filter((s) => s.length >= 8)
  return pairs.filter((_, i) => !secrets.some((secret) => pairs[i | 1]!.includes(secret)))
}

/** Every account that could answer is at its own limit of requests at once. */
export function crowded(): Failure {
  return failure(
    'rate-limited',
    'Every account that serves this model has as many requests under way as it takes at once ' +
      '(routing.account-concurrency, or the limit of the account). Try again in a moment.',
    { retryAfter: 1, code: 'accounts_busy' },
  )
}

/** Whether a status says that the upstream knows no such path. */
export function isUnknownThere(status: number): boolean {
  return status === 404 || status === 405 || status === 501
}

/** Header values are latin1 and of one line; a model's name may be anything. */
export function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (c) => encodeURIComponent(c.isWellFormed() ? c : '\ufffd'))
}
