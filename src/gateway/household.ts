/** What lives beside the road: the store, the logins, what is remembered over restarts, what vendors are asked now and then. */
import type { Account } from '../accounts/account.ts'
import { createComebacks } from '../accounts/comebacks.ts'
import { compileWindows } from '../accounts/ledger.ts'
import { createLoginDesk, type LoginDesk } from '../accounts/login-desk.ts'
import { USER_AGENT } from '../accounts/oauth/context.ts'
import type { VendorHttp } from '../accounts/oauth/flow.ts'
import { createVendorHttp } from '../accounts/oauth/http.ts'
import { type OpenAccounts, openAccounts } from '../accounts/open.ts'
import type { PoolOptions } from '../accounts/pool.ts'
import { createQuotaTable, type QuotaTable } from '../accounts/quota-table.ts'
import { createRemembrance } from '../accounts/remembrance.ts'
import type { Config } from '../config/schema.ts'
import { matcher } from '../config/wildcard.ts'
import type { Provider } from '../providers/provider.ts'
import { createUpkeep, type Upkeep } from '../providers/upkeep.ts'
import { type Behind, createBehind, createMemoryStore, deadline } from '../store/index.ts'
import type { Store } from '../store/store.ts'
import type { Gateway } from './gateway.ts'

export interface HouseholdOptions {
  config: Config
  /** `auth-dir` with the home directory filled in; undefined: nothing is kept on this machine, and nobody can log in. */
  authDir: string | undefined
  providers: readonly Provider[]
  env: NodeJS.ProcessEnv
  now: () => number
  /** A store of the embedder's own. */
  store?: Store
  log(level: 'info' | 'warn' | 'error', fields: object, message: string): void
  /** Hears every token, so that it shows in no log. */
  learn(secret: string): void
}

export interface Household {
  readonly store: Store
  readonly behind: Behind
  /** Absent where nobody can log in. */
  readonly accounts: OpenAccounts | undefined
  /** Carries logins out; absent where nobody can log in. */
  readonly desk: LoginDesk | undefined
  readonly quotas: QuotaTable
  readonly poolHooks: Pick<PoolOptions, 'onRest' | 'onBinding'>
  /** Takes over what an earlier life learned, and begins to follow what changes. @param changed the logins are others now. */
  begin(gateway: Gateway, changed: () => void): Promise<void>
  reconfigure(config: Config): void
  /** Why nothing can be written now; undefined when all is well. */
  storeTrouble(): string | undefined
  /** Why some of it cannot be used now, in sentences. */
  trouble(): string[]
  /** What its owner should know though all can be used: a backup was put back, new tokens cannot be stored yet. */
  remarks(): readonly string[]
  close(): Promise<void>
}

/** So long the last changes may take to be written when all stops, ms. */
const FAREWELL_MS = 5_000
/** Changes of logins that come within this are taken over together. */
const GATHER_MS = 50
/** How often it is looked whether there is something to remark, ms. */
const REMARK_MS = 60_000
/** What an earlier life learned is worth waiting for so long at a start, ms. */
const RECALL_MS = 250

/**
 * Opens the store and the logins. A store that is away (a server that does not answer, a full disk) is begun without:
 * it is opened when it is back.
 * @throws {StoreError} when the store cannot be opened, and that will not pass by itself.
 */
