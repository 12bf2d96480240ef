/** What is held against accounts, models and endpoints, what they are busy with, and what they have left. Living state. */
import type { Account } from './account.ts'
import { type CooldownPolicy, changesAt, probing, type Rest, type Stance, stance } from './cooldown.ts'
import type { QuotaWindow } from './quota.ts'

/** A window as selection needs it: compiled, so that a thousand accounts are compared in microseconds. */
export interface CompiledWindow {
  used: number
  /** Clock time, ms; Infinity when nobody said. */
  resetsAt: number
  /** Whether it is about a model; undefined: about all. */
  about?: (model: string) => boolean
}

export interface AccountState {
  readonly id: string
  account?: Rest
  models: Map<string, Rest>
  inFlight: number
  /** Turn at which it was last taken: the longest unused goes first among equals. */
  lastTurn: number
  /** Fullest first; among equals the soonest reset. */
  windows: readonly CompiledWindow[]
  /** The least that any list allows it at once: below it the number of its requests changes nothing for anybody. */
  leastCap: number
}

/** Whom a rest is about: an account, a model of one, or an endpoint that cannot be reached. */
export type RestPlace = { account: string; model?: string } | { endpoint: string }

export interface Ledger {
  state(accountId: string): AccountState
  find(accountId: string): AccountState | undefined
  states(): Iterable<AccountState>
  /** Rises when an account is forgotten: its state object is then another one. */
  readonly generation: number
  /** Whether nothing is held against anybody: then everyone is ready without a look. */
  readonly quiet: boolean
  /** How many entries the journal has had. Whoever follows it reads `changed` from where it was, `JOURNAL` at most. */
  readonly changes: number
  /** The account whose standing changed with entry `n`: its rests, its allowances, whether it is full. */
  changed(n: number): AccountState
  /** Rises when an endpoint begins or ceases to rest: that concerns accounts without telling which. */
  readonly upheavals: number
  /** One more or one less request under way. */
  count(s: AccountState, by: 1 | -1): void
  /** What an account has left now. */
  allow(s: AccountState, windows: readonly CompiledWindow[]): void
  /** The rests that stand against a model of an account. */
  restsOf(account: Account, s: AccountState | undefined, model: string): Rest[]
  stanceOf(account: Account, s: AccountState | undefined, model: string, at: number): Stance
  /** Clock time, ms, at which that may be another one without anything having happened; Infinity: never. */
  changesAt(account: Account, s: AccountState | undefined, model: string, at: number): number
  /** What is held against a place; undefined: nothing. */
  rest(place: RestPlace): Rest | undefined
  put(place: RestPlace, rest: Rest | undefined): void
  /** Marks the probe on every rest of a seat, so that one request at a time tests it. */
  lease(account: Account, model: string, at: number, policy: CooldownPolicy): void
  /** Takes the marks of a probe off, so that the next one may test it. */
  unlease(account: Account, model: string): void
  forget(accountId: string): void
  /** Keeps the endpoints for which this is true. */
  keepEndpoints(known: (key: string) => boolean): void
}

/** Models of one account whose rests are remembered: where any name is taken, clients choose them. */
const MAX_RESTING_MODELS = 1_000
/** Entries of the journal that are kept. Whoever is further behind looks at everybody. */
export const JOURNAL = 4_096

