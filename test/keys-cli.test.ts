/** `logicaproxy keys` and `logicaproxy usage` as a person types them. */
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openStore } from '../src/store/index.ts'
import { usageRow } from '../src/store/testing/rows.ts'
import { run, temporary } from './support-process.ts'

function home() {
  const dir = temporary()
  const file = join(dir.path, 'config.yaml')
  writeFileSync(file, `auth-dir: ${join(dir.path, 'data')}\napi-keys: [{ name: filed, key: a-key-of-the-file }]\n`)
  const say = (...words: string[]) => run(['--config', file, ...words], { env: { HOME: dir.path, NO_COLOR: '1' } })
  return { dir, say, data: join(dir.path, 'data'), [Symbol.dispose]: () => dir[Symbol.dispose]() }
}

describe('logicaproxy keys', () => {
  test('makes, lists, changes, rotates and revokes, and shows a key once', async () => {
    using at = home()
    const made = await at.say(
      'keys',
      'create',
      'laptop',
      '--models',
      'claude-*,gpt-*',
      '--usd-per-month',
      '20',
      '--json',
    )
    const { key, limits, models } = JSON.parse(made.stdout)
    assert.match(key, /^lp-[A-Za-z0-9]{40}$/)
    assert.deepEqual([limits, models], [{ microsPerMonth: 20_000_000 }, ['claude-*', 'gpt-*']])

    const list = await at.say('keys')
    assert.match(list.stdout, /laptop +lp-.{4}… +ready +0 +\$0\.0000 +claude-\*,gpt-\*; \$20\.00\/month/)
    assert.match(list.stdout, /filed +in the config/)
    assert.ok(!list.stdout.includes(key))

    const changed = await at.say('keys', 'change', 'laptop', '--usd-per-month', 'none', '--concurrent', '2', '--json')
    assert.deepEqual(JSON.parse(changed.stdout).limits, { concurrency: 2 })
    const rotated = JSON.parse((await at.say('keys', 'rotate', 'laptop', '--grace', '1h', '--json')).stdout)
    assert.notEqual(rotated.key, key)
    assert.ok(rotated.graceUntil > Date.now() + 3_500_000)
    assert.equal((await at.say('keys', 'revoke', 'laptop')).code, 0)
    const left = JSON.parse((await at.say('--json', 'keys')).stdout)
    assert.deepEqual(
      left.keys.map((k: { name: string }) => k.name),
      ['filed'],
    )
  })

  test('says what is wrong, and ends with 2', async () => {
    using at = home()
    for (const [words, said] of [
      [['revoke', 'nobody'], /There is no key "nobody"\. There are: filed/],
      [['revoke', 'filed'], /stands in the config file and is changed there/],
      [['create', 'filed'], /There is a key "filed" already/],
      [['create', 'x', '--tokens-per-day', '-1'], /--tokens-per-day takes a whole number above 0/],
      [['create', 'x', '--expires', '2026-02-31'], /--expires takes a date/],
      [['create', 'x', '--expires', '2020-01-01'], /expires in the future/],
      [['change', 'filed'], /Say what to change/],
    ] as const) {
      const ended = await at.say('keys', ...words)
      assert.deepEqual([ended.code, ended.stdout], [2, ''], words.join(' '))
      assert.match(ended.stderr, said)
    }
  })
})

describe('logicaproxy usage', () => {
  test('adds up, exports to a private file, and wipes only when it is meant', async () => {
    using at = home()
    const store = await openStore({ engine: 'sqlite', directory: at.data })
    const row = (id: string, model: string, cost?: number) =>
      usageRow(id, Date.now() - 1_000, {
        servedModel: model,
        requestedModel: model,
        inputTokens: 5,
        ...(cost && { costMicros: cost }),
      })
    await store.usage.append([
      row('a/0', 'claude-opus-4-6', 1_500_000),
      row('b/0', 'claude-opus-4-6', 500_000),
      row('c/0', '=cmd'),
    ])
    await store.close()

    const totals = await at.say('usage', '--by', 'model,key')
    assert.match(totals.stdout, /claude-opus-4-6 +laptop +2 +0 +10 +0 +0 +\$2\.0000\n/)
    assert.match(totals.stdout, /1 requests have no known price/)
    const json = JSON.parse((await at.say('usage', '--json', '--by', 'day', '--model', 'claude-opus-4-6')).stdout)
    assert.equal(json.rows[0].requests, 2)

    const file = join(at.dir.path, 'usage.csv')
    assert.equal((await at.say('usage', 'export', '-o', file)).code, 0)
    const text = readFileSync(file, 'utf8')
    assert.equal(text.split('\r\n').length, 5)
    assert.ok(text.includes(",'=cmd,"))
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(JSON.parse((await at.say('usage', 'export', '--format', 'json')).stdout).length, 3)

    assert.equal((await at.say('usage', 'wipe')).code, 2)
    assert.match((await at.say('usage', 'wipe', '--yes')).stdout, /3 records and 0 kept bodies are gone/)
    assert.match((await at.say('usage')).stdout, /Nothing was recorded/)
    assert.equal((await at.say('usage', '--by', 'nothing')).code, 2)
  })
})
