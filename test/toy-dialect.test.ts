/**
 * Adding a dialect touches one folder and one line: here is a whole one, made in a test, passed to `createGateway`. Its
 * clients reach every upstream, streamed and not, and its endpoints serve every client.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { FailureError, failure } from '../src/hub/failure.ts'
import type { ChatRequest } from '../src/hub/request.ts'
import type { ChatResponse } from '../src/hub/response.ts'
import { createGateway, dialectRequest, type Protocol, type Provider, type RunningGateway } from '../src/index.ts'
import type { Codec } from '../src/protocols/codec.ts'
import { createSimulator, type Simulator } from '../src/simulator/index.ts'

/** Telegraphese: `{model, say: [line, …], live}` in, `{model, said, why}` out; a stream is one word an event. */
const codec: Codec = {
  legal: { toolName: { pattern: /^\w+$/, max: 32 }, callId: { pattern: /^\w+$/, max: 32 } },
  request: {
    decode(body, { model, stream }): ChatRequest {
      const { say, model: _, live: __, ...rest } = body
      if (!Array.isArray(say)) throw new FailureError(failure('invalid-request', '"say" must be a list of lines'))
      return {
        model,
        stream,
        messages: say.map((line, i) => ({
          role: i % 2 === 0 ? 'user' : 'assistant',
          parts: [{ type: 'text', text: String(line) }],
        })),
        ...(Object.keys(rest).length > 0 && { extras: { toy: rest } }),
      }
    },
    encode: (request, target) => ({
      body: {
        model: target.model,
        say: request.messages.map((m) => m.parts.map((p) => ('text' in p ? p.text : '')).join('')),
        live: request.stream,
      },
      losses: [],
    }),
  },
  response: {
    decode: (body): ChatResponse => ({
      id: 'toy',
      model: String(body['model']),
      parts: [{ type: 'text', text: String(body['said']) }],
      finish: { reason: 'stop', raw: String(body['why']) },
      usage: { input: 1, cacheRead: 0, cacheWrite: 0, output: 2, reasoning: 0 },
    }),
    encode: (answer, { model }) => ({
      model,
      said: answer.parts.map((p) => ('text' in p ? p.text : '')).join(''),
      why: answer.finish.reason,
    }),
  },
  stream: {
    decoder() {
      let begun = false
      return {
        push({ data }) {
          const { word, why } = JSON.parse(data) as { word?: string; why?: string }
          const head = begun
            ? []
            : [
                { type: 'start' as const, id: 'toy', model: 'toy' },
                { type: 'part-start' as const, index: 0, part: { type: 'text' as const } },
              ]
          begun = true
          if (why !== undefined)
            return [
              ...head,
              { type: 'part-end' as const, index: 0 },
              { type: 'finish' as const, finish: { reason: 'stop' as const } },
            ]
          return [...head, { type: 'part-delta' as const, index: 0, text: word ?? '' }]
        },
        end: () => [],
      }
    },
    encoder() {
      let why = 'stop'
      return {
        push(event) {
          if (event.type === 'finish') why = event.finish.reason
          return event.type === 'part-delta' ? `data: ${JSON.stringify({ word: event.text })}\n\n` : ''
        },
        end: () => `data: ${JSON.stringify({ why })}\n\n`,
      }
    },
  },
}

const toy: Protocol = {
  id: 'toy',
  title: 'Telegraphese',
  routes: [{ method: 'POST', path: '/toy', action: 'generate' }],
  conversation: { turns: 'say', system: [] },
  failure: {
    decode: (status, _, body) => failure('upstream', body, { status, scope: 'model' }),
    encode: (f) => ({
      status: f.status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ oops: f.message }),
    }),
    midStream: (f) => `data: ${JSON.stringify({ oops: f.message })}\n\n`,
  },
  stream: {
    tap() {
      let ended = false
      return {
        read({ data }) {
          if (data.includes('"why"')) ended = true
          return ended ? 'end' : 'content'
        },
        usage: undefined,
        get ended() {
          return ended
        },
        failure: undefined,
      }
    },
    keepAlive: () => ': still here\n\n',
  },
  usage: () => undefined,
  wholeFailure: () => undefined,
  codec,
  models: {
    list: (models) => ({ status: 200, headers: {}, body: JSON.stringify(models.map((m) => m.id)) }),
    one: (model) => ({ status: 200, headers: {}, body: JSON.stringify(model.id) }),
  },
}

