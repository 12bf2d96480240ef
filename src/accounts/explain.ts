/** Why an account was or was not taken, in words. */
import type { Account } from './account.ts'
import { nextTry } from './cooldown.ts'
import { type AccountState, type Ledger, quotaLeft } from './ledger.ts'
import type { Candidate, Standing } from './pool.ts'
import type { Roster } from './seats.ts'

export interface ExplainInput {
  candidates: readonly Candidate[]
  ledger: Ledger
  roster: Roster
  full(account: Account, s: AccountState): boolean
  tried: ReadonlySet<string> | undefined
  /** Key of the seat the conversation is bound to. */
  own: string | undefined
  at: number
}

/** How every candidate stands, in the order of the list. */
export function explain({ candidates, ledger, roster, full, tried, own, at }: ExplainInput): Standing[] {
  const standings = candidates.map((c, i): Standing => {
    const { account, model, key } = c
    const s = roster.states[i]!
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
    if (stance !== 'ready') {
      const rests = ledger.restsOf(account, s, model)
      const heaviest = rests.reduce((a, b) => (nextTry(b, at) > nextTry(a, at) ? b : a))
      const until = new Date(heaviest.until).toISOString()
      const said = heaviest.failure.message
      if (stance === 'probe')
        return { ...base, is: 'probe', because: `rests until ${until}, one request may test it now: ${said}` }
      const next = new Date(nextTry(heaviest, at)).toISOString()
      return { ...base, is: 'resting', because: `rests until ${until}, next test at ${next}: ${said}` }
    }
    if (full(account, s))
      return { ...base, is: 'busy', because: `${s.inFlight} requests under way, its limit is ${account.concurrency}` }
    return { ...base, is: 'usable', because: key === own ? 'this conversation is already there' : 'ready' }
  })
  const top = Math.max(...standings.filter(({ is }) => is === 'usable' || is === 'probe').map((s) => s.priority))
  return standings.map((s) =>
    s.is === 'usable' && s.bound !== true && s.priority < top
      ? { ...s, is: 'lower-priority', because: `accounts of priority ${top} are used first` }
      : s,
  )
}
