/** How one login in memory gets a token: from the store, from the vendor's own file, or by a refresh. */
import type { Failure } from '../../hub/failure.ts'
import type { LoginFacts, LoginRecord, Tokens } from '../login-record.ts'
import type { RefreshRecipe } from '../oauth/flow.ts'
import type { Loaded, TokenVault } from '../vault.ts'
import type { Clock } from './clock.ts'
import { type Entry, type Flight, isBorrowed, kill, REREAD_MS, refit } from './entry.ts'
import type { Outcome, Refresher } from './job.ts'
import type { Slots } from './slots.ts'
import { isLive, MAX_REST_MS, restAfter, waitLeft } from './timing.ts'
import {
  damagedRecord,
  deathWords,
  nameOf,
  needsLogin,
  noSuchLogin,
  noTokenNow,
  reasonOf,
  refusedAnyway,
} from './words.ts'

/** Longest wait for a look at the store, ms: what it would tell may be stale anyway. */
export const LOOK_MS = 250
/** Rest after a refresh that the store or another process stood in the way of, ms. */
const STORE_REST_MS = 2_000
/** A token that cannot be refreshed and is refused a second time, this much later, has ended. */
const SUSPECT_MS = 240_000

/** What a renewal is made with. */
export interface RenewalTools {
  vault: Pick<TokenVault, 'get' | 'put' | 'putFacts'>
  refresher: Refresher
  slots: Slots
  clock: Clock
  random(): number
  recipe(record: LoginRecord, tokens: Tokens): Promise<RefreshRecipe>
  proxyOf(record: LoginRecord): string | undefined
  refreshed(provider: string, tokens: Tokens, answer: Readonly<Record<string, unknown>>): Tokens
  reread?(record: LoginRecord): Promise<Tokens | undefined>
  log(level: 'info' | 'warn' | 'error', account: string, message: string): void
  /** Takes over what was read in the store, unless this process has changed it since. @param since what `mark` gave before. */
  adopt(loaded: Loaded, since: number): void
  mark(): number
  /** Takes over what this process has got or written itself. */
  own(loaded: Loaded): void
  /** The login is gone. */
  forget(id: string): void
  /** Something about the entry changed in memory. */
  touch(entry: Entry): void
  storeFailed(error: unknown): void
  /** No refresh can be begun, because the store takes no writes; undefined: it does again. */
  writeFailed(words: string | undefined): void
}

/** A credential that may be handed out now. */
export function usable(entry: Entry, now: number): boolean {
  return now < entry.usableUntil
}

/** Gets a token for an entry. @returns why there is none; undefined: look at the entry. Never rejects. */
export async function renew(tools: RenewalTools, entry: Entry, flight: Flight): Promise<Failure | undefined> {
  const { clock } = tools
  const before = entry.record.version
  const gone = await look(tools, entry)
  if (gone !== undefined) return gone
  const isServed = () => usable(entry, clock.now()) && (!flight.force || entry.record.version !== before)
  if (isServed()) return undefined
  const { tokens, damage, record } = entry
  if (tokens === undefined) return damagedRecord(record, damage ?? 'it cannot be read')
  if (isBorrowed(entry)) return reread(tools, entry, tokens)
  if (record.facts.state.is === 'needs-login') return needsLogin(record, record.facts.state.reason)
  if (tokens.refreshToken === undefined) return withoutRefresh(tools, entry, tokens, flight)
  const rest = waitLeft(entry.restUntil, clock.now(), MAX_REST_MS)
  if (rest > 0 && !flight.person) return noTokenNow(record, entry.restWords, rest)
  const leave = await tools.slots.take(flight.urgent)
  try {
    // Somebody else may have done it while this one stood in line.
    return isServed() ? undefined : await ask(tools, entry, entry.tokens ?? tokens, flight)
  } finally {
    leave()
  }
}

/** What another process may have stored; a store that is slow is not waited for. */
async function look({ vault, clock, adopt, mark, forget, storeFailed }: RenewalTools, entry: Entry) {
  const { id } = entry.record
  const since = mark()
  let late = () => {}
  const limit = new Promise<'late'>((resolve) => {
    late = clock.after(LOOK_MS, () => resolve('late'))
  })
  try {
    const seen = await Promise.race([vault.get(id), limit])
    if (seen === 'late') return undefined
    if (seen === undefined) {
      forget(id)
      return noSuchLogin(id)
    }
    adopt(seen, since)
  } catch (error) {
    storeFailed(error)
  } finally {
    late()
  }
  return undefined
}

