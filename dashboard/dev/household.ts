/** What all answers of the pretended gateway share. */
import type {
  AccountView,
  LogLine,
  ManagementEvent,
  RouteId,
  Standing,
  UsageRowView,
} from '../../src/server/admin/management/contract.ts'

export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly more: object
  constructor(status: number, code: string, message: string, more: object = {}) {
    super(message)
    this.status = status
    this.code = code
    this.more = more
  }
}

export interface Asked {
  id: string
  query: URLSearchParams
  body: Record<string, unknown>
}

export type Answers = { readonly [I in RouteId]?: (asked: Asked) => unknown }

export interface Household {
  accounts: AccountView[]
  /** Newest first. */
  calls: UsageRowView[]
  logs: LogLine[]
  /** Nothing is in it: how a first visit looks. */
  empty: boolean
  now: () => number
  startedAt: number
  random: () => number
  tell(event: ManagementEvent): void
}

/** @throws {Refusal} always. */
export function refuse(code: number, message: string): never {
  throw new Refusal(code, code === 404 ? 'not-found' : 'invalid', message)
}

export const standings = (accounts: readonly AccountView[]): Standing[] =>
  accounts.slice(0, 5).map((a) => ({
    accountId: a.id,
    label: a.label,
    provider: a.provider,
    model: 'claude-sonnet-4-6',
    priority: 0,
    is:
      a.state === 'ready'
        ? ('usable' as const)
        : a.state === 'resting'
          ? ('resting' as const)
          : ('needs-login' as const),
    because: a.words,
    inFlight: a.inFlight,
    quotaLeft: 1 - Math.max(0, ...(a.quota?.windows.map((w) => w.used) ?? [0])),
    translated: a.provider !== 'claude',
  }))
