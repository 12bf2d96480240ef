import type { AttemptRecord, CallRecord } from '../gateway/events.ts'
import type { Failure } from '../hub/failure.ts'

/** The part of a pino logger that is used here. */
export interface RequestLogger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  isLevelEnabled?(level: string): boolean
}

export interface RequestLogOptions {
  log: RequestLogger
  /** A line for every request (`request-log`). Without it only failing accounts are told. */
  every: boolean
  /** Wall clock in milliseconds, to say until when an account rests. */
  now?: () => number
}

export interface RequestLog {
  end(record: CallRecord): void
  attempt(attempt: AttemptRecord, call: { id: string }): void
}

/** An account that keeps failing the same way is told again after this time. */
const TELL_AGAIN_MS = 60_000
const MOST_REMEMBERED = 1000

export function createRequestLog({ log, every, now = Date.now }: RequestLogOptions): RequestLog {
  const told = new Map<string, number>()
  const debugging = () => log.isLevelEnabled?.('debug') ?? true

  return {
    end(record) {
      if (!every) return
      const fields = requestFields(record, now)
      const { failure, status } = record
      if (failure?.kind === 'cancelled') log.info(fields, 'request cancelled by the client')
      else if (status >= 500 || (failure !== undefined && status < 400)) log.error(fields, 'request failed')
      else if (failure !== undefined || status >= 400) log.warn(fields, 'request refused')
      else log.info(fields, 'request')
    },

    attempt(attempt, call) {
      const { failure } = attempt
      // What rests an account needs a person, or at least explains the next minutes: told even without request-log.
      if (failure !== undefined && (failure.scope === 'account' || failure.scope === 'provider')) {
        const key = `${attempt.accountId} ${failure.kind}`
        const last = told.get(key)
        if (every || last === undefined || now() - last >= TELL_AGAIN_MS) {
          if (told.size >= MOST_REMEMBERED) told.clear()
          told.set(key, now())
          log.warn(attemptFields(attempt, call, now), accountMessage(attempt, failure))
          return
        }
      }
      if (every && debugging()) log.debug(attemptFields(attempt, call, now), 'attempt')
    },
  }
}

function accountMessage({ accountLabel, provider }: AttemptRecord, failure: Failure): string {
  const who = failure.scope === 'provider' ? `provider ${provider}` : `account ${accountLabel} of ${provider}`
  switch (failure.kind) {
    case 'quota-exhausted':
      return `${who} has used up its quota`
    case 'rate-limited':
      return `${who} is rate limited`
    case 'unauthorized':
      return `${who} is not let in: its login or key is no longer valid`
    case 'forbidden':
      return `${who} is refused by its vendor`
    default:
      return `${who} failed`
  }
}

function requestFields(record: CallRecord, now: () => number): object {
  const { attempts, usage } = record
  const last = attempts.at(-1)
  const served = record.servedModel || last?.model || ''
  return {
    id: record.id,
    client: record.client,
    method: record.method,
    endpoint: record.endpoint,
    protocol: record.protocol,
    model: served && served !== record.requestedModel ? `${record.requestedModel} → ${served}` : record.requestedModel,
    category: record.category,
    provider: record.provider || last?.provider,
    account: last?.accountLabel,
    lane: record.lane,
    stream: record.stream,
    status: record.status,
    attempts: attempts.length,
    ms: Math.round(record.endedAt - record.startedAt),
    ttft: record.firstEventAt === undefined ? undefined : Math.round(record.firstEventAt - record.startedAt),
    gap: record.stream && record.maxGapMs > 0 ? Math.round(record.maxGapMs) : undefined,
    tokens: usage && { ...usage },
    bytes: { in: record.bytesIn, out: record.bytesOut },
    ...failureFields(record.failure, now),
    tried: attempts.length > 1 ? attempts.map(triedLine) : undefined,
  }
}

function triedLine({ accountLabel, provider, model, status, failure }: AttemptRecord): string {
  return `${provider}/${accountLabel} ${model}: ${failure ? `${failure.kind} ${status || '-'}` : status}`
}

function attemptFields(attempt: AttemptRecord, call: { id: string }, now: () => number): object {
  return {
    id: call.id,
    account: attempt.accountLabel,
    provider: attempt.provider,
    model: attempt.model,
    status: attempt.status,
    ms: Math.round(attempt.endedAt - attempt.startedAt),
    why: attempt.why,
    ...failureFields(attempt.failure, now),
  }
}

function failureFields(failure: Failure | undefined, now: () => number): object {
  if (failure === undefined) return {}
  const { kind, scope, code, message, retryAfter } = failure
  const sane = retryAfter !== undefined && retryAfter >= 0 && retryAfter < 10 * 365 * 86_400
  return {
    failure: kind,
    scope,
    code,
    message: message.length > 1000 ? `${message.slice(0, 1000)}…` : message,
    until: sane ? new Date(now() + retryAfter * 1000).toISOString() : undefined,
  }
}
