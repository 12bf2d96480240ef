/** How the simulated accounts stand: what is left of their windows, and what they are refused for. */
import { PROVIDERS, type ProviderName } from '../persons.ts'
import { REFUSALS } from './refusals.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** One allowance of an account. */
export interface Allowance {
  id: string
  /** Percent, 0 to 100 and above. */
  used: number
  /** When it is emptied, ms since the epoch. */
  resetsAt: number
  /** Length in ms. */
  lengthMs: number
  /** Tokens that fill it. */
  capacity: number
  /** Percent a request adds beside its tokens. */
  perRequest: number
}

/** What a test sets of an allowance. */
export interface QuotaSetting {
  /** Percent, 0 to 100. */
  used?: number
  /** ms since the epoch. */
  resetsAt?: number
  /** Percent every answered request adds from now on. */
  perRequest?: number
}

interface Plan {
  id: string
  lengthMs: number
  capacity: number
  /** Which models it is about; undefined: all. */
  models?: RegExp
}

/** Code Assist counts by model (domain.md 1.3, retrieveUserQuota). */
export const CODE_ASSIST_MODELS = [
  'gemini-2.5-pro',
  'gemini-2.5-flash',
  'gemini-2.5-flash-lite',
  'gemini-3-pro-preview',
  'gemini-3.1-pro-preview',
  'gemini-3-flash-preview',
  'gemini-3.1-flash-lite-preview',
] as const

/** The allowances of each provider, the one that binds first in front. */
const PLANS: Readonly<Record<ProviderName, readonly Plan[]>> = {
  claude: [
    { id: '5h', lengthMs: 5 * HOUR, capacity: 4_000_000 },
    { id: '7d', lengthMs: 7 * DAY, capacity: 40_000_000 },
    { id: '7d-opus', lengthMs: 7 * DAY, capacity: 20_000_000, models: /opus/ },
    { id: '7d-sonnet', lengthMs: 7 * DAY, capacity: 40_000_000, models: /sonnet/ },
  ],
  codex: [
    { id: '5h', lengthMs: 5 * HOUR, capacity: 4_000_000 },
    { id: '7d', lengthMs: 7 * DAY, capacity: 40_000_000 },
  ],
  'gemini-cli': CODE_ASSIST_MODELS.map((id) => ({
    id,
    lengthMs: DAY,
    capacity: 10_000_000,
    models: new RegExp(`^${id.replaceAll('.', '\\.')}(?:\\+|$)`),
  })),
  antigravity: [
    { id: 'gemini-5h', lengthMs: 5 * HOUR, capacity: 4_000_000, models: /^gemini-/ },
    { id: 'gemini-weekly', lengthMs: 7 * DAY, capacity: 40_000_000, models: /^gemini-/ },
    { id: '3p-5h', lengthMs: 5 * HOUR, capacity: 4_000_000, models: /^(?:claude|gpt)-/ },
    { id: '3p-weekly', lengthMs: 7 * DAY, capacity: 40_000_000, models: /^(?:claude|gpt)-/ },
  ],
  qwen: [{ id: 'day', lengthMs: DAY, capacity: 20_000_000 }],
  iflow: [{ id: 'minute', lengthMs: MINUTE, capacity: 10_000_000 }],
  kimi: [
    { id: '5h', lengthMs: 5 * HOUR, capacity: 4_000_000 },
    { id: '7d', lengthMs: 7 * DAY, capacity: 40_000_000 },
  ],
  xai: [{ id: '24h', lengthMs: DAY, capacity: 20_000_000 }],
}

/** The names a test can use in `setQuota`. */
export function windowIds(provider: ProviderName): string[] {
  return PLANS[provider].map((p) => p.id)
}

export type Accounts = ReturnType<typeof createAccounts>

/** The standing of all accounts. */
export function createAccounts(now: () => number) {
  const windows = new Map<string, Map<string, Allowance>>()
  const refusals = new Map<string, string>()
  const keys = new Map<string, string>()

  function of(provider: ProviderName, person: string): Map<string, Allowance> {
    const key = `${provider}:${person}`
    let map = windows.get(key)
    if (!map) {
      map = new Map()
      for (const { id, lengthMs, capacity } of PLANS[provider])
        map.set(id, { id, used: 0, resetsAt: now() + lengthMs, lengthMs, capacity, perRequest: 0 })
      windows.set(key, map)
    }
    const at = now()
    for (const w of map.values()) {
      if (at < w.resetsAt) continue
      w.used = 0
      w.resetsAt = at + w.lengthMs
    }
    return map
  }

  const applies = (provider: ProviderName, id: string, model: string) => {
    const plan = PLANS[provider].find((p) => p.id === id)
    return plan !== undefined && (plan.models === undefined || plan.models.test(model))
  }

  return {
    /** All allowances of an account, as they stand now. */
    windows: (provider: ProviderName, person: string): Allowance[] => [...of(provider, person).values()],
    /** One allowance. */
    window: (provider: ProviderName, person: string, id: string): Allowance => of(provider, person).get(id)!,
    /** The allowance that refuses this model now: of several the one that lasts longest. */
    exhausted(provider: ProviderName, person: string, model: string): Allowance | undefined {
      return [...of(provider, person).values()]
        .filter((w) => w.used >= 100 && applies(provider, w.id, model))
        .sort((a, b) => b.resetsAt - a.resetsAt)[0]
    },
    /** Counts an answered request. */
    spend(provider: ProviderName, person: string, model: string, tokens: number): void {
      for (const w of of(provider, person).values())
        if (applies(provider, w.id, model)) w.used += (tokens / w.capacity) * 100 + w.perRequest
    },
    /** @throws {Error} on a window the provider does not have. */
    setQuota(provider: ProviderName, person: string, id: string, setting: QuotaSetting): void {
      const w = PROVIDERS.includes(provider) ? of(provider, person).get(id) : undefined
      if (!w) throw new Error(`${provider} has no window '${id}'; it has ${windowIds(provider).join(', ')}`)
      if (setting.used !== undefined) w.used = setting.used
      if (setting.resetsAt !== undefined) w.resetsAt = setting.resetsAt
      if (setting.perRequest !== undefined) w.perRequest = setting.perRequest
    },
    /** @throws {Error} on a refusal the provider does not know. */
    setRefusal(provider: ProviderName, person: string, name: string | undefined): void {
      const key = `${provider}:${person}`
      if (name === undefined) refusals.delete(key)
      else if (!Object.hasOwn(REFUSALS[provider], name))
        throw new Error(`${provider} has no refusal '${name}'; it has ${Object.keys(REFUSALS[provider]).join(', ')}`)
      else refusals.set(key, name)
    },
    refusal: (provider: ProviderName, person: string): string | undefined => refusals.get(`${provider}:${person}`),
    /** An API key that was given to a person (iFlow). */
    know(key: string, person: string): void {
      keys.set(key, person)
    },
    /** Whose API key it is. */
    ownerOf: (key: string): string | undefined => keys.get(key),
    reset(): void {
      keys.clear()
      windows.clear()
      refusals.clear()
    },
  }
}
