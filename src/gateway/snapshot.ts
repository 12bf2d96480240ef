/** A configuration, compiled. A request keeps the snapshot it started with; a reload swaps the next one in at once. */
import type { Account } from '../accounts/account.ts'
import { configuredAccounts } from '../accounts/configured.ts'
import { type CooldownPolicy, DEFAULT_COOLDOWN } from '../accounts/cooldown.ts'
import { createHosts } from '../accounts/hosts.ts'
import { loggedInAccounts } from '../accounts/logged-in.ts'
import type { LoginRecord } from '../accounts/login-record.ts'
import type { Strategy } from '../accounts/pool.ts'
import type { Config } from '../config/schema.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import type { Protocol } from '../protocols/protocol.ts'
import { compatible } from '../providers/index.ts'
import type { Provider } from '../providers/provider.ts'
import { compileRouter, type Router } from '../routing/auto/index.ts'
import type { LabelledExample } from '../routing/classify/index.ts'
import { createRegistry, type Registry } from '../routing/models.ts'
import { type EndedLogins, endedLogins } from './ended-logins.ts'
import { type MediaPolicy, mediaPolicyOf } from './media.ts'
import { type CompiledPayload, compilePayload } from './payload.ts'

export interface Snapshot {
  readonly config: Config
  /** Tells snapshots apart in logs: a digest of the configuration. */
  readonly digest: string
  readonly accounts: readonly Account[]
  readonly providers: ReadonlyMap<string, Provider>
  readonly protocols: ReadonlyMap<ProtocolId, Protocol>
  readonly registry: Registry
  /** Tells why nobody serves a model any more. */
  readonly ended: EndedLogins
  readonly payload: CompiledPayload
  readonly router: Router
  readonly cooldown: CooldownPolicy
  readonly strategy: Strategy
  /** 0 turns session affinity off. */
  readonly sessionTtlMs: number
  readonly limits: SnapshotLimits
  /** Undefined: media at a URL is not fetched. */
  readonly remoteMedia: MediaPolicy | undefined
}

/** The configuration's limits in the units the road counts in. */
export interface SnapshotLimits {
  readonly bodyBytes: number
  readonly jsonDepth: number
  readonly eventBytes: number
  readonly firstEventMs: number
  readonly idleMs: number
  /** Infinity for none. */
  readonly totalMs: number
  readonly keepAliveMs: number
  readonly maxRetryWaitMs: number
}

/**
 * Compiles a configuration. `builtIn` are the providers that exist beside those the configuration describes.
 * @param logins the accounts people logged in to.
 * @param examples labelled prompts that `auto` heeds.
 */
export function compileSnapshot(
  config: Config,
  digest: string,
  builtIn: readonly Provider[],
  protocols: readonly Protocol[],
  logins: readonly LoginRecord[] = [],
  examples: readonly LabelledExample[] = [],
): Snapshot {
  // An embedder's provider gets its accounts from there too: then it is the entry that says where, and the provider how.
  const described = config['openai-compatibility']
    .filter((entry) => !builtIn.some((provider) => provider.id === entry.name))
    .map((entry) => compatible({ name: entry.name, baseUrl: entry['base-url'], speaks: entry.protocol }))
  const providers = new Map([...builtIn, ...described].map((p) => [p.id, p]))
  const given = new Map(builtIn.map((p) => [p.id, p]))
  const own = new Set(config['openai-compatibility'].map((entry) => entry.name).filter((name) => given.has(name)))
  const hosts = createHosts(config['host-overrides'])
  const ofLogins = (list: readonly LoginRecord[]) => loggedInAccounts(list, config, given, hosts)
  const registryOf = (list: readonly Account[]) =>
    createRegistry(list, [...providers.values()], { forcePrefix: config['force-model-prefix'] })
  const accounts = Object.freeze([
    ...configuredAccounts(config).map((account) =>
      own.has(account.provider) ? Object.freeze({ ...account, speaks: given.get(account.provider)!.speaks }) : account,
    ),
    ...ofLogins(logins),
  ])
  return Object.freeze({
    config,
    digest,
    accounts,
    providers,
    protocols: new Map(protocols.map((p) => [p.id, p])),
    registry: registryOf(accounts),
    ended: endedLogins({ logins, accounts: ofLogins, registry: registryOf }),
    payload: compilePayload(config.payload),
    router: compileRouter(config, providers, examples),
    cooldown: Object.freeze(cooldownOf(config)),
    strategy: config.routing.strategy,
    sessionTtlMs: config.routing['session-affinity'] ? config.routing['session-affinity-ttl'] * 1000 : 0,
    limits: limitsOf(config),
    remoteMedia: mediaPolicyOf(config),
  })
}

function cooldownOf(config: Config): CooldownPolicy {
  const transient = config['transient-error-cooldown-seconds']
  return {
    ...DEFAULT_COOLDOWN,
    probeMs: config.cooldown['probe-seconds'] * 1000,
    maxMs: config.cooldown['max-seconds'] * 1000,
    // The reference's key sets one fixed rest; a negative number means none (domain.md 4.4).
    ...(transient === 0 ? {} : { transientMaxMs: Math.max(0, transient) * 1000 }),
  }
}

function limitsOf(config: Config): SnapshotLimits {
  const { limits, timeouts, streaming } = config
  return Object.freeze({
    bodyBytes: limits['body-mib'] * 1024 * 1024,
    jsonDepth: limits['json-depth'],
    eventBytes: limits['event-mib'] * 1024 * 1024,
    firstEventMs: timeouts['first-event'] * 1000,
    idleMs: timeouts.idle * 1000,
    totalMs: timeouts.total === 0 ? Number.POSITIVE_INFINITY : timeouts.total * 1000,
    keepAliveMs: streaming['keepalive-seconds'] * 1000,
    maxRetryWaitMs: config['max-retry-interval'] * 1000,
  })
}
