import assert from 'node:assert/strict'
import { describe, it, mock, type TestContext } from 'node:test'
import { type BehindDocument, type BehindTrouble, createBehind, deadline } from './behind.ts'
import { createMemoryStore } from './index.ts'
import { type Store, StoreError, type UsageRow } from './store.ts'
import { usageRow } from './testing/rows.ts'

const document = (id: string, value: string, kind = 'session'): BehindDocument => ({ kind, id, value, updatedAt: 1 })

/** A store that notes what it is given, fails while it is told to, and answers when it is let. */
function createFake() {
  const batches: string[][] = []
  const state: { error?: Error; refuses?: (id: string) => boolean; gate?: Promise<void> } = {}
  const take = async (ids: string[]) => {
    await state.gate
    if (state.error) throw state.error
    const bad = ids.find((id) => state.refuses?.(id))
    if (bad) throw new Error(`bad row ${bad}`)
    batches.push(ids)
  }
  const store = {
    documents: {
      put: async (rows: readonly BehindDocument[]) => {
        await take(rows.map(({ id, value }) => `${id}=${value}`))
        return 'written' as const
      },
      remove: async (_kind: string, ids?: readonly string[]) => {
        await take(ids!.map((id) => `-${id}`))
        return 0
      },
    },
    usage: { append: async (rows: readonly UsageRow[]) => take(rows.map(({ id }) => id)) },
  } as unknown as Pick<Store, 'documents' | 'usage'>
  return { store, batches, state }
}

const down = new StoreError('unavailable', 'down')
/** Lets promises settle while the clock stands still. */
const settle = async () => {
  for (let i = 0; i < 50; i += 1) await Promise.resolve()
}
const fakeClock = (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  return async (ms: number) => {
    t.mock.timers.tick(ms)
    await settle()
  }
}

