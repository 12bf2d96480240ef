/** What was changed, by whom, from where; and the browsers that are signed in. */
import { useEffect, useState } from 'preact/hooks'
import type { AuditEntry } from '../../src/server/admin/management/contract.ts'
import { call, wordsOf } from '../lib/api.ts'
import { invalidate, useQuery } from '../lib/query.ts'
import { hrefOf, setParams, usePlace } from '../lib/url.ts'
import { linkTo } from '../lib/views.ts'
import { Button, Code, Empty, Head, Pill, Scroll, Section, Skeleton, Time, Trouble, Words } from '../ui/basic.tsx'
import { Select } from '../ui/field.tsx'
import { Icon } from '../ui/icon.tsx'
import { attempt } from '../ui/toast.tsx'

const TONES = { done: 'good', refused: 'warn', failed: 'bad' } as const
/** `session · 127.0.0.1` */
const whoOf = (e: AuditEntry) => `${e.who.kind} · ${e.from}`
const ACTIONS = ['account', 'login', 'key', 'config', 'session', 'routing', 'usage']

export function AuditView() {
  return (
    <>
      <Head title="Audit and sessions">Every change is written down, and every sign-in that was refused.</Head>
      <Sessions />
      <Entries />
    </>
  )
}

function Entries() {
  const { params } = usePlace()
  const action = params['action'] ?? ''
  const [entries, setEntries] = useState<readonly AuditEntry[]>()
  const [next, setNext] = useState<string>()
  const [fault, setFault] = useState<string>()
  const load = async (cursor?: string) => {
    try {
      const page = await call('audit', { query: { limit: 100, cursor, action: action || undefined } })
      setEntries((now) => (cursor === undefined ? page.entries : [...(now ?? []), ...page.entries]))
      setNext(page.next)
      setFault(undefined)
    } catch (error) {
      setFault(wordsOf(error))
    }
  }
  useEffect(() => {
    setEntries(undefined)
    void load()
  }, [action])
  return (
    <Section
      title="Audit"
      actions={
        <Select
          bare
          label="What was done"
          value={action}
          options={[{ value: '', label: 'All actions' }, ...ACTIONS.map((a) => ({ value: a, label: a }))]}
          onValue={(v) => setParams({ action: v || undefined })}
        />
      }
    >
      {fault !== undefined && <Trouble words={fault} retry={() => load()} />}
      {entries === undefined && fault === undefined && <Skeleton height={44} count={6} />}
      {entries !== undefined && (
        <div class="card flush">
          {entries.length === 0 ? (
            <Empty icon="audit" title="Nothing was changed yet">
              Who changed what, from where, with the values before and after.
            </Empty>
          ) : (
            <Scroll name="Audit entries">
              <table class="table">
                <caption class="sr">Audit entries, newest first</caption>
                <thead>
                  <tr>
                    <th scope="col" class="hide-s">
                      When
                    </th>
                    <th scope="col">What</th>
                    <th scope="col" class="hide-m">
                      Who
                    </th>
                    <th scope="col">Outcome</th>
                  </tr>
                </thead>
                <tbody>
                  {entries.map((e) => (
                    <tr key={e.id}>
                      <td class="nowrap tab muted small hide-s">
                        <Time at={e.at} as="clock" />
                      </td>
                      <td class="wrap-any">
                        <Words text={e.message} /> <span class="tag mono hide-s">{e.action}</span>
                        <div class="only-s muted xs tab">
                          <Time at={e.at} as="clock" /> · {whoOf(e)}
                        </div>
                        {e.requestId !== undefined && (
                          <a class="small" href={linkTo('dashboard', hrefOf('/requests', { id: e.requestId }))}>
                            Open the request
                          </a>
                        )}
                        {(e.before !== undefined || e.after !== undefined) && (
                          <details class="small">
                            <summary class="muted">Before and after</summary>
                            <Code
                              text={JSON.stringify({ before: e.before, after: e.after }, null, 2)}
                              what="before and after"
                            />
                          </details>
                        )}
                      </td>
                      <td class="hide-m nowrap small muted">{whoOf(e)}</td>
                      <td>
                        <Pill tone={TONES[e.outcome]} icon={e.outcome === 'refused' ? 'close' : undefined}>
                          {e.outcome}
                        </Pill>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )}
        </div>
      )}
      {next !== undefined && (
        <div>
          <Button onClick={() => load(next)}>Show older ones</Button>
        </div>
      )}
    </Section>
  )
}

function Sessions() {
  const { data, error, refresh } = useQuery('sessions', () => call('sessions').then((s) => s.sessions), 30_000)
  if (error !== undefined && data === undefined) return <Trouble words={error} retry={refresh} />
  return (
    <Section title="Signed-in browsers">
      {data === undefined ? (
        <Skeleton height={52} count={2} />
      ) : (
        <ul class="standings card flush list">
          {data.map((s) => (
            <li class="standing" key={s.id}>
              <Icon name="screen" />
              <div class="clip-box">
                <div class="clip" title={s.userAgent}>
                  {s.userAgent}
                </div>
                <div class="muted xs">
                  {s.address} · signed in by {s.by} · used <Time at={s.lastUsedAt} as="gap" /> · ends{' '}
                  <Time at={s.expiresAt} as="gap" />
                </div>
              </div>
              {s.own ? (
                <Pill tone="info">This one</Pill>
              ) : (
                <Button
                  small
                  onClick={() =>
                    attempt(
                      () => call('endSession', { id: s.id }).finally(() => invalidate('sessions')),
                      'Signed that browser out.',
                    )
                  }
                >
                  Sign out
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
