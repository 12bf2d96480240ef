/**
 * One refresh of one login, from the lease to the durable write. It runs in the keeper (keeper.ts) or in the gateway
 * itself, in any number of processes at once, over any store; the rules are those of domain.md 1.1 and 4.6:
 *
 * - only the holder of the account's lease presents its refresh token, after it has read the stored record anew;
 * - a note on the lease says so beforehand: who comes after a crash presents the token once more at most;
 * - new tokens are written, fenced by the lease and by the record's version, before anybody gets them;
 * - once there are new tokens, the old ones are never presented again, whatever the store does.
 */
import { randomUUID } from 'node:crypto'
import type { LoginFacts, LoginRecord, Tokens } from '../login-record.ts'
import type { RefreshRecipe } from '../oauth/flow.ts'
import { renewed } from '../oauth/token.ts'
import type { Loaded, TokenVault } from '../vault.ts'
import type { Exchanged, Outcome, RefreshJob, Troubled, Unsaved } from './job.ts'
import { digestOf, type Held, LEASE_MS, type LeaseBench, leaseName, readNote, takeLease, writeNote } from './lease.ts'
import { isLive } from './timing.ts'
import { deathWords, reasonOf } from './words.ts'

/** Longest an exchange takes: the calls have this limit themselves (domain.md 1.1). */
export const EXCHANGE_MS = 30_000
/** What is left of the lease after the longest exchange, for the write. */
const WRITE_MS = 10_000
/** Time given to whoever may still hold the answer to a token presented before, to write it. */
const SETTLE_MS = 5_000
/** Longest wait for another process; longer than a lease, so that one left behind by a crash is outlived. */
const PATIENCE_MS = 2 * LEASE_MS
const POLL_MS = 40
const MAX_POLL_MS = 400
const SAVE_MS = 250
const MAX_SAVE_MS = 2_000

/** What a refresh is carried out with. One for each process that refreshes. */
export interface Bench extends LeaseBench {
  vault: Pick<TokenVault, 'get' | 'put' | 'putFacts'>
  /** Presents a refresh token. Never rejects. */
  exchange(recipe: RefreshRecipe, refreshToken: string, proxyUrl: string | undefined): Promise<Exchanged>
  /** Attempts of this process that are over, so that a note that could not be taken away deceives nobody. */
  over: Set<string>
  /** Rotated tokens that still cannot be written: whether to go on trying. */
  persists(): boolean
  random(): number
}

interface Found {
  record: LoginRecord
  tokens: Tokens
  refreshToken: string
}

/** Refreshes one login, or finds that there is no need to. Never rejects. */
export async function attemptRefresh(
  bench: Bench,
  job: RefreshJob,
  troubled: (what: Troubled) => void,
): Promise<Outcome> {
  try {
    return job.unsaved === undefined
      ? await refresh(bench, job, troubled)
      : await save(bench, job, job.unsaved, undefined, undefined, troubled)
  } catch (error) {
    // Nothing was presented: whatever happens after that is dealt with where it happens.
    return { is: 'later', cause: 'store', words: reasonOf(error) }
  }
}

async function refresh(bench: Bench, job: RefreshJob, troubled: (what: Troubled) => void): Promise<Outcome> {
  const name = leaseName(job.id)
  const until = bench.clock.steady() + PATIENCE_MS
  let settled: string | undefined
  for (;;) {
    const held = await waitForLease(bench, name, until, () => look(bench, job))
    if ('is' in held) return held
    const release = () => bench.leases.release(held.lease, bench.owner).catch(() => {})
    let found: Found | Outcome
    try {
      found = await look(bench, job, true)
    } catch (error) {
      await release()
      throw error
    }
    if ('is' in found) {
      await release()
      return found
    }
    const { version } = found.record
    const token = digestOf(found.refreshToken)
    const left = readNote(held.lease.note)
    const doubtful = left !== undefined && left.token === token && !bench.over.has(left.attempt)
    if (doubtful && left.again) {
      const outcome = await bury(bench, job, found, 'interrupted-twice')
      await release()
      return outcome
    }
    if (doubtful && left.by !== bench.owner && settled !== token) {
      // Its holder may live, with the new tokens in hand and the store out of reach: let it write. A predecessor of our
      // own name is known to be dead.
      settled = token
      await release()
      await bench.clock.sleep(SETTLE_MS)
      continue
    }
    const again = doubtful || settled === token
    const attempt = randomUUID()
    const note = writeNote({ version, token, by: bench.owner, attempt, again })
    // A note that is left behind costs others their trust in the token: none without time enough to act on it.
    const inTime = held.isGoodFor(EXCHANGE_MS + 2 * WRITE_MS)
    try {
      if (inTime && !(await bench.leases.note(held.lease, bench.owner, note))) continue
    } catch (error) {
      await leave(bench, held, attempt)
      throw error
    }
    if (!inTime || !held.isGoodFor(EXCHANGE_MS + WRITE_MS)) {
      // The store took so long that the answer might come after the lease.
      await leave(bench, held, attempt)
      if (bench.clock.steady() <= until) continue
      return { is: 'later', cause: 'store', words: 'the store is too slow for a refresh to be safe' }
    }
    return await present(bench, job, found, held, attempt, again, troubled)
  }
}

