/**
 * Who is next: picks the account for an attempt and remembers how it went. Living state, keyed by account id, so that it
 * outlives a reload of the configuration.
 */
import type { Failure } from '../hub/failure.ts'
import type { Told } from '../hub/told.ts'
import type { Account } from './account.ts'
import { type Binding, createAffinity } from './affinity.ts'
import { type CooldownPolicy, DEFAULT_COOLDOWN, nextTry, type Rest, rested, stance } from './cooldown.ts'
import { explain } from './explain.ts'
import { copy, type IndexSet, indexSet, remove } from './index-set.ts'
import { type AccountState, type CompiledWindow, createLedger, endpointKey, type RestPlace } from './ledger.ts'
import { createRosters, type Roster } from './seats.ts'
import { BECAUSE, newRotation, pick, type Rotation } from './strategies.ts'

/** One way to serve a model: an account and the model's name there. */
export interface Candidate {
  account: Account
  /** The model's name upstream. */
  model: string
  /** Account id and model, the identity of this seat over reloads. */
  key: string
}

export type Strategy = 'round-robin' | 'weighted' | 'fill-first' | 'most-quota-left'

/** A candidate taken for one attempt. Report back exactly once. */
export interface Seat extends Candidate {
  /** Why this one, in words. */
  why: string
  /** Set when it tests whether somebody who rests has recovered. */
  probe?: true
  /** Set when the conversation was at another account before: state that was sealed there is of no use here. */
  moved?: true
}

export interface TakeOptions {
  /** Names the rotation: one cursor each. Usually the requested model. */
  rotation: string
  strategy: Strategy
  /** Conversation the request belongs to; keeps its account while that is usable. */
  session?: string
  /** The conversation holds state that only its account can read: it goes there even to probe it. */
  hard?: boolean
  /** Seats this request has already tried, by key. */
  tried?: ReadonlySet<string>
}

/** Somebody who rests, for messages, metrics and pages. */
export interface RestingInfo {
  accountId: string
  label: string
  provider: string
  /** Set when only this model rests. */
  model?: string
  /** Clock times, ms. */
  until: number
  nextTry: number
  failure: Failure
}

/** How one candidate stands, for people who ask why. */
export interface Standing {
  accountId: string
  label: string
  provider: string
  model: string
  priority: number
  is: 'usable' | 'probe' | 'resting' | 'busy' | 'tried' | 'lower-priority'
  /** In words: until when, because of what. Times in UTC. */
  because: string
  /** The same, its times apart; where it names any. */
  parts?: Told
  /** Of one that rests: clock times, ms. */
  until?: number
  nextTry?: number
  inFlight: number
  /** Share of its allowances left, 0 to 1. */
  quotaLeft: number
  bound?: true
}

export interface Pool {
  take(candidates: readonly Candidate[], options: TakeOptions): Seat | undefined
  succeeded(seat: Seat): void
  failed(seat: Seat, failure: Failure): void
  /** Gives a seat back without a verdict (the client went away). */
  released(seat: Seat): void
  /** The one of these that may be tried first, and when; undefined for an empty list. */
  soonest(candidates: readonly Candidate[], tried?: ReadonlySet<string>): RestingInfo | undefined
  /** Everyone who rests now. */
  resting(accounts: readonly Account[]): RestingInfo[]
  /** How every candidate stands and why: what `take` would see now. */
  explain(candidates: readonly Candidate[], options: Pick<TakeOptions, 'rotation' | 'session' | 'tried'>): Standing[]
  /** Whether one of these is kept from being taken only by the number of its requests under way. */
  busy(candidates: readonly Candidate[], tried?: ReadonlySet<string>): boolean
  /** Calls back once when an account with a limit has a seat free again, first come first served; undefined: too many wait. */
  whenFree(call: () => void): (() => void) | undefined
  /** Forgets what is held against an account and its endpoint. */
  reset(account: Account): void
  /** Its owner has logged in again: that its credential was refused is over. What is used up stays so. */
  renewed(accountId: string): void
  /** What an account has left, as selection needs it; `available`: its vendor says that it may be used again. */
  quota(accountId: string, windows: readonly CompiledWindow[], available: boolean): void
  /** Requests under way, by account id. */
  inFlight(accountId: string): number
  /** Drops the state of accounts that are no longer configured. */
  prune(accounts: readonly Account[]): void
  /** Takes over what was known in an earlier life or by another process. A newer word stays. */
  restore(rests: Iterable<readonly [RestPlace, Rest | undefined]>, bindings: Iterable<Binding>): void
}

export interface PoolOptions {
  now?: () => number
  /** Read at every use, so that a reload applies at once. */
  policy?: () => CooldownPolicy
  /** Life of a session's binding since its last use, ms; read at every use. 0 turns affinity off. */
  sessionTtlMs?: () => number
  /** Hears every rest that begins, changes or ends. */
  onRest?: (place: RestPlace, rest: Rest | undefined) => void
  /** Hears which conversation is bound to which seat. */
  onBinding?: (binding: Binding) => void
}

