/**
 * LogicaProxy as a library: `createGateway` gives the whole program to a program of one's own.
 *
 *     const gateway = await createGateway({ config: 'config.yaml' })
 *     const { url } = await gateway.listen()
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import type { ClientKeys } from './accounts/client-keys.ts'
import type { BeginLogin, DeskLogin } from './accounts/login-desk.ts'
import type { Logins } from './accounts/logins.ts'
import { LoginError } from './accounts/oauth/flow.ts'
import { expandHome, type LoadedConfig, loadConfig, type Notice, parseConfig } from './config/load.ts'
import type { Config } from './config/schema.ts'
import { configSecrets } from './config/secrets.ts'
import { watchConfig } from './config/watch.ts'
import type { GatewayEvents } from './gateway/events.ts'
import { createFetchTransport } from './gateway/fetch-transport.ts'
import { createGatewayCore } from './gateway/gateway.ts'
import { openHousehold } from './gateway/household.ts'
import { compileSnapshot } from './gateway/snapshot.ts'
import { protocols as builtInProtocols } from './protocols/index.ts'
import type { Protocol } from './protocols/protocol.ts'
import { providers as builtInProviders } from './providers/index.ts'
import type { Provider } from './providers/provider.ts'
import { createExamples } from './routing/auto/index.ts'
import type { Classifier } from './routing/plan.ts'
import type { AccessCheck } from './server/access.ts'
import { createAdmin } from './server/admin/admin.ts'
import { lazyManagement } from './server/admin/lazy-management.ts'
import { createLogRing } from './server/admin/management/log-ring.ts'
import { createDoor } from './server/door.ts'
import { createFetchHandler } from './server/fetch.ts'
import { createHttpServer } from './server/server.ts'
import { type Store, StoreError } from './store/store.ts'
import { createAccounting } from './telemetry/accounting.ts'
import type { Alerts } from './telemetry/alerts.ts'
import { attachTelemetry, createMetrics, createRedactor, type Log, type Redactor } from './telemetry/index.ts'
import type { UsageService } from './telemetry/usage.ts'
import { version } from './version.ts'

export interface CreateGatewayOptions {
  /** Path of a config file, or what one would say, as an object with the same kebab-case keys. */
  config: string | Record<string, unknown>
  /** Providers beside the built-in ones; one with the id of a built-in takes its place. */
  providers?: readonly Provider[]
  /** Protocols beside the built-in ones. */
  protocols?: readonly Protocol[]
  /** Reads prompts for the model `auto`, in place of the built-in classifier. */
  classifier?: Classifier
  /** Decides who may come in, in place of `api-keys`. */
  access?: AccessCheck
  /** Sends requests upstream in place of the built-in client. */
  fetchUpstream?: typeof fetch
  /** Clock in milliseconds; for tests. */
  now?: () => number
  /** Where log lines go, perhaps made once the config is known; none are written without it. */
  log?: Log | ((config: Config) => Log)
  /**
   * Where logins, cooldowns and usage are kept. Default: what the config says (`store`, `auth-dir`); memory alone for a
   * config that is an object and names neither.
   */
  store?: Store
  /** Knows the secrets that must not show in logs; one is made if none is given. Share it with `log`. */
  redactor?: Redactor
  /** Follow the config file while it changes. Default: true for a path. */
  watch?: boolean
}

export interface RunningGateway {
  /** Opens the port of the config, or another. */
  listen(at?: { host?: string; port?: number }): Promise<{ host: string; port: number; url: string }>
  /** For a `node:http` server of one's own. */
  readonly handler: (req: IncomingMessage, res: ServerResponse) => void
  /** The same for its `upgrade` event: Responses over a WebSocket. */
  readonly upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** A link that signs its holder in to the dashboard, once. @throws {StoreError} */
  dashboardLink(): Promise<{ url: string; expiresAt: number }>
  /** The web-standard face. */
  readonly fetch: (request: Request) => Promise<Response>
  /**
   * Reads the config file again, or takes another config.
   * @throws {ConfigError} and stays as it was, if it is not valid.
   */
  reload(config?: Record<string, unknown>): Promise<void>
  /** Listens to what happens on the road; returns a function that stops listening. */
  on<E extends keyof GatewayEvents>(event: E, listener: GatewayEvents[E]): () => void
  /** The config in force. */
  readonly config: Config
  /** The accounts people logged in to; undefined where nothing is kept (`store`, `auth-dir`). */
  readonly logins: Logins | undefined
  /**
   * Begins a login to a subscription; its `account` resolves when it is stored and served.
   * @throws {LoginError}
   */
  login(provider: string, options?: BeginLogin): Promise<DeskLogin>
  /** The clients' keys, those made at run time included. */
  readonly keys: ClientKeys
  /** What was used; `store.usage` has the rows. */
  readonly usage: UsageService
  /** What its owner should act on. */
  readonly alerts: Alerts
  /** Remarks of the loader about the config the gateway started with: ignored keys, doubtful values. */
  readonly notices: readonly Notice[]
  /** Calls under way. */
  readonly active: number
  /** Stops, letting calls under way finish for `drain-seconds` at most. Resolves with how many had to be ended. */
  close(options?: { drainMs?: number }): Promise<number>
}

