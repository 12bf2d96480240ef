/** A cooldown is a hint and not a latch: told by a fake clock that moves while the sockets stay real. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { parseFault } from '../src/simulator/index.ts'
import { accounts, anthropic, ask, chat, dialects } from './support/dialects.ts'
import { Clock, type Running, start, until } from './support/start.ts'

const [A, B, C] = ['upstream-key-a', 'upstream-key-b', 'upstream-key-c']

/** Each conversation anew, so that none is bound to an account. */
let turn = 0
const fresh = () => ({ text: `Matter ${++turn}` })

const keys = (run: Running): string =>
  run.simulator
    .attempts()
    .map((a) => a.key.at(-1))
    .join('')

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

for (const dialect of dialects) {
  it(`a 429 with a reset six days away that heals after a minute is served within one probe interval (${dialect.id})`, async () => {
    const clock = new Clock()
    await using run = await start((url) => accounts(dialect, url, [A]), { now: clock.now })
    run.simulator.setKeyFault(A, parseFault('429-days'))
    const first = await ask(run, dialect, fresh())
    assert.equal(first.status, 429)
    assert.equal(first.headers['retry-after'], '300')

    clock.pass(60)
    run.simulator.setKeyFault(A, undefined)
    // Still resting: refused at once, without asking the upstream, with what is left of the wait.
    const second = await ask(run, dialect, fresh())
    assert.equal(second.status, 429)
    assert.equal(second.headers['retry-after'], '240')
    assert.match(second.error.message, /resting.*tried again in 240 s/)
    assert.equal(keys(run), 'a')

    clock.pass(239)
    assert.equal((await ask(run, dialect, fresh())).headers['retry-after'], '1')
    clock.pass(1)
    assert.equal((await ask(run, dialect, { ...fresh(), stream: true })).status, 200)
    assert.equal(keys(run), 'aa')
    // And all is forgotten.
    assert.deepEqual(
      (await Promise.all([1, 2, 3].map(() => ask(run, dialect, fresh())))).map((a) => a.status),
      [200, 200, 200],
    )
  })
}

it('while the reset is six days away and does not heal, it is asked once a probe interval and no more', async () => {
  const clock = new Clock()
  await using run = await start((url) => accounts(anthropic, url, [A, B]), { now: clock.now })
  run.simulator.setKeyFault(A, parseFault('429-days'))
  for (let minute = 0; minute < 30; minute += 1) {
    assert.equal((await ask(run, anthropic, fresh())).status, 200)
    clock.pass(60)
  }
  // At 0, 5, … 25 minutes; every one of them was mended by the other account.
  assert.equal(run.simulator.attempts({ key: A }).length, 6)
  assert.equal(run.simulator.attempts({ key: B }).length, 30)
})

it('cooldown.max-seconds and probe-seconds bound what the upstream asks for', async () => {
  const clock = new Clock()
  const cooldown = { 'probe-seconds': 20, 'max-seconds': 30 }
  await using run = await start((url) => ({ ...accounts(chat, url, [A]), cooldown }), { now: clock.now })
  run.simulator.setKeyFault(A, parseFault('429:5000'))
  assert.equal((await ask(run, chat, fresh())).headers['retry-after'], '20')
  clock.pass(20)
  // The probe fails, and the next one is due in 20 seconds again.
  assert.equal((await ask(run, chat, fresh())).headers['retry-after'], '20')
  clock.pass(19)
  assert.equal((await ask(run, chat, fresh())).status, 429)
  assert.equal(keys(run), 'aa')
  clock.pass(1)
  run.simulator.setKeyFault(A, undefined)
  assert.equal((await ask(run, chat, fresh())).status, 200)
})

for (const dialect of dialects) {
  it(`when all rest, 429 with the wait of the soonest (${dialect.id})`, async () => {
    const clock = new Clock()
    await using run = await start((url) => accounts(dialect, url, [A, B, C]), { now: clock.now })
    for (const [key, word] of [
      [A, '429:90'],
      [B, '429:25'],
      [C, '429:40'],
    ] as const)
      run.simulator.setKeyFault(key, parseFault(word))
    assert.equal((await ask(run, dialect, fresh())).headers['retry-after'], '25')
    clock.pass(10)
    const answer = await ask(run, dialect, { ...fresh(), stream: true })
    assert.equal(answer.status, 429)
    assert.equal(answer.headers['retry-after'], '15')
    assert.match(answer.headers['content-type']!, /^application\/json/)
    const word = {
      anthropic: 'rate_limit_error',
      'openai-chat': 'model_cooldown',
      'openai-responses': 'model_cooldown',
      gemini: 'RESOURCE_EXHAUSTED',
    }
    const { error } = answer
    assert.equal(dialect.list === 'openai-api-key' ? error.code : error.type, word[dialect.id])
    assert.equal(keys(run), 'abc')
  })
}

