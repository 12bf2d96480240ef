/**
 * The numbers of the store, of /metrics, of memory, of the page's answers and of the upstreams are the same (the words are
 * those of telemetry/outcome.ts), and outlive a restart.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createGateway, type RunningGateway } from '../src/index.ts'
import { createSimulator, parseFault, type Simulator } from '../src/simulator/index.ts'
import { openStore } from '../src/store/index.ts'
import type { Store, UsageTotals } from '../src/store/store.ts'
import { accounts, anthropic, ask, chat, dialects, gemini, post, responses } from './support/dialects.ts'
import { type Family, parsePrometheus, sumOf } from './support/prometheus.ts'
import { CLIENT_KEY } from './support/start.ts'
import { temporary } from './support-process.ts'

const REQUESTS = 10_000
const AT_ONCE = 40
const KEYS = ['upstream-key-a', 'upstream-key-b']
const LONG = [{ type: 'text', text: 'long '.repeat(2_000), cache_control: { type: 'ephemeral' } }]
const OTHER_KEY = 'another-client-key-1'
/** A key made at run time, and revoked before the requests come. */
let REVOKED_KEY = ''

const dir = temporary()
let simulator: Simulator
let gateway: RunningGateway
let url = ''
/** Accounts as /metrics names them. */
const labelsOf = new Map<string, Record<string, string>>()
const ADMIN = 'numbers-admin-token-0123456789abcdef'
const config = () => ({
  port: 0,
  'remote-management': { 'secret-key': ADMIN },
  'auth-dir': dir.path,
  'api-keys': [
    { name: 'first', key: CLIENT_KEY },
    { name: 'second', key: OTHER_KEY, models: ['gpt-*'] },
  ],
  'request-retry': 1,
  'disable-cooling': true,
  ...accounts(anthropic, simulator.url, KEYS),
  ...accounts(chat, simulator.url, KEYS),
  ...accounts(gemini, simulator.url, KEYS),
})

async function metrics(): Promise<Map<string, Family>> {
  const response = await fetch(`${url}/metrics`)
  return parsePrometheus(await response.text())
}

async function managed<T>(path: string): Promise<T> {
  const response = await fetch(`${url}/v0/management/${path}`, { headers: { authorization: `Bearer ${ADMIN}` } })
  assert.equal(response.status, 200, path)
  return (await response.json()) as T
}

/** What a page shows of the same time: the overview, the live chart, the endpoints, the usage table, the list of calls. */
interface Shown {
  overview: { requests: number; errors: number; refused: number; inputTokens: number; outputTokens: number }
  live: { requests: number; errors: number; refused?: number }[]
  endpoints: { requests: number; errors: number }[]
  table: { requests: number; errors: number }
}