/** The point of no return: from here on the refresh token may be spent. */
async function present(
  bench: Bench,
  job: RefreshJob,
  found: Found,
  held: Held,
  attempt: string,
  again: boolean,
  troubled: (what: Troubled) => void,
): Promise<Outcome> {
  const got = await bench.exchange(job.recipe, found.refreshToken, job.proxyUrl)
  if (got.is === 'tokens') {
    const tokens = renewed(found.tokens, got.fresh)
    return await save(bench, job, { tokens, spent: found.refreshToken }, held, got.answer, troubled)
  }
  if (got.is === 'dead') {
    const doubt = again ? 'interrupted' : job.lostAnswer === true ? 'lost-answer' : undefined
    const outcome = await bury(bench, job, found, doubt, got.words)
    await leave(bench, held, attempt)
    return outcome
  }
  await leave(bench, held, attempt)
  const { cause, words, retryAfterMs, lost } = got
  return { is: 'later', cause, words, retryAfterMs, lostAnswer: lost }
}

/** Takes the note away and gives the lease back. If the store refuses, both lapse by themselves. */
async function leave(bench: Bench, held: Held, attempt: string): Promise<void> {
  bench.over.add(attempt)
  try {
    await bench.leases.note(held.lease, bench.owner, undefined)
    bench.over.delete(attempt)
    await bench.leases.release(held.lease, bench.owner)
  } catch {}
}

/** Waits until the lease is ours, or until `look` finds that it is not needed. */
async function waitForLease(
  bench: Bench,
  name: string,
  until: number,
  look: () => Promise<Found | Outcome>,
): Promise<Held | Outcome> {
  for (let poll = POLL_MS; ; poll = Math.min(MAX_POLL_MS, poll * 1.5)) {
    const held = await takeLease(bench, name)
    if (held !== undefined) return held
    const seen = await look()
    if ('is' in seen) return seen
    if (bench.clock.steady() > until)
      return { is: 'later', cause: 'held', words: 'another process has been refreshing this login for too long' }
    await bench.clock.sleep(poll * (0.75 + bench.random() / 2))
  }
}

/**
 * Reads the stored record anew. An outcome: there is nothing to present.
 * @param decides whether the lease is ours, so that what is read is the truth of this moment.
 */
async function look(bench: Bench, job: RefreshJob, decides = false): Promise<Found | Outcome> {
  return judge(bench, job, await bench.vault.get(job.id), decides)
}

function judge(bench: Bench, job: RefreshJob, loaded: Loaded | undefined, decides: boolean): Found | Outcome {
  if (loaded === undefined) return { is: 'gone' }
  if ('damage' in loaded) return { is: 'damaged', words: loaded.damage }
  const { record, tokens } = loaded
  const live = isLive(tokens, bench.clock.now()) && tokens.accessToken !== job.refused
  if (live && (record.version !== job.known || (decides && !job.force))) return { is: 'renewed', record, tokens }
  const ended = deadReason(record)
  if (ended !== undefined) return { is: 'needs-login', reason: ended, version: record.version, told: true }
  if (tokens.refreshToken === undefined)
    return { is: 'needs-login', reason: deathWords('no-refresh-token'), version: record.version, told: false }
  return { record, tokens, refreshToken: tokens.refreshToken }
}

