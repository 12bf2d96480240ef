/** Signing in, and which view is seen. */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Session } from '../src/server/admin/management/contract.ts'
import { ApiError, call, useSession, whenSignedOut, wordsOf } from './lib/api.ts'
import { startLive } from './lib/live.ts'
import { usePlace } from './lib/url.ts'
import { page } from './lib/views.ts'
import { AccountsView } from './panel/accounts.tsx'
import { AliasesView } from './panel/aliases.tsx'
import { AuditView } from './panel/audit.tsx'
import { ConfigView } from './panel/config.tsx'
import { DoctorView } from './panel/doctor.tsx'
import { KeysView } from './panel/keys.tsx'
import { LogsView } from './panel/logs.tsx'
import { RoutingView } from './panel/routing.tsx'
import { Button, Empty, Head, Skeleton } from './ui/basic.tsx'
import { Input } from './ui/field.tsx'
import { Icon } from './ui/icon.tsx'
import { Confirmations } from './ui/overlay.tsx'
import { Shell } from './ui/shell.tsx'
import { Toasts } from './ui/toast.tsx'
import { ApiView } from './views/api.tsx'
import { ConnectionView } from './views/connection.tsx'
import { ModelsView } from './views/models.tsx'
import { Overview } from './views/overview.tsx'
import { ProvidersView } from './views/providers.tsx'
import { RequestsView } from './views/requests.tsx'
import { RouterView } from './views/router.tsx'
import { UsageView } from './views/usage.tsx'

const VIEWS: Record<typeof page, Record<string, ComponentType>> = {
  dashboard: {
    '/': Overview,
    '/requests': RequestsView,
    '/usage': UsageView,
    '/models': ModelsView,
    '/router': RouterView,
    '/providers': ProvidersView,
    '/connection': ConnectionView,
    '/api': ApiView,
  },
  panel: {
    '/': AccountsView,
    '/keys': KeysView,
    '/config': ConfigView,
    '/models': AliasesView,
    '/routing': RoutingView,
    '/logs': LogsView,
    '/audit': AuditView,
    '/doctor': DoctorView,
  },
}

function NotThere() {
  return (
    <>
      <Head title="No such page" />
      <div class="card">
        <Empty
          icon="info"
          title="There is nothing at this address"
          action={
            <a class="btn" href="#/">
              Go to the first page
            </a>
          }
        />
      </div>
    </>
  )
}

function Views() {
  const { path } = usePlace()
  const View = VIEWS[page][path] ?? NotThere
  useEffect(() => {
    scrollTo(0, 0)
  }, [path])
  return <View key={path} />
}

function SignIn({ help, done }: { help: string | undefined; done: (session: Session) => void }) {
  const [token, setToken] = useState('')
  const [fault, setFault] = useState<string>()
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    document.title = 'Sign in · LogicaProxy'
  }, [])
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setFault(undefined)
    try {
      done(await call('signIn', { body: { token: token.trim() } }))
    } catch (error) {
      setFault(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <main class="sign">
      <div class="card">
        <div class="brand">
          <Icon name="logo" size={24} />
          LogicaProxy
        </div>
        <h1>Sign in</h1>
        <p class="muted">
          {help ??
            'Run "logicaproxy dashboard" on the machine it runs on: it prints a link that signs you in. Or enter the admin token that was shown at the first start.'}
        </p>
        <form class="form" onSubmit={submit}>
          <Input
            label="Admin token"
            type="password"
            autocomplete="current-password"
            value={token}
            onValue={setToken}
            fault={fault}
            required
          />
          <Button type="submit" tone="primary" busy={busy} disabled={token.trim() === ''}>
            Sign in
          </Button>
        </form>
        <div class="sr" role="alert">
          {fault}
        </div>
      </div>
    </main>
  )
}

/** A one-time link may come as `#link=…`: it leaves the address bar before anything else happens. */
function takeLink(): string | undefined {
  const found = /^#link=([\w-]{16,128})$/.exec(location.hash)
  if (found === null) return undefined
  history.replaceState(null, '', `${location.pathname}#/`)
  dispatchEvent(new Event('hashchange'))
  return found[1]
}

async function whoIsThere(): Promise<Session> {
  const code = takeLink()
  if (code !== undefined)
    try {
      return await call('redeemLink', { body: { link: code } })
    } catch (error) {
      const session = await call('session')
      return session.authenticated ? session : { ...session, help: wordsOf(error) }
    }
  return call('session')
}

export function App() {
  const [session, setSession] = useState<Session>()
  const [fault, setFault] = useState<string>()
  const take = (found: Session) => {
    useSession(found)
    setSession(found)
    setFault(undefined)
    if (found.authenticated) startLive()
  }
  const ask = () =>
    whoIsThere().then(take, (error) => setFault(error instanceof ApiError ? error.message : wordsOf(error)))
  useEffect(() => {
    whenSignedOut(() => setSession((now) => (now === undefined ? now : { ...now, authenticated: false })))
    void ask()
  }, [])
  useEffect(() => {
    if (fault === undefined) return
    const timer = setTimeout(ask, 3000)
    return () => clearTimeout(timer)
  })
  if (session === undefined)
    return (
      <main class="sign">
        <div class="card" aria-busy={fault === undefined}>
          <h1>LogicaProxy</h1>
          {fault === undefined ? <Skeleton height={20} count={2} /> : <p role="alert">{fault}</p>}
        </div>
      </main>
    )
  if (!session.authenticated)
    return (
      <>
        <SignIn help={session.help} done={take} />
        <Toasts />
      </>
    )
  return (
    <>
      <Shell onSignOut={() => location.reload()}>
        <Views />
      </Shell>
      <Confirmations />
      <Toasts />
    </>
  )
}
