/** What stands around every view: navigation, the state of the connection, the theme, signing out. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { call, wordsOf } from '../lib/api.ts'
import { useNow } from '../lib/clock.ts'
import { useStatus } from '../lib/data.ts'
import { span } from '../lib/format.ts'
import { link, newAlerts, tryNow } from '../lib/live.ts'
import { useStore } from '../lib/store.ts'
import { setTheme, theme } from '../lib/theme.ts'
import { hrefOf, usePlace } from '../lib/url.ts'
import { linkTo, page, VIEWS } from '../lib/views.ts'
import { Button, Copy, Pill, Segmented, Time } from './basic.tsx'
import { Icon } from './icon.tsx'
import { Dialog, Menu } from './overlay.tsx'
import { attempt, toast } from './toast.tsx'

function Nav({ onPick }: { onPick?: () => void }) {
  const { path } = usePlace()
  const group = (title: string, of: 'dashboard' | 'panel') => (
    <div>
      <h2 id={`nav-${of}`}>{title}</h2>
      <ul class="nav-list" aria-labelledby={`nav-${of}`}>
        {VIEWS.filter((v) => v.page === of).map((v) => (
          <li key={v.path}>
            <a
              href={linkTo(of, hrefOf(v.path))}
              aria-current={of === page && v.path === path ? 'page' : undefined}
              onClick={onPick}
            >
              <Icon name={v.icon} />
              {v.title}
            </a>
          </li>
        ))}
      </ul>
    </div>
  )
  return (
    <nav class="nav stack" aria-label="Main">
      {group('Watch', 'dashboard')}
      {group('Manage', 'panel')}
    </nav>
  )
}

function Brand() {
  return (
    <a class="brand" href={linkTo('dashboard', '#/')}>
      <Icon name="logo" size={20} />
      LogicaProxy
    </a>
  )
}

/** Ready or not, and whether what is seen is live. */
function State() {
  const now = useStore(link)
  const { data: status } = useStatus()
  if (now.is === 'lost') return <Pill tone="bad">Offline</Pill>
  if (now.is === 'paused') return <Pill icon="pause">Paused</Pill>
  if (status === undefined) return <Pill icon="clock">Connecting</Pill>
  return status.ready ? <Pill tone="good">Ready</Pill> : <Pill tone="warn">Not ready</Pill>
}

function Reconnect() {
  const now = useStore(link)
  const clock = useNow(true)
  if (now.is !== 'lost') return null
  return (
    <div class="notice-bar">
      <Icon name="warning" />
      <span class="grow">
        LogicaProxy does not answer. What you see is as it was; trying again{' '}
        <span class="tab">{now.at > clock ? `in ${span(now.at - clock)}` : 'now'}</span>.
      </span>
      <Button small icon="refresh" onClick={tryNow}>
        Try now
      </Button>
    </div>
  )
}

/** A link for another browser: shown once, good for ten minutes and one use. */
function LinkDialog({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<{ url: string; expiresAt: number } | undefined>()
  const [fault, setFault] = useState<string>()
  useEffect(() => {
    call('newLink').then(setMade, (error) => setFault(wordsOf(error)))
  }, [])
  return (
    <Dialog title="Sign in another browser" onClose={onClose}>
      <p>Open this address in the other browser. It works once; whoever opens it can change everything here.</p>
      {fault !== undefined && <p class="bad">{fault}</p>}
      {made !== undefined && (
        <>
          <div class="secret">
            <code class="grow">{made.url}</code>
            <Copy text={made.url} what="one-time link" />
          </div>
          <p class="muted small">
            It expires <Time at={made.expiresAt} fine />.
          </p>
        </>
      )}
    </Dialog>
  )
}

export function Shell({ children, onSignOut }: { children: ComponentChildren; onSignOut: () => void }) {
  const chosen = useStore(theme)
  const alert = useStore(newAlerts)
  const { data: status } = useStatus()
  const [nav, setNav] = useState(false)
  const [linking, setLinking] = useState(false)
  const main = useRef<HTMLElement>(null)
  const now = useStore(link)
  useEffect(() => {
    if (alert !== undefined) toast(alert.message, { tone: alert.level === 'critical' ? 'bad' : 'warn' })
  }, [alert])
  return (
    <div class="app">
      {/* biome-ignore lint/a11y/useValidAnchor: a skip link that leaves the address as it is */}
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to content
      </a>
      <aside class="side" aria-label="LogicaProxy">
        <Brand />
        <Nav />
        <p class="side-foot tab">
          {status === undefined ? '\u00a0' : `Version ${status.version}`}
          <br />
          {status === undefined ? '\u00a0' : `Up ${span(status.uptimeMs)}`}
        </p>
      </aside>
      <div class="column">
        <header class="bar-top">
          <div class="menu-open">
            <Button
              tone="quiet"
              icon="menu"
              label="Open navigation"
              aria-haspopup="dialog"
              onClick={() => setNav(true)}
            />
          </div>
          <State />
          <div class="row push whole">
            <Segmented
              label="Theme"
              value={chosen}
              onChange={setTheme}
              options={[
                { value: 'light', label: 'Light theme', icon: 'sun' },
                { value: 'dark', label: 'Dark theme', icon: 'moon' },
                { value: 'system', label: 'Theme of the system', icon: 'screen' },
              ]}
            />
            <Menu
              label="Session"
              icon="accounts"
              items={[
                { label: 'Sign in another browser', icon: 'external', onPick: () => setLinking(true) },
                {
                  label: 'Sign out',
                  icon: 'out',
                  onPick: () => void attempt(() => call('signOut')).then((ok) => ok && onSignOut()),
                },
              ]}
            />
          </div>
        </header>
        <div role="status">
          <Reconnect />
          <span class="sr">{now.is === 'live' ? 'Connected.' : ''}</span>
        </div>
        <main class="main" id="main" tabIndex={-1} ref={main}>
          {children}
        </main>
      </div>
      {nav && (
        <Dialog title="LogicaProxy" onClose={() => setNav(false)}>
          <nav aria-label="Main">
            <Nav onPick={() => setNav(false)} />
          </nav>
        </Dialog>
      )}
      {linking && <LinkDialog onClose={() => setLinking(false)} />}
    </div>
  )
}