/** Why the record's own version cannot be used until its owner logs in again; undefined: it can. */
export function deadReason({ version, facts }: Pick<LoginRecord, 'version' | 'facts'>): string | undefined {
  const { state } = facts
  if (state.is === 'ready') return undefined
  return state.version === undefined || state.version >= version ? state.reason : undefined
}

/** The refresh token is dead: recovered if somebody has stored another meanwhile, told to everybody otherwise. */
async function bury(
  bench: Bench,
  job: RefreshJob,
  found: Found,
  doubt?: Parameters<typeof deathWords>[1],
  said?: string,
): Promise<Outcome> {
  let { version } = found.record
  const reason = deathWords('refused', doubt, said)
  try {
    const loaded = await bench.vault.get(job.id)
    if (loaded === undefined) return { is: 'gone' }
    if (!('damage' in loaded) && loaded.tokens.refreshToken !== found.refreshToken)
      return { is: 'renewed', record: loaded.record, tokens: loaded.tokens }
    version = loaded.record.version
    const state: LoginFacts['state'] = { is: 'needs-login', since: bench.clock.now(), reason, version }
    await bench.vault.putFacts(job.id, { ...loaded.record.facts, state })
  } catch {
    // The asker keeps it in memory, and whoever asks the vendor next hears the same.
  }
  return { is: 'needs-login', reason, version, told: false }
}

/** Writes new tokens, and does not give up: they are all that is left of the login. */
async function save(
  bench: Bench,
  job: RefreshJob,
  unsaved: Unsaved,
  first: Held | undefined,
  answer: Readonly<Record<string, unknown>> | undefined,
  troubled: (what: Troubled) => void,
): Promise<Outcome> {
  let held = first
  let words = ''
  for (let wait = SAVE_MS; ; wait = Math.min(MAX_SAVE_MS, wait * 2)) {
    try {
      held ??= await takeLease(bench, leaseName(job.id))
      const end = await write(bench, job, unsaved, held)
      if (end !== undefined) {
        if (held !== undefined) await bench.leases.release(held.lease, bench.owner).catch(() => {})
        return end.is === 'renewed' && end.tokens.accessToken === unsaved.tokens.accessToken ? { ...end, answer } : end
      }
      words = 'another process holds the lease of this login'
    } catch (error) {
      const now = reasonOf(error)
      if (now !== words) troubled({ ...unsaved, words: now })
      words = now
    }
    if (!bench.persists()) return { is: 'later', cause: 'store', words }
    // If somebody was let in after us, the next write needs a lease and a fence of its own.
    held = undefined
    await bench.clock.sleep(wait)
  }
}

/** @returns undefined: refused, because the lease is somebody else's. */
async function write(
  bench: Bench,
  job: RefreshJob,
  { tokens, spent }: Unsaved,
  held: Held | undefined,
): Promise<Outcome | undefined> {
  // Facts as they are now: a person may have changed a label while the vendor was asked.
  const loaded = await bench.vault.get(job.id)
  if (loaded === undefined) return { is: 'gone' }
  if ('damage' in loaded) return { is: 'damaged', words: loaded.damage }
  // Written already (its confirmation was lost), or replaced by another login.
  // Some vendors answer with the very token of before and a later end: that is news, too.
  const isWritten = loaded.tokens.accessToken === tokens.accessToken && loaded.tokens.expiresAt === tokens.expiresAt
  if (isWritten || loaded.tokens.refreshToken !== spent)
    return { is: 'renewed', record: loaded.record, tokens: loaded.tokens }
  if (held === undefined) return undefined
  const { id, provider, version } = loaded.record
  const facts: LoginFacts = { ...loaded.record.facts, state: { is: 'ready' } }
  const fence = { lease: held.lease.name, number: held.lease.number }
  const result = await bench.vault.put({ id, provider, facts }, tokens, { expected: version, fence })
  if (result === 'conflict') return undefined
  const updatedAt = bench.clock.now()
  const record = { ...loaded.record, version: version + 1, expiresAt: tokens.expiresAt, updatedAt, facts }
  return { is: 'renewed', record, tokens }
}
