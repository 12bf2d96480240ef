/** What the doctor found, worst first, with what to do. */
import type { Finding } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { useQuery } from '../lib/query.ts'
import { Button, Callout, Empty, Head, Skeleton, Time, Trouble } from '../ui/basic.tsx'

const TONES: Record<Finding['level'], 'good' | 'info' | 'warn' | 'bad'> = {
  good: 'good',
  info: 'info',
  warning: 'warn',
  critical: 'bad',
}
const RANK: Record<Finding['level'], number> = { critical: 0, warning: 1, info: 2, good: 3 }

export function DoctorView() {
  const { data, error, refresh } = useQuery('doctor', () => call('doctor'))
  const findings = [...(data?.findings ?? [])].sort((a, b) => RANK[a.level] - RANK[b.level])
  return (
    <>
      <Head
        title="Doctor"
        actions={
          <Button icon="refresh" onClick={refresh}>
            Look again
          </Button>
        }
      >
        Files, accounts, vault, store and exposure, looked over{data === undefined ? '' : ' '}
        {data !== undefined && <Time at={data.at} absolute={false} />}.
      </Head>
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      {data === undefined && error === undefined && <Skeleton height={72} count={5} />}
      {data !== undefined && findings.length === 0 && (
        <div class="card">
          <Empty icon="doctor" title="Nothing was found" />
        </div>
      )}
      <ul class="stack list">
        {findings.map((f) => (
          <li key={f.id}>
            <Callout tone={TONES[f.level]}>
              <h2 class="finding">{f.title}</h2>
              <p>{f.detail}</p>
              {f.action !== undefined && <p class="strong">{f.action}</p>}
            </Callout>
          </li>
        ))}
      </ul>
    </>
  )
}
