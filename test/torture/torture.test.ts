import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { torture } from './run.ts'

/** The short form of `npm run torture`. */
describe('refreshes under torture', () => {
  for (const engine of ['sqlite', 'postgres'] as const)
    it(`lose nothing on ${engine}`, async (t) => {
      const results = await torture({
        engines: [engine],
        rounds: 3,
        kills: engine === 'sqlite' ? 2 : 1,
        aheadMs: 0,
        seed: 1,
        only: engine === 'sqlite' ? ['race', 'kill', 'cut', 'full'] : ['race', 'kill', 'cut'],
      })
      for (const { scenario, figures, faults } of results) {
        t.diagnostic(`${scenario}: ${JSON.stringify(figures)}`)
        assert.deepEqual(faults, [], scenario)
      }
      assert.ok(results.length >= 3)
    })
})