/** @param changed hears every rest that begins, changes or ends. */
export function createLedger(changed: (place: RestPlace, rest: Rest | undefined) => void = () => {}): Ledger {
  const states = new Map<string, AccountState>()
  // Endpoints that cannot be reached at all, by base URL and proxy: their accounts need not fail one by one.
  const endpoints = new Map<string, Rest>()
  const journal: AccountState[] = []
  let changes = 0
  let upheavals = 0
  let standing = 0
  let generation = 0

  function touch(s: AccountState): void {
    journal[changes % JOURNAL] = s
    changes += 1
  }

  function state(id: string): AccountState {
    let s = states.get(id)
    if (s === undefined) {
      s = { id, account: undefined, models: new Map(), inFlight: 0, lastTurn: 0, windows: [], leastCap: Infinity }
      states.set(id, s)
    }
    return s
  }

  function rest(place: RestPlace): Rest | undefined {
    if ('endpoint' in place) return endpoints.get(place.endpoint)
    const s = states.get(place.account)
    return place.model === undefined ? s?.account : s?.models.get(place.model)
  }

  function put(place: RestPlace, next: Rest | undefined): void {
    const before = rest(place)
    if (before === undefined && next === undefined) return
    if (before === undefined) standing += 1
    if (next === undefined) standing -= 1
    if ('endpoint' in place) {
      if (next === undefined) endpoints.delete(place.endpoint)
      else endpoints.set(place.endpoint, next)
      upheavals += 1
    } else {
      const s = state(place.account)
      if (place.model === undefined) s.account = next
      else putModel(s, place.model, next)
      touch(s)
    }
    changed(place, next)
  }

  function putModel(s: AccountState, model: string, next: Rest | undefined): void {
    s.models.delete(model)
    if (next === undefined) return
    s.models.set(model, next)
    if (s.models.size <= MAX_RESTING_MODELS) return
    s.models.delete(s.models.keys().next().value!)
    standing -= 1
  }

  function restsOf(account: Account, s: AccountState | undefined, model: string): Rest[] {
    if (account.neverRests) return []
    const found: Rest[] = []
    const endpoint = endpoints.size > 0 ? endpoints.get(endpointKey(account)) : undefined
    if (endpoint !== undefined) found.push(endpoint)
    if (s?.account !== undefined) found.push(s.account)
    const one = s?.models.get(model)
    if (one !== undefined) found.push(one)
    return found
  }

  /** Marks every rest of a seat. Nobody is told: a probe is no news to other processes. */
  function mark(account: Account, model: string, marked: (one: Rest) => Rest): void {
    const s = state(account.id)
    if (s.account !== undefined) s.account = marked(s.account)
    const ofModel = s.models.get(model)
    if (ofModel !== undefined) s.models.set(model, marked(ofModel))
    touch(s)
    const key = endpointKey(account)
    const endpoint = endpoints.get(key)
    if (endpoint === undefined) return
    const next = marked(endpoint)
    if (next === endpoint) return
    endpoints.set(key, next)
    upheavals += 1
  }

  return {
    state,
    find: (id) => states.get(id),
    states: () => states.values(),
    get generation() {
      return generation
    },
    get quiet() {
      return standing === 0
    },
    get changes() {
      return changes
    },
    changed: (n) => journal[n % JOURNAL]!,
    get upheavals() {
      return upheavals
    },
    count(s, by) {
      const most = Math.max(s.inFlight, s.inFlight + by)
      s.inFlight += by
      if (most >= s.leastCap) touch(s)
    },
    allow(s, windows) {
      s.windows = windows.toSorted((a, b) => b.used - a.used || a.resetsAt - b.resetsAt)
      touch(s)
    },
    restsOf,
    changesAt: (account, s, model, at) => Math.min(...restsOf(account, s, model).map((one) => changesAt(one, at))),
    stanceOf(account, s, model, at) {
      // Asked of every account at every choice, so nothing is allocated here.
      const endpoint = endpoints.size > 0 ? endpoints.get(endpointKey(account)) : undefined
      const whole = s?.account
      const one = s !== undefined && s.models.size > 0 ? s.models.get(model) : undefined
      if ((endpoint === undefined && whole === undefined && one === undefined) || account.neverRests) return 'ready'
      return worst(stance(whole, at), worst(stance(one, at), stance(endpoint, at)))
    },
    rest,
    put,
    lease(account, model, at, policy) {
      mark(account, model, (one) => (stance(one, at) === 'probe' ? probing(one, at, policy) : one))
    },
    unlease(account, model) {
      mark(account, model, (one) => (one.probeLease === 0 ? one : { ...one, probeLease: 0 }))
    },
    forget(id) {
      const s = states.get(id)
      if (s === undefined) return
      put({ account: id }, undefined)
      for (const model of [...s.models.keys()]) put({ account: id, model }, undefined)
      states.delete(id)
      generation += 1
    },
    keepEndpoints(known) {
      for (const key of [...endpoints.keys()]) if (!known(key)) put({ endpoint: key }, undefined)
    },
  }
}

/** The one of two that lets less through. */
function worst(a: Stance, b: Stance): Stance {
  if (a === 'resting' || b === 'resting') return 'resting'
  return a === 'probe' ? a : b
}

/** Accounts with the same key share the road to their upstream. */
export function endpointKey(account: Account): string {
  return account.proxyUrl === undefined ? account.baseUrl : `${account.baseUrl} ${account.proxyUrl}`
}

/** The fullest of the windows that count for a model now; undefined where none is known. */
export function tightest(s: AccountState, model: string, at: number): CompiledWindow | undefined {
  const { windows } = s
  for (let i = 0; i < windows.length; i += 1) {
    const window = windows[i]!
    if (window.resetsAt > at && (window.about === undefined || window.about(model))) return window
  }
  return undefined
}

/** Share of its allowances an account has left for a model, 0 to 1; 1 where nothing is known. */
export function quotaLeft(s: AccountState, model: string, at: number): number {
  return Math.max(0, 1 - (tightest(s, model, at)?.used ?? 0))
}

/** Windows in the form selection needs. @param matches makes a test of wildcards. */
export function compileWindows(
  windows: readonly QuotaWindow[],
  matches: (patterns: readonly string[]) => (model: string) => boolean,
): CompiledWindow[] {
  return windows.map(({ used, exhausted, resetsAt, models }) => ({
    used: exhausted === true ? Math.max(1, used) : used,
    resetsAt: resetsAt ?? Number.POSITIVE_INFINITY,
    about: models === undefined ? undefined : matches(models),
  }))
}
