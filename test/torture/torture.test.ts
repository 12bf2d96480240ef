import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { torture } from './run.ts'

describe('refreshes under torture', () => {
  it('lose nothing on SQLite and on Postgres: the short form of `npm run torture`', async (t) => {
    const results = await torture({
      engines: ['sqlite', 'postgres'],
      parallel: true,
      rounds: 2,
      kills: 1,
      aheadMs: 0,
      seed: 1,
      only: ['race', 'kill', 'cut', 'full'],
    })
    for (const { scenario, engine, figures, faults } of results) {
      t.diagnostic(`${engine}, ${scenario}: ${JSON.stringify(figures)}`)
      assert.deepEqual(faults, [], `${scenario} on ${engine}`)
    }
    assert.ok(results.length >= 7)
  })
})
