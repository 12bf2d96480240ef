/** What is left of a Claude subscription: from the headers of every answer and from `/api/oauth/usage` (domain.md 1.1). */
import type { QuotaReading, QuotaWindow } from '../../accounts/quota.ts'
import { type Headers, vendorGet } from '../login-request.ts'
import type { QuotaSource } from '../provider.ts'
import { type Fields, fields, headerValue, listOf, moment, numeric, quotaWindow, text } from '../reading.ts'
import { apiRoot, callHeaders } from './request.ts'

const PREFIX = 'anthropic-ratelimit-unified-'
const FIVE_HOURS = 5 * 3_600_000
const WEEK = 7 * 24 * 3_600_000

type Kind = Pick<QuotaWindow, 'id' | 'title' | 'lengthMs' | 'models'>

const SESSION: Kind = { id: '5h', title: '5 hours', lengthMs: FIVE_HOURS }
const WEEKLY: Kind = { id: '7d', title: 'week', lengthMs: WEEK }

/** The week's allowance of one family of models. */
function weekOf(family: string): Kind {
  const name = family.toLowerCase()
  return {
    id: `7d-${name}`,
    title: `week, ${name[0]!.toUpperCase()}${name.slice(1)}`,
    lengthMs: WEEK,
    models: [`*${name}*`],
  }
}

const FAMILY = /^(?:opus|sonnet|haiku|fable)$/i

/** Windows under their names in headers and claims. `7d_oi` is the pool of Opus (domain.md 1.1). */
function kindOf(name: string): Kind {
  if (name === '5h' || name === 'five_hour') return SESSION
  if (name === '7d' || name === 'seven_day') return WEEKLY
  if (name === '7d_oi') return weekOf('opus')
  const family = /^(?:7d|seven_day)_(.+)$/.exec(name)?.[1]
  if (family !== undefined && FAMILY.test(family)) return weekOf(family)
  // Of a pool nobody has heard of yet: told, but no model is kept from work because of it.
  return { id: name.replaceAll('_', '-'), title: name.replaceAll('_', ' '), models: [] }
}

/** One window as the headers tell it. */
export interface HeaderWindow {
  kind: Kind
  status: string | undefined
  resetsAt: number | undefined
  used: number | undefined
}

const WINDOW_HEADER = /^anthropic-ratelimit-unified-(.+)-(?:status|reset|utilization)$/

/** The windows named by the headers, in the order of their names. */
export function headerWindows(headers: Headers): HeaderWindow[] {
  const names = new Set<string>()
  for (const name in headers) {
    if (!name.startsWith(PREFIX)) continue
    const window = WINDOW_HEADER.exec(name)?.[1]
    if (window !== undefined && window !== 'overage') names.add(window)
  }
  return [...names].sort().map((name) => {
    const used = numeric(headerValue(headers, `${PREFIX}${name}-utilization`))
    return {
      kind: kindOf(name),
      status: headerValue(headers, `${PREFIX}${name}-status`),
      resetsAt: moment(headerValue(headers, `${PREFIX}${name}-reset`)),
      // A share, above 1 where it is overdrawn; what cannot be one was meant as per cent.
      used: used !== undefined && used > 10 ? used / 100 : used,
    }
  })
}

/** The window that binds, by the vendor's own word. */
export function bindingOf(headers: Headers): Kind | undefined {
  const claim = headerValue(headers, `${PREFIX}representative-claim`)
  return claim === undefined || claim === '' ? undefined : kindOf(claim)
}

/** The status of all windows together: `allowed`, `allowed_warning` or `rejected`. */
export function unifiedStatus(headers: Headers): string | undefined {
  return headerValue(headers, `${PREFIX}status`)
}

/** When the binding window is emptied, ms since the epoch. */
export function unifiedReset(headers: Headers): number | undefined {
  return moment(headerValue(headers, `${PREFIX}reset`))
}

/** Whether a window is about the whole account. */
export const isWhole = ({ models }: Kind): boolean => models === undefined

