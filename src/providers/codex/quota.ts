/** What is left of a ChatGPT plan: from headers, from the stream, and from `/wham/usage` (domain.md 1.2). */
import type { QuotaReading, QuotaWindow } from '../../accounts/quota.ts'
import { type Headers, vendorGet } from '../login-request.ts'
import type { QuotaSource } from '../provider.ts'
import {
  type Fields,
  fields,
  headerValue,
  listOf,
  moment,
  numeric,
  parsed,
  quotaWindow,
  text,
  windowName,
} from '../reading.ts'
import { apiRoot, callHeaders } from './request.ts'

const MINUTE = 60_000

/** A window before it has a name. */
interface Told {
  slot: 'primary' | 'secondary'
  percent: number
  lengthMs?: number | undefined
  resetsAt?: number | undefined
}

/** A limit of some models alone: its name in ids, and the models it is about. */
interface Limit {
  id: string
  title: string
  models: readonly string[]
}

/** What a limit calls itself is the name of its model, in some spelling (`GPT-5.3-Codex-Spark`). */
function limitOf(id: string, name: string | undefined): Limit {
  const said = (name ?? id).toLowerCase().replaceAll(/[\s_]+/g, '-')
  return { id: said, title: name ?? id, models: /^(?:gpt|codex|o\d)/.test(said) ? [`${said}*`] : [] }
}

function windowOf(told: Told, limit?: Limit): QuotaWindow {
  const name = windowName(told.lengthMs) ?? { id: told.slot, title: told.slot }
  return quotaWindow({
    id: limit === undefined ? name.id : `${limit.id}-${name.id}`,
    title: limit === undefined ? name.title : `${name.title}, ${limit.title}`,
    used: told.percent / 100,
    resetsAt: told.resetsAt,
    lengthMs: told.lengthMs,
    models: limit?.models,
    exhausted: told.percent >= 100 ? true : undefined,
  })
}

function reading(now: number, windows: readonly QuotaWindow[], rest: Omit<Partial<QuotaReading>, 'at' | 'windows'>) {
  const told = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return { at: now, windows, ...told } as QuotaReading
}

/** Whether full windows stop the account: credits may carry on where they end. */
function allowedBy(windows: readonly QuotaWindow[], credits: boolean): boolean | undefined {
  const whole = windows.filter(({ models }) => models === undefined)
  if (whole.length === 0) return undefined
  if (!whole.some(({ exhausted }) => exhausted === true)) return true
  return credits ? undefined : false
}

const USED = /^x-codex-(?:(.+)-)?(primary|secondary)-used-percent$/

function fromHeaders(headers: Headers, now: number): QuotaReading | undefined {
  const windows: QuotaWindow[] = []
  let told = false
  for (const name in headers) {
    if (!name.startsWith('x-codex-')) continue
    const [, prefix, slot] = USED.exec(name) ?? []
    const percent = slot === undefined ? undefined : numeric(headerValue(headers, name))
    if (percent === undefined) continue
    told = true
    const of = (field: string) =>
      headerValue(headers, `x-codex-${prefix === undefined ? '' : `${prefix}-`}${slot}-${field}`)
    const minutes = numeric(of('window-minutes'))
    // An allowance the plan does not have is told with zeros.
    if (minutes === 0) continue
    windows.push(
      windowOf(
        {
          slot: slot as 'primary',
          percent,
          lengthMs: minutes === undefined ? undefined : minutes * MINUTE,
          resetsAt: moment(of('reset-at')) ?? after(of('reset-after-seconds'), now),
        },
        prefix === undefined ? undefined : limitOf(prefix, headerValue(headers, `x-codex-${prefix}-limit-name`)),
      ),
    )
  }
  const plan = headerValue(headers, 'x-codex-plan-type')
  if (!told && plan === undefined) return undefined
  const credits =
    isTrue(headerValue(headers, 'x-codex-credits-has-credits')) ||
    isTrue(headerValue(headers, 'x-codex-credits-unlimited'))
  return reading(now, windows, { plan, allowed: allowedBy(windows, credits), binding: bindingOf(windows, headers) })
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(?:true|1)$/i.test(value)
}

