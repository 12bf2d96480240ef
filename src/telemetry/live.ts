/**
 * The last hour in memory: rings of seconds for the whole, of minutes for each endpoint. What goes in is added to a slot;
 * memory is the same whatever goes through.
 */
import type { CallRecord } from '../gateway/events.ts'
import { isRefusal, outcomeOf } from './outcome.ts'

/** Sums of a stretch of time. What the words mean: outcome.ts. */
export interface LivePoint {
  /** Start of the stretch, ms since the epoch. */
  at: number
  requests: number
  /** Failed ones; those the client cancelled are not failures. */
  errors: number
  latencyMsSum: number
  inputTokens: number
  outputTokens: number
  costMicros: number
  /** Turned away at the door; not among the requests. */
  refused: number
}

/** One endpoint since the start. */
export interface LiveEndpoint {
  method: string
  /** The route's template. */
  path: string
  protocol: string
  requests: number
  errors: number
  averageLatencyMs: number
  /** Undefined without requests. To a twelfth of the value. */
  p50Ms?: number
  p95Ms?: number
  lastAt: number
}

export interface Live {
  record(record: CallRecord, costMicros: number): void
  /** Points of `bucketMs` each, oldest first, of the last `windowMs` (an hour at most), those without requests too. */
  series(windowMs: number, bucketMs: number, endpoint?: { method: string; path: string }): LivePoint[]
  /** Mean requests a second of the last whole seconds. */
  perSecond(seconds?: number): number
  endpoints(): LiveEndpoint[]
}

const FIELDS = 7
const HOUR = 3_600
const MINUTES = 60
/** Endpoints beyond share one row: their number is that of our routes, whatever clients ask for. */
const MOST_ENDPOINTS = 100

export function createLive(now: () => number): Live {
  const seconds = createRing(1_000, HOUR)
  const endpoints = new Map<string, Endpoint>()
  /** The one looked for last: most requests ask the same. */
  let last: { method: string; endpoint: string; found: Endpoint } | undefined

  function endpointOf(record: CallRecord): Endpoint {
    if (last?.endpoint === record.endpoint && last.method === record.method) return last.found
    const found = lookUp(record)
    last = { method: record.method, endpoint: record.endpoint, found }
    return found
  }

  function lookUp(record: CallRecord): Endpoint {
    const key = `${record.method} ${record.endpoint}`
    let found = endpoints.get(key)
    if (found === undefined && endpoints.size >= MOST_ENDPOINTS) found = endpoints.get('other')
    if (found === undefined) {
      const full = endpoints.size >= MOST_ENDPOINTS
      found = createEndpoint(full ? '' : record.method, full ? 'other' : record.endpoint, record.protocol)
      endpoints.set(full ? 'other' : key, found)
    }
    return found
  }

  return {
    record(record, costMicros) {
      if (isRefusal(record)) {
        seconds.refuse(record.endedAt)
        return
      }
      const { usage } = record
      const failed = outcomeOf(record) === 'failed' ? 1 : 0
      const ms = Math.max(0, record.endedAt - record.startedAt)
      const input = usage === undefined ? 0 : usage.input + usage.cacheRead + usage.cacheWrite
      const output = usage === undefined ? 0 : usage.output
      seconds.add(record.endedAt, failed, ms, input, output, costMicros)
      const endpoint = endpointOf(record)
      endpoint.ring.add(record.endedAt, failed, ms, input, output, costMicros)
      endpoint.requests += 1
      endpoint.errors += failed
      endpoint.latency += ms
      endpoint.lastAt = record.endedAt
      endpoint.buckets[bucketOf(ms)]! += 1
    },
    series(windowMs, bucketMs, endpoint) {
      const ring = endpoint === undefined ? seconds : endpoints.get(`${endpoint.method} ${endpoint.path}`)?.ring
      return pointsOf(ring, now(), Math.min(windowMs, HOUR * 1_000), bucketMs)
    },
    perSecond(span = 60) {
      const whole = Math.max(1, Math.min(span, HOUR - 1))
      // The second under way has only begun.
      const end = Math.floor(now() / 1_000) * 1_000
      let sum = 0
      for (let s = 1; s <= whole; s += 1) sum += seconds.get(end - s * 1_000, 0)
      return sum / whole
    },
    endpoints: () =>
      [...endpoints.values()].map((e) => ({
        method: e.method,
        path: e.path,
        protocol: e.protocol,
        requests: e.requests,
        errors: e.errors,
        averageLatencyMs: e.requests === 0 ? 0 : Math.round((e.latency / e.requests) * 1_000) / 1_000,
        p50Ms: quantile(e.buckets, e.requests, 0.5),
        p95Ms: quantile(e.buckets, e.requests, 0.95),
        lastAt: e.lastAt,
      })),
  }
}

