/** Who used what, what it cost, and what its owner should know: client keys, usage and alerts, wired together. */
import { type ClientKeys, createClientKeys } from '../accounts/client-keys.ts'
import type { Logins } from '../accounts/logins.ts'
import type { RestingInfo } from '../accounts/pool.ts'
import type { Quotas } from '../accounts/quota.ts'
import type { Config } from '../config/schema.ts'
import type { CallRecord } from '../gateway/events.ts'
import type { Behind } from '../store/behind.ts'
import type { Store } from '../store/store.ts'
import { addAccountMetrics } from './account-metrics.ts'
import { type Alerts, createAlerts } from './alerts.ts'
import type { Metrics } from './metrics.ts'
import { createUsage, type UsageEvents, type UsageService } from './usage.ts'

export interface AccountingOptions {
  config: Config
  store: Store
  behind: Behind
  quotas: Quotas
  /** Absent where nobody can log in. */
  logins?: Logins
  metrics: Metrics
  /** Whether the store outlives the process. */
  lasts: boolean
  now: () => number
  scrub(text: string): string
  log(level: 'info' | 'warn' | 'error', fields: object, message: string): void
  /** Why logins cannot be used now, in sentences. */
  vaultTrouble(): readonly string[]
  /** Why nothing can be written now; undefined when all is well. */
  storeTrouble(): string | undefined
}

/** The road, as far as it is listened to. */
export interface AccountedRoad extends UsageEvents {
  readonly snapshot: {
    readonly accounts: readonly { id: string; label: string; provider: string; credential: { type: string } }[]
  }
  readonly pool: { resting(accounts: readonly never[]): RestingInfo[] }
}

export interface Accounting {
  readonly keys: ClientKeys
  readonly usage: UsageService
  readonly alerts: Alerts
  /** Reads the keys that were made at run time. Nobody is to be let in before. */
  load(): Promise<void>
  update(config: Config): void
  /** Hands over what is still to be kept. */
  close(): void
}

/** @param road asked at each use: it may be made after this. */
export function createAccounting(road: () => AccountedRoad, options: AccountingOptions): Accounting {
  const { config, store, behind, quotas, logins, metrics, now, log } = options
  // While the store is known to be in trouble that was told already, once.
  const trouble = (error: Error, what: string) => {
    if (options.storeTrouble() === undefined) log('warn', { err: error.message }, what)
  }
  const usage = createUsage({
    config,
    store,
    behind,
    now,
    lasts: options.lasts,
    scrub: options.scrub,
    subscription: (accountId) => subscriptions().has(accountId),
    trouble,
  })
  const keys = createClientKeys<CallRecord>({
    config: config['api-keys'],
    store,
    behind,
    now,
    cost: usage.cost,
    trouble: (error) => trouble(error, 'the client keys cannot be read now; those known stay in force'),
  })
  const accounts = () => road().snapshot.accounts
  const alerts = createAlerts({
    now,
    log,
    facts: () => ({
      now: now(),
      accounts: accounts(),
      logins: logins?.records() ?? [],
      quota: quotas.of,
      resting: road().pool.resting(accounts() as readonly never[]),
      vaultTrouble: options.vaultTrouble(),
      storeTrouble: options.storeTrouble(),
      keys: keys.records(),
    }),
  })
  let known: { of: readonly unknown[]; ids: ReadonlySet<string> } | undefined
  let stop: (() => void) | undefined

  /** Compiled once for each snapshot. */
  function subscriptions(): ReadonlySet<string> {
    const of = accounts()
    if (known?.of !== of) known = { of, ids: new Set(of.flatMap((a) => (a.credential.type === 'login' ? [a.id] : []))) }
    return known.ids
  }

  return {
    keys,
    usage,
    alerts,
    async load() {
      const at = road()
      usage.attach(at)
      stop = addAccountMetrics(at, {
        metrics,
        usage,
        keys,
        accounts,
        logins: () => logins?.records() ?? [],
        quota: quotas.of,
        alerts: alerts.list,
      })
      await keys.load()
    },
    update(next) {
      usage.update(next)
      keys.configure(next['api-keys'])
    },
    close() {
      alerts.close()
      stop?.()
      usage.close()
      keys.close()
    },
  }
}
