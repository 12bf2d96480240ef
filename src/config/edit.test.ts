import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { EditError, editYaml } from './edit.ts'
import { valueAt } from './faults.ts'
import { parseConfig } from './load.ts'

const EXAMPLE = readFileSync(join(import.meta.dirname, '../../config.example.yaml'), 'utf8')
const comments = (text: string) => text.split('\n').filter((line) => line.trimStart().startsWith('#'))

describe('an edit', () => {
  it('changes one value and nothing else, quotes and the comment behind it included', () => {
    const text = `# top\nrouting:\n  strategy: 'weighted' # why\n  session-affinity: true\n\n# end\n`
    assert.equal(
      editYaml(text, [{ path: ['routing', 'strategy'], value: 'fill-first' }]),
      text.replace('weighted', 'fill-first'),
    )
  })

  it('adds a key after its siblings, before the comment of the next section', () => {
    const text = `a:\n  b: 1\n\n# next\nc: 2\n`
    assert.equal(
      editYaml(text, [{ path: ['a', 'd'], value: [1, 'x: y'] }]),
      `a:\n  b: 1\n  d:\n    - 1\n    - "x: y"\n\n# next\nc: 2\n`,
    )
  })

  it('makes the mappings on the way, and the first key of a text of comments', () => {
    assert.deepEqual(parse(editYaml('', [{ path: ['a', 'b', 'c'], value: 1 }])), { a: { b: { c: 1 } } })
    assert.equal(editYaml('# nothing yet\n', [{ path: ['port'], value: 1 }]), '# nothing yet\nport: 1\n')
  })

  it('takes keys and items away with their lines', () => {
    assert.equal(editYaml('a: 1\nb: # x\n  c: 2\n  d: 3\ne: 4\n', [{ path: ['b'] }]), 'a: 1\ne: 4\n')
    assert.equal(
      editYaml('l:\n  - one\n  # about two\n  - two\n  - three\n', [{ path: ['l', 1] }]),
      'l:\n  - one\n  # about two\n  - three\n',
    )
    assert.deepEqual(parse(editYaml('b:\n  c: 2\n', [{ path: ['b', 'c'] }])), { b: {} })
    assert.equal(editYaml('a: 1\n', [{ path: ['b', 'c'] }]), 'a: 1\n')
  })

  it('adds to lists and changes mappings in them', () => {
    const text = 'keys:\n  - name: a\n    key: x\n'
    assert.equal(
      editYaml(text, [{ path: ['keys', 1], value: { name: 'b', key: 'y' } }]),
      `${text}  - name: b\n    key: y\n`,
    )
    assert.equal(editYaml(text, [{ path: ['keys', 0, 'key'], value: 'z' }]), text.replace('x', 'z'))
    assert.deepEqual(parse(editYaml('l: [1, 2]\n', [{ path: ['l', 2], value: 3 }])), { l: [1, 2, 3] })
  })

  it('says what it cannot do', () => {
    assert.throws(() => editYaml('a: 1\n', [{ path: ['a', 'b'], value: 1 }]), EditError)
    assert.throws(() => editYaml('a: [1]\n', [{ path: ['a', 5], value: 1 }]), EditError)
    assert.throws(() => editYaml('- a\n', [{ path: ['a'], value: 1 }]), EditError)
    assert.throws(() => editYaml('a: [\n', [{ path: ['a'], value: 1 }]), EditError)
    assert.throws(() => editYaml('a: 1\n', [{ path: ['__proto__', 'x'], value: 1 }]), EditError)
  })

  it('keeps every comment of the example config, and every line that is not about the key', () => {
    const scalars: (readonly [string[], unknown])[] = [
      [['host'], '0.0.0.0'],
      [['port'], 9000],
      [['tls', 'cert'], '/etc/x "y".pem'],
      [['remote-management', 'allow-remote'], true],
      [['routing', 'strategy'], 'weighted'],
      [['routing', 'account-concurrency'], 7],
      [['ai-router', 'default-model'], 'claude: x # y'],
      [['timeouts', 'idle'], 12.5],
      [['proxy-url'], 'http://u:p@h:1'],
      [['log', 'level'], 'debug'],
      [['commercial-mode'], true],
    ]
    const added: (readonly [string[], unknown])[] = [
      [['ai-router', 'routes'], { code: 'm', mine: ['a', 'b'] }],
      [
        ['fallback', 'gpt-5'],
        ['a', 'b'],
      ],
      [['api-keys'], [{ name: 'x', key: 'sha256:'.padEnd(71, 'a') }, 'plain']],
      [['claude-api-key'], [{ 'api-key': 'k', headers: { A: 'b' } }]],
      [['oauth-excluded-models', 'codex'], ['*-mini']],
    ]
    fc.assert(
      fc.property(fc.shuffledSubarray([...scalars, ...added], { minLength: 1 }), (chosen) => {
        const text = editYaml(
          EXAMPLE,
          chosen.map(([path, value]) => ({ path, value })),
        )
        assert.deepEqual(comments(text), comments(EXAMPLE))
        const { config } = parseConfig(text, { env: {} })
        assert.ok(config)
        const plain = parse(text)
        for (const [path, value] of chosen)
          assert.deepEqual(
            path.reduce((at, part) => at?.[part], plain),
            value,
          )
        // Every line of before is there, but those of the scalars that changed.
        const after = new Set(text.split('\n'))
        const lost = EXAMPLE.split('\n').filter((line) => !after.has(line))
        assert.ok(lost.length <= chosen.length, lost.join('\n'))
      }),
      { numRuns: 60 },
    )
  })

  it('says exactly what was asked for, whatever the value', () => {
    const key = fc.string({ minLength: 1, maxLength: 8 }).filter((k) => k !== '__proto__' && k !== '<<')
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.jsonValue({ maxDepth: 2 }), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
        fc.array(key, { minLength: 1, maxLength: 3 }),
        fc.jsonValue({ maxDepth: 2 }),
        (before, path, value) => {
          let text = ''
          try {
            for (const [k, v] of Object.entries(before)) text = editYaml(text, [{ path: [k], value: v }])
            const next = editYaml(text, [{ path, value }])
            assert.deepEqual(valueAt(parse(next, { uniqueKeys: false }), path), value)
            assert.equal(valueAt(parse(editYaml(next, [{ path }]), { uniqueKeys: false }), path), undefined)
          } catch (error) {
            if (!(error instanceof EditError)) throw error
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
