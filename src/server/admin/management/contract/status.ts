/** What goes on: status, alerts, series for charts, endpoints, models, providers, findings of the doctor. */
import * as z from 'zod'
import { count, duration, micros, queryCount, queryTime, share, time, told } from './common.ts'

/** Something its owner should act on. Stable `id`s, so that a page can show what is new. */
export const alert = z.object({
  /** `quota:claude-1f3a:5h`, `needs-login:claude-1f3a`, `all-resting:claude`, `vault`, `store`, `config-rejected` … */
  id: z.string(),
  level: z.enum(['info', 'warning', 'critical']),
  kind: z.enum([
    'quota',
    'needs-login',
    'all-resting',
    'no-accounts',
    'vault',
    'store',
    'config',
    'policy',
    'usage',
    'exposed',
  ]),
  /** A few words: `Claude: week at 95 %`. */
  title: z.string().optional(),
  /** One sentence: what happened, to which account, until when. */
  message: z.string(),
  /** `message` with its times apart; absent where it names none. */
  parts: told.optional(),
  /** What to do next. */
  action: z.string().optional(),
  accountId: z.string().optional(),
  provider: z.string().optional(),
  since: time.optional(),
  /** Where it can be mended: a path on this server, or a vendor's page. */
  url: z.string().optional(),
  /** When it is expected to be over. */
  until: time.optional(),
})

/** Totals since the start of the process. What is a request, a failure, a refusal: telemetry/outcome.ts. */
export const totals = z.object({
  /** Those that were let in: as many as the usage table and `logicaproxy_requests_total` have. */
  requests: count,
  errors: count,
  /** Turned away at the door (no key, a wrong or revoked one, one at its limit); not among the requests. */
  refused: count,
  /** Share of requests that failed, 0 to 1. */
  errorRate: share,
  averageLatencyMs: duration,
  /** Mean of the last 60 seconds. */
  requestsPerSecond: z.number(),
  /** Under way now. */
  active: count,
  inputTokens: count,
  outputTokens: count,
  costMicros: micros,
})

/** The head of every page, also sent as the event `status` each two seconds while it changes. */
export const status = z.object({
  version: z.string(),
  startedAt: time,
  now: time,
  uptimeMs: duration,
  ready: z.boolean(),
  /** Why it is not ready, in sentences. */
  reasons: z.array(z.string()),
  /** Where clients reach it: `http://127.0.0.1:8317`. */
  url: z.string(),
  config: z.object({
    file: z.string().optional(),
    digest: z.string(),
    /** Why the newest text of the file is not in force. */
    rejected: z.string().optional(),
  }),
  store: z.object({
    engine: z.enum(['sqlite', 'postgres', 'memory']),
    ok: z.boolean(),
    trouble: z.string().optional(),
    /** What still waits to be written, and what was dropped since the start. */
    waiting: count,
    dropped: count,
  }),
  vault: z.object({
    is: z.enum(['open', 'locked', 'none']),
    wrap: z.enum(['keychain', 'key-file', 'passphrase']).optional(),
    fingerprint: z.string().optional(),
    reason: z.string().optional(),
    help: z.string().optional(),
  }),
  accounts: z.object({ total: count, usable: count, resting: count, needLogin: count, disabled: count }),
  totals,
  alerts: z.array(alert),
})

/** `window`: how far back, in seconds; `points`: how many buckets. */
export const seriesQuery = z.object({
  window: z.coerce.number().int().min(10).max(31_536_000).default(3600),
  points: queryCount(500).default(60),
  /** Restricts it to one value of a column. */
  account: z.string().optional(),
  model: z.string().optional(),
  provider: z.string().optional(),
  clientKey: z.string().optional(),
})

/** One bucket; buckets without requests are there, with zeros. */
export const seriesPoint = z.object({
  at: time,
  requests: count,
  errors: count,
  /** Undefined where there were no requests. */
  averageLatencyMs: duration.optional(),
  inputTokens: count,
  outputTokens: count,
  costMicros: micros,
  /** Turned away at the door, not among the requests; known for the last hour (`source: recent`). */
  refused: count.optional(),
})

/** For sparklines and the volume chart. From memory for the last hour, from the store beyond. */
export const series = z.object({
  from: time,
  to: time,
  bucketMs: duration,
  /** Whether it came from the store (`usage`) or from memory (`recent`). */
  source: z.enum(['recent', 'usage']),
  points: z.array(seriesPoint),
})

/** Per endpoint, since the start. */
export const endpointRow = z.object({
  /** `POST /v1/messages` */
  endpoint: z.string(),
  protocol: z.string(),
  requests: count,
  errors: count,
  errorRate: share,
  averageLatencyMs: duration,
  p50Ms: duration.optional(),
  p95Ms: duration.optional(),
  lastAt: time.optional(),
})
export const endpoints = z.object({ endpoints: z.array(endpointRow) })