function fromHeaders(headers: Headers, now: number): QuotaReading | undefined {
  const told = headerWindows(headers)
  const status = unifiedStatus(headers)
  if (told.length === 0 && status === undefined) return undefined
  const windows = told.flatMap(({ kind, status: of, resetsAt, used }) => {
    const share = used ?? (of === 'rejected' ? 1 : undefined)
    if (share === undefined) return []
    return [quotaWindow({ ...kind, used: share, resetsAt, exhausted: of === 'rejected' ? true : undefined })]
  })
  const refused = told.some(({ kind, status: of }) => of === 'rejected' && isWhole(kind))
  const allowed = status?.startsWith('allowed') ? true : refused ? false : undefined
  const binding = bindingOf(headers)?.id
  return { at: now, windows, ...(binding !== undefined && { binding }), ...(allowed !== undefined && { allowed }) }
}

/** The newer form, `limits: [{kind: "session", percent, resets_at, scope}]`; `percent` is called `utilization` by some. */
function limitWindow(entry: Fields): QuotaWindow | undefined {
  const percent = numeric(entry['percent']) ?? numeric(entry['utilization'])
  const kind = limitKind(entry)
  if (percent === undefined || kind === undefined) return undefined
  return quotaWindow({
    ...kind,
    used: percent / 100,
    resetsAt: moment(entry['resets_at']),
    exhausted: percent >= 100 ? true : undefined,
  })
}

function limitKind(entry: Fields): Kind | undefined {
  const kind = text(entry['kind'])
  if (kind === 'session') return SESSION
  if (kind === 'weekly_all') return WEEKLY
  const model = fields(fields(entry['scope'])['model'])
  const scoped = text(model['display_name']) ?? text(model['id']) ?? /^weekly_(.+)$/.exec(kind ?? '')?.[1]
  const family = /opus|sonnet|haiku|fable/i.exec(scoped ?? '')?.[0]
  if (family !== undefined) return weekOf(family)
  if (kind === undefined) return undefined
  return { id: kind.replaceAll('_', '-'), title: scoped ?? kind.replaceAll('_', ' '), models: [] }
}

/** What `/api/oauth/usage` says, in either of its forms; where both are there the newer one counts. */
export function readUsage(json: Fields, now: number): QuotaReading | undefined {
  const windows = new Map<string, QuotaWindow>()
  for (const [name, value] of Object.entries(json)) {
    const utilization = numeric(fields(value)['utilization'])
    if (utilization === undefined || name === 'limits') continue
    const resetsAt = moment(fields(value)['resets_at'])
    const exhausted = utilization >= 100 ? true : undefined
    const kind = name === 'extra_usage' ? { id: 'extra-usage', title: 'extra usage', models: [] } : kindOf(name)
    windows.set(kind.id, quotaWindow({ ...kind, used: utilization / 100, resetsAt, exhausted }))
  }
  for (const entry of listOf(json['limits'])) {
    const window = limitWindow(entry)
    if (window !== undefined) windows.set(window.id, window)
  }
  if (windows.size === 0) return undefined
  const whole = [...windows.values()].filter(isWhole)
  const extra = fields(json['extra_usage'])['is_enabled'] === true
  const spent = whole.some(({ exhausted }) => exhausted === true)
  // Extra usage may carry on where the plan ends, so a full window does not prove that the account is of no use.
  const allowed = whole.length === 0 ? undefined : !spent ? true : extra ? undefined : false
  return { at: now, windows: [...windows.values()], ...(allowed !== undefined && { allowed }) }
}

/** Readings of a Claude login. The usage endpoint is itself rate-limited (domain.md 1.1): five minutes between questions. */
export const quota: QuotaSource = {
  everyMs: 5 * 60_000,
  fromHeaders,
  async ask(account, credential, http, now) {
    if (credential.type !== 'oauth') return undefined
    const headers = callHeaders(credential)
    const { json } = await vendorGet(
      http,
      `${apiRoot(account)}/api/oauth/usage`,
      headers,
      'the usage of this Claude login',
    )
    return readUsage(json, now)
  },
}
