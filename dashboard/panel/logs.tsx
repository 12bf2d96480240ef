/** The log as it is in memory, live; and the records of failed requests. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { LogLine } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { bytes, exact, plural, timeOfDay } from '../lib/format.ts'
import { lines as liveLines, watchLog } from '../lib/live.ts'
import { useQuery } from '../lib/query.ts'
import { useStore } from '../lib/store.ts'
import { hrefOf, setParams, usePlace } from '../lib/url.ts'
import { linkTo } from '../lib/views.ts'
import { Button, Code, Empty, Head, Section, Skeleton, Time, Trouble, Words } from '../ui/basic.tsx'
import { Select } from '../ui/field.tsx'
import { Dialog } from '../ui/overlay.tsx'
import { type Column, Rows } from '../ui/rows.tsx'
import { Level } from '../views/log-lines.tsx'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
const MOST = 5000

const COLUMNS: readonly Column<LogLine>[] = [
  { title: 'Time', width: '84px', hide: 's', cell: (l) => timeOfDay(l.at), full: (l) => exact(l.at) },
  { title: 'Level', width: '92px', hide: 's', cell: (l) => <Level level={l.level} /> },
  {
    title: 'Message',
    cell: (l) => <Words text={l.message} />,
    under: (l) => (
      <>
        {timeOfDay(l.at)} · <span class={l.level === 'error' || l.level === 'fatal' ? 'bad' : l.level}>{l.level}</span>
      </>
    ),
    full: (l) => l.message,
  },
  { title: 'Request', width: '128px', hide: 'm', cell: (l) => <code>{l.requestId ?? '–'}</code> },
]

export function LogsView() {
  const { params } = usePlace()
  const level = LEVELS.find((l) => l === params['level']) ?? 'trace'
  const text = params['text'] ?? ''
  const request = params['request']
  const [paused, setPaused] = useState(false)
  const [held, setHeld] = useState<readonly LogLine[]>()
  const [open, setOpen] = useState<LogLine>()
  useEffect(() => {
    watchLog(true)
    return () => watchLog(false)
  }, [])
  const { data, error, refresh } = useQuery(`logs?${level}/${text}/${request ?? ''}`, () =>
    call('logs', {
      query: { level: level === 'fatal' ? 'error' : level, text: text || undefined, request, limit: 1000 },
    }),
  )
  const live = useStore(liveLines)
  const rows = useMemo(() => {
    const wanted = text.toLowerCase()
    const fresh = live.filter(
      (l) =>
        LEVELS.indexOf(l.level) >= LEVELS.indexOf(level) &&
        (request === undefined || l.requestId === request) &&
        (wanted === '' || l.message.toLowerCase().includes(wanted)),
    )
    return [...new Map([...(data?.lines ?? []), ...fresh].map((l) => [l.seq, l])).values()]
      .sort((a, b) => b.seq - a.seq)
      .slice(0, MOST)
  }, [data, live, level, text, request])
  const shown = paused ? (held ?? rows) : rows
  const filtered = params['level'] !== undefined || text !== '' || request !== undefined
  return (
    <>
      <Head
        title="Logs"
        actions={
          <Button
            small
            icon={paused ? 'play' : 'pause'}
            aria-pressed={paused}
            onClick={() => {
              setHeld(paused ? undefined : rows)
              setPaused(!paused)
            }}
          >
            {paused ? 'Go on' : 'Pause'}
          </Button>
        }
      >
        The newest lines, from memory and without secrets. The server writes from level {data?.level ?? '…'};{' '}
        <a href={hrefOf('/config')}>change it in the config</a>.
      </Head>
      <search class="filters" aria-label="Filters">
        <Select
          bare
          label="Level"
          value={level === 'trace' ? '' : level}
          options={[
            { value: '', label: 'All levels' },
            ...LEVELS.slice(1, 5).map((l) => ({ value: l, label: `${l} and above` })),
          ]}
          onValue={(v) => setParams({ level: v || undefined })}
        />
        <input
          class="input"
          type="search"
          aria-label="Text in the line"
          placeholder="Text in the line"
          value={text}
          onInput={(e) => setParams({ text: e.currentTarget.value || undefined })}
        />
        <input
          class="input mono"
          type="search"
          aria-label="Request id"
          placeholder="Request id"
          value={request ?? ''}
          onInput={(e) => setParams({ request: e.currentTarget.value.trim() || undefined })}
        />
      </search>
      <span class="muted small tab" role="status">
        {plural(shown.length, 'line')}
        {paused ? ' · paused' : ''}
      </span>
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      <div
        class={`card flush ${shown.length === 0 ? 'middle' : ''}`}
        style={{ height: 'max(320px, calc(100dvh - 400px))' }}
      >
        {data === undefined ? (
          error === undefined && <Skeleton height={40} count={8} />
        ) : shown.length === 0 ? (
          <Empty icon="logs" title={filtered ? 'No line matches' : 'No line yet'}>
            {filtered
              ? 'Take a filter away, or lower the level in the config.'
              : 'Lines stand here as they are written, the newest first.'}
          </Empty>
        ) : (
          <Rows
            caption="Log, newest first"
            columns={COLUMNS}
            rows={shown}
            keyOf={(l) => String(l.seq)}
            nameOf={(l) => `${timeOfDay(l.at)} ${l.level}: ${l.message}`}
            onOpen={setOpen}
            height="100%"
          />
        )}
      </div>
      <ErrorFiles />
      {open !== undefined && (
        <Dialog kind="drawer" title="Log line" onClose={() => setOpen(undefined)}>
          <div class="row">
            <Level level={open.level} /> <Time at={open.at} />
          </div>
          <p class="wrap-any">{open.message}</p>
          <Code text={JSON.stringify(open.fields, null, 2)} what="fields of the line" />
          {open.requestId !== undefined && (
            <div class="row">
              <a class="btn sm" href={linkTo('dashboard', hrefOf('/requests', { id: open.requestId }))}>
                Open the request
              </a>
              <Button
                small
                onClick={() => {
                  setParams({ request: open.requestId })
                  setOpen(undefined)
                }}
              >
                Only its lines
              </Button>
            </div>
          )}
        </Dialog>
      )}
    </>
  )
}

function ErrorFiles() {
  const { data } = useQuery('error-files', () => call('errorFiles').then((e) => e.files), 30_000)
  const [open, setOpen] = useState<string>()
  const { data: file, error } = useQuery(open === undefined ? undefined : `error-file:${open}`, () =>
    call('errorFile', { id: open! }),
  )
  return (
    <Section
      title="Records of failed requests"
      note={data === undefined || data.length === 0 ? undefined : plural(data.length, 'file')}
    >
      <div class="card">
        {data === undefined || data.length === 0 ? (
          <p class="muted">None. A failed request leaves its record here, without secrets.</p>
        ) : (
          <ul class="stack-sm list">
            {data.map((f) => (
              <li key={f.name}>
                <button type="button" class="btn quiet pick-row" onClick={() => setOpen(f.name)}>
                  <code class="grow clip">{f.name}</code>
                  <span class="muted small tab">{bytes(f.bytes)}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
      {open !== undefined && (
        <Dialog title={open} wide onClose={() => setOpen(undefined)}>
          {error !== undefined && <p class="bad">{error}</p>}
          {file === undefined && error === undefined && <Skeleton height={120} />}
          {file !== undefined && <Code text={JSON.stringify(file.document, null, 2)} what="record" />}
        </Dialog>
      )}
    </Section>
  )
}