async function ask(
  tools: RenewalTools,
  entry: Entry,
  tokens: Tokens,
  { force, refused }: Flight,
): Promise<Failure | undefined> {
  const { record } = entry
  let recipe: RefreshRecipe
  try {
    recipe = await tools.recipe(record, tokens)
  } catch (error) {
    return rest(tools, entry, reasonOf(error))
  }
  const outcome = await tools.refresher.run(
    {
      id: record.id,
      known: record.version,
      force: force || refused !== undefined,
      refused,
      recipe,
      proxyUrl: tools.proxyOf(record),
      lostAnswer: entry.lostAnswer,
    },
    (what) => unsaved(tools, entry, what.tokens, what.words),
  )
  if (outcome.is === 'renewed') {
    return renewed(tools, entry, outcome, refused)
  }
  return failed(tools, entry, outcome)
}

/** New tokens are here but cannot be written: they serve from memory, and this is said loudly. */
function unsaved(tools: RenewalTools, entry: Entry, tokens: Tokens, words: string): void {
  const { record } = entry
  tools.own({ record: { ...record, expiresAt: tokens.expiresAt, updatedAt: tools.clock.now() }, tokens })
  entry.unsaved = words
  tools.log(
    'error',
    record.id,
    `The new tokens of ${nameOf(record)} cannot be stored: ${words} They are kept in memory and tried again; ending the program before that loses this login. Make room, or make the disk writable.`,
  )
  tools.touch(entry)
}

function renewed(
  tools: RenewalTools,
  entry: Entry,
  { record, tokens, answer }: Outcome & { is: 'renewed' },
  refused: string | undefined,
): Failure | undefined {
  if (entry.unsaved !== undefined) tools.log('info', record.id, `The new tokens of ${nameOf(record)} are stored now.`)
  entry.unsaved = undefined
  tools.writeFailed(undefined)
  const better = answer === undefined ? tokens : tools.refreshed(record.provider, tokens, answer)
  // What came from the store meanwhile may be later still.
  if (record.version >= entry.record.version || !usable(entry, tools.clock.now())) tools.own({ record, tokens: better })
  if (refused !== undefined) entry.replacedAt = tools.clock.now()
  if (answer !== undefined) tools.log('info', record.id, `Refreshed the token of ${nameOf(record)}.`)
  if (!sameTokens(tokens, better)) refine(tools, record, better)
  if (refused === undefined || better.accessToken !== refused) return undefined
  // It may do for other requests than the one that was refused, and asking again would bring nothing else.
  entry.refused = undefined
  refit(entry)
  return refusedAnyway(record, 'A refresh brought the same token again.', 60_000)
}

/** Stores what the vendor's answer says beside the tokens: after them, for it can be had again. */
function refine(tools: RenewalTools, record: LoginRecord, better: Tokens): void {
  const { id, provider, facts, version } = record
  tools.vault.put({ id, provider, facts }, better, { expected: version }).then((result) => {
    const next = { ...record, version: version + 1, updatedAt: tools.clock.now() }
    if (result === 'written') tools.own({ record: next, tokens: better })
  }, tools.storeFailed)
}

function sameTokens(a: Tokens, b: Tokens): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

function failed(tools: RenewalTools, entry: Entry, outcome: Exclude<Outcome, { is: 'renewed' }>): Failure | undefined {
  const { record } = entry
  switch (outcome.is) {
    case 'gone':
      tools.forget(record.id)
      return noSuchLogin(record.id)
    case 'damaged':
      return damagedRecord(record, outcome.words)
    case 'needs-login':
      end(tools, entry, outcome.reason, outcome.version)
      return needsLogin(record, outcome.reason)
    case 'later':
      if (outcome.cause === 'store') tools.writeFailed(outcome.words)
      if (outcome.lostAnswer !== undefined) entry.lostAnswer = outcome.lostAnswer
      return rest(tools, entry, outcome.words, outcome)
  }
}

