/** How a call is shown in a row. */
import type { UsageRowView } from '../../src/server/admin/management/contract.ts'
import { count, day, duration, exact, kilo, money, sameDay, timeOfDay } from '../lib/format.ts'
import { Pill } from '../ui/basic.tsx'
import type { Column } from '../ui/rows.tsx'

export const failed = (c: UsageRowView) => c.status === 0 || c.status >= 400 || c.failure !== ''

export function CallStatus({ call: c }: { call: UsageRowView }) {
  return (
    <Pill
      tone={failed(c) ? (c.status === 429 || c.status === 499 ? 'warn' : 'bad') : 'good'}
      icon={failed(c) ? undefined : 'check'}
    >
      {c.status === 0 ? 'none' : c.status}
    </Pill>
  )
}

const tokens = (c: UsageRowView) => (c.inputTokens ?? 0) + (c.cacheReadTokens ?? 0) + (c.cacheWriteTokens ?? 0)

/** The time of day; the day for those of other days. */
const time = (c: UsageRowView) => (sameDay(c.at, Date.now()) ? timeOfDay(c.at) : day(c.at).replace(/^\w+,? /, ''))

export const CALL_COLUMNS: readonly Column<UsageRowView>[] = [
  {
    title: 'Time',
    width: '84px',
    hide: 's',
    cell: time,
    full: (c) => exact(c.at),
  },
  {
    title: 'Model',
    cell: (c) =>
      c.servedModel === '' || c.servedModel === c.requestedModel
        ? c.requestedModel
        : `${c.requestedModel} → ${c.servedModel}`,
    under: (c) => [time(c), duration(c.latencyMs), c.accountLabel || c.account].filter(Boolean).join(' · '),
    full: (c) => `${c.requestedModel} → ${c.servedModel || 'none'}`,
  },
  {
    title: 'Account',
    width: '16%',
    hide: 'm',
    cell: (c) => c.accountLabel || c.account || '–',
    full: (c) => `${c.accountLabel} (${c.provider})`,
  },
  { title: 'Key', width: '108px', hide: 'm', cell: (c) => c.clientKey || '–', full: (c) => c.clientKey },
  { title: 'Category', width: '92px', hide: 'm', cell: (c) => c.category || '–' },
  { title: 'Status', width: '84px', cell: (c) => <CallStatus call={c} />, full: (c) => c.failure },
  { title: 'Latency', width: '76px', number: true, hide: 's', cell: (c) => duration(c.latencyMs) },
  {
    title: 'Tokens',
    width: '124px',
    number: true,
    hide: 'm',
    cell: (c) => (c.outputTokens === undefined ? '–' : `${kilo(tokens(c))} → ${kilo(c.outputTokens)}`),
    full: (c) => `${count(tokens(c))} in, ${count(c.outputTokens ?? 0)} out`,
  },
  { title: 'Cost', width: '84px', number: true, hide: 'm', cell: (c) => money(c.costMicros) },
]

export const nameOfCall = (c: UsageRowView) =>
  `${timeOfDay(c.at)}, ${c.requestedModel}, status ${c.status}. Open details.`
