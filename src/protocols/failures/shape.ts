/**
 * Reads what an error body says, whichever vendor wrote it. A compatible upstream may answer a chat request with a
 * Google- or Anthropic-shaped error, a bare string or a web page, so every dialect reads all of these shapes.
 */

type Json = Record<string, unknown>

/** What an error body says about itself. */
export interface ErrorShape {
  /** The vendor's own sentence; `''` when there is none. */
  message: string
  /** `code` where it is a word. */
  code?: string
  /** `type`, or Google's `status` word. */
  type?: string
  param?: string
  /** The HTTP status the body itself names. */
  status?: number
  /** `reason` of each google.rpc.ErrorInfo. */
  reasons: string[]
  /** `quotaId` of each violation of a google.rpc.QuotaFailure. */
  quotaIds: string[]
  /** Seconds to wait, from google.rpc.RetryInfo or ErrorInfo's `quotaResetDelay`. */
  retryDelay?: number
  /** Seconds until the subscription's window resets (Codex: `resets_in_seconds`, `resets_at`). */
  resetsIn?: number
}

/** Only so much of a body is searched when it is no valid JSON. */
const SEARCHED = 65_536

/** @returns undefined when the body holds nothing that looks like an error. Never throws. */
export function readShape(body: string): ErrorShape | undefined {
  const value = parseBody(body)
  if (value === undefined) return fromFragments(body)
  return shapeOf(value)
}

/** The shape of an already parsed error body. */
export function shapeOf(value: unknown): ErrorShape | undefined {
  if (Array.isArray(value)) return shapeOf(value[0])
  if (typeof value === 'string') return value === '' ? undefined : { message: value, reasons: [], quotaIds: [] }
  if (!isObject(value)) return undefined
  // `response.failed` carries its error inside the response.
  if (isObject(value['response']) && isObject(value['response']['error'])) return shapeOf(value['response'])
  const error = value['error']
  if (typeof error === 'string' && error !== '') return flat({ ...value, message: value['message'] ?? error }, value)
  if (isObject(error)) {
    if (isObject(error['error']) && error['message'] === undefined) return shapeOf(error)
    return flat(error, value)
  }
  if (Array.isArray(value['errors']) && value['errors'].length > 0 && value['message'] === undefined) {
    return shapeOf(value['errors'][0])
  }
  return flat(value, value)
}

function flat(inner: Json, outer: Json): ErrorShape | undefined {
  const message = messageOf(inner)
  const type = word(inner['type']) ?? word(inner['status'])
  const code = word(inner['code'])
  const status =
    httpStatus(inner['code']) ??
    httpStatus(inner['status']) ??
    httpStatus(inner['status_code']) ??
    httpStatus(outer['status_code']) ??
    httpStatus(outer['status']) ??
    httpStatus(outer['code'])
  if (message === '' && type === undefined && code === undefined && status === undefined) return undefined
  const shape: ErrorShape = { message, reasons: [], quotaIds: [] }
  if (type !== undefined && type !== 'error') shape.type = type
  if (code !== undefined) shape.code = code
  if (typeof inner['param'] === 'string') shape.param = inner['param']
  if (status !== undefined) shape.status = status
  if (Array.isArray(inner['details'])) for (const detail of inner['details']) readDetail(shape, detail)
  const resetsIn = finite(inner['resets_in_seconds'])
  const resetsAt = finite(inner['resets_at'])
  if (resetsIn !== undefined) shape.resetsIn = Math.max(0, resetsIn)
  else if (resetsAt !== undefined) shape.resetsIn = Math.max(0, Math.round(resetsAt - Date.now() / 1000))
  return shape
}

function messageOf(inner: Json): string {
  for (const key of ['message', 'detail', 'msg', 'error_description', 'description', 'title']) {
    const value = inner[key]
    if (typeof value === 'string' && value !== '') return withRaw(value, inner)
    if (Array.isArray(value) && value.length > 0) return value.map(sentence).join('; ')
    if (isObject(value) && Object.keys(value).length > 0) return sentence(value)
  }
  return ''
}

