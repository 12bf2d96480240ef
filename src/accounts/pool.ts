/**
 * Who is next: picks the account for an attempt and remembers how it went. Living state, keyed by account id, so that it
 * outlives a reload of the configuration.
 */
import type { Failure } from '../hub/failure.ts'
import type { Account } from './account.ts'
import { type CooldownPolicy, DEFAULT_COOLDOWN, nextTry, probing, type Rest, rested, stance } from './cooldown.ts'

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
}

export interface TakeOptions {
  /** Names the rotation: one cursor each. Usually the requested model. */
  rotation: string
  strategy: Strategy
  /** Conversation the request belongs to; keeps its account while that is usable. */
  session?: string
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
  /** Forgets what is held against an account and its endpoint. */
  reset(account: Account): void
  /** Requests under way, by account id. */
  inFlight(accountId: string): number
  /** Drops the state of accounts that are no longer configured. */
  prune(accounts: readonly Account[]): void
}

export interface PoolOptions {
  now?: () => number
  /** Read at every use, so that a reload applies at once. */
  policy?: () => CooldownPolicy
  /** Life of a session's binding since its last use, ms; read at every use. 0 turns affinity off. */
  sessionTtlMs?: () => number
}

const MAX_SESSIONS = 20_000
const MAX_ROTATIONS = 4_096
/** Models of one account whose rests are remembered: where any name is taken, clients choose them. */
const MAX_RESTING_MODELS = 1_000

interface AccountState {
  account?: Rest
  models: Map<string, Rest>
  inFlight: number
}

interface Rotation {
  cursor: number
  /** Current weights of the smooth weighted rotation, by seat key. */
  weights: Map<string, number>
}