/**
 * Makes a gateway.
 * @throws {ConfigError} with every fault of the config.
 */
export async function createGateway(options: CreateGatewayOptions): Promise<RunningGateway> {
  const now = options.now ?? Date.now
  const file = typeof options.config === 'string' ? options.config : undefined
  const loaded = typeof options.config === 'string' ? await loadConfig(options.config) : fromObject(options.config)
  const providers = mergeById(builtInProviders, options.providers)
  const protocols = mergeById(builtInProtocols, options.protocols)

  const redactor = options.redactor ?? createRedactor()
  learnSecrets(redactor, loaded.config)
  const logs = createLogRing({ now, scrub: redactor.scrub })
  const log = logs.wrap((typeof options.log === 'function' ? options.log(loaded.config) : options.log) ?? SILENT)
  const authDir = expandHome(loaded.config['auth-dir'])
  const household = await openHousehold({
    config: loaded.config,
    authDir: keeps(options.config) ? authDir : undefined,
    providers,
    env: process.env,
    now,
    store: options.store,
    log: (level, fields, message) => log[level](fields, message),
    learn: redactor.learn,
  })
  let current: Loaded = loaded
  const examples = await createExamples(
    household.store,
    now,
    () => refresh(),
    (error) => {
      if (household.storeTrouble() === undefined)
        log.warn({ err: error.message }, 'labelled prompts of the router cannot be read now')
    },
    EXAMPLES_MS,
  )
  const compile = (l: Loaded) =>
    compileSnapshot(l.config, l.digest, providers, protocols, household.accounts?.logins.records(), examples.list())
  const gateway = createGatewayCore({
    snapshot: compile(loaded),
    logins: household.accounts?.logins,
    quotas: household.quotas,
    poolHooks: household.poolHooks,
    classifier: options.classifier,
    transport: options.fetchUpstream && createFetchTransport(options.fetchUpstream),
    scrub: redactor.scrub,
    now: options.now,
  })
  const metrics = createMetrics({ version, now, startedAt: now(), scrub: redactor.scrub })
  const accounting = createAccounting(() => gateway, {
    config: loaded.config,
    store: household.store,
    behind: household.behind,
    quotas: household.quotas,
    logins: household.accounts?.logins,
    metrics,
    lasts: keeps(options.config) || options.store !== undefined,
    now,
    scrub: redactor.scrub,
    log: (level, fields, message) => log[level](fields, message),
    vaultTrouble: household.trouble,
    storeTrouble: household.storeTrouble,
  })
  await accounting.load()
  const admin = createAdmin({ gateway, protocols, version, now, metrics: metrics.render, trouble: household.trouble })
  const startedAt = now()
  let address = ''
  const reload = async (config?: Record<string, unknown>): Promise<void> => {
    try {
      if (config !== undefined) take(fromObject(config))
      else if (file !== undefined) take(await loadConfig(file))
    } catch (error) {
      refuse(error as Error)
      throw error
    }
  }
  const management = lazyManagement(() => ({
    version,
    now,
    startedAt,
    url: () => address,
    gateway,
    protocols,
    store: household.store,
    inMemory: !keeps(options.config) && options.store === undefined,
    behind: household.behind,
    logins: household.accounts?.logins,
    vault: household.accounts?.vault,
    desk: household.desk,
    quotas: household.quotas,
    usage: accounting.usage,
    metrics: metrics.snapshot,
    alerts: accounting.alerts,
    storeTrouble: household.storeTrouble,
    trouble: household.trouble,
    remarks: household.remarks,
    configFault: admin.fault,
    configFile: file,
    dataDir: keeps(options.config) ? authDir : undefined,
    env: process.env,
    reload: () => reload(),
    keys: accounting.keys,
    examples,
    logs,
    scrub: redactor.scrub,
    learn: redactor.learn,
    log: (level, fields, message) => log[level](fields, message),
    pagesDir: PAGES,
  }))
  const door = createDoor({
    gateway,
    protocols,
    admin,
    management,
    access: options.access,
    keys: accounting.keys,
    onKey: redactor.learn,
    now,
  })
  const server = createHttpServer({
    config: loaded.config,
    gateway,
    door,
    admin,
    management,
    guarded: options.access !== undefined || !accounting.keys.open,
  })
  const telemetry = attachTelemetry(gateway, {
    config: loaded.config,
    authDir,
    log,
    redactor,
    metrics,
    now,
  })
  metrics.gauge('logicaproxy_account_resting', 'Whether an account (or one model of it) rests now.', () =>
    gateway.pool.resting(gateway.snapshot.accounts).map((r) => ({
      labels: { account: r.accountId, provider: r.provider, model: r.model ?? '' },
      value: 1,
    })),
  )
  metrics.gauge('logicaproxy_account_in_flight', 'Requests under way at an account.', () =>
    gateway.snapshot.accounts.map((a) => ({
      labels: { account: a.id, provider: a.provider },
      value: gateway.pool.inFlight(a.id),
    })),
  )
  metrics.gauge('logicaproxy_active_requests', 'Requests under way.', () => [{ labels: {}, value: gateway.active }])

  function take(next: Loaded): void {
    learnSecrets(redactor, next.config)
    const snapshot = compile(next)
    current = next
    household.reconfigure(next.config)
    accounting.update(next.config)
    gateway.swap(snapshot)
    telemetry.update(next.config)
    admin.configFault(undefined)
  }

  function refuse(error: Error): void {
    admin.configFault(error.message)
    gateway.emit('reload-failed', error)
  }

  function refresh(): void {
    gateway.swap(compile(current))
  }

  await household.begin(gateway, refresh)
  const watch =
    file !== undefined && (options.watch ?? true)
      ? watchConfig(file, {
          digest: loaded.digest,
          onChange: (next) => take(next),
          onError: (error) => refuse(error),
        })
      : undefined

  return {
    async listen(at) {
      const listening = await server.listen(at)
      address = listening.url
      return listening
    },
    dashboardLink: management.newLink,
    handler: server.handler,
    upgrade: server.upgrade,
    fetch: createFetchHandler(gateway, door),
    reload,
    on: gateway.on,
    get config() {
      return gateway.snapshot.config
    },
    logins: household.accounts?.logins,
    async login(provider, how) {
      if (household.desk === undefined)
        throw new LoginError('input', 'Nothing is kept here: name an auth-dir or a store in the config to log in.')
      return await household.desk.begin(provider, how)
    },
    keys: accounting.keys,
    usage: accounting.usage,
    alerts: accounting.alerts,
    notices: loaded.notices,
    get active() {
      return gateway.active
    },
    async close({ drainMs } = {}) {
      watch?.close()
      const cut = await server.close(drainMs ?? gateway.snapshot.config['drain-seconds'] * 1000)
      await gateway.close()
      await telemetry.close()
      accounting.close()
      examples.close()
      await household.close()
      metrics.close()
      return cut
    },
  }
}

