import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { UsageColumn, UsageFilter, UsageRow, UsageTotals } from './store.ts'
import { ENGINES } from './testing/engines.ts'
import { usageRow } from './testing/rows.ts'

/** What the store has to do, said naively. */
const model = {
  keeps: (filter: UsageFilter) => (row: UsageRow) =>
    row.at >= (filter.from ?? 0) &&
    row.at < (filter.to ?? Number.POSITIVE_INFINITY) &&
    (filter.attempts === 'all' || row.final === 1) &&
    Object.entries(filter.where ?? {}).every(([column, value]) => row[column as UsageColumn] === value),
  newestFirst: (a: UsageRow, b: UsageRow) => b.at - a.at || (a.id < b.id ? 1 : -1),
  totals(rows: readonly UsageRow[], by: readonly UsageColumn[], bucketMs?: number): UsageTotals[] {
    const groups = new Map<string, UsageTotals>()
    const sum = (n: number | undefined) => n ?? 0
    for (const row of rows) {
      const bucket = bucketMs === undefined ? {} : { bucket: Math.floor(row.at / bucketMs) * bucketMs }
      const key = { ...bucket, ...Object.fromEntries(by.map((column) => [column, row[column]])) }
      const name = JSON.stringify(key)
      const total = groups.get(name) ?? { key, ...ZERO }
      total.requests += 1
      total.errors += row.failure !== 'cancelled' && (row.failure !== '' || row.status >= 400) ? 1 : 0
      total.latencyMsSum += row.latencyMs
      total.inputTokens += sum(row.inputTokens)
      total.cacheReadTokens += sum(row.cacheReadTokens)
      total.cacheWriteTokens += sum(row.cacheWriteTokens)
      total.outputTokens += sum(row.outputTokens)
      total.reasoningTokens += sum(row.reasoningTokens)
      total.costMicros += sum(row.costMicros)
      total.unpriced += row.costMicros === undefined ? 1 : 0
      groups.set(name, total)
    }
    return [...groups.values()]
  },
}
const ZERO: Omit<UsageTotals, 'key'> = {
  requests: 0,
  errors: 0,
  latencyMsSum: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costMicros: 0,
  unpriced: 0,
}

const word = fc.constantFrom('a', 'b', 'B', 'ä', '')
const count = fc.option(fc.nat(1_000_000), { nil: undefined })
const someRow = fc.record({
  at: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_020_000 }),
  clientKey: word,
  requestedModel: word,
  provider: word,
  account: word,
  status: fc.constantFrom(200, 429, 500),
  failure: fc.constantFrom('', '', 'rate-limited', 'cancelled'),
  final: fc.constantFrom(0, 1, 1),
  latencyMs: fc.nat(100_000),
  firstEventMs: count,
  inputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  outputTokens: count,
  reasoningTokens: count,
  costMicros: fc.option(fc.nat(2 ** 40), { nil: undefined }),
  dropped: fc.string(),
  detail: fc.constantFrom('', '{"why":"affinity"}'),
})
const column = fc.constantFrom<UsageColumn>('clientKey', 'requestedModel', 'provider', 'account', 'status', 'failure')
const time = fc.option(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_020_000 }), { nil: undefined })
const someFilter: fc.Arbitrary<UsageFilter> = fc.record({
  from: time,
  to: time,
  where: fc.record({ clientKey: word, status: fc.constantFrom(200, 500) }, { requiredKeys: [] }),
  attempts: fc.constantFrom<UsageFilter['attempts']>('final', 'all', undefined),
})

/** Without what is undefined, as rows come back. */
const plain = <T extends object>(row: T): T =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as T
const sorted = (totals: readonly UsageTotals[]) =>
  totals.map((one) => JSON.stringify(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))).sort()
const noNul = (text: string) => text.replaceAll('\0', '\uFFFD')

