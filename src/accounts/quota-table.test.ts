import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { QuotaState } from './quota.ts'
import { createQuotaTable } from './quota-table.ts'
import { clock } from './testing/fixture.ts'

const window = (id: string, used: number, more: object = {}) => ({ id, title: id, used, ...more })

describe('what is left of an account', () => {
  it('is merged window by window from all who tell, and keeps plan and binding until another word', () => {
    const now = clock()
    const table = createQuotaTable({ now })
    table.tell('a', { at: 1, windows: [window('5h', 0.1), window('7d', 0.2)], plan: 'max', binding: '7d' })
    table.tell('a', { at: 2, windows: [window('5h', 0.3)] })
    assert.deepEqual(table.of('a'), {
      at: 2,
      windows: [window('5h', 0.3), window('7d', 0.2)],
      plan: 'max',
      binding: '7d',
    })
    assert.deepEqual([table.of('b'), table.toldAt('b'), table.toldAt('a')], [undefined, 0, 2])
  })

  it('is not set back by a reading that arrives late', () => {
    const table = createQuotaTable({ now: clock() })
    table.tell('a', { at: 5, windows: [window('5h', 0.5)] })
    table.tell('a', { at: 4, windows: [window('5h', 0.1)] })
    assert.equal(table.of('a')!.windows[0]!.used, 0.5)
  })

  it('shows a window empty once its time has come', () => {
    const now = clock()
    const table = createQuotaTable({ now })
    table.tell('a', { at: 1, windows: [window('5h', 1, { resetsAt: now() + 10, exhausted: true })] })
    assert.equal(table.of('a')!.windows[0]!.used, 1)
    now.advance(10)
    assert.deepEqual(table.of('a')!.windows[0], window('5h', 0, { resetsAt: undefined, exhausted: undefined }))
  })

  it('says whether the account may be used again: by the word of the vendor, or because nothing is full', () => {
    const told: boolean[] = []
    const table = createQuotaTable({ now: clock(), told: (_, __, available) => told.push(available) })
    const say = (windows: ReturnType<typeof window>[], allowed?: boolean) =>
      table.tell('a', { at: told.length, windows, ...(allowed === undefined ? {} : { allowed }) })
    say([window('5h', 1)], true)
    say([window('5h', 0)], false)
    say([window('5h', 0.4), window('7d', 1)])
    say([window('5h', 0.4), window('7d', 0.9)])
    say([window('opus', 0.4, { models: ['*opus*'] })])
    assert.deepEqual(told, [true, false, false, true, false])
  })

  it('is taken over from an earlier life, unless something newer is known', () => {
    const table = createQuotaTable({ now: clock() })
    const state = (at: number): QuotaState => ({ at, windows: [window('5h', at / 10)] })
    table.restore('a', state(3))
    table.tell('a', { at: 5, windows: [window('5h', 0.5)] })
    table.restore('a', state(4))
    assert.equal(table.of('a')!.at, 5)
    table.prune(new Set())
    assert.equal(table.of('a'), undefined)
  })

  it('has a bounded number of windows', () => {
    const table = createQuotaTable({ now: clock() })
    for (let i = 0; i < 200; i += 1) table.tell('a', { at: i, windows: [window(`w${i}`, 0)] })
    assert.equal(table.of('a')!.windows.length, 64)
  })
})