/** No refresh for a while. The token that is there serves on until it ends. */
function rest(
  tools: RenewalTools,
  entry: Entry,
  words: string,
  { cause, retryAfterMs }: { cause?: string; retryAfterMs?: number } = {},
): Failure {
  const ours = cause === 'store' || cause === 'held'
  if (!ours) entry.failures++
  const ms = ours ? STORE_REST_MS : restAfter(entry.failures, tools.random(), retryAfterMs)
  entry.restUntil = tools.clock.now() + ms
  const told = noTokenNow(entry.record, words, ms)
  // Once for each cause: a vendor that is away for an hour is not worth a hundred lines.
  const news = ours ? entry.restWords !== words : entry.failures === 1
  entry.restWords = words
  if (news) tools.log('warn', entry.record.id, told.message)
  tools.touch(entry)
  return told
}

/** The end of a login, told once. */
function end(tools: RenewalTools, entry: Entry, reason: string, version = entry.record.version): void {
  const known = entry.record.facts.state.is === 'needs-login'
  if (version === entry.record.version) kill(entry, reason, tools.clock.now(), version)
  if (!known) tools.log('error', entry.record.id, needsLogin(entry.record, reason).message)
  tools.touch(entry)
}

/** The end of a token that nobody refreshes, for everybody who shares the store. */
async function endForAll(tools: RenewalTools, entry: Entry, reason: string): Promise<Failure> {
  const { id, version } = entry.record
  end(tools, entry, reason)
  try {
    const loaded = await tools.vault.get(id)
    if (loaded !== undefined && loaded.record.version === version && loaded.record.facts.state.is === 'ready') {
      const state: LoginFacts['state'] = { is: 'needs-login', since: tools.clock.now(), reason, version }
      await tools.vault.putFacts(id, { ...loaded.record.facts, state })
    }
  } catch (error) {
    tools.storeFailed(error)
  }
  return needsLogin(entry.record, reason)
}

/** A token without a refresh token has ended, or was refused. */
async function withoutRefresh(
  tools: RenewalTools,
  entry: Entry,
  tokens: Tokens,
  { refused }: Flight,
): Promise<Failure> {
  const now = tools.clock.now()
  const first = Math.min(entry.suspectSince ?? now, now)
  entry.suspectSince = first
  if (!isLive(tokens, now) || now - first >= SUSPECT_MS) return endForAll(tools, entry, deathWords('no-refresh-token'))
  // One refusal is not the end of a token that is good for a year: it is tried once more, some minutes later.
  if (refused !== undefined && entry.refused === tokens.accessToken) {
    entry.refused = undefined
    refit(entry)
  }
  return refusedAnyway(entry.record, 'It cannot be refreshed; it is tried again in 5 minutes.', 300_000)
}

/** A borrowed token: its owner's program refreshes it, and we read what it wrote. */
async function reread(tools: RenewalTools, entry: Entry, tokens: Tokens): Promise<Failure | undefined> {
  const { record } = entry
  const now = tools.clock.now()
  entry.rereadAt = now + REREAD_MS
  let found: Tokens | undefined
  try {
    found = await tools.reread?.(record)
  } catch (error) {
    tools.log('warn', record.id, `The file ${nameOf(record)} is borrowed from cannot be read: ${reasonOf(error)}`)
  }
  if (found !== undefined && found.accessToken !== tokens.accessToken && isLive(found, now)) {
    // What was learned beside the token (a Google project) stands in no vendor's file.
    await takeBorrowed(tools, entry, { ...found, details: { ...tokens.details, ...found.details } })
    return undefined
  }
  if (usable(entry, now)) return undefined
  return endForAll(tools, entry, deathWords('borrowed'))
}

async function takeBorrowed(tools: RenewalTools, { record }: Entry, tokens: Tokens): Promise<void> {
  const { id, provider, version } = record
  const facts: LoginFacts = { ...record.facts, state: { is: 'ready' } }
  const next = { ...record, facts, expiresAt: tokens.expiresAt, updatedAt: tools.clock.now() }
  try {
    const since = tools.mark()
    const result = await tools.vault.put({ id, provider, facts }, tokens, { expected: version })
    if (result === 'written') return tools.own({ record: { ...next, version: version + 1 }, tokens })
    const loaded = await tools.vault.get(id)
    if (loaded !== undefined) tools.adopt(loaded, since)
  } catch (error) {
    tools.storeFailed(error)
    // It stands in the vendor's file: nothing is lost if ours does not have it.
    tools.own({ record: next, tokens })
  }
}
