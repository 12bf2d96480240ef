/** What Qwen's refusals mean (domain.md 1.4, quirks). */
import type { Failure } from '../../hub/failure.ts'
import type { Provider } from '../provider.ts'
import { secondsTo, until } from '../reading.ts'

const DAY = 24 * 3_600_000
/** The free allowance is counted by days of Beijing. */
const BEIJING = 8 * 3_600_000

const OUT_CODES: ReadonlySet<string> = new Set(['insufficient_quota', 'quota_exceeded'])
const OUT_TEXT = /free (?:allocated|daily) quota|allocated quota exceeded|quota exceeded/i
const CLOSED = /discontinued|no longer available/i

/** Reads a refusal with the clock it is told; `judge` with the machine's. @param now ms since the epoch. */
export function judgeAt(read: Failure, now: number): Failure {
  if (read.status !== 403 && read.status !== 429) return read
  if (CLOSED.test(read.message))
    return {
      ...read,
      kind: 'forbidden',
      scope: 'account',
      message: `${read.message} Qwen ended these logins on 15 April 2026: use an API key of DashScope or ModelStudio (openai-compatibility).`,
    }
  if (!OUT_CODES.has(read.code ?? '') && !OUT_TEXT.test(read.message)) return read
  const reset = nextMidnight(now)
  return {
    ...read,
    kind: 'quota-exhausted',
    status: 429,
    scope: 'account',
    retryAfter: secondsTo(reset, now),
    message: `${read.message} The day's allowance of this account is used up ${until(reset)}.`,
  }
}

/** The next midnight at UTC+8, ms since the epoch. */
export function nextMidnight(now: number): number {
  return Math.floor((now + BEIJING) / DAY + 1) * DAY - BEIJING
}

export const judge: NonNullable<Provider['judge']> = (read) => judgeAt(read, Date.now())