/** Where the built page is, from `src/` and from `dist/` alike. */
const PAGES = fileURLToPath(new URL('../dist/dashboard/', import.meta.url))
/** Labelled prompts are worth waiting for so long at a start, ms. */
const EXAMPLES_MS = 250

/** Whether things are to be kept on this machine: a program's own object has to say where. */
function keeps(config: CreateGatewayOptions['config']): boolean {
  return typeof config === 'string' || 'auth-dir' in config || 'store' in config
}

/** For an embedder who wants no log. */
const SILENT: Pick<Log, 'debug' | 'info' | 'warn' | 'error'> = {
  debug() {},
  info() {},
  warn() {},
  error() {},
}

function learnSecrets(redactor: Redactor, config: Config): void {
  const { secrets, urls } = configSecrets(config)
  for (const secret of secrets) redactor.learn(secret)
  for (const url of urls) redactor.learnUrl(url)
}

type Loaded = Pick<LoadedConfig, 'config' | 'digest' | 'notices'>

/** An object goes the way of a file, so that it gets the same defaults, checks and sentences. */
function fromObject(object: Record<string, unknown>): Loaded {
  const text = stringify(object)
  return { ...parseConfig(text, { file: 'config', env: {} }), digest: createHash('sha256').update(text).digest('hex') }
}

function mergeById<T extends { id: string }>(builtIn: readonly T[], own: readonly T[] = []): readonly T[] {
  const replaced = new Set(own.map((item) => item.id))
  return [...builtIn.filter((item) => !replaced.has(item.id)), ...own]
}

export type { Account, Credential } from './accounts/account.ts'
export { type ClientKeyRecord, type ClientKeys, KeyError } from './accounts/client-keys.ts'
export type { BeginLogin, DeskLogin } from './accounts/login-desk.ts'
export type { Logins } from './accounts/logins.ts'
export { type CreateVaultOptions, createVault, type EmbeddedVault } from './accounts/vault/embed.ts'
export type { SecretInfo, StoreSecretOptions, Vault } from './accounts/vault/secrets.ts'
export { VaultError, type VaultState } from './accounts/vault.ts'
export { ConfigError } from './config/load.ts'
export type { Config } from './config/schema.ts'
export type { AttemptRecord, CallRecord, FailedExchange, GatewayEvents } from './gateway/events.ts'
export type { ClientIdentity } from './gateway/exchange.ts'
export { type Failure, failure } from './hub/failure.ts'
export type { Protocol } from './protocols/protocol.ts'
export { dialectRequest } from './providers/dialects.ts'
export type { Outgoing, Provider, UpstreamRequest } from './providers/provider.ts'
export type { Classification, Classifier } from './routing/plan.ts'
export type { AccessCheck, RequestHead } from './server/access.ts'
export { TlsError, UnsafeBindError } from './server/server.ts'
export type { Store } from './store/store.ts'
export { LoginError, StoreError, version }
