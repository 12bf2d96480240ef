import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMemoryStore } from './memory.ts'
import { openPatiently, type PatientOptions } from './patient.ts'
import { type Store, type StoreChange, StoreError } from './store.ts'

const AWAY = new StoreError('unavailable', 'Postgres at db cannot be reached (ECONNREFUSED).', { passing: true })

/** Timers that ring when they are told to. */
function manual() {
  const waits: { ms: number; run: () => void }[] = []
  return {
    waits,
    after(ms: number, run: () => void) {
      const one = { ms, run }
      waits.push(one)
      return () => void (waits.includes(one) && waits.splice(waits.indexOf(one), 1))
    },
    async ring() {
      waits.shift()!.run()
      await new Promise(setImmediate)
    },
  }
}

/** A store that is away for some openings. */
function setUp(failures: readonly Error[], more: PatientOptions = {}) {
  const time = manual()
  const said: string[] = []
  const real = createMemoryStore()
  const left = [...failures]
  let openings = 0
  const open = async (): Promise<Store> => {
    openings += 1
    const error = left.shift()
    if (error !== undefined) throw error
    return real
  }
  const options: PatientOptions = {
    after: time.after,
    random: () => 0.5,
    away: (error) => said.push(`away: ${error.message}`),
    back: () => said.push('back'),
    ...more,
  }
  return { time, said, real, open, options, openings: () => openings }
}

describe('a store that is waited for', () => {
  it('is itself where it can be opened', async () => {
    const { open, options, real, time, said } = setUp([])
    const { store, missing } = await openPatiently('postgres', open, options)
    assert.equal(store, real)
    assert.equal(missing(), undefined)
    assert.deepEqual([time.waits.length, said], [0, []])
  })

  it('is refused at the start where waiting does not help', async () => {
    const wrong = new StoreError('unavailable', 'Postgres at db refuses the login (28P01).')
    const { open, options } = setUp([wrong])
    await assert.rejects(openPatiently('postgres', open, options), wrong)
    await assert.rejects(
      openPatiently('postgres', () => Promise.reject(new TypeError('a fault of ours')), options),
      TypeError,
    )
  })

  it('refuses every question at once while it is away, and says why', async () => {
    const { open, options } = setUp([AWAY])
    const { store, missing } = await openPatiently('postgres', open, options)
    assert.equal(store.engine, 'postgres')
    assert.equal(missing(), AWAY)
    const row = { kind: 'k', id: 'a', value: '1', updatedAt: 0 }
    for (const question of [
      () => store.credentials.all(),
      () => store.credentials.get('a'),
      () => store.credentials.remove('a'),
      () => store.credentials.putFacts('a', '{}', 0),
      () => store.leases.acquire('l', 'me', 0, 1),
      () => store.documents.all('k', 0),
      () => store.documents.put([row]),
      () => store.documents.purge(0),
      () => store.usage.wipe(),
      () => store.manifest(),
      () => store.check(),
    ])
      await assert.rejects(question, AWAY)
    await store.close()
  })

  it('is tried again with growing pauses, told once, and told to those who asked in vain', async () => {
    const starting = new StoreError('unavailable', 'Postgres at db cannot be reached (57P03).', { passing: true })
    const refused = new StoreError('unavailable', 'Postgres at db refuses the login (28P01).')
    const { open, options, time, said, real } = setUp([AWAY, AWAY, AWAY, starting, AWAY, refused, refused])
    const { store, missing } = await openPatiently('postgres', open, options)
    const heard: StoreChange[] = []
    store.onChange((change) => heard.push(change))
    await assert.rejects(store.documents.get('vault', 'header', 0))
    await assert.rejects(store.documents.all('client-key', 0))
    await assert.rejects(store.documents.put([{ kind: 'usage', id: 'a', value: '', updatedAt: 0 }]))
    const pauses: number[] = []
    while (missing() !== undefined) {
      pauses.push(time.waits[0]!.ms)
      await time.ring()
    }
    assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
    assert.deepEqual(said, [`away: ${AWAY.message}`, `away: ${refused.message}`, 'back'])
    assert.deepEqual(heard, [
      { table: 'documents', kind: 'vault' },
      { table: 'documents', kind: 'client-key' },
      { table: 'credentials' },
    ])
    await store.documents.put([{ kind: 'k', id: 'a', value: '1', updatedAt: 0 }])
    assert.equal((await real.documents.get('k', 'a', 0))?.value, '1')
    await store.close()
    await assert.rejects(real.check(), { code: 'closed' })
  })

  it('is not waited for longer than that, and comes with the same attempt', async () => {
    const time = manual()
    const real = createMemoryStore()
    let answer = (_: Store): void => {}
    const open = () => new Promise<Store>((resolve) => (answer = resolve))
    const opening = openPatiently('postgres', open, { after: time.after, patienceMs: 3_000 })
    assert.equal(time.waits[0]!.ms, 3_000)
    await time.ring()
    const { store, missing } = await opening
    assert.match(missing()!.message, /Postgres \(store\.url\) has not answered for 3 s/)
    await assert.rejects(store.check(), /has not answered/)
    answer(real)
    await new Promise(setImmediate)
    assert.equal(missing(), undefined)
    await store.check()
  })

  it('is closed before it is there, and then as soon as it is', async () => {
    const time = manual()
    const real = createMemoryStore()
    let answer = (_: Store): void => {}
    const open = () => new Promise<Store>((resolve) => (answer = resolve))
    const opening = openPatiently('postgres', open, { after: time.after })
    await time.ring()
    const { store } = await opening
    await store.close()
    await assert.rejects(store.check(), { code: 'closed' })
    answer(real)
    await new Promise(setImmediate)
    await assert.rejects(real.check(), { code: 'closed' })
    assert.equal(time.waits.length, 0)
  })
})
