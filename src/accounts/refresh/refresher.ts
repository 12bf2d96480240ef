/** Refreshes carried out in this very process: for embedders with a store of their own, and inside the keeper. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Store } from '../../store/store.ts'
import type { TokenVault } from '../vault.ts'
import { attemptRefresh, type Bench } from './attempt.ts'
import { type Clock, realClock } from './clock.ts'
import type { Refresher } from './job.ts'

/** Clocks of machines that share a database are trusted to differ by no more than this, ms. */
const SKEW_MS = 30_000

export interface LocalRefresherOptions {
  store: Pick<Store, 'engine' | 'leases'>
  vault: Bench['vault']
  exchange: Bench['exchange']
  /** Names the process; made when left out. */
  owner?: string
  clock?: Clock
  random?: () => number
  /** Whether to go on trying to write rotated tokens; until `close` unless said. */
  persists?: () => boolean
}

/** A name no other process has had or will have. */
export function ownerName(): string {
  return `${hostname()}/${process.pid}/${randomUUID()}`
}

/** Carries refreshes out here. `close` waits for those under way. */
export function createLocalRefresher(options: LocalRefresherOptions): Refresher {
  const { store, vault, exchange, clock = realClock, random = Math.random } = options
  let closed = false
  const running = new Set<Promise<unknown>>()
  const bench: Bench = {
    leases: store.leases,
    vault,
    exchange,
    clock,
    random,
    owner: options.owner ?? ownerName(),
    skewMs: store.engine === 'postgres' ? SKEW_MS : 0,
    watched: new Map(),
    over: new Set(),
    persists: () => (options.persists?.() ?? true) && !closed,
  }
  return {
    run(job, troubled) {
      const work = attemptRefresh(bench, job, troubled)
      running.add(work)
      return work.finally(() => running.delete(work))
    },
    async close() {
      closed = true
      await Promise.allSettled(running)
    },
  }
}

/** What `createLocalRefresher` needs of a vault. */
export type RefreshVault = Pick<TokenVault, 'get' | 'put' | 'putFacts'>
