import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { numberOf, parseExact, stringifyExact } from './exact-json.ts'

describe('exact JSON', () => {
  it('gives numbers back that a double cannot hold', () => {
    for (const text of [
      '[9007199254740993]',
      '{"a":-12345678901234567890123}',
      '[0.1234567890123456789]',
      '[1e400]',
      '{"id":1234567890123456789,"b":[true,null,"9007199254740993"]}',
    ])
      assert.equal(stringifyExact(parseExact(text)), text)
  })

  it('gives plain numbers wherever a double is the same number', () => {
    const text =
      '[1.0, 1e3, -1.50, 0.000001, 1E-7, 100000000000000000000, 0, -0.0, 0.30000000000000004, 12345678901234567000]'
    assert.deepEqual(parseExact(text), JSON.parse(text))
  })

  it('reads the nearest double of both', () => {
    assert.equal(numberOf((parseExact('[9007199254740993]') as unknown[])[0]), 9007199254740992)
    assert.equal(numberOf(5), 5)
    assert.equal(numberOf('5'), undefined)
  })

  it('is JSON.parse for everything JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        assert.deepEqual(parseExact(text), JSON.parse(text))
      }),
    )
  })

  it('keeps any integer and any decimal', () => {
    const number = fc.oneof(
      fc.bigInt().map(String),
      fc.tuple(fc.bigInt({ min: 0n }), fc.nat()).map(([a, b]) => `${a}.${b}1`),
    )
    fc.assert(
      fc.property(number, (text) => {
        const value = (parseExact(`[${text}]`) as unknown[])[0]
        if (typeof value !== 'number') assert.equal(stringifyExact([value]), `[${text}]`)
        else assert.equal(BigInt(Math.round(value)) === BigInt(text.split('.')[0]!) || text.includes('.'), true)
      }),
    )
  })

  it('throws as JSON.parse does', () => {
    assert.throws(() => parseExact('{"a":12345678901234567890'), SyntaxError)
  })
})
