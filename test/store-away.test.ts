/** Postgres that is not there when the gateway starts: keys serve, logins come later, and nothing of the meantime is lost. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { stringify } from 'yaml'
import { createGateway } from '../src/index.ts'
import { createSimulator, type Simulator } from '../src/simulator/index.ts'
import { openStore } from '../src/store/index.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'
import { until } from './support/start.ts'
import { run, startGateway, waitFor } from './support-process.ts'

describe('with Postgres away at the start', () => {
  const directory = mkdtempSync(join(tmpdir(), 'logicaproxy-away-'))
  let postgres: TestPostgres
  let simulator: Simulator
  let url: string
  let madeKey: string
  let config: Record<string, unknown>
  const said: string[] = []
  const log = Object.fromEntries(
    ['debug', 'info', 'warn', 'error'].map((level) => [
      level,
      (_: object, words: string) => void said.push(`${level}: ${words}`),
    ]),
  )

  before(async () => {
    postgres = await startPostgres()
    url = await postgres.database()
    simulator = await createSimulator({ anyPort: true })
    config = {
      port: 0,
      'api-keys': ['k'],
      'auth-dir': directory,
      store: { url },
      'host-overrides': simulator.hosts,
      'oauth-clients': simulator.clients,
      'claude-api-key': [{ 'api-key': 'upstream', 'base-url': simulator.url, models: [{ name: 'claude-haiku-4-5' }] }],
      routing: { 'session-affinity': false },
    }
    const gateway = await createGateway({ config })
    await gateway.listen()
    const login = await gateway.login('claude', { acknowledged: true })
    await simulator.consent({ url: login.url!, person: 'anna', visit: true })
    await login.account
    madeKey = (await gateway.keys.create({ name: 'laptop' })).key
    await gateway.close({ drainMs: 0 })
  })
  after(async () => {
    await simulator.close()
    await postgres.stop().catch(() => {})
    rmSync(directory, { recursive: true, force: true })
  })

  async function ask(at: string, model: string, key = 'k') {
    const answer = await fetch(`${at}/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  const ready = async (at: string) => {
    const answer = await fetch(`${at}/ready`)
    return { status: answer.status, reasons: ((await answer.json()) as { reasons: string[] }).reasons.join(' ') }
  }

  it('keys serve, it is told, and when it is back logins serve and nothing is lost', async () => {
    await postgres.stop()
    const before = simulator.oauth.counts()
    const gateway = await createGateway({ config, log: log as never })
    try {
      const { url: at } = await gateway.listen()
      assert.equal((await ask(at, 'claude-haiku-4-5')).status, 200)
      const notReady = await ready(at)
      assert.equal(notReady.status, 503)
      assert.match(notReady.reasons, /Postgres at 127\.0\.0\.1:\d+\/test_\d+ cannot be reached \(ECONNREFUSED\)/)
      assert.doesNotMatch(notReady.reasons, /test-password/)
      assert.equal(said.filter((words) => /accounts by API key serve/.test(words)).length, 1, said.join('\n'))
      assert.equal(gateway.logins!.records().length, 0)
      assert.equal((await ask(at, 'claude-sonnet-4-6')).status >= 400, true)
      await assert.rejects(gateway.login('claude', { acknowledged: true }), /could not be kept now.*cannot be reached/)
      // Who is let in does not change by it.
      assert.equal((await ask(at, 'claude-haiku-4-5', 'another')).status, 401)
      const made = await ask(at, 'claude-haiku-4-5', madeKey)
      assert.deepEqual([made.status, /store is away. Try again soon/.test(made.text)], [503, true], made.text)

      await postgres.start()
      await until(() => gateway.logins!.records().length === 1 && gateway.logins!.trouble() === undefined, 30_000)
      assert.equal((await ask(at, 'claude-sonnet-4-6')).status, 200)
      await waitFor(async () => (await ask(at, 'claude-haiku-4-5', madeKey)).status === 200, 10_000)
      assert.equal((await ready(at)).status, 200)
      assert.deepEqual(said.filter((words) => /the store is there now/.test(words)).length, 1)
      assert.equal(said.filter((words) => /accounts by API key serve/.test(words)).length, 1, said.join('\n'))
      const store = await openStore({ engine: 'postgres', url })
      try {
        // What was asked while it was away, and nobody could write down.
        const first = (rows: readonly { requestedModel: string }[]) => rows.at(-1)?.requestedModel
        await waitFor(async () => first(await store.usage.list({}, 100)) === 'claude-haiku-4-5', 30_000)
      } finally {
        await store.close()
      }
      assert.equal(gateway.usage.counts.dropped, 0)
    } finally {
      await gateway.close({ drainMs: 0 })
    }
    // A token that was good all the time is not refreshed because nobody could read it.
    assert.deepEqual(simulator.oauth.counts(), before)
  })

  it('the program starts; commands that need the store end with 5 and say why', async () => {
    await postgres.stop()
    const file = join(directory, 'config.yaml')
    writeFileSync(file, stringify(config))
    const server = await startGateway({ ...config, 'auth-dir': directory })
    try {
      const notReady = await ready(server.url)
      assert.equal(notReady.status, 503)
      assert.match(notReady.reasons, /cannot be reached/)
      assert.equal(server.stderr.split('accounts by API key serve').length, 2, server.stderr)
      assert.doesNotMatch(server.stderr + server.stdout, /test-password/)
      for (const command of [['accounts'], ['vault', 'status'], ['keys', 'list']]) {
        const ended = await run([...command, '--config', file, '--json'])
        assert.equal(ended.code, 5, `${command.join(' ')}: ${ended.stderr}`)
        assert.match(ended.stderr, /Postgres at \S+ cannot be reached \(ECONNREFUSED\)/, command.join(' '))
      }
      await postgres.start()
      await waitFor(async () => (await ready(server.url)).status === 200, 30_000)
      assert.equal((await ask(server.url, 'claude-sonnet-4-6')).status, 200)
      server.kill('SIGTERM')
      assert.equal((await server.ended).code, 0)
    } finally {
      await server[Symbol.asyncDispose]()
    }
  })

  it('a store that was put back from a backup, or exchanged, is told in the log and by the doctor', async () => {
    const home = mkdtempSync(join(tmpdir(), 'logicaproxy-back-'))
    const anchor = { vault: '0123456789abcdef', revision: 7, accepted: 0 }
    writeFileSync(join(home, 'vault.anchor'), JSON.stringify(anchor), { mode: 0o600 })
    const told: string[] = []
    const hear = (_: object, words: string) => void told.push(words)
    const quiet = () => {}
    const gateway = await createGateway({
      config: {
        port: 0,
        'api-keys': ['k'],
        'auth-dir': home,
        'remote-management': { 'secret-key': 'an-admin-token-of-some-length' },
      },
      log: { debug: quiet, info: quiet, warn: hear, error: hear } as never,
    })
    try {
      const { url: at } = await gateway.listen()
      const remarks = told.filter((words) => /is gone and another one is in its place/.test(words))
      assert.equal(remarks.length, 1, told.join('\n'))
      assert.match(remarks[0]!, /written 7 times.*vault status --accept/)
      const headers = { authorization: 'Bearer an-admin-token-of-some-length' }
      const doctor = await (await fetch(`${at}/v0/management/doctor`, { headers })).text()
      assert.match(doctor, /another one is in its place/)
    } finally {
      await gateway.close({ drainMs: 0 })
      rmSync(home, { recursive: true, force: true })
    }
  })

  it('what will not pass by itself still ends the start with 5', async () => {
    const wrong = new URL(url)
    wrong.password = 'not-the-password'
    for (const [address, why] of [
      [wrong.href, /refuses the login/],
      ['mysql://db/x', /no Postgres address/],
    ] as const) {
      const file = join(directory, 'wrong.yaml')
      writeFileSync(file, stringify({ ...config, store: { url: address } }))
      const ended = await run(['serve', '--config', file, '--port', '0', '--json'])
      assert.equal(ended.code, 5, ended.stderr)
      assert.match(ended.stderr, why)
      assert.doesNotMatch(ended.stderr, /not-the-password/)
    }
  })
})
