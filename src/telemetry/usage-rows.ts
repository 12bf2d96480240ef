/** A call that is over, as rows of the usage table: one for each attempt, the last of which stands for the call. Pure. */
import type { AttemptRecord, CallRecord } from '../gateway/events.ts'
import type { UsageRow } from '../store/store.ts'
import { callCost, type Prices } from './prices.ts'

/** What a page shows of one attempt. Milliseconds from the start of the call. */
export interface AttemptDetail {
  account: string
  label: string
  provider: string
  /** The model's name upstream. */
  model: string
  start: number
  end: number
  /** Upstream HTTP status; 0 when none came. */
  status: number
  /** Why this account. */
  why: string
  failure?: FailureDetail
}

export interface FailureDetail {
  kind: string
  scope: string
  message: string
  /** Seconds. */
  retryAfter?: number
  code?: string
}

/** What `UsageRow.detail` of a call holds, as JSON. */
export interface CallDetail {
  method: string
  stream: boolean
  attempts: AttemptDetail[]
  /** Why this model. */
  reason?: string
  failure?: FailureDetail
  /** Longest pause of a streamed answer, ms. */
  maxGapMs: number
  bytesIn: number
  bytesOut: number
  /** Where the price is from, for calls that have one. */
  price?: {
    family: string
    /** Date of the bundled table; absent: the owner's own price. */
    asOf?: string
    /** Paid by a subscription: what it would have cost by key. */
    subscription?: true
  }
}

export interface RowContext {
  prices: Prices
  /** Whether an account is a login, whose vendor bills no tokens. */
  subscription(accountId: string): boolean
  /** Takes secrets out: a client may send one as the name of a model, a vendor may quote one. */
  scrub(text: string): string
}

/** A text, no longer than a person reads. */
const short = (text: string, most = 1_000): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)

/** The model that was asked for: what the client sent, unless somebody serves it under that name. */
const asked = ({ requestedModel, servedModel }: CallRecord, scrub: (text: string) => string): string =>
  short(requestedModel === servedModel ? requestedModel : scrub(requestedModel), 200)

/** Rows of a call, that of the call itself last. Times are whole milliseconds. */
export function usageRows(record: CallRecord, context: RowContext): UsageRow[] {
  const { attempts } = record
  const rows: UsageRow[] = []
  for (let n = 0; n < attempts.length - 1; n += 1) rows.push(attemptRow(record, attempts[n]!, n, context))
  rows.push(callRow(record, context))
  return rows
}

function attemptRow(record: CallRecord, attempt: AttemptRecord, n: number, context: RowContext): UsageRow {
  return {
    id: `${record.id}/${n}`,
    at: Math.round(attempt.startedAt),
    clientKey: record.client,
    protocol: record.protocol,
    endpoint: record.endpoint,
    requestedModel: asked(record, context.scrub),
    category: record.category ?? '',
    lane: record.lane ?? '',
    servedModel: short(attempt.model, 200),
    provider: attempt.provider,
    account: attempt.accountId,
    status: attempt.status,
    failure: attempt.failure?.kind ?? '',
    final: 0,
    attempts: record.attempts.length,
    latencyMs: whole(attempt.endedAt - attempt.startedAt),
    dropped: '',
    detail: '',
  }
}

function callRow(record: CallRecord, context: RowContext): UsageRow {
  const { usage, attempts, firstEventAt } = record
  const costMicros = callCost(context.prices, record)
  const row: UsageRow = {
    id: `${record.id}/${Math.max(0, attempts.length - 1)}`,
    at: Math.round(record.startedAt),
    clientKey: record.client,
    protocol: record.protocol,
    endpoint: record.endpoint,
    requestedModel: asked(record, context.scrub),
    category: record.category ?? '',
    lane: record.lane ?? '',
    servedModel: short(record.servedModel, 200),
    provider: record.provider,
    account: record.accountId,
    status: record.status,
    failure: record.failure?.kind ?? '',
    final: 1,
    attempts: attempts.length,
    latencyMs: whole(record.endedAt - record.startedAt),
    dropped: record.dropped === undefined ? '' : short(context.scrub(record.dropped.join(',')), 2_000),
    detail: detailText(record, context),
  }
  if (firstEventAt !== undefined) row.firstEventMs = whole(firstEventAt - record.startedAt)
  if (usage !== undefined) {
    row.inputTokens = whole(usage.input)
    row.cacheReadTokens = whole(usage.cacheRead)
    row.cacheWriteTokens = whole(usage.cacheWrite)
    row.outputTokens = whole(usage.output)
    row.reasoningTokens = whole(usage.reasoning)
  }
  if (costMicros !== undefined) row.costMicros = costMicros
  return row
}

