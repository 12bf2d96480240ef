import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Failure } from '../hub/failure.ts'
import {
  attachTelemetry,
  createLog,
  createMetrics,
  createRedactor,
  type EventSource,
  type TelemetryConfig,
} from './index.ts'
import { attemptRecord, callRecord, failedExchange } from './testing/fixture.ts'

const NOON = Date.UTC(2026, 8, 7, 12)

describe('telemetry', () => {
  let root: string
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'lp-telemetry-'))
  })
  after(() => rm(root, { recursive: true }))

  async function attached(config: Partial<TelemetryConfig> = {}, level: 'info' | 'debug' = 'info') {
    const authDir = await mkdtemp(join(root, 'auth-'))
    const redactor = createRedactor()
    const lines: string[] = []
    const log = createLog({ level, format: 'json', redactor, destination: { write: (text) => lines.push(text) } })
    const metrics = createMetrics({ version: '1', now: () => 0, startedAt: 0, scrub: redactor.scrub, process: false })
    const events = new EventEmitter()
    const base = { 'request-log': false, 'error-logs-max-files': 0, 'commercial-mode': false }
    const telemetry = attachTelemetry(events as EventSource, {
      config: { ...base, ...config },
      authDir,
      log,
      redactor,
      metrics,
      now: () => NOON,
    })
    const entries = () => lines.map((line) => JSON.parse(line))
    return { authDir, redactor, lines, entries, metrics, events, telemetry, base }
  }
  const quota: Failure = {
    kind: 'quota-exhausted',
    status: 429,
    scope: 'account',
    message: 'usage limit reached',
    retryAfter: 3600,
  }

  test('by default: counters, no lines for requests, nobody listens to failures when no files are kept', async () => {
    const { events, lines, metrics } = await attached()
    events.emit('attempt', attemptRecord(), { id: 'r' })
    events.emit('end', callRecord())
    assert.equal(lines.length, 0)
    assert.equal(metrics.snapshot().requests, 1)
    assert.equal(metrics.snapshot().accounts[0]!.ok, 1)
    assert.equal(events.listenerCount('failed'), 0)
  })

  test('request-log: one line a request with who, what, where and how long', async () => {
    const { events, entries } = await attached({ 'request-log': true })
    events.emit('attempt', attemptRecord(), { id: 'r' })
    events.emit('end', callRecord({ category: 'code' }))
    assert.equal(entries().length, 1)
    const { time, ...entry } = entries()[0]
    assert.deepEqual(entry, {
      level: 'info',
      id: 'req-1',
      client: 'laptop',
      method: 'POST',
      endpoint: '/v1/messages',
      protocol: 'anthropic',
      model: 'auto → claude-sonnet-4-6',
      category: 'code',
      provider: 'claude',
      account: 'work@example.com',
      lane: 'pass-through',
      stream: true,
      status: 200,
      attempts: 1,
      ms: 1234,
      ttft: 400,
      gap: 120,
      tokens: { input: 10, cacheRead: 2000, cacheWrite: 30, output: 400, reasoning: 100 },
      bytes: { in: 5000, out: 9000 },
      msg: 'request',
    })
  })

  test('an account that fails is named, with its reason and until when, even without request-log; not twice a minute', async () => {
    const { events, entries } = await attached()
    for (let n = 0; n < 3; n++) events.emit('attempt', attemptRecord({ status: 429, failure: quota }), { id: 'r' })
    const other = attemptRecord({ accountId: 'x', accountLabel: 'home', failure: { ...quota, kind: 'unauthorized' } })
    events.emit('attempt', other, { id: 'r' })
    const model = attemptRecord({ failure: { ...quota, scope: 'model', kind: 'overloaded' } })
    events.emit('attempt', model, { id: 'r' })
    assert.equal(entries().length, 2)
    const [first, second] = entries()
    assert.equal(first.level, 'warn')
    assert.equal(first.msg, 'account work@example.com of claude has used up its quota')
    assert.equal(first.until, '2026-09-07T13:00:00.000Z')
    assert.equal(second.msg, 'account home of claude is not let in: its login or key is no longer valid')
  })

  test('failures have their level, and say what was tried', async () => {
    const { events, entries } = await attached({ 'request-log': true })
    const attempts = [attemptRecord({ status: 429, failure: quota }), attemptRecord({ accountLabel: 'home' })]
    events.emit('end', callRecord({ attempts }))
    events.emit('end', callRecord({ status: 429, failure: quota, attempts }))
    events.emit('end', callRecord({ status: 502, failure: { ...quota, kind: 'upstream' } }))
    events.emit('end', callRecord({ status: 200, failure: { ...quota, kind: 'upstream' } }))
    events.emit('end', callRecord({ status: 499, failure: { ...quota, kind: 'cancelled' } }))
    assert.deepEqual(
      entries().map((entry) => entry.level),
      ['info', 'warn', 'error', 'error', 'info'],
    )
    assert.deepEqual(entries()[1].tried, [
      'claude/work@example.com claude-sonnet-4-6: quota-exhausted 429',
      'claude/home claude-sonnet-4-6: 200',
    ])
  })

  test('at debug each attempt is told with its why', async () => {
    const { events, entries } = await attached({ 'request-log': true }, 'debug')
    events.emit('attempt', attemptRecord({ why: 'same conversation' }), { id: 'r' })
    assert.equal(entries()[0].msg, 'attempt')
    assert.equal(entries()[0].why, 'same conversation')
  })

  test('commercial-mode: counters alone', async () => {
    const { events, lines, metrics, authDir } = await attached({
      'request-log': true,
      'error-logs-max-files': 10,
      'commercial-mode': true,
    })
    events.emit('attempt', attemptRecord({ failure: quota }), { id: 'r' })
    events.emit('end', callRecord({ status: 429, failure: quota }))
    assert.equal(events.listenerCount('failed'), 0)
    assert.equal(lines.length, 0)
    assert.deepEqual(await readdir(authDir), [])
    assert.equal(metrics.snapshot().errors, 1)
    assert.ok(!metrics.render().includes('logicaproxy_event_gap_seconds_count'))
  })

  test('update: listeners follow the config; close stops them', async () => {
    const { events, lines, telemetry, base, metrics } = await attached()
    telemetry.update({ ...base, 'request-log': true, 'error-logs-max-files': 2 })
    telemetry.update({ ...base, 'request-log': true, 'error-logs-max-files': 3 })
    assert.equal(events.listenerCount('failed'), 1)
    events.emit('end', callRecord())
    assert.equal(lines.length, 1)
    telemetry.update(base)
    assert.equal(events.listenerCount('failed'), 0)
    events.emit('reload', { digest: 'abc' })
    events.emit('reload-failed', new Error('line 3: no'))
    const text = metrics.render()
    assert.ok(text.includes('logicaproxy_config_reloads_total{outcome="taken"} 1'))
    assert.ok(text.includes('logicaproxy_config_reloads_total{outcome="refused"} 1'))
    assert.ok(text.includes('logicaproxy_config_valid 0'))
    await telemetry.close()
    assert.deepEqual(events.eventNames(), [])
  })

  test('a canary secret, wherever it was, is in no line, metric or file', async () => {
    const { events, redactor, lines, metrics, telemetry, authDir } = await attached(
      { 'request-log': true, 'error-logs-max-files': 10 },
      'debug',
    )
    const canary = 'CaNaRy/42+"x"&tail'
    const proxyPassword = 'CaNaRy-of-the-proxy'
    redactor.learn(canary)
    redactor.learnUrl(`http://user:${proxyPassword}@proxy.example:8080`)
    const base64 = Buffer.from(`user:${canary}`).toString('base64')
    const echo = `upstream says ${canary} ${encodeURIComponent(canary)} ${base64} http://user:${proxyPassword}@proxy.example`
    const failure: Failure = { ...quota, message: echo, code: canary, param: canary }
    const attempts = [attemptRecord({ why: canary, accountLabel: canary, model: canary, failure })]
    const record = callRecord({
      id: canary,
      client: canary,
      requestedModel: canary,
      servedModel: canary,
      endpoint: canary,
      category: canary,
      status: 502,
      attempts,
      failure,
    })
    events.emit('attempt', attempts[0], { id: canary })
    events.emit('end', record)
    events.emit(
      'failed',
      failedExchange({
        record,
        request: {
          method: 'POST',
          url: `/v1/messages?key=${encodeURIComponent(canary)}&other=${encodeURIComponent(canary)}`,
          headers: ['Authorization', `Bearer ${canary}`, 'X-Other', canary, 'Proxy-Authorization', `Basic ${base64}`],
          body: Buffer.from(JSON.stringify({ messages: [{ content: echo }], nested: JSON.stringify({ canary }) })),
        },
        response: { status: 502, headers: { 'x-echo': canary, 'set-cookie': canary }, body: `<html>${echo}` },
      }),
    )
    events.emit('reload-failed', new Error(echo))
    await telemetry.close()
    const names = await readdir(join(authDir, 'logs'))
    assert.equal(names.length, 1)
    const file = await readFile(join(authDir, 'logs', names[0]!), 'utf8')
    JSON.parse(file)
    const all = [...lines, metrics.render(), JSON.stringify(metrics.snapshot()), file, ...names].join('\n')
    assert.ok(lines.length >= 3)
    assert.ok(!/canary/i.test(all.replaceAll('"canary', '')), all)
    for (const shift of [0, 1, 2]) {
      const core = Buffer.from('-'.repeat(shift) + canary)
        .toString('base64')
        .slice(4, 20)
      assert.ok(!all.includes(core))
    }
  })

  test('with the default options a request costs 3 µs at most', async () => {
    const { events } = await attached()
    const record = callRecord()
    const attempt = record.attempts[0]
    const call = { id: 'r' }
    const round = () => {
      for (let n = 0; n < 1000; n++) {
        events.emit('attempt', attempt, call)
        events.emit('end', record)
      }
    }
    for (let n = 0; n < 20; n++) round()
    let best = Infinity
    for (let n = 0; n < 20; n++) {
      const started = performance.now()
      round()
      best = Math.min(best, performance.now() - started)
    }
    assert.ok(best < 3, `${best.toFixed(2)} µs`)
  })
})
