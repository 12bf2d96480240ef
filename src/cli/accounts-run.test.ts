import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { LoginRecord } from '../accounts/login-record.ts'
import { failure } from '../hub/failure.ts'
import { accounts, changeOf, named } from './accounts-run.ts'
import { login } from './login-run.ts'
import { CommandError } from './output.ts'
import { type Bench, createBench, heard } from './testing/fixture.ts'
import { withAccounts } from './with-accounts.ts'

let bench: Bench
before(async () => {
  bench = await createBench()
})
after(() => bench.close())

const run = async (verb: string, ...words: string[]) => {
  const out = heard(true)
  await accounts(out, { config: bench.config }, verb, words)
  return out
}
const listed = async () => (await run('list')).values[0]!['accounts'] as Record<string, unknown>[]

describe('logicaproxy accounts', () => {
  it('says how to begin when there are none', async () => {
    const out = await run('list')
    assert.match(out.lines.join(), /logicaproxy login.*logicaproxy import/)
    assert.deepEqual(out.values, [{ accounts: [] }])
  })

  it('lists, changes, refreshes and forgets', async () => {
    await login(heard(), { config: bench.config, port: 45_456 }, 'codex', bench.surroundings())
    const [first] = await listed()
    assert.deepEqual(
      [first!['provider'], first!['label'], first!['plan'], first!['disabled']],
      ['codex', 'anna@simulated.example', 'plus', false],
    )
    await run('label', 'codex', 'my work')
    await run('disable', 'my work')
    await run('weight', 'MY WORK', '2.5')
    await run('priority', 'codex', '-3')
    await run('concurrency', 'codex', '4')
    await run('proxy', 'codex', 'socks5://u:hush@127.0.0.1:1')
    const [changed] = await listed()
    assert.deepEqual(
      ['label', 'disabled', 'weight', 'priority', 'concurrency', 'proxy'].map((name) => changed![name]),
      ['my work', true, 2.5, -3, 4, '127.0.0.1:1'],
    )
    for (const [verb, value] of [['enable'], ['proxy', 'default'], ['concurrency', 'default']])
      await run(verb!, 'codex', ...(value === undefined ? [] : [value]))
    const [restored] = await listed()
    assert.deepEqual(
      [restored!['disabled'], restored!['proxy'], restored!['concurrency']],
      [false, undefined, undefined],
    )
    const before = bench.simulator.oauth.log({ vendor: 'codex', kind: 'refresh' }).length
    await run('refresh', 'codex')
    assert.equal(bench.simulator.oauth.log({ vendor: 'codex', kind: 'refresh' }).length, before + 1)
    await accounts(heard(), { config: bench.config, revoke: true }, 'remove', ['codex'])
    assert.deepEqual(await listed(), [])
    assert.equal(bench.simulator.oauth.log({ vendor: 'codex', kind: 'revoke' }).length, 1)
  })

  it('forgets the rests of one account and of no other', async () => {
    await login(heard(), { config: bench.config, port: 45_457 }, 'codex', bench.surroundings())
    const [{ id }] = (await listed()) as [{ id: string }]
    const rest = JSON.stringify({
      until: Date.now() + 60_000,
      probeAt: Date.now() + 30_000,
      probeLease: 0,
      failures: 1,
      failure: failure('rate-limited', 'Too much.', { scope: 'account' }),
    })
    const row = (key: unknown[]) => ({ kind: 'cooldown', id: JSON.stringify(key), value: rest, updatedAt: Date.now() })
    await withAccounts(heard(), { config: bench.config }, ({ store }) =>
      store.documents.put([row([id, null]), row([id, 'gpt-5']), row(['other', null])]),
    )
    assert.equal(((await listed())[0]!['rests'] as unknown[]).length, 2)
    assert.deepEqual((await run('reset', id)).values, [{ event: 'reset', id, rests: 2 }])
    assert.equal(((await listed())[0]!['rests'] as unknown[]).length, 0)
    const left = await withAccounts(heard(), { config: bench.config }, ({ store }) =>
      store.documents.all('cooldown', Date.now()),
    )
    assert.deepEqual(
      left.map((r) => r.id),
      ['["other",null]'],
    )
  })
})

describe('an account’s name', () => {
  const record = (id: string, label: string, email?: string) => ({ id, facts: { label, email } }) as LoginRecord
  const records = [
    record('claude-aa1', 'Work'),
    record('claude-aa2', 'home', 'anna@test.example'),
    record('codex-b', 'home'),
  ]

  it('is its id, the beginning of one, its label or its address', () => {
    assert.equal(named(records, 'claude-aa1').id, 'claude-aa1')
    assert.equal(named(records, 'codex').id, 'codex-b')
    assert.equal(named(records, 'work').id, 'claude-aa1')
    assert.equal(named(records, 'Anna@test.example').id, 'claude-aa2')
  })

  it('that means several, or none, is refused with those there are', () => {
    for (const name of ['claude', 'home', 'nobody'])
      assert.throws(
        () => named(records, name),
        (e: unknown) => e instanceof CommandError && /claude-aa1|claude-aa2/.test(e.message),
        name,
      )
    assert.throws(() => named([], 'x'), /Nobody is logged in/)
  })
})

describe('a change', () => {
  it('is refused when it makes no sense', () => {
    for (const [verb, value] of [
      ['weight', '-1'],
      ['weight', 'much'],
      ['weight', ''],
      ['priority', '1.5'],
      ['concurrency', '0'],
      ['label', '  '],
      ['proxy', 'somewhere'],
      ['nonsense', 'x'],
    ])
      assert.throws(() => changeOf(verb!, value!), CommandError, `${verb} ${value}`)
  })
})