/** An endpoint that speaks it; `dialectRequest` knows only the built-in dialects, so a provider says how to address it. */
const telegraph: Provider = {
  id: 'telegraph',
  title: 'Telegraph office',
  aliases: [],
  policy: { state: 'supported', since: '2026-11-22', note: 'ours', url: '' },
  speaks: ['toy'],
  baseUrl: '',
  models: [],
  serves: (model) => model === 'morse',
  request: (out, account, credential) =>
    out.protocol === 'toy'
      ? {
          origin: new URL(account.baseUrl).origin,
          path: '/',
          method: 'POST',
          headers: ['content-type', 'application/json'],
          body: out.body,
        }
      : dialectRequest(out, account, credential),
}

describe('a dialect of one file', () => {
  let simulator: Simulator
  let gateway: RunningGateway
  let url: string
  let close: () => void

  before(async () => {
    simulator = await createSimulator()
    const office = createServer((req, res) => {
      let body = ''
      req.on('data', (chunk) => {
        body += chunk
      })
      req.on('end', () => {
        const { model, say, live } = JSON.parse(body)
        const said = `STOP ${say.at(-1)} STOP`
        if (!live) {
          res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ model, said, why: 'done' }))
          return
        }
        res.writeHead(200, { 'content-type': 'text/event-stream' })
        for (const word of said.split(/(?<= )/)) res.write(`data: ${JSON.stringify({ word })}\n\n`)
        res.end(`data: ${JSON.stringify({ why: 'done' })}\n\n`)
      })
    })
    await new Promise<void>((resolve) => office.listen(0, '127.0.0.1', resolve))
    close = () => office.close()
    const at = `http://127.0.0.1:${(office.address() as AddressInfo).port}`
    gateway = await createGateway({
      config: {
        port: 0,
        'claude-api-key': [{ 'api-key': 'claude-key', 'base-url': simulator.url }],
        'openai-api-key': [{ 'api-key': 'openai-key', 'base-url': `${simulator.url}/v1` }],
        'gemini-api-key': [{ 'api-key': 'gemini-key', 'base-url': simulator.url }],
        'openai-compatibility': [
          {
            name: 'telegraph',
            'base-url': at,
            'api-key-entries': [{ 'api-key': 'morse-key' }],
            models: [{ name: 'morse' }],
          },
        ],
      },
      protocols: [toy],
      providers: [telegraph],
    })
    url = (await gateway.listen()).url
  })

  after(async () => {
    await gateway.close({ drainMs: 0 })
    await simulator.close()
    close()
  })

  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    return { status: response.status, lane: response.headers.get('x-logicaproxy-lane'), text: await response.text() }
  }

  for (const model of ['claude-sonnet-4-6', 'gpt-5.2', 'gemini-2.5-pro']) {
    it(`its clients reach ${model}`, async () => {
      const whole = await post('/toy', { model, say: ['hello there'] })
      assert.equal(whole.status, 200, whole.text)
      assert.equal(whole.lane, 'translate')
      const { said, why, model: named } = JSON.parse(whole.text)
      assert.match(said, /You said: hello there/)
      assert.equal(why, 'stop')
      assert.equal(named, model)

      const live = await post('/toy', { model, say: ['hello there'], stream: true })
      const events = live.text
        .split('\n\n')
        .filter(Boolean)
        .map((e) => JSON.parse(e.slice(6)))
      assert.equal(events.map((e) => e.word ?? '').join(''), said)
      assert.deepEqual(events.at(-1), { why: 'stop' })
    })
  }

  it('refuses in its own shape', async () => {
    const { status, text } = await post('/toy', { model: 'gpt-5.2', say: 'not a list' })
    assert.equal(status, 400)
    assert.match(JSON.parse(text).oops, /"say" must be a list/)
  })

  it('clients of other dialects reach its endpoint', async () => {
    const chat = await post('/v1/chat/completions', { model: 'morse', messages: [{ role: 'user', content: 'hi' }] })
    assert.equal(JSON.parse(chat.text).choices[0].message.content, 'STOP hi STOP')
    const claude = await post(
      '/v1/messages',
      { model: 'morse', max_tokens: 50, stream: true, messages: [{ role: 'user', content: 'hi' }] },
      { 'anthropic-version': '2023-06-01' },
    )
    assert.match(claude.text, /"text_delta","text":"STOP /)
    assert.match(claude.text, /message_stop/)
  })
})
