import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failure } from '../hub/failure.ts'
import { createBehind, createMemoryStore } from '../store/index.ts'
import type { Store, StoreChange } from '../store/store.ts'
import { createPool, type Pool } from './pool.ts'
import { createQuotaTable, type QuotaTable } from './quota-table.ts'
import { createRemembrance } from './remembrance.ts'
import { candidate, clock } from './testing/fixture.ts'

const store = createMemoryStore()

/** One life of a process: pool and table that remember in the shared store. */
async function life(now: () => number): Promise<{ pool: Pool; quotas: QuotaTable; end(): Promise<void> }> {
  const behind = createBehind({ store, everyMs: 1 })
  const memory = createRemembrance(store, behind, now)
  const pool = createPool({ now, onRest: memory.onRest, onBinding: memory.onBinding })
  const quotas = createQuotaTable({ now, told: (id, state) => memory.onQuota(id, state) })
  await memory.attach(pool, quotas)
  return {
    pool,
    quotas,
    async end() {
      memory.close()
      await behind.close()
    },
  }
}

const ask = { rotation: 'm', strategy: 'round-robin', session: 's' } as const

describe('what was learned', () => {
  it('outlives the process: rests with their reasons, homes of conversations, allowances', async () => {
    const now = clock()
    const list = [candidate('a'), candidate('b'), candidate('c')]
    const first = await life(now)
    const broke = failure('quota-exhausted', 'the week is over', { scope: 'account', retryAfter: 3_000 })
    first.pool.failed(first.pool.take([list[0]!], { ...ask, session: undefined })!, broke)
    const busy = failure('overloaded', 'busy', { scope: 'model', retryAfter: 30 })
    first.pool.failed(first.pool.take([list[1]!], { ...ask, session: undefined })!, busy)
    first.pool.released(first.pool.take([list[2]!], ask)!)
    first.quotas.tell('a', { at: now(), windows: [{ id: '5h', title: '5 hours', used: 1 }], plan: 'max' })
    const told = first.pool.resting(list.map((c) => c.account))
    await first.end()

    const second = await life(now)
    assert.deepEqual(second.pool.resting(list.map((c) => c.account)), told)
    assert.deepEqual(
      told.map((r) => [r.accountId, r.model, r.failure.message]),
      [
        ['a', undefined, 'the week is over'],
        ['b', 'm', 'busy'],
      ],
    )
    assert.equal(second.pool.take(list, ask)!.why, 'this conversation is already there')
    assert.equal(second.quotas.of('a')!.plan, 'max')
    await second.end()
  })

  it('forgets a rest that ended: a success clears it for the next life, too', async () => {
    const now = clock()
    const x = candidate('x')
    const first = await life(now)
    const broke = failure('quota-exhausted', 'no', { scope: 'account', retryAfter: 3_000 })
    first.pool.failed(first.pool.take([x], ask)!, broke)
    now.advance(300_000)
    first.pool.succeeded(first.pool.take([x], ask)!)
    await first.end()
    const second = await life(now)
    assert.deepEqual(second.pool.resting([x.account]), [])
    await second.end()
  })

  it('ends when somebody else ended it: a person at the command line, another process', async () => {
    const now = clock()
    const tellers: ((change: StoreChange) => void)[] = []
    const shared: Store = { ...store, onChange: (listener) => tellers.push(listener) as unknown as () => void }
    const behind = createBehind({ store: shared, everyMs: 1 })
    const memory = createRemembrance(shared, behind, now)
    const pool = createPool({ now, onRest: memory.onRest })
    await memory.attach(pool, createQuotaTable({ now }))
    const z = candidate('z')
    pool.failed(pool.take([z], ask)!, failure('quota-exhausted', 'no', { scope: 'account', retryAfter: 3_000 }))
    await behind.flush()
    const changed = async () => {
      for (const tell of tellers) tell({ table: 'documents', kind: 'cooldown' })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await store.documents.remove('cooldown', ['["z",null]'])
    await changed()
    assert.equal(pool.resting([z.account]).length, 1, 'perhaps it was not written yet')
    now.advance(2_001)
    await changed()
    assert.deepEqual(pool.resting([z.account]), [])
    await behind.close()
  })

  it('is given up where it cannot be read', async () => {
    const row = { kind: 'cooldown', id: '["y",null]', value: '{broken', updatedAt: 1 }
    await store.documents.put([row, { ...row, id: 'not json' }])
    const third = await life(clock())
    assert.deepEqual(third.pool.resting([candidate('y').account]), [])
    await third.end()
  })
})
