/** All requests: filters in the URL, live at the top, ten thousands of rows by their pages. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { UsageRowView } from '../../src/server/admin/management/contract.ts'
import { address, call, wordsOf } from '../lib/api.ts'
import { useAccounts, useKeys, useModels, useProviders } from '../lib/data.ts'
import { count, plural } from '../lib/format.ts'
import { calls } from '../lib/live.ts'
import { useQuery } from '../lib/query.ts'
import { useStore } from '../lib/store.ts'
import { hrefOf, setParams, usePlace } from '../lib/url.ts'
import { Button, Callout, Copy, Empty, Head, Skeleton } from '../ui/basic.tsx'
import { Select } from '../ui/field.tsx'
import { Icon } from '../ui/icon.tsx'
import { Rows } from '../ui/rows.tsx'
import { CALL_COLUMNS, failed, nameOfCall } from './call-columns.tsx'
import { CallDrawer } from './call-drawer.tsx'

const PAGE = 500
const MOST = 20_000
const HOURS: Record<string, number> = { '1h': 1, '24h': 24, '7d': 168 }
const FILTERS = [
  'servedModel',
  'provider',
  'account',
  'clientKey',
  'protocol',
  'category',
  'lane',
  'failure',
  'status',
] as const
type Filter = (typeof FILTERS)[number]

interface List {
  rows: readonly UsageRowView[]
  next: string | undefined
  loading: boolean
  error: string | undefined
}

/** The filters of the URL as the API takes them. `failure=any` is answered here, from what was loaded. */
function queryOf(params: Readonly<Record<string, string>>): Record<string, string | number | undefined> {
  const hours = HOURS[params['since'] ?? '']
  const query: Record<string, string | number | undefined> = {}
  for (const f of FILTERS) query[f] = params[f]
  if (query['failure'] === 'any') query['failure'] = undefined
  // Whole minutes, so that the same view is the same question.
  if (hours !== undefined) query['from'] = Math.floor(Date.now() / 60_000) * 60_000 - hours * 3_600_000
  return query
}

function matches(c: UsageRowView, params: Readonly<Record<string, string>>): boolean {
  for (const f of FILTERS) {
    const want = params[f]
    if (want === undefined || want === '') continue
    if (f === 'failure' && want === 'any') {
      if (!failed(c)) return false
    } else if (String(c[f]) !== want) return false
  }
  return true
}

/** Pages of calls for these filters; a change of filters begins anew and drops what was still on its way. */
function useCalls(params: Readonly<Record<string, string>>) {
  const key = JSON.stringify([params['since'], ...FILTERS.map((f) => params[f])])
  const [list, setList] = useState<List>({ rows: [], next: undefined, loading: true, error: undefined })
  const turn = useRef(0)
  const load = useCallback(
    async (cursor: string | undefined, mine: number) => {
      try {
        const page = await call('usageCalls', {
          query: { ...queryOf(params), limit: cursor === undefined ? 200 : PAGE, cursor },
        })
        if (turn.current !== mine) return
        setList((l) => ({
          rows: cursor === undefined ? page.calls : [...l.rows, ...page.calls],
          next: page.next,
          loading: false,
          error: undefined,
        }))
      } catch (error) {
        if (turn.current === mine) setList((l) => ({ ...l, loading: false, error: wordsOf(error) }))
      }
    },
    [key],
  )
  const restart = useCallback(() => {
    turn.current += 1
    setList({ rows: [], next: undefined, loading: true, error: undefined })
    void load(undefined, turn.current)
  }, [load])
  useEffect(restart, [restart])
  const more = useCallback(() => {
    if (list.next === undefined || list.loading || list.rows.length >= MOST) return
    setList((l) => ({ ...l, loading: true }))
    void load(list.next, turn.current)
  }, [list, load])
  return { list, more, restart, setList }
}

