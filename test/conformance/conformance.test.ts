/** A part of the recordings in every test run; `node test/conformance/main.ts` replays them all. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { corpus, corpusMissing, sample } from './corpus.ts'
import { replayRequests } from './replay-requests.ts'
import { replayResponses } from './replay-responses.ts'
import type { Report } from './report.ts'

// Without the recordings, which are not part of the project, there is nothing to replay: that is said, and no failure.
describe('recorded traffic', { skip: corpusMissing }, () => {
  const all = corpus()

  it('reaches every client as its own SDK would have read it', { timeout: 120_000 }, async () => {
    fine(await replayResponses(sample(all, 170)))
  })

  it('does so over real sockets', { timeout: 120_000 }, async () => {
    fine(await replayResponses(sample(all, 40), undefined, { sockets: true }))
  })

  it('means the same to every upstream, or says what it lost', { timeout: 120_000 }, async () => {
    fine(await replayRequests(sample(all, 220)))
  })
})

function fine(report: Report): void {
  assert.ok(report.sums.passed > 1_000)
  const failing = report.failing.map((f) => `${f.id}: ${f.client}/${f.upstream} ${f.feature}: ${f.why.slice(0, 300)}`)
  assert.deepEqual(failing.slice(0, 20), [])
}
