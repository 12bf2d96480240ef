/**
 * Usage that lasts: hears what ends on the road, hands it to the store's write-behind, prunes it, exports it, wipes it.
 * Nothing here waits or makes anybody wait.
 */
import type { GatewayEvents } from '../gateway/events.ts'
import type { Behind } from '../store/behind.ts'
import type { Store } from '../store/store.ts'
import { createLive, type Live } from './live.ts'
import { isRefusal } from './outcome.ts'
import { callCost, createPrices, type OwnPrices, type Prices } from './prices.ts'
import { keepBodies } from './usage-bodies.ts'
import { usageRows } from './usage-rows.ts'

/** The keys of the config that are read here, spelled as in the file. */
export interface UsageConfig {
  'usage-statistics-enabled': boolean
  usage: { 'keep-days': number; 'max-rows': number; prices: OwnPrices }
}

/** What happens on the road; the gateway is one. */
export interface UsageEvents {
  on<E extends keyof GatewayEvents>(event: E, listener: GatewayEvents[E]): () => void
}

export interface UsageOptions {
  config: UsageConfig
  store: Pick<Store, 'usage' | 'documents'>
  behind: Pick<Behind, 'usage' | 'counts' | 'flush'>
  /** Whether an account is a login, whose vendor bills no tokens. */
  subscription(accountId: string): boolean
  /** Takes secrets out of words and bodies. */
  scrub(text: string): string
  now?: () => number
  trouble?(error: Error, what: string): void
  /** false: the store lasts no longer than the process, and a row in it would cost what it is not worth. */
  lasts?: boolean
  /** How often old rows are dropped, ms. */
  pruneMs?: number
}

export interface UsageService {
  /** Sums and rates of the last hour, from memory. */
  readonly live: Live
  /** The prices in force. */
  readonly prices: Prices
  /** Whether calls are recorded. */
  readonly recording: boolean
  /** Begins to listen, and to prune: first a minute after the start. */
  attach(events: UsageEvents): void
  update(config: UsageConfig): void
  /** What a call cost, millionths of a US dollar; undefined: unknown. */
  cost(call: Parameters<typeof callCost>[1]): number | undefined
  /** Drops what is too old or too much now. @returns how many rows. @throws {StoreError} */
  prune(): Promise<number>
  /** Drops everything that was recorded, kept bodies too. @returns how many rows. @throws {StoreError} */
  wipe(): Promise<number>
  /** What still waits to be written, and what was dropped since the start. */
  readonly counts: { readonly waiting: number; readonly dropped: number }
  close(): void
}

const DAY_MS = 86_400_000
const FIRST_PRUNE_MS = 60_000

/** Kind of the documents that hold bodies (usage-bodies.ts). */
export const BODY_KIND = 'body'

export function createUsage(options: UsageOptions): UsageService {
  const { store, behind, now = Date.now, scrub, trouble, lasts = true, pruneMs = 3_600_000 } = options
  let config = options.config
  let prices = createPrices(config.usage.prices)
  const live = createLive(now)
  const bodies = keepBodies({ store, scrub, now, trouble: (error) => trouble?.(error, 'bodies cannot be kept') })
  const stops: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const context = {
    get prices() {
      return prices
    },
    subscription: options.subscription,
    scrub,
  }

  const recording = () => lasts && config['usage-statistics-enabled']

  const onEnd: GatewayEvents['end'] = (record) => {
    const refused = isRefusal(record)
    live.record(record, refused ? 0 : (callCost(prices, record) ?? 0))
    if (refused || !recording()) return
    for (const row of usageRows(record, context)) behind.usage(row)
  }

  function prune(): Promise<number> {
    const { 'keep-days': days, 'max-rows': rows } = config.usage
    return store.usage.prune(now() - days * DAY_MS, rows)
  }

  function schedule(ms: number): void {
    timer = setTimeout(() => {
      Promise.all([prune(), store.documents.purge(now())])
        .catch((error: Error) => trouble?.(error, 'old usage cannot be dropped'))
        .finally(() => {
          if (!closed) schedule(pruneMs)
        })
    }, ms).unref()
  }

  return {
    live,
    get prices() {
      return prices
    },
    get recording() {
      return recording()
    },
    attach(events) {
      stops.push(events.on('end', onEnd), events.on('kept', bodies.keep))
      schedule(Math.min(FIRST_PRUNE_MS, pruneMs))
    },
    update(next) {
      config = next
      prices = createPrices(next.usage.prices)
    },
    cost: (call) => callCost(prices, call),
    prune,
    async wipe() {
      // What still waits would come back after it.
      await behind.flush()
      const [rows] = await Promise.all([store.usage.wipe(), store.documents.remove(BODY_KIND)])
      return rows
    },
    counts: behind.counts,
    close() {
      closed = true
      clearTimeout(timer)
      for (const stop of stops) stop()
    },
  }
}