export function RequestsView() {
  const { params } = usePlace()
  const { list, more, restart, setList } = useCalls(params)
  const live = useStore(calls)
  const [paused, setPaused] = useState(false)
  const [atTop, setAtTop] = useState(true)
  const opened = useRef(Date.now())
  useEffect(() => {
    opened.current = Date.now()
  }, [restart])
  const known = useMemo(() => new Set(list.rows.slice(0, 400).map((c) => c.id)), [list.rows])
  const fresh = useMemo(
    () => live.filter((c) => c.at >= (list.rows[0]?.at ?? 0) && !known.has(c.id) && matches(c, params)),
    [live, known, params],
  )
  const following = !paused && atTop
  useEffect(() => {
    // New rows come in only where nothing that is being read would move.
    if (!following || fresh.length === 0 || list.loading) return
    setList((l) => ({ ...l, rows: [...fresh, ...l.rows].slice(0, MOST) }))
  }, [following, fresh, list.loading])
  const onlyFailed = params['failure'] === 'any'
  const rows = useMemo(() => (onlyFailed ? list.rows.filter(failed) : list.rows), [list.rows, onlyFailed])
  useEffect(() => {
    if (onlyFailed && rows.length < 60 && list.next !== undefined && list.rows.length < 5000) more()
  }, [onlyFailed, rows.length, list])
  const set = FILTERS.filter((f) => params[f] !== undefined && params[f] !== '')
  const filtered = set.length > 0 || params['since'] !== undefined
  return (
    <>
      <Head
        title="Requests"
        actions={
          <>
            <Button small icon={paused ? 'play' : 'pause'} aria-pressed={paused} onClick={() => setPaused(!paused)}>
              {paused ? 'Go on' : 'Pause'}
            </Button>
            <Copy text={location.href} what="address of this view" label="Copy view" />
            <a class="btn sm" href={address('usageExport', { query: { ...queryOf(params), format: 'csv' } })} download>
              <Icon name="down" />
              CSV
            </a>
            <a
              class="btn sm hide-s"
              href={address('usageExport', { query: { ...queryOf(params), format: 'json' } })}
              download
            >
              <Icon name="down" />
              JSON
            </a>
          </>
        }
      />
      <Filters />
      <div class="row small" style={{ minHeight: '28px' }}>
        <span class="muted tab" role="status">
          {list.error === undefined && plural(rows.length, 'request')}{' '}
          {list.next === undefined ? '' : 'loaded, more below'}
          {paused ? ' · paused' : ''}
        </span>
        {!following && fresh.length > 0 && (
          <Button
            small
            onClick={() => {
              setPaused(false)
              setAtTop(true)
              document.querySelector('.scroller')?.scrollTo({ top: 0 })
            }}
          >
            {count(fresh.length)} new: show
          </Button>
        )}
        {filtered && (
          <Button
            small
            tone="quiet"
            icon="close"
            onClick={() => setParams({ since: undefined, ...Object.fromEntries(FILTERS.map((f) => [f, undefined])) })}
          >
            Clear filters
          </Button>
        )}
      </div>
      {list.error !== undefined && (
        <Callout tone="bad" action={<Button onClick={restart}>Try again</Button>}>
          {list.error}
        </Callout>
      )}
      <div
        hidden={list.error !== undefined && rows.length === 0}
        class={`card flush ${rows.length === 0 && !list.loading ? 'middle' : ''}`}
        style={{ height: 'max(320px, calc(100dvh - 312px))' }}
      >
        {list.loading && rows.length === 0 ? (
          <Skeleton height={40} count={8} />
        ) : rows.length === 0 ? (
          filtered ? (
            <Empty icon="requests" title="No request matches">
              Take a filter away, or choose a longer time.
            </Empty>
          ) : (
            <Empty
              icon="requests"
              title="No request yet"
              action={
                <a class="btn" href={hrefOf('/connection')}>
                  Send a test request
                </a>
              }
            >
              Point a program here (see the API reference) or send a test request. History is kept for 30 days.
            </Empty>
          )
        ) : (
          <Rows
            caption="Requests, newest first"
            columns={CALL_COLUMNS}
            rows={rows}
            keyOf={(c) => c.id}
            nameOf={nameOfCall}
            openKey={params['id'] === undefined ? undefined : rows.find((c) => c.callId === params['id'])?.id}
            onOpen={(c) => setParams({ id: c.callId }, false)}
            onEnd={more}
            onTop={setAtTop}
            total={list.next === undefined ? rows.length : -1}
            height="100%"
          />
        )}
      </div>
      {params['id'] !== undefined && (
        <CallDrawer key={params['id']} id={params['id']} onClose={() => setParams({ id: undefined })} />
      )}
    </>
  )
}

