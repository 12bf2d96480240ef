import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { CallRecord, GatewayEvents } from '../gateway/events.ts'
import { createBehind, createMemoryStore } from '../store/index.ts'
import { createPrices } from './prices.ts'
import { attemptRecord, callRecord } from './testing/fixture.ts'
import { createUsage, type UsageConfig } from './usage.ts'
import { keepBodies, keptBodies } from './usage-bodies.ts'
import { csvCell, exportUsage } from './usage-export.ts'
import { readDetail, usageRows } from './usage-rows.ts'

const CONFIG: UsageConfig = {
  'usage-statistics-enabled': true,
  usage: { 'keep-days': 30, 'max-rows': 1_000, prices: {} },
}
const DAY = 86_400_000
const failure = { kind: 'rate-limited', status: 429, scope: 'account', message: 'slow down', retryAfter: 7 } as const
const scrub = (text: string) => text.replaceAll('sk-secret', '***')
const context = { prices: createPrices(), subscription: (id: string) => id.startsWith('claude'), scrub }

function events() {
  const listeners = new Map<string, Set<(...args: never[]) => void>>()
  return {
    on(event: string, listener: (...args: never[]) => void) {
      const set = listeners.get(event) ?? new Set()
      listeners.set(event, set.add(listener))
      return () => set.delete(listener)
    },
    end(record: CallRecord) {
      for (const listener of listeners.get('end') ?? []) (listener as GatewayEvents['end'])(record)
    },
    count: (event: string) => listeners.get(event)?.size ?? 0,
  }
}

function house(config = CONFIG, now = () => 40 * DAY) {
  const store = createMemoryStore()
  const behind = createBehind({ store })
  const source = events()
  const usage = createUsage({ config, store, behind, subscription: () => false, scrub: (t) => t, now, pruneMs: 10 })
  usage.attach(source as never)
  return { store, behind, source, usage }
}

