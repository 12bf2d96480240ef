/** The first page: accounts first, then what goes through them. */
import { useState } from 'preact/hooks'
import type { AccountView, Alert, Status } from '../../src/server/admin/management/contract.ts'
import { AccountCard, useOrdered } from '../accounts/card.tsx'
import { ImportDialog } from '../accounts/import.tsx'
import { LoginDialog, safe } from '../accounts/login.tsx'
import { AccountSettings } from '../accounts/settings.tsx'
import { useAccounts, useSeries, useStatus } from '../lib/data.ts'
import { count, duration, percent, plural, span } from '../lib/format.ts'
import { calls } from '../lib/live.ts'
import { useStore } from '../lib/store.ts'
import { hrefOf, setParams, usePlace } from '../lib/url.ts'
import { linkTo } from '../lib/views.ts'
import { useWidth } from '../lib/width.ts'
import { Button, Callout, Copy, Empty, Head, Section, Segmented, Skeleton, Trouble, Words } from '../ui/basic.tsx'
import { ChartFoot, Sparkline, VolumeChart } from '../ui/charts.tsx'
import { EndpointTable } from './endpoints.tsx'
import { LastRequests } from './last-requests.tsx'
import { ProviderStrip } from './providers.tsx'

const RANGES = [
  { value: '1h', label: '1 h', seconds: 3600, points: 60 },
  { value: '24h', label: '24 h', seconds: 86_400, points: 96 },
  { value: '7d', label: '7 d', seconds: 7 * 86_400, points: 84 },
  { value: '30d', label: '30 d', seconds: 30 * 86_400, points: 60 },
] as const

export function Overview() {
  const { data: status, error, refresh } = useStatus()
  const accounts = useAccounts()
  // All at once: alerts that come a moment later would push away what is being read.
  if ((status === undefined && error === undefined) || (accounts.data === undefined && accounts.error === undefined))
    return (
      <div class="stack" aria-busy="true">
        <Head title="Overview" />
        <Skeleton height={64} />
        <div class="accounts">
          <Skeleton height={228} />
          <Skeleton height={228} />
          <Skeleton height={228} />
        </div>
        <Skeleton height={112} />
      </div>
    )
  return (
    <>
      <Head title="Overview" actions={status && <Address status={status} />} />
      {error !== undefined && status === undefined && <Trouble words={error} retry={refresh} />}
      {status !== undefined && !status.ready && (
        <Callout tone="warn">
          <strong>Requests are refused now</strong>
          {status.reasons.map((r) => (
            <span key={r}>
              <Words text={r} />
            </span>
          ))}
        </Callout>
      )}
      {status !== undefined && status.alerts.length > 0 && <Alerts alerts={status.alerts} />}
      <Accounts />
      <Figures status={status} />
      <Volume />
      <LastRequests />
      <Section title="Endpoints" note="since the start">
        <EndpointTable />
      </Section>
      <Section title="Providers">
        <ProviderStrip />
      </Section>
    </>
  )
}

function Address({ status }: { status: Status }) {
  return (
    <>
      <code class="muted hide-s">{status.url}</code>
      <Copy text={status.url} what="address for clients" label="Copy address" />
    </>
  )
}

/** A path of this server, or a page of a vendor in a tab of its own; anything else is no link. */
const whereTo = (url: string) =>
  /^\/(?!\/)/.test(url) ? { href: url } : { href: safe(url), target: '_blank', rel: 'noreferrer noopener' }

const RANK = { critical: 0, warning: 1, info: 2 } as const

