/** /metrics is read by a strict reader, whatever names clients, accounts and vendors have. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createClientKeys } from '../src/accounts/client-keys.ts'
import type { CallRecord } from '../src/gateway/events.ts'
import { createBehind, createMemoryStore } from '../src/store/index.ts'
import { addAccountMetrics } from '../src/telemetry/account-metrics.ts'
import { createMetrics } from '../src/telemetry/index.ts'
import { attemptRecord, callRecord } from '../src/telemetry/testing/fixture.ts'
import { createUsage } from '../src/telemetry/usage.ts'
import { parsePrometheus, sumOf } from './support/prometheus.ts'

const HOSTILE = [
  'plain',
  'with "quotes"',
  'back\\slash',
  'line\nbreak',
  'carriage\rreturn',
  '\ud800 half',
  'ünï 🙂',
  '{}',
  '',
  'a'.repeat(5_000),
]

function house(accounts: readonly string[], windows: readonly string[] = []) {
  let listener: (record: CallRecord) => void = () => {}
  const events = {
    on(event: string, heard: never) {
      if (event === 'end') listener = heard
      return () => {}
    },
  }
  const store = createMemoryStore()
  const metrics = createMetrics({ version: '1', now: () => 5_000, startedAt: 0 })
  const usage = createUsage({
    config: { 'usage-statistics-enabled': false, usage: { 'keep-days': 1, 'max-rows': 1_000, prices: {} } },
    store,
    behind: createBehind({ store }),
    subscription: () => false,
    scrub: (text) => text,
  })
  const keys = createClientKeys({
    config: HOSTILE.map((name, i) => ({ name, key: `key-number-${i}`, limits: { 'requests-per-minute': 1 } })),
  })
  const version = { now: 1 }
  addAccountMetrics(events as never, {
    metrics,
    usage,
    keys,
    accounts: () => accounts.map((label, i) => ({ id: `id-${i}`, label, provider: 'claude' })),
    logins: () =>
      HOSTILE.slice(0, 3).map((label, i) => ({
        id: `id-${i}`,
        provider: label,
        version: version.now,
        facts: { label, disabled: false, state: { is: i === 0 ? 'needs-login' : 'ready' } },
      })) as never,
    quota: () => ({ at: 1, windows: windows.map((id) => ({ id, title: id, used: 0.5, resetsAt: 1_000 })) }),
    alerts: () => [{ id: 'x', kind: 'quota', level: 'warning', title: '', words: '', parts: [], since: 1 }],
  })
  const end = (record: CallRecord) => {
    metrics.record(record)
    for (const attempt of record.attempts) metrics.attempt(attempt)
    listener(record)
  }
  return { metrics, keys, end, version, families: () => parsePrometheus(metrics.render()) }
}

describe('/metrics', () => {
  test('is read by a strict reader with the oddest names', () => {
    const { end, keys, families, version } = house(HOSTILE, HOSTILE)
    for (const [i, name] of HOSTILE.entries()) {
      const attempts = [attemptRecord({ accountId: `id-${i}`, accountLabel: name, provider: name, model: name })]
      end(
        callRecord({
          client: name,
          servedModel: name,
          provider: name,
          accountId: `id-${i}`,
          attempts,
          dropped: [name],
        }),
      )
      const found = keys.find(`key-number-${i}`)
      assert.ok(found !== undefined && 'holder' in found)
      for (let n = 0; n < 3; n += 1) found.holder.begin()
    }
    version.now = 3
    const all = families()
    assert.equal(sumOf(all, 'logicaproxy_key_refusals_total'), HOSTILE.length * 2)
    assert.equal(sumOf(all, 'logicaproxy_account_tokens_total', { type: 'output' }), 400 * HOSTILE.length)
    assert.equal(sumOf(all, 'logicaproxy_token_renewals_total'), 6)
    assert.equal(sumOf(all, 'logicaproxy_logins_needing_attention'), 1)
    assert.equal(sumOf(all, 'logicaproxy_alerts', { kind: 'quota', level: 'warning' }), 1)
    assert.ok(sumOf(all, 'logicaproxy_account_quota_used_ratio') > 0)
    assert.equal(sumOf(all, 'logicaproxy_unpriced_requests_total'), HOSTILE.length)
  })

  test('has a bounded number of series, whatever clients ask for', () => {
    const { end, families, metrics } = house(
      Array.from({ length: 3_000 }, (_, i) => `account ${i}`),
      ['5h', '7d'],
    )
    for (let i = 0; i < 5_000; i += 1) {
      const attempts = [attemptRecord({ accountId: `id-${i}`, accountLabel: `a${i}`, model: `m${i}` })]
      end(
        callRecord({ client: `client ${i}`, servedModel: `m${i}`, accountId: `id-${i}`, endpoint: `/${i}`, attempts }),
      )
    }
    const all = families()
    for (const { name, samples } of all.values()) assert.ok(samples.length <= 2_600, `${name}: ${samples.length}`)
    assert.equal(sumOf(all, 'logicaproxy_key_requests_total'), 5_000)
    assert.equal(sumOf(all, 'logicaproxy_account_tokens_total', { type: 'input' }), 50_000)
    assert.ok(metrics.render().length < 2_000_000)
  })

  test('the reader is strict: it takes none of these', () => {
    const head = '# TYPE a counter\n'
    for (const wrong of [
      'a 1\n',
      `${head}a 1`,
      `${head}a -1\n`,
      `${head}b 1\n`,
      `${head}a{x="1",x="2"} 1\n`,
      `${head}a{x="1"} 1\na{x="1"} 2\n`,
      `${head}a{x="\\t"} 1\n`,
      `${head}a{x=1} 1\n`,
      `${head}a one\n`,
      `${head}a 1\n# TYPE a counter\n`,
      `${head}a 1\n# TYPE b gauge\nb 1\n# HELP a again\n`,
      '# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
      '# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n',
    ])
      assert.throws(() => parsePrometheus(wrong), Error, wrong)
    assert.equal(sumOf(parsePrometheus(`${head}a{x="\\"\\\\\\n"} 1e3 1700000000000\n`), 'a', { x: '"\\\n' }), 1_000)
  })
})
