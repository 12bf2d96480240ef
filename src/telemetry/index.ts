/** What listens to the gateway: metrics, the request log, the files of failed requests. Nothing here is on the road. */
import type { GatewayEvents } from '../gateway/events.ts'
import { createErrorFiles, type ErrorFiles } from './error-files.ts'
import type { Metrics } from './metrics.ts'
import type { Redactor } from './redact.ts'
import { createRequestLog, type RequestLog, type RequestLogger } from './request-log.ts'

export { createErrorFiles, type ErrorFiles, type ErrorFilesOptions } from './error-files.ts'
export { createLog, flushLog, type Log, type LogLevel, type LogOptions } from './log.ts'
export { createLogFile, type LogFileOptions } from './log-file.ts'
export {
  createMetrics,
  METRICS_CONTENT_TYPE,
  type Metrics,
  type MetricsOptions,
  type MetricsSnapshot,
} from './metrics.ts'
export { createRedactor, REDACTED, type Redactor } from './redact.ts'
export { createRequestLog, type RequestLog, type RequestLogger } from './request-log.ts'

/** Anything that tells what happens on the road; an `EventEmitter` does. */
export interface EventSource {
  on<E extends keyof GatewayEvents>(event: E, listener: GatewayEvents[E]): unknown
  off?<E extends keyof GatewayEvents>(event: E, listener: GatewayEvents[E]): unknown
}

/** The keys of the config that telemetry reads, spelled as in the file. */
export interface TelemetryConfig {
  'request-log': boolean
  'error-logs-max-files': number
  'commercial-mode': boolean
}

export interface TelemetryOptions {
  config: TelemetryConfig
  /** The data directory, `~` resolved. */
  authDir: string
  log: RequestLogger
  redactor: Redactor
  metrics: Metrics
  /** Wall clock in milliseconds. */
  now?: () => number
}

export interface Telemetry {
  /** Takes over a new config; the listeners stay attached where they may. */
  update(config: TelemetryConfig): void
  errorFiles: ErrorFiles
  /** Stops listening, and resolves when what was waiting is written. */
  close(): Promise<void>
}

/**
 * Wires the listeners. With `commercial-mode` only the counters stay: no log lines for requests, no error files, no pauses
 * of streams. The gateway builds a `FailedExchange` only while somebody listens to `failed`, so that listener comes and
 * goes with the error files.
 */
export function attachTelemetry(events: EventSource, options: TelemetryOptions): Telemetry {
  const { metrics, log, redactor, now, authDir } = options
  let config = options.config
  let requestLog: RequestLog | undefined
  let listening = false
  let closed = false
  const errorFiles = createErrorFiles({ dir: authDir, maxFiles: 0, redactor, log, now })

  metrics.gauge('logicaproxy_error_files', 'Error files since the start, by what became of them.', () =>
    Object.entries(errorFiles.stats()).map(([state, value]) => ({ labels: { state }, value })),
  )
  const reloads = metrics.counter('logicaproxy_config_reloads_total', 'Configurations that were taken or refused.')
  let valid = 1
  metrics.gauge('logicaproxy_config_valid', 'Whether the config file as it stands is in force.', () => [
    { value: valid },
  ])

  const onEnd: GatewayEvents['end'] = (record) => {
    metrics.record(record, config['commercial-mode'])
    requestLog?.end(record)
  }
  const onAttempt: GatewayEvents['attempt'] = (attempt, call) => {
    metrics.attempt(attempt)
    requestLog?.attempt(attempt, call)
  }
  const onFailed: GatewayEvents['failed'] = (exchange) => {
    if (!closed) errorFiles.failed(exchange)
  }
  const onReload: GatewayEvents['reload'] = ({ digest }) => {
    valid = 1
    reloads({ outcome: 'taken' })
    log.info({ digest }, 'a new configuration is in force')
  }
  const onRefused: GatewayEvents['reload-failed'] = (error) => {
    valid = 0
    reloads({ outcome: 'refused' })
    log.error({ reason: error.message }, 'the new configuration is refused; the one in force stays')
  }

  function configure(next: TelemetryConfig): void {
    config = next
    const lean = config['commercial-mode']
    requestLog = lean ? undefined : createRequestLog({ log, every: config['request-log'], now })
    const files = lean ? 0 : config['error-logs-max-files']
    errorFiles.setMaxFiles(files)
    if (files > 0 && !listening) events.on('failed', onFailed)
    if (files <= 0 && listening) events.off?.('failed', onFailed)
    // A source without `off` keeps the listener; with no files to keep it does nothing.
    listening = files > 0 || (listening && events.off === undefined)
  }

  configure(config)
  events.on('end', onEnd)
  events.on('attempt', onAttempt)
  events.on('reload', onReload)
  events.on('reload-failed', onRefused)

  return {
    update: configure,
    errorFiles,
    async close() {
      if (closed) return
      closed = true
      for (const [event, listener] of [
        ['end', onEnd],
        ['attempt', onAttempt],
        ['failed', onFailed],
        ['reload', onReload],
        ['reload-failed', onRefused],
      ] as const) {
        events.off?.(event, listener as never)
      }
      await errorFiles.settled()
    },
  }
}
