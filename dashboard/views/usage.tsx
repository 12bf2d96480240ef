/** What was used: by day, model, account or key, with sums, export and wipe. */
import type { UsageColumnName, UsageSums, UsageTotalsView } from '../../src/server/admin/management/contract.ts'
import { address, call } from '../lib/api.ts'
import { count, day, duration, figure, money, percent, plural } from '../lib/format.ts'
import { invalidate, useQuery } from '../lib/query.ts'
import { hrefOf, setParams, usePlace } from '../lib/url.ts'
import { Button, Callout, Empty, Head, Section, Segmented, Skeleton, Trouble } from '../ui/basic.tsx'
import { ChartFoot, VolumeChart } from '../ui/charts.tsx'
import { Icon } from '../ui/icon.tsx'
import { confirm } from '../ui/overlay.tsx'
import { Share, Table, type TableColumn } from '../ui/table.tsx'
import { attempt, toast } from '../ui/toast.tsx'

const BY = [
  { value: 'day', label: 'Day' },
  { value: 'servedModel', label: 'Model' },
  { value: 'account', label: 'Account' },
  { value: 'clientKey', label: 'Key' },
  { value: 'category', label: 'Category' },
] as const
const DAYS = [
  { value: '1', label: 'Today' },
  { value: '7', label: '7 d' },
  { value: '30', label: '30 d' },
] as const
const DAY = 86_400_000

export function UsageView() {
  const { params } = usePlace()
  const by = BY.find((b) => b.value === params['by'])?.value ?? 'day'
  const days = DAYS.find((d) => d.value === params['days'])?.value ?? '7'
  const midnight = new Date().setHours(0, 0, 0, 0)
  const from = midnight - (Number(days) - 1) * DAY
  const tz = -new Date().getTimezoneOffset()
  const daily = useQuery(
    `usage?day/${from}`,
    () => call('usageTotals', { query: { from, bucket: 86_400, tz } }),
    30_000,
  )
  const grouped = useQuery(
    by === 'day' ? undefined : `usage?${by}/${from}`,
    () => call('usageTotals', { query: { from, by: by as UsageColumnName } }),
    30_000,
  )
  const shown = by === 'day' ? daily : grouped
  const wipe = async () => {
    const yes = await confirm(
      'Delete all recorded usage?',
      'Every recorded request, its tokens and its cost estimate are deleted for good. Counters since the start of the process stay. Export it first if you may need it.',
      'Delete all usage',
    )
    if (!yes) return
    await attempt(async () => {
      const { removed } = await call('wipeUsage')
      toast(`Deleted ${plural(removed, 'record')}.`)
      invalidate('usage', 'calls:last', 'usage:values')
    })
  }
  return (
    <>
      <Head
        title="Usage"
        actions={
          <>
            <a class="btn sm" href={address('usageExport', { query: { from, format: 'csv' } })} download>
              <Icon name="down" />
              CSV
            </a>
            <a class="btn sm" href={address('usageExport', { query: { from, format: 'json' } })} download>
              <Icon name="down" />
              JSON
            </a>
            <Button small tone="danger" icon="trash" onClick={wipe}>
              Delete
            </Button>
          </>
        }
      />
      <div class="row">
        <Segmented
          label="Time"
          value={days}
          options={DAYS}
          onChange={(v) => setParams({ days: v === '7' ? undefined : v })}
        />
        <Segmented
          label="Group by"
          value={by}
          options={BY}
          onChange={(v) => setParams({ by: v === 'day' ? undefined : v })}
        />
      </div>
      <Sums data={daily.data} />
      {Number(days) > 1 &&
        daily.error === undefined &&
        daily.data?.sum.requests !== 0 &&
        (daily.data === undefined ? (
          <Section title="Requests per day">
            <div class="card">
              <Skeleton height={222} />
            </div>
          </Section>
        ) : (
          <Days data={daily.data} from={from} days={Number(days)} />
        ))}
      <Section
        title={`By ${BY.find((b) => b.value === by)!.label.toLowerCase()}`}
        note={
          daily.data?.pricesFrom === undefined ? undefined : `costs are estimates, prices of ${daily.data.pricesFrom}`
        }
      >
        {shown.error !== undefined && shown.data === undefined && <Trouble words={shown.error} retry={shown.refresh} />}
        {shown.data === undefined && shown.error === undefined && <Skeleton height={40} count={6} />}
        {shown.data !== undefined && <Groups data={shown.data} by={by} />}
      </Section>
    </>
  )
}

