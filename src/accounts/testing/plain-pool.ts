/**
 * Selection by its definition: everybody is looked at at every choice, nothing is remembered but what is held against whom.
 * Slow and plain, so that the pool can be compared with it.
 */
import type { Failure } from '../../hub/failure.ts'
import type { Account } from '../account.ts'
import { DEFAULT_COOLDOWN, rested } from '../cooldown.ts'
import { type CompiledWindow, createLedger, endpointKey, tightest } from '../ledger.ts'
import type { Candidate, Strategy } from '../pool.ts'

export interface PlainPool {
  /** The key of who is next, `!` before it for a probe; undefined: nobody. Each list has rotations of its own. */
  take(
    list: readonly Candidate[],
    ask: { rotation: string; strategy: Strategy; tried: ReadonlySet<string> },
  ): string | undefined
  succeeded(c: Candidate): void
  /** @param probe it was one. */
  failed(c: Candidate, failure: Failure, probe: boolean): void
  released(c: Candidate, probe: boolean): void
  quota(accountId: string, windows: readonly CompiledWindow[]): void
  reset(account: Account): void
  prune(accounts: readonly Account[]): void
}

export function createPlainPool(now: () => number): PlainPool {
  const ledger = createLedger()
  const cursors = new Map<string, number>()
  const gains = new Map<string, number[]>()
  let turns = 0

  function next(list: readonly Candidate[], usable: readonly number[], strategy: Strategy, rotation: string): number {
    if (strategy === 'fill-first') return usable[0]!
    if (strategy === 'round-robin') {
      const chosen = usable.find((i) => i >= (cursors.get(rotation) ?? 0)) ?? usable[0]!
      cursors.set(rotation, (chosen + 1) % list.length)
      return chosen
    }
    if (strategy === 'weighted') {
      const gained = gains.get(rotation) ?? Array<number>(list.length).fill(0)
      gains.set(rotation, gained)
      for (const i of usable) gained[i]! += list[i]!.account.weight
      const chosen = usable.reduce((a, b) => (gained[b]! > gained[a]! ? b : a))
      gained[chosen]! -= usable.reduce((sum, i) => sum + list[i]!.account.weight, 0)
      return chosen
    }
    const facts = usable.map((i) => {
      const s = ledger.state(list[i]!.account.id)
      const window = tightest(s, list[i]!.model, now())
      const left = Math.ceil(Math.max(0, 1 - (window?.used ?? 0)) / 0.05)
      return { i, order: [-left, window?.resetsAt ?? Infinity, s.inFlight, s.lastTurn, i] }
    })
    facts.sort((a, b) => {
      const at = a.order.findIndex((n, k) => n !== b.order[k])
      return a.order[at]! - b.order[at]!
    })
    return facts[0]!.i
  }

  function untested({ account, model }: Candidate): void {
    for (const rest of ledger.restsOf(account, ledger.state(account.id), model)) rest.probeLease = 0
  }

  return {
    take(list, { rotation, strategy, tried }) {
      const at = now()
      for (const priority of [...new Set(list.map((c) => c.account.priority))].sort((a, b) => b - a)) {
        const stances = list.map(({ account, model, key }) => {
          const s = ledger.state(account.id)
          if (account.priority !== priority || tried.has(key) || s.inFlight >= (account.concurrency ?? Infinity))
            return 'out'
          return ledger.stanceOf(account, s, model, at)
        })
        const probe = stances.indexOf('probe')
        const usable = stances.flatMap((stance, i) => (stance === 'ready' ? [i] : []))
        if (probe === -1 && usable.length === 0) continue
        const alone = usable.length === 1
        const chosen = probe !== -1 ? probe : alone ? usable[0]! : next(list, usable, strategy, rotation)
        const { account, model, key } = list[chosen]!
        const s = ledger.state(account.id)
        s.inFlight += 1
        turns += 1
        s.lastTurn = turns
        if (probe === -1) return key
        ledger.lease(account, model, at, DEFAULT_COOLDOWN)
        return `!${key}`
      }
      return undefined
    },
    succeeded({ account, model }) {
      ledger.state(account.id).inFlight -= 1
      ledger.put({ account: account.id }, undefined)
      ledger.put({ account: account.id, model }, undefined)
      ledger.put({ endpoint: endpointKey(account) }, undefined)
    },
    failed(c, failure, probe) {
      const { account, model } = c
      ledger.state(account.id).inFlight -= 1
      const place =
        failure.scope === 'account'
          ? { account: account.id }
          : failure.scope === 'model'
            ? { account: account.id, model }
            : { endpoint: endpointKey(account) }
      ledger.put(place, rested(ledger.rest(place), failure, now(), DEFAULT_COOLDOWN))
      if (probe) untested(c)
    },
    released(c, probe) {
      ledger.state(c.account.id).inFlight -= 1
      if (probe) untested(c)
    },
    quota(accountId, windows) {
      ledger.state(accountId).windows = windows.toSorted((a, b) => b.used - a.used || a.resetsAt - b.resetsAt)
    },
    reset(account) {
      ledger.put({ account: account.id }, undefined)
      for (const model of [...ledger.state(account.id).models.keys()])
        ledger.put({ account: account.id, model }, undefined)
      ledger.put({ endpoint: endpointKey(account) }, undefined)
    },
    prune(accounts) {
      const known = new Set(accounts.map(({ id }) => id))
      for (const s of [...ledger.states()]) if (!known.has(s.id) && s.inFlight === 0) ledger.forget(s.id)
      const reachable = new Set(accounts.map(endpointKey))
      ledger.keepEndpoints((key) => reachable.has(key))
    },
  }
}
