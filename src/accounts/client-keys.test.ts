import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { hashClientKey } from '../config/first-run.ts'
import type { Failure } from '../hub/failure.ts'
import { createBehind, createMemoryStore, openStore } from '../store/index.ts'
import type { Store } from '../store/store.ts'
import { usageRow } from '../store/testing/rows.ts'
import { type ClientKeys, createClientKeys, KeyError, type KeyHolder } from './client-keys.ts'

const START = Date.UTC(2026, 10, 22, 17, 10, 0)
const opened: (() => unknown)[] = []
after(async () => {
  for (const close of opened.reverse()) await close()
})

interface House {
  keys: ClientKeys
  store: Store
  clock: { now: number }
  behind: ReturnType<typeof createBehind>
}

async function house(
  over: { store?: Store; config?: Parameters<typeof createClientKeys>[0]['config']; cost?: number } = {},
): Promise<House> {
  const store = over.store ?? createMemoryStore()
  const clock = { now: START }
  const behind = createBehind({ store, everyMs: 5 })
  const keys = createClientKeys({
    config: over.config ?? [],
    store,
    behind,
    now: () => clock.now,
    cost: () => over.cost,
  })
  await keys.load()
  opened.push(() => keys.close())
  if (over.store === undefined) opened.push(() => store.close())
  return { keys, store, clock, behind }
}

function holder(keys: ClientKeys, key: string): KeyHolder {
  const found = keys.find(key)
  assert.ok(found !== undefined && 'holder' in found, 'the key is not taken')
  return found.holder
}

const begun = (h: KeyHolder) => {
  const leave = h.begin()
  assert.equal(typeof leave, 'function', 'kind' in leave ? leave.message : '')
  return leave as (call: { usage?: object }) => void
}
const refused = (h: KeyHolder): Failure => {
  const why = h.begin()
  assert.equal(typeof why, 'object')
  return why as Failure
}
const usage = (input: number, output = 0) => ({
  usage: { input, output, cacheRead: 9_999, cacheWrite: 0, reasoning: 0 },
})

