/** Usage as pages see it: rows of the store, calls that have just ended, sums, CSV. */
import type { CallRecord } from '../../../../gateway/events.ts'
import type { UsageColumn, UsageFilter, UsageRow, UsageTotals } from '../../../../store/store.ts'
import { type FailureDetail, readDetail } from '../../../../telemetry/usage-rows.ts'
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
const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((field) => field.trim())
    .filter((field) => field !== '')

export function rowView(row: UsageRow, label: (id: string) => string): UsageRowView {
  const { detail: _, final, dropped, ...rest } = row
  return strip({
    ...rest,
    callId: callOf(row.id),
    accountLabel: label(row.account),
    final: final === 1,
    dropped: listOf(dropped),
  })
}

/** A call that has just ended, as a row of the list; what it cost is known once it is stored. */
export function callView(record: CallRecord, scrub: (text: string) => string): UsageRowView {
  const last = record.attempts.at(-1)
  const account = record.accountId || last?.accountId || ''
  return strip({
    id: `${record.id}/${Math.max(0, record.attempts.length - 1)}`,
    callId: record.id,
    at: Math.round(record.startedAt),
    clientKey: record.client,
    protocol: record.protocol,
    endpoint: record.endpoint,
    // A client may send a secret as the name of a model: told as it is stored.
    requestedModel:
      record.requestedModel === record.servedModel ? record.requestedModel : scrub(record.requestedModel).slice(0, 200),
    servedModel: record.servedModel,
    category: record.category ?? '',
    provider: record.provider || (last?.provider ?? ''),
    account,
    accountLabel: last?.accountLabel ?? account,
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

/** One call of its rows, with the timeline of its attempts. */
export function usageDetailView(
  rows: readonly UsageRow[],
  context: ManagementContext,
  bodies: UsageDetail['bodies'],
): Omit<UsageDetail, 'logs'> {
  const label = labelsOf(context)
  const last = rows.find(({ final }) => final === 1) ?? rows.at(-1)!
  const told = readDetail(last.detail)
  const timeline =
    told?.attempts.map((attempt, index): TimelineAttempt => {
      const { failure } = attempt
      return strip({
        index,
        accountId: attempt.account,
        accountLabel: attempt.label,
        provider: attempt.provider,
        model: attempt.model,
        startMs: attempt.start,
        endMs: attempt.end,
        status: attempt.status,
        why: attempt.why,
        failure: failure && failureView(failure),
      })
    }) ?? []
  return strip({
    call: rowView(last, label),
    timeline,
    reason: told?.reason,
    dropped: listOf(last.dropped),
    stream: told?.stream,
    maxGapMs: told?.maxGapMs,
    bytesIn: told?.bytesIn,
    bytesOut: told?.bytesOut,
    failure: told?.failure?.message ?? (last.failure || undefined),
    price: told?.price,
    bodies,
  })
}

const failureView = ({ kind, scope, message, retryAfter }: FailureDetail): NonNullable<TimelineAttempt['failure']> =>
  strip({ kind, scope, message, retryAfterMs: retryAfter === undefined ? undefined : retryAfter * 1000 })

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