export function Alerts({ alerts }: { alerts: readonly Alert[] }) {
  const [all, setAll] = useState(false)
  const [login, setLogin] = useState<AccountView>()
  const { data: accounts } = useAccounts()
  const sorted = [...alerts].sort((a, b) => RANK[a.level] - RANK[b.level])
  const shown = all ? sorted : sorted.slice(0, 3)
  return (
    <section aria-label="Alerts" class="stack-sm">
      <div class="alerts">
        {shown.map((a) => {
          const account = accounts?.find((x) => x.id === a.accountId)
          return (
            <Callout
              key={a.id}
              tone={a.level === 'critical' ? 'bad' : a.level === 'warning' ? 'warn' : 'info'}
              action={
                a.kind === 'needs-login' && account?.can.login ? (
                  <Button small icon="login" onClick={() => setLogin(account)} aria-label={`Log in ${account.label}`}>
                    Log in
                  </Button>
                ) : a.url !== undefined ? (
                  <a class="btn sm" {...whereTo(a.url)}>
                    {a.url.startsWith('/') ? 'Open' : 'Read'}
                    <span class="sr">: {a.title ?? a.message}</span>
                  </a>
                ) : undefined
              }
            >
              <span>
                <Words text={a.message} parts={a.parts} />{' '}
                {a.action !== undefined && (
                  <span class="muted">
                    <Words text={a.action} />
                  </span>
                )}
              </span>
            </Callout>
          )
        })}
      </div>
      {sorted.length > 3 && (
        <div>
          <Button small tone="quiet" onClick={() => setAll(!all)} aria-expanded={all}>
            {all ? 'Show fewer alerts' : `Show all ${sorted.length} alerts`}
          </Button>
        </div>
      )}
      {login !== undefined && <LoginDialog account={login} onClose={() => setLogin(undefined)} />}
    </section>
  )
}

/** Cards that are seen at first. */
const SHOWN = { narrow: 3, middle: 6, wide: 6 }

function Accounts() {
  const { data, error, refresh } = useAccounts()
  const [login, setLogin] = useState<AccountView | 'new'>()
  const [settings, setSettings] = useState<AccountView>()
  const [importing, setImporting] = useState(false)
  const [all, setAll] = useState(false)
  const sorted = useOrdered(data)
  const few = SHOWN[useWidth()]
  const shown = all ? sorted : sorted.slice(0, few)
  const usable = sorted.filter((a) => a.state === 'ready' || a.state === 'busy').length
  const logIn = (
    <Button
      small={sorted.length > 0}
      tone={sorted.length > 0 ? undefined : 'primary'}
      icon="login"
      onClick={() => setLogin('new')}
    >
      Log in an account
    </Button>
  )
  return (
    <Section
      title="Accounts"
      note={data !== undefined && data.length > 0 ? `${usable} of ${data.length} can take a request now` : undefined}
      actions={sorted.length > 0 ? logIn : undefined}
    >
      {error !== undefined && data === undefined && <Trouble words={error} retry={refresh} />}
      {data === undefined && error === undefined && (
        <div class="accounts">
          <Skeleton height={228} />
          <Skeleton height={228} />
          <Skeleton height={228} />
        </div>
      )}
      {data?.length === 0 && (
        <div class="card">
          <Empty
            icon="accounts"
            title="No account yet"
            action={
              <>
                {logIn}
                <Button onClick={() => setImporting(true)}>Import from another program</Button>
                <a class="btn" href={linkTo('panel', '#/config')}>
                  Add an API key
                </a>
              </>
            }
          >
            LogicaProxy answers with subscriptions and keys of yours. Log one in and it is ready: nothing is restarted.
          </Empty>
        </div>
      )}
      {shown.length > 0 && (
        <div class="accounts">
          {shown.map((a) => (
            <AccountCard key={a.id} account={a} onLogin={setLogin} onSettings={setSettings} />
          ))}
        </div>
      )}
      {sorted.length > few && (
        <div class="row">
          <Button small tone="quiet" onClick={() => setAll(!all)} aria-expanded={all}>
            {all ? 'Show fewer' : `Show all ${sorted.length} accounts`}
          </Button>
          <a class="small" href={linkTo('panel', '#/')}>
            Manage accounts
          </a>
        </div>
      )}
      {login !== undefined && (
        <LoginDialog account={login === 'new' ? undefined : login} onClose={() => setLogin(undefined)} />
      )}
      {settings !== undefined && <AccountSettings account={settings} onClose={() => setSettings(undefined)} />}
      {importing && <ImportDialog onClose={() => setImporting(false)} />}
    </Section>
  )
}

