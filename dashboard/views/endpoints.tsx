/** Requests, errors and latency per endpoint. */
import { call } from '../lib/api.ts'
import { count, duration, percent } from '../lib/format.ts'
import { useQuery } from '../lib/query.ts'
import { Empty, Scroll, Skeleton, Time, Trouble } from '../ui/basic.tsx'

export function EndpointTable() {
  const { data, error, refresh } = useQuery('endpoints', () => call('endpoints').then((e) => e.endpoints), 5000)
  if (error !== undefined && data === undefined) return <Trouble words={error} retry={refresh} />
  if (data === undefined) return <Skeleton height={36} count={4} />
  const most = Math.max(1, ...data.map((e) => e.requests))
  return (
    <div class="card flush">
      {data.length === 0 ? (
        <Empty icon="requests" title="No endpoint was called yet">
          Each endpoint stands here after its first request.
        </Empty>
      ) : (
        <Scroll name="Requests by endpoint">
          <table class="table">
            <caption class="sr">Requests, errors and latency per endpoint</caption>
            <thead>
              <tr>
                <th scope="col">Endpoint</th>
                <th scope="col" class="num">
                  Requests
                </th>
                <th scope="col" class="num">
                  Errors
                </th>
                <th scope="col" class="num">
                  Average
                </th>
                <th scope="col" class="num hide-s">
                  p50
                </th>
                <th scope="col" class="num hide-s">
                  p95
                </th>
                <th scope="col" class="hide-m">
                  Last
                </th>
              </tr>
            </thead>
            <tbody>
              {data.map((e) => (
                <tr key={e.endpoint}>
                  <th scope="row" class="cell mono small">
                    {e.endpoint}
                  </th>
                  <td class="num">
                    <span class="share hide-m" aria-hidden="true">
                      <span style={{ width: `${(e.requests / most) * 100}%` }} />
                    </span>
                    {count(e.requests)}
                  </td>
                  <td class={`num ${e.errorRate > 0.05 ? 'bad' : ''}`}>
                    {count(e.errors)} <span class="muted small hide-s">({percent(e.errorRate)})</span>
                  </td>
                  <td class="num">{duration(e.averageLatencyMs)}</td>
                  <td class="num hide-s">{duration(e.p50Ms)}</td>
                  <td class="num hide-s">{duration(e.p95Ms)}</td>
                  <td class="tab hide-m nowrap muted small">
                    {e.lastAt === undefined ? '–' : <Time at={e.lastAt} absolute={false} />}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </div>
  )
}