const RARE = ['provider', 'protocol', 'category', 'lane', 'status'] as const

function Filters() {
  const { params } = usePlace()
  const [more, setMore] = useState(RARE.some((f) => params[f] !== undefined))
  const { data: accounts } = useAccounts()
  const { data: models } = useModels()
  const { data: providers } = useProviders()
  const { data: keys } = useKeys()
  const { data: seen } = useQuery('usage:values', async () => {
    const by = (column: string) =>
      call('usageTotals', { query: { by: column } }).then((t) =>
        t.rows.map((r) => String(r.key[column] ?? '')).filter((v) => v !== ''),
      )
    const [failures, categories, statuses, served] = await Promise.all([
      by('failure'),
      by('category'),
      by('status'),
      by('servedModel'),
    ])
    return { failures, categories, statuses, served }
  })
  const options = (
    all: string,
    values: readonly (string | { value: string; label: string })[] | undefined,
    name: Filter | 'since',
  ) => {
    const list = [
      ...new Map((values ?? []).map((v) => (typeof v === 'string' ? [v, v] : [v.value, v.label]))).entries(),
    ].map(([value, label]) => ({ value, label }))
    const now = params[name]
    // A value of the URL that is in no list (yet) must still be seen.
    if (now !== undefined && now !== '' && !list.some((o) => o.value === now)) list.push({ value: now, label: now })
    return [{ value: '', label: all }, ...list]
  }
  const one = (
    name: Filter | 'since',
    label: string,
    all: string,
    values: readonly (string | { value: string; label: string })[] | undefined,
  ) => (
    <Select
      bare
      label={label}
      value={params[name] ?? ''}
      options={options(all, values, name)}
      onValue={(value) => setParams({ [name]: value || undefined })}
    />
  )
  return (
    <search class="stack-sm" aria-label="Filters">
      <div class="filters">
        {one('since', 'Time', 'All time', [
          { value: '1h', label: 'Last hour' },
          { value: '24h', label: 'Last 24 hours' },
          { value: '7d', label: 'Last 7 days' },
        ])}
        {one('servedModel', 'Model', 'All models', seen?.served ?? models?.map((m) => m.id))}
        {one(
          'account',
          'Account',
          'All accounts',
          accounts?.map((a) => ({ value: a.id, label: a.label })),
        )}
        {one(
          'clientKey',
          'Client key',
          'All keys',
          keys?.keys.map((k) => k.name),
        )}
        {one('failure', 'Failure', 'Any outcome', [{ value: 'any', label: 'Failed only' }, ...(seen?.failures ?? [])])}
        <Button tone="quiet" aria-expanded={more} onClick={() => setMore(!more)}>
          {more ? 'Fewer filters' : 'More filters'}
        </Button>
      </div>
      {more && (
        <div class="filters">
          {one(
            'provider',
            'Provider',
            'All providers',
            providers?.map((p) => ({ value: p.id, label: p.title })),
          )}
          {one('protocol', 'Dialect', 'All dialects', [
            'anthropic',
            'openai-chat',
            'openai-responses',
            'gemini',
            'openai-completions',
          ])}
          {one(
            'category',
            'Category',
            'All categories',
            seen?.categories ?? ['code', 'reasoning', 'fast', 'creative', 'analysis'],
          )}
          {one('lane', 'Lane', 'All lanes', ['pass-through', 'native', 'translate'])}
          {one('status', 'Status', 'All statuses', seen?.statuses)}
        </div>
      )}
    </search>
  )
}
