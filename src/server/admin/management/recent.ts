/** What accounts did since the start, and what calls cost: in memory, bounded. Rates and series are kept by telemetry/live.ts. */
import type { AttemptRecord, CallRecord } from '../../../gateway/events.ts'
import type { Gateway } from '../../../gateway/gateway.ts'

const MOST_ACCOUNTS = 5_000

export interface AccountStats {
  lastUsedAt: number
  requests: number
  errors: number
}

export interface Recent {
  account(id: string): AccountStats | undefined
  /** Millionths of a US dollar since the start, as far as prices are known. */
  readonly spentMicros: number
  close(): void
}

/** @param cost what a call cost; undefined: unknown. */
export function createRecent(
  gateway: Pick<Gateway, 'on'>,
  cost: (record: CallRecord) => number | undefined,
  now: () => number,
): Recent {
  const accounts = new Map<string, AccountStats>()
  let spent = 0

  function onAttempt({ accountId, failure }: AttemptRecord): void {
    let stats = accounts.get(accountId)
    if (stats === undefined) {
      if (accounts.size >= MOST_ACCOUNTS) accounts.delete(accounts.keys().next().value!)
      stats = { lastUsedAt: 0, requests: 0, errors: 0 }
      accounts.set(accountId, stats)
    }
    stats.lastUsedAt = now()
    stats.requests += 1
    if (failure !== undefined && failure.kind !== 'cancelled') stats.errors += 1
  }

  const stops = [
    gateway.on('attempt', onAttempt),
    gateway.on('end', (record) => {
      spent += cost(record) ?? 0
    }),
  ]

  return {
    account: (id) => accounts.get(id),
    get spentMicros() {
      return spent
    },
    close() {
      for (const stop of stops) stop()
    },
  }
}
