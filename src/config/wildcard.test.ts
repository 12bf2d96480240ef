import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { matcher } from './wildcard.ts'

describe('a pattern', () => {
  const table: [pattern: string, yes: string[], no: string[]][] = [
    ['gpt-5', ['gpt-5', 'GPT-5'], ['gpt-5.1', 'xgpt-5', '']],
    ['gpt-5*', ['gpt-5', 'gpt-5.1-codex'], ['gpt-4']],
    ['*-preview', ['gemini-3-preview', '-preview'], ['preview', 'x-preview-2']],
    ['*flash*', ['flash', 'a-flash-b'], ['flas']],
    ['a*a', ['aa', 'aba'], ['a']],
    ['ab*ba', ['abba', 'abxba'], ['aba']],
    ['*', ['', 'anything'], []],
    ['a*b*c', ['abc', 'a1b2c', 'abbbc'], ['ac', 'acb']],
    ['a*b*b', ['abb', 'a-b-b'], ['ab']],
    ['a.c', ['a.c'], ['abc']],
  ]
  for (const [pattern, yes, no] of table)
    it(`${pattern} matches as written`, () => {
      for (const name of yes) assert.ok(matcher([pattern])(name), name)
      for (const name of no) assert.ok(!matcher([pattern])(name), name)
    })

  it('matches exactly what the regular expression would', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
    fc.assert(
      fc.property(text, name, (pattern, value) => {
        const regex = new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
        assert.equal(matcher([pattern])(value), regex.test(value))
      }),
      { numRuns: 2_000 },
    )
  })

  it('of many stars does not hang', () => {
    assert.equal(matcher([`${'*a'.repeat(500)}b`])('a'.repeat(5_000)), false)
  })
})

describe('a list of patterns', () => {
  it('matches when any of them does; an empty one never', () => {
    assert.ok(matcher(['x', 'y*'])('yes'))
    assert.ok(!matcher([])(''))
  })
})
