/** Usage as pages see it: rows of the store, calls that have just ended, sums, CSV. */
import type { CallRecord } from '../../../../gateway/events.ts'
import type { UsageColumn, UsageFilter, UsageRow, UsageTotals } from '../../../../store/store.ts'
import type { ManagementContext } from '../context.ts'
import type { TimelineAttempt, UsageDetail, UsageRowView, UsageSums } from '../contract.ts'
import { strip } from './account-view.ts'

const COLUMNS: readonly UsageColumn[] = [
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
]

export interface UsageQuery extends Partial<Record<UsageColumn, string | number | undefined>> {
  from?: number | undefined
  to?: number | undefined
  attempts: 'final' | 'all'
}

/** The store's filter of a query. */
export function filterOf(query: UsageQuery): UsageFilter {
  const where: Partial<Record<UsageColumn, string | number>> = {}
  for (const column of COLUMNS) if (query[column] !== undefined) where[column] = query[column]
  return strip({ from: query.from, to: query.to, attempts: query.attempts, where })
}

/** The columns of `by`, or the one that is none. */
export function columnsOf(by: string): UsageColumn[] | { unknown: string } {
  const names = by.split(',').filter((name) => name !== '')
  const unknown = names.find((name) => !COLUMNS.includes(name as UsageColumn))
  return unknown === undefined ? (names as UsageColumn[]) : { unknown }
}

/** Names of accounts for people. */
export function labelsOf({ gateway, logins }: ManagementContext): (id: string) => string {
  const labels = new Map([
    ...gateway.snapshot.accounts.map(({ id, label }) => [id, label] as const),
    ...(logins?.records() ?? []).map(({ id, facts }) => [id, facts.label] as const),
  ])
  return (id) => labels.get(id) ?? id
}

const callOf = (id: string): string => (id.includes('/') ? id.slice(0, id.lastIndexOf('/')) : id)
const listOf = (text: string): string[] => text.split(',').map((field) => field.trim()).filter((field) => field !== '')

export function rowView(row: UsageRow, label: (id: string) => string): UsageRowView {
  const { detail: _, final, dropped, ...rest } = row
  return strip({ ...rest, callId: callOf(row.id), accountLabel: label(row.account), final: final === 1, dropped: listOf(dropped) })
}

/** A call that has just ended, as a row of the list; what it cost is known once it is stored. */
export function callView(record: CallRecord, label: (id: string) => string): UsageRowView {
  const last = record.attempts.at(-1)
  const account = record.accountId || last?.accountId || ''
  return strip({
    id: `${record.id}/${Math.max(0, record.attempts.length - 1)}`,
    callId: record.id,
    at: Math.round(record.startedAt),
    clientKey: record.client,
    protocol: record.protocol,
    endpoint: record.endpoint,
    requestedModel: record.requestedModel,
    servedModel: record.servedModel,
    category: record.category ?? '',
    provider: record.provider || (last?.provider ?? ''),
    account,
    accountLabel: last?.accountLabel ?? label(account),
    lane: record.lane ?? '',
    status: record.status,
    failure: record.failure?.kind ?? '',
    final: true,
    attempts: record.attempts.length,
    latencyMs: Math.max(0, record.endedAt - record.startedAt),
    firstEventMs: record.firstEventAt === undefined ? undefined : record.firstEventAt - record.startedAt,
    inputTokens: record.usage?.input,
    cacheReadTokens: record.usage?.cacheRead,
    cacheWriteTokens: record.usage?.cacheWrite,
    outputTokens: record.usage?.output,
    reasoningTokens: record.usage?.reasoning,
    dropped: record.dropped ?? [],
  })
}

type Json = Record<string, unknown>
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)
const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {})

function detailOf({ detail }: UsageRow): Json {
  try {
    return objectOf(JSON.parse(detail))
  } catch {
    return {}
  }
}

