/** What the owner should act on, as data: each rule is a pure function from what is known to the conditions that hold. */
import type { ClientKeyRecord } from '../accounts/client-keys.ts'
import type { LoginRecord } from '../accounts/login-record.ts'
import type { RestingInfo } from '../accounts/pool.ts'
import type { QuotaState } from '../accounts/quota.ts'
import { inUtc, moment, type Told } from '../hub/told.ts'

export type AlertLevel = 'info' | 'warning' | 'critical'
export type AlertKind = 'quota' | 'needs-login' | 'all-resting' | 'vault' | 'store' | 'usage'

/** Something its owner should act on. Stable ids, so that each is told once. */
export interface Alert {
  /** `quota:claude-1f3a:5h`, `needs-login:claude-1f3a`, `all-resting:claude`, `store`, `vault`, `usage:key-1a:usd-per-month`. */
  id: string
  kind: AlertKind
  level: AlertLevel
  /** A few words: `Claude: week at 95 %`. */
  title: string
  /** One sentence: what happened, to which account, until when. Times in UTC. */
  words: string
  /** The same, its times apart. */
  parts: Told
  /** What to do next. */
  action?: string
  /** When it was raised, ms since the epoch. */
  since: number
  /** When it is expected to be over by itself. */
  until?: number
  /** Account id. */
  account?: string
  provider?: string
  /** Where it can be mended: a path on this server, or a vendor's page. */
  url?: string
}

/** What a rule says now. `holds: false` keeps a raised alert raised without raising a new one: between two thresholds. */
export interface Condition extends Omit<Alert, 'since'> {
  holds: boolean
}

/** What the rules look at. */
export interface AlertFacts {
  now: number
  accounts: readonly { id: string; label: string; provider: string }[]
  logins: readonly LoginRecord[]
  quota(accountId: string): QuotaState | undefined
  resting: readonly RestingInfo[]
  /** Why no token can be had: a locked vault, a store that is gone. */
  vaultTrouble: readonly string[]
  /** What the store does not take. */
  storeTrouble: string | undefined
  keys: readonly ClientKeyRecord[]
}

/** Shares of an allowance at which an alert is raised; it is over once the share is this much below. */
const QUOTA_LEVELS: readonly (readonly [share: number, level: AlertLevel])[] = [
  [0.95, 'critical'],
  [0.8, 'warning'],
]
const BELOW = 0.03

const percent = (share: number): string => `${Math.round(share * 100)} %`
const say = (...parts: Told): { words: string; parts: Told } => ({ words: inUtc(parts), parts })

export function conditions(facts: AlertFacts): Condition[] {
  return [...quotas(facts), ...needLogin(facts), ...allResting(facts), ...troubles(facts), ...budgets(facts)]
}

/** The level of a share: raised from its threshold on, kept until a little below it. */
function levelOf(used: number): { level: AlertLevel; holds: boolean } | undefined {
  for (const [share, level] of QUOTA_LEVELS) if (used >= share) return { level, holds: true }
  const lowest = QUOTA_LEVELS.at(-1)!
  return used >= lowest[0] - BELOW ? { level: lowest[1], holds: false } : undefined
}

function* quotas({ accounts, quota }: AlertFacts): Generator<Condition> {
  for (const { id, label, provider } of accounts)
    for (const window of quota(id)?.windows ?? []) {
      const found = levelOf(window.exhausted === true ? Math.max(1, window.used) : window.used)
      if (found === undefined) continue
      const until = window.resetsAt
      const used = `The account ${label} (${provider}) has used ${percent(window.used)} of its allowance "${window.title}"`
      yield {
        id: `quota:${id}:${window.id}`,
        kind: 'quota',
        ...found,
        title: `${label}: ${window.title} at ${percent(window.used)}`,
        ...(until === undefined ? say(`${used}.`) : say(`${used}; it is reset at `, moment(until), '.')),
        action: 'Other accounts take over when it is used up; add one, or lower its weight or priority to spare it.',
        account: id,
        provider,
        ...(until !== undefined && { until }),
        url: '/dashboard/#accounts',
      }
    }
}