function pointsOf(ring: Ring | undefined, at: number, windowMs: number, bucketMs: number): LivePoint[] {
  const slotMs = ring?.slotMs ?? 1_000
  const step = Math.max(1, Math.ceil(bucketMs / slotMs)) * slotMs
  const last = Math.floor(at / step) * step
  const count = Math.max(1, Math.ceil(windowMs / step))
  const points: LivePoint[] = []
  for (let start = last - (count - 1) * step; start <= last; start += step) {
    const sums = [0, 0, 0, 0, 0, 0, 0]
    if (ring !== undefined)
      for (let slot = start; slot < start + step && slot <= at; slot += ring.slotMs)
        for (let f = 0; f < FIELDS; f += 1) sums[f]! += ring.get(slot, f)
    points.push({
      at: start,
      requests: sums[0]!,
      errors: sums[1]!,
      latencyMsSum: sums[2]!,
      inputTokens: sums[3]!,
      outputTokens: sums[4]!,
      costMicros: sums[5]!,
      refused: sums[6]!,
    })
  }
  return points
}

interface Ring {
  readonly slotMs: number
  refuse(at: number): void
  add(at: number, errors: number, ms: number, input: number, output: number, cost: number): void
  /** A field of the slot that holds this time; 0 when it is no longer there. */
  get(at: number, field: number): number
}

function createRing(slotMs: number, length: number): Ring {
  const sums = new Float64Array(length * FIELDS)
  /** Which slot of time each place holds. */
  const held = new Float64Array(length).fill(-1)
  /** Where the sums of this time begin; undefined for what is older than the ring. */
  function placeOf(at: number): number | undefined {
    const slot = Math.floor(at / slotMs)
    const place = slot % length
    const from = place * FIELDS
    // Something from before the ring's time must not take the place of what is newer.
    if (held[place]! > slot) return undefined
    if (held[place] !== slot) {
      held[place] = slot
      sums.fill(0, from, from + FIELDS)
    }
    return from
  }

  return {
    slotMs,
    refuse(at) {
      const from = placeOf(at)
      if (from !== undefined) sums[from + 6]! += 1
    },
    add(at, errors, ms, input, output, cost) {
      const from = placeOf(at)
      if (from === undefined) return
      sums[from]! += 1
      sums[from + 1]! += errors
      sums[from + 2]! += ms
      sums[from + 3]! += input
      sums[from + 4]! += output
      sums[from + 5]! += cost
    },
    get(at, field) {
      const slot = Math.floor(at / slotMs)
      const place = ((slot % length) + length) % length
      return held[place] === slot ? sums[place * FIELDS + field]! : 0
    },
  }
}

interface Endpoint {
  method: string
  path: string
  protocol: string
  ring: Ring
  requests: number
  errors: number
  latency: number
  lastAt: number
  buckets: Uint32Array
}

function createEndpoint(method: string, path: string, protocol: string): Endpoint {
  return {
    method,
    path,
    protocol,
    ring: createRing(60_000, MINUTES),
    requests: 0,
    errors: 0,
    latency: 0,
    lastAt: 0,
    buckets: new Uint32Array(BUCKETS),
  }
}

/** Buckets of latency, eight to a doubling, from 1 ms to some hours. */
const PER_DOUBLING = 8
const BUCKETS = 24 * PER_DOUBLING

const bucketOf = (ms: number): number => (ms <= 1 ? 0 : Math.min(BUCKETS - 1, Math.round(Math.log2(ms) * PER_DOUBLING)))

function quantile(buckets: Uint32Array, count: number, share: number): number | undefined {
  if (count === 0) return undefined
  let left = Math.ceil(count * share)
  for (let i = 0; i < BUCKETS; i += 1) {
    left -= buckets[i]!
    if (left <= 0) return Math.round(2 ** (i / PER_DOUBLING) * 10) / 10
  }
  return undefined
}
