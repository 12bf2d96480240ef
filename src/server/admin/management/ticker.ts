/** Tells pages what changed: calls as they end, the status each two seconds, alerts as they come and go. Idle without listeners. */

import { isRefusal } from '../../../telemetry/outcome.ts'
import type { Alert } from './contract.ts'
import type { Tools } from './handlers/handler.ts'
import { callView } from './views/usage-view.ts'

const TICK_MS = 2_000
/** Changes of accounts are told no more often. */
const GATHER_MS = 500

/** Starts to tell; returns a function that stops. */
export function startTicker({ context, events, overview }: Pick<Tools, 'context' | 'events' | 'overview'>): () => void {
  const { gateway } = context
  let alerts = new Map<string, Alert>()
  let listened = false
  let last = ''
  let accounts = ''
  let timer: NodeJS.Timeout | undefined
  const stops: (() => void)[] = []

  function accountsChanged(): void {
    if (events.listeners() === 0) return
    timer ??= setTimeout(() => {
      timer = undefined
      events.publish({ type: 'accounts' })
    }, GATHER_MS).unref()
  }

  function tick(): void {
    if (events.listeners() === 0) {
      listened = false
      return
    }
    const status = overview.status()
    const { now: _, uptimeMs: __, ...rest } = status
    const text = JSON.stringify(rest)
    if (text !== last) events.publish({ type: 'status', status })
    last = text
    const next = new Map(status.alerts.map((alert) => [alert.id, alert]))
    // Whoever begins to listen has read the alerts that stand already.
    if (listened) {
      for (const [id, alert] of next) if (!alerts.has(id)) events.publish({ type: 'alert', alert, over: false })
      for (const [id, alert] of alerts) if (!next.has(id)) events.publish({ type: 'alert', alert, over: true })
    }
    alerts = next
    const resting = gateway.pool.resting(gateway.snapshot.accounts)
    const print = JSON.stringify([
      resting.map(({ accountId, model, until }) => [accountId, model, until]),
      gateway.snapshot.accounts.map(({ id }) => context.quotas.of(id)?.at ?? 0),
    ])
    if (listened && print !== accounts) accountsChanged()
    accounts = print
    listened = true
  }

  const interval = setInterval(tick, TICK_MS).unref()
  stops.push(
    // What was turned away at the door is no request, here as in the table (telemetry/outcome.ts).
    gateway.on('end', (record) => {
      if (!isRefusal(record)) events.publishCall(() => callView(record, context.scrub))
    }),
    gateway.on('reload', ({ digest }) => events.publish({ type: 'config', digest })),
    gateway.on('reload-failed', (error) =>
      events.publish({ type: 'config', digest: gateway.snapshot.digest, rejected: context.scrub(error.message) }),
    ),
    context.logs.onLine((line) => {
      if (events.listeners('log') > 0) events.publish({ type: 'log', line })
    }),
  )
  if (context.logins !== undefined) stops.push(context.logins.onChange(accountsChanged))
  if (context.keys !== undefined) stops.push(context.keys.onChange(() => events.publish({ type: 'keys' })))
  return () => {
    clearInterval(interval)
    clearTimeout(timer)
    for (const stop of stops) stop()
  }
}
