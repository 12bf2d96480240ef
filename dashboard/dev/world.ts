/** The pretended gateway behind the page: its state in memory, and what each call of the API answers. */
import type {
  AccountView,
  ManagementEvent,
  RouteId,
  Status,
  UsageRowView,
} from '../../src/server/admin/management/contract.ts'
import { makeAlerts } from './alerts.ts'
import { accountAnswers } from './answers-accounts.ts'
import { configAnswers } from './answers-config.ts'
import { restAnswers } from './answers-rest.ts'
import { usageAnswers } from './answers-usage.ts'
import { makeCall, makeCalls, sumOf } from './calls.ts'
import { type Crowd, makeCrowd } from './crowds.ts'
import { type Answers, type Asked, type Household, Refusal } from './household.ts'
import { seeded } from './random.ts'
import { makeLogs } from './rest.ts'

export interface WorldOptions {
  /** Calls recorded; 0 and `empty` show how a first visit looks. */
  calls?: number
  empty?: boolean
  /** Whose accounts they are. */
  crowd?: Crowd
  now?: () => number
}

export interface World {
  answer(route: RouteId, asked: Asked): unknown
  /** A new call ends: events tell it. */
  tick(): void
  onEvent(listener: (event: ManagementEvent) => void): () => void
  readonly calls: readonly UsageRowView[]
  status(): Status
}

export function createWorld({
  calls: many = 10_000,
  empty = false,
  crowd = 'usual',
  now = Date.now,
}: WorldOptions = {}): World {
  const startedAt = now() - 3 * 86_400_000 - 4 * 3_600_000
  const accounts: AccountView[] = empty ? [] : makeCrowd(crowd, now())
  const calls: UsageRowView[] = empty ? [] : makeCalls(now(), accounts, many)
  const logs = empty ? [] : makeLogs(now())
  const listeners = new Set<(event: ManagementEvent) => void>()
  const random = seeded(99)
  const tell = (event: ManagementEvent) => {
    for (const listener of listeners) listener(event)
  }
  // Ten digits everywhere.
  if (crowd === 'hard')
    for (const c of calls)
      Object.assign(c, { inputTokens: 1_234_567_890, outputTokens: 1_234_567_890, costMicros: 1_234_567_890_000 })
  const household: Household = { accounts, calls, logs, empty, now, startedAt, random, tell }
  const { digest, ...config } = configAnswers(household)

  function status(): Status {
    const s = sumOf(calls)
    const count = (state: AccountView['state']) => accounts.filter((a) => a.state === state).length
    return {
      version: '0.1.0',
      startedAt,
      now: now(),
      uptimeMs: now() - startedAt,
      ready: count('ready') > 0,
      reasons: empty
        ? ['No account is configured or logged in.']
        : count('ready') > 0
          ? []
          : [`All accounts rest. The first is free at ${new Date(now() + 3_600_000).toISOString()}.`],
      url: 'http://127.0.0.1:8317',
      config: { file: '/home/mara/.logicaproxy/config.yaml', digest: digest() },
      store: { engine: 'sqlite', ok: true, waiting: 0, dropped: 0 },
      vault: { is: 'open', wrap: 'key-file', fingerprint: 'ab12 cd34 ef56' },
      accounts: {
        total: accounts.length,
        usable: count('ready'),
        resting: count('resting'),
        needLogin: count('needs-login'),
        disabled: count('disabled'),
      },
      totals: {
        requests: s.requests,
        errors: s.errors,
        refused: empty ? 0 : 3,
        errorRate: s.requests === 0 ? 0 : s.errors / s.requests,
        averageLatencyMs: s.averageLatencyMs,
        requestsPerSecond: empty ? 0 : 1.36,
        active: empty ? 0 : 2,
        inputTokens: s.inputTokens,
        outputTokens: s.outputTokens,
        costMicros: s.costMicros,
      },
      alerts: empty ? [] : makeAlerts(accounts, now()),
    }
  }

  const handlers: Answers = {
    status,
    ...config,
    ...accountAnswers(household),
    ...usageAnswers(household),
    ...restAnswers(household),
  }

  return {
    answer(route, asked) {
      const handler = handlers[route]
      if (handler === undefined) throw new Refusal(404, 'not-found', `The pretended gateway does not know "${route}".`)
      return handler(asked)
    },
    tick() {
      if (empty) return
      const made = makeCall(random, now(), calls.length + 50_000, accounts)
      calls.unshift(made)
      const line = {
        seq: (logs.at(-1)?.seq ?? 0) + 1,
        at: now(),
        level: 'info' as const,
        message: `answered ${made.requestedModel} in ${made.latencyMs} ms`,
        requestId: made.callId,
        fields: {},
      }
      logs.push(line)
      tell({ type: 'call', call: made })
      tell({ type: 'log', line })
    },
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    get calls() {
      return calls
    },
    status,
  }
}
