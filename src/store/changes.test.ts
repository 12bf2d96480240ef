import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { changeOf, createChanges, documentsTopic } from './changes.ts'

const at = (topic: string, revision: number) => ({ topic, revision })

describe('changes', () => {
  it('are told when a revision is not one of ours', () => {
    const changes = createChanges([at('a', 5)])
    assert.deepEqual(changes.seen([at('a', 5)]), [])
    assert.deepEqual(changes.seen([at('a', 6), at('b', 1)]), ['a', 'b'])
    assert.deepEqual(changes.seen([at('a', 6), at('b', 1)]), [])
    changes.own('a', 7)
    assert.deepEqual(changes.seen([at('a', 7)]), [])
    changes.own('a', 9)
    assert.deepEqual(changes.seen([at('a', 9)]), ['a'])
    assert.deepEqual(changes.seen([at('a', 8)]), [])
  })

  it('of others are told exactly, in whatever order ours are heard of', () => {
    const history = fc.array(fc.boolean(), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(history, fc.nat(), (ours, seed) => {
        const changes = createChanges([])
        const own = ours.flatMap((mine, i) => (mine ? [i + 1] : []))
        own.sort((a, b) => ((a * 7919 + seed) % 13) - ((b * 7919 + seed) % 13))
        for (const revision of own) changes.own('t', revision)
        const told = changes.seen([at('t', ours.length)])
        assert.deepEqual(told, ours.includes(false) ? ['t'] : [])
      }),
    )
  })

  it('name the kind of documents, whatever characters it has', () => {
    assert.deepEqual(changeOf(documentsTopic('credentials')), { table: 'documents', kind: 'credentials' })
    assert.deepEqual(changeOf('credentials'), { table: 'credentials' })
  })
})
