/** Accounts and logins: all of them, with what can be done to each. */
import { useState } from 'preact/hooks'
import type { AccountView, LoginView } from '../../src/server/admin/management/contract.ts'
import { AccountCard, useOrdered } from '../accounts/card.tsx'
import { ImportDialog } from '../accounts/import.tsx'
import { LoginDialog } from '../accounts/login.tsx'
import { AccountSettings } from '../accounts/settings.tsx'
import { call } from '../lib/api.ts'
import { useAccounts } from '../lib/data.ts'
import { plural } from '../lib/format.ts'
import { invalidate, useQuery } from '../lib/query.ts'
import { setParams, usePlace } from '../lib/url.ts'
import { Button, Callout, Empty, Head, Pill, Section, Skeleton, Time, Trouble, Words } from '../ui/basic.tsx'
import { Select } from '../ui/field.tsx'
import { attempt } from '../ui/toast.tsx'

const STATES = [
  { value: '', label: 'All states' },
  { value: 'ready', label: 'Ready' },
  { value: 'resting', label: 'Resting' },
  { value: 'needs-login', label: 'Needs login' },
  { value: 'disabled', label: 'Off' },
]

export function AccountsView() {
  const { data, error, refresh } = useAccounts()
  const { params } = usePlace()
  const [login, setLogin] = useState<AccountView | 'new'>()
  const [settings, setSettings] = useState<AccountView>()
  const [importing, setImporting] = useState(false)
  const wanted = (params['q'] ?? '').toLowerCase()
  const rows = useOrdered(data)
    .filter((a) => (params['state'] ?? '') === '' || a.state === params['state'])
    .filter((a) => (params['provider'] ?? '') === '' || a.provider === params['provider'])
    .filter(
      (a) =>
        wanted === '' ||
        `${a.label} ${a.email ?? ''} ${a.plan ?? ''} ${a.settings.note ?? ''}`.toLowerCase().includes(wanted),
    )
  const providers = [...new Map((data ?? []).map((a) => [a.provider, a.providerTitle]))].map(([value, label]) => ({
    value,
    label,
  }))
  const actions = (
    <>
      <Button tone="primary" icon="login" onClick={() => setLogin('new')}>
        Log in
      </Button>
      <Button icon="down" onClick={() => setImporting(true)}>
        Import
      </Button>
    </>
  )
  return (
    <>
      <Head title="Accounts" actions={actions}>
        Whose subscriptions and keys pay. Logins are managed here; API keys stand in the config.
      </Head>
      <UnderWay />
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
          <Empty icon="accounts" title="No account yet" action={actions}>
            Log in with a subscription, take over the login of a program on this machine, or add an API key in the
            config.
          </Empty>
        </div>
      )}
      {data !== undefined && data.length > 0 && (
        <>
          <search class="filters" aria-label="Filters">
            <input
              class="input"
              type="search"
              aria-label="Search accounts"
              placeholder="Search accounts"
              value={params['q'] ?? ''}
              onInput={(e) => setParams({ q: e.currentTarget.value || undefined })}
            />
            <Select
              bare
              label="State"
              value={params['state'] ?? ''}
              options={STATES}
              onValue={(v) => setParams({ state: v || undefined })}
            />
            <Select
              bare
              label="Provider"
              value={params['provider'] ?? ''}
              options={[{ value: '', label: 'All providers' }, ...providers]}
              onValue={(v) => setParams({ provider: v || undefined })}
            />
          </search>
          <span class="sr" role="status">
            {plural(rows.length, 'account')}
          </span>
          {rows.length === 0 ? (
            <div class="card">
              <Empty icon="accounts" title="No account matches" />
            </div>
          ) : (
            <div class="accounts">
              {rows.map((a) => (
                <AccountCard key={a.id} level={2} account={a} onLogin={setLogin} onSettings={setSettings} />
              ))}
            </div>
          )}
        </>
      )}
      {login !== undefined && (
        <LoginDialog account={login === 'new' ? undefined : login} onClose={() => setLogin(undefined)} />
      )}
      {settings !== undefined && <AccountSettings account={settings} onClose={() => setSettings(undefined)} />}
      {importing && <ImportDialog onClose={() => setImporting(false)} />}
    </>
  )
}

/** Logins that somebody has begun, here or in another window. */
function UnderWay() {
  const { data } = useQuery('logins', () => call('logins').then((l) => l.logins), 10_000)
  const open = (data ?? []).filter((l) => l.is === 'waiting' || l.is === 'working')
  const giveUp = ({ id, title }: LoginView) =>
    attempt(() => call('cancelLogin', { id }).finally(() => invalidate('logins')), `Gave up the login to ${title}.`)
  if (open.length === 0) return null
  return (
    <Section title="Logins under way">
      {open.map((l) => (
        <Callout
          key={l.id}
          action={
            <Button small onClick={() => giveUp(l)} aria-label={`Give up the login to ${l.title}`}>
              Give up
            </Button>
          }
        >
          <span class="row">
            <strong>{l.title}</strong> <Pill>{l.is}</Pill>
          </span>
          <span>
            <Words text={l.words} />
          </span>
          <span class="muted small">
            Ends <Time at={l.expiresAt} />
          </span>
        </Callout>
      ))}
    </Section>
  )
}
