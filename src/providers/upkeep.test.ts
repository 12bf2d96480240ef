import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Account, AccountModel } from '../accounts/account.ts'
import type { Logins } from '../accounts/logins.ts'
import type { VendorHttp } from '../accounts/oauth/flow.ts'
import { createQuotaTable } from '../accounts/quota-table.ts'
import { account, clock } from '../accounts/testing/fixture.ts'
import type { Provider } from './provider.ts'
import { createUpkeep } from './upkeep.ts'

const MINUTE = 60_000
const http: VendorHttp = () => Promise.reject(new Error('nobody calls'))

function house(ids: string[], over: Partial<Provider> = {}) {
  const now = clock()
  const asked: string[] = []
  const troubles: string[] = []
  const changed: Record<string, readonly AccountModel[] | undefined> = {}
  let modelsAt: number | undefined
  const provider = {
    quota: {
      async ask({ id }: Account) {
        asked.push(`quota ${id}`)
        return { at: now(), windows: [{ id: '5h', title: '5 hours', used: 0.5 }] }
      },
    },
    async liveModels({ id }: Account) {
      asked.push(`models ${id}`)
      return [{ name: 'new', upstream: 'new' }]
    },
    ...over,
  } as unknown as Provider
  const logins = {
    current: (id: string) => (id === 'tokenless' ? undefined : { type: 'oauth', value: 't', details: {} }),
    records: () => ids.map((id) => ({ id, facts: { modelsAt } })),
    async change(id: string, facts: { models?: readonly AccountModel[]; modelsAt?: number }) {
      changed[id] = facts.models
      modelsAt = facts.modelsAt
    },
  } as unknown as Logins
  const quotas = createQuotaTable({ now })
  const upkeep = createUpkeep({
    accounts: () =>
      ids.map((id) => account({ id, credential: { type: id === 'key' ? 'api-key' : 'login', value: 'k' } })),
    provider: () => provider,
    logins,
    quotas,
    http: () => http,
    now,
    trouble: ({ id }, matter, error) => troubles.push(`${id} ${matter} ${error.message}`),
  })
  return { now, asked, troubles, changed, quotas, upkeep }
}

describe('upkeep', () => {
  it('asks for allowances every five minutes and for models twice a day, of logins with a token alone', async () => {
    const { now, asked, quotas, changed, upkeep } = house(['a', 'key', 'tokenless'])
    await upkeep.look()
    assert.deepEqual(asked, ['quota a', 'models a'])
    assert.equal(quotas.of('a')!.windows[0]!.used, 0.5)
    assert.deepEqual(changed['a'], [{ name: 'new', upstream: 'new' }])
    now.advance(4 * MINUTE)
    await upkeep.look()
    assert.equal(asked.length, 2)
    now.advance(MINUTE)
    await upkeep.look()
    assert.deepEqual(asked.slice(2), ['quota a'])
    upkeep.close()
  })

  it('asks of those, too, who log in while it looks', async () => {
    const ids = ['a']
    const { asked, upkeep } = house(ids)
    const looked = upkeep.look()
    ids.push('b')
    void upkeep.look()
    await looked
    assert.ok(asked.includes('quota b'))
    upkeep.close()
  })

  it('need not ask while answers tell by themselves', async () => {
    const { now, asked, quotas, upkeep } = house(['a'])
    await upkeep.look()
    now.advance(4 * MINUTE)
    quotas.tell('a', { at: now(), windows: [] })
    now.advance(4 * MINUTE)
    await upkeep.look()
    assert.deepEqual(asked, ['quota a', 'models a'])
    upkeep.close()
  })

  it('tells a vendor that does not answer once, and asks on', async () => {
    let fails = true
    const { now, troubles, quotas, upkeep } = house(['a'], {
      liveModels: undefined,
      quota: {
        async ask() {
          if (fails) throw new Error('away')
          return { at: 5, windows: [] }
        },
      },
    })
    for (let i = 0; i < 3; i += 1) {
      await upkeep.look()
      now.advance(5 * MINUTE)
    }
    assert.deepEqual(troubles, ['a quota away'])
    fails = false
    await upkeep.look()
    assert.equal(quotas.toldAt('a'), 5)
    upkeep.close()
  })

  it('asks few at once, however many there are', async () => {
    let open = 0
    let most = 0
    const ids = Array.from({ length: 40 }, (_, i) => `a${i}`)
    const { upkeep, quotas } = house(ids, {
      liveModels: undefined,
      quota: {
        async ask() {
          open += 1
          most = Math.max(most, open)
          await new Promise((resolve) => setImmediate(resolve))
          open -= 1
          return { at: 1, windows: [] }
        },
      },
    })
    await upkeep.look()
    assert.ok(most <= 4, `${most} at once`)
    assert.ok(ids.every((id) => quotas.toldAt(id) === 1))
    upkeep.close()
  })
})
