/** What the management API is given: everything it may see and do, named one by one. `src/index.ts` puts it together. */
import type { ClientKeys } from '../../../accounts/client-keys.ts'
import type { LoginDesk } from '../../../accounts/login-desk.ts'
import type { LoginsService } from '../../../accounts/logins-service.ts'
import type { Quotas } from '../../../accounts/quota.ts'
import type { TokenVault } from '../../../accounts/vault.ts'
import type { Gateway } from '../../../gateway/gateway.ts'
import type { Protocol } from '../../../protocols/protocol.ts'
import type { Examples } from '../../../routing/auto/index.ts'
import type { Behind } from '../../../store/index.ts'
import type { Store } from '../../../store/store.ts'
import type { Alerts } from '../../../telemetry/alerts.ts'
import type { MetricsSnapshot } from '../../../telemetry/index.ts'
import type { UsageService } from '../../../telemetry/usage.ts'
import type { LogRing } from './log-ring.ts'

export interface ManagementContext {
  version: string
  /** Clock, ms since the epoch. */
  now(): number
  startedAt: number
  /** Where clients reach this server; known once it listens. */
  url(): string
  gateway: Gateway
  protocols: readonly Protocol[]
  store: Store
  /** True where nothing outlives the process. */
  inMemory: boolean
  behind: Pick<Behind, 'counts' | 'put' | 'flush'>
  /** Absent where nobody can log in. */
  logins?: LoginsService
  vault?: Pick<TokenVault, 'state'>
  desk?: LoginDesk
  quotas: Quotas
  /** Rates, series and prices; what it hears it keeps in the store. */
  usage: Pick<UsageService, 'live' | 'prices' | 'recording' | 'cost' | 'wipe'>
  metrics(): MetricsSnapshot
  /** What its owner should act on. */
  alerts: Pick<Alerts, 'list' | 'look'>
  /** Why nothing can be written now; undefined when all is well. */
  storeTrouble(): string | undefined
  /** What cannot be used now, in sentences. */
  trouble(): string[]
  /** What the owner of the logins should know though they can be used, in sentences. */
  remarks?(): readonly string[]
  /** Why the newest text of the config file is not in force. */
  configFault(): string | undefined
  /** Absent: the config is an object of an embedding program. */
  configFile?: string
  /** `auth-dir`: snapshots of the config and records of failed requests are below it. Absent: nothing is kept on a disk. */
  dataDir?: string
  env: NodeJS.ProcessEnv
  /** Reads the config file again. @throws {ConfigError} */
  reload(): Promise<void>
  /** Client keys made at run time. Absent: those of the config can be looked at. */
  keys?: ClientKeys
  /** Labelled prompts ("this is wrong"). Absent: the router cannot be taught. */
  examples?: Examples
  logs: LogRing
  /** Takes secrets out of a text. */
  scrub(text: string): string
  /** Hears secrets that must show in no log. */
  learn(secret: string): void
  log(level: 'info' | 'warn' | 'error', fields: object, message: string): void
  /** Where the built page is. */
  pagesDir: string
  /** Waits; tests put another in its place. */
  sleep?(ms: number): Promise<void>
}
