import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { createMetrics, type MetricsOptions } from './metrics.ts'
import { createRedactor, REDACTED } from './redact.ts'
import { Histogram } from './registry.ts'
import { attemptRecord, callRecord } from './testing/fixture.ts'

function metricsAt(over: Partial<MetricsOptions> = {}) {
  return createMetrics({ version: '1.2.3', now: () => 61_500, startedAt: 1500, process: false, ...over })
}

/** A strict reader of the text format: every line is HELP, TYPE or a sample of the family announced before it. */
function parse(text: string): Map<string, { type: string; samples: Map<string, number> }> {
  assert.ok(text.endsWith('\n'))
  const families = new Map<string, { type: string; samples: Map<string, number> }>()
  let helped = ''
  let name = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][\w:]*) ((?:[^\\]|\\\\|\\n)+)$/.exec(line)
    if (help) {
      helped = help[1]!
      assert.ok(!families.has(helped), `${helped} stands twice`)
      continue
    }
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram)$/.exec(line)
    if (type) {
      name = type[1]!
      assert.equal(name, helped)
      families.set(name, { type: type[2]!, samples: new Map() })
      continue
    }
    const sample =
      /^([a-zA-Z_:][\w:]*?)(_bucket|_sum|_count)?(\{[a-zA-Z_]\w*="(?:[^"\\\n]|\\\\|\\n|\\")*"(?:,[a-zA-Z_]\w*="(?:[^"\\\n]|\\\\|\\n|\\")*")*\})? (\+Inf|-Inf|NaN|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(
        line,
      )
    assert.ok(sample, `not a line of the text format: ${line}`)
    const family = families.get(name)!
    const histogram = family.type === 'histogram'
    assert.equal(histogram ? sample[1]! : sample[1]! + (sample[2] ?? ''), name)
    if (histogram) assert.ok(sample[2])
    const series = `${sample[1]}${sample[2] ?? ''}${sample[3] ?? ''}`
    assert.ok(!family.samples.has(series), `${series} stands twice`)
    family.samples.set(series, Number(sample[4]!.replace('Inf', 'Infinity')))
  }
  for (const [family, { type, samples }] of families) {
    if (type === 'counter') assert.match(family, /_total$/)
    if (type !== 'histogram') continue
    for (const [series, count] of samples) {
      if (!series.startsWith(`${family}_count`)) continue
      const labels = series.slice(`${family}_count{`.length, -1)
      const buckets = [...samples].filter(([s]) => s.startsWith(`${family}_bucket{${labels},le=`))
      for (let at = 1; at < buckets.length; at++) assert.ok(buckets[at - 1]![1] <= buckets[at]![1])
      assert.equal(buckets.at(-1)![0], `${family}_bucket{${labels},le="+Inf"}`)
      assert.equal(buckets.at(-1)![1], count)
      assert.ok(samples.has(`${family}_sum{${labels}}`))
    }
  }
  return families
}

function valuesOf(metrics: { render(): string }): Map<string, number> {
  return new Map([...parse(metrics.render()).values()].flatMap((family) => [...family.samples]))
}

test('the names of the product description and the rest, for one request', () => {
  const metrics = metricsAt()
  metrics.record(callRecord())
  metrics.attempt(attemptRecord())
  const values = valuesOf(metrics)
  const expected: Record<string, number> = {
    logicaproxy_uptime_seconds: 60,
    logicaproxy_requests_total: 1,
    logicaproxy_errors_total: 0,
    logicaproxy_client_cancelled_total: 0,
    'logicaproxy_endpoint_requests_total{method="POST",path="/v1/messages"}': 1,
    'logicaproxy_endpoint_errors_total{method="POST",path="/v1/messages"}': 0,
    'logicaproxy_endpoint_avg_latency_ms{method="POST",path="/v1/messages"}': 1234,
    'logicaproxy_request_duration_seconds_bucket{protocol="anthropic",le="1"}': 0,
    'logicaproxy_request_duration_seconds_bucket{protocol="anthropic",le="2.5"}': 1,
    'logicaproxy_request_duration_seconds_sum{protocol="anthropic"}': 1.234,
    'logicaproxy_time_to_first_event_seconds_bucket{protocol="anthropic",le="0.5"}': 1,
    'logicaproxy_event_gap_seconds_bucket{protocol="anthropic",le="0.1"}': 0,
    'logicaproxy_event_gap_seconds_bucket{protocol="anthropic",le="0.25"}': 1,
    'logicaproxy_model_requests_total{model="claude-sonnet-4-6",provider="claude",outcome="ok"}': 1,
    'logicaproxy_tokens_total{model="claude-sonnet-4-6",type="cache_read"}': 2000,
    'logicaproxy_tokens_total{model="claude-sonnet-4-6",type="reasoning"}': 100,
    'logicaproxy_account_requests_total{account="work@example.com",provider="claude",outcome="ok"}': 1,
    logicaproxy_attempts_total: 1,
    logicaproxy_failovers_total: 0,
    'logicaproxy_bytes_total{direction="in"}': 5000,
    'logicaproxy_lane_requests_total{lane="pass-through"}': 1,
    [`logicaproxy_build_info{version="1.2.3",node="${process.versions.node}"}`]: 1,
  }
  for (const [series, value] of Object.entries(expected)) assert.equal(values.get(series), value, series)
})

