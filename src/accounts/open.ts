/** Store, vault and logins, opened together: for the gateway and for the command line alike. */
import type { Config } from '../config/schema.ts'
import { openPatiently, openStore, type PatientOptions, storeLocation } from '../store/index.ts'
import type { Store, StoreError } from '../store/store.ts'
import type { LoginRecord, Tokens } from './login-record.ts'
import { createLogins, type LoginsService } from './logins-service.ts'
import { createFlowContext, USER_AGENT } from './oauth/context.ts'
import type { LoginFlow } from './oauth/flow.ts'
import { refreshRecipe } from './oauth/recipe.ts'
import { realClock } from './refresh/clock.ts'
import { createExchange } from './refresh/exchange.ts'
import { createKeeper } from './refresh/keeper-link.ts'
import { createLocalRefresher } from './refresh/refresher.ts'
import { openVault, type VaultAdmin } from './vault/index.ts'
import type { TokenVault } from './vault.ts'

type AccountsConfig = Pick<Config, 'store' | 'vault' | 'oauth-clients' | 'host-overrides' | 'proxy-url'>

export interface OpenAccountsOptions {
  config: AccountsConfig
  /** `auth-dir` with the home directory filled in. */
  authDir: string
  /** Who can be logged in to. */
  providers: readonly { id: string; login?: LoginFlow }[]
  env: NodeJS.ProcessEnv
  now?: () => number
  log?(level: 'info' | 'warn' | 'error', account: string, message: string): void
  /** A store of the caller's own: it is not closed here, and refreshes are carried out in this process. */
  store?: Store
  /** Begin without a store that is away, and open it when it is back. Left out: it has to be there. */
  patient?: PatientOptions
  /** Whether a process of its own presents refresh tokens, so that nothing is lost when this one is killed; true unless said. */
  keeper?: boolean
  /** Whether to refresh ahead of time; true unless said. A command that is soon over has no need to. */
  ahead?: boolean
  /** Reads the vendor's own file that a borrowed login stands in. */
  reread?(record: LoginRecord): Promise<Tokens | undefined>
  /** Goes before the config's `vault.passphrase-file` and the environment. */
  passphraseFile?: string
  /** Hears of the tokens of every login as they are read or renewed, so that they can be kept out of what is written down. */
  seen?(tokens: Tokens): void
  /** Asks a person for the vault's passphrase. */
  askPassphrase?(): Promise<string | undefined>
}

export interface OpenAccounts {
  store: Store
  /** Why a store that was away at the start is not there yet; undefined: it is. */
  missingStore(): StoreError | undefined
  vault: TokenVault & VaultAdmin
  logins: LoginsService
  /** Takes over a changed config: clients, hosts and the proxy. Store and vault stay as they are. */
  reconfigure(config: AccountsConfig): void
  /** Lets refreshes come to their end, then closes all. */
  close(): Promise<void>
}

/**
 * Opens everything. A vault that cannot be opened, and logins that cannot be read, are told by `logins.trouble()`.
 * @throws {StoreError} when the store cannot be opened, and is not to be waited for.
 */
export async function openAccounts(options: OpenAccountsOptions): Promise<OpenAccounts> {
  const { authDir, env, now = Date.now, log } = options
  let { config } = options
  const location = storeLocation(config, authDir)
  const opening = () => openStore(location, { now })
  const patient = options.store === undefined && options.patient !== undefined
  const late = patient ? await openPatiently(location.engine, opening, options.patient) : undefined
  const store = options.store ?? late?.store ?? (await opening())
  const flows = new Map(
    options.providers.flatMap(({ id, login }) => (login === undefined ? [] : [[id, login] as const])),
  )
  const flowOf = (provider: string): LoginFlow => {
    const flow = flows.get(provider)
    if (flow === undefined) throw new Error(`This program knows no login of "${provider}".`)
    return flow
  }
  try {
    const vault = await openVault({
      store,
      authDir,
      config,
      env,
      now,
      passphraseFile: options.passphraseFile,
      askPassphrase: options.askPassphrase,
    })
    const clock = { ...realClock, now }
    const here = createLocalRefresher({ store, vault, exchange: createExchange({ userAgent: USER_AGENT, now }), clock })
    // A process of its own knows the machine's clock only.
    const refresher =
      options.store !== undefined || options.keeper === false || now !== Date.now
        ? here
        : createKeeper({
            location,
            userAgent: USER_AGENT,
            key: () => vault.exportKey(),
            fallback: here,
            warn: (words) => log?.('warn', '', words),
          })
    const logins = await createLogins({
      store,
      vault,
      refresher,
      recipe: async ({ provider }, tokens) =>
        refreshRecipe(provider, flowOf(provider), config, { userAgent: USER_AGENT }, tokens.details, env),
      refreshed(provider, found, answer) {
        const tokens = flows.get(provider)?.refreshed?.(found, answer) ?? found
        options.seen?.(found)
        if (tokens !== found) options.seen?.(tokens)
        return tokens
      },
      reread: options.reread,
      async revoke({ provider, facts }, tokens) {
        const flow = flowOf(provider)
        if (flow.revoke === undefined) return
        const { proxyUrl } = facts
        const context = await createFlowContext({ provider, flow, config, proxyUrl, env, now, details: tokens.details })
        try {
          await flow.revoke(tokens, context)
        } finally {
          await context.close()
        }
      },
      proxyUrl: () => config['proxy-url'],
      ahead: options.ahead,
      clock,
      log,
    })
    return {
      store,
      missingStore: () => late?.missing(),
      vault,
      logins,
      reconfigure(changed) {
        config = changed
      },
      async close() {
        await logins.close()
        await vault.close()
        if (options.store === undefined) await store.close()
      },
    }
  } catch (error) {
    if (options.store === undefined) await store.close().catch(() => {})
    throw error
  }
}
