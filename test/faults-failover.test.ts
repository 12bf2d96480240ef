/**
 * The same faults with a second account: what can be mended is invisible to the client, what cannot be is tried once.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { parseFault } from '../src/simulator/index.ts'
import {
  accounts,
  anthropic,
  ask,
  askDirectly,
  chat,
  type Dialect,
  dialects,
  gemini,
  post,
} from './support/dialects.ts'
import { Clock, type Running, start, until } from './support/start.ts'

const T = Date.now()
const [A, B] = ['upstream-key-a', 'upstream-key-b']
const QUICK = { 'first-event': 0.25, idle: 0.25 }

function pair(dialect: Dialect, config: Record<string, unknown> = {}): Promise<Running> {
  return start((url) => ({ ...accounts(dialect, url, [A, B]), ...config }), { simulator: { now: () => T } })
}

/** The upstream's log: whose turn it was, what struck, and how it ended. */
function log(run: Running): string[] {
  return run.simulator
    .attempts()
    .filter((a) => a.key === A || a.key === B)
    .map((a) => `${a.key.at(-1)} ${a.fault ?? 'healthy'} ${a.outcome}`)
}

async function settled(run: Running): Promise<string[]> {
  await until(() => run.simulator.attempts().every((a) => a.outcome !== 'open'))
  return log(run)
}

/** Fault → how the first attempt ends in the simulator's log. */
const MENDED: Record<string, string> = {
  '429': 'refused',
  '429:7': 'refused',
  '429-days': 'refused',
  quota: 'refused',
  '500': 'refused',
  '500-once': 'refused',
  '503': 'refused',
  'flap:1': 'refused',
  '529': 'refused',
  '401': 'refused',
  '403': 'refused',
  'json-200': 'refused',
  reset: 'cut',
  silence: 'client-gone',
  'late-head:5000': 'client-gone',
  'late:5000': 'client-gone',
}
const MENDED_STREAMS: Record<string, string> = {
  'cut:1': 'cut',
  'stall:1': 'client-gone',
  'malformed:1': 'answered',
  'error-second': 'refused',
}
const MENDED_WHOLE: Record<string, string> = {
  cut: 'cut',
  stall: 'client-gone',
  malformed: 'answered',
  'no-end': 'cut',
  'error-second': 'refused',
  'error-mid': 'refused',
}

for (const dialect of dialects) {
  for (const stream of [true, false]) {
    describe(`two accounts, ${dialect.id}, ${stream ? 'streamed' : 'whole'}`, { concurrency: 12 }, () => {
      const table = { ...MENDED, ...(stream ? MENDED_STREAMS : MENDED_WHOLE) }
      for (const [fault, outcome] of Object.entries(table)) {
        if (dialect.id === 'gemini' && stream && ['cut:1', 'stall:1', 'error-second'].includes(fault)) continue
        it(`${fault} is invisible`, async () => {
          const quick = outcome === 'client-gone' ? { timeouts: QUICK } : {}
          await using run = await pair(dialect, quick)
          run.simulator.setKeyFault(A, parseFault(fault))
          const answer = await ask(run, dialect, { stream })
          const clean = await askDirectly(run, dialect, { stream })
          assert.equal(answer.status, 200)
          assert.equal(answer.raw, clean.raw)
          assert.equal(answer.headers['content-type']!.split(';')[0], clean.headers['content-type']!.split(';')[0])
          assert.deepEqual(await settled(run), [`a ${fault} ${outcome}`, 'b healthy answered'])
          assert.deepEqual(
            run.calls.map((c) => [c.status, c.failure, c.attempts.length]),
            [[200, undefined, 2]],
          )
        })
      }

      for (const fault of ['400', '400-context', '404', '413']) {
        it(`${fault} is not tried again: the next account would say the same`, async () => {
          await using run = await pair(dialect, { 'request-retry': 3 })
          run.simulator.setKeyFault(A, parseFault(fault))
          const answer = await ask(run, dialect, { stream })
          run.simulator.setKeyFault('direct-key', parseFault(fault))
          assert.equal(answer.raw, (await askDirectly(run, dialect, { stream })).raw)
          assert.deepEqual(log(run), [`a ${fault} refused`])
          // Nor does anybody rest for it.
          run.simulator.setKeyFault(A, undefined)
          assert.equal((await ask(run, dialect, { stream })).status, 200)
          assert.equal(log(run).at(-1), 'a healthy answered')
        })
      }
    })
  }

  describe(`two accounts, ${dialect.id}, after content has left`, { concurrency: 12 }, () => {
    const at = { anthropic: 5, 'openai-chat': 3, 'openai-responses': 8, gemini: 2 }[dialect.id]
    for (const [fault, outcome] of [
      [`cut:${at}`, 'cut'],
      [`stall:${at}`, 'client-gone'],
      ['no-end', 'cut'],
      ['error-mid', 'refused'],
    ] as const) {
      it(`${fault} is not tried again: the client would read the beginning twice`, async () => {
        await using run = await pair(dialect, {
          'request-retry': 3,
          ...(outcome === 'client-gone' && { timeouts: QUICK }),
        })
        run.simulator.setKeyFault(A, parseFault(fault))
        const answer = await ask(run, dialect, { model: `${dialect.model}+events:3`, stream: true })
        assert.equal(answer.status, 200)
        assert.deepEqual(await settled(run), [`a ${fault} ${outcome}`])
        assert.equal(answer.events.filter(dialect.fails).length, 1)
        assert.ok(answer.events.filter(dialect.opens).length <= 1)
        assert.deepEqual(answer.events.filter(dialect.closes), [])
        // But the next request knows.
        const next = await ask(run, dialect, {
          model: `${dialect.model}+events:3`,
          stream: true,
          text: 'Another matter',
        })
        assert.equal(next.events.filter(dialect.fails).length, 0)
        assert.equal(log(run).at(-1), 'b healthy answered')
      })
    }
  })
}