test('errors, cancellations, failovers and the failures of an account', () => {
  const metrics = metricsAt()
  const failure = { kind: 'quota-exhausted', status: 429, scope: 'account', message: 'no' } as const
  const first = attemptRecord({ status: 429, failure })
  const second = attemptRecord({ accountId: 'claude:3c4d', accountLabel: 'work@example.com' })
  metrics.record(callRecord({ attempts: [first, second] }))
  metrics.attempt(first)
  metrics.attempt(second)
  metrics.record(callRecord({ status: 502, servedModel: '', provider: '', attempts: [first], failure }))
  metrics.record(callRecord({ status: 200, failure: { ...failure, kind: 'upstream' } }))
  metrics.record(callRecord({ status: 499, failure: { ...failure, kind: 'cancelled' } }))
  const values = valuesOf(metrics)
  assert.equal(values.get('logicaproxy_requests_total'), 4)
  assert.equal(values.get('logicaproxy_errors_total'), 2)
  assert.equal(values.get('logicaproxy_client_cancelled_total'), 1)
  assert.equal(values.get('logicaproxy_failovers_total'), 1)
  assert.equal(values.get('logicaproxy_model_requests_total{model="none",provider="none",outcome="failed"}'), 1)
  const account = 'account="work@example.com",provider="claude"'
  assert.equal(values.get(`logicaproxy_account_failures_total{${account},kind="quota-exhausted"}`), 1)
  assert.equal(values.get(`logicaproxy_account_requests_total{${account},outcome="failed"}`), 1)
  // The second account has the same label, so its id tells it apart.
  const other = 'account="work@example.com (claude:3c4d)",provider="claude"'
  assert.equal(values.get(`logicaproxy_account_requests_total{${other},outcome="ok"}`), 1)
  const shot = metrics.snapshot()
  assert.deepEqual([shot.requests, shot.errors, shot.cancelled, shot.attempts, shot.failovers], [4, 2, 1, 2, 1])
  assert.equal(shot.accounts[0]!.failures['quota-exhausted'], 1)
  assert.equal(shot.endpoints[0]!.errors, 2)
})

test('what was turned away at the door is no request, and counted by its reason', () => {
  const metrics = metricsAt()
  const wrong = { kind: 'unauthorized', status: 401, scope: 'request', message: 'no' } as const
  metrics.record(callRecord())
  for (const kind of ['unauthorized', 'unauthorized', 'rate-limited'] as const)
    metrics.record(
      callRecord({ barred: true, status: 401, attempts: [], usage: undefined, failure: { ...wrong, kind } }),
    )
  const values = valuesOf(metrics)
  assert.equal(values.get('logicaproxy_requests_total'), 1)
  assert.equal(values.get('logicaproxy_errors_total'), 0)
  assert.equal(values.get('logicaproxy_endpoint_requests_total{method="POST",path="/v1/messages"}'), 1)
  assert.equal(values.get('logicaproxy_door_refusals_total{reason="unauthorized"}'), 2)
  assert.equal(values.get('logicaproxy_door_refusals_total{reason="rate-limited"}'), 1)
  assert.deepEqual([metrics.snapshot().requests, metrics.snapshot().refused], [1, 3])
})

