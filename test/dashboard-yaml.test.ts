/** The config form writes into the text at its key and leaves the rest alone. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { lineOf, parseYaml, pathText, setIn, valueAt } from '../dashboard/lib/yaml-edit.ts'

const EXAMPLE = readFileSync(join(import.meta.dirname, '..', 'config.example.yaml'), 'utf8')
const comments = (text: string) => text.split('\n').filter((l) => l.trimStart().startsWith('#'))

describe('an edit of the config text', () => {
  it('replaces a scalar where it stands, and nothing else', () => {
    const text = 'port: 8317 # the port\nrouting:\n  strategy: round-robin # why\n  other: "x"\n'
    assert.equal(setIn(text, ['port'], 9000), text.replace('8317', '9000'))
    assert.equal(setIn(text, ['routing', 'strategy'], 'weighted'), text.replace('round-robin', 'weighted'))
    assert.equal(setIn(text, ['routing', 'other'], 'a "b"'), text.replace('"x"', '"a \\"b\\""'))
  })

  it('puts a new key at the end, its parents included', () => {
    assert.equal(setIn('a: 1\n', ['log', 'level'], 'debug'), 'a: 1\nlog:\n  level: debug\n')
    assert.equal(setIn('', ['port'], 1), 'port: 1\n')
    assert.equal(setIn('a: 1', ['b'], [1]), 'a: 1\nb:\n  - 1\n')
  })

  it('takes a key away, and the mapping that has lost its last one', () => {
    assert.equal(setIn('a: 1\nb:\n  c:\n    d: 1\n', ['b', 'c', 'd'], undefined), 'a: 1\n')
    assert.equal(setIn('a: 1\n', ['none', 'x'], undefined), 'a: 1\n')
  })

  it('says what it was told to say, whatever the value, and keeps every comment', () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.array(fc.string(), { maxLength: 3 }),
      fc.constantFrom(
        'yes',
        'null',
        '1e3',
        '',
        ' x',
        'a: b',
        '# no',
        '***3',
        'line\nline',
        "it's",
        '"',
        '\u00e9\u4e2d',
      ),
    )
    const path = fc.constantFrom<(string | number)[]>(
      ['port'],
      ['host'],
      ['tls', 'cert'],
      ['routing', 'strategy'],
      ['ai-router', 'routes', 'code'],
      ['oauth-model-alias', 'claude'],
      ['payload', 'default'],
      ['new-key'],
      ['new', 'nested', 'key'],
    )
    const before = parseYaml(EXAMPLE).values
    fc.assert(
      fc.property(path, value, (at, to) => {
        const text = setIn(EXAMPLE, at, to)
        const { values, faults } = parseYaml(text)
        assert.deepEqual(faults, [])
        assert.deepEqual(valueAt(values, at), to)
        assert.deepEqual(comments(text), comments(EXAMPLE))
        for (const key of Object.keys(before)) if (key !== at[0]) assert.deepEqual(values[key], before[key], key)
      }),
      { numRuns: 200 },
    )
  })

  it('names keys as faults do, and finds their lines', () => {
    assert.equal(pathText(['api-keys', 0, 'name']), 'api-keys[0].name')
    const text = '# x\na:\n  - b: 1\n    c: 2\n'
    assert.equal(lineOf(text, ['a']), 2)
    assert.equal(lineOf(text, ['a', 0, 'c']), 4)
    assert.equal(lineOf(text, ['a', 0, 'nothing']), 3)
    assert.equal(lineOf(text, ['z']), undefined)
  })

  it('of a broken text tells the line of the fault', () => {
    const { faults, values } = parseYaml('a: 1\nb: [1,\nc: 2\n')
    assert.ok(faults.length > 0 && faults[0]!.line >= 2)
    assert.deepEqual(values, {})
  })
})
