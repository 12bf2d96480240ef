import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { diffLines } from './diff.ts'
import { maskSecrets, unmaskSecrets } from './mask.ts'

const TEXT = `# my proxy: api-key: sk-ant-commented-000000
host: 127.0.0.1
api-keys:
  - plain-client-key
  - name: laptop
    key: 'sha256:${'a'.repeat(64)}' # the old one was lp-AAAABBBBCCCCDDDDEEEEFFFF
  - "\${FROM_ENV}"
#  api-keys:
#    - commented-client-key
remote-management:
  secret-key: hunter2
tls: { enable: false, cert: a.pem, key: b.pem }
claude-api-key:
  - api-key: sk-ant-secret-111
    headers: { X-Team: tools, X-Copy: $X-Session }
    proxy-url: socks5://user:pa55@10.0.0.1:1080
  - { api-key: sk-ant-secret-222 }
oauth-clients:
  gemini-cli: { id: x, secret: GOCSPX-abcdefabcdef }
store:
  url: postgres://lp:dbpass@db/lp?sslmode=require&password=qpass
proxy-url: http://proxy:8080
`
const SECRETS = [
  'sk-ant-commented-000000',
  'plain-client-key',
  'a'.repeat(64),
  'lp-AAAABBBBCCCC',
  'commented-client-key',
  'hunter2',
  'sk-ant-secret-111',
  'sk-ant-secret-222',
  'tools',
  'pa55',
  'GOCSPX-abcdefabcdef',
  'dbpass',
  'qpass',
]

describe('a masked config', () => {
  const masked = maskSecrets(TEXT)

  it('shows no secret, in values, comments or URLs', () => {
    for (const secret of SECRETS) assert.ok(!masked.text.includes(secret), `${secret} in\n${masked.text}`)
  })

  it('shows all the rest: names, variables, copied headers, hosts, files', () => {
    for (const word of [
      'laptop',
      `\${FROM_ENV}`,
      '$X-Session',
      '10.0.0.1:1080',
      'b.pem',
      '@db/lp',
      'http://proxy:8080',
    ])
      assert.ok(masked.text.includes(word), `${word} in\n${masked.text}`)
    assert.ok(masked.paths.includes('claude-api-key[0].api-key'))
  })

  it('is YAML with the same shape, and comes back byte for byte', () => {
    assert.deepEqual(Object.keys(parse(masked.text)), Object.keys(parse(TEXT)))
    assert.deepEqual(unmaskSecrets(masked.text, masked), { text: TEXT, faults: [] })
    const touched = `${masked.text}debug: true\n`
    assert.deepEqual(unmaskSecrets(touched, masked), { text: `${TEXT}debug: true\n`, faults: [] })
  })

  it('lets an entry move with its secret, and a new secret take its place', () => {
    const swapped = masked.text.replace(/ {2}- api-key[\s\S]*?1080\n/, '')
    const { text, faults } = unmaskSecrets(swapped, masked)
    assert.deepEqual(faults, [])
    assert.deepEqual(parse(text)['claude-api-key'], [{ 'api-key': 'sk-ant-secret-222' }])
    const fresh = masked.text.replace(/secret-key: .*/, 'secret-key: new-one')
    assert.equal(parse(unmaskSecrets(fresh, masked).text)['remote-management']['secret-key'], 'new-one')
  })

  it('refuses a marker where no secret stands, so that none can be brought to light', () => {
    for (const line of [
      'host: "***1"',
      'host: "a***2"',
      '"***1": 1',
      'proxy-url: http://***1.example',
      'x: ["***1"]',
    ]) {
      const { faults } = unmaskSecrets(`${masked.text.replace(/^host: .*$/m, line)}`, masked)
      assert.equal(faults.length, 1, line)
      assert.equal(faults[0]!.line, 2)
    }
  })

  it('refuses a marker that stands for nothing', () => {
    const { faults } = unmaskSecrets(masked.text.replace(/secret-key: .*/, 'secret-key: "***99"'), masked)
    assert.match(faults[0]!.message, /\*\*\*99 stands for no secret/)
    assert.equal(faults[0]!.path, 'remote-management.secret-key')
  })

  it('hides what it can of a text with broken syntax and of misspelled keys', () => {
    const broken = `claude-api-keyy:\n  - api-key: sk-ant-broken-1\nx: [\n  api-key: "other-broken-2"\nold: sk-proj-AAAABBBBCCCC\n`
    const shown = maskSecrets(broken, ['other-broken-2']).text
    for (const secret of ['sk-ant-broken-1', 'other-broken-2', 'sk-proj-AAAABBBBCCCC'])
      assert.ok(!shown.includes(secret), shown)
  })

  it('hides a secret again where it is repeated', () => {
    const { text } = maskSecrets('api-keys: [repeated-key-1]\nnote: repeated-key-1 # repeated-key-1\n')
    assert.ok(!text.includes('repeated-key-1'), text)
  })

  it('comes back whatever the text', () => {
    const example = readFileSync(join(import.meta.dirname, '../../config.example.yaml'), 'utf8')
    const line = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        'api-key: abc',
        '  - key: "x y"',
        '# ***1',
        'headers: {a: b}',
        'secret: |',
        '   block',
        'url: http://a:b@c',
        '# api-keys:',
        '#  - abcdef',
      ),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const text = lines.join('\n')
        const shown = maskSecrets(text)
        assert.equal(unmaskSecrets(shown.text, shown).text, text)
      }),
    )
    const shown = maskSecrets(example)
    const { text, faults } = unmaskSecrets(`${shown.text}# more\n`, shown)
    assert.deepEqual(faults, [])
    assert.equal(text, `${example}# more\n`)
  })
})

describe('a diff', () => {
  it('tells the lines that differ, with those around them', () => {
    const before = Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n')
    const after = before.replace('line 10', 'changed').replace('line 15\n', '')
    const { added, removed, hunks } = diffLines(before, after, 1)
    assert.deepEqual([added, removed, hunks.length], [1, 2, 2])
    assert.deepEqual(hunks[0], {
      gap: 9,
      lines: [
        { is: 'same', text: 'line 9', old: 10, new: 10 },
        { is: 'removed', text: 'line 10', old: 11 },
        { is: 'added', text: 'changed', new: 11 },
        { is: 'same', text: 'line 11', old: 12, new: 12 },
      ],
    })
  })

  it('of equal texts is empty, and always leads from the one to the other', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((l) => l.join('\n'))
    fc.assert(
      fc.property(text, text, (a, b) => {
        const { hunks } = diffLines(a, b, 1000)
        const of = (not: string) =>
          hunks
            .flatMap((h) => h.lines)
            .filter((l) => l.is !== not)
            .map((l) => l.text)
        const plain = (t: string) => {
          const l = t.split('\n')
          if (l.at(-1) === '') l.pop()
          return l
        }
        if (hunks.length === 0) assert.deepEqual(plain(a), plain(b))
        else {
          assert.deepEqual(of('added'), plain(a))
          assert.deepEqual(of('removed'), plain(b))
        }
      }),
    )
  })
})