for (const { name, fresh } of ENGINES) {
  describe(`usage (${name})`, () => {
    it('lists and adds up as a naive model does', async () => {
      const { usage } = await fresh()
      await fc.assert(
        fc.asyncProperty(
          fc.array(someRow, { maxLength: 80 }),
          someFilter,
          fc.uniqueArray(column, { maxLength: 3 }),
          fc.constantFrom(undefined, 1, 1000, 3600_000),
          fc.integer({ min: 1, max: 7 }),
          async (some, filter, by, bucketMs, limit) => {
            await usage.wipe()
            const rows = some.map((row, i) => usageRow(`req_${i}/0`, row.at, { ...row, dropped: noNul(row.dropped) }))
            await usage.append(rows)
            const wanted = rows.filter(model.keeps(filter)).sort(model.newestFirst).map(plain)
            assert.deepEqual(await usage.list(filter, 1000), wanted)
            assert.deepEqual(await usage.list(filter, limit), wanted.slice(0, limit))
            const last = wanted[limit - 1]
            if (last) assert.deepEqual(await usage.list(filter, limit, last), wanted.slice(limit, 2 * limit))
            if (by.length > 0 || bucketMs !== undefined)
              assert.deepEqual(
                sorted(await usage.totals(filter, by, bucketMs)),
                sorted(model.totals(wanted, by, bucketMs)),
              )
            const [all, ...none] = await usage.totals(filter, [])
            assert.deepEqual(all, model.totals(wanted, [])[0] ?? { key: {}, ...ZERO })
            assert.deepEqual(none, [])
          },
        ),
        { numRuns: 60 },
      )
    })

    it('keeps each text in its own column, those with NUL or beyond latin1, too, and what is absent absent', async () => {
      const { usage } = await fresh()
      const odd = usageRow('req_1/0', 5, {
        requestedModel: 'a\0b',
        servedModel: '模型 ✓',
        dropped: '\0',
        detail: '{"ü":1}',
      })
      const bare = usageRow('req_2/0', 6, { inputTokens: 0 })
      await usage.append([odd, bare])
      const [second, first] = await usage.list({}, 10)
      assert.deepEqual(first, plain({ ...odd, requestedModel: noNul('a\0b'), dropped: noNul('\0') }))
      assert.deepEqual(second, plain(bare))
    })

    it('keeps the first of two rows with one id, so that a batch of unknown fate may be sent again', async () => {
      const { usage } = await fresh()
      await usage.append([usageRow('req_1/0', 5), usageRow('req_2/0', 6)])
      await usage.append([usageRow('req_2/0', 6, { status: 500 }), usageRow('req_3/0', 7, { detail: '{}' })])
      await usage.append([])
      assert.deepEqual(
        (await usage.list({}, 10)).map((row) => [row.id, row.status]),
        [
          ['req_3/0', 200],
          ['req_2/0', 200],
          ['req_1/0', 200],
        ],
      )
    })

    it("gives the attempts of one call, and nobody else's", async () => {
      const { usage } = await fresh()
      await usage.append([
        usageRow('req_a/1', 2),
        usageRow('req_a/0', 1, { final: 0, failure: 'overloaded', detail: '{"x":1}' }),
        usageRow('req_ab/0', 1),
        usageRow('req_a0', 1),
        usageRow('req_a', 3),
      ])
      assert.deepEqual(
        (await usage.get('req_a')).map(({ id }) => id),
        ['req_a/0', 'req_a/1', 'req_a'],
      )
      assert.deepEqual(
        (await usage.get('req_a/0')).map(({ id, detail }) => [id, detail]),
        [['req_a/0', '{"x":1}']],
      )
      assert.deepEqual(await usage.get('req'), [])
    })

    it('drops what is too old, then the oldest of too many', async () => {
      const { usage } = await fresh()
      await usage.append(Array.from({ length: 500 }, (_, i) => usageRow(`r${i}`, i, { detail: '{}' })))
      assert.equal(await usage.prune(100, 1_000), 100)
      assert.equal(await usage.prune(100, 50), 350)
      assert.deepEqual(
        (await usage.list({}, 1_000)).map(({ at }) => at),
        Array.from({ length: 50 }, (_, i) => 499 - i),
      )
      assert.equal(await usage.wipe(), 50)
      assert.deepEqual(await usage.list({}, 10), [])
    })

    it('groups by known columns and whole buckets only: nothing of the caller gets into SQL', async () => {
      const { usage } = await fresh()
      await assert.rejects(usage.totals({}, ['1; DROP TABLE lp_usage' as UsageColumn]), RangeError)
      await assert.rejects(usage.totals({}, ['constructor' as UsageColumn]), RangeError)
      await assert.rejects(usage.totals({}, [], 0.5), RangeError)
      await usage.append([usageRow('a', 1)])
      assert.deepEqual(await usage.list({ where: { status: "1' OR 1=1" } }, 5), [])
      assert.deepEqual(await usage.list({ where: { account: "x' OR '1'='1" } }, 5), [])
      assert.deepEqual(await usage.list({ where: { "1=1 OR '": 'x' } as object }, 5).then((rows) => rows.length), 1)
    })
  })
}
