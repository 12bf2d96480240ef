/** What was used: by day, model, account or key, with sums, export and wipe. */
import type { UsageColumnName, UsageSums, UsageTotalsView } from '../../src/server/admin/management/contract.ts'
import { address, call } from '../lib/api.ts'
import { count, day, duration, money, percent, plural } from '../lib/format.ts'
import { invalidate, useQuery } from '../lib/query.ts'
import { hrefOf, setParams, usePlace } from '../lib/url.ts'
import { Button, Callout, Empty, Head, Scroll, Section, Segmented, Skeleton, Trouble } from '../ui/basic.tsx'
import { ChartTable, VolumeChart } from '../ui/charts.tsx'
import { Icon } from '../ui/icon.tsx'
import { confirm } from '../ui/overlay.tsx'
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
        (daily.data === undefined ? (
          <div class="card">
            <Skeleton height={222} />
          </div>
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
        {shown.data !== undefined && <Table data={shown.data} by={by} />}
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
      s && count(s.inputTokens + s.cacheReadTokens + s.cacheWriteTokens),
      s && `${count(s.cacheReadTokens)} from cache`,
    ],
    ['Output tokens', s && count(s.outputTokens), s && `${count(s.reasoningTokens)} reasoning`],
    ['Average latency', s && duration(s.averageLatencyMs), undefined],
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
    <div class="card stack">
      <VolumeChart bars={bars} bucketMs={DAY} title="Requests per day" />
      <ChartTable bars={bars} title="Requests per day" />
    </div>
  )
}

/** The bucket's start stands in the key beside the columns, in ms. */
const bucketOf = (key: UsageTotalsView['rows'][number]['key']) => Number(key['bucket'] ?? 0)

function Table({ data, by }: { data: UsageTotalsView; by: string }) {
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
        <Scroll name="Usage table">
          <table class="table">
            <caption class="sr">Usage by {by}</caption>
            <thead>
              <tr>
                <th scope="col">{BY.find((b) => b.value === by)?.label}</th>
                <th scope="col" class="num">
                  Requests
                </th>
                <th scope="col" class="num hide-s">
                  Errors
                </th>
                <th scope="col" class="num hide-m">
                  Input
                </th>
                <th scope="col" class="num hide-m">
                  Cache read
                </th>
                <th scope="col" class="num hide-s">
                  Output
                </th>
                <th scope="col" class="num hide-m">
                  Average
                </th>
                <th scope="col" class="num">
                  Cost
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((r) => (
                <tr key={name(r)}>
                  <th scope="row" class="cell">
                    {by === 'day' || String(r.key[by] ?? '') === '' ? (
                      name(r)
                    ) : (
                      <a href={hrefOf('/requests', { [by]: String(r.key[by] ?? '') || undefined })}>{name(r)}</a>
                    )}
                  </th>
                  <td class="num">
                    <span class="share hide-m" aria-hidden="true">
                      <span style={{ width: `${(r.requests / most) * 100}%` }} />
                    </span>
                    {count(r.requests)}
                  </td>
                  <Cells row={r} />
                </tr>
              ))}
              <tr class="sum">
                <th scope="row" class="cell strong">
                  Total
                </th>
                <td class="num">{count(data.sum.requests)}</td>
                <Cells row={data.sum} />
              </tr>
            </tbody>
          </table>
        </Scroll>
      </div>
    </>
  )
}

function Cells({ row: r }: { row: UsageSums }) {
  return (
    <>
      <td class="num hide-s">
        {count(r.errors)} <span class="muted small">({percent(r.requests === 0 ? 0 : r.errors / r.requests)})</span>
      </td>
      <td class="num hide-m">{count(r.inputTokens + r.cacheWriteTokens)}</td>
      <td class="num hide-m">{count(r.cacheReadTokens)}</td>
      <td class="num hide-s">{count(r.outputTokens)}</td>
      <td class="num hide-m">{duration(r.averageLatencyMs)}</td>
      <td class="num">
        {r.unpriced > 0 && r.costMicros === 0 ? 'unknown' : money(r.costMicros)}
        {r.unpriced > 0 && r.costMicros > 0 && <span title={`${r.unpriced} requests have no known price`}>+</span>}
      </td>
    </>
  )
}