/** OpenRouter says "Provider returned error" and keeps the provider's own words in `metadata.raw`. */
function withRaw(message: string, inner: Json): string {
  const raw = isObject(inner['metadata']) ? inner['metadata']['raw'] : undefined
  if (typeof raw !== 'string' || raw === '' || message.includes(raw)) return message
  return `${message}: ${readShape(raw)?.message || raw}`
}

function sentence(value: unknown): string {
  if (typeof value === 'string') return value
  if (isObject(value)) {
    const text = value['msg'] ?? value['message']
    if (typeof text === 'string') {
      const where = Array.isArray(value['loc']) ? `${value['loc'].join('.')}: ` : ''
      return where + text
    }
  }
  return JSON.stringify(value)
}

/** google.rpc error details (https://cloud.google.com/apis/design/errors#error_details). */
function readDetail(shape: ErrorShape, detail: unknown): void {
  if (!isObject(detail)) return
  if (typeof detail['reason'] === 'string') shape.reasons.push(detail['reason'])
  const retryDelay = typeof detail['retryDelay'] === 'string' ? parseDuration(detail['retryDelay']) : undefined
  if (retryDelay !== undefined) shape.retryDelay = retryDelay
  const metadata = detail['metadata']
  if (isObject(metadata) && typeof metadata['quotaResetDelay'] === 'string') {
    shape.retryDelay ??= parseDuration(metadata['quotaResetDelay'])
  }
  if (Array.isArray(detail['violations'])) {
    for (const violation of detail['violations']) {
      if (isObject(violation) && typeof violation['quotaId'] === 'string') shape.quotaIds.push(violation['quotaId'])
    }
  }
}

/** JSON, or the JSON in the data lines of an event stream (Vertex answers 404 that way to a streaming request). */
function parseBody(body: string): unknown {
  const text = body.trim()
  try {
    return JSON.parse(text)
  } catch {
    if (!/^(?:event|data|:)/.test(text)) return undefined
  }
  for (const match of text.matchAll(/^data: ?(.*)$/gm)) {
    try {
      return JSON.parse(match[1]!)
    } catch {
      // The next line may be whole.
    }
  }
  return undefined
}

/** What can be had of JSON that was cut off. */
function fromFragments(body: string): ErrorShape | undefined {
  const text = body.slice(0, SEARCHED).trimStart()
  if (!text.startsWith('{') && !text.startsWith('[')) return undefined
  const message = fragment(text, 'message') ?? fragment(text, 'detail')
  if (message === undefined) return undefined
  const shape: ErrorShape = { message, reasons: [], quotaIds: [] }
  const type = fragment(text, 'type') ?? fragment(text, 'status')
  const code = fragment(text, 'code')
  if (type !== undefined && type !== 'error') shape.type = type
  if (code !== undefined) shape.code = code
  return shape
}

function fragment(text: string, key: string): string | undefined {
  const start = new RegExp(`"${key}"\\s*:\\s*"`).exec(text)
  if (start === null) return undefined
  const from = start.index + start[0].length
  let end = from
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  try {
    return JSON.parse(`"${text.slice(from, end)}"`) as string
  } catch {
    return text.slice(from, end)
  }
}

const UNIT_SECONDS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }

/**
 * Seconds of a duration: `1.3s`, `6m0s`, `1h2m3s`, `20ms`, `2 minutes`, or a bare number of seconds.
 * @returns undefined if the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  const bare = text.trim()
  if (/^\d+(?:\.\d+)?$/.test(bare)) return Number(bare)
  let sum: number | undefined
  for (const [, count, unit] of bare.matchAll(/(\d+(?:\.\d+)?)\s*(ms|milliseconds?|[smhd])/gi)) {
    const letters = unit!.toLowerCase()
    sum = (sum ?? 0) + Number(count) * UNIT_SECONDS[letters.startsWith('milli') ? 'ms' : letters]!
  }
  return sum === undefined ? undefined : Math.round(sum * 1000) / 1000
}

function httpStatus(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 400 && number < 600 ? number : undefined
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && !/^\d+$/.test(value) ? value : undefined
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
