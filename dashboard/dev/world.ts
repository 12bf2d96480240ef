/** The pretended gateway behind the page: its state in memory, and what each call of the API answers. */
import type {
  AccountView,
  ManagementEvent,
  RouteId,
  Status,
  UsageRowView,
} from '../../src/server/admin/management/contract.ts'
import { makeAccounts } from './accounts.ts'
import { accountAnswers } from './answers-accounts.ts'
import { configAnswers } from './answers-config.ts'
import { restAnswers } from './answers-rest.ts'
import { usageAnswers } from './answers-usage.ts'
import { makeCall, makeCalls, sumOf } from './calls.ts'
import { type Answers, type Asked, type Household, Refusal } from './household.ts'
import { seeded } from './random.ts'
import { makeLogs } from './rest.ts'

export interface WorldOptions {
  /** Calls recorded; 0 and `empty` show how a first visit looks. */
  calls?: number
  empty?: boolean
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

export function createWorld({ calls: many = 10_000, empty = false, now = Date.now }: WorldOptions = {}): World {
  const startedAt = now() - 3 * 86_400_000 - 4 * 3_600_000
  const accounts: AccountView[] = empty ? [] : makeAccounts(now())
  const calls: UsageRowView[] = empty ? [] : makeCalls(now(), accounts, many)
  const logs = empty ? [] : makeLogs(now())
  const listeners = new Set<(event: ManagementEvent) => void>()
  const random = seeded(99)
  const tell = (event: ManagementEvent) => {
    for (const listener of listeners) listener(event)
  }
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
      ready: !empty,
      reasons: empty ? ['No account is configured or logged in.'] : [],
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
        errorRate: s.requests === 0 ? 0 : s.errors / s.requests,
        averageLatencyMs: s.averageLatencyMs,
        requestsPerSecond: empty ? 0 : 1.36,
        active: empty ? 0 : 2,
        inputTokens: s.inputTokens,
        outputTokens: s.outputTokens,
        costMicros: s.costMicros,
      },
      alerts: empty
        ? []
        : [
            ...(accounts.some((a) => a.id === 'claude-9c2e' && a.state === 'needs-login')
              ? [
                  {
                    id: 'needs-login:claude-9c2e',
                    level: 'critical' as const,
                    kind: 'needs-login' as const,
                    message: 'jon@example.com (Claude) needs a login since 08:12.',
                    action: 'Log it in again.',
                    accountId: 'claude-9c2e',
                    provider: 'claude',
                  },
                ]
              : []),
            {
              id: 'quota:claude-1f3a:5h',
              level: 'warning',
              kind: 'quota',
              message: 'mara@example.com (Claude) has used 83 % of its 5 hours.',
              action: 'Resets in 1 h 12 min.',
              accountId: 'claude-1f3a',
            },
            {
              id: 'quota:codex-0d41:7d',
              level: 'warning',
              kind: 'quota',
              message:
                'The week of a.very.long.mailbox.name.of.somebody.with.patience@subdomain.engineering.example-company.com (Codex) is 97 % used.',
              accountId: 'codex-0d41',
            },
            {
              id: 'policy:antigravity',
              level: 'info',
              kind: 'policy',
              message: 'Antigravity restricts use through other programs.',
              provider: 'antigravity',
            },
          ],
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
