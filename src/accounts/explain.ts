/** Why an account was or was not taken, in words. */
import { inUtc, moment, type Told } from '../hub/told.ts'
import type { Account } from './account.ts'
import { nextTry } from './cooldown.ts'
import { type AccountState, type Ledger, quotaLeft } from './ledger.ts'
import type { Candidate, Standing } from './pool.ts'

export interface ExplainInput {
  candidates: readonly Candidate[]
  ledger: Ledger
  full(account: Account, s: AccountState): boolean
  tried: ReadonlySet<string> | undefined
  /** Key of the seat the conversation is bound to. */
  own: string | undefined
  at: number
}

/** How every candidate stands, in the order of the list. */
export function explain({ candidates, ledger, full, tried, own, at }: ExplainInput): Standing[] {
  const standings = candidates.map((c): Standing => {
    const { account, model, key } = c
    const s = ledger.state(account.id)
    const base = {
      accountId: account.id,
      label: account.label,
      provider: account.provider,
      model,
      priority: account.priority,
      inFlight: s.inFlight,
      quotaLeft: quotaLeft(s, model, at),
      ...(key === own && { bound: true as const }),
    }
    if (tried?.has(key)) return { ...base, is: 'tried', because: 'this request has already tried it' }
    const stance = ledger.stanceOf(account, s, model, at)
    if (stance !== 'resting' && full(account, s))
      return { ...base, is: 'busy', because: `${s.inFlight} requests under way, its limit is ${account.concurrency}` }
    if (stance !== 'ready') {
      const rests = ledger.restsOf(account, s, model)
      const heaviest = rests.reduce((a, b) => (nextTry(b, at) > nextTry(a, at) ? b : a))
      const { until, failure } = heaviest
      const next = nextTry(heaviest, at)
      const begin = ['rests until ', moment(until)]
      const parts: Told =
        stance === 'probe'
          ? [...begin, `, one request may test it now: ${failure.message}`]
          : [...begin, ', next test at ', moment(next), `: ${failure.message}`]
      const is = stance === 'probe' ? 'probe' : 'resting'
      return { ...base, is, because: inUtc(parts), parts, until, nextTry: next }
    }
    return { ...base, is: 'usable', because: key === own ? 'this conversation is already there' : 'ready' }
  })
  const top = Math.max(...standings.filter(({ is }) => is === 'usable' || is === 'probe').map((s) => s.priority))
  return standings.map((s) =>
    s.is === 'usable' && s.bound !== true && s.priority < top
      ? { ...s, is: 'lower-priority', because: `accounts of priority ${top} are used first` }
      : s,
  )
}
