/** Keeps what vendors tell on request up to date: allowances and model lists of the accounts people logged in to. */
import type { Account, Credential } from '../accounts/account.ts'
import type { Logins } from '../accounts/logins.ts'
import type { VendorHttp } from '../accounts/oauth/flow.ts'
import type { QuotaTable } from '../accounts/quota-table.ts'
import type { Provider } from './provider.ts'

export interface UpkeepOptions {
  accounts: () => readonly Account[]
  provider: (id: string) => Provider | undefined
  logins: Logins
  quotas: QuotaTable
  /** Sends through a proxy, or directly. */
  http: (proxyUrl: string | undefined) => VendorHttp
  now: () => number
  /** Told when a vendor did not answer: once for each account and matter until it works again. */
  trouble: (account: Account, matter: 'quota' | 'models', error: Error) => void
  /** ms between looks; a minute unless said. */
  everyMs?: number
}

export interface Upkeep {
  /** Looks now; resolves when everything that was due has been asked. */
  look(): Promise<void>
  close(): void
}

/** Usage endpoints are rate-limited themselves (domain.md 1.1): answers' headers tell the same for free. */
const QUOTA_EVERY_MS = 300_000
const MODELS_EVERY_MS = 12 * 3_600_000
/** Questions under way at once. */
const AT_ONCE = 4

export function createUpkeep(options: UpkeepOptions): Upkeep {
  const { logins, quotas, now, trouble } = options
  const askedAt = new Map<string, number>()
  const troubled = new Set<string>()
  let running: Promise<void> | undefined
  let again = false
  let closed = false
  const timer = setInterval(() => void look(), options.everyMs ?? 60_000)
  timer.unref()

  function due(account: Account, matter: string, everyMs: number, last: number): boolean {
    const key = `${matter} ${account.id}`
    if (now() - Math.max(last, askedAt.get(key) ?? Number.NEGATIVE_INFINITY) < everyMs) return false
    askedAt.set(key, now())
    return true
  }

  async function ask(account: Account, matter: 'quota' | 'models', question: () => Promise<void>): Promise<void> {
    const key = `${matter} ${account.id}`
    try {
      await question()
      troubled.delete(key)
    } catch (error) {
      if (!troubled.has(key)) trouble(account, matter, error as Error)
      troubled.add(key)
    }
  }

  async function tend(account: Account): Promise<void> {
    const provider = options.provider(account.provider)
    if (provider === undefined || account.credential.type !== 'login') return
    const credential: Credential | undefined = logins.current(account.id)
    if (credential === undefined) return
    const http = options.http(account.proxyUrl)
    const { quota } = provider
    if (quota?.ask !== undefined && due(account, 'quota', quota.everyMs ?? QUOTA_EVERY_MS, quotas.toldAt(account.id)))
      await ask(account, 'quota', async () => {
        const reading = await quota.ask!(account, credential, http, now())
        if (reading !== undefined) quotas.tell(account.id, reading)
      })
    const facts = logins.records().find((r) => r.id === account.id)?.facts
    if (
      provider.liveModels !== undefined &&
      due(account, 'models', MODELS_EVERY_MS, facts?.modelsAt ?? Number.NEGATIVE_INFINITY)
    )
      await ask(account, 'models', async () => {
        const models = await provider.liveModels!(account, credential, http)
        if (models !== undefined && models.length > 0) await logins.change(account.id, { models, modelsAt: now() })
      })
  }

  async function lookAtAll(): Promise<void> {
    const queue = [...options.accounts()]
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (let account = queue.shift(); account !== undefined && !closed; account = queue.shift()) await tend(account)
    })
    await Promise.all(workers)
  }

  function look(): Promise<void> {
    // Who came meanwhile is not in the list of the look under way.
    if (running !== undefined) again = true
    running ??= (async () => {
      do {
        again = false
        await lookAtAll()
      } while (again && !closed)
    })().finally(() => {
      running = undefined
    })
    return running
  }

  return {
    look,
    close() {
      closed = true
      clearInterval(timer)
    },
  }
}
