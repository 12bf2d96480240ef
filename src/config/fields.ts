/**
 * The small building blocks of the config schema. Every block carries, as its zod error text, the phrase that says
 * what is allowed there ("a whole number from 0 to 65535"); `faults.ts` puts it into a sentence with what was found.
 */
import { isIP } from 'node:net'
import * as z from 'zod'

/** Text of any length. */
export const text = (error = 'a text') => z.string({ error })

const textThat = (test: (value: string) => boolean, error: string) => text(error).refine(test, { error })

/** Text that must hold at least one visible character. */
export const filled = () => textThat((value) => value.trim() !== '', 'a text that is not empty')

/** true or false. */
export const flag = () => z.boolean({ error: 'true or false' })

/** A whole number from `min` to `max`; without `max` there is no upper bound. */
export function whole(min: number, max?: number) {
  const error = max === undefined ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`
  const lower = z.int({ error }).min(min, { error })
  return max === undefined ? lower : lower.max(max, { error })
}

/** A whole number; negative ones mean 0, as in the reference ("0 or below switches it off"). */
export const countOrOff = () => z.int({ error: 'a whole number' }).transform((value) => Math.max(0, value))

/** Seconds, fractions allowed. */
export function seconds(min = 0) {
  const error = `a number of seconds, ${min} or more`
  return z.number({ error }).min(min, { error })
}

const durationUnits: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds from a duration such as `1h`, `1h30m`, `250ms` or plain `90`; undefined when it is not one. */
export function parseDuration(value: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value)
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(value)) return undefined
  let total = 0
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    total += Number(amount) * durationUnits[unit!]!
  }
  return total
}

/** Seconds as a number, or a duration such as "1h"; seconds come out. */
export function duration() {
  const error = 'a number of seconds, or a duration such as "90s", "30m" or "1h"'
  const worded = text().refine((value) => parseDuration(value) !== undefined, { error })
  return z
    .union([z.number().min(0), worded], { error })
    .transform((value) => (typeof value === 'number' ? value : parseDuration(value)!))
}

/** A date (`2027-01-31`: its first moment, UTC) or a time with its zone; milliseconds since the epoch come out. */
export function date() {
  const error = 'a date such as 2027-01-31, or a time such as 2027-01-31T18:00:00Z'
  return text(error)
    .refine((value) => parseDate(value) !== undefined, { error })
    .transform((value) => parseDate(value)!)
}

/** Milliseconds since the epoch of a date or a time; undefined when it is neither. */
export function parseDate(value: string): number | undefined {
  const at = DATE.test(value) ? Date.parse(value) : Number.NaN
  // What is no day of its month would be one of the next.
  return Number.isFinite(at) && !(value.length === 10 && new Date(at).toISOString().slice(0, 10) !== value)
    ? at
    : undefined
}

const DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/

/** One of a few words. */
export const oneOf = <const T extends readonly string[]>(words: T) => z.enum(words, { error: listed(words) })

/** `"a", "b" or "c"`. */
export function listed(words: readonly string[]): string {
  const quoted = words.map((word) => JSON.stringify(word))
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}

/** A list of something. */
export const listOf = <T extends z.ZodType>(item: T) => z.array(item, { error: 'a list' })

/** A list that is empty when it is left out. */
export const listOrNone = <T extends z.ZodType>(item: T) => listOf(item).default([])

/** A mapping with known keys only. */
export const mapping = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? 'a mapping of keys' : undefined) })

/** A mapping from names of the user's choice. */
export const recordOf = <T extends z.ZodType>(item: T) =>
  z.record(z.string(), item, { error: 'a mapping from names to values' })

/** One value or a list of them; a list comes out, empty texts left out. */
export const oneOrMany = <T extends z.ZodType<string>>(item: T, error: string) =>
  z.union([item, z.array(item)], { error }).transform((value) => [value].flat().filter((one) => one !== ''))

function parseUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined
}

/** A URL for upstream requests: http or https, a host, no `?` or `#`. */
function isBaseUrl(value: string): boolean {
  const url = parseUrl(value)
  return url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== '' && !url.search && !url.hash
}

const baseUrlPhrase = 'an http:// or https:// address'
const trimmed = (value: string) => value.trim().replace(/\/+$/, '')

/** Address of an upstream, without its trailing slashes; `fallback` stands for an empty or absent one. */
export const baseUrl = (fallback: string) =>
  textThat((value) => value === '' || isBaseUrl(value.trim()), baseUrlPhrase)
    .transform((value) => trimmed(value) || fallback)
    .default(fallback)

/** Address of an upstream that must be given. */
export const requiredBaseUrl = () => textThat((value) => isBaseUrl(value.trim()), baseUrlPhrase).transform(trimmed)

const proxySchemes = new Set(['http:', 'https:', 'socks5:', 'socks5h:'])

/** An outbound proxy, `direct` (also spelled `none`) or empty. */
export function isProxyUrl(value: string): boolean {
  if (value === '' || value === 'direct' || value === 'none') return true
  const url = parseUrl(value)
  return url !== undefined && proxySchemes.has(url.protocol) && url.hostname !== ''
}

/** Proxy of one account: empty inherits the global one, `direct` uses none. `none` becomes `direct`. */
export const proxyUrl = () =>
  textThat(
    (value) => isProxyUrl(value.trim()),
    'an http://, https://, socks5:// or socks5h:// address, "direct", or empty',
  )
    .transform((value) => (value.trim() === 'none' ? 'direct' : value.trim()))
    .default('')

/** A model name in which `*` stands for any text. */
export const modelPattern = () =>
  textThat((value) => /^[^\s?[\]^$|\\]+$/.test(value), 'a model name, in which * stands for any text')

/** Extra request headers; a value `$Name` copies the client's header of that name. */
export const headers = () =>
  z
    .record(
      textThat((name) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name), 'a header name'),
      textThat((value) => !/[\r\n\0]/.test(value), 'a header value on one line'),
      { error: 'a mapping from header names to values' },
    )
    .default({})

/** An address or a network, such as 10.0.0.0/8. */
export const network = () => textThat(isNetwork, 'an IP address or a network such as 10.0.0.0/8')

function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