/** Makes an empty pool. */
export function createPool(options: PoolOptions = {}): Pool {
  const now = options.now ?? Date.now
  const policy = options.policy ?? (() => DEFAULT_COOLDOWN)
  const sessionTtl = options.sessionTtlMs ?? (() => 3_600_000)
  const states = new Map<string, AccountState>()
  // Endpoints that cannot be reached at all, by base URL and proxy: their accounts need not fail one by one.
  const endpoints = new Map<string, Rest>()
  const sessions = new Map<string, { key: string; expires: number }>()
  const rotations = new Map<string, Rotation>()

  function state(accountId: string): AccountState {
    let s = states.get(accountId)
    if (s === undefined) {
      s = { models: new Map(), inFlight: 0 }
      states.set(accountId, s)
    }
    return s
  }

  /** The rests that stand against a seat. */
  function restsOf(c: Candidate): Rest[] {
    if (c.account.neverRests) return []
    const s = states.get(c.account.id)
    const found: Rest[] = []
    const endpoint = endpoints.size > 0 ? endpoints.get(endpointKey(c.account)) : undefined
    if (endpoint !== undefined) found.push(endpoint)
    if (s?.account !== undefined) found.push(s.account)
    const model = s?.models.get(c.model)
    if (model !== undefined) found.push(model)
    return found
  }

  function stanceOf(c: Candidate, at: number): 'ready' | 'probe' | 'resting' {
    let worst: 'ready' | 'probe' = 'ready'
    for (const rest of restsOf(c)) {
      const one = stance(rest, at)
      if (one === 'resting') return 'resting'
      if (one === 'probe') worst = 'probe'
    }
    return worst
  }

  /** Marks the probe on every rest of the seat, so that one request at a time tests it. */
  function lease(c: Candidate, at: number): void {
    const s = state(c.account.id)
    const mark = (rest: Rest): Rest => (stance(rest, at) === 'probe' ? probing(rest, at, policy()) : rest)
    if (s.account !== undefined) s.account = mark(s.account)
    const model = s.models.get(c.model)
    if (model !== undefined) s.models.set(c.model, mark(model))
    const key = endpointKey(c.account)
    const endpoint = endpoints.get(key)
    if (endpoint !== undefined) endpoints.set(key, mark(endpoint))
  }

  function unlease(seat: Seat): void {
    if (seat.probe === true) for (const rest of restsOf(seat)) rest.probeLease = 0
  }

  function rotation(name: string): Rotation {
    let r = rotations.get(name)
    if (r === undefined) {
      if (rotations.size >= MAX_ROTATIONS) rotations.delete(rotations.keys().next().value!)
      r = { cursor: 0, weights: new Map() }
      rotations.set(name, r)
    }
    return r
  }

  function bind(session: string, key: string, at: number): void {
    sessions.delete(session)
    sessions.set(session, { key, expires: at + sessionTtl() })
    if (sessions.size > MAX_SESSIONS) sessions.delete(sessions.keys().next().value!)
  }

  function bound(session: string, at: number): string | undefined {
    const b = sessions.get(session)
    if (b === undefined) return undefined
    if (b.expires <= at) {
      sessions.delete(session)
      return undefined
    }
    return b.key
  }

  return {
    take(candidates, { rotation: name, strategy, session, tried }) {
      const at = now()
      const sticky = session !== undefined && sessionTtl() > 0 ? `${name}\n${session}` : undefined
      const seated = (c: Candidate, why: string, isProbe?: true): Seat => {
        state(c.account.id).inFlight += 1
        if (sticky !== undefined) bind(sticky, c.key, at)
        return { account: c.account, model: c.model, key: c.key, why, probe: isProbe }
      }

      if (sticky !== undefined) {
        const key = bound(sticky, at)
        const own = key === undefined ? undefined : candidates.find((c) => c.key === key)
        if (own !== undefined && !tried?.has(own.key) && stanceOf(own, at) === 'ready')
          return seated(own, 'this conversation is already there')
      }

      const usable: Candidate[] = []
      let tier = Number.NEGATIVE_INFINITY
      let probe: Candidate | undefined
      for (const c of candidates) {
        if (tried?.has(c.key)) continue
        const s = stanceOf(c, at)
        if (s === 'probe' && (probe === undefined || c.account.priority > probe.account.priority)) probe = c
        if (s !== 'ready') continue
        if (c.account.priority > tier) {
          tier = c.account.priority
          usable.length = 0
        }
        if (c.account.priority === tier) usable.push(c)
      }
      // A probe that is due goes first, unless it would pull a request down to a lower tier.
      if (probe !== undefined && (usable.length === 0 || probe.account.priority >= tier)) {
        lease(probe, at)
        return seated(probe, 'to see whether it has recovered', true)
      }
      if (usable.length === 0) return undefined
      if (usable.length === 1)
        return seated(usable[0]!, candidates.length === 1 ? 'the only account' : 'the only one usable')
      if (strategy === 'fill-first') return seated(usable[0]!, 'first usable in order')
      const turn = rotation(name)
      if (strategy === 'weighted') return seated(weightedNext(usable, turn.weights), 'its turn by weight')
      return seated(roundRobinNext(candidates, usable, turn), 'its turn in the round')
    },

    succeeded(seat) {
      const s = state(seat.account.id)
      s.inFlight -= 1
      s.account = undefined
      if (s.models.size > 0) s.models.delete(seat.model)
      if (endpoints.size > 0) endpoints.delete(endpointKey(seat.account))
    },

    failed(seat, failure) {
      const s = state(seat.account.id)
      s.inFlight -= 1
      const at = now()
      if (failure.scope === 'account') s.account = rested(s.account, failure, at, policy())
      else if (failure.scope === 'model') {
        const rest = rested(s.models.get(seat.model), failure, at, policy())
        s.models.delete(seat.model)
        s.models.set(seat.model, rest)
        if (s.models.size > MAX_RESTING_MODELS) s.models.delete(s.models.keys().next().value!)
      } else if (failure.scope === 'provider') {
        const key = endpointKey(seat.account)
        endpoints.set(key, rested(endpoints.get(key), failure, at, policy()))
      }
      // Whatever else was being probed may be probed by the next one; of a fault of the request nothing rests.
      unlease(seat)
    },

    released(seat) {
      state(seat.account.id).inFlight -= 1
      unlease(seat)
    },

    soonest(candidates, tried) {
      const at = now()
      let best: RestingInfo | undefined
      for (const c of candidates) {
        if (tried?.has(c.key)) continue
        let next = at
        let heaviest: Rest | undefined
        for (const rest of restsOf(c)) {
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
      const at = now()
      const found: RestingInfo[] = []
      for (const account of accounts) {
        if (account.neverRests) continue
        const s = states.get(account.id)
        const whole = [s?.account, endpoints.get(endpointKey(account))]
        for (const rest of whole)
          if (rest !== undefined && stance(rest, at) !== 'ready')
            found.push(info(account, undefined, rest, nextTry(rest, at)))
        for (const [model, rest] of s?.models ?? [])
          if (stance(rest, at) !== 'ready') found.push(info(account, model, rest, nextTry(rest, at)))
      }
      return found
    },

    reset(account) {
      endpoints.delete(endpointKey(account))
      const s = states.get(account.id)
      if (s === undefined) return
      s.account = undefined
      s.models.clear()
    },

    inFlight: (accountId) => states.get(accountId)?.inFlight ?? 0,

    prune(accounts) {
      const known = new Set(accounts.map((a) => a.id))
      for (const [id, s] of states) if (!known.has(id) && s.inFlight === 0) states.delete(id)
      const reachable = new Set(accounts.map(endpointKey))
      for (const key of endpoints.keys()) if (!reachable.has(key)) endpoints.delete(key)
    },
  }
}

function endpointKey(account: Account): string {
  return account.proxyUrl === undefined ? account.baseUrl : `${account.baseUrl} ${account.proxyUrl}`
}

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

/** The next usable one after the cursor, on a ring of all candidates, so that an absent one does not skew the shares. */
function roundRobinNext(all: readonly Candidate[], usable: readonly Candidate[], turn: Rotation): Candidate {
  for (let step = 0; step < all.length; step += 1) {
    const c = all[(turn.cursor + step) % all.length]!
    if (usable.includes(c)) {
      turn.cursor = (turn.cursor + step + 1) % all.length
      return c
    }
  }
  return usable[0]!
}

/** Smooth weighted round-robin: everyone gains its weight, the richest is taken and pays the total. */
function weightedNext(usable: readonly Candidate[], weights: Map<string, number>): Candidate {
  let total = 0
  let best = usable[0]!
  let bestWeight = Number.NEGATIVE_INFINITY
  for (const c of usable) {
    total += c.account.weight
    const w = (weights.get(c.key) ?? 0) + c.account.weight
    weights.set(c.key, w)
    if (w > bestWeight) {
      bestWeight = w
      best = c
    }
  }
  weights.set(best.key, bestWeight - total)
  return best
}
