/** Status, alerts, models, providers, endpoints and the doctor's findings: made of memory, asked for often. */

import type { Alert as RaisedAlert } from '../../../../telemetry/alerts.ts'
import { isLoopback } from '../../../access.ts'
import type { ManagementContext } from '../context.ts'
import type { AccountView, Alert, EndpointRow, ModelRow, ProviderRow, Status } from '../contract.ts'
import type { Recent } from '../recent.ts'
import { type AccountBrief, accountBriefs, accountViews, strip } from './account-view.ts'
import { toldView } from './told-view.ts'

export interface Overview {
  status(): Status
  alerts(): Alert[]
  models(): ModelRow[]
  providers(): ProviderRow[]
  endpoints(): EndpointRow[]
  accounts(): AccountView[]
}

export function createOverview(context: ManagementContext, recent: Recent): Overview {
  const { gateway, now, startedAt, storeTrouble } = context

  const accounts = (): AccountView[] => accountViews(context, recent)
  const isUsable = ({ state }: Pick<AccountView, 'state'>): boolean => state === 'ready' || state === 'busy'

  function reasons(all: readonly AccountBrief[]): string[] {
    const found = [...context.trouble()]
    const store = storeTrouble()
    if (store !== undefined && !found.some((words) => words.includes(store))) found.push(`The store: ${store}`)
    if (gateway.snapshot.accounts.length === 0)
      found.push(all.length === 0 ? 'No account is configured or logged in.' : 'No account can be used now.')
    return found.map(context.scrub)
  }

  function alerts(all: readonly AccountBrief[] = accountBriefs(context)): Alert[] {
    context.alerts.look()
    const found = context.alerts.list().map((alert) => alertView(context, alert))
    for (const { kind, id, provider } of all) {
      const login = kind === 'login' ? gateway.snapshot.providers.get(provider)?.login : undefined
      if (login?.policy.state === 'discontinued')
        found.push({
          id: `policy:${id}`,
          level: 'info',
          kind: 'policy',
          title: `${login.title} is discontinued`,
          message: `${login.title}: ${login.policy.note}`,
          url: login.policy.url,
          accountId: id,
          provider,
        })
    }
    if (all.length === 0)
      found.push({
        id: 'no-accounts',
        level: 'warning',
        kind: 'no-accounts',
        title: 'There is no account yet',
        message: 'There is no account yet, so nothing can be answered.',
        action: 'Log in to a subscription, or put an API key into the config.',
      })
    if (context.behind.counts.dropped > 0)
      found.push({
        id: 'usage-dropped',
        level: 'warning',
        kind: 'usage',
        title: 'Some usage could not be kept',
        message: `${context.behind.counts.dropped} ${context.behind.counts.dropped === 1 ? 'record' : 'records'} could not be kept.`,
        action: 'Look at the store.',
      })
    const rejected = context.configFault()
    if (rejected !== undefined)
      found.push({
        id: 'config-rejected',
        level: 'warning',
        kind: 'config',
        title: 'The config file is not in force',
        message: `The config file is not in force: ${context.scrub(rejected).slice(0, 500)}`,
        action: 'Mend it; the one before stays in force until then.',
      })
    const { config } = gateway.snapshot
    if (!isLoopback(config.host) && config['remote-management']['allow-remote'] && !config.tls.enable)
      found.push({
        id: 'exposed',
        level: 'warning',
        kind: 'exposed',
        title: 'Management answers without TLS',
        message: 'Management answers other machines without TLS: tokens travel in the clear.',
        action: 'Set tls, or turn remote-management.allow-remote off and use an SSH tunnel.',
      })
    return found
  }

  return {
    accounts,
    alerts: () => alerts(),
    status() {
      const all = accountBriefs(context)
      const metrics = context.metrics()
      const why = reasons(all)
      const vault = context.vault?.state()
      const store = storeTrouble()
      const rejected = context.configFault()
      const count = (state: AccountView['state']) => all.filter((a) => a.state === state).length
      const { waiting, dropped } = context.behind.counts
      return {
        version: context.version,
        startedAt,
        now: now(),
        uptimeMs: Math.max(0, now() - startedAt),
        ready: why.length === 0,
        reasons: why,
        url: context.url(),
        config: strip({
          file: context.configFile,
          digest: gateway.snapshot.digest,
          rejected: rejected === undefined ? undefined : context.scrub(rejected),
        }),
        store: strip({
          engine: context.inMemory ? 'memory' : context.store.engine,
          ok: store === undefined,
          trouble: store,
          waiting,
          dropped,
        }),
        vault:
          vault === undefined
            ? { is: 'none' }
            : vault.is === 'open'
              ? { is: 'open', wrap: vault.wrap, fingerprint: vault.fingerprint }
              : { is: 'locked', reason: context.scrub(vault.reason), help: context.scrub(vault.help) },
        accounts: {
          total: all.length,
          usable: all.filter(isUsable).length,
          resting: count('resting'),
          needLogin: count('needs-login'),
          disabled: count('disabled'),
        },
        totals: {
          requests: metrics.requests,
          errors: metrics.errors,
          refused: metrics.refused,
          errorRate: metrics.requests === 0 ? 0 : metrics.errors / metrics.requests,
          averageLatencyMs: metrics.avgLatencyMs,
          requestsPerSecond: context.usage.live.perSecond(),
          active: gateway.active,
          inputTokens: metrics.tokens.input,
          outputTokens: metrics.tokens.output,
          costMicros: recent.spentMicros,
        },
        alerts: alerts(all),
      }
    },

    models() {
      const { registry, protocols, config } = gateway.snapshot
      const state = new Map(accountBriefs(context).map((a) => [a.id, a]))
      return registry.list().map((model): ModelRow => {
        const candidates = new Map<string, { id: string; provider: string; upstream: string }>()
        for (const protocol of protocols.keys())
          for (const { account, model: upstream } of registry.find(model.id, { protocol }))
            candidates.set(`${account.id}|${upstream}`, { id: account.id, provider: account.provider, upstream })
        const all = [...candidates.values()]
        const ids = new Set(all.map(({ id }) => id))
        const upstreamAt = new Map<string, Set<string>>()
        for (const { id, upstream } of all) upstreamAt.set(id, (upstreamAt.get(id) ?? new Set()).add(upstream))
        const free = [...ids].filter((id) => {
          const account = state.get(id)
          return (
            account !== undefined &&
            isUsable(account) &&
            !account.rests.some((r) => upstreamAt.get(id)?.has(r.model ?? ''))
          )
        })
        return strip({
          id: model.id,
          displayName: model.displayName,
          providers: [...new Set(all.map(({ provider }) => provider))],
          contextLength: model.contextLength,
          maxOutput: model.maxOutput,
          accounts: ids.size,
          usable: free.length,
          upstream: [...new Set(all.map(({ upstream }) => upstream))].filter((name) => name !== model.id),
          fallback: [...(Object.hasOwn(config.fallback, model.id) ? config.fallback[model.id]! : [])],
          categories: Object.entries(config['ai-router'].routes).flatMap(([category, names]) =>
            names.includes(model.id) ? [category] : [],
          ),
        })
      })
    },

    providers() {
      const all = accountBriefs(context)
      const { providers, registry } = gateway.snapshot
      return [...providers.values()].map((provider): ProviderRow => {
        const own = all.filter((a) => a.provider === provider.id)
        const usable = own.filter(isUsable).length
        const login = provider.login
        const state =
          own.length === 0
            ? 'no-account'
            : usable > 0
              ? 'ready'
              : own.some((a) => a.state === 'resting')
                ? 'resting'
                : 'needs-login'
        const words = {
          'no-account': login === undefined ? 'No key in the config.' : (login.instead ?? 'No account: log in to one.'),
          ready: usable === own.length ? 'Ready.' : `${usable} of ${own.length} accounts can be used.`,
          resting: 'Every account rests.',
          'needs-login': 'No account can be used: look at them.',
        }[state]
        return strip({
          id: provider.id,
          title: provider.title,
          policy: { ...provider.policy },
          loginPolicy: login === undefined ? undefined : { ...login.policy },
          loginTitle: login?.title,
          ways: [
            ...(login?.browser === undefined ? [] : (['browser', 'paste'] as const)),
            ...(login?.device === undefined ? [] : (['device'] as const)),
          ],
          protocols: [...provider.speaks],
          accounts: own.length,
          usable,
          models: registry.list(provider.id).length,
          state,
          words,
        })
      })
    },

    endpoints() {
      return context.usage.live.endpoints().map((e) =>
        strip({
          endpoint: `${e.method} ${e.path}`.trim(),
          protocol: e.protocol,
          requests: e.requests,
          errors: e.errors,
          errorRate: e.requests === 0 ? 0 : e.errors / e.requests,
          averageLatencyMs: e.averageLatencyMs,
          p50Ms: e.p50Ms,
          p95Ms: e.p95Ms,
          lastAt: e.lastAt,
        } satisfies EndpointRow),
      )
    },
  }
}

function alertView({ scrub }: ManagementContext, alert: RaisedAlert): Alert {
  const { id, level, kind, title, words, parts, action, account, provider, since, until, url } = alert
  return strip({
    id,
    level,
    kind,
    title,
    message: scrub(words),
    parts: parts.some((piece) => typeof piece !== 'string') ? toldView(parts, scrub) : undefined,
    action,
    accountId: account,
    provider,
    since,
    until,
    url,
  })
}
