/**
 * The logins: all of them in memory, kept alive ahead of time, refreshed on demand, in step with the store and with the
 * other processes that use it. The rules of a refresh stand in refresh/attempt.ts.
 */
import { type Failure, FailureError, failure } from '../hub/failure.ts'
import type { Credential } from './account.ts'
import type { LoginFacts, LoginRecord } from './login-record.ts'
import { createAlarm } from './refresh/alarm.ts'
import { realClock } from './refresh/clock.ts'
import {
  differs,
  dueTime,
  type Entry,
  type Flight,
  fill,
  isBorrowed,
  newEntry,
  refit,
  type Waiter,
  withOurTokens,
} from './refresh/entry.ts'
import { asKnown, factsOf, giveUp, accountId as idOf, insist } from './refresh/new-login.ts'
import type { LoginsOptions, LoginsService } from './refresh/options.ts'
import { type RenewalTools, renew, usable } from './refresh/renewal.ts'
import { createSlots } from './refresh/slots.ts'
import {
  damagedRecord,
  ending,
  nameOf,
  needsLogin,
  noSuchLogin,
  noTokenNow,
  reasonOf,
  refusedAnyway,
} from './refresh/words.ts'
import type { Loaded } from './vault.ts'

export type { LoginsOptions, LoginsService } from './refresh/options.ts'

/** Most refreshes at once. */
const MOST_AT_ONCE = 16
/** Flights that one request waits for. */
const MOST_FLIGHTS = 5
/** Longest and shortest time between two looks at what is due, ms. */
const TICK_MS = 15_000
const MIN_TICK_MS = 20
/** How soon a store or vault that failed is tried again, ms. */
const RETRY_MS = 1_000
/** At a start, refreshes that are due are spread over so much time for each login, ms. */
const SPREAD_MS = 250
/** How often a new login gives way to another process that writes the same one. */
const ADD_TRIES = 5
/** A token that was just got in place of a refused one and is refused too is not replaced again within this, ms. */
const REFUSED_AGAIN_MS = 30_000

/**
 * Loads the logins. Resolves even if they cannot be loaded now (see `trouble`); they come when they can.
 */
