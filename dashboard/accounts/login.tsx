/** Logging an account in from the page: choose the vendor, read its policy, open the address or type the code, done. */
import { useEffect, useState } from 'preact/hooks'
import type {
  AccountView,
  LoginStart,
  LoginView,
  LoginWayView,
  ProviderRow,
} from '../../src/server/admin/management/contract.ts'
import { call, wordsOf } from '../lib/api.ts'
import { useProviders } from '../lib/data.ts'
import { invalidate, useQuery } from '../lib/query.ts'
import { Button, Callout, Code, Copy, Empty, Mark, Pill, Skeleton, Time, Words } from '../ui/basic.tsx'
import { Check, Input, Select } from '../ui/field.tsx'
import { Dialog } from '../ui/overlay.tsx'
import { attempt, toast } from '../ui/toast.tsx'
import { PolicyNote, PolicyPill } from './policy.tsx'

const WAYS: Record<LoginWayView, string> = {
  browser: 'Browser on this machine',
  paste: 'Browser elsewhere, paste the address back',
  device: 'Code typed on another device',
}

/** @param account set: the login of this account is renewed. */
export function LoginDialog({
  account,
  provider,
  onClose,
}: {
  account?: AccountView
  provider?: string
  onClose: () => void
}) {
  const { data: providers, error } = useProviders()
  const [picked, setPicked] = useState(account?.provider ?? provider)
  const [login, setLogin] = useState<LoginView>()
  const chosen = providers?.find((p) => p.id === picked)
  const title =
    account !== undefined
      ? `Log in ${account.label}`
      : chosen !== undefined
        ? `Log in to ${chosen.loginTitle ?? chosen.title}`
        : 'Log in an account'
  if (login !== undefined)
    return <Running title={title} first={login} onClose={onClose} again={() => setLogin(undefined)} />
  if (chosen !== undefined)
    return (
      <Start
        title={title}
        provider={chosen}
        account={account}
        onClose={onClose}
        onStarted={setLogin}
        back={account === undefined && provider === undefined ? () => setPicked(undefined) : undefined}
      />
    )
  const able = providers?.filter((p) => p.ways.length > 0) ?? []
  return (
    <Dialog title={title} onClose={onClose}>
      {error !== undefined && <Callout tone="bad">{error}</Callout>}
      {providers === undefined && error === undefined && <Skeleton height={44} count={5} />}
      {providers !== undefined && able.length === 0 && (
        <Empty icon="login" title="No provider here can be logged in to">
          Add an API key in the config instead.
        </Empty>
      )}
      <ul class="stack-sm list">
        {able.map((p) => (
          <li key={p.id}>
            <button type="button" class="btn quiet pick-row" onClick={() => setPicked(p.id)}>
              <Mark provider={p.id} />
              <span class="grow clip">
                {p.loginTitle ?? p.title} <span class="muted small">{p.id}</span>
              </span>
              <PolicyPill policy={p.loginPolicy ?? p.policy} />
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

function Start({
  title,
  provider,
  account,
  onClose,
  onStarted,
  back,
}: {
  title: string
  provider: ProviderRow
  account?: AccountView
  onClose: () => void
  onStarted: (login: LoginView) => void
  back?: () => void
}) {
  const policy = provider.loginPolicy ?? provider.policy
  const careful = policy.state === 'restricted' || policy.state === 'discontinued'
  const [way, setWay] = useState<LoginWayView>(provider.ways[0] ?? 'browser')
  const [label, setLabel] = useState(account?.label ?? '')
  const [project, setProject] = useState('')
  const [proxyUrl, setProxyUrl] = useState('')
  const [port, setPort] = useState('')
  const [agreed, setAgreed] = useState(false)
  const [fault, setFault] = useState<string>()
  const [busy, setBusy] = useState(false)
  const start = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setFault(undefined)
    const body: LoginStart = { provider: provider.id, way }
    if (label.trim() !== '') body.label = label.trim()
    if (project.trim() !== '') body.project = project.trim()
    if (proxyUrl.trim() !== '') body.proxyUrl = proxyUrl.trim()
    if (port.trim() !== '') body.port = Number(port)
    if (careful) body.acknowledge = agreed
    try {
      onStarted(await call('startLogin', { body }))
    } catch (error) {
      setFault(wordsOf(error))
      setBusy(false)
    }
  }
  return (
    <Dialog
      title={title}
      onClose={onClose}
      foot={
        <>
          {back !== undefined && <Button onClick={back}>Back</Button>}
          <Button
            type="submit"
            form="login-start"
            tone="primary"
            icon="login"
            busy={busy}
            disabled={careful && !agreed}
          >
            Start login
          </Button>
        </>
      }
    >
      <PolicyNote policy={policy} />
      {fault !== undefined && (
        <div role="alert">
          <Callout tone="bad">{fault}</Callout>
        </div>
      )}
      <form id="login-start" class="form" onSubmit={start}>
        {provider.ways.length > 1 && (
          <Select
            label="How you confirm it"
            value={way}
            onValue={(v) => setWay(v as LoginWayView)}
            options={provider.ways.map((w) => ({ value: w, label: WAYS[w] }))}
          />
        )}
        <Input
          label="Name (optional)"
          hint="Shown in lists; without it the e-mail of the login."
          value={label}
          onValue={setLabel}
          maxLength={200}
        />
        <details class="group">
          <summary>More settings</summary>
          <div class="body">
            <Input
              label="Google Cloud project"
              hint="Only for Code Assist licences that need one."
              value={project}
              onValue={setProject}
            />
            <Input
              label="Proxy"
              hint="http, https or socks5 address for this account alone, or direct."
              value={proxyUrl}
              onValue={setProxyUrl}
            />
            <Input
              label="Port for the way back"
              hint="In place of the vendor's, where that one is taken."
              value={port}
              onValue={setPort}
              inputMode="numeric"
              pattern="[0-9]*"
            />
          </div>
        </details>
        {careful && (
          <Check label="I have read this and use the account at my own risk." checked={agreed} onValue={setAgreed} />
        )}
      </form>
    </Dialog>
  )
}

function Running({
  title,
  first,
  onClose,
  again,
}: {
  title: string
  first: LoginView
  onClose: () => void
  again: () => void
}) {
  const { data } = useQuery(`login:${first.id}`, () => call('login', { id: first.id }), 3000)
  const login = data ?? first
  const [pasted, setPasted] = useState('')
  const [fault, setFault] = useState<string>()
  const open = login.is === 'waiting' || login.is === 'working'
  useEffect(() => {
    if (login.is !== 'done') return
    invalidate('accounts', 'providers', 'models')
    toast(login.words)
    onClose()
  }, [login.is])
  const paste = async (event: Event) => {
    event.preventDefault()
    setFault(undefined)
    try {
      await call('pasteLogin', { id: login.id, body: { text: pasted.trim() } })
      setPasted('')
      invalidate(`login:${login.id}`)
    } catch (error) {
      setFault(wordsOf(error))
    }
  }
  const giveUp = async () => {
    if (open) await attempt(() => call('cancelLogin', { id: login.id }))
    onClose()
  }
  return (
    <Dialog
      title={title}
      onClose={onClose}
      foot={
        <>
          <Button onClick={giveUp}>{open ? 'Give up' : 'Close'}</Button>
          {!open && (
            <Button tone="primary" onClick={again}>
              Start again
            </Button>
          )}
        </>
      }
    >
      <div role="status">
        <Callout tone={login.is === 'failed' ? 'bad' : login.is === 'done' ? 'good' : 'info'}>
          <span>
            <Words text={login.words} />
          </span>
          {open && (
            <span class="muted small">
              Ends <Time at={login.expiresAt} fine />. You may close this: the login goes on.
            </span>
          )}
        </Callout>
      </div>
      {open && login.userCode !== undefined && (
        <div class="stack-sm">
          <h3>Your code</h3>
          <div class="secret">
            <code class="grow">{login.userCode}</code>
            <Copy text={login.userCode} what="code" />
          </div>
          <p class="muted small">
            Type it at <span class="wrap-any">{login.verificationUrl ?? login.url}</span>
          </p>
        </div>
      )}
      {open && login.url !== undefined && (
        <div class="stack-sm">
          <h3>Open this address</h3>
          <Code text={login.url} what="address of the login" />
          <div>
            <a class="btn primary" href={safe(login.url)} target="_blank" rel="noreferrer noopener">
              Open in a new tab
            </a>
          </div>
        </div>
      )}
      {open && login.pastes && (
        <form class="form" onSubmit={paste}>
          <Input
            label="Or paste what it ended on"
            hint="If the browser ends on a page that does not load, copy its whole address here. The code alone works too."
            value={pasted}
            onValue={setPasted}
            fault={fault}
          />
          <div>
            <Button type="submit" disabled={pasted.trim() === ''}>
              Finish login
            </Button>
          </div>
        </form>
      )}
      {login.is === 'working' && <Pill icon="clock">Working</Pill>}
    </Dialog>
  )
}

/** Only web addresses become links. */
export const safe = (url: string) => (/^https?:\/\//i.test(url) ? url : undefined)
