/** What is left of a Kimi plan: `GET /coding/v1/usages`, a week and windows of hours (domain.md 1.7). */
import type { QuotaReading, QuotaWindow } from '../../accounts/quota.ts'
import { vendorGet } from '../login-request.ts'
import type { QuotaSource } from '../provider.ts'
import { type Fields, fields, listOf, moment, numeric, quotaWindow, text, windowName } from '../reading.ts'
import { apiRoot, callHeaders } from './request.ts'

const WEEK = 7 * 24 * 3_600_000

/** Lengths of the units in ms: `TIME_UNIT_MINUTE` and shorter spellings. */
const UNITS: readonly [RegExp, number][] = [
  [/second/i, 1_000],
  [/minute/i, 60_000],
  [/hour/i, 3_600_000],
  [/day/i, 86_400_000],
  [/week/i, WEEK],
]

function lengthOf(window: Fields): number | undefined {
  const duration = numeric(window['duration'])
  const unit = text(window['timeUnit']) ?? text(window['time_unit'])
  const ms = unit === undefined ? undefined : UNITS.find(([pattern]) => pattern.test(unit))?.[1]
  return duration === undefined || ms === undefined ? undefined : duration * ms
}

/** Numbers come as text; `used` is left out of some and then follows from what remains. */
function windowOf(detail: Fields, lengthMs: number | undefined, fallback: string): QuotaWindow | undefined {
  const limit = numeric(detail['limit'])
  const remaining = numeric(detail['remaining'])
  const used =
    numeric(detail['used']) ?? (limit === undefined || remaining === undefined ? undefined : limit - remaining)
  if (limit === undefined || limit <= 0 || used === undefined) return undefined
  const name = windowName(lengthMs) ?? { id: fallback, title: fallback }
  return quotaWindow({
    ...name,
    used: used / limit,
    resetsAt: moment(detail['resetTime'] ?? detail['reset_time'] ?? detail['resetAt'] ?? detail['reset_at']),
    lengthMs,
    exhausted: used >= limit ? true : undefined,
  })
}

/** What the endpoint says. */
export function readUsages(json: Fields, now: number): QuotaReading | undefined {
  const week = windowOf(fields(json['usage']), WEEK, 'week')
  const limits = listOf(json['limits']).flatMap((entry, i) => {
    const detail = Object.keys(fields(entry['detail'])).length > 0 ? fields(entry['detail']) : entry
    const name = text(entry['name']) ?? text(entry['title']) ?? `limit-${i + 1}`
    return windowOf(detail, lengthOf(fields(entry['window'])), name) ?? []
  })
  const windows = week === undefined ? limits : [week, ...limits]
  if (windows.length === 0) return undefined
  const plan = text(fields(fields(json['user'])['membership'])['level']) ?? text(json['plan'])
  return {
    at: now,
    windows,
    allowed: !windows.some(({ exhausted }) => exhausted === true),
    ...(plan !== undefined && { plan: plan.replace(/^LEVEL_/, '').toLowerCase() }),
  }
}

/** Readings of a Kimi login. */
export const quota: QuotaSource = {
  async ask(account, credential, http, now) {
    const headers = callHeaders(account, credential)
    const { json } = await vendorGet(http, `${apiRoot(account)}/v1/usages`, headers, 'the usage of this Kimi login')
    return readUsages(json, now)
  },
}