function Figures({ status }: { status: Status | undefined }) {
  const { data: series } = useSeries(3600, 60)
  const points = series?.points ?? []
  const totals = status?.totals
  const list = [
    {
      title: 'Status',
      value: status === undefined ? undefined : status.ready ? 'Ready' : 'Not ready',
      small: status && `up ${span(status.uptimeMs)}`,
      values: points.map((p) => (p.requests === 0 ? undefined : 1 - p.errors / p.requests)),
      words: 'Share of requests that worked, last hour',
    },
    {
      title: 'Requests',
      value: totals && count(totals.requests),
      small: totals && `${totals.active} under way${totals.refused > 0 ? `, ${count(totals.refused)} refused` : ''}`,
      values: points.map((p) => p.requests),
      words: 'Requests per minute, last hour',
    },
    {
      title: 'Error rate',
      value: totals && percent(totals.errorRate),
      small: totals && plural(totals.errors, 'error'),
      values: points.map((p) => p.errors),
      words: 'Errors per minute, last hour',
      tone: 'bad' as const,
    },
    {
      title: 'Average latency',
      value: totals && (totals.requests === 0 ? '–' : duration(totals.averageLatencyMs)),
      small: totals && 'since the start',
      values: points.map((p) => p.averageLatencyMs),
      words: 'Average latency per minute, last hour',
    },
    {
      title: 'Requests per second',
      value: totals?.requestsPerSecond.toFixed(totals.requestsPerSecond < 10 ? 2 : 1),
      small: totals && 'mean of the last minute',
      values: points.map((p) => p.requests / 60),
      words: 'Requests per second, last hour',
    },
  ]
  return (
    <section aria-label="Figures">
      <dl class="stats">
        {list.map((f) => (
          <div class="stat" key={f.title}>
            <dt>{f.title}</dt>
            <dd>
              {f.value ?? <span class="muted">–</span>}
              <small>{f.small ?? '\u00a0'}</small>
            </dd>
            <dd class="plain">
              {points.length > 0 ? <Sparkline values={f.values} words={f.words} tone={f.tone} /> : null}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function Volume() {
  const { params } = usePlace()
  const range = RANGES.find((r) => r.value === params['range']) ?? RANGES[0]
  const { data, error, refresh } = useSeries(range.seconds, range.points)
  const title = `Requests, last ${range.label}`
  const bars = (data?.points ?? []).map((p) => ({
    at: p.at,
    value: p.requests,
    bad: p.errors,
    averageLatencyMs: p.averageLatencyMs,
  }))
  const total = bars.reduce((sum, b) => sum + b.value, 0)
  const live = useStore(calls)
  return (
    <Section
      title="Request volume"
      note={data === undefined ? undefined : `${plural(total, 'request')} · bars of ${span(data.bucketMs)}`}
      actions={
        <Segmented
          label="Time span"
          value={range.value}
          options={RANGES}
          onChange={(value) => setParams({ range: value === '1h' ? undefined : value })}
        />
      }
    >
      <div class="card stack">
        {error !== undefined && data === undefined ? (
          <Trouble words={error} retry={refresh} />
        ) : data === undefined ? (
          <Skeleton height={222} />
        ) : total === 0 && live.length === 0 ? (
          <Empty
            icon="overview"
            title="No requests in this time"
            action={
              <a class="btn" href={hrefOf('/connection')}>
                Send a test request
              </a>
            }
          >
            Point a program at the address above, or send a test request from here.
          </Empty>
        ) : (
          <>
            <VolumeChart bars={bars} bucketMs={data.bucketMs} title={title} />
            <ChartFoot bars={bars} title={title} />
          </>
        )}
      </div>
    </Section>
  )
}
