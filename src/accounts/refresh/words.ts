/** What people are told about refreshes: what happened, to which account, and what to do. Never a secret. */
import { type Failure, failure } from '../../hub/failure.ts'
import type { LoginRecord } from '../login-record.ts'
import { isNameless } from '../oauth/identities.ts'

const AGAIN = 'Log in again.'

/**
 * Why a login needs its owner.
 * @param doubt what came before, when the refused token may have been spent without our hearing the answer.
 * @param said the vendor's own words.
 */
export function deathWords(
  why: 'refused' | 'no-refresh-token' | 'borrowed',
  doubt?: 'interrupted' | 'interrupted-twice' | 'lost-answer',
  said?: string,
): string {
  if (why === 'no-refresh-token')
    return `Its token has ended, and it is of a kind that cannot be refreshed (it came without a refresh token). ${AGAIN}`
  if (why === 'borrowed')
    return "Its token is borrowed from the vendor's own program and has ended. Use that program once, so that it refreshes its login, or log in here."
  const vendor = said === undefined || said === '' ? 'The vendor no longer takes it' : said.replace(/[.\s]*$/, '')
  if (doubt === 'interrupted-twice')
    return `A refresh was interrupted twice before its answer could be kept, so that the stored token may be spent; presenting it a third time could end the whole login. ${AGAIN}`
  if (doubt === 'interrupted')
    return `${vendor}. A refresh before was interrupted before its answer could be kept, so that the stored token was probably spent. ${AGAIN}`
  if (doubt === 'lost-answer')
    return `${vendor}. The answer to the refresh before was lost on its way, so that the stored token was probably spent. ${AGAIN}`
  return `${vendor}. ${AGAIN}`
}

/** An error's own sentence. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The account, as people know it: `claude-1f3a9c0b2d (anna@example.org)`. */
export function nameOf({ id, facts }: Pick<LoginRecord, 'id' | 'facts'>): string {
  return facts.label === '' || facts.label === id ? id : `${id} (${facts.label})`
}

/** What renews this account. Where the vendor tells nobody's name, the label says whose login it is. */
function loginCommand({ provider, facts }: LoginRecord): string {
  const command = `logicaproxy login ${provider}`
  if (!isNameless(facts.subject ?? '')) return command
  return `${command} --label ${/^[\w.:@-]+$/.test(facts.label) ? facts.label : JSON.stringify(facts.label)}`
}

export function noSuchLogin(accountId: string): Failure {
  return failure('unauthorized', `There is no login ${accountId}: it was removed.`, {
    scope: 'account',
    code: 'no_such_login',
  })
}

/** The login has ended. */
export function needsLogin(record: LoginRecord, reason: string): Failure {
  return failure('unauthorized', `The login ${nameOf(record)} has ended. ${reason} (${loginCommand(record)})`, {
    scope: 'account',
    code: 'needs_login',
  })
}

/** There is no token now, but there may be one later. @param ms until a retry makes sense. */
export function noTokenNow(record: LoginRecord, words: string, ms: number): Failure {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  const message = `The token of ${nameOf(record)} could not be refreshed: ${sentence(words)} It is tried again in ${seconds} s.`
  return failure('overloaded', message, { scope: 'account', retryAfter: seconds, code: 'token_refresh_failed' })
}

/** The vendor refuses a token that refreshing cannot mend. */
export function refusedAnyway(record: LoginRecord, words: string, ms: number): Failure {
  return failure('unauthorized', `The vendor refuses the token of ${nameOf(record)} (401). ${words}`, {
    scope: 'account',
    retryAfter: Math.ceil(ms / 1000),
    code: 'token_refused',
  })
}

export function damagedRecord(record: LoginRecord, damage: string): Failure {
  const help = `Log in again (${loginCommand(record)}), or restore a backup of the store.`
  return failure('unauthorized', `The stored login ${nameOf(record)} cannot be used: ${sentence(damage)} ${help}`, {
    scope: 'account',
    code: 'login_damaged',
  })
}

export function ending(): Failure {
  return failure('overloaded', 'This server is stopping.', { retryAfter: 1 })
}

/** With a full stop at its end. */
export function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`
}
