/** Health, readiness, metrics and the front page. Answers from memory alone: nothing here waits on I/O. */
import type { Gateway } from '../../gateway/gateway.ts'
import type { OwnResponse, Protocol } from '../../protocols/protocol.ts'
import type { RequestHead } from '../access.ts'

export interface AdminOptions {
  gateway: Gateway
  protocols: readonly Protocol[]
  version: string
  now: () => number
  /** What cannot be used now (a locked vault, a store that is gone), in sentences. */
  trouble?: () => string[]
  /** Renders the metrics; absent when none are kept. */
  metrics?: () => string
}

export interface Admin {
  /**
   * Answers an administrative path, or undefined if it is none.
   * @param mayObserve whether the asker may see more than "up" and "ready".
   */
  answer(head: RequestHead, path: string, mayObserve: () => boolean): OwnResponse | undefined
  /** Whether the gateway is on its way out. */
  draining(): boolean
  /** Turns readiness off for good. */
  startDraining(): void
  /** Remembers why the newest configuration was refused; undefined once one was accepted. */
  configFault(fault: string | undefined): void
  /** What it remembers. */
  fault(): string | undefined
}

/** Neither kept anywhere, nor of use to the page of another site that names it as its script. */
const OWN_EYES = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
}

/** Makes the administrative pages of a gateway. */
export function createAdmin({ gateway, protocols, version, now, metrics, trouble }: AdminOptions): Admin {
  const startedAt = now()
  let draining = false
  let fault: string | undefined

  function health(): OwnResponse {
    return json(200, { status: 'ok', version, uptime: Math.round((now() - startedAt) / 1000) })
  }

  function ready(details: boolean): OwnResponse {
    const { accounts } = gateway.snapshot
    const reasons: string[] = []
    if (draining) reasons.push('the gateway is shutting down')
    if (accounts.length === 0) reasons.push('no account is configured or logged in')
    // Why names files and addresses: that is for this machine and for clients.
    const troubles = trouble?.() ?? []
    if (details) reasons.push(...troubles)
    else if (troubles.length > 0) reasons.push('logins cannot be used now')
    const status = reasons.length === 0 ? 200 : 503
    if (!details) return json(status, { ready: status === 200, reasons })
    return json(status, {
      ready: status === 200,
      reasons,
      config: { digest: gateway.snapshot.digest, ...(fault === undefined ? {} : { rejected: fault }) },
      accounts: accounts.length,
      resting: gateway.pool.resting(accounts).map((r) => ({
        account: r.accountId,
        label: r.label,
        ...(r.model === undefined ? {} : { model: r.model }),
        because: r.failure.message,
        until: new Date(r.until).toISOString(),
        nextTry: new Date(r.nextTry).toISOString(),
      })),
      active: gateway.active,
    })
  }

  function front(): OwnResponse {
    return json(200, {
      name: 'LogicaProxy',
      version,
      endpoints: [
        ...protocols.flatMap((p) => p.routes.map((r) => `${r.method} ${r.path}`)),
        '* /api/provider/{provider}/…',
        'GET /health',
        'GET /ready',
        'GET /metrics',
      ],
    })
  }

  return {
    answer(head, path, mayObserve) {
      if (head.method !== 'GET' && head.method !== 'HEAD') return undefined
      switch (path) {
        case '/health':
        case '/healthz':
          return health()
        case '/ready':
          return ready(mayObserve())
        case '/':
          return front()
        case '/metrics':
          if (metrics === undefined) return undefined
          if (!mayObserve())
            return json(401, { error: { message: 'Metrics are for this machine, or with a client key.' } })
          return {
            status: 200,
            headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', ...OWN_EYES },
            body: metrics(),
          }
        default:
          // Claude Code asks this before it connects, under a provider prefix too (clients.md 3).
          return path.endsWith('/api/hello') ? json(200, { message: 'hello' }) : undefined
      }
    },
    draining: () => draining,
    startDraining() {
      draining = true
    },
    fault: () => fault,
    configFault(text) {
      fault = text
    },
  }
}

function json(status: number, value: unknown): OwnResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...OWN_EYES },
    body: JSON.stringify(value),
  }
}
