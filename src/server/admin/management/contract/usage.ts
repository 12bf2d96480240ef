/** What was used: totals, the calls themselves, one call with its timeline, export. Bodies are kept only where a key says so. */
import * as z from 'zod'
import { count, duration, micros, queryCount, queryTime, time } from './common.ts'

export const usageColumn = z.enum([
  'clientKey',
  'protocol',
  'endpoint',
  'requestedModel',
  'servedModel',
  'category',
  'provider',
  'account',
  'lane',
  'status',
  'failure',
])

/** Filters of all usage queries: exact values, all of which must hold. They are the same in a page's URL. */
export const usageFilter = z.object({
  from: queryTime.optional(),
  /** Exclusive. */
  to: queryTime.optional(),
  attempts: z.enum(['final', 'all']).default('final'),
  clientKey: z.string().optional(),
  protocol: z.string().optional(),
  endpoint: z.string().optional(),
  requestedModel: z.string().optional(),
  servedModel: z.string().optional(),
  category: z.string().optional(),
  provider: z.string().optional(),
  account: z.string().optional(),
  lane: z.string().optional(),
  status: z.coerce.number().int().optional(),
  failure: z.string().optional(),
})

/** `by`: columns, with commas. `bucket`: seconds; `tz`: minutes east of UTC, so that days begin at local midnight. */
export const usageTotalsQuery = usageFilter.extend({
  by: z.string().default(''),
  bucket: z.coerce.number().int().min(1).max(31_536_000).optional(),
  tz: z.coerce.number().int().min(-840).max(840).default(0),
})
export const usageSums = z.object({
  requests: count,
  errors: count,
  averageLatencyMs: duration,
  inputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  outputTokens: count,
  reasoningTokens: count,
  costMicros: micros,
  /** Requests whose cost is unknown: then the true sum is higher than `costMicros`. */
  unpriced: count,
})
export const usageTotals = z.object({
  from: time.optional(),
  to: time.optional(),
  /** Date of the price table. */
  pricesFrom: z.string().optional(),
  rows: z.array(
    z.object({
      key: z.record(z.string(), z.union([z.string(), z.number()])),
      /** Label of the account, where it is a column: accounts that are gone keep their id. */
      label: z.string().optional(),
      ...usageSums.shape,
    }),
  ),
  sum: usageSums,
})

export const usageListQuery = usageFilter.extend({
  limit: queryCount(1000).default(100),
  /** `next` of the page before. */
  cursor: z.string().optional(),
})
/** One call (or, with `attempts=all`, one attempt). */
export const usageRow = z.object({
  /** `req_ab12/0`: call and number of the attempt. */
  id: z.string(),
  callId: z.string(),
  at: time,
  clientKey: z.string(),
  protocol: z.string(),
  endpoint: z.string(),
  requestedModel: z.string(),
  servedModel: z.string(),
  category: z.string(),
  provider: z.string(),
  account: z.string(),
  accountLabel: z.string(),
  lane: z.string(),
  status: z.int(),
  failure: z.string(),
  final: z.boolean(),
  attempts: count,
  latencyMs: duration,
  firstEventMs: duration.optional(),
  inputTokens: count.optional(),
  cacheReadTokens: count.optional(),
  cacheWriteTokens: count.optional(),
  outputTokens: count.optional(),
  reasoningTokens: count.optional(),
  /** Absent: unknown. */
  costMicros: micros.optional(),
  dropped: z.array(z.string()),
})
export const usageList = z.object({ calls: z.array(usageRow), next: z.string().optional() })

/** One attempt on the timeline. Milliseconds from the start of the call. */
export const timelineAttempt = z.object({
  index: z.int(),
  accountId: z.string(),
  accountLabel: z.string(),
  provider: z.string(),
  model: z.string(),
  startMs: duration,
  endMs: duration,
  status: z.int(),
  /** Why this account. */
  why: z.string(),
  failure: z
    .object({ kind: z.string(), scope: z.string(), message: z.string(), retryAfterMs: duration.optional() })
    .optional(),
})
export const usageDetail = z.object({
  call: usageRow,
  timeline: z.array(timelineAttempt),
  /** Why this model: what the router said, the alias, the fallback. */
  reason: z.string().optional(),
  /** What the translation could not say. */
  dropped: z.array(z.string()),
  stream: z.boolean().optional(),
  maxGapMs: duration.optional(),
  bytesIn: count.optional(),
  bytesOut: count.optional(),
  failure: z.string().optional(),
  /** Where its price is from: a family of models, the date of the table; `subscription`: what it would have cost by key. */
  price: z.object({ family: z.string(), asOf: z.string().optional(), subscription: z.boolean().optional() }).optional(),
  /** Only where its key keeps bodies, and until then. */
  bodies: z.object({ request: z.string(), response: z.string(), until: time }).optional(),
  /** Log lines about it that are still in memory. */
  logs: z.array(z.lazy(() => logLine)),
})

export const exportQuery = usageFilter.extend({ format: z.enum(['csv', 'json']).default('csv') })
export const wiped = z.object({ ok: z.literal(true), removed: count })

/** A line of the log as it is kept in memory: already without secrets. */
export const logLine = z.object({
  /** Rises by one with each line of this process. */
  seq: z.int(),
  at: time,
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
  message: z.string(),
  requestId: z.string().optional(),
  fields: z.record(z.string(), z.unknown()),
})
export const logsQuery = z.object({
  limit: queryCount(2000).default(200),
  /** At least this level. */
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('trace'),
  /** Only lines of this request. */
  request: z.string().optional(),
  /** Only lines that hold this text. */
  text: z.string().max(200).optional(),
  /** Only lines after this number (for polling), or before (for older ones). */
  after: z.coerce.number().int().optional(),
  before: z.coerce.number().int().optional(),
})
export const logs = z.object({ lines: z.array(logLine), level: z.string() })

export const errorFile = z.object({ name: z.string(), at: time, bytes: count, requestId: z.string() })
export const errorFiles = z.object({ files: z.array(errorFile) })
/** The record of a failed request: secrets are already taken out. */
export const errorFileView = z.object({ name: z.string(), document: z.unknown() })

/** A request through the road, as a client would send it. Its cost is real. */
export const testRequest = z.strictObject({
  model: z.string().min(1).max(200),
  protocol: z.string().default('openai-chat'),
  prompt: z.string().min(1).max(20_000).default('Say hello in five words.'),
  stream: z.boolean().default(true),
  maxTokens: z.int().min(1).max(4096).default(64),
})
export const testResult = z.object({
  ok: z.boolean(),
  requestId: z.string(),
  status: z.int(),
  ms: duration,
  firstEventMs: duration.optional(),
  servedModel: z.string(),
  provider: z.string(),
  account: z.string(),
  lane: z.string(),
  category: z.string().optional(),
  /** What the model said. */
  text: z.string(),
  failure: z.string().optional(),
})

export type UsageColumnName = z.infer<typeof usageColumn>
export type UsageSums = z.infer<typeof usageSums>
export type UsageTotalsView = z.infer<typeof usageTotals>
export type UsageRowView = z.infer<typeof usageRow>
export type UsageList = z.infer<typeof usageList>
export type TimelineAttempt = z.infer<typeof timelineAttempt>
export type UsageDetail = z.infer<typeof usageDetail>
export type LogLine = z.infer<typeof logLine>
export type Logs = z.infer<typeof logs>
export type ErrorFile = z.infer<typeof errorFile>
export type TestRequest = z.input<typeof testRequest>
export type TestResult = z.infer<typeof testResult>