/** A model clients can ask for. */
export const modelRow = z.object({
  id: z.string(),
  displayName: z.string().optional(),
  providers: z.array(z.string()),
  contextLength: count.optional(),
  maxOutput: count.optional(),
  /** Accounts that serve it, and how many of them could take a request now. */
  accounts: count,
  usable: count,
  /** Upstream names behind it, where they differ. */
  upstream: z.array(z.string()),
  /** Models tried after it (`fallback`). */
  fallback: z.array(z.string()),
  /** Categories of the router that lead to it. */
  categories: z.array(z.string()),
})
export const models = z.object({ models: z.array(modelRow) })

/** A vendor's word on use of its subscription through a program like this one. */
export const policy = z.object({
  state: z.enum(['supported', 'tolerated', 'restricted', 'discontinued']),
  /** ISO date of the reading. */
  since: z.string(),
  note: z.string(),
  url: z.string(),
})
export const providerRow = z.object({
  id: z.string(),
  title: z.string(),
  policy,
  /** Policy of logging in with a subscription, where that is possible. */
  loginPolicy: policy.optional(),
  /** Subscription or product, for people: `Claude Pro or Max`. */
  loginTitle: z.string().optional(),
  /** How one can log in; empty: by key alone. */
  ways: z.array(z.enum(['browser', 'paste', 'device'])),
  protocols: z.array(z.string()),
  accounts: count,
  usable: count,
  models: count,
  state: z.enum(['ready', 'resting', 'needs-login', 'no-account']),
  /** The state in words. */
  words: z.string(),
})
export const providers = z.object({ providers: z.array(providerRow) })

/** What the doctor found, worst first. */
export const finding = z.object({
  id: z.string(),
  level: z.enum(['good', 'info', 'warning', 'critical']),
  title: z.string(),
  /** What the title does not say. */
  detail: z.string(),
  /** `detail` with its times apart; absent where it names none. */
  parts: told.optional(),
  /** Id of the alert that says the same. */
  alert: z.string().optional(),
  action: z.string().optional(),
})
export const doctor = z.object({ at: time, findings: z.array(finding) })

/** The API clients use, for the page that explains it. */
export const reference = z.object({
  baseUrl: z.string(),
  endpoints: z.array(
    z.object({ method: z.string(), path: z.string(), protocol: z.string(), summary: z.string(), stream: z.boolean() }),
  ),
  /** How common clients are pointed here: environment variables with this server's address. No keys. */
  clients: z.array(z.object({ name: z.string(), lines: z.array(z.string()) })),
})

/** The answer to a ping: two clocks, so that a page can draw its history. */
export const ping = z.object({ at: time, active: count, uptimeMs: duration })

/** Which accounts a model would go to now, and why not the others. */
export const whyQuery = z.object({
  model: z.string().min(1),
  /** Dialect of the client; all of them when left out. */
  protocol: z.string().optional(),
  /** Provider it is pinned to. */
  pin: z.string().optional(),
  session: z.string().optional(),
})
export const standing = z.object({
  accountId: z.string(),
  label: z.string(),
  provider: z.string(),
  model: z.string(),
  priority: z.number(),
  is: z.enum(['usable', 'probe', 'resting', 'busy', 'tried', 'lower-priority', 'disabled', 'needs-login', 'excluded']),
  /** In words: until when, because of what. */
  because: z.string(),
  /** `because` with its times apart; absent where it names none. */
  parts: told.optional(),
  /** Of one that rests. */
  until: time.optional(),
  nextTry: time.optional(),
  inFlight: count,
  quotaLeft: share,
  bound: z.boolean().optional(),
  /** Whether it would have to be translated into another dialect. */
  translated: z.boolean(),
})
export const why = z.object({
  model: z.string(),
  strategy: z.string(),
  /** One sentence: who would be taken now, or why nobody. */
  words: z.string(),
  /** Targets in the order in which they are tried. */
  targets: z.array(z.object({ model: z.string(), standings: z.array(standing) })),
})

export const endpointsQuery = z.object({ since: queryTime.optional() })

export type Alert = z.infer<typeof alert>
export type Totals = z.infer<typeof totals>
export type Status = z.infer<typeof status>
export type SeriesPoint = z.infer<typeof seriesPoint>
export type Series = z.infer<typeof series>
export type EndpointRow = z.infer<typeof endpointRow>
export type ModelRow = z.infer<typeof modelRow>
export type Policy = z.infer<typeof policy>
export type ProviderRow = z.infer<typeof providerRow>
export type Finding = z.infer<typeof finding>
export type Doctor = z.infer<typeof doctor>
export type Reference = z.infer<typeof reference>
export type Ping = z.infer<typeof ping>
export type Standing = z.infer<typeof standing>
export type Why = z.infer<typeof why>
