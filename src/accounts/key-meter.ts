/** What a client key has used, counted against its limits. Exact within one process; time is given, never asked. */

/** What a client key may use at most. Absent: no limit. */
export interface KeyLimits {
  /** In any 60 seconds. */
  requestsPerMinute?: number
  /** In any 60 seconds: input and output; what is read from a cache does not count. */
  tokensPerMinute?: number
  /** In a day (UTC), counted likewise. */
  tokensPerDay?: number
  /** Millionths of a US dollar in a day (UTC), by list prices. */
  microsPerDay?: number
  /** Millionths of a US dollar in a calendar month (UTC). */
  microsPerMonth?: number
  /** Requests under way at once. */
  concurrency?: number
}

export type LimitName =
  | 'requests-per-minute'
  | 'tokens-per-minute'
  | 'tokens-per-day'
  | 'usd-per-day'
  | 'usd-per-month'
  | 'concurrent'

/** A limit that is reached. */
export interface Reached {
  limit: LimitName
  most: number
  /** When there is room again, ms since the epoch; undefined for requests at once: when one is over. */
  until?: number
}

/** Sums since the start of the day and of the month. */
export interface Spending {
  /** Start of the day, ms since the epoch. */
  day: number
  tokensToday: number
  microsToday: number
  /** Start of the month, ms since the epoch. */
  month: number
  requestsThisMonth: number
  tokensThisMonth: number
  microsThisMonth: number
}

/** What a key has used until now. */
export interface KeyUse extends Omit<Spending, 'day' | 'month'> {
  requestsThisMinute: number
  tokensThisMinute: number
  inFlight: number
}

export interface Meter {
  /** The limit that is reached for longest; undefined: there is room for one more. Changes nothing. */
  look(limits: KeyLimits, at: number): Reached | undefined
  /** Takes a place if there is one. */
  enter(limits: KeyLimits, at: number): Reached | undefined
  /** A request is over. @param micros undefined: nobody knows what it cost. */
  leave(at: number, tokens: number, micros: number | undefined): void
  used(at: number): KeyUse
  /** What this process has added, for the store. */
  own(at: number): Spending
  /** What was used before this process began, and by others since. */
  setBase(base: Spending): void
  /** Requests and tokens of the last minute, from before this process began. */
  recall(at: number, requests: number, tokens: number): void
}

const DAY_MS = 86_400_000

export const dayStart = (at: number): number => Math.floor(at / DAY_MS) * DAY_MS
export const monthStart = (at: number): number => {
  const date = new Date(at)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
}
const nextMonth = (start: number): number => {
  const date = new Date(start)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
}

export const noSpending = (at: number): Spending => ({
  day: dayStart(at),
  tokensToday: 0,
  microsToday: 0,
  month: monthStart(at),
  requestsThisMonth: 0,
  tokensThisMonth: 0,
  microsThisMonth: 0,
})

/** Adds sums; those of another day or month than the first one's are left out. */
export function addSpending(sum: Spending, more: Spending): Spending {
  const today = more.day === sum.day
  const now = more.month === sum.month
  return {
    day: sum.day,
    tokensToday: sum.tokensToday + (today ? more.tokensToday : 0),
    microsToday: sum.microsToday + (today ? more.microsToday : 0),
    month: sum.month,
    requestsThisMonth: sum.requestsThisMonth + (now ? more.requestsThisMonth : 0),
    tokensThisMonth: sum.tokensThisMonth + (now ? more.tokensThisMonth : 0),
    microsThisMonth: sum.microsThisMonth + (now ? more.microsThisMonth : 0),
  }
}