describe('write-behind', () => {
  it('writes what came within 250 ms in one batch, the newest value of each key', async (t) => {
    const pass = fakeClock(t)
    const { store, batches } = createFake()
    const behind = createBehind({ store })
    behind.put(document('a', '1'))
    behind.put(document('b', '1'))
    await pass(249)
    behind.put(document('a', '2'))
    assert.deepEqual(batches, [])
    await pass(1)
    assert.deepEqual(batches, [['b=1', 'a=2']])
    await pass(5_000)
    assert.equal(batches.length, 1)
    behind.usage(usageRow('u', 1))
    behind.remove('session', 'a')
    await pass(250)
    assert.deepEqual(batches.slice(1), [['-a'], ['u']])
  })

  it('keeps a removal and a value of one key in their order', async (t) => {
    const pass = fakeClock(t)
    const { store, batches } = createFake()
    const behind = createBehind({ store })
    behind.put(document('a', '1'))
    behind.remove('session', 'a')
    behind.remove('session', 'b')
    behind.put(document('b', '2'))
    await pass(250)
    assert.deepEqual(batches, [['b=2'], ['-a']])
  })

  it('tries again with longer and longer pauses while the store is down, and tells once', async (t) => {
    const pass = fakeClock(t)
    const { store, batches, state } = createFake()
    const told: BehindTrouble[] = []
    const recovered: unknown[] = []
    const behind = createBehind({
      store,
      onTrouble: (one) => told.push(one),
      onRecovered: (one) => recovered.push(one),
    })
    let tries = 0
    state.error = down
    const { put } = store.documents
    store.documents.put = (rows) => {
      tries += 1
      return put(rows)
    }
    behind.put(document('a', '1'))
    await pass(250)
    assert.equal(tries, 1)
    behind.put(document('a', '2'))
    for (let i = 0; i < 240; i += 1) await pass(250)
    assert.ok(tries >= 8 && tries <= 14, `${tries} tries in a minute`)
    assert.deepEqual(told, [{ is: 'failing', error: down }])
    state.error = undefined
    for (let i = 0; i < 41; i += 1) await pass(250)
    assert.deepEqual(batches, [['a=2']])
    assert.deepEqual(recovered, [{ dropped: 0 }])
    assert.equal(behind.counts.waiting, 0)
  })

  it('does not write an old value over a newer one that came while it failed', async (t) => {
    const pass = fakeClock(t)
    const { store, batches, state } = createFake()
    const behind = createBehind({ store })
    let open = () => {}
    state.gate = new Promise((resolve) => {
      open = resolve
    })
    state.error = down
    behind.put(document('a', 'old'))
    await pass(250)
    behind.put(document('a', 'new'))
    open()
    await settle()
    state.error = undefined
    await pass(10_000)
    assert.deepEqual(batches, [['a=new']])
  })

  it('holds no more than it may: the oldest go, counted, told once an outage', async (t) => {
    const pass = fakeClock(t)
    const { store, batches, state } = createFake()
    const told: string[] = []
    const recovered: unknown[] = []
    const behind = createBehind({
      store,
      most: 3,
      onTrouble: ({ is }) => told.push(is),
      onRecovered: (one) => recovered.push(one),
    })
    state.error = down
    for (const id of ['a', 'b', 'c', 'd', 'e']) behind.put(document(id, '1'))
    await pass(250)
    behind.put(document('f', '1'))
    assert.deepEqual(behind.counts.waiting, 3)
    assert.equal(behind.counts.dropped, 3)
    state.error = undefined
    await pass(10_000)
    assert.deepEqual(batches, [['d=1', 'e=1', 'f=1']])
    assert.deepEqual(told, ['dropping', 'failing'])
    assert.deepEqual(recovered, [{ dropped: 3 }])
  })

  it('gives up the one entry that the store cannot take, and writes the others of its batch', async (t) => {
    const pass = fakeClock(t)
    const { store, batches, state } = createFake()
    const told: BehindTrouble[] = []
    const behind = createBehind({ store, onTrouble: (one) => told.push(one) })
    state.refuses = (id) => id === 'bad'
    for (const id of ['u1', 'bad', 'u2']) behind.usage(usageRow(id, 1))
    await pass(250)
    assert.deepEqual(batches, [['u1'], ['u2']])
    assert.deepEqual(
      told.map((one) => (one.is === 'refused' ? one.what : one.is)),
      ['usage bad'],
    )
    assert.deepEqual({ ...behind.counts }, { waiting: 0, dropped: 1 })
  })

  it('flushes all there is, or rejects with the reason and keeps it', async () => {
    const { store, batches, state } = createFake()
    const behind = createBehind({ store })
    for (let i = 0; i < 1_200; i += 1) behind.usage(usageRow(`u${i}`, 1))
    await behind.flush()
    assert.deepEqual(
      batches.map((batch) => batch.length),
      [512, 512, 176],
    )
    state.error = down
    behind.put(document('a', '1'))
    await assert.rejects(behind.flush(), down)
    assert.equal(behind.counts.waiting, 1)
    state.error = undefined
    await behind.close()
    assert.equal(behind.counts.waiting, 0)
    await behind.flush()
  })

  it('does not let much usage wait, and writes what comes meanwhile next', async (t) => {
    const pass = fakeClock(t)
    const { store, batches, state } = createFake()
    const behind = createBehind({ store })
    const use = (from: number, to: number) => {
      for (let i = from; i < to; i += 1) behind.usage(usageRow(`u${i}`, 1))
    }
    use(0, 255)
    await pass(1)
    assert.equal(batches.length, 0)
    let open = () => {}
    state.gate = new Promise((resolve) => {
      open = resolve
    })
    use(255, 256)
    await pass(1)
    use(256, 600)
    open()
    await settle()
    await pass(1)
    assert.deepEqual(
      batches.map((batch) => batch.length),
      [256, 344],
    )
    assert.equal(new Set(batches.flat()).size, 600)
    // While the store is down nothing hurries.
    state.error = down
    use(600, 601)
    await pass(250)
    use(601, 900)
    await pass(1)
    assert.equal(behind.counts.waiting, 300)
    state.error = undefined
    await behind.close()
    assert.deepEqual(batches.at(-1)!.slice(0, 2), ['u600', 'u601'])
  })

  it('drops usage before documents, the oldest first', async () => {
    const { store, batches } = createFake()
    const behind = createBehind({ store, most: 3 })
    behind.put(document('a', '1'))
    for (const id of ['u1', 'u2', 'u3']) behind.usage(usageRow(id, 1))
    for (const id of ['b', 'c', 'd']) behind.put(document(id, '1'))
    assert.equal(behind.counts.dropped, 4)
    await behind.close()
    assert.deepEqual(batches, [['b=1', 'c=1', 'd=1']])
  })

  it('goes through a real store', async () => {
    const store = createMemoryStore()
    const behind = createBehind({ store })
    behind.put(document('a', '1'))
    behind.put(document('b', '1', 'cooldown'))
    behind.remove('session', 'c')
    behind.usage(usageRow('req_1/0', 1))
    await behind.close()
    assert.equal((await store.documents.all('session', 1)).length, 1)
    assert.equal((await store.documents.all('cooldown', 1)).length, 1)
    assert.equal((await store.usage.list({}, 5)).length, 1)
    await store.close()
  })
})

describe('a deadline', () => {
  it('passes on what comes in time, and rejects when its time is over', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    assert.equal(await deadline(Promise.resolve(1)), 1)
    await assert.rejects(deadline(Promise.reject(down)), down)
    const late = Promise.withResolvers<number>()
    const waited = deadline(late.promise)
    t.mock.timers.tick(250)
    await assert.rejects(waited, { code: 'unavailable', message: /250 ms/ })
    // A failure that nobody waits for any more is not an unhandled one.
    const unhandled = mock.fn()
    process.once('unhandledRejection', unhandled)
    late.reject(down)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    assert.equal(unhandled.mock.callCount(), 0)
  })
})
