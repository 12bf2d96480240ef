import type { AttemptRecord, CallRecord } from '../gateway/events.ts'
import type { Usage } from '../hub/response.ts'
import { isRefusal, outcomeOf } from './outcome.ts'
import { addProcessMetrics } from './process-metrics.ts'
import { createRegistry, Histogram, type Labels, renderLabels } from './registry.ts'
import { AccountSeries, addTokens, Endpoint, Model, outcomeSamples, Tokens } from './series.ts'
import { OTHER, Pairs, Table } from './tables.ts'

/** What a label or a gauge reader may say. */
export interface GaugeSample {
  labels?: Labels
  value: number
}

export interface MetricsOptions {
  version: string
  /** The gateway's clock, in milliseconds. */
  now: () => number
  /** Time of that clock at which the program started. */
  startedAt: number
  /** Takes secrets out of label values (`redactor.scrub`). */
  scrub?: (text: string) => string
  /** Process metrics too; true when left out. */
  process?: boolean
}

export interface MetricsSnapshot {
  uptimeSeconds: number
  /** What these words mean: outcome.ts. */
  requests: number
  errors: number
  cancelled: number
  refused: number
  attempts: number
  failovers: number
  bytesIn: number
  bytesOut: number
  avgLatencyMs: number
  tokens: Usage
  endpoints: { method: string; path: string; requests: number; errors: number; avgLatencyMs: number }[]
  models: { model: string; provider: string; ok: number; failed: number; cancelled: number; tokens: Usage }[]
  accounts: {
    account: string
    accountId: string
    provider: string
    ok: number
    failed: number
    cancelled: number
    failures: Record<string, number>
  }[]
}

export interface Metrics {
  /** Counts a request that is over. `lean` leaves out the pauses of streams. */
  record(record: CallRecord, lean?: boolean): void
  /** Counts one attempt at an account. */
  attempt(attempt: AttemptRecord): void
  /** A gauge that is read at each scrape. */
  gauge(name: string, help: string, read: () => Iterable<GaugeSample>): void
  /** A counter that somebody else counts; read at each scrape. */
  counts(name: string, help: string, read: () => Iterable<GaugeSample>): void
  /** A counter of one's own; the function adds to it. Not for the hot path. */
  counter(name: string, help: string): (labels?: Labels, by?: number) => void
  snapshot(): MetricsSnapshot
  /** Prometheus text format 0.0.4. */
  render(): string
  close(): void
}

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600]
const FIRST_SECONDS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 20, 30, 60, 120]
const GAP_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120]
const MODELS = 200
const ACCOUNTS = 500
const ENDPOINTS = 100
/** Series of one gauge of somebody else's, and of one counter, whose tables are bounded themselves. */
const GAUGES = 2_000
const COUNTS = 5_000