export function createMeter(): Meter {
  const requests = createMinute()
  const tokens = createMinute()
  let inFlight = 0
  let own = noSpending(0)
  let base = noSpending(0)
  let monthEnds = nextMonth(own.month)

  /** Begins a new day or month when its time has come. A clock that is set back changes nothing. */
  function turn(at: number): void {
    if (at >= monthEnds) {
      const month = monthStart(at)
      own = { ...own, month, requestsThisMonth: 0, tokensThisMonth: 0, microsThisMonth: 0 }
      monthEnds = nextMonth(month)
    }
    if (at >= own.day + DAY_MS) own = { ...own, day: dayStart(at), tokensToday: 0, microsToday: 0 }
  }

  function spent(at: number): Spending {
    turn(at)
    return addSpending(own, base)
  }

  function look(limits: KeyLimits, at: number): Reached | undefined {
    turn(at)
    let worst: Reached | undefined
    const check = (limit: LimitName, most: number | undefined, used: number, until: () => number | undefined): void => {
      if (most === undefined || used < most) return
      const found = { limit, most, until: until() }
      if (worst === undefined || (found.until ?? 0) > (worst.until ?? 0)) worst = found
    }
    const today = base.day === own.day
    const now = base.month === own.month
    check('concurrent', limits.concurrency, inFlight, () => undefined)
    const { requestsPerMinute: rpm, tokensPerMinute: tpm } = limits
    if (rpm !== undefined) check('requests-per-minute', rpm, requests.sum(at), () => requests.freeAt(at, rpm))
    if (tpm !== undefined) check('tokens-per-minute', tpm, tokens.sum(at), () => tokens.freeAt(at, tpm))
    const tomorrow = () => own.day + DAY_MS
    check('tokens-per-day', limits.tokensPerDay, own.tokensToday + (today ? base.tokensToday : 0), tomorrow)
    check('usd-per-day', limits.microsPerDay, own.microsToday + (today ? base.microsToday : 0), tomorrow)
    const micros = own.microsThisMonth + (now ? base.microsThisMonth : 0)
    check('usd-per-month', limits.microsPerMonth, micros, () => monthEnds)
    return worst
  }

  return {
    look,
    enter(limits, at) {
      const reached = look(limits, at)
      if (reached !== undefined) return reached
      requests.add(at, 1)
      inFlight += 1
      own.requestsThisMonth += 1
      return undefined
    },
    leave(at, used, micros = 0) {
      turn(at)
      inFlight -= 1
      if (used > 0) tokens.add(at, used)
      own.tokensToday += used
      own.tokensThisMonth += used
      own.microsToday += micros
      own.microsThisMonth += micros
    },
    used(at) {
      const { day: _, month: __, ...sums } = spent(at)
      return { ...sums, requestsThisMinute: requests.sum(at), tokensThisMinute: tokens.sum(at), inFlight }
    },
    own(at) {
      turn(at)
      return { ...own }
    },
    setBase(next) {
      base = next
    },
    recall(at, count, used) {
      requests.add(at, count)
      tokens.add(at, used)
    },
  }
}

/** A whole minute and the second under way: no 60 seconds, wherever they begin, hold more than these slots do. */
const SLOTS = 61

interface Minute {
  add(at: number, n: number): void
  /** In the last 60 seconds; up to a second more. */
  sum(at: number): number
  /** When the sum will be below `most`, if nothing is added. */
  freeAt(at: number, most: number): number
}

/** A sliding minute in slots of a second: constant memory, whatever goes through. */
function createMinute(): Minute {
  const slots = new Float64Array(SLOTS)
  let last = 0
  let total = 0

  /** Empties the slots whose time is over. @returns the second it is; a clock that is set back stands still. */
  function turn(at: number): number {
    const second = Math.floor(at / 1000)
    if (second <= last) return last
    if (second - last >= SLOTS) {
      slots.fill(0)
      total = 0
    } else
      for (let s = last + 1; s <= second; s += 1) {
        total -= slots[s % SLOTS]!
        slots[s % SLOTS] = 0
      }
    last = second
    return second
  }

  return {
    add(at, n) {
      const now = Math.floor(at / 1000)
      const second = turn(at)
      // What is told late belongs where it happened, while that slot is still there.
      slots[(now > second - SLOTS && now < second ? now : second) % SLOTS]! += n
      total += n
    },
    sum(at) {
      turn(at)
      return total
    },
    freeAt(at, most) {
      const second = turn(at)
      let left = total
      for (let s = second - SLOTS + 1; s <= second; s += 1) {
        if (left < most) break
        left -= slots[((s % SLOTS) + SLOTS) % SLOTS]!
        if (left < most) return (s + SLOTS) * 1000
      }
      return (second + SLOTS) * 1000
    },
  }
}
