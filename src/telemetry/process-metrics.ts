import { performance } from 'node:perf_hooks'
import type { Registry } from './registry.ts'

const SAMPLE_MS = 500
const SAMPLES = 30

/** What the process itself uses. Read at each scrape; only the event loop's lag is sampled, twice a second. */
export function addProcessMetrics(registry: Registry): { close(): void } {
  const lags = new Float64Array(SAMPLES)
  let at = 0
  let due = performance.now() + SAMPLE_MS
  const timer = setInterval(() => {
    const now = performance.now()
    lags[at] = Math.max(0, now - due)
    at = (at + 1) % SAMPLES
    due = now + SAMPLE_MS
  }, SAMPLE_MS)
  timer.unref()

  const startedAt = performance.timeOrigin / 1000
  registry.add('gauge', 'process_start_time_seconds', 'Start time of the process since the epoch.', () => [
    { value: startedAt },
  ])
  registry.add('counter', 'process_cpu_seconds_total', 'User and system CPU time used, in seconds.', () => {
    const { user, system } = process.cpuUsage()
    return [{ value: (user + system) / 1e6 }]
  })
  registry.add('gauge', 'process_resident_memory_bytes', 'Resident memory of the process.', () => [
    { value: process.memoryUsage.rss() },
  ])
  registry.add('gauge', 'nodejs_heap_used_bytes', 'JavaScript heap in use.', () => [
    { value: process.memoryUsage().heapUsed },
  ])
  registry.add('gauge', 'nodejs_external_memory_bytes', 'Memory of buffers outside the JavaScript heap.', () => [
    { value: process.memoryUsage().external },
  ])
  registry.add('gauge', 'nodejs_eventloop_lag_seconds', 'Longest delay of a timer in the last 15 seconds.', () => [
    { value: Math.max(...lags) / 1000 },
  ])
  registry.add('gauge', 'nodejs_eventloop_utilization', 'Share of its life the event loop was busy, 0 to 1.', () => [
    { value: performance.eventLoopUtilization().utilization },
  ])
  return { close: () => clearInterval(timer) }
}