/** Waits for what another process would see; the store looks five times a second. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !holds(); i += 1) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(holds())
}

describe('a key made at run time', () => {
  it('is shown once, stands in the store as a hash, and is taken from then on', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'logicaproxy-keys-'))
    const store = await openStore({ engine: 'sqlite', directory })
    opened.push(
      () => rmSync(directory, { recursive: true, force: true }),
      () => store.close(),
    )
    const { keys } = await house({ store })
    assert.equal(keys.open, true)
    const { key, record } = await keys.create({ name: 'laptop', models: ['claude-*'] })
    assert.match(key, /^lp-[A-Za-z0-9]{40}$/)
    assert.equal(keys.open, false)
    assert.equal(record.hint, `${key.slice(0, 7)}…`)
    const found = holder(keys, key)
    assert.equal(found.name, 'laptop')
    assert.deepEqual([found.allows('claude-opus-4-6'), found.allows('gpt-5')], [true, false])
    assert.equal(keys.find(`${key}x`), undefined)
    await store.check()
    for (const file of readdirSync(directory)) assert.ok(!readFileSync(join(directory, file)).includes(key), file)
    assert.ok(!JSON.stringify(keys.records()).includes(key))
  })

  it('is refused from the moment it is revoked, with words, also by whoever holds it already', async () => {
    const { keys } = await house()
    const { key, record } = await keys.create({ name: 'gone' })
    const held = holder(keys, key)
    await keys.revoke(record.id)
    assert.equal(keys.find(key), undefined)
    const why = refused(held)
    assert.deepEqual([why.status, why.kind], [401, 'unauthorized'])
    assert.match(why.message, /"gone" was revoked/)
    assert.equal(keys.open, false, 'that nobody has a key does not let everybody in')
  })

  it('is rotated: the old one is taken for the grace, then told what happened', async () => {
    const { keys, clock } = await house()
    const first = await keys.create({ name: 'phone' })
    const second = await keys.rotate(first.record.id, 60_000)
    assert.notEqual(second.key, first.key)
    assert.equal(second.record.graceUntil, START + 60_000)
    assert.equal(holder(keys, first.key), holder(keys, second.key))
    clock.now += 59_999
    assert.equal(holder(keys, first.key).name, 'phone')
    clock.now += 1
    const why = keys.find(first.key) as Failure
    assert.match(why.message, /replaced by a new one and is not taken since 2026-11-22T17:11:00Z/)
    assert.equal(holder(keys, second.key).name, 'phone')
    const third = await keys.rotate(first.record.id)
    assert.ok('kind' in keys.find(second.key)!, 'without a grace the old one ends at once')
    assert.equal(holder(keys, third.key).name, 'phone')
  })

  it('ends when its time comes, and when it is switched off', async () => {
    const { keys, clock } = await house()
    const { key, record } = await keys.create({ name: 'guest', expiresAt: START + 1_000 })
    const held = holder(keys, key)
    begun(held)({})
    clock.now += 1_000
    assert.match(held.ended()!.message, /expired at 2026-11-22T17:10:01Z/)
    await keys.change(record.id, { expiresAt: null })
    assert.equal(held.ended(), undefined)
    await keys.change(record.id, { enabled: false })
    assert.deepEqual([held.ended()?.status, held.ended()?.code], [403, 'key_disabled'])
  })

  it('changes its limits for the next request on', async () => {
    const { keys } = await house()
    const { key, record } = await keys.create({ name: 'ci', limits: { concurrency: 1, tokensPerDay: 5 } })
    const held = holder(keys, key)
    const leave = begun(held)
    assert.match(refused(held).message, /under way at once/)
    const changed = await keys.change(record.id, { limits: { concurrency: null } })
    assert.deepEqual(changed.limits, { tokensPerDay: 5 })
    begun(held)
    leave(usage(5) as never)
    assert.match(refused(held).message, /tokens a day/)
    assert.deepEqual((await keys.change(record.id, { limits: null })).limits, {})
  })

  it('keeps names apart and settings sane', async () => {
    const { keys } = await house({ config: [{ name: 'filed', key: 'a-key-of-the-file' }] })
    const { record } = await keys.create({ name: 'one' })
    const fails = async (code: KeyError['code'], work: () => Promise<unknown>) =>
      assert.rejects(work, (error) => error instanceof KeyError && error.code === code)
    await fails('taken', () => keys.create({ name: 'ONE' }))
    await fails('taken', () => keys.create({ name: 'filed' }))
    await fails('invalid', () => keys.create({ name: '' }))
    await fails('invalid', () => keys.create({ name: 'x', limits: { tokensPerDay: -1 } }))
    await fails('invalid', () => keys.create({ name: 'x', expiresAt: START }))
    await fails('invalid', () => keys.create({ name: 'x', models: [] }))
    await fails('unknown', () => keys.revoke('key-none'))
    const filed = keys.records().find((k) => k.source === 'config')!
    await fails('read-only', () => keys.revoke(filed.id))
    await fails('read-only', () => keys.change(filed.id, { enabled: false }))
    assert.equal((await keys.change(record.id, { note: 'for the printer' })).note, 'for the printer')
  })

  it('is not changed over the change of another process', async () => {
    const { keys, store } = await house()
    const { record } = await keys.create({ name: 'one' })
    const [row] = await store.documents.all('client-key', START)
    await store.documents.put([{ ...row!, value: row!.value.replace('"one"', '"two"') }])
    await assert.rejects(keys.change(record.id, { enabled: false }), { code: 'conflict' })
    assert.equal(keys.records()[0]!.name, 'two')
  })

  it('that cannot be read lets nobody in, and does not open the door', async () => {
    const { store } = await house()
    await store.documents.put([{ kind: 'client-key', id: 'key-x', value: '{"name":"x"', updatedAt: 1 }])
    const { keys } = await house({ store })
    assert.deepEqual([keys.records(), keys.open], [[], false])
  })
})

describe('another process on the same store', () => {
  it('takes new keys and refuses revoked ones within a second', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'logicaproxy-keys-'))
    const stores = await Promise.all([0, 1].map(() => openStore({ engine: 'sqlite', directory })))
    opened.push(
      () => rmSync(directory, { recursive: true, force: true }),
      ...stores.map((store) => () => store.close()),
    )
    const [here, there] = await Promise.all(stores.map((store) => house({ store })))
    const { key, record } = await here!.keys.create({ name: 'shared', limits: { tokensPerDay: 100 } })
    await until(() => there!.keys.find(key) !== undefined)
    // What is used there counts here.
    begun(holder(there!.keys, key))(usage(100) as never)
    await until(() => /tokens a day/.test(holder(here!.keys, key).refusal()?.message ?? ''))
    await here!.keys.revoke(record.id)
    await until(() => there!.keys.find(key) === undefined)
  })
})

describe('what a key has used', () => {
  it('is known after a restart, whether or not usage is recorded', async () => {
    const first = await house({ cost: 250 })
    const { key } = await first.keys.create({ name: 'laptop', limits: { tokensPerDay: 10, microsPerMonth: 600 } })
    for (const tokens of [4, 5]) begun(holder(first.keys, key))(usage(tokens) as never)
    first.keys.close()
    await first.behind.flush()
    const second = await house({ store: first.store })
    const held = holder(second.keys, key)
    const { used, lastUsedAt } = second.keys.records()[0]!
    assert.deepEqual([used.tokensToday, used.microsThisMonth, used.requestsThisMonth], [9, 500, 2])
    assert.equal(lastUsedAt, START)
    begun(held)(usage(1) as never)
    assert.match(refused(held).message, /tokens a day/)
  })

  it('is taken from the usage table where nothing else tells, the last minute included', async () => {
    const { store } = await house()
    const row = (id: string, at: number, tokens: number) =>
      usageRow(id, at, { clientKey: 'filed', inputTokens: tokens, outputTokens: 1, costMicros: 10 })
    const before = START - 3 * 86_400_000
    await store.usage.append([row('a/0', before, 5), row('b/0', START - 30_000, 2), row('c/0', START - 90_000, 3)])
    const config = [{ name: 'filed', key: 'a-key-of-the-file', limits: { 'requests-per-minute': 2 } }]
    const { keys } = await house({ store, config })
    const { used } = keys.records()[0]!
    assert.deepEqual([used.tokensToday, used.tokensThisMonth, used.microsThisMonth], [7, 13, 30])
    assert.deepEqual([used.requestsThisMinute, used.tokensThisMinute], [1, 3])
    begun(holder(keys, 'a-key-of-the-file'))
    assert.match(refused(holder(keys, 'a-key-of-the-file')).message, /requests? a minute/)
  })

  it('does not count what a cache gave back, nor a price nobody knows', async () => {
    const { keys } = await house({ cost: undefined })
    const { key } = await keys.create({ name: 'x', limits: { microsPerDay: 1 } })
    begun(holder(keys, key))(usage(3, 4) as never)
    const [record] = keys.records()
    assert.deepEqual([record!.used.tokensToday, record!.used.microsToday, record!.unpriced], [7, 0, 1])
  })
})

describe('a key of the config', () => {
  const key = 'a-key-of-the-file'

  it('has the same limits, in the words of the file', async () => {
    const limits = { 'requests-per-minute': 1, 'usd-per-month': 0.5, concurrent: 3 }
    const config = [{ name: 'filed', key: hashClientKey(key), models: ['a*'], limits, expires: START + 5 }]
    const { keys, clock } = await house({ config })
    const [record] = keys.records()
    assert.deepEqual(record!.limits, { requestsPerMinute: 1, microsPerMonth: 500_000, concurrency: 3 })
    begun(holder(keys, key))
    const why = refused(holder(keys, key))
    assert.deepEqual([why.status, why.code, why.retryAfter], [429, 'rate_limit_exceeded', 61])
    assert.match(
      why.message,
      /The key "filed" may make 1 request a minute, and has reached that\. It is taken again at 2026-11-22T17:11:01Z/,
    )
    clock.now += 5
    assert.equal(holder(keys, key).ended()?.status, 401)
  })

  it('keeps what it has used over a reload, and ends when the reload drops it', async () => {
    const config = [{ key, limits: { 'tokens-per-day': 10 } }]
    const { keys } = await house({ config })
    const held = holder(keys, key)
    begun(held)(usage(9) as never)
    keys.configure([{ key, limits: { 'tokens-per-day': 9 } }])
    assert.match(refused(held).message, /tokens a day/)
    keys.configure(['another-key'])
    assert.equal(keys.find(key), undefined)
    assert.equal(held.ended()?.status, 401)
    keys.configure([])
    assert.equal(keys.open, false)
  })

  it('tells every refusal, with its reason', async () => {
    const { keys } = await house({ config: [{ name: 'filed', key, limits: { concurrent: 1 } }] })
    const heard: string[] = []
    keys.onRefusal(({ name, reason }) => heard.push(`${name} ${reason}`))
    begun(holder(keys, key))
    refused(holder(keys, key))
    assert.deepEqual(heard, ['filed concurrent'])
    assert.deepEqual(keys.records()[0]!.lastRefusal, { at: START, reason: 'concurrent' })
  })
})