const MAX_ROTATIONS = 4_096
const MAX_WAITING = 1_000
const NOBODY = indexSet(0)

/** Makes an empty pool. */
export function createPool(options: PoolOptions = {}): Pool {
  const now = options.now ?? Date.now
  const policy = options.policy ?? (() => DEFAULT_COOLDOWN)
  const sessionTtl = options.sessionTtlMs ?? (() => 3_600_000)
  const ledger = createLedger(options.onRest)
  const affinity = createAffinity(sessionTtl, options.onBinding)
  const rotations = new Map<string, Rotation>()
  const waiting = new Set<() => void>()
  const rosters = createRosters(ledger)
  /** Those of a tier that a request has not tried; filled anew each time. */
  let untried = indexSet(0)
  let turns = 0

  function rotation(name: string): Rotation {
    let r = rotations.get(name)
    if (r === undefined) {
      if (rotations.size >= MAX_ROTATIONS) rotations.delete(rotations.keys().next().value!)
      r = newRotation()
      rotations.set(name, r)
    }
    return r
  }

  const full = (account: Account, s: AccountState): boolean =>
    account.concurrency !== undefined && s.inFlight >= account.concurrency

  /** The usable ones of the highest tier that has any, or the probe that is due there. */
  function usableOf(roster: Roster, tried: ReadonlySet<string> | undefined): { usable: IndexSet; probe?: number } {
    for (const { ready, due } of roster.tiers) {
      // A probe that is due goes first, unless it would pull a request down to a lower tier.
      const tests = without(due, roster, tried)
      if (tests.size > 0) return { usable: NOBODY, probe: tests.items[0]! }
      const usable = without(ready, roster, tried)
      if (usable.size > 0) return { usable }
    }
    return { usable: NOBODY }
  }

  /** A set without the seats that were tried. It lasts until the next is made. */
  function without(set: IndexSet, roster: Roster, tried: ReadonlySet<string> | undefined): IndexSet {
    if (set.size === 0 || tried === undefined || tried.size === 0) return set
    if (untried.items.length < set.size) untried = indexSet(set.size)
    copy(set, untried)
    for (const key of tried) remove(untried, roster.indexOf(key))
    return untried
  }

  function back(seat: Seat): AccountState {
    const s = ledger.state(seat.account.id)
    ledger.count(s, -1)
    if (waiting.size > 0 && seat.account.concurrency !== undefined) {
      const next = waiting.values().next().value!
      waiting.delete(next)
      queueMicrotask(next)
    }
    return s
  }

  /** Lets the next one probe what this seat was to test. */
  function unlease(seat: Seat): void {
    if (seat.probe === true) ledger.unlease(seat.account, seat.model)
  }

  function placeOf(seat: Seat, scope: Failure['scope']): RestPlace | undefined {
    if (scope === 'account') return { account: seat.account.id }
    if (scope === 'model') return { account: seat.account.id, model: seat.model }
    return scope === 'provider' ? { endpoint: endpointKey(seat.account) } : undefined
  }

  function cleared(seat: Seat): void {
    if (ledger.quiet) return
    ledger.put({ account: seat.account.id }, undefined)
    ledger.put({ account: seat.account.id, model: seat.model }, undefined)
    ledger.put({ endpoint: endpointKey(seat.account) }, undefined)
  }

  const stickyOf = (name: string, session: string | undefined) =>
    session !== undefined && sessionTtl() > 0 ? `${name}\n${session}` : undefined

  return {
    take(candidates, { rotation: name, strategy, session, hard, tried }) {
      const at = now()
      const roster = rosters.of(candidates)
      const sticky = stickyOf(name, session)
      const own = sticky === undefined ? undefined : affinity.bound(sticky, at)

      function seated(i: number, why: string, probe?: true): Seat {
        const { account, model, key } = candidates[i]!
        const s = roster.states[i]!
        ledger.count(s, 1)
        turns += 1
        s.lastTurn = turns
        if (probe === true) ledger.lease(account, model, at, policy())
        if (sticky !== undefined) affinity.bind(sticky, key, at)
        const moved = own !== undefined && accountOf(own) !== account.id ? true : undefined
        return { account, model, key, why, probe, moved }
      }

      const home = own === undefined ? -1 : roster.indexOf(own)
      if (home >= 0 && !tried?.has(own!)) {
        const { account, model } = candidates[home]!
        const s = roster.states[home]!
        const stance = full(account, s) ? 'resting' : ledger.stanceOf(account, s, model, at)
        if (stance === 'ready') return seated(home, 'this conversation is already there')
        if (stance === 'probe' && hard === true) return seated(home, 'only this account can read its state', true)
      }

      roster.look(at)
      const { usable, probe } = usableOf(roster, tried)
      if (probe !== undefined) return seated(probe, 'to see whether it has recovered', true)
      if (usable.size === 0) return undefined
      if (usable.size === 1)
        return seated(usable.items[0]!, candidates.length === 1 ? 'the only account' : 'the only one usable')
      const chosen = pick(strategy, roster, usable, rotation(name), at)
      return seated(chosen, BECAUSE[strategy])
    },

    succeeded(seat) {
      back(seat)
      cleared(seat)
    },

    failed(seat, failure) {
      back(seat)
      const place = placeOf(seat, failure.scope)
      if (place !== undefined) ledger.put(place, rested(ledger.rest(place), failure, now(), policy()))
      // Whatever else was being probed may be probed by the next one; of a fault of the request nothing rests.
      unlease(seat)
    },

    released(seat) {
      back(seat)
      unlease(seat)
    },

    soonest(candidates, tried) {
      const at = now()
      let best: RestingInfo | undefined
      for (const c of candidates) {
        if (tried?.has(c.key)) continue
        let next = at
        let heaviest: Rest | undefined
        for (const rest of ledger.restsOf(c.account, ledger.find(c.account.id), c.model)) {
          const t = nextTry(rest, at)
          if (t >= next) {
            next = t
            heaviest = rest
          }
        }
        if (heaviest === undefined) continue
        if (best === undefined || next < best.nextTry) best = info(c.account, c.model, heaviest, next)
      }
      return best
    },

    resting(accounts) {
      if (ledger.quiet) return []
      const at = now()
      const found: RestingInfo[] = []
      for (const account of accounts) {
        if (account.neverRests) continue
        const s = ledger.find(account.id)
        for (const rest of [s?.account, ledger.rest({ endpoint: endpointKey(account) })])
          if (rest !== undefined && stance(rest, at) !== 'ready')
            found.push(info(account, undefined, rest, nextTry(rest, at)))
        for (const [model, rest] of s?.models ?? [])
          if (stance(rest, at) !== 'ready') found.push(info(account, model, rest, nextTry(rest, at)))
      }
      return found
    },

    explain(candidates, { rotation: name, session, tried }) {
      const at = now()
      const sticky = stickyOf(name, session)
      const own = sticky === undefined ? undefined : affinity.bound(sticky, at)
      return explain({ candidates, ledger, full, tried, own, at })
    },

    busy(candidates, tried) {
      const at = now()
      return candidates.some((c) => {
        if (c.account.concurrency === undefined) return false
        const s = ledger.find(c.account.id)
        if (s === undefined || tried?.has(c.key) || !full(c.account, s)) return false
        return ledger.stanceOf(c.account, s, c.model, at) !== 'resting'
      })
    },

    whenFree(call) {
      if (waiting.size >= MAX_WAITING) return undefined
      waiting.add(call)
      return () => waiting.delete(call)
    },

    reset(account) {
      ledger.put({ endpoint: endpointKey(account) }, undefined)
      ledger.put({ account: account.id }, undefined)
      for (const model of [...(ledger.find(account.id)?.models.keys() ?? [])])
        ledger.put({ account: account.id, model }, undefined)
    },

    renewed(accountId) {
      const rest = ledger.find(accountId)?.account
      if (rest?.failure.kind === 'unauthorized') ledger.put({ account: accountId }, undefined)
    },

    quota(accountId, windows, available) {
      const s = ledger.state(accountId)
      ledger.allow(s, windows)
      // A vendor may give back early what it said was gone for days (domain.md 4.5).
      if (available && s.account?.failure.kind === 'quota-exhausted') ledger.put({ account: accountId }, undefined)
    },

    inFlight: (accountId) => ledger.find(accountId)?.inFlight ?? 0,

    prune(accounts) {
      // The lists of the configuration that was are held no longer than needed.
      for (const { turns: all } of rotations.values()) all.splice(0, all.length - 1)
      const known = new Set(accounts.map((a) => a.id))
      for (const s of [...ledger.states()]) if (!known.has(s.id) && s.inFlight === 0) ledger.forget(s.id)
      const reachable = new Set(accounts.map(endpointKey))
      ledger.keepEndpoints((key) => reachable.has(key))
    },

    restore(rests, bindings) {
      for (const [place, rest] of rests) {
        const here = ledger.rest(place)
        if (rest === undefined ? here !== undefined : here === undefined || rest.until > here.until)
          ledger.put(place, rest)
      }
      affinity.restore(bindings, now())
    },
  }
}

/** The account's id in a seat's key. */
const accountOf = (key: string): string => key.slice(0, key.indexOf('|'))

function info(account: Account, model: string | undefined, rest: Rest, next: number): RestingInfo {
  return {
    accountId: account.id,
    label: account.label,
    provider: account.provider,
    model,
    until: rest.until,
    nextTry: next,
    failure: rest.failure,
  }
}