/** `x-codex-active-limit` names a limit; the plan's own is `codex`, of which the fuller window binds. */
function bindingOf(windows: readonly QuotaWindow[], headers: Headers): string | undefined {
  const active = headerValue(headers, 'x-codex-active-limit')?.toLowerCase()
  if (active === undefined) return undefined
  const own = active === 'codex' || active === 'primary' || active === 'secondary'
  const limit = limitOf(active, headerValue(headers, `x-codex-${active}-limit-name`)).id
  const candidates = windows.filter(({ id, models }) => (own ? models === undefined : id.startsWith(`${limit}-`)))
  if (active === 'primary' || active === 'secondary') return candidates[active === 'primary' ? 0 : 1]?.id
  return candidates.toSorted((a, b) => b.used - a.used)[0]?.id
}

function after(seconds: unknown, now: number): number | undefined {
  const number = numeric(seconds)
  return number === undefined ? undefined : now + number * 1000
}

/** Windows of a limit in JSON: `primary_window`/`secondary_window` of the endpoint, `primary`/`secondary` of the event. */
function windowsIn(limit: Fields, now: number, scope?: Limit): QuotaWindow[] {
  return (['primary', 'secondary'] as const).flatMap((slot) => {
    const window = fields(limit[`${slot}_window`] ?? limit[slot])
    const percent = numeric(window['used_percent'])
    if (percent === undefined) return []
    const minutes = numeric(window['window_minutes'])
    const seconds = numeric(window['limit_window_seconds']) ?? (minutes === undefined ? undefined : minutes * 60)
    return [
      windowOf(
        {
          slot,
          percent,
          lengthMs: seconds === undefined ? undefined : seconds * 1000,
          resetsAt:
            moment(window['reset_at'] ?? window['resets_at']) ??
            after(window['reset_after_seconds'] ?? window['resets_in_seconds'], now),
        },
        scope,
      ),
    ]
  })
}

function allowedIn(limit: Fields, windows: readonly QuotaWindow[], credits: Fields): boolean | undefined {
  if (limit['allowed'] === true && limit['limit_reached'] !== true) return true
  if (limit['allowed'] === false || limit['limit_reached'] === true) return false
  return allowedBy(windows, credits['has_credits'] === true || credits['unlimited'] === true)
}

/** What `/wham/usage` says. */
export function readUsage(json: Fields, now: number): QuotaReading | undefined {
  const main = fields(json['rate_limit'])
  const windows = windowsIn(main, now)
  const extra = listOf(json['additional_rate_limits']).flatMap((entry) => {
    const id = text(entry['metered_feature']) ?? text(entry['limit_name'])
    if (id === undefined) return []
    return windowsIn(fields(entry['rate_limit']), now, limitOf(id, text(entry['limit_name'])))
  })
  const review = windowsIn(fields(json['code_review_rate_limit']), now, REVIEW)
  const all = [...windows, ...extra, ...review]
  const plan = text(json['plan_type'])
  if (all.length === 0 && plan === undefined) return undefined
  return reading(now, all, { plan, allowed: allowedIn(main, windows, fields(json['credits'])) })
}

const REVIEW: Limit = { id: 'code-review', title: 'code review', models: ['codex-auto-review*'] }

const EVENT = 'codex.rate_limits'

/** What the stream's event says: the same with shorter names. */
export function readEvent(json: Fields, now: number): QuotaReading | undefined {
  const name = text(json['metered_limit_name']) ?? text(json['limit_name'])
  const scope = name === undefined || name === 'codex' ? undefined : limitOf(name, name)
  const limit = fields(json['rate_limits'] ?? json['rate_limit'])
  const windows = windowsIn(limit, now, scope)
  const plan = text(json['plan_type'])
  if (windows.length === 0 && plan === undefined) return undefined
  const allowed = scope === undefined ? allowedIn(limit, windows, fields(json['credits'])) : undefined
  return reading(now, windows, { plan, allowed })
}

/** Readings of a ChatGPT login. */
export const quota: QuotaSource = {
  fromHeaders,
  fromEvent(name, data, now) {
    // Some streams name their events in the data alone.
    if (name !== EVENT && (name !== '' || !data.slice(0, 200).includes(EVENT))) return undefined
    const json = parsed(data)
    return json['type'] === undefined || json['type'] === EVENT ? readEvent(json, now) : undefined
  },
  async ask(account, credential, http, now) {
    if (credential.type !== 'oauth') return undefined
    const url = `${apiRoot(account).replace(/\/codex$/, '')}/wham/usage`
    const { json } = await vendorGet(http, url, callHeaders(credential), 'the usage of this ChatGPT login')
    return readUsage(json, now)
  },
}
