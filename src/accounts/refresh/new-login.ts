/** What a login is called and how it is described when it comes, or comes again. */
import { createHash } from 'node:crypto'
import { StoreError, type StoreErrorCode } from '../../store/store.ts'
import type { LoginFacts, LoginRecord, Tokens } from '../login-record.ts'
import type { NewLogin } from '../logins.ts'
import type { Identity } from '../oauth/flow.ts'
import { isNameless } from '../oauth/identities.ts'
import type { Loaded } from '../vault.ts'
import type { Clock } from './clock.ts'
import type { Entry } from './entry.ts'
import type { LoginsOptions } from './options.ts'
import { nameOf, reasonOf } from './words.ts'

/** The same person at the same provider has the same id for ever. */
export function accountId(provider: string, subject: string, entries: ReadonlyMap<string, Entry>): string {
  const digest = createHash('sha256').update(`${provider}\0${subject}`).digest('hex')
  for (let length = 10; ; length += 2) {
    const id = `${provider}-${digest.slice(0, length)}`
    const other = entries.get(id)
    if (other === undefined || other.record.facts.subject === subject || length >= digest.length) return id
  }
}

/**
 * Where the vendor tells nobody's name, a login under the label of an account renews that account, although it came
 * without a name or by import.
 */
export function asKnown(provider: string, identity: Identity, entries: ReadonlyMap<string, Entry>): Identity {
  const { subject, label } = identity
  if (!subject.startsWith('name:') || entries.has(accountId(provider, subject, entries))) return identity
  for (const { record } of entries.values())
    if (record.provider === provider && record.facts.label === label && isNameless(record.facts.subject))
      return { ...identity, subject: record.facts.subject }
  return identity
}

/**
 * Facts of a new login, or of one that is renewed: what its owner has set stays.
 * @throws {Error} if a borrowed login would take the place of one of our own.
 */
export function factsOf(loaded: Loaded | undefined, identity: Identity, how: NewLogin, now: number): LoginFacts {
  // Of a damaged record not even the facts need be there.
  const before = typeof loaded?.record.facts.label === 'string' ? loaded.record.facts : undefined
  if (
    loaded !== undefined &&
    'tokens' in loaded &&
    before !== undefined &&
    how.origin.how === 'borrowed' &&
    before.origin.how !== 'borrowed' &&
    before.state.is === 'ready'
  )
    throw new Error(
      `${before.label} is logged in here already, with a login of its own; borrowing another program's would replace it. Remove it first if that is what you want.`,
    )
  const own = {
    subject: identity.subject,
    email: identity.email ?? before?.email,
    plan: identity.plan ?? before?.plan,
    state: { is: 'ready' } as const,
    origin: how.origin,
    acknowledgedAt: how.acknowledgedAt ?? before?.acknowledgedAt,
    proxyUrl: how.proxyUrl ?? before?.proxyUrl,
  }
  if (before !== undefined) return { ...before, ...own, label: how.label ?? before.label }
  return {
    ...own,
    label: how.label ?? identity.label ?? identity.email ?? identity.subject,
    disabled: false,
    priority: 0,
    weight: 1,
    headers: {},
    excludedModels: [],
    createdAt: now,
  }
}

/** So long new tokens wait for a store that does not take them, ms: a person has just gone through a login for them. */
const INSIST_MS = 60_000
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 4_000
const FOR_GOOD: ReadonlySet<StoreErrorCode> = new Set(['closed', 'corrupt', 'newer-schema'])

/**
 * Asks a store again that fails for a while.
 * @throws {StoreError} what it failed with last; anything else at once.
 */
export async function insist<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const until = clock.steady() + INSIST_MS
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2))
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreError) || FOR_GOOD.has(error.code) || clock.steady() + pause > until) throw error
      await clock.sleep(pause)
    }
}

/** Tells the vendor that a login is given up; if it cannot be told, its owner is. */
export async function giveUp({ revoke, log }: LoginsOptions, record: LoginRecord, tokens: Tokens): Promise<void> {
  try {
    await revoke?.(record, tokens)
  } catch (error) {
    const words = `The vendor could not be told that ${nameOf(record)} is given up: ${reasonOf(error)}`
    log?.('warn', record.id, `${words} Remove this program from the account's page at the vendor.`)
  }
}