describe('half open', () => {
  it('one probe at a time, however many ask', async () => {
    const clock = new Clock()
    await using run = await start((url) => accounts(anthropic, url, [A]), { now: clock.now })
    run.simulator.setKeyFault(A, parseFault('429-days'))
    await ask(run, anthropic, fresh())
    clock.pass(300)
    run.simulator.setKeyFault(A, parseFault('late-head:150'))
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(run, anthropic, fresh())))
    assert.equal(answers.filter((a) => a.status === 200).length, 1)
    assert.equal(answers.filter((a) => a.status === 429).length, 19)
    assert.equal(keys(run), 'aa')
    // The probe went well: everybody may come.
    run.simulator.setKeyFault(A, undefined)
    const after = await Promise.all(Array.from({ length: 5 }, () => ask(run, anthropic, fresh())))
    assert.deepEqual(new Set(after.map((a) => a.status)), new Set([200]))
  })

  it('a probe that finds fault with the request leaves the door ajar', async () => {
    const clock = new Clock()
    await using run = await start((url) => accounts(anthropic, url, [A]), { now: clock.now })
    run.simulator.setKeyFault(A, parseFault('429-days'))
    await ask(run, anthropic, fresh())
    clock.pass(300)
    run.simulator.setKeyFault(A, parseFault('400'))
    assert.equal((await ask(run, anthropic, fresh())).status, 400)
    run.simulator.setKeyFault(A, undefined)
    assert.equal((await ask(run, anthropic, fresh())).status, 200)
  })

  it('a probe whose client leaves lets the next one in', async () => {
    const clock = new Clock()
    await using run = await start((url) => accounts(anthropic, url, [A]), { now: clock.now })
    run.simulator.setKeyFault(A, parseFault('429-days'))
    await ask(run, anthropic, fresh())
    clock.pass(300)
    run.simulator.setKeyFault(A, parseFault('silence'))
    const gone = new AbortController()
    const left = fetch(`${run.url}/v1/messages`, {
      method: 'POST',
      headers: { ...anthropic.auth, 'content-type': 'application/json' },
      body: JSON.stringify(anthropic.body(anthropic.model, false, 'Probe')),
      signal: gone.signal,
    }).catch(() => 'left')
    await until(() => run.simulator.attempts().length === 2)
    gone.abort()
    assert.equal(await left, 'left')
    await until(() => run.calls.length === 2)
    run.simulator.setKeyFault(A, undefined)
    assert.equal((await ask(run, anthropic, fresh())).status, 200)
  })
})

describe('who rests', () => {
  it('one model of an account, when the fault is the model’s', async () => {
    const clock = new Clock()
    await using run = await start((url) => accounts(chat, url, [A]), { now: clock.now })
    assert.equal((await ask(run, chat, { ...fresh(), model: 'gpt-5.2+429:50' })).status, 429)
    assert.equal((await ask(run, chat, { ...fresh(), model: 'gpt-5.4' })).status, 200)
    assert.equal((await ask(run, chat, { ...fresh(), model: 'gpt-5.2+429:50' })).status, 429)
    assert.equal(keys(run), 'aa')
  })

  it('the whole account, when its key or its credit is refused', async () => {
    for (const word of ['401', 'quota']) {
      const clock = new Clock()
      await using run = await start((url) => accounts(chat, url, [A, B]), { now: clock.now })
      run.simulator.setKeyFault(A, parseFault(word))
      for (const model of ['gpt-5.2', 'gpt-5.4', 'gpt-5.5', 'gpt-5.1'])
        assert.equal((await ask(run, chat, { ...fresh(), model })).status, 200)
      assert.equal(keys(run), 'abbbb', word)
    }
  })

  it('everybody at an endpoint that refuses connections', async () => {
    const clock = new Clock()
    const dead = `http://127.0.0.1:${await closedPort()}`
    await using run = await start(
      (url) => ({
        'claude-api-key': [
          { 'api-key': A, 'base-url': dead },
          { 'api-key': B, 'base-url': dead },
          { 'api-key': C, 'base-url': url },
        ],
      }),
      { now: clock.now },
    )
    assert.equal((await ask(run, anthropic, fresh())).status, 200)
    const tried = run.calls[0]!.attempts.map((a) => [a.status, a.failure?.scope, a.failure?.code])
    assert.deepEqual(tried, [
      [0, 'provider', 'ECONNREFUSED'],
      [200, undefined, undefined],
    ])
    assert.equal((await ask(run, anthropic, fresh())).status, 200)
    assert.equal(run.calls[1]!.attempts.length, 1)
    // A second later one of them tests the endpoint for all.
    clock.pass(1)
    assert.equal((await ask(run, anthropic, fresh())).status, 200)
    assert.equal(run.calls[2]!.attempts.length <= 2, true)
  })

  it('an endpoint that cannot be reached, told to the only client there is', async () => {
    const dead = `http://127.0.0.1:${await closedPort()}`
    await using run = await start({ 'claude-api-key': [{ 'api-key': A, 'base-url': dead }] })
    const answer = await ask(run, anthropic, fresh())
    assert.equal(answer.status, 502)
    assert.equal(answer.headers['retry-after'], '1')
    assert.match(answer.error.message, /cannot be reached \(ECONNREFUSED\)/)
  })
})