describe('rounds', { concurrency: 6 }, () => {
  it('an account that fails now and then is never seen to', async () => {
    const clock = new Clock()
    await using run = await start((url) => accounts(anthropic, url, [A, B]), { now: clock.now })
    run.simulator.setKeyFault(A, parseFault('flap:3'))
    for (let i = 0; i < 12; i += 1) {
      assert.equal((await ask(run, anthropic, { stream: i % 2 === 0, text: `Matter ${i}` })).status, 200)
      clock.pass(2)
    }
    const lines = log(run)
    assert.equal(lines.filter((line) => line === 'a flap:3 refused').length, 2, lines.join(', '))
    assert.equal(lines.length, 14)
  })

  it('each account is tried once in a round', async () => {
    await using run = await pair(chat)
    const answer = await ask(run, chat, { model: 'gpt-5.2+500' })
    assert.equal(answer.status, 500)
    assert.deepEqual(log(run), ['a 500 refused', 'b 500 refused'])
    assert.match(answer.error.message, /\(tried openai \S+: 500, openai \S+: 500\)$/)
  })

  it('max-retry-credentials bounds a round', async () => {
    await using run = await start((url) => ({
      ...accounts(chat, url, ['k-a', 'k-b', 'k-c', 'k-d']),
      'max-retry-credentials': 2,
    }))
    assert.equal((await ask(run, chat, { model: 'gpt-5.2+503' })).status, 503)
    assert.deepEqual(
      run.simulator.attempts().map((a) => a.key),
      ['k-a', 'k-b'],
    )
  })

  it('request-retry adds rounds: first try and two more', async () => {
    await using run = await pair(chat, { 'request-retry': 2 })
    const zero = parseFault('429:0')
    for (const key of [A, B]) run.simulator.script(key, [zero, zero, zero, zero])
    assert.equal((await ask(run, chat)).status, 429)
    assert.equal(log(run).length, 6)
  })

  it('a later round mends what the first could not', async () => {
    await using run = await pair(gemini, { 'request-retry': 1 })
    for (const key of [A, B]) run.simulator.script(key, [parseFault('429:0')])
    assert.equal((await ask(run, gemini, { stream: true })).status, 200)
    assert.deepEqual(log(run), ['a 429:0 refused', 'b 429:0 refused', 'b healthy answered'])
  })

  it('bootstrap-retries adds rounds to streams alone', async () => {
    await using run = await pair(anthropic, { streaming: { 'bootstrap-retries': 1 } })
    const once = () => {
      for (const key of [A, B]) run.simulator.script(key, [parseFault('429:0')])
    }
    once()
    assert.equal((await ask(run, anthropic, { stream: true })).status, 200)
    once()
    assert.equal((await ask(run, anthropic, { stream: false, text: 'Another matter' })).status, 429)
  })

  it('a wait up to max-retry-interval is waited, a longer one told', async () => {
    await using run = await start((url) => ({
      ...accounts(chat, url, [A]),
      'request-retry': 1,
      'max-retry-interval': 1,
    }))
    run.simulator.script(A, [parseFault('429:1')])
    const from = performance.now()
    assert.equal((await ask(run, chat)).status, 200)
    const took = performance.now() - from
    assert.ok(took >= 990 && took < 1_900, `${took} ms`)
    run.simulator.script(A, [parseFault('429:2')])
    const refused = await ask(run, chat)
    assert.equal(refused.status, 429)
    assert.equal(refused.headers['retry-after'], '2')
    assert.equal(run.simulator.attempts().length, 3)
  })

  it('request-retry: 0 never waits', async () => {
    await using run = await pair(chat, { 'request-retry': 0 })
    for (const key of [A, B]) run.simulator.script(key, [parseFault('429:0')])
    assert.equal((await ask(run, chat)).status, 429)
    assert.equal(log(run).length, 2)
  })

  it('a lasting outage does not multiply the traffic: rounds come out of a budget', async () => {
    const frozen = Date.now()
    await using run = await start(
      (url) => ({ ...accounts(chat, url, [A]), 'request-retry': 5, 'disable-cooling': true }),
      { now: () => frozen },
    )
    run.simulator.setKeyFault(A, parseFault('503'))
    for (let i = 0; i < 100; i += 1) assert.equal((await ask(run, chat)).status, 503)
    // 100 first tries, 50 rounds saved up and a fifth of a round for each call.
    const tries = run.simulator.attempts().length
    assert.ok(tries >= 165 && tries <= 170, String(tries))
  })

  it('tokens are counted without a verdict on the account', async () => {
    await using run = await pair(anthropic)
    run.simulator.setKeyFault(A, parseFault('500'))
    const body = JSON.stringify({ model: anthropic.model, messages: [{ role: 'user', content: 'Hello' }] })
    const answer = await post(run, anthropic, '/v1/messages/count_tokens', body)
    assert.equal(answer.status, 200)
    assert.ok(answer.json.input_tokens > 0)
    run.simulator.setKeyFault(A, undefined)
    assert.deepEqual(log(run), ['a 500 refused', 'b healthy answered'])
    // The account that failed to count answers as if nothing had been.
    for (const text of ['One matter', 'Another matter']) await ask(run, anthropic, { text })
    assert.deepEqual(log(run).slice(2), ['b healthy answered', 'a healthy answered'])
  })
})

