import type { AttemptRecord, CallRecord, FailedExchange } from '../../gateway/events.ts'

/** Records for the tests of this folder; under a test name so that the build leaves it out. */
export function attemptRecord(over: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    accountId: 'claude:1a2b',
    accountLabel: 'work@example.com',
    provider: 'claude',
    model: 'claude-sonnet-4-6',
    startedAt: 1010,
    endedAt: 2200,
    status: 200,
    why: 'next in turn',
    ...over,
  }
}

export function callRecord(over: Partial<CallRecord> = {}): CallRecord {
  return {
    id: 'req-1',
    startedAt: 1000,
    endedAt: 2234,
    method: 'POST',
    endpoint: '/v1/messages',
    protocol: 'anthropic',
    client: 'laptop',
    requestedModel: 'auto',
    servedModel: 'claude-sonnet-4-6',
    provider: 'claude',
    accountId: 'claude:1a2b',
    lane: 'pass-through',
    stream: true,
    status: 200,
    attempts: [attemptRecord()],
    firstEventAt: 1400,
    maxGapMs: 120,
    usage: { input: 10, cacheRead: 2000, cacheWrite: 30, output: 400, reasoning: 100 },
    bytesIn: 5000,
    bytesOut: 9000,
    ...over,
  }
}

export function failedExchange(over: Partial<FailedExchange> = {}): FailedExchange {
  const failure = {
    kind: 'quota-exhausted',
    status: 429,
    scope: 'account',
    message: 'usage limit reached',
    retryAfter: 3600,
    code: 'usage_limit_reached',
  } as const
  return {
    record: callRecord({
      status: 429,
      servedModel: '',
      attempts: [attemptRecord({ status: 429, failure })],
      failure,
    }),
    request: {
      method: 'POST',
      url: '/v1/messages?beta=true',
      headers: ['Content-Type', 'application/json'],
      body: Buffer.from('{"model":"auto","messages":[]}'),
    },
    response: { status: 429, headers: { 'content-type': 'application/json' }, body: '{"type":"error"}' },
    ...over,
  }
}
