/** What the commands about accounts have in common: the config, the opened store and vault, and words for failures. */
import { existsSync } from 'node:fs'
import { placesHere } from '../accounts/import/find.ts'
import { rereadBorrowed } from '../accounts/import/take.ts'
import type { LoginRecord, Tokens } from '../accounts/login-record.ts'
import { LoginError, type LoginFlow } from '../accounts/oauth/flow.ts'
import { type OpenAccounts, openAccounts } from '../accounts/open.ts'
import { VaultError } from '../accounts/vault.ts'
import { ConfigError, expandHome, loadConfig, parseConfig, resolveConfigPath } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { FailureError } from '../hub/failure.ts'
import { type Provider, providers } from '../providers/index.ts'
import { StoreError } from '../store/store.ts'
import { CommandError, EXIT, type Output } from './output.ts'

/** A provider people can log in to. */
export type LoginProvider = Provider & { login: LoginFlow }

export const loginProviders: readonly LoginProvider[] = providers.filter(
  (p): p is LoginProvider => p.login !== undefined,
)

/** What people also call them. */
const NAMES: Readonly<Record<string, string>> = {
  anthropic: 'claude',
  'claude-code': 'claude',
  openai: 'codex',
  chatgpt: 'codex',
  gemini: 'gemini-cli',
  google: 'gemini-cli',
  'code-assist': 'gemini-cli',
  'qwen-code': 'qwen',
  moonshot: 'kimi',
  grok: 'xai',
}

/** @throws {CommandError} with the names there are. */
export function providerNamed(name: string): LoginProvider {
  const id = NAMES[name.toLowerCase()] ?? name.toLowerCase()
  const found = loginProviders.find((p) => p.id === id)
  if (found !== undefined) return found
  throw new CommandError(
    `There is no login named "${name}". There are: ${loginProviders.map((p) => p.id).join(', ')}.`,
    EXIT.usage,
  )
}

/** @throws {CommandError} when the config has faults. Without a config file its defaults count. */
export async function readConfig(explicit: string | undefined): Promise<Config> {
  const file = resolveConfigPath(explicit)
  try {
    if (explicit === undefined && !existsSync(file)) return parseConfig('', { file }).config
    return (await loadConfig(file)).config
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(error.message, EXIT.config)
    throw error
  }
}

/** Runs something with the accounts open; whatever happens, they are closed. */
export async function withAccounts<T>(
  out: Output,
  options: { config?: string },
  work: (accounts: OpenAccounts, config: Config) => Promise<T>,
): Promise<T> {
  const config = await readConfig(options.config)
  let opened = false
  try {
    const accounts = await openAccounts({
      config,
      authDir: expandHome(config['auth-dir']),
      providers: loginProviders,
      env: process.env,
      ahead: false,
      reread: rereadLogin,
      log: (level, _, message) => {
        if (level !== 'info') out.talk(message)
      },
    })
    opened = true
    try {
      const trouble = accounts.logins.trouble()
      if (trouble !== undefined) throw new CommandError(trouble, EXIT.failed)
      return await work(accounts, config)
    } finally {
      await accounts.close()
    }
  } catch (error) {
    if (error instanceof StoreError && !opened) throw new CommandError(error.message, EXIT.store)
    throw told(error)
  }
}

/** Reads the file that a borrowed login stands in. */
export async function rereadLogin(record: LoginRecord): Promise<Tokens | undefined> {
  const { from } = record.facts.origin
  return from === undefined
    ? undefined
    : await rereadBorrowed(record.provider, from, placesHere(), record.facts.subject)
}

/** Failures whose message is all a person needs. */
export function told(error: unknown): unknown {
  if (error instanceof LoginError) {
    const link = error.url === undefined || error.message.includes(error.url) ? '' : `\n${error.url}`
    return new CommandError(
      error.message + link,
      error.code === 'input' ? EXIT.usage : error.code === 'port' ? EXIT.listen : EXIT.failed,
    )
  }
  if (error instanceof StoreError || error instanceof VaultError || error instanceof FailureError)
    return new CommandError(error.message, EXIT.failed)
  return error
}
