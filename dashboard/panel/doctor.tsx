/** What the doctor found, worst first, with what to do. */
import type { Finding } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { plural } from '../lib/format.ts'
import { useQuery } from '../lib/query.ts'
import { Button, Callout, Empty, Head, Section, Skeleton, Time, Trouble, Words } from '../ui/basic.tsx'
import { Icon } from '../ui/icon.tsx'

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
  const fine = findings.filter((f) => f.level === 'good')
  const toDo = findings.filter((f) => f.level !== 'good')
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
        Files, accounts, vault, store and exposure
        {data !== undefined && (
          <>
            , looked over <Time at={data.at} as="gap" />
          </>
        )}
        .
      </Head>
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      {data === undefined && error === undefined && <Skeleton height={72} count={5} />}
      {data !== undefined && findings.length === 0 && (
        <div class="card">
          <Empty icon="doctor" title="Nothing was found" />
        </div>
      )}
      {toDo.length > 0 && (
        <ul class="stack list">
          {toDo.map((f) => (
            <li key={f.id}>
              <Callout tone={TONES[f.level]}>
                <h2 class="finding">
                  <Words text={f.title} />
                </h2>
                <p>
                  <Words text={f.detail} parts={f.parts} />
                </p>
                {f.action !== undefined && (
                  <p class="strong">
                    <Words text={f.action} />
                  </p>
                )}
              </Callout>
            </li>
          ))}
        </ul>
      )}
      {fine.length > 0 && (
        <Section title="In order" note={plural(fine.length, 'check')}>
          <ul class="standings card flush list">
            {fine.map((f) => (
              <li class="standing" key={f.id}>
                <span class="good">
                  <Icon name="check" />
                </span>
                <div>
                  <h3 class="finding">
                    <Words text={f.title} />
                  </h3>
                  <p class="muted small wrap-any">
                    <Words text={f.detail} parts={f.parts} />
                  </p>
                </div>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  )
}
