/** Requests, errors and latency per endpoint. */
import type { EndpointRow } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { count, duration, percent } from '../lib/format.ts'
import { useQuery } from '../lib/query.ts'
import { Empty, Skeleton, Time, Trouble } from '../ui/basic.tsx'
import { Share, Table, type TableColumn } from '../ui/table.tsx'

const wrong = (e: EndpointRow) => (e.errorRate > 0.05 ? 'bad' : '')

const columns = (most: number): readonly TableColumn<EndpointRow>[] => [
  { title: 'Endpoint', head: true, look: 'mono small', cell: (e) => e.endpoint },
  { title: 'Requests', number: true, cell: (e) => <Share share={e.requests / most}>{count(e.requests)}</Share> },
  { title: 'Errors', number: true, look: wrong, cell: (e) => count(e.errors) },
  { title: 'Rate', number: true, hide: 's', look: wrong, cell: (e) => percent(e.errorRate) },
  { title: 'Average', number: true, cell: (e) => duration(e.averageLatencyMs) },
  { title: 'p50', number: true, hide: 's', cell: (e) => duration(e.p50Ms) },
  { title: 'p95', number: true, hide: 's', cell: (e) => duration(e.p95Ms) },
  {
    title: 'Last',
    number: true,
    hide: 'm',
    look: 'muted small',
    cell: (e) => (e.lastAt === undefined ? '–' : <Time at={e.lastAt} as="gap" />),
  },
]

export function EndpointTable() {
  const { data, error, refresh } = useQuery('endpoints', () => call('endpoints').then((e) => e.endpoints), 5000)
  if (error !== undefined && data === undefined) return <Trouble words={error} retry={refresh} />
  if (data === undefined) return <Skeleton height={36} count={4} />
  return (
    <div class="card flush">
      {data.length === 0 ? (
        <Empty icon="requests" title="No endpoint was called yet">
          Each endpoint stands here after its first request.
        </Empty>
      ) : (
        <Table
          caption="Requests, errors and latency per endpoint"
          columns={columns(Math.max(1, ...data.map((e) => e.requests)))}
          rows={data}
          keyOf={(e) => e.endpoint}
        />
      )}
    </div>
  )
}