export function createMetrics(options: MetricsOptions): Metrics {
  const { version, now, startedAt, scrub = (text) => text } = options
  const clean = (label: string) => cut(scrub(label)).replace(/[\x00-\x1f\x7f]/g, ' ')
  const registry = createRegistry()

  const foldedBy = { model: 0, account: 0, endpoint: 0, other: 0 }
  let requests = 0
  let errors = 0
  let cancelled = 0
  let refused = 0
  let attempts = 0
  let failovers = 0
  let bytesIn = 0
  let bytesOut = 0
  let latency = 0
  const endpoints = new Pairs((method, path) => new Endpoint(method, path), {
    limit: ENDPOINTS,
    clean,
    folded: () => foldedBy.endpoint++,
  })
  const models = new Pairs((model, provider) => new Model(model, provider), {
    limit: MODELS,
    clean,
    folded: () => foldedBy.model++,
  })
  const small = { limit: 20, clean, folded: () => foldedBy.other++ }
  const durations = new Table(() => new Histogram(SECONDS), small)
  const firsts = new Table(() => new Histogram(FIRST_SECONDS), small)
  const gaps = new Table(() => new Histogram(GAP_SECONDS), small)
  const lanes = new Table(() => ({ requests: 0 }), small)
  const refusals = new Table(() => ({ requests: 0 }), small)
  const dropped = new Table(() => ({ requests: 0 }), { ...small, limit: MODELS })

  // Accounts are told apart by their id; the label is for people, so a second account of the same name gets its id too.
  const accounts = new Map<string, AccountSeries>()
  const accountNames = new Set<string>()
  let otherAccount: AccountSeries | undefined

  function addAccount(attempt: AttemptRecord): AccountSeries {
    if (accounts.size >= ACCOUNTS) {
      foldedBy.account++
      otherAccount ??= new AccountSeries(OTHER, OTHER, OTHER)
      return otherAccount
    }
    const provider = clean(attempt.provider)
    let label = clean(attempt.accountLabel || attempt.accountId)
    if (accountNames.has(`${provider} ${label}`)) label = `${label} (${clean(attempt.accountId)})`
    accountNames.add(`${provider} ${label}`)
    const series = new AccountSeries(label, clean(attempt.accountId), provider)
    accounts.set(attempt.accountId, series)
    return series
  }
  function* accountRows(): Iterable<AccountSeries> {
    yield* accounts.values()
    if (otherAccount) yield otherAccount
  }

  const one = (value: () => number) => () => [{ value: value() }]
  registry.add('gauge', 'logicaproxy_build_info', 'The version of the program and of Node.js; always 1.', () => [
    { labels: { version, node: process.versions.node }, value: 1 },
  ])
  registry.add('gauge', 'logicaproxy_uptime_seconds', 'Seconds since the start.', one(uptime))
  registry.add(
    'counter',
    'logicaproxy_requests_total',
    'Requests that were let in and are over.',
    one(() => requests),
  )
  registry.add(
    'counter',
    'logicaproxy_errors_total',
    'Requests that failed: a status of 400 or more, or a broken stream; not those the client cancelled.',
    one(() => errors),
  )
  registry.add(
    'counter',
    'logicaproxy_client_cancelled_total',
    'Requests whose client left before the end.',
    one(() => cancelled),
  )
  registry.add(
    'counter',
    'logicaproxy_door_refusals_total',
    'What was turned away at the door and is no request: no key, a wrong, ended or exhausted one, a foreign Host.',
    function* () {
      for (const [reason, row] of refusals.rows) yield { labels: { reason }, value: row.requests }
    },
  )
  const perEndpoint = (value: (e: Endpoint) => number) =>
    function* () {
      for (const e of endpoints.rows()) yield { labels: { method: e.method, path: e.path }, value: value(e) }
    }
  registry.add(
    'counter',
    'logicaproxy_endpoint_requests_total',
    'Requests by endpoint.',
    perEndpoint((e) => e.requests),
  )
  registry.add(
    'counter',
    'logicaproxy_endpoint_errors_total',
    'Failed requests by endpoint.',
    perEndpoint((e) => e.errors),
  )
  registry.add(
    'gauge',
    'logicaproxy_endpoint_avg_latency_ms',
    'Average duration since the start by endpoint, in milliseconds.',
    perEndpoint((e) => e.average),
  )
  const perProtocol = (table: Table<Histogram>) =>
    function* () {
      for (const [protocol, histogram] of table.rows) yield* histogram.samples({ protocol })
    }
  registry.add(
    'histogram',
    'logicaproxy_request_duration_seconds',
    'Duration of requests, from the first byte read to the last byte written.',
    perProtocol(durations),
  )
  registry.add(
    'histogram',
    'logicaproxy_time_to_first_event_seconds',
    'Time until the first content of the answer left.',
    perProtocol(firsts),
  )
  registry.add(
    'histogram',
    'logicaproxy_event_gap_seconds',
    'Longest pause between two pieces of a streamed answer.',
    perProtocol(gaps),
  )
  registry.add(
    'counter',
    'logicaproxy_model_requests_total',
    'Requests by the model that answered; "none" where no model did.',
    function* () {
      for (const m of models.rows()) yield* outcomeSamples(m.outcomes, { model: m.model, provider: m.provider })
    },
  )
  registry.add('counter', 'logicaproxy_tokens_total', 'Tokens by model; output includes reasoning.', function* () {
    const sums = new Map<string, Usage>()
    for (const m of models.rows()) {
      const sum = sums.get(m.model)
      if (sum) addTokens(sum, m.tokens)
      else sums.set(m.model, { ...m.tokens })
    }
    for (const [model, sum] of sums) {
      yield { labels: { model, type: 'input' }, value: sum.input }
      yield { labels: { model, type: 'cache_read' }, value: sum.cacheRead }
      yield { labels: { model, type: 'cache_write' }, value: sum.cacheWrite }
      yield { labels: { model, type: 'output' }, value: sum.output }
      yield { labels: { model, type: 'reasoning' }, value: sum.reasoning }
    }
  })
  registry.add('counter', 'logicaproxy_account_requests_total', 'Attempts by account.', function* () {
    for (const a of accountRows()) yield* outcomeSamples(a.outcomes, { account: a.account, provider: a.provider })
  })
  registry.add('counter', 'logicaproxy_account_failures_total', 'Failed attempts by account and kind.', function* () {
    for (const a of accountRows()) {
      for (const [kind, value] of a.failures) {
        yield { labels: { account: a.account, provider: a.provider, kind }, value }
      }
    }
  })
  registry.add(
    'counter',
    'logicaproxy_attempts_total',
    'Attempts at accounts.',
    one(() => attempts),
  )
  registry.add(
    'counter',
    'logicaproxy_failovers_total',
    'Times a request went on to another account or model.',
    one(() => failovers),
  )
  registry.add('counter', 'logicaproxy_bytes_total', 'Body bytes from and to clients.', () => [
    { labels: { direction: 'in' }, value: bytesIn },
    { labels: { direction: 'out' }, value: bytesOut },
  ])
  registry.add('counter', 'logicaproxy_lane_requests_total', 'Requests by the way they were carried.', function* () {
    for (const [lane, row] of lanes.rows) yield { labels: { lane }, value: row.requests }
  })
  registry.add(
    'counter',
    'logicaproxy_dropped_fields_total',
    'Requests in which a translation lost this field.',
    function* () {
      for (const [field, row] of dropped.rows) yield { labels: { field }, value: row.requests }
    },
  )
  registry.add(
    'counter',
    'logicaproxy_metrics_folded_total',
    'Events counted under "other" because their table of labels is full.',
    function* () {
      for (const [table, value] of Object.entries(foldedBy)) yield { labels: { table }, value }
    },
  )
  const processMetrics = options.process === false ? undefined : addProcessMetrics(registry)

  function uptime(): number {
    return Math.max(0, Math.round(now() - startedAt) / 1000)
  }

  return {
    record(record, lean = false) {
      if (isRefusal(record)) {
        refused++
        refusals.get(record.failure?.kind ?? 'none').requests++
        return
      }
      const { usage } = record
      const outcome = outcomeOf(record)
      const failed = outcome === 'failed'
      const ms = Math.max(0, record.endedAt - record.startedAt)
      requests++
      latency += ms
      bytesIn += record.bytesIn
      bytesOut += record.bytesOut
      if (outcome === 'cancelled') cancelled++
      if (failed) errors++

      const endpoint = endpoints.get(record.method, record.endpoint)
      endpoint.requests++
      endpoint.latency += ms
      if (failed) endpoint.errors++

      const model = models.get(record.servedModel || 'none', record.provider || 'none')
      model.outcomes[outcome]++
      if (usage !== undefined) addTokens(model.tokens, usage)

      durations.get(record.protocol).observe(ms / 1000)
      if (record.firstEventAt !== undefined) {
        firsts.get(record.protocol).observe((record.firstEventAt - record.startedAt) / 1000)
        if (record.stream && !lean) gaps.get(record.protocol).observe(record.maxGapMs / 1000)
      }
      if (record.lane !== undefined) lanes.get(record.lane).requests++
      // Positions in lists would make a label of each; the field's name is what a person looks for.
      for (const field of record.dropped ?? []) dropped.get(field.replace(/\.\d+/g, '')).requests++

      const tries = record.attempts
      for (let at = 1; at < tries.length; at++) {
        const before = tries[at - 1]!
        const then = tries[at]!
        if (before.accountId !== then.accountId || before.model !== then.model) failovers++
      }
    },

    attempt(attempt) {
      attempts++
      const series = accounts.get(attempt.accountId) ?? addAccount(attempt)
      const { failure } = attempt
      if (failure === undefined) series.outcomes.ok++
      else if (failure.kind === 'cancelled') series.outcomes.cancelled++
      else {
        series.outcomes.failed++
        series.failures.set(failure.kind, (series.failures.get(failure.kind) ?? 0) + 1)
      }
    },

    gauge: (name, help, read) => registry.add('gauge', name, help, () => bounded(read, GAUGES)),
    counts: (name, help, read) => registry.add('counter', name, help, () => bounded(read, COUNTS)),

    counter(name, help) {
      const rows = new Map<string, { labels: Labels | undefined; value: number }>()
      registry.add('counter', name, help, () => rows.values())
      return (labels, by = 1) => {
        if (!(by >= 0)) return
        let safe = labels && cleanLabels(labels)
        let key = renderLabels(safe)
        if (!rows.has(key) && rows.size >= MODELS) {
          foldedBy.other++
          safe = safe && Object.fromEntries(Object.keys(safe).map((label) => [label, OTHER]))
          key = renderLabels(safe)
        }
        const row = rows.get(key)
        if (row) row.value += by
        else rows.set(key, { labels: safe, value: by })
      }
    },

    snapshot() {
      const tokens: Usage = new Tokens()
      for (const m of models.rows()) addTokens(tokens, m.tokens)
      return {
        uptimeSeconds: uptime(),
        requests,
        errors,
        cancelled,
        refused,
        attempts,
        failovers,
        bytesIn,
        bytesOut,
        avgLatencyMs: requests === 0 ? 0 : Math.round((latency / requests) * 1000) / 1000,
        tokens: { ...tokens },
        endpoints: endpoints.rows().map((e) => ({
          method: e.method,
          path: e.path,
          requests: e.requests,
          errors: e.errors,
          avgLatencyMs: e.average,
        })),
        models: models.rows().map((m) => ({
          model: m.model,
          provider: m.provider,
          ...m.outcomes,
          tokens: { ...m.tokens },
        })),
        accounts: [...accountRows()].map((a) => ({
          account: a.account,
          accountId: a.accountId,
          provider: a.provider,
          ...a.outcomes,
          failures: Object.fromEntries(a.failures),
        })),
      }
    },

    render: () => registry.render(),
    close: () => processMetrics?.close(),
  }

  function* bounded(read: () => Iterable<GaugeSample>, most: number): Iterable<GaugeSample> {
    let left = most
    for (const { labels, value } of read()) {
      if (left-- <= 0) return
      yield { labels: labels && cleanLabels(labels), value }
    }
  }

  function cleanLabels(labels: Labels): Labels {
    return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, clean(String(value))]))
  }
}

/** No label is longer than a name a person would give. */
function cut(label: string): string {
  return label.length > 128 ? `${label.slice(0, 127)}…` : label
}
