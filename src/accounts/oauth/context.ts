/** Makes what the machinery lends to a vendor's calls, from the config and for one account's proxy. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../../config/schema.ts'
import { version } from '../../version.ts'
import { createHosts } from '../hosts.ts'
import { type FlowContext, LoginError, type LoginFlow } from './flow.ts'
import { createVendorHttp } from './http.ts'
import { resolveClient } from './recipe.ts'

/** Own name, everywhere and to everybody. */
export const USER_AGENT = `logicaproxy/${version}`

export interface ContextOptions {
  provider: string
  flow: LoginFlow
  config: Pick<Config, 'oauth-clients' | 'host-overrides' | 'proxy-url'>
  /** The account's proxy; the config's `proxy-url` when left out. */
  proxyUrl?: string
  env?: NodeJS.ProcessEnv
  now?: () => number
  progress?(words: string): void
  ask?(question: string): Promise<string | undefined>
  label?: string
  project?: string
  signal?: AbortSignal
  /** Details of tokens that are there already, whose client is to be used. */
  details?: Readonly<Record<string, string>>
}

/**
 * The context of one login; `close` ends its connections.
 * @throws {LoginError} `secret-missing`
 */
export async function createFlowContext(options: ContextOptions): Promise<FlowContext & { close(): Promise<void> }> {
  const { provider, flow, config, env = process.env } = options
  const client = await resolveClient(provider, flow, config, env, options.details)
  const signal = options.signal ?? new AbortController().signal
  const { http, close } = createVendorHttp({
    proxyUrl: options.proxyUrl ?? config['proxy-url'],
    ...(options.details === undefined ? {} : { details: options.details }),
    userAgent: USER_AGENT,
    signal,
  })
  return {
    ...client,
    http,
    close,
    url: createHosts(config['host-overrides']).url,
    now: options.now ?? Date.now,
    sleep: (ms) => sleep(ms, signal),
    progress: options.progress ?? (() => {}),
    ...(options.ask === undefined ? {} : { ask: options.ask }),
    ...(options.label === undefined ? {} : { label: options.label }),
    ...(options.project === undefined ? {} : { project: options.project }),
    ...(options.details === undefined ? {} : { details: options.details }),
    userAgent: USER_AGENT,
    signal,
  }
}

/** Waits, unless the login is given up. @throws {LoginError} `cancelled` */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    throw new LoginError('cancelled', 'The login was cancelled.', { cause: error })
  }
}
