/** Alerts: raised once, told once, cleared by themselves, and not by every flicker. */
import { type Alert, type AlertFacts, type AlertKind, type Condition, conditions } from './alert-rules.ts'

export type { Alert, AlertFacts, AlertKind, AlertLevel } from './alert-rules.ts'

export interface Alerts {
  /** Raised ones, worst first, then oldest. */
  list(): readonly Alert[]
  /** Hears an alert when it is raised, when its level rises, and when it is over. */
  on(listener: (alert: Alert, over: boolean) => void): () => void
  /** Looks now; otherwise it does so every few seconds. */
  look(): void
  close(): void
}

export interface AlertsOptions {
  facts(): AlertFacts
  now?: () => number
  /** Hears what is raised and what is over, for the log. */
  log?(level: 'info' | 'warn' | 'error', fields: object, message: string): void
  /** How often it is looked, ms. */
  everyMs?: number
}

/** How long a condition has to hold before it is raised, and to be gone before it is over, ms. */
const PATIENCE: Record<AlertKind, readonly [raise: number, clear: number]> = {
  quota: [0, 0],
  'needs-login': [0, 0],
  'all-resting': [5_000, 10_000],
  vault: [0, 10_000],
  store: [2_000, 10_000],
  usage: [0, 0],
}
const WORST = { critical: 0, warning: 1, info: 2 }
const LOG = { critical: 'error', warning: 'warn', info: 'info' } as const

interface Known {
  alert: Alert
  raised: boolean
  /** Since when it is so without a break. */
  holdsSince: number | undefined
  goneSince: number | undefined
}

export function createAlerts({ facts, now = Date.now, log, everyMs = 5_000 }: AlertsOptions): Alerts {
  const known = new Map<string, Known>()
  const listeners = new Set<(alert: Alert, over: boolean) => void>()
  const timer = setInterval(look, everyMs).unref()

  function tell(alert: Alert, over: boolean): void {
    const fields = {
      alert: alert.id,
      account: alert.account,
      until: alert.until && new Date(alert.until).toISOString(),
    }
    if (over) log?.('info', fields, `over: ${alert.title}`)
    else log?.(LOG[alert.level], fields, `${alert.words} ${alert.action ?? ''}`.trim())
    for (const listener of listeners) listener(alert, over)
  }

  function look(): void {
    const at = now()
    const seen = new Set<string>()
    for (const condition of conditions(facts())) {
      seen.add(condition.id)
      take(condition, at)
    }
    for (const [id, one] of known) if (!seen.has(id)) pass(id, one, at)
  }

  function take({ holds, ...said }: Condition, at: number): void {
    const one = known.get(said.id)
    // Between two thresholds nothing begins and nothing ends.
    if (one === undefined || !one.raised) {
      if (!holds) return
      const next = one ?? { alert: { ...said, since: at }, raised: false, holdsSince: at, goneSince: undefined }
      known.set(said.id, next)
      next.goneSince = undefined
      next.holdsSince ??= at
      if (at - next.holdsSince < PATIENCE[said.kind][0]) return
      next.raised = true
      next.alert = { ...said, since: at }
      tell(next.alert, false)
      return
    }
    one.goneSince = undefined
    // A lower level while it lasts is no news, and a flicker between two is none either.
    const level = holds && WORST[said.level] < WORST[one.alert.level] ? said.level : one.alert.level
    const rose = level !== one.alert.level
    one.alert = { ...said, level, since: one.alert.since }
    if (rose) tell(one.alert, false)
  }

  function pass(id: string, one: Known, at: number): void {
    one.holdsSince = undefined
    one.goneSince ??= at
    if (one.raised && at - one.goneSince < PATIENCE[one.alert.kind][1]) return
    known.delete(id)
    if (one.raised) tell(one.alert, true)
  }

  return {
    list: () =>
      [...known.values()]
        .flatMap((one) => (one.raised ? [one.alert] : []))
        .sort((a, b) => WORST[a.level] - WORST[b.level] || a.since - b.since),
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    look,
    close: () => clearInterval(timer),
  }
}