test('the number of series is bounded, and what was folded is told', () => {
  const metrics = metricsAt()
  const counter = metrics.counter('logicaproxy_own_total', 'own')
  metrics.gauge('logicaproxy_own', 'own', function* () {
    for (let n = 0; n < 5000; n++) yield { labels: { n: `${n}` }, value: n }
  })
  for (let n = 0; n < 1500; n++) {
    metrics.record(callRecord({ endpoint: `/e${n}`, servedModel: `m${n}`, protocol: `p${n}` as 'anthropic' }))
    metrics.attempt(attemptRecord({ accountId: `a${n}`, accountLabel: `l${n}` }))
    counter({ n: `${n}` })
  }
  const values = valuesOf(metrics)
  assert.equal(values.get('logicaproxy_endpoint_requests_total{method="other",path="other"}'), 1400)
  assert.equal(values.get('logicaproxy_model_requests_total{model="other",provider="other",outcome="ok"}'), 1300)
  assert.equal(values.get('logicaproxy_account_requests_total{account="other",provider="other",outcome="ok"}'), 1000)
  assert.equal(values.get('logicaproxy_own_total{n="other"}'), 1300)
  assert.equal(values.get('logicaproxy_metrics_folded_total{table="endpoint"}'), 1400)
  assert.equal(values.get('logicaproxy_metrics_folded_total{table="model"}'), 1300)
  assert.equal(values.get('logicaproxy_metrics_folded_total{table="account"}'), 1000)
  assert.ok(values.size < 7000, `${values.size}`)
})

test('own counters and gauges; a reader that throws spoils nothing; a name is taken once', () => {
  const metrics = metricsAt()
  const reloads = metrics.counter('logicaproxy_config_reloads_total', 'reloads')
  reloads({ outcome: 'ok' })
  reloads({ outcome: 'ok' }, 2)
  reloads({ outcome: 'refused' }, -1)
  metrics.gauge('logicaproxy_cooldown_seconds', 'rest', () => [{ labels: { account: 'a' }, value: 5 }])
  metrics.gauge('logicaproxy_broken', 'broken', () => {
    throw new Error('no')
  })
  const values = valuesOf(metrics)
  assert.equal(values.get('logicaproxy_config_reloads_total{outcome="ok"}'), 3)
  assert.equal(values.get('logicaproxy_cooldown_seconds{account="a"}'), 5)
  assert.throws(() => metrics.counter('logicaproxy_requests_total', 'again'))
  assert.throws(() => metrics.gauge('bad name', 'x', () => []))
})

test('labels that hold anything still make a valid text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const metrics = metricsAt()
      metrics.record(callRecord({ servedModel: a, endpoint: b, provider: `${a}\n"\\` }))
      metrics.attempt(attemptRecord({ accountLabel: a, provider: b }))
      metrics.counter('logicaproxy_x_total', `help ${a}`)({ any: b })
      parse(metrics.render())
    }),
    { numRuns: 100 },
  )
})

test('a secret never becomes a label', () => {
  const redactor = createRedactor()
  redactor.learn('canary-secret-1234')
  const metrics = metricsAt({ scrub: redactor.scrub })
  const c = 'canary-secret-1234'
  metrics.record(callRecord({ servedModel: c, endpoint: `/${c}`, provider: c, method: c }))
  metrics.attempt(attemptRecord({ accountLabel: c, accountId: c, provider: c }))
  metrics.counter('logicaproxy_x_total', 'x')({ c })
  metrics.gauge('logicaproxy_y', 'y', () => [{ labels: { c }, value: 1 }])
  const text = metrics.render()
  parse(text)
  assert.ok(!text.includes(c))
  assert.ok(text.includes(REDACTED))
  assert.ok(!JSON.stringify(metrics.snapshot()).includes(c))
})

test('process metrics are there and can be read', () => {
  const metrics = metricsAt({ process: true })
  const values = valuesOf(metrics)
  for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds']) {
    assert.ok(values.get(name)! >= 0, name)
  }
  metrics.close()
})

describe('histogram', () => {
  test('a value on a bound belongs to it, one above all to +Inf; a clock set back counts as 0', () => {
    const h = new Histogram([1, 2])
    for (const value of [1, 2, 3, -5, Number.NaN]) h.observe(value)
    const samples = [...h.samples({})].map((s) => s.value)
    assert.deepEqual(samples, [3, 4, 5, 6, 5])
  })
})

test('counting a request and its attempt costs little', () => {
  const metrics = metricsAt()
  const records = Array.from({ length: 64 }, (_, n) =>
    callRecord({ servedModel: `model-${n % 20}`, attempts: [attemptRecord({ accountId: `a${n % 10}` })] }),
  )
  const round = () => {
    for (const record of records) {
      metrics.record(record)
      metrics.attempt(record.attempts[0]!)
    }
  }
  for (let n = 0; n < 300; n++) round()
  let best = Infinity
  for (let n = 0; n < 20; n++) {
    const before = performance.now()
    for (let m = 0; m < 20; m++) round()
    best = Math.min(best, ((performance.now() - before) * 1000) / (20 * records.length))
  }
  assert.ok(best < 2, `${best.toFixed(2)} µs`)
})