describe('rows of a call', () => {
  it('are one for each attempt, and the last one stands for the call', () => {
    const first = attemptRecord({ accountId: 'codex-1', startedAt: 1010, endedAt: 1100, status: 429, failure })
    const rows = usageRows(
      callRecord({ id: 'req_1', attempts: [first, attemptRecord()], dropped: ['stop', 'top_k'] }),
      context,
    )
    assert.deepEqual(
      rows.map((r) => [r.id, r.final, r.account, r.status, r.failure, r.latencyMs]),
      [
        ['req_1/0', 0, 'codex-1', 429, 'rate-limited', 90],
        ['req_1/1', 1, 'claude:1a2b', 200, '', 1234],
      ],
    )
    const call = rows[1]!
    assert.deepEqual(
      [call.inputTokens, call.cacheReadTokens, call.cacheWriteTokens, call.outputTokens, call.reasoningTokens],
      [10, 2000, 30, 400, 100],
    )
    assert.deepEqual([call.firstEventMs, call.dropped, call.costMicros], [400, 'stop,top_k', 6743])
  })

  it('hold the timeline, why each account was taken, and where the price is from', () => {
    const first = attemptRecord({ accountLabel: 'work', startedAt: 1010, endedAt: 1100, status: 429, failure })
    const [, call] = usageRows(callRecord({ attempts: [first, attemptRecord()], reason: 'looks like code' }), context)
    const detail = readDetail(call!.detail)!
    assert.deepEqual(detail.attempts[0], {
      account: 'claude:1a2b',
      label: 'work',
      provider: 'claude',
      model: 'claude-sonnet-4-6',
      start: 10,
      end: 100,
      status: 429,
      why: 'next in turn',
      failure: { kind: 'rate-limited', scope: 'account', message: 'slow down', retryAfter: 7 },
    })
    assert.equal(detail.reason, 'looks like code')
    assert.deepEqual(detail.price, { family: 'claude-sonnet-4-6', asOf: '2026-10-24', subscription: true })
    assert.equal(readDetail('{"broken'), undefined)
  })

  it('of a call that nobody was asked for are one, with an unknown cost left out', () => {
    const refused = callRecord({
      attempts: [],
      status: 404,
      servedModel: '',
      usage: undefined,
      firstEventAt: undefined,
    })
    assert.equal(usageRows({ ...refused, failure }, context).length, 1)
    const odd = usageRows(callRecord({ attempts: [attemptRecord({ model: 'who-knows' })] }), context)[0]!
    assert.ok(!('costMicros' in odd))
  })

  it('hold a detail that is the JSON of what was said, whatever the names are', () => {
    const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 210 }), fc.constantFrom('"', '\\', '\0', '\ud800', ''))
    fc.assert(
      fc.property(
        name,
        name,
        name,
        fc.nat(3),
        fc.boolean(),
        fc.option(name),
        (label, provider, why, tries, stream, reason) => {
          const attempts = Array.from({ length: tries }, (_, n) => {
            const failed = n < tries - 1 ? { failure: { ...failure, message: label } } : {}
            return attemptRecord({ accountLabel: label, provider, why, ...failed })
          })
          const record = callRecord({ attempts, stream, ...(reason !== null && { reason }) })
          const row = usageRows(record, { ...context, scrub: (text) => text }).at(-1)!
          const detail = readDetail(row.detail)!
          assert.equal(JSON.stringify(detail), row.detail)
          assert.deepEqual(
            detail.attempts.map((a) => [a.label, a.provider, a.why, a.failure?.message]),
            attempts.map((a) => [label, provider, why, a.failure?.message]),
          )
          assert.deepEqual([detail.stream, detail.reason], [stream, reason ?? undefined])
        },
      ),
    )
  })

  it('hold no secret, wherever a client or a vendor puts one', () => {
    const leaks = { ...failure, message: 'not sk-secret', code: 'sk-secret' }
    const attempts = [attemptRecord({ failure: leaks }), attemptRecord({ failure: leaks })]
    const over = { attempts, failure: leaks, requestedModel: 'sk-secret', dropped: ['sk-secret'], reason: 'sk-secret' }
    const rows = usageRows(callRecord(over), context)
    assert.equal(rows.length, 2)
    assert.ok(!JSON.stringify(rows).includes('sk-secret'))
  })

  it('bear what vendors and clients make up: sizes, odd numbers, long names', () => {
    const usage = { input: Number.NaN, cacheRead: -5, cacheWrite: 1.6, output: Infinity, reasoning: 0 }
    const row = usageRows(callRecord({ usage, requestedModel: 'm'.repeat(10_000) }), context)[0]!
    assert.deepEqual([row.inputTokens, row.cacheReadTokens, row.cacheWriteTokens, row.outputTokens], [0, 0, 2, 0])
    assert.equal(row.requestedModel.length, 200)
  })
})