export async function openHousehold(options: HouseholdOptions): Promise<Household> {
  const { now, log } = options
  const { accounts, store } = await open(options)
  let storeTrouble: string | undefined
  const behind = createBehind({
    store,
    onTrouble(trouble) {
      if (trouble.is === 'failing') storeTrouble = trouble.error.message
      log('warn', { trouble }, 'what is to be kept cannot be written now; it waits in memory')
    },
    onRecovered({ dropped }) {
      storeTrouble = undefined
      log('info', { dropped }, 'the store takes what is to be kept again')
    },
  })
  const memory = createRemembrance(store, behind, now)
  const quotas = createQuotaTable({
    now,
    told(accountId, state, available) {
      gateway?.pool.quota(accountId, compileWindows(state.windows, matcher), available)
      memory.onQuota(accountId, state)
    },
  })
  const senders = new Map<string, ReturnType<typeof createVendorHttp>>()
  let { config } = options
  const desk =
    accounts &&
    createLoginDesk({
      providers: options.providers,
      config: () => config,
      logins: accounts.logins,
      env: options.env,
      now,
      stored: () => takeOver(),
    })
  let gateway: Gateway | undefined
  let upkeep: Upkeep | undefined
  let timer: NodeJS.Timeout | undefined
  let stop: (() => void) | undefined
  /** Takes over what has changed and still waits to be gathered. */
  let takeOver = (): void => {}
  let said: ReadonlySet<string> = new Set()
  let remarking: NodeJS.Timeout | undefined

  /** Each remark once for as long as it holds. */
  function remark(): void {
    const vault = accounts?.vault.warnings() ?? []
    for (const words of vault) if (!said.has(words)) log('warn', {}, words)
    said = new Set(vault)
  }

  function httpThrough(proxyUrl = ''): VendorHttp {
    const sender = senders.get(proxyUrl) ?? createVendorHttp({ proxyUrl, userAgent: USER_AGENT })
    senders.set(proxyUrl, sender)
    return sender.http
  }

  return {
    store,
    behind,
    accounts,
    desk,
    quotas,
    poolHooks: { onRest: memory.onRest, onBinding: memory.onBinding },
    async begin(road, changed) {
      gateway = road
      const recall = memory.attach(road.pool, quotas).catch((error: Error) => {
        if (accounts?.missingStore() === undefined)
          log('warn', { err: error.message }, 'what was learned before this start cannot be read')
      })
      await Promise.race([recall, new Promise((resolve) => setTimeout(resolve, RECALL_MS).unref())])
      if (accounts === undefined) return
      const { logins } = accounts
      remark()
      remarking = setInterval(remark, REMARK_MS).unref()
      const comebacks = createComebacks(logins.records())
      // The first change is taken over at once, so that a login is served when it is done; those that follow are gathered.
      let more = false
      takeOver = () => {
        more = false
        clearTimeout(timer)
        remark()
        changed()
        void upkeep?.look()
        timer = setTimeout(() => {
          timer = undefined
          if (more) takeOver()
        }, GATHER_MS)
      }
      stop = logins.onChange(() => {
        // Not gathered: who has ended and come back in the meantime would not be seen.
        for (const id of comebacks(logins.records())) road.pool.renewed(id)
        if (timer === undefined) takeOver()
        else more = true
      })
      upkeep = createUpkeep({
        accounts: () => road.snapshot.accounts,
        provider: (id) => road.snapshot.providers.get(id),
        logins,
        quotas,
        http: httpThrough,
        now,
        trouble: (account, matter, error) => log('warn', whose(account), `${MATTERS[matter]}: ${error.message}`),
      })
      void upkeep.look()
    },
    storeTrouble: () => accounts?.missingStore()?.message ?? storeTrouble,
    reconfigure(next) {
      config = next
      accounts?.reconfigure(next)
    },
    trouble() {
      const words = accounts?.logins.trouble()
      return words === undefined ? [] : [words]
    },
    // What of it concerns single logins was logged when it came about.
    remarks: () => (accounts === undefined ? [] : [...accounts.vault.warnings(), ...accounts.logins.notices()]),
    async close() {
      stop?.()
      clearTimeout(timer)
      clearInterval(remarking)
      upkeep?.close()
      memory.close()
      await desk?.close()
      await deadline(behind.close(), FAREWELL_MS).catch((error: Error) =>
        log('warn', { err: error.message }, 'the last changes are not kept'),
      )
      await Promise.all([...senders.values()].map((sender) => sender.close()))
      if (accounts !== undefined) await accounts.close()
      else if (options.store === undefined) await store.close()
    },
  }

  function whose({ id, label, provider }: Account): object {
    return { account: id, label, provider }
  }
}

const MATTERS = { quota: 'the vendor does not tell what is left', models: 'the vendor does not tell its models' }

async function open(options: HouseholdOptions): Promise<{ store: Store; accounts: OpenAccounts | undefined }> {
  const { config, authDir, providers, env, now, log, learn } = options
  if (authDir === undefined) return { store: options.store ?? createMemoryStore(), accounts: undefined }
  const accounts = await openAccounts({
    config,
    authDir,
    providers,
    env,
    now,
    store: options.store,
    patient: {
      away: (error) =>
        log('warn', {}, `${error.message} Until the store is there, accounts by API key serve, and logins do not.`),
      back: (ms) => log('info', { afterSeconds: Math.round(ms / 1000) }, 'the store is there now; logins are read'),
    },
    async reread({ provider, facts }) {
      const { from } = facts.origin
      if (from === undefined) return undefined
      const [{ placesHere }, { rereadBorrowed }] = await Promise.all([
        import('../accounts/import/find.ts'),
        import('../accounts/import/take.ts'),
      ])
      return await rereadBorrowed(provider, from, placesHere(), facts.subject)
    },
    // ID tokens are known by their shape.
    seen({ accessToken, refreshToken }) {
      learn(accessToken)
      if (refreshToken !== undefined) learn(refreshToken)
    },
    log: (level, account, message) => log(level, account === '' ? {} : { account }, message),
  })
  return { store: accounts.store, accounts }
}