export async function createLogins(options: LoginsOptions): Promise<LoginsService> {
  const { vault, store, clock = realClock, random = Math.random, log = () => {} } = options
  const entries = new Map<string, Entry>()
  /** When those that are gone went, so that an older reading does not bring them back. */
  const forgotten = new Map<string, number>()
  const listeners = new Set<() => void>()
  let list: readonly LoginRecord[] | undefined
  let telling = false
  let fault: string | undefined
  let blocked: string | undefined
  let closed = false
  let sequence = 0
  /** Something was read that was older than what is known: it is read again soon. */
  let staleRead = false
  const startedAt = clock.steady()
  const now = clock.now

  const alarm = createAlarm(clock, { least: MIN_TICK_MS, most: TICK_MS }, tick)

  const tools: RenewalTools = {
    vault,
    refresher: options.refresher,
    slots: createSlots(MOST_AT_ONCE),
    clock,
    random,
    log,
    recipe: options.recipe,
    proxyOf: ({ facts }) => facts.proxyUrl ?? options.proxyUrl?.(),
    refreshed: options.refreshed ?? ((_provider, tokens) => tokens),
    reread: options.reread,
    adopt,
    own: take,
    mark: () => sequence,
    forget,
    touch,
    storeFailed(error) {
      fault ??= `The logins cannot be read or written: ${reasonOf(error)}`
      alarm.within(RETRY_MS)
    },
    writeFailed(words) {
      blocked = words
    },
  }

  // ---- memory

  function touch(entry: Entry): void {
    entry.touched = ++sequence
    list = undefined
    if (telling) return
    telling = true
    queueMicrotask(() => {
      telling = false
      if (!closed) for (const listener of [...listeners]) listener()
    })
  }

  /** Takes over what was read in the store, if it is news. What this process has changed since the reading is not undone. */
  function adopt(loaded: Loaded, since: number): void {
    const { id, version } = loaded.record
    const entry = entries.get(id)
    const changed = entry?.touched ?? forgotten.get(id) ?? 0
    if (changed > since && version <= (entry?.record.version ?? version)) {
      staleRead = true
      return
    }
    const next = entry === undefined ? loaded : withOurTokens(entry, asPresented(loaded))
    if (entry === undefined || differs(entry, next)) take(next)
  }

  /** Another process may have written the tokens as they came, without what the vendor's flow makes of them. */
  function asPresented(loaded: Loaded): Loaded {
    if ('damage' in loaded) return loaded
    return { ...loaded, tokens: tools.refreshed(loaded.record.provider, loaded.tokens, {}) }
  }

  function take(found: Loaded): void {
    const loaded = asPresented(found)
    const { id } = loaded.record
    let entry = entries.get(id)
    if (entry === undefined) {
      entry = newEntry(loaded.record)
      entries.set(id, entry)
      forgotten.delete(id)
    }
    const { damage } = entry
    const ended = entry.touched > 0 && entry.record.facts.state.is === 'needs-login'
    fill(entry, loaded, random())
    if (entry.damage !== undefined && entry.damage !== damage)
      log('error', id, damagedRecord(entry.record, entry.damage).message)
    const { state } = entry.record.facts
    if (state.is === 'needs-login' && !ended) log('error', id, needsLogin(entry.record, state.reason).message)
    touch(entry)
    serve(entry)
    alarm.within(dueTime(entry, now()) - now())
  }

  function forget(id: string): void {
    const entry = entries.get(id)
    if (entry === undefined) return
    entries.delete(id)
    entry.usableUntil = 0
    touch(entry)
    forgotten.set(id, sequence)
    finish(entry, noSuchLogin(id))
  }

  let loading: Promise<void> | undefined
  let loadAgain = false

  /** Reads everything anew; one at a time, and once more if something changed meanwhile. */
  function reload(): Promise<void> {
    if (loading !== undefined) {
      loadAgain = true
      return loading
    }
    loading = (async () => {
      do {
        loadAgain = false
        await load()
      } while (loadAgain && !closed)
    })().finally(() => {
      loading = undefined
    })
    return loading
  }

  async function load(): Promise<void> {
    const from = sequence
    staleRead = false
    try {
      const all = await vault.all()
      fault = undefined
      const found = new Set<string>()
      for (const loaded of all) {
        found.add(loaded.record.id)
        adopt(loaded, from)
      }
      // Not those that came while this was being read.
      for (const [id, entry] of entries) if (!found.has(id) && entry.touched <= from) forget(id)
    } catch (error) {
      tools.storeFailed(error)
    }
  }

  // ---- those who wait

  /** Hands the token to those who can use it. */
  function serve(entry: Entry): void {
    const { flight, credential } = entry
    if (flight === undefined || credential === undefined || !usable(entry, now())) return
    for (const waiter of flight.waiters)
      if (waiter.refused !== credential.value) {
        flight.waiters.delete(waiter)
        entry.used = true
        waiter.done(credential)
      }
  }

  /** Ends the waiting of all who are left. */
  function finish(entry: Entry, why: Failure): void {
    const waiters = entry.flight?.waiters
    if (waiters === undefined) return
    for (const waiter of [...waiters]) {
      waiters.delete(waiter)
      waiter.done(why)
    }
  }

  function launch(entry: Entry, wish: Partial<Omit<Flight, 'waiters' | 'over'>>, waiter?: Waiter): Flight {
    const flight: Flight = {
      force: false,
      person: false,
      urgent: waiter !== undefined,
      refused: undefined,
      ...wish,
      waiters: new Set(waiter === undefined ? [] : [waiter]),
      over: Promise.resolve(undefined),
    }
    entry.flight = flight
    flight.over = renew(tools, entry, flight)
      .catch((error): Failure => failure('internal', reasonOf(error), { scope: 'account' }))
      .then((why) => {
        serve(entry)
        entry.flight = undefined
        alarm.within(dueTime(entry, now()) - now())
        land(entry, flight, why)
        return why
      })
    return flight
  }

  /** Serves who is left after a flight: with its failure, or by another flight for those who refuse what it brought. */
  function land(entry: Entry, { waiters }: Flight, why: Failure | undefined): void {
    const left = [...waiters]
    waiters.clear()
    if (why !== undefined) {
      for (const waiter of left) waiter.done(why)
      return
    }
    for (const waiter of left) wait(entry, waiter)
  }

  /** Serves somebody at once, or lets them wait for a flight. */
  function wait(entry: Entry, waiter: Waiter): void {
    const got = atOnce(entry, waiter)
    if (got !== undefined) {
      waiter.done(got)
    } else if (waiter.flights++ === MOST_FLIGHTS) {
      waiter.done(noTokenNow(entry.record, 'its tokens end as fast as they come', MOST_FLIGHTS * 1000))
    } else if (entry.flight === undefined) {
      // Who did not see an earlier refusal gets no better a token for it: the refresh that followed may have failed.
      const bad = waiter.refused ?? entry.refused
      launch(entry, bad === entry.credential?.value ? { refused: bad } : {}, waiter)
    } else {
      entry.flight.urgent = true
      entry.flight.waiters.add(waiter)
    }
  }

  function atOnce(entry: Entry, { refused }: Waiter): Credential | Failure | undefined {
    if (closed) return ending()
    const { credential, unsaved, record } = entry
    if (refused !== undefined && refused === credential?.value) {
      // A vendor that refuses what it has just issued does not want for another token.
      if (entry.replacedAt !== undefined && Math.abs(now() - entry.replacedAt) < REFUSED_AGAIN_MS)
        return refusedAnyway(record, 'It was issued a moment ago, so another one is not asked for.', 60_000)
      entry.refused = refused
      refit(entry)
    }
    if (credential !== undefined && usable(entry, now())) {
      entry.used = true
      return credential
    }
    if (unsaved === undefined) return undefined
    return noTokenNow(record, `the new tokens of before cannot be stored yet (${unsaved})`, 5_000)
  }

  // ---- what is due
  function tick(): void {
    const at = now()
    let next = at + TICK_MS
    if (fault !== undefined || staleRead) {
      void reload()
      next = at + RETRY_MS
    } else void store.check().catch(tools.storeFailed)
    if (options.ahead !== false)
      for (const entry of entries.values()) {
        const calm = isBorrowed(entry) ? 0 : entry.luck * entries.size * SPREAD_MS - (clock.steady() - startedAt)
        const due = Math.max(dueTime(entry, at), at + calm)
        if (due > at) next = Math.min(next, due)
        else launch(entry, { force: true })
      }
    alarm.within(next - at)
  }

  const stopListening = store.onChange((change) => {
    if (change.table === 'credentials' && !closed) void reload()
  })
  await reload()
  alarm.within(0)

  // ---- the face
  function known(id: string): Entry {
    const entry = entries.get(id)
    if (entry === undefined) throw new Error(noSuchLogin(id).message)
    return entry
  }

  return {
    records() {
      list ??= Object.freeze([...entries.values()].map((entry) => entry.record))
      return list
    },

    current(accountId) {
      const entry = entries.get(accountId)
      if (entry === undefined || now() >= entry.usableUntil) return undefined
      entry.used = true
      return entry.credential
    },

    bring(accountId, refused, done) {
      let open = true
      const waiter: Waiter = {
        refused,
        flights: 0,
        done(got) {
          // Never before `bring` has returned, and never after it was called off.
          queueMicrotask(() => {
            if (!open) return
            open = false
            done(got)
          })
        },
      }
      const entry = entries.get(accountId)
      if (entry !== undefined) wait(entry, waiter)
      else waiter.done(fault === undefined ? noSuchLogin(accountId) : failure('overloaded', fault, { retryAfter: 5 }))
      return () => {
        open = false
        entry?.flight?.waiters.delete(waiter)
      }
    },

    async add(provider, tokens, found, how) {
      const identity = asKnown(provider, found, entries)
      const id = idOf(provider, identity.subject, entries)
      for (let tries = 0; ; tries++) {
        const loaded = await insist(clock, () => vault.get(id))
        const facts = factsOf(loaded, identity, how, now())
        const expected = loaded?.record.version ?? 0
        const kept = { ...tokens, details: { ...identity.details, ...tokens.details } }
        if ((await insist(clock, () => vault.put({ id, provider, facts }, kept, { expected }))) === 'written') {
          const record = { id, provider, version: expected + 1, expiresAt: kept.expiresAt, updatedAt: now(), facts }
          take({ record, tokens: kept })
          return known(id).record
        }
        if (tries === ADD_TRIES) throw new Error(`The login ${id} is being changed by other processes. Try again.`)
        // What is damaged beyond replacing makes room.
        if (loaded !== undefined && 'damage' in loaded) await vault.remove(id)
      }
    },

    async change(accountId, changes) {
      const loaded = await vault.get(accountId)
      if (loaded === undefined) throw new Error(noSuchLogin(accountId).message)
      const facts: LoginFacts = { ...loaded.record.facts, ...changes }
      if ((await vault.putFacts(accountId, facts)) === 'conflict') throw new Error(noSuchLogin(accountId).message)
      const entry = entries.get(accountId)
      if (entry !== undefined && changes.state?.is === 'ready') entry.dead = undefined
      const next = { ...loaded, record: { ...loaded.record, facts, updatedAt: now() } }
      take(entry === undefined ? next : withOurTokens(entry, next))
      return known(accountId).record
    },

    async remove(accountId, revoke = false) {
      const loaded = await vault.get(accountId)
      if (loaded === undefined) throw new Error(noSuchLogin(accountId).message)
      if (revoke && 'tokens' in loaded) await giveUp(options, loaded.record, loaded.tokens)
      await vault.remove(accountId)
      forget(accountId)
    },

    async reveal(accountId) {
      const entry = entries.get(accountId)
      if (entry?.unsaved !== undefined && entry.tokens !== undefined) return entry.tokens
      const loaded = await vault.get(accountId)
      if (loaded === undefined) throw new Error(noSuchLogin(accountId).message)
      if ('damage' in loaded) throw new Error(`${nameOf(loaded.record)} cannot be opened: ${loaded.damage}`)
      return loaded.tokens
    },

    async refresh(accountId) {
      const entry = known(accountId)
      // One that is under way may be a mere look at the store.
      await entry.flight?.over
      const flight = entry.flight ?? launch(entry, { force: true, person: true, urgent: true })
      const why = await flight.over
      if (why !== undefined) throw new FailureError(why)
      return known(accountId).record
    },

    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    trouble() {
      const state = vault.state()
      return state.is === 'locked' ? `${state.reason} ${state.help}`.trim() : fault
    },

    notices() {
      const told = blocked === undefined ? [] : [`No token can be refreshed now: ${blocked}`]
      const unsaved = [...entries.values()].filter((entry) => entry.unsaved !== undefined)
      return told.concat(
        unsaved.map(({ record, unsaved }) => `The new tokens of ${nameOf(record)} cannot be stored yet: ${unsaved}`),
      )
    },

    async close() {
      if (closed) return
      closed = true
      alarm.stop()
      stopListening()
      for (const entry of entries.values()) finish(entry, ending())
      await options.refresher.close()
    },
  }
}
