/** The last ten requests as they end, with a pause. */
import { useEffect, useState } from 'preact/hooks'
import type { UsageRowView } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { plural } from '../lib/format.ts'
import { calls } from '../lib/live.ts'
import { useQuery } from '../lib/query.ts'
import { useStore } from '../lib/store.ts'
import { hrefOf, setParams, usePlace } from '../lib/url.ts'
import { Button, Empty, Section, Skeleton } from '../ui/basic.tsx'
import { Rows } from '../ui/rows.tsx'
import { CALL_COLUMNS, nameOfCall } from './call-columns.tsx'
import { CallDrawer } from './call-drawer.tsx'

const SHOWN = 10
/** Ten rows and their head: nothing moves when they come. */
const TALL = `calc(var(--row) * ${SHOWN} + 38px)`

export function LastRequests() {
  const { params } = usePlace()
  const live = useStore(calls)
  const { data: first } = useQuery('calls:last', () =>
    call('usageCalls', { query: { limit: SHOWN } }).then((u) => u.calls),
  )
  const [held, setHeld] = useState<readonly UsageRowView[]>()
  const merged = [...new Map([...live, ...(first ?? [])].map((c) => [c.id, c])).values()]
    .sort((a, b) => b.at - a.at)
    .slice(0, SHOWN)
  const [since, setSince] = useState(0)
  useEffect(() => {
    if (held === undefined) setSince(Date.now())
  }, [held])
  const rows = held ?? merged
  const missed = held === undefined ? 0 : live.filter((c) => c.at > since && !held.some((h) => h.id === c.id)).length
  return (
    <Section
      title="Last requests"
      note={held !== undefined ? `paused, ${plural(missed, 'new one')} since` : 'as they end'}
      actions={
        <>
          <Button
            small
            icon={held === undefined ? 'pause' : 'play'}
            aria-pressed={held !== undefined}
            onClick={() => setHeld(held === undefined ? merged : undefined)}
          >
            {held === undefined ? 'Pause' : 'Go on'}
          </Button>
          <a class="btn sm" href={hrefOf('/requests')}>
            All requests
          </a>
        </>
      }
    >
      <div class={`card flush ${rows.length === 0 ? 'middle' : ''}`} style={{ minHeight: TALL }}>
        {first === undefined && live.length === 0 ? (
          <Skeleton height={28} count={10} />
        ) : rows.length === 0 ? (
          <Empty
            icon="requests"
            title="No request yet"
            action={
              <a class="btn" href={hrefOf('/connection')}>
                Send a test request
              </a>
            }
          >
            Requests stand here the moment they end, with who answered, how long it took and what it cost.
          </Empty>
        ) : (
          <Rows
            caption="Last requests"
            columns={CALL_COLUMNS}
            rows={rows}
            keyOf={(c) => c.id}
            nameOf={nameOfCall}
            openKey={params['id'] === undefined ? undefined : rows.find((c) => c.callId === params['id'])?.id}
            onOpen={(c) => setParams({ id: c.callId }, false)}
            height={TALL}
          />
        )}
      </div>
      {params['id'] !== undefined && (
        <CallDrawer key={params['id']} id={params['id']} onClose={() => setParams({ id: undefined })} />
      )}
    </Section>
  )
}
