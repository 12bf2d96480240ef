import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fields, listOf, moment, numeric, parsed, secondsTo, text, until, windowName } from './reading.ts'

describe("what vendors' JSON says", () => {
  it('is read though anything may stand in any place', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        assert.equal(typeof fields(value), 'object')
        assert.ok(Array.isArray(listOf(value)))
        for (const read of [numeric(value), moment(value)]) assert.ok(read === undefined || Number.isFinite(read))
        assert.ok(text(value) === undefined || typeof text(value) === 'string')
      }),
    )
    for (const json of ['', 'no', '[]', 'null', '5']) assert.deepEqual(parsed(json), {})
    assert.deepEqual(parsed('{"a":1}'), { a: 1 })
  })

  it('has numbers as text, too', () => {
    assert.deepEqual(
      [numeric('12'), numeric(0.5), numeric(''), numeric('x'), numeric(null)],
      [12, 0.5, undefined, undefined, undefined],
    )
  })

  it('has moments in seconds, milliseconds and RFC 3339', () => {
    const at = Date.UTC(2026, 10, 22, 18)
    for (const form of [at, at / 1000, String(at / 1000), '2026-11-22T18:00:00Z', '2026-11-22T19:00:00.000000+01:00'])
      assert.equal(moment(form), at, String(form))
    for (const form of [0, null, '', 'soon', undefined]) assert.equal(moment(form), undefined, String(form))
    assert.equal(until(at), 'until 2026-11-22 18:00 UTC')
    assert.deepEqual([secondsTo(at, at - 1_500), secondsTo(at, at + 5_000)], [2, 1])
  })
})

it('a window is called by its length', () => {
  const hour = 3_600_000
  const names = [5 * hour, 168 * hour, 24 * hour, 72 * hour, hour, hour / 2].map((length) => windowName(length))
  assert.deepEqual(
    names.map((n) => n?.id),
    ['5h', '7d', '24h', '3d', '1h', '0.5h'],
  )
  assert.deepEqual(
    names.map((n) => n?.title),
    ['5 hours', 'week', '24 hours', '3 days', 'hour', '0.5 hours'],
  )
  for (const length of [undefined, 0, -1]) assert.equal(windowName(length), undefined)
})
