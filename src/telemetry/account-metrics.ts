/** Metrics of what accounts and keys use: tokens, cost, allowances, logins, refusals, alerts. */
import type { ClientKeys } from '../accounts/client-keys.ts'
import type { LoginRecord } from '../accounts/login-record.ts'
import type { QuotaState } from '../accounts/quota.ts'
import type { CallRecord } from '../gateway/events.ts'
import type { Usage } from '../hub/response.ts'
import type { Alert } from './alerts.ts'
import type { GaugeSample, Metrics } from './metrics.ts'
import { isRefusal } from './outcome.ts'
import { addTokens, Tokens } from './series.ts'
import { OTHER, Pairs, Table } from './tables.ts'
import type { UsageEvents, UsageService } from './usage.ts'

export interface AccountMetricsOptions {
  metrics: Metrics
  usage: UsageService
  keys: ClientKeys
  accounts(): readonly { id: string; label: string; provider: string }[]
  logins(): readonly LoginRecord[]
  quota(accountId: string): QuotaState | undefined
  alerts(): readonly Alert[]
}

const ACCOUNTS = 500
const MODELS = 200
const KEYS = 200

/** Adds the metrics, and listens to what they count. @returns stops listening. */
export function addAccountMetrics(events: UsageEvents, options: AccountMetricsOptions): () => void {
  const { metrics, usage, keys, accounts, logins, quota, alerts } = options
  const clean = (label: string) => (label.length > 128 ? `${label.slice(0, 127)}…` : label)
  const folded = () => {}
  const spent = new Pairs((account, provider) => new AccountTokens(account, provider), {
    limit: ACCOUNTS,
    clean,
    folded,
  })
  const costs = new Pairs((model, provider) => new Cost(model, provider), { limit: MODELS, clean, folded })
  const keyCosts = new Table(() => ({ requests: 0, tokens: 0, micros: 0 }), { limit: KEYS, clean, folded })
  const refusals = metrics.counter(
    'logicaproxy_key_refusals_total',
    'Requests refused because of their client key: a limit, an end, a revocation.',
  )
  const renewals = new Map<string, { provider: string; count: number }>()
  const versions = new Map<string, number>()
  const labelOf = new Map<string, string>()

  const onEnd = (record: CallRecord): void => {
    if (isRefusal(record)) return
    const micros = usage.cost(record)
    const key = keyCosts.get(record.client)
    key.requests += 1
    key.micros += micros ?? 0
    if (record.usage !== undefined) {
      addTokens(spent.get(record.accountId || 'none', record.provider || 'none').tokens, record.usage)
      key.tokens += record.usage.input + record.usage.cacheWrite + record.usage.output
    }
    if (record.attempts.length === 0) return
    const cost = costs.get(record.servedModel || 'none', record.provider || 'none')
    if (micros === undefined) cost.unpriced += 1
    else cost.micros += micros
  }

  function look(): void {
    for (const { id, version, provider } of logins()) {
      const before = versions.get(id)
      versions.set(id, version)
      if (before === undefined || version <= before) continue
      const row = renewals.get(provider) ?? { provider, count: 0 }
      row.count += version - before
      renewals.set(provider, row)
    }
  }

  function label(id: string): string {
    for (const account of accounts()) labelOf.set(account.id, account.label)
    if (labelOf.size > ACCOUNTS * 4) labelOf.clear()
    return labelOf.get(id) ?? id
  }

  metrics.counts(
    'logicaproxy_account_tokens_total',
    'Tokens by the account that answered; output includes reasoning.',
    function* () {
      const named = new Set<string>()
      for (const { account, provider, tokens } of spent.rows()) {
        const name = account === OTHER ? OTHER : label(account)
        // Two accounts of one label are told apart, as everywhere.
        const shown = named.has(`${provider} ${name}`) ? `${name} (${account})` : name
        named.add(`${provider} ${name}`)
        const labels = { account: shown, provider }
        for (const [type, value] of kindsOf(tokens)) yield { labels: { ...labels, type }, value }
      }
    },
  )
  metrics.counts('logicaproxy_cost_usd_total', 'Estimated cost by public list prices, US dollars.', function* () {
    for (const { model, provider, micros } of costs.rows())
      yield { labels: { model, provider }, value: micros / 1_000_000 }
  })
  metrics.counts('logicaproxy_unpriced_requests_total', 'Answered requests whose cost is not known.', function* () {
    for (const { model, provider, unpriced } of costs.rows()) yield { labels: { model, provider }, value: unpriced }
  })
  metrics.counts('logicaproxy_key_requests_total', 'Requests by client key.', function* () {
    for (const [key, row] of keyCosts.rows) yield { labels: { key }, value: row.requests }
  })
  metrics.counts(
    'logicaproxy_key_tokens_total',
    'Tokens by client key, without those a cache gave back.',
    function* () {
      for (const [key, row] of keyCosts.rows) yield { labels: { key }, value: row.tokens }
    },
  )
  metrics.counts('logicaproxy_key_cost_usd_total', 'Estimated cost by client key, US dollars.', function* () {
    for (const [key, row] of keyCosts.rows) yield { labels: { key }, value: row.micros / 1_000_000 }
  })
  metrics.gauge('logicaproxy_account_quota_used_ratio', 'Share of an allowance that is used.', () =>
    windows(({ used }) => used),
  )
  metrics.gauge('logicaproxy_account_quota_reset_timestamp_seconds', 'When an allowance is reset.', () =>
    windows(({ resetsAt }) => (resetsAt === undefined ? undefined : resetsAt / 1000)),
  )
  metrics.counts(
    'logicaproxy_token_renewals_total',
    'Times new tokens of a login were stored, by any process.',
    function* () {
      look()
      for (const { provider, count } of renewals.values()) yield { labels: { provider }, value: count }
    },
  )
  metrics.gauge('logicaproxy_logins_needing_attention', 'Logins that have to be renewed by their owner.', function* () {
    const needing = logins().filter(({ facts }) => facts.state.is === 'needs-login' && !facts.disabled)
    const providers = new Set(logins().map(({ provider }) => provider))
    for (const provider of providers)
      yield { labels: { provider }, value: needing.filter((login) => login.provider === provider).length }
  })
  metrics.gauge('logicaproxy_alerts', 'Alerts that are raised, by kind and level.', function* () {
    for (const [key, raised] of Map.groupBy(alerts(), ({ kind, level }) => `${kind} ${level}`)) {
      const [kind, level] = key.split(' ') as [string, string]
      yield { labels: { kind, level }, value: raised.length }
    }
  })
  metrics.gauge('logicaproxy_usage_rows_waiting', 'Entries that wait to be written to the store.', () => [
    { value: usage.counts.waiting },
  ])
  metrics.counts(
    'logicaproxy_usage_rows_dropped_total',
    'Entries that were dropped because the store took none.',
    () => [{ value: usage.counts.dropped }],
  )

  function* windows(value: (w: QuotaState['windows'][number]) => number | undefined): Generator<GaugeSample> {
    for (const { id, label: account, provider } of accounts())
      for (const window of quota(id)?.windows ?? []) {
        const found = value(window)
        if (found !== undefined) yield { labels: { account, provider, window: window.id }, value: found }
      }
  }

  look()
  const stops = [events.on('end', onEnd), keys.onRefusal(({ name, reason }) => refusals({ key: name, reason }))]
  return () => {
    for (const stop of stops) stop()
  }
}

class AccountTokens {
  readonly tokens = new Tokens()
  readonly account: string
  readonly provider: string
  constructor(account: string, provider: string) {
    this.account = account
    this.provider = provider
  }
}

class Cost {
  micros = 0
  unpriced = 0
  readonly model: string
  readonly provider: string
  constructor(model: string, provider: string) {
    this.model = model
    this.provider = provider
  }
}

function* kindsOf(tokens: Usage): Generator<[string, number]> {
  yield ['input', tokens.input]
  yield ['cache_read', tokens.cacheRead]
  yield ['cache_write', tokens.cacheWrite]
  yield ['output', tokens.output]
  yield ['reasoning', tokens.reasoning]
}