it('failures in a row are answered with longer rests, and a success forgets them', async () => {
  const clock = new Clock()
  await using run = await start((url) => accounts(chat, url, [A]), { now: clock.now })
  const waits: string[] = []
  run.simulator.setKeyFault(A, parseFault('503'))
  for (let i = 0; i < 8; i += 1) {
    const wait = (await ask(run, chat, fresh())).headers['retry-after']!
    waits.push(wait)
    clock.pass(Number(wait))
  }
  assert.deepEqual(waits, ['1', '2', '4', '8', '16', '32', '60', '60'])
  run.simulator.setKeyFault(A, undefined)
  assert.equal((await ask(run, chat, fresh())).status, 200)
  run.simulator.setKeyFault(A, parseFault('503'))
  assert.equal((await ask(run, chat, fresh())).headers['retry-after'], '1')
})

it('a reload keeps what is known of an account with the same key, and knows nothing of a new one', async () => {
  const clock = new Clock()
  let base = ''
  const config = (key: string, label: string) => ({
    port: 0,
    'api-keys': ['client-key-1234567890'],
    'request-retry': 0,
    'claude-api-key': [{ 'api-key': key, 'base-url': base, 'display-name': label }],
  })
  await using run = await start(
    (url) => {
      base = url
      return config(A, 'one name')
    },
    { now: clock.now },
  )
  run.simulator.script(A, [parseFault('429-days')])
  await ask(run, anthropic, fresh())
  await run.gateway.reload(config(A, 'another name'))
  const resting = await ask(run, anthropic, fresh())
  assert.equal(resting.status, 429)
  assert.match(resting.error.message, /another name/)
  assert.equal(keys(run), 'a')
  await run.gateway.reload(config(B, 'another key'))
  assert.equal((await ask(run, anthropic, fresh())).status, 200)
  assert.equal(keys(run), 'ab')
})

describe('disable-cooling', () => {
  it('for all: nobody ever rests', async () => {
    await using run = await start((url) => ({ ...accounts(anthropic, url, [A]), 'disable-cooling': true }))
    run.simulator.script(A, ['429-days', '401', '503'].map(parseFault))
    const statuses = []
    for (let i = 0; i < 4; i += 1) statuses.push((await ask(run, anthropic, fresh())).status)
    assert.deepEqual(statuses, [429, 401, 503, 200])
    assert.equal(keys(run), 'aaaa')
  })

  it('for one account: it overrules the rest', async () => {
    await using run = await start((url) =>
      accounts(anthropic, url, [{ 'api-key': A, 'disable-cooling': true }, { 'api-key': B }]),
    )
    for (const key of [A, B]) run.simulator.setKeyFault(key, parseFault('429-days'))
    for (let i = 0; i < 3; i += 1) assert.equal((await ask(run, anthropic, fresh())).status, 429)
    assert.equal(keys(run), 'abaa')
  })

  it('transient-error-cooldown-seconds below 0: faults of the upstream rest nobody', async () => {
    await using run = await start((url) => ({
      ...accounts(anthropic, url, [A]),
      'transient-error-cooldown-seconds': -1,
    }))
    run.simulator.script(A, [parseFault('503')])
    assert.equal((await ask(run, anthropic, fresh())).status, 503)
    assert.equal((await ask(run, anthropic, fresh())).status, 200)
  })
})