function Sums({ data }: { data: UsageTotalsView | undefined }) {
  const s = data?.sum
  const list: [string, string | undefined, string | undefined][] = [
    ['Requests', s && count(s.requests), s && plural(s.errors, 'error')],
    [
      'Input tokens',
      s && figure(s.inputTokens + s.cacheReadTokens + s.cacheWriteTokens),
      s && `${figure(s.cacheReadTokens)} from cache`,
    ],
    ['Output tokens', s && figure(s.outputTokens), s && `${figure(s.reasoningTokens)} reasoning`],
    ['Average latency', s && (s.requests === 0 ? '–' : duration(s.averageLatencyMs)), undefined],
    ['Cost, estimated', s && money(s.costMicros), s && s.unpriced > 0 ? `${count(s.unpriced)} unpriced` : undefined],
  ]
  return (
    <dl class="stats lean">
      {list.map(([title, value, small]) => (
        <div class="stat" key={title}>
          <dt>{title}</dt>
          <dd class="fit">{value ?? '–'}</dd>
          <dd class="sub muted">{small ?? '\u00a0'}</dd>
        </div>
      ))}
    </dl>
  )
}

function Days({ data, from, days }: { data: UsageTotalsView; from: number; days: number }) {
  const found = new Map(data.rows.map((r) => [new Date(bucketOf(r.key)).toDateString(), r]))
  const bars = Array.from({ length: days }, (_, i) => {
    const at = new Date(from)
    at.setDate(at.getDate() + i)
    const row = found.get(at.toDateString())
    return {
      at: at.getTime(),
      value: row?.requests ?? 0,
      bad: row?.errors ?? 0,
      averageLatencyMs: row?.averageLatencyMs,
    }
  })
  return (
    <Section title="Requests per day">
      <div class="card stack">
        <VolumeChart bars={bars} bucketMs={DAY} title="Requests per day" />
        <ChartFoot bars={bars} title="Requests per day" />
      </div>
    </Section>
  )
}

/** The bucket's start stands in the key beside the columns, in ms. */
const bucketOf = (key: UsageTotalsView['rows'][number]['key']) => Number(key['bucket'] ?? 0)

function Groups({ data, by }: { data: UsageTotalsView; by: string }) {
  if (data.rows.length === 0)
    return (
      <div class="card">
        <Empty icon="usage" title="Nothing was used in this time">
          Every request is recorded with its tokens and its cost, for 30 days, and survives a restart.
        </Empty>
      </div>
    )
  const rows =
    by === 'day'
      ? data.rows.toSorted((a, b) => bucketOf(b.key) - bucketOf(a.key))
      : data.rows.toSorted((a, b) => b.requests - a.requests)
  const most = Math.max(1, ...rows.map((r) => r.requests))
  const title = BY.find((b) => b.value === by)!.label
  const name = (r: (typeof rows)[number]) =>
    by === 'day'
      ? day(bucketOf(r.key))
      : (r.label ?? (String(r.key[by] ?? '') || (by === 'servedModel' ? 'no answer' : 'none')))
  return (
    <>
      {data.sum.unpriced > 0 && (
        <Callout>
          {plural(data.sum.unpriced, 'request')} went to models without a known price: the true cost is higher than the
          estimate.
        </Callout>
      )}
      <div class="card flush">
        <Table<Line>
          caption={`Usage by ${title.toLowerCase()}`}
          columns={[
            {
              title,
              head: true,
              cell: (r) =>
                r.key === undefined ? (
                  <strong>Total</strong>
                ) : by === 'day' || String(r.key[by] ?? '') === '' ? (
                  name(r as UsageRow)
                ) : (
                  <a href={hrefOf('/requests', { [by]: String(r.key[by]) })}>{name(r as UsageRow)}</a>
                ),
            },
            {
              title: 'Requests',
              number: true,
              cell: (r) => <Share share={r.key && r.requests / most}>{count(r.requests)}</Share>,
            },
            ...SUMS,
          ]}
          rows={rows as readonly Line[]}
          keyOf={(r) => name(r as UsageRow)}
          sum={data.sum}
        />
      </div>
    </>
  )
}

type UsageRow = UsageTotalsView['rows'][number]
/** A group, or the sum of all, which has no key. */
type Line = UsageSums & { key?: UsageRow['key'] }

/** The exact number stands on hover. */
const Figure = ({ n }: { n: number }) => <span title={count(n)}>{figure(n)}</span>

const SUMS: readonly TableColumn<Line>[] = [
  { title: 'Errors', number: true, hide: 's', cell: (r) => count(r.errors) },
  { title: 'Rate', number: true, hide: 'm', cell: (r) => percent(r.requests === 0 ? 0 : r.errors / r.requests) },
  { title: 'Input', number: true, hide: 'm', cell: (r) => <Figure n={r.inputTokens + r.cacheWriteTokens} /> },
  { title: 'Cache read', number: true, hide: 'm', cell: (r) => <Figure n={r.cacheReadTokens} /> },
  { title: 'Output', number: true, hide: 's', cell: (r) => <Figure n={r.outputTokens} /> },
  { title: 'Average', number: true, hide: 'm', cell: (r) => duration(r.averageLatencyMs) },
  {
    title: 'Cost',
    number: true,
    cell: (r) => (
      <>
        {r.unpriced > 0 && r.costMicros === 0 ? 'unknown' : money(r.costMicros)}
        {r.unpriced > 0 && r.costMicros > 0 && (
          <span class="hang" title={`${r.unpriced} requests have no known price`}>
            +
          </span>
        )}
      </>
    ),
  },
]