/** One call of its rows: the attempts in their order. */
export function usageDetailView(rows: readonly UsageRow[], context: ManagementContext): Omit<UsageDetail, 'logs'> {
  const label = labelsOf(context)
  const last = rows.find(({ final }) => final === 1) ?? rows.at(-1)!
  const told = detailOf(last)
  const listed = Array.isArray(told['attempts']) ? told['attempts'].map(objectOf) : []
  const startedAt = numberOf(told['startedAt']) ?? Math.min(...rows.map(({ at }) => at))
  const timeline = (listed.length > 0 ? listed : rows.map(detailOf)).map((attempt, index): TimelineAttempt => {
    const row = listed.length > 0 ? (rows[index] ?? last) : rows[index]!
    const failure = objectOf(attempt['failure'])
    const message = textOf(failure['message']) ?? textOf(attempt['message']) ?? (row.failure || undefined)
    const from = numberOf(attempt['startMs']) ?? Math.max(0, (numberOf(attempt['startedAt']) ?? row.at) - startedAt)
    const until = numberOf(attempt['endMs']) ?? (numberOf(attempt['endedAt']) === undefined ? undefined : numberOf(attempt['endedAt'])! - startedAt)
    const account = textOf(attempt['accountId']) ?? textOf(attempt['account']) ?? row.account
    const kind = textOf(failure['kind']) ?? (row.final === 1 && index < timelineEnd(listed, rows) ? undefined : row.failure || undefined)
    return strip({
      index,
      accountId: account,
      accountLabel: textOf(attempt['accountLabel']) ?? label(account),
      provider: textOf(attempt['provider']) ?? row.provider,
      model: textOf(attempt['model']) ?? row.servedModel,
      startMs: from,
      endMs: Math.max(from, until ?? from + row.latencyMs),
      status: numberOf(attempt['status']) ?? row.status,
      why: textOf(attempt['why']) ?? '',
      failure:
        kind === undefined
          ? undefined
          : strip({
              kind,
              scope: textOf(failure['scope']) ?? 'request',
              message: context.scrub(message ?? kind),
              retryAfterMs: numberOf(failure['retryAfterMs']),
            }),
    })
  })
  const bodies = objectOf(told['bodies'])
  const [request, response, until] = [textOf(bodies['request']), textOf(bodies['response']), numberOf(bodies['until'])]
  return strip({
    call: rowView(last, label),
    timeline,
    reason: textOf(told['reason']),
    dropped: listOf(last.dropped),
    stream: typeof told['stream'] === 'boolean' ? told['stream'] : undefined,
    maxGapMs: numberOf(told['maxGapMs']),
    bytesIn: numberOf(told['bytesIn']),
    bytesOut: numberOf(told['bytesOut']),
    failure: textOf(objectOf(told['failure'])['message']) ?? textOf(told['failure']) ?? (last.failure || undefined),
    bodies: until !== undefined && until > context.now() ? { request: request ?? '', response: response ?? '', until } : undefined,
  })
}

const timelineEnd = (listed: readonly Json[], rows: readonly UsageRow[]): number => (listed.length > 0 ? listed.length : rows.length) - 1

export function sumsOf(totals: readonly Omit<UsageTotals, 'key'>[]): UsageSums {
  const sum = (pick: (t: Omit<UsageTotals, 'key'>) => number) => totals.reduce((all, one) => all + pick(one), 0)
  const requests = sum((t) => t.requests)
  return {
    requests,
    errors: sum((t) => t.errors),
    averageLatencyMs: requests === 0 ? 0 : sum((t) => t.latencyMsSum) / requests,
    inputTokens: sum((t) => t.inputTokens),
    cacheReadTokens: sum((t) => t.cacheReadTokens),
    cacheWriteTokens: sum((t) => t.cacheWriteTokens),
    outputTokens: sum((t) => t.outputTokens),
    reasoningTokens: sum((t) => t.reasoningTokens),
    costMicros: sum((t) => t.costMicros),
    unpriced: sum((t) => t.unpriced),
  }
}

const CSV: readonly (keyof UsageRow)[] = [
  'id',
  'at',
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
  'final',
  'attempts',
  'latencyMs',
  'firstEventMs',
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
  'costMicros',
  'dropped',
]
export const csvHead = `${CSV.join(',')}\r\n`

/** A line of RFC 4180. Texts that a spreadsheet would take for a formula are kept from it by an apostrophe. */
export function csvLine(row: UsageRow): string {
  return `${CSV.map((column) => {
    const value = row[column]
    if (value === undefined) return ''
    if (column === 'at') return new Date(value as number).toISOString()
    if (typeof value === 'number') return String(value)
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }).join(',')}\r\n`
}