function* needLogin({ logins }: AlertFacts): Generator<Condition> {
  for (const { id, provider, facts } of logins) {
    const { state } = facts
    if (state.is !== 'needs-login' || facts.disabled) continue
    yield {
      id: `needs-login:${id}`,
      kind: 'needs-login',
      level: 'critical',
      holds: true,
      title: `${facts.label} needs to log in again`,
      ...say(`The account ${facts.label} (${provider}) is not used since `, moment(state.since), `: ${state.reason}`),
      action: `Log in again: on the dashboard, or with "logicaproxy login ${provider}".`,
      account: id,
      provider,
      url: '/dashboard/#accounts',
    }
  }
}

function* allResting({ accounts, resting }: AlertFacts): Generator<Condition> {
  const whole = new Map(resting.filter((r) => r.model === undefined).map((r) => [r.accountId, r]))
  for (const [provider, own] of Map.groupBy(accounts, (a) => a.provider)) {
    const rests = own.map((a) => whole.get(a.id))
    const soonest = rests.reduce((a, b) =>
      a === undefined || b === undefined ? undefined : a.nextTry <= b.nextTry ? a : b,
    )
    if (soonest === undefined) continue
    const which =
      own.length === 1 ? `The only account of ${provider} rests` : `All ${own.length} accounts of ${provider} rest`
    yield {
      id: `all-resting:${provider}`,
      kind: 'all-resting',
      level: 'critical',
      holds: true,
      title: `${provider}: nobody to ask`,
      ...say(
        `${which}. The soonest, ${soonest.label}, is tried again at `,
        moment(soonest.nextTry),
        `. It rests because: ${soonest.failure.message}`,
      ),
      action: 'Wait, add an account, or set a fallback to another provider.',
      until: soonest.nextTry,
      provider,
      url: '/dashboard/#accounts',
    }
  }
}

function* troubles({ vaultTrouble, storeTrouble }: AlertFacts): Generator<Condition> {
  if (vaultTrouble.length > 0)
    yield {
      id: 'vault',
      kind: 'vault',
      level: 'critical',
      holds: true,
      title: 'Logins cannot be used as they should',
      ...say(vaultTrouble.join(' ')),
      action: '"logicaproxy vault status" tells more.',
      url: '/dashboard/#status',
    }
  if (storeTrouble !== undefined)
    yield {
      id: 'store',
      kind: 'store',
      level: 'critical',
      holds: true,
      title: 'The store does not take what is to be kept',
      ...say(
        `What is to be kept (usage, cooldowns, counters) waits in memory, and is lost if it is too much: ${storeTrouble}`,
      ),
      action: 'Make room on the disk, or bring the database back; requests go on meanwhile.',
      url: '/dashboard/#status',
    }
}

function* budgets({ keys }: AlertFacts): Generator<Condition> {
  for (const key of keys) {
    if (!key.enabled) continue
    const { limits, used } = key
    for (const [limit, most, spent] of [
      ['tokens-per-day', limits.tokensPerDay, used.tokensToday],
      ['usd-per-day', limits.microsPerDay, used.microsToday],
      ['usd-per-month', limits.microsPerMonth, used.microsThisMonth],
    ] as const) {
      const found = most === undefined ? undefined : levelOf(spent / most)
      if (found === undefined) continue
      yield {
        id: `usage:${key.id}:${limit}`,
        kind: 'usage',
        ...found,
        // Nobody's account is in danger: it is what was asked for.
        level: found.level === 'critical' ? 'warning' : 'info',
        title: `Key ${key.name}: ${percent(spent / most!)} of its ${limit}`,
        ...say(
          `The key "${key.name}" has used ${percent(spent / most!)} of its limit ${limit}; at 100 % it is refused with 429.`,
        ),
        action: 'Raise the limit if it should go on.',
        url: '/management.html#keys',
      }
    }
    if (key.unpriced > 0 && (limits.microsPerDay !== undefined || limits.microsPerMonth !== undefined))
      yield {
        id: `usage:${key.id}:unpriced`,
        kind: 'usage',
        level: 'warning',
        holds: true,
        title: `Key ${key.name}: its limit on money does not see everything`,
        ...say(
          `${key.unpriced} ${key.unpriced === 1 ? 'call' : 'calls'} of the key "${key.name}" used models whose price is not known, so its limit on money does not count them.`,
        ),
        action: 'Give the models a price under usage.prices in the config, or the key a list of models.',
        url: '/management.html#keys',
      }
  }
}