describe('bytes on the edge', () => {
  /** An upstream that says exactly this and hangs up. */
  async function upstream(bytes: string, how: 'destroy' | 'end'): Promise<{ url: string } & AsyncDisposable> {
    const server = createServer((req, res) => {
      req.resume()
      req.on('end', () => {
        res.writeHead(200, { 'content-type': 'text/event-stream' })
        res.write(bytes, () => (how === 'end' ? res.end() : res.socket!.destroy()))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections()
        server.close()
      },
    }
  }

  const START =
    'event: message_start\ndata: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":1}}}\n\n'
  const delta = (text: string) =>
    `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${text}"}}\n\n`

  it('half an event never reaches the client', async () => {
    await using up = await upstream(`${START}${delta('one')}${delta('two').slice(0, 60)}`, 'destroy')
    await using run = await start(accounts(anthropic, up.url, [A]))
    const answer = await ask(run, anthropic, { stream: true })
    assert.ok(answer.raw.startsWith(`${START}${delta('one')}event: error\n`), answer.raw)
    assert.equal(answer.events.length, 3)
  })

  it('a last event without its blank line counts if it is whole', async () => {
    const stop = 'event: message_stop\ndata: {"type":"message_stop"}'
    await using up = await upstream(`${START}${delta('one')}${stop}\n`, 'end')
    await using run = await start(accounts(anthropic, up.url, [A]))
    const answer = await ask(run, anthropic, { stream: true })
    assert.equal(answer.events.at(-1)!.name, 'message_stop')
    assert.equal(answer.events.filter(anthropic.fails).length, 0)
  })

  it('an event over the limit ends the stream with one error', async () => {
    await using up = await upstream(
      `${START}${delta('one')}event: content_block_delta\ndata: ${'x'.repeat(200_000)}`,
      'end',
    )
    await using run = await start({ ...accounts(anthropic, up.url, [A]), limits: { 'event-mib': 0.1 } })
    const answer = await ask(run, anthropic, { stream: true })
    assert.deepEqual(
      answer.events.map((e) => e.name),
      ['message_start', 'content_block_delta', 'error'],
    )
  })

  it('a refusal that quotes the account’s key is told without it', async () => {
    const server = createServer((req, res) => {
      req.resume()
      const error = { message: `Incorrect API key provided: ${A}.`, type: 'x', param: null, code: 'invalid_api_key' }
      res.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await using run = await start(accounts(chat, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [A]))
    for (const stream of [true, false]) {
      const answer = await ask(run, chat, { stream })
      assert.ok(answer.status === 401 || answer.status === 429)
      assert.match(answer.raw, /Incorrect API key provided/)
      assert.ok(!answer.raw.includes(A), answer.raw)
    }
    server.closeAllConnections()
    server.close()
  })

  it('a redirect is never followed', async () => {
    const server = createServer((_, res) => res.writeHead(307, { location: 'http://127.0.0.1:1/' }).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await using run = await start(
      accounts(anthropic, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [A]),
    )
    const answer = await ask(run, anthropic)
    assert.equal(answer.status, 502)
    assert.match(answer.error.message, /redirect \(307\), which is never followed/)
    server.closeAllConnections()
    server.close()
  })
})
