/** What the logins are made with. */
import type { Store } from '../../store/store.ts'
import type { LoginRecord, Tokens } from '../login-record.ts'
import type { Logins } from '../logins.ts'
import type { RefreshRecipe } from '../oauth/flow.ts'
import type { TokenVault } from '../vault.ts'
import type { Clock } from './clock.ts'
import type { Refresher } from './job.ts'

export interface LoginsOptions {
  store: Pick<Store, 'onChange' | 'check'>
  vault: TokenVault
  refresher: Refresher
  /** What a refresh of these tokens needs. @throws {LoginError} `secret-missing` */
  recipe(record: LoginRecord, tokens: Tokens): Promise<RefreshRecipe>
  /** What the vendor's answer says beside the tokens (`LoginFlow.refreshed`). */
  refreshed?(provider: string, tokens: Tokens, answer: Readonly<Record<string, unknown>>): Tokens
  /** Tells the vendor that a login is given up. */
  revoke?(record: LoginRecord, tokens: Tokens): Promise<void>
  /** The tokens in the vendor's own file, for a borrowed login. */
  reread?(record: LoginRecord): Promise<Tokens | undefined>
  /** The proxy of accounts that name none (`proxy-url`). */
  proxyUrl?(): string | undefined
  /** Whether to refresh ahead of time; true unless said. A short-lived command has no need to. */
  ahead?: boolean
  clock?: Clock
  random?: () => number
  log?(level: 'info' | 'warn' | 'error', account: string, message: string): void
}

/** The service, with what only its owner asks. */
export interface LoginsService extends Logins {
  /** What its owner should know though tokens can be had: that new ones cannot be stored, or asked for. */
  notices(): readonly string[]
}