describe('usage', () => {
  it('is recorded behind, and not what was barred', async () => {
    const { store, behind, source } = house()
    source.end(callRecord({ id: 'a' }))
    source.end(callRecord({ id: 'b', barred: true }))
    await behind.flush()
    assert.deepEqual(
      (await store.usage.list({}, 10)).map((r) => r.id),
      ['a/0'],
    )
  })

  it('is not recorded when it is switched off, from the next call on', async () => {
    const { store, behind, source, usage } = house()
    source.end(callRecord({ id: 'a' }))
    usage.update({ ...CONFIG, 'usage-statistics-enabled': false })
    source.end(callRecord({ id: 'b' }))
    await behind.flush()
    assert.deepEqual([(await store.usage.list({}, 10)).length, usage.recording], [1, false])
    assert.equal(usage.live.endpoints()[0]!.requests, 2, 'what is only in memory goes on')
  })

  it('is pruned by age and by number', async () => {
    const { store, behind, source, usage } = house({ ...CONFIG, usage: { ...CONFIG.usage, 'max-rows': 2 } })
    for (const [i, day] of [1, 9.99, 10, 39, 39.5, 40].entries())
      source.end(callRecord({ id: `r${i}`, startedAt: day * DAY }))
    await behind.flush()
    assert.equal(await usage.prune(), 4)
    assert.deepEqual(
      (await store.usage.list({}, 10)).map((r) => r.id),
      ['r5/0', 'r4/0'],
    )
  })

  it('is pruned by itself, and stops when it is closed', async () => {
    const { store, behind, source, usage } = house()
    source.end(callRecord({ id: 'old', startedAt: 1 }))
    await behind.flush()
    for (let i = 0; i < 100 && (await store.usage.list({}, 1)).length > 0; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(await store.usage.list({}, 1), [])
    usage.close()
    assert.deepEqual([source.count('end'), source.count('kept')], [0, 0])
  })

  it('is wiped with what still waits, and with kept bodies', async () => {
    const { store, source, usage } = house()
    await store.documents.put([{ kind: 'body', id: 'a', value: '{}', updatedAt: 1 }])
    source.end(callRecord({ id: 'a', startedAt: 40 * DAY }))
    assert.equal(await usage.wipe(), 1)
    assert.deepEqual([await store.usage.list({}, 1), await store.documents.all('body', 0)], [[], []])
  })
})

describe('an export', () => {
  const rows = async (...names: string[]) => {
    const { store, behind, source } = house()
    for (const [i, requestedModel] of names.entries())
      source.end(callRecord({ id: `r${i}`, startedAt: 40 * DAY + i, requestedModel }))
    await behind.flush()
    return store
  }
  const whole = async (pieces: AsyncGenerator<string>) => {
    let text = ''
    for await (const piece of pieces) text += piece
    return text
  }

  it('is CSV in which no cell is a formula', async () => {
    const evil = ["=cmd|' /C calc'!A0", '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '=1,2"3']
    const store = await rows(...evil)
    const text = await whole(exportUsage(store.usage, {}, 'csv'))
    const lines = text.split('\r\n')
    assert.equal(lines.length, evil.length + 2)
    assert.match(lines[0]!, /^id,at,clientKey,/)
    for (const name of evil) assert.ok(text.includes(csvCell(name)), name)
    for (const name of evil) assert.match(csvCell(name), /^"?'/)
    assert.equal(csvCell('=1,2"3'), '"\'=1,2""3"')
    assert.equal(csvCell('claude-opus-4-6'), 'claude-opus-4-6')
    assert.deepEqual([csvCell(-3), csvCell(undefined), csvCell('a "b"')], ['-3', '', '"a ""b"""'])
  })

  it('is JSON with details, in pages, without a gap or a double', async () => {
    const store = await rows(...Array.from({ length: 1_203 }, (_, i) => `m${i}`))
    const parsed = JSON.parse(await whole(exportUsage(store.usage, {}, 'json'))) as { id: string; detail: object }[]
    assert.equal(new Set(parsed.map((r) => r.id)).size, 1_203)
    assert.equal(typeof parsed[0]!.detail, 'object')
    assert.deepEqual(JSON.parse(await whole(exportUsage(store.usage, { from: 99 * DAY }, 'json'))), [])
  })
})

describe('bodies', () => {
  const exchange = (id: string, text: string) => ({
    record: callRecord({ id, bytesOut: 9 }),
    keepMs: 1_000,
    request: Buffer.from(text),
    response: Buffer.from('an answer'),
  })

  it('are kept without secrets, bounded, until their time is over', async () => {
    const store = createMemoryStore()
    const keeper = keepBodies({ store, scrub, now: () => 5_000 })
    keeper.keep(exchange('req_1', `sk-secret ${'x'.repeat(400_000)}`))
    const kept = (await keptBodies(store, 'req_1', 5_000))!
    assert.ok(kept.request.startsWith('*** xxx'))
    assert.ok(kept.request.length < 262_145)
    assert.deepEqual([kept.response, kept.requestBytes, kept.until], ['an answer', 400_010, 6_000])
    assert.equal(await keptBodies(store, 'req_1', 6_000), undefined)
  })

  it('are given up and counted when the store is down or slow, and hold no memory', async () => {
    let release: (error: Error) => void = () => {}
    const stuck = new Promise<never>((_, reject) => {
      release = reject
    })
    const store = { documents: { put: () => stuck } } as never
    const troubles: string[] = []
    const keeper = keepBodies({ store, scrub: (t) => t, now: () => 0, trouble: (e) => troubles.push(e.message) })
    for (let i = 0; i < 40; i += 1) keeper.keep(exchange(`r${i}`, 'x'))
    assert.equal(keeper.lost, 8)
    release(new Error('gone'))
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual([keeper.lost, troubles.length], [40, 32])
  })
})
