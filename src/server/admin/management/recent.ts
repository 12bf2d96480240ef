/** What happened lately, in memory: by the second for an hour, by endpoint and account since the start. Bounded. */
import type { AttemptRecord, CallRecord } from '../../../gateway/events.ts'
import type { Gateway } from '../../../gateway/gateway.ts'
import type { SeriesPoint } from './contract.ts'

const SECONDS = 3_600
/** Latencies kept for the quantiles of an endpoint. */
const SAMPLES = 128
const MOST_ENDPOINTS = 100
const MOST_ACCOUNTS = 5_000

export interface EndpointStats {
  protocol: string
  lastAt: number
  latencies: Float64Array
  seen: number
}

export interface AccountStats {
  lastUsedAt: number
  requests: number
  errors: number
}

export interface Recent {
  /** @returns undefined beyond what is remembered. */
  series(windowMs: number, points: number): { from: number; to: number; bucketMs: number; points: SeriesPoint[] } | undefined
  /** Mean of the last 60 seconds. */
  perSecond(): number
  /** By `POST /v1/messages`. */
  endpoint(name: string): EndpointStats | undefined
  account(id: string): AccountStats | undefined
  close(): void
}

const isError = ({ failure, status }: CallRecord): boolean =>
  failure?.kind !== 'cancelled' && status !== 499 && (failure !== undefined || status >= 400)

export function createRecent(gateway: Pick<Gateway, 'on'>, now: () => number): Recent {
  const startedAt = now()
  const second = new Float64Array(SECONDS).fill(-1)
  const field = () => new Float64Array(SECONDS)
  const [requests, errors, latency, input, output] = [field(), field(), field(), field(), field()]
  const endpoints = new Map<string, EndpointStats>()
  const accounts = new Map<string, AccountStats>()

  function slot(at: number): number {
    const s = Math.floor(at / 1000)
    const i = s % SECONDS
    if (second[i] !== s) {
      second[i] = s
      for (const values of [requests, errors, latency, input, output]) values[i] = 0
    }
    return i
  }

  function onEnd(record: CallRecord): void {
    const i = slot(now())
    const ms = Math.max(0, record.endedAt - record.startedAt)
    requests[i]! += 1
    if (isError(record)) errors[i]! += 1
    latency[i]! += ms
    if (record.usage !== undefined) {
      input[i]! += record.usage.input
      output[i]! += record.usage.output
    }
    const name = `${record.method} ${record.endpoint}`
    let stats = endpoints.get(name)
    if (stats === undefined) {
      if (endpoints.size >= MOST_ENDPOINTS) return
      stats = { protocol: record.protocol, lastAt: 0, latencies: new Float64Array(SAMPLES), seen: 0 }
      endpoints.set(name, stats)
    }
    stats.lastAt = now()
    stats.latencies[stats.seen % SAMPLES] = ms
    stats.seen += 1
  }

  function onAttempt({ accountId, failure }: AttemptRecord): void {
    let stats = accounts.get(accountId)
    if (stats === undefined) {
      if (accounts.size >= MOST_ACCOUNTS) accounts.delete(accounts.keys().next().value!)
      stats = { lastUsedAt: 0, requests: 0, errors: 0 }
      accounts.set(accountId, stats)
    }
    stats.lastUsedAt = now()
    stats.requests += 1
    if (failure !== undefined && failure.kind !== 'cancelled') stats.errors += 1
  }

  const stops = [gateway.on('end', onEnd), gateway.on('attempt', onAttempt)]

  return {
    series(windowMs, points) {
      if (windowMs > SECONDS * 1000) return undefined
      const bucketMs = Math.max(1_000, Math.ceil(windowMs / points / 1_000) * 1_000)
      const count = Math.ceil(windowMs / bucketMs)
      const to = (Math.floor(now() / bucketMs) + 1) * bucketMs
      const from = to - count * bucketMs
      const list: SeriesPoint[] = []
      for (let at = from; at < to; at += bucketMs) {
        const sum = { requests: 0, errors: 0, latency: 0, input: 0, output: 0 }
        for (let s = at / 1000; s < (at + bucketMs) / 1000; s++) {
          const i = s % SECONDS
          if (second[i] !== s) continue
          sum.requests += requests[i]!
          sum.errors += errors[i]!
          sum.latency += latency[i]!
          sum.input += input[i]!
          sum.output += output[i]!
        }
        list.push({
          at,
          requests: sum.requests,
          errors: sum.errors,
          ...(sum.requests === 0 ? {} : { averageLatencyMs: sum.latency / sum.requests }),
          inputTokens: sum.input,
          outputTokens: sum.output,
          costMicros: 0,
        })
      }
      return { from, to, bucketMs, points: list }
    },
    perSecond() {
      const last = Math.floor(now() / 1000)
      const seconds = Math.max(1, Math.min(60, Math.ceil((now() - startedAt) / 1000)))
      let sum = 0
      for (let s = last; s > last - 60; s--) if (second[s % SECONDS] === s) sum += requests[s % SECONDS]!
      return sum / seconds
    },
    endpoint: (name) => endpoints.get(name),
    account: (id) => accounts.get(id),
    close() {
      for (const stop of stops) stop()
    },
  }
}

/** A quantile of what an endpoint took lately, ms. */
export function quantile({ latencies, seen }: EndpointStats, q: number): number | undefined {
  if (seen === 0) return undefined
  const sorted = latencies.slice(0, Math.min(seen, SAMPLES)).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
}
