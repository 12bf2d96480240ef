/**
 * The one event stream of the page. It is closed while the tab is hidden, comes back by itself when the server went away,
 * and turns events into fresh data. Shapes: contract/events.ts.
 */
import type {
  Alert,
  LogLine,
  ManagementEvent,
  Status,
  UsageRowView,
} from '../../src/server/admin/management/contract.ts'
import { address, call, useSession } from './api.ts'
import { invalidate, put, refetchAll } from './query.ts'
import { createStore } from './store.ts'

export type Link =
  | { is: 'connecting' }
  | { is: 'live' }
  | { is: 'paused' }
  /** The server went away; `at`: ms since the epoch of the next try. */
  | { is: 'lost'; at: number }

const KEPT_CALLS = 200
const KEPT_LINES = 2000
const BATCH_MS = 250
const LONGEST_WAIT_MS = 15_000
const TYPES = ['hello', 'call', 'status', 'accounts', 'login', 'keys', 'config', 'alert', 'log', 'bye'] as const

/** How the stream stands. */
export const link = createStore<Link>({ is: 'connecting' })
/** The newest calls, newest first. */
export const calls = createStore<readonly UsageRowView[]>([])
/** New lines of the log while somebody watches it, newest last. */
export const lines = createStore<readonly LogLine[]>([])
/** Alerts that came while the page is open: told once, as toasts. */
export const newAlerts = createStore<Alert | undefined>(undefined)

let source: EventSource | undefined
let timer: ReturnType<typeof setTimeout> | undefined
let wait = 1000
let wantsLog = false
let started = false
let seenBefore = false
let calmDown: ReturnType<typeof setTimeout> | undefined
let freshCalls: UsageRowView[] = []
let freshLines: LogLine[] = []

function flush(): void {
  calmDown = undefined
  if (freshCalls.length > 0) {
    const fresh = freshCalls.reverse()
    freshCalls = []
    calls.set((old) => [...fresh, ...old].slice(0, KEPT_CALLS))
  }
  if (freshLines.length > 0) {
    const fresh = freshLines
    freshLines = []
    lines.set((old) => [...old, ...fresh].slice(-KEPT_LINES))
  }
}

function hear(event: ManagementEvent): void {
  switch (event.type) {
    case 'hello':
      link.set({ is: 'live' })
      wait = 1000
      if (seenBefore) refetchAll()
      seenBefore = true
      return
    case 'call':
      // A busy server must not make the page redraw for each call.
      if (freshCalls.length < 5000) freshCalls.push(event.call)
      if (calmDown === undefined) calmDown = setTimeout(flush, BATCH_MS)
      return
    case 'log':
      if (freshLines.length < 5000) freshLines.push(event.line)
      if (calmDown === undefined) calmDown = setTimeout(flush, BATCH_MS)
      return
    case 'status':
      put('status', event.status satisfies Status)
      return
    case 'accounts':
      invalidate('accounts', 'providers', 'models')
      return
    case 'login':
      invalidate('logins', `login:${event.id}`)
      return
    case 'keys':
      invalidate('keys')
      return
    case 'config':
      invalidate('config', 'snapshots', 'models', 'accounts', 'status')
      return
    case 'alert':
      if (!event.over) newAlerts.set(event.alert)
      invalidate('status')
      return
    case 'bye':
      close()
      void comeBack()
  }
}

function open(): void {
  clearTimeout(timer)
  close()
  link.set((now) => (now.is === 'lost' ? now : { is: 'connecting' }))
  const topics = wantsLog ? { topics: TYPES.join(',') } : undefined
  const stream = new EventSource(address('events', { query: topics }))
  source = stream
  for (const type of TYPES)
    stream.addEventListener(type, (message) => {
      if (stream !== source) return
      hear({ type, ...JSON.parse((message as MessageEvent<string>).data) } as ManagementEvent)
    })
  stream.onerror = () => {
    if (stream !== source) return
    close()
    link.set({ is: 'lost', at: Date.now() + wait })
    timer = setTimeout(comeBack, wait)
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
  }
}

function close(): void {
  source?.close()
  source = undefined
}

/** Asks who is signed in before the stream is opened again: after a restart the CSRF token is another. */
async function comeBack(): Promise<void> {
  clearTimeout(timer)
  try {
    const session = await call('session')
    useSession(session)
    if (!session.authenticated) {
      location.reload()
      return
    }
    open()
  } catch {
    link.set({ is: 'lost', at: Date.now() + wait })
    timer = setTimeout(comeBack, wait)
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
  }
}

/** Opens the stream, and from then on keeps it open while the tab is seen. */
export function startLive(): void {
  if (started) return
  started = true
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') {
      clearTimeout(timer)
      close()
      link.set({ is: 'paused' })
    } else open()
  })
  if (document.visibilityState === 'hidden') link.set({ is: 'paused' })
  else open()
}

/** Tries at once instead of waiting. */
export function tryNow(): void {
  wait = 1000
  void comeBack()
}

/** Lines of the log come only while somebody looks at them. */
export function watchLog(on: boolean): void {
  if (wantsLog === on) return
  wantsLog = on
  lines.set([])
  if (started && link.get().is !== 'paused') open()
}