async function shown(): Promise<Shown> {
  // The table is the store's: what has ended is there after a moment.
  let table = { requests: 0, errors: 0 }
  for (let i = 0; i < 100; i += 1) {
    const { sum } = await managed<{ sum: Shown['table'] }>('usage/totals')
    if (sum.requests === table.requests && sum.requests > 0) break
    table = sum
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  const { totals } = await managed<{ totals: Shown['overview'] }>('status')
  const { points } = await managed<{ points: Shown['live'] }>('series?window=3600')
  const { endpoints } = await managed<{ endpoints: Shown['endpoints'] }>('endpoints')
  return { overview: totals, live: points, endpoints, table }
}

/** The rows, once all that waits is written. */
async function stored<T>(read: (store: Store) => Promise<T>): Promise<T> {
  await gateway.close({ drainMs: 1_000 })
  const store = await openStore({ engine: 'sqlite', directory: dir.path })
  try {
    return await read(store)
  } finally {
    await store.close()
  }
}

const total = (rows: readonly UsageTotals[], field: Exclude<keyof UsageTotals, 'key'>) =>
  rows.reduce((sum, row) => sum + row[field], 0)

before(async () => {
  simulator = await createSimulator()
  gateway = await createGateway({ config: config() })
  gateway.on('attempt', ({ accountId, accountLabel, provider }) => {
    labelsOf.set(accountId, { account: accountLabel, provider })
  })
  url = (await gateway.listen()).url
  const made = await gateway.keys.create({ name: 'gone' })
  REVOKED_KEY = made.key
  await gateway.keys.revoke(made.record.id)
})
after(async () => {
  await gateway.close({ drainMs: 0 })
  await simulator.close()
  dir[Symbol.dispose]()
})

describe('after 10,000 mixed requests', () => {
  let families: Map<string, Family>
  /** Turned away at the door. */
  let refused = 0
  let page: Shown

  before(async () => {
    // One upstream key of each vendor fails now and then: the other one takes over.
    for (const key of KEYS.slice(0, 1))
      simulator.script(
        key,
        Array.from({ length: 2_000 }, (_, i) => parseFault(i % 5 === 0 ? '503' : 'none')),
      )
    const bearer = { authorization: `Bearer ${OTHER_KEY}` }
    const kinds: ((i: number) => Promise<{ status: number }>)[] = [
      ...dialects.flatMap((dialect) => [
        (i: number) => ask({ url }, dialect, { text: `question ${i}` }),
        (i: number) => ask({ url }, dialect, { text: `question ${i}`, stream: true }),
      ]),
      // A long prompt, so that caches are written and read.
      () => ask({ url }, anthropic, { extra: { system: LONG } }),
      (i) => ask({ url }, chat, { model: 'claude-sonnet-4-6', text: `translated ${i}`, stream: i % 2 === 0 }),
      (i) => ask({ url }, responses, { text: `as second ${i}`, headers: bearer }),
      () => ask({ url }, chat, { model: 'nobody-serves-this' }),
      () => ask({ url }, chat, { model: 'claude-sonnet-4-6', headers: bearer }),
      () => ask({ url }, chat, { extra: { temperature: 'hot' } }),
      () => post({ url }, anthropic, '/v1/messages', '{"model":', {}),
      () => post({ url }, anthropic, '/v1/messages/count_tokens', COUNT),
      () => ask({ url }, chat, { headers: { authorization: 'Bearer wrong' } }),
      () => ask({ url }, chat, { headers: { authorization: `Bearer ${REVOKED_KEY}` } }),
    ]
    const COUNT = JSON.stringify({ model: anthropic.model, messages: [{ role: 'user', content: 'how many' }] })
    let next = 0
    const worker = async () => {
      for (let i = next++; i < REQUESTS; i = next++) {
        const kind = i % kinds.length
        const { status } = await kinds[kind]!(i)
        if (kind >= kinds.length - 2) refused += 1
        assert.ok(status > 0)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    page = await shown()
    families = await metrics()
  })

  test('what was turned away at the door is no request, and counted by itself', () => {
    assert.ok(refused > 1_000)
    const reasons = (reason: string) => sumOf(families, 'logicaproxy_door_refusals_total', { reason })
    assert.equal(sumOf(families, 'logicaproxy_door_refusals_total'), refused)
    assert.equal(reasons('unauthorized'), refused)
    assert.equal(sumOf(families, 'logicaproxy_requests_total'), REQUESTS - refused)
    assert.equal(page.overview.refused, refused)
    assert.equal(
      page.live.reduce((sum, point) => sum + point.refused!, 0),
      refused,
    )
  })

  test('the overview, the live chart, the endpoints and the usage table show the same', () => {
    const errors = sumOf(families, 'logicaproxy_errors_total')
    assert.ok(errors > 1_000)
    const sums = (rows: { requests: number; errors: number }[]) => ({
      requests: rows.reduce((sum, row) => sum + row.requests, 0),
      errors: rows.reduce((sum, row) => sum + row.errors, 0),
    })
    for (const [name, rows] of Object.entries({
      overview: [page.overview],
      live: page.live,
      endpoints: page.endpoints,
      table: [page.table],
    }))
      assert.deepEqual(sums(rows), { requests: REQUESTS - refused, errors }, name)
    assert.equal(sumOf(families, 'logicaproxy_endpoint_requests_total'), REQUESTS - refused)
    assert.equal(sumOf(families, 'logicaproxy_endpoint_errors_total'), errors)
    assert.equal(sumOf(families, 'logicaproxy_request_duration_seconds', { le: '+Inf' }), REQUESTS - refused)
    assert.equal(sumOf(families, 'logicaproxy_model_requests_total'), REQUESTS - refused)
    assert.equal(sumOf(families, 'logicaproxy_key_requests_total'), REQUESTS - refused)
  })

  let byKey: UsageTotals[]

  test('the store has every request, and the upstreams saw every attempt', async () => {
    await stored(async ({ usage }) => {
      const [calls, tries, models, tokens] = await Promise.all([
        usage.totals({}, []),
        usage.totals({ attempts: 'all' }, ['account']),
        usage.totals({}, ['servedModel', 'provider']),
        usage.totals({}, ['account']),
      ])
      byKey = await usage.totals({}, ['clientKey'])
      assert.equal(total(calls, 'requests'), REQUESTS - refused)
      assert.equal(total(calls, 'errors'), sumOf(families, 'logicaproxy_errors_total'))

      // Attempts: ours, as /metrics counts them, and as the upstreams saw them.
      const real = tries.filter((row) => row.key.account !== '')
      assert.equal(total(real, 'requests'), sumOf(families, 'logicaproxy_attempts_total'))
      assert.equal(total(real, 'requests'), simulator.attempts().length)
      for (const row of real) {
        const labels = labelsOf.get(String(row.key.account))!
        assert.equal(row.requests, sumOf(families, 'logicaproxy_account_requests_total', labels), labels['account'])
      }
      assert.ok(sumOf(families, 'logicaproxy_failovers_total') > 100)

      // Tokens and money.
      for (const [field, type] of [
        ['inputTokens', 'input'],
        ['cacheReadTokens', 'cache_read'],
        ['cacheWriteTokens', 'cache_write'],
        ['outputTokens', 'output'],
        ['reasoningTokens', 'reasoning'],
      ] as const) {
        assert.equal(total(calls, field), sumOf(families, 'logicaproxy_tokens_total', { type }), type)
        assert.equal(total(tokens, field), sumOf(families, 'logicaproxy_account_tokens_total', { type }), type)
      }
      assert.ok(total(calls, 'cacheReadTokens') > 0 && total(calls, 'outputTokens') > 0)
      const micros = Math.round(sumOf(families, 'logicaproxy_cost_usd_total') * 1_000_000)
      assert.equal(total(models, 'costMicros'), micros)
      assert.ok(micros > 0)
      assert.equal(
        total(
          models.filter((row) => row.key.provider !== ''),
          'unpriced',
        ),
        sumOf(families, 'logicaproxy_unpriced_requests_total'),
      )
    })
  })

  test('each client key has its own', () => {
    for (const row of byKey)
      assert.equal(row.requests, sumOf(families, 'logicaproxy_key_requests_total', { key: String(row.key.clientKey) }))
    assert.deepEqual(byKey.map((row) => row.key.clientKey).sort(), ['first', 'second'])
  })

  test('a restart keeps all of it, and goes on from there', async () => {
    gateway = await createGateway({ config: config() })
    url = (await gateway.listen()).url
    await ask({ url }, anthropic, { text: 'one more' })
    const [second] = gateway.keys.records().filter(({ name }) => name === 'second')
    assert.equal(second!.used.requestsThisMonth, byKey.find((row) => row.key.clientKey === 'second')!.requests)
    await stored(async ({ usage }) => {
      assert.equal(total(await usage.totals({}, []), 'requests'), REQUESTS - refused + 1)
    })
  })
})
