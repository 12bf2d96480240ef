import { type ErrorShape, parseDuration } from './shape.ts'

/** Headers of an answer; names in lower case, as Node gives them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** The value of a header, the first one if it stands there twice. */
export function header(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

const TEXT_HINT =
  /(?:try again in|retry in|retry after|resets? (?:after|in)|wait(?: for)?)\s+((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|s|sec|secs|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])[\s,]*(?:and\s+)?)+)/i

/** Seconds to wait as said in prose: "try again in 1.3s", "Please retry in 12s", "reset after 1h2m3s". */
export function textHint(message: string): number | undefined {
  const match = TEXT_HINT.exec(message)
  return match === null ? undefined : parseDuration(match[1]!)
}

/** Seconds of `retry-after-ms` or `retry-after` (delta seconds or an HTTP date, RFC 9110 10.2.3). */
export function retryAfterHeader(headers: Headers): number | undefined {
  const ms = Number(header(headers, 'retry-after-ms') || Number.NaN)
  if (Number.isFinite(ms) && ms >= 0) return ms / 1000
  const value = header(headers, 'retry-after')?.trim()
  if (value === undefined || value === '') return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds)
  return secondsUntil(Date.parse(value))
}

/** Whole seconds from now until `epochMs`, not below 0; undefined for NaN. */
export function secondsUntil(epochMs: number): number | undefined {
  if (!Number.isFinite(epochMs)) return undefined
  return Math.max(0, Math.ceil((epochMs - Date.now()) / 1000))
}

/** OpenAI's `x-ratelimit-reset-*` of every budget that is used up ("1s", "6m0s"); the longest counts. */
export function openaiResetHeader(headers: Headers): number | undefined {
  let longest: number | undefined
  for (const name in headers) {
    if (!name.startsWith('x-ratelimit-remaining-') || Number(header(headers, name)) > 0) continue
    const reset = header(headers, name.replace('remaining', 'reset'))
    const seconds = reset === undefined ? undefined : parseDuration(reset)
    if (seconds !== undefined) longest = Math.max(longest ?? 0, seconds)
  }
  return longest
}

/** Anthropic's `anthropic-ratelimit-<budget>-reset` (RFC 3339) of every budget that is used up; the latest counts. */
export function anthropicResetHeader(headers: Headers): number | undefined {
  let longest: number | undefined
  for (const budget of ['requests', 'tokens', 'input-tokens', 'output-tokens']) {
    const left = header(headers, `anthropic-ratelimit-${budget}-remaining`)
    if (left === undefined || Number(left) > 0) continue
    const seconds = secondsUntil(Date.parse(header(headers, `anthropic-ratelimit-${budget}-reset`) ?? ''))
    if (seconds !== undefined) longest = Math.max(longest ?? 0, seconds)
  }
  return longest
}

/** The best hint there is: what the body says of its own window, then the headers, then Google's details, then prose. */
export function retryHint(status: number, headers: Headers, shape: ErrorShape | undefined): number | undefined {
  const told =
    shape?.resetsIn ?? retryAfterHeader(headers) ?? shape?.retryDelay ?? (shape && textHint(shape.message)) ?? undefined
  if (told !== undefined || status !== 429) return told
  return openaiResetHeader(headers) ?? anthropicResetHeader(headers)
}
