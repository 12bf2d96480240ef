/**
 * Lists of candidates, prepared for choosing: who of them can be taken is kept up to date change by change, so that a
 * choice does not look at everybody. The ledger keeps a journal of the accounts whose standing changed; each roster reads on
 * from where it was, and an alarm says when time alone changes something.
 */
import { type Alarms, createAlarms } from './alarms.ts'
import { type IndexSet, indexSet, insert, remove } from './index-set.ts'
import { type AccountState, JOURNAL, type Ledger, tightest } from './ledger.ts'
import type { Candidate } from './pool.ts'

/** The candidates of one priority, as indices into the list. */
export interface Tier {
  /** Those that can be taken now. */
  readonly ready: IndexSet
  /** Those that rest, whom one request may test now. */
  readonly due: IndexSet
}

export interface Roster {
  readonly list: readonly Candidate[]
  /** The state of each candidate's account, in the order of the list. */
  readonly states: readonly AccountState[]
  /** Highest priority first; true as of the last `look`. */
  readonly tiers: readonly Tier[]
  /** Of each candidate's account. */
  readonly weights: Float64Array
  /** Place of a seat's key in the list; -1: it is not there. */
  indexOf(key: string): number
  /** Brings the tiers up to date. */
  look(at: number): void
  /** What each has left, for comparing; each entry holds until its `resets`. */
  allowances(): Allowances
}

/** What is left of each candidate's tightest allowance. */
export interface Allowances {
  /** In steps of `QUOTA_STEP`. */
  readonly steps: Float64Array
  /** Clock time, ms, of the reset; an entry whose time has come has to be refreshed. */
  readonly resets: Float64Array
  refresh(i: number, at: number): void
}

export interface Rosters {
  /** The roster of a list; the list must not change afterwards. */
  of(list: readonly Candidate[]): Roster
}

/** Differences below this share do not matter: readings are a little old. */
const QUOTA_STEP = 0.05
/** The step of an account of whose allowances nothing is known. */
const FULL = Math.ceil(1 / QUOTA_STEP)

/** The rosters of one pool: a ledger's states are its own. They live as long as their lists. */
export function createRosters(ledger: Ledger): Rosters {
  let rosters = new WeakMap<readonly Candidate[], Roster>()
  let { generation } = ledger

  return {
    of(list) {
      // Accounts that were forgotten have other states now.
      if (generation !== ledger.generation) rosters = new WeakMap()
      generation = ledger.generation
      const before = rosters.get(list)
      if (before !== undefined) return before
      const roster = compile(ledger, list)
      rosters.set(list, roster)
      return roster
    },
  }
}

type Place = 0 | 1 | 2
const OUT = 0
const READY = 1
const DUE = 2

function compile(ledger: Ledger, list: readonly Candidate[]): Roster {
  const accounts = list.map(({ account }) => account)
  const states = accounts.map(({ id }) => ledger.state(id))
  const caps = Float64Array.from(accounts, (a) => a.concurrency ?? Number.POSITIVE_INFINITY)
  const alarms: Alarms = createAlarms(list.length)
  const places = new Uint8Array(list.length)
  const { tiers, tierOf } = inTiers(list)
  // An account stands in the list once for each of its models: the first of them, and from each the next.
  const first = new Map<AccountState, number>()
  const next = new Int32Array(list.length).fill(-1)
  for (let i = list.length - 1; i >= 0; i -= 1) {
    const s = states[i]!
    next[i] = first.get(s) ?? -1
    first.set(s, i)
    s.leastCap = Math.min(s.leastCap, caps[i]!)
  }
  let seen = Number.NEGATIVE_INFINITY
  let upheavals = 0
  let lookedAt = 0
  let allowances: Allowances | undefined

  function judge(i: number, at: number): void {
    const s = states[i]!
    let place: Place = OUT
    let again = Number.POSITIVE_INFINITY
    // Whoever is full is looked at again when a seat comes back.
    if (s.inFlight < caps[i]!) {
      const stance = ledger.stanceOf(accounts[i]!, s, list[i]!.model, at)
      place = stance === 'ready' ? READY : stance === 'probe' ? DUE : OUT
      if (place !== READY) again = ledger.changesAt(accounts[i]!, s, list[i]!.model, at)
    }
    alarms.set(i, again)
    if (places[i] === place) return
    const { ready, due } = tiers[tierOf[i]!]!
    if (places[i] !== OUT) remove(places[i] === READY ? ready : due, i)
    if (place !== OUT) insert(place === READY ? ready : due, i)
    places[i] = place
  }

  function judgeAll(at: number): void {
    alarms.clear()
    for (let i = 0; i < list.length; i += 1) judge(i, at)
    if (allowances !== undefined) allowances.resets.fill(Number.NEGATIVE_INFINITY)
  }

  return {
    list,
    states,
    tiers,
    weights: Float64Array.from(accounts, (a) => a.weight),
    indexOf(key) {
      const s = ledger.find(key.slice(0, key.indexOf('|')))
      let i = s === undefined ? -1 : (first.get(s) ?? -1)
      while (i !== -1 && list[i]!.key !== key) i = next[i]!
      return i
    },
    look(at) {
      const { changes } = ledger
      // A clock that was set back, an endpoint that went or came, or more news than there are accounts: all of them.
      if (at < lookedAt || upheavals !== ledger.upheavals || changes - seen > Math.min(list.length, JOURNAL)) {
        judgeAll(at)
        upheavals = ledger.upheavals
      } else
        for (let n = seen; n < changes; n += 1)
          for (let i = first.get(ledger.changed(n)) ?? -1; i !== -1; i = next[i]!) {
            judge(i, at)
            if (allowances !== undefined) allowances.resets[i] = Number.NEGATIVE_INFINITY
          }
      seen = changes
      lookedAt = at
      while (alarms.next() <= at) judge(alarms.first(), at)
    },
    allowances() {
      allowances ??= createAllowances(list, states)
      return allowances
    },
  }
}

function inTiers(list: readonly Candidate[]): { tiers: readonly Tier[]; tierOf: Uint16Array } {
  const sizes = new Map<number, number>()
  for (const { account } of list) sizes.set(account.priority, (sizes.get(account.priority) ?? 0) + 1)
  const priorities = [...sizes.keys()].sort((a, b) => b - a)
  const rank = new Map(priorities.map((priority, n) => [priority, n]))
  return {
    tiers: priorities.map((p) => ({ ready: indexSet(sizes.get(p)!), due: indexSet(sizes.get(p)!) })),
    tierOf: Uint16Array.from(list, ({ account }) => rank.get(account.priority)!),
  }
}

function createAllowances(list: readonly Candidate[], states: readonly AccountState[]): Allowances {
  const steps = new Float64Array(list.length)
  const resets = new Float64Array(list.length).fill(Number.NEGATIVE_INFINITY)
  return {
    steps,
    resets,
    refresh(i, at) {
      const window = tightest(states[i]!, list[i]!.model, at)
      steps[i] = window === undefined ? FULL : Math.ceil(Math.max(0, 1 - window.used) / QUOTA_STEP)
      resets[i] = window?.resetsAt ?? Number.POSITIVE_INFINITY
    },
  }
}
