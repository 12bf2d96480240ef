/** A login as it lives in memory. */
import type { Failure } from '../../hub/failure.ts'
import type { Credential } from '../account.ts'
import type { LoginFacts, LoginRecord, LoginState, Tokens } from '../login-record.ts'
import type { Loaded } from '../vault.ts'
import { deadReason } from './attempt.ts'
import { dueAt, isFromTheFuture, MAX_REST_MS, waitLeft } from './timing.ts'

/** How often the file of a borrowed login is looked at, ms. */
export const REREAD_MS = 60_000

/** Somebody who wants a token. */
export interface Waiter {
  /** The token that was answered with 401. */
  refused: string | undefined
  /** Flights it has waited for. */
  flights: number
  done(got: Credential | Failure): void
}

/** A refresh under way, or a look at the store: one at a time for each login. */
export interface Flight {
  /** Though the token is still good. */
  force: boolean
  /** A person asked: back-off does not count. */
  person: boolean
  /** Somebody waits for it: it goes before those that are only due. */
  urgent: boolean
  refused: string | undefined
  waiters: Set<Waiter>
  /** Settles when it is over. */
  over: Promise<Failure | undefined>
}

export interface Entry {
  record: LoginRecord
  /** Absent: the record is damaged. */
  tokens: Tokens | undefined
  damage: string | undefined
  /** Made once for each token. */
  credential: Credential | undefined
  /** Clock time before which the credential may be handed out; 0: not at all. */
  usableUntil: number
  /** Whether anybody has asked for this token. */
  used: boolean
  /** In [0, 1), drawn for each token: spreads what is due. */
  luck: number
  flight: Flight | undefined
  /** Failed refreshes in a row, the clock time before which there is none, and what was said. */
  failures: number
  restUntil: number
  restWords: string
  lostAnswer: boolean
  /** Why its rotated tokens cannot be written yet. */
  unsaved: string | undefined
  /** The access token that the upstream refused. */
  refused: string | undefined
  /** When a token that cannot be refreshed was first refused. */
  suspectSince: number | undefined
  /** When the token was got because the one before was refused. */
  replacedAt: number | undefined
  /** An end that could not be written: for this version of the record. */
  dead: { version: number; state: LoginState } | undefined
  /** When the vendor's own file is next looked at, for a borrowed login. */
  rereadAt: number
  /** Rises with every change; see `reload`. */
  touched: number
}

export function isBorrowed({ record }: Entry): boolean {
  return record.facts.origin.how === 'borrowed'
}

/** An entry without anything in it; `fill` it. */
export function newEntry(record: LoginRecord): Entry {
  return {
    record,
    tokens: undefined,
    damage: undefined,
    credential: undefined,
    usableUntil: 0,
    used: false,
    luck: 0,
    flight: undefined,
    failures: 0,
    restUntil: 0,
    restWords: '',
    lostAnswer: false,
    unsaved: undefined,
    refused: undefined,
    suspectSince: undefined,
    replacedAt: undefined,
    dead: undefined,
    rereadAt: 0,
    touched: 0,
  }
}

/** Whether what was read tells anything else than what is known. */
export function differs({ record, tokens, damage }: Entry, loaded: Loaded): boolean {
  if (record.version !== loaded.record.version) return true
  if ('damage' in loaded) return damage !== loaded.damage
  return (
    tokens?.accessToken !== loaded.tokens.accessToken ||
    !sameDetails(tokens.details, loaded.tokens.details) ||
    JSON.stringify(record.facts) !== JSON.stringify(loaded.record.facts)
  )
}

/** What was read, with the tokens of memory where their write is still to come. */
export function withOurTokens(entry: Entry, loaded: Loaded): Loaded {
  const { tokens, record, unsaved } = entry
  if (unsaved === undefined || tokens === undefined || loaded.record.version !== record.version) return loaded
  return { record: { ...loaded.record, expiresAt: tokens.expiresAt }, tokens }
}

/** Takes over what was read or written. @param luck in [0, 1). */
export function fill(entry: Entry, loaded: Loaded, luck: number): void {
  const tokens = 'damage' in loaded ? undefined : loaded.tokens
  const same = tokens?.accessToken === entry.tokens?.accessToken
  entry.damage = 'damage' in loaded ? loaded.damage : undefined
  if (!same || entry.record.version !== loaded.record.version) {
    entry.luck = luck
    entry.used = false
    entry.failures = 0
    entry.restUntil = 0
    entry.lostAnswer = false
    entry.unsaved = undefined
    entry.suspectSince = undefined
  }
  if (!same) entry.replacedAt = undefined
  entry.tokens = tokens
  entry.credential = credentialOf(tokens, entry.credential)
  entry.record = withState(loaded.record, stateOf(entry, loaded.record))
  refit(entry)
}

/** Ends the login's use until its owner logs in again. */
export function kill(entry: Entry, reason: string, since: number, version = entry.record.version): void {
  const state: LoginState = { is: 'needs-login', since, reason, version }
  entry.dead = { version, state }
  entry.record = withState(entry.record, stateOf(entry, entry.record))
  refit(entry)
}

/** Computes anew until when the credential may be handed out. */
export function refit(entry: Entry): void {
  const { tokens, record, refused } = entry
  const out = tokens === undefined || tokens.accessToken === refused || record.facts.state.is !== 'ready'
  entry.usableUntil = out ? 0 : (tokens.expiresAt ?? Number.POSITIVE_INFINITY)
}

function stateOf(entry: Entry, record: LoginRecord): LoginState {
  if (deadReason(record) !== undefined) return record.facts.state
  return entry.dead?.version === record.version ? entry.dead.state : { is: 'ready' }
}

function withState(record: LoginRecord, state: LoginState): LoginRecord {
  const facts: LoginFacts = Object.freeze({ ...record.facts, state })
  return Object.freeze({ ...record, facts })
}

function credentialOf(tokens: Tokens | undefined, before: Credential | undefined): Credential | undefined {
  if (tokens === undefined) return undefined
  if (before?.type === 'oauth' && before.value === tokens.accessToken && sameDetails(before.details, tokens.details))
    return before
  return Object.freeze({ type: 'oauth', value: tokens.accessToken, details: Object.freeze({ ...tokens.details }) })
}

function sameDetails(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

/**
 * When something is to be done for a login though nobody asks: a refresh ahead of time, or a look at the file of a
 * borrowed one. Clock time, ms; infinity: never. Cooling accounts are as due as others.
 */
export function dueTime(entry: Entry, now: number): number {
  const { tokens, record, flight } = entry
  if (tokens === undefined || flight !== undefined || entry.unsaved !== undefined || record.facts.disabled)
    return Number.POSITIVE_INFINITY
  if (isBorrowed(entry)) {
    const ending = record.facts.state.is === 'ready' ? dueAt({ ...tokens, refreshToken: '' }, entry.luck) : 0
    return Math.max(now + waitLeft(entry.rereadAt, now, REREAD_MS), ending ?? Number.POSITIVE_INFINITY)
  }
  if (record.facts.state.is !== 'ready') return Number.POSITIVE_INFINITY
  const due = isFromTheFuture(tokens, now) ? 0 : dueAt(tokens, entry.luck, !entry.used)
  return Math.max(due ?? Number.POSITIVE_INFINITY, now + waitLeft(entry.restUntil, now, MAX_REST_MS))
}
