/** Clocks: the four timeouts, signs of life while the model thinks, and clients that leave or stop reading. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { parseFault } from '../../src/simulator/index.ts'
import { accounts, anthropic, ask, chat, type Dialect, dialects, gemini } from '../support/dialects.ts'
import { CLIENT_KEY, type Running, start, until } from '../support/start.ts'

const A = 'upstream-key-a'

function alone(dialect: Dialect, config: Record<string, unknown> = {}): Promise<Running> {
  return start((url) => ({ ...accounts(dialect, url, [A]), ...config }))
}

async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const from = performance.now()
  return [await work, performance.now() - from]
}

describe('timeouts', { concurrency: 8 }, () => {
  for (const dialect of dialects) {
    it(`first-event: a stream that says nothing (${dialect.id})`, async () => {
      await using run = await alone(dialect, { timeouts: { 'first-event': 0.15 } })
      const [answer, ms] = await timed(ask(run, dialect, { model: `${dialect.model}+silence`, stream: true }))
      assert.equal(answer.status, 504)
      assert.ok(ms >= 145 && ms < 600, `${ms} ms`)
      assert.match(answer.error.message, /timeouts\.first-event/)
      // The upstream is let go at once.
      await until(() => run.simulator.attempts()[0]!.outcome === 'client-gone', 100)
    })
  }

  it('first-event counts opening events as nothing', async () => {
    await using run = await alone(anthropic, { timeouts: { 'first-event': 0.15, idle: 0 } })
    const [answer, ms] = await timed(ask(run, anthropic, { model: `${anthropic.model}+stall:3`, stream: true }))
    assert.equal(answer.status, 504)
    assert.ok(ms < 600, `${ms} ms`)
  })

  it('a whole answer has twice the patience', async () => {
    await using run = await alone(chat, { timeouts: { 'first-event': 0.1 } })
    const [answer, ms] = await timed(ask(run, chat, { model: 'gpt-5.2+silence' }))
    assert.equal(answer.status, 504)
    assert.ok(ms >= 195 && ms < 700, `${ms} ms`)
    assert.equal((await ask(run, chat, { model: 'gpt-5.2+delay:130' })).status, 200)
  })

  it('idle ends a stream that stops in the middle, and not one that is slow', async () => {
    await using run = await alone(anthropic, { timeouts: { idle: 0.2 } })
    const [stalled, ms] = await timed(ask(run, anthropic, { model: `${anthropic.model}+stall:6`, stream: true }))
    assert.equal(stalled.events.at(-1)!.name, 'error')
    assert.match(stalled.events.at(-1)!.data, /timeout_error.*timeouts\.idle/)
    assert.ok(ms >= 190 && ms < 700, `${ms} ms`)
    const slow = await ask(run, anthropic, { model: `${anthropic.model}+events:4+pace:60`, stream: true })
    assert.equal(slow.events.at(-1)!.name, 'message_stop')
  })

  it('idle ends a whole answer that stops half-way, and says so', async () => {
    await using run = await alone(chat, { timeouts: { idle: 0.12, 'first-event': 5 } })
    const [answer, ms] = await timed(ask(run, chat, { model: 'gpt-5.2+stall' }))
    assert.equal(answer.status, 504)
    assert.match(answer.error.message, /timeouts\.idle/)
    assert.ok(ms < 700, `${ms} ms`)
  })

  it('total ends an answer that never ends, though it never falls silent', async () => {
    await using run = await alone(anthropic, { timeouts: { total: 0.2 } })
    const model = `${anthropic.model}+events:1000+pace:20`
    const [answer, ms] = await timed(ask(run, anthropic, { model, stream: true }))
    assert.match(answer.events.at(-1)!.data, /timeout_error.*timeouts\.total/)
    assert.equal(answer.events.filter(anthropic.fails).length, 1)
    assert.ok(ms >= 195 && ms < 700, `${ms} ms`)
  })

  it('total bounds all attempts together', async () => {
    await using run = await start((url) => ({
      ...accounts(chat, url, ['k-a', 'k-b', 'k-c']),
      timeouts: { 'first-event': 0.12, total: 0.2 },
    }))
    const [answer, ms] = await timed(ask(run, chat, { model: 'gpt-5.2+silence', stream: true }))
    assert.equal(answer.status, 504)
    assert.ok(ms < 700, `${ms} ms`)
    assert.equal(run.simulator.attempts().length, 2)
  })
})

describe('signs of life', { concurrency: 8 }, () => {
  const streaming = { streaming: { 'keepalive-seconds': 1 } }

  for (const dialect of dialects) {
    it(`come every keepalive-seconds before the first event (${dialect.id})`, async () => {
      await using run = await alone(dialect, streaming)
      const answer = await ask(run, dialect, { model: `${dialect.model}+late:1200`, stream: true })
      assert.deepEqual(answer.comments, [': keep-alive'])
      assert.ok(answer.raw.startsWith(': keep-alive\n\n'))
      assert.equal(answer.events.filter(dialect.fails).length, 0)
      assert.equal(answer.events.filter(dialect.closes).length, 1)
    })
  }

  it('are pings within an Anthropic message, and do not reset the idle clock', async () => {
    await using run = await alone(anthropic, { ...streaming, timeouts: { idle: 1.3 } })
    const [answer, ms] = await timed(ask(run, anthropic, { model: `${anthropic.model}+stall:6`, stream: true }))
    assert.deepEqual(
      answer.events.slice(-2).map((e) => e.name),
      ['ping', 'error'],
    )
    assert.ok(ms < 1_900, `${ms} ms`)
  })

  it('leave the way to another account open', async () => {
    await using run = await start((url) => ({
      ...accounts(anthropic, url, [A, 'upstream-key-b']),
      ...streaming,
      timeouts: { 'first-event': 1.2 },
    }))
    run.simulator.setKeyFault(A, parseFault('stall:1'))
    const answer = await ask(run, anthropic, { stream: true })
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.comments, [': keep-alive'])
    assert.equal(answer.events.filter(anthropic.opens).length, 1)
    assert.equal(answer.events.at(-1)!.name, 'message_stop')
    assert.equal(run.simulator.attempts().length, 2)
  })

  it('once given, a refusal can only be told within the stream', async () => {
    await using run = await alone(anthropic, { ...streaming, timeouts: { 'first-event': 1.2 } })
    const answer = await ask(run, anthropic, { model: `${anthropic.model}+stall:1`, stream: true })
    assert.equal(answer.status, 200)
    assert.deepEqual(
      answer.events.map((e) => e.name),
      ['error'],
    )
    assert.match(answer.events[0]!.data, /timeout_error/)
  })

  it('break no SDK', async () => {
    await using run = await start((url) => ({
      ...accounts(anthropic, url, [A]),
      ...accounts(chat, url, [A]),
      ...accounts(gemini, url, [A]),
      ...streaming,
    }))
    const openai = new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${run.url}/v1`, maxRetries: 0 })
    const claude = new Anthropic({ apiKey: CLIENT_KEY, baseURL: run.url, maxRetries: 0 })
    const google = new GoogleGenAI({ apiKey: CLIENT_KEY, httpOptions: { baseUrl: run.url } })
    const word = '+events:2+late:1100'
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    const texts = await Promise.all([
      claude.messages
        .stream({ model: anthropic.model + word, max_tokens: 64, messages })
        .finalMessage()
        .then((m) => (m.content[0]?.type === 'text' ? m.content[0].text : '')),
      openai.chat.completions
        .stream({ model: chat.model + word, messages })
        .finalChatCompletion()
        .then((c) => c.choices[0]?.message.content),
      openai.responses
        .stream({ model: chat.model + word, input: 'Hi' })
        .finalResponse()
        .then((r) => r.output_text),
      google.models.generateContentStream({ model: gemini.model + word, contents: 'Hi' }).then(async (stream) => {
        let text = ''
        for await (const chunk of stream) text += chunk.text ?? ''
        return text
      }),
    ])
    for (const text of texts) assert.equal(text, '0 abcdefghijklmn1 abcdefghijklmn')
  })
})

describe('the client', { concurrency: 2 }, () => {
  /** Asks and hangs up once it has seen enough. */
  function leave(
    run: Running,
    dialect: Dialect,
    model: string,
    stream: boolean,
    when: 'first-byte' | number,
  ): Promise<number> {
    return new Promise((resolve) => {
      const body = JSON.stringify(dialect.body(model, stream, 'Hi'))
      const req = request(run.url + dialect.path(model, stream), {
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', ...dialect.auth },
      })
      const go = () => {
        req.destroy()
        resolve(performance.now())
      }
      req.on('error', () => {})
      req.on('response', (res) => {
        res.on('error', () => {})
        if (when === 'first-byte') res.once('data', go)
      })
      req.end(body)
      if (when !== 'first-byte') setTimeout(go, when)
    })
  }

  for (const dialect of dialects) {
    for (const [what, word, stream, when] of [
      ['before the head', 'silence', true, 60],
      ['before the first event', 'stall:1', true, 60],
      ['in the middle of a stream', 'events:500+pace:10', true, 'first-byte'],
      ['before a whole answer', 'silence', false, 60],
    ] as const) {
      it(`leaving ${what} ends the upstream's work within 100 ms (${dialect.id})`, async () => {
        await using run = await alone(dialect)
        const left = await leave(run, dialect, `${dialect.model}+${word}`, stream, when)
        await until(() => run.simulator.attempts()[0]?.outcome === 'client-gone')
        assert.ok(performance.now() - left < 100, `${performance.now() - left} ms`)
        await until(() => run.calls.length === 1)
        assert.equal(run.calls[0]!.failure!.kind, 'cancelled')
        assert.equal(run.gateway.active, 0)
        // Nobody rests for it.
        assert.equal((await ask(run, dialect)).status, 200)
      })
    }
  }

  it('leaving between rounds ends the waiting', async () => {
    await using run = await alone(chat, { 'request-retry': 3 })
    const left = leave(run, chat, 'gpt-5.2+429:20', false, 80)
    await left
    await until(() => run.calls.length === 1, 300)
    assert.equal(run.calls[0]!.failure!.kind, 'cancelled')
    assert.equal(run.simulator.attempts().length, 1)
  })

  it('reading slowly pauses the upstream, and all of it arrives', async () => {
    await using run = await alone(chat)
    const model = 'gpt-5.2+events:3000+len:4000'
    const before = process.memoryUsage().rss
    const { port } = new URL(run.url)
    const socket = connect(Number(port), '127.0.0.1')
    const body = JSON.stringify(chat.body(model, true, 'Hi'))
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${CLIENT_KEY}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    )
    socket.pause()
    await new Promise((resolve) => setTimeout(resolve, 200))
    // 12 MB wait: the upstream may have got rid of what fits into sockets' buffers, and no more.
    const [attempt] = run.simulator.attempts()
    assert.ok(attempt!.eventsSent < 2_900, `${attempt!.eventsSent} events sent to a client that reads nothing`)
    assert.ok(process.memoryUsage().rss - before < 120 * 1024 * 1024)
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.resume()
    await new Promise((resolve) => socket.on('close', resolve))
    assert.equal(text.match(/"delta":\{"content":"\d+ /g)!.length, 3000)
    assert.match(text, /data: \[DONE\]/)
  })

  it('not reading at all is ended by the idle clock', async () => {
    await using run = await alone(chat, { timeouts: { idle: 0.3 } })
    const socket = connect(Number(new URL(run.url).port), '127.0.0.1')
    socket.on('error', () => {})
    const body = JSON.stringify(chat.body('gpt-5.2+events:6000+len:4000', true, 'Hi'))
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${CLIENT_KEY}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    socket.pause()
    await until(() => run.calls.length === 1, 3_000)
    assert.equal(run.calls[0]!.failure!.kind, 'cancelled')
    await until(() => run.simulator.attempts()[0]!.outcome === 'client-gone')
    socket.destroy()
  })
})