/** A vendor may say anything; the table takes whole numbers from 0 on. */
function whole(n: number): number {
  return Number.isFinite(n) && n > 0 ? Math.min(Math.round(n), Number.MAX_SAFE_INTEGER) : 0
}

/** A `CallDetail` as JSON. Put together by hand, as it is done for each call: what all calls say alike is spelled once. */
function detailText(record: CallRecord, { prices, subscription, scrub }: RowContext): string {
  const { startedAt, usage, accountId } = record
  const most = Math.min(record.attempts.length, MOST_ATTEMPTS)
  let text = `{"method":${quoted(record.method)},"stream":${record.stream},"attempts":[`
  for (let n = 0; n < most; n += 1) text += (n === 0 ? '' : ',') + attemptText(record.attempts[n]!, startedAt, scrub)
  text += `],"maxGapMs":${whole(record.maxGapMs)},"bytesIn":${whole(record.bytesIn)},"bytesOut":${whole(record.bytesOut)}`
  if (record.reason !== undefined) text += `,"reason":${JSON.stringify(short(scrub(record.reason)))}`
  if (record.failure !== undefined) text += `,"failure":${JSON.stringify(failureDetail(record.failure, scrub))}`
  const known = usage === undefined ? undefined : prices.of(record.attempts.at(-1)?.model ?? record.servedModel)
  if (known !== undefined) {
    text += `,"price":{"family":${quoted(known.family)}`
    if (known.asOf !== undefined) text += `,"asOf":${quoted(known.asOf)}`
    text += subscription(accountId) ? ',"subscription":true}' : '}'
  }
  return `${text}}`
}

/** A timeline nobody could read any more. */
const MOST_ATTEMPTS = 100

/** An `AttemptDetail` as JSON. */
function attemptText(attempt: AttemptRecord, from: number, scrub: RowContext['scrub']): string {
  const who = `"account":${quoted(attempt.accountId)},"label":${quoted(attempt.accountLabel)}`
  const what = `"provider":${quoted(attempt.provider)},"model":${quoted(short(attempt.model, 200))}`
  const when = `"start":${whole(attempt.startedAt - from)},"end":${whole(attempt.endedAt - from)}`
  const how = `"status":${whole(attempt.status)},"why":${quoted(attempt.why)}`
  const failed =
    attempt.failure === undefined ? '' : `,"failure":${JSON.stringify(failureDetail(attempt.failure, scrub))}`
  return `{${who},${what},${when},${how}${failed}}`
}

/** Texts as JSON that were asked for before: accounts, models and reasons are the same few. */
const spelled = new Map<string, string>()
const MOST_SPELLED = 1_000
const LONGEST_SPELLED = 200

/** A text as JSON. */
function quoted(text: string): string {
  let json = spelled.get(text)
  if (json === undefined) {
    json = JSON.stringify(text)
    if (text.length > LONGEST_SPELLED) return json
    if (spelled.size >= MOST_SPELLED) spelled.clear()
    spelled.set(text, json)
  }
  return json
}

function failureDetail(
  { kind, scope, message, retryAfter, code }: NonNullable<CallRecord['failure']>,
  scrub: RowContext['scrub'],
): FailureDetail {
  const detail: FailureDetail = { kind, scope, message: short(scrub(message)) }
  if (retryAfter !== undefined) detail.retryAfter = retryAfter
  if (code !== undefined) detail.code = short(scrub(code), 200)
  return detail
}

/** Reads a detail again; undefined for none, and for one that is broken. */
export function readDetail(detail: string): CallDetail | undefined {
  if (detail === '') return undefined
  try {
    return JSON.parse(detail) as CallDetail
  } catch {
    return undefined
  }
}
