/** `/v1/responses` over a WebSocket: the openai SDK on upstreams of every dialect, and the protocol's edges. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import OpenAI from 'openai'
import { ResponsesWS } from 'openai/resources/responses/ws'
import { type ClientOptions, WebSocket } from 'ws'
import { parseFault } from '../src/simulator/index.ts'
import { accounts, anthropic, gemini, type Json, responses } from './support/dialects.ts'
import { CLIENT_KEY, type Running, start, until } from './support/start.ts'

const [A, B] = ['upstream-key-a', 'upstream-key-b']

/** Upstreams that speak one dialect alone, and a model each. */
const UPSTREAMS: { name: string; model: string; config: (url: string) => Record<string, unknown> }[] = [
  { name: 'anthropic', model: anthropic.model, config: (url) => accounts(anthropic, url, [A]) },
  { name: 'gemini', model: gemini.model, config: (url) => accounts(gemini, url, [A]) },
  { name: 'openai-responses', model: responses.model, config: (url) => accounts(responses, url, [A]) },
  {
    name: 'openai-chat',
    model: 'gpt-5.2',
    config: (url) => ({
      'openai-compatibility': [
        {
          name: 'chatty',
          'base-url': `${url}/v1`,
          protocol: 'openai-chat',
          'api-key-entries': [{ 'api-key': A }],
          models: [
            { name: 'gpt-5.2', alias: 'gpt-5.2' },
            { name: 'gpt-5.2+tools', alias: 'gpt-5.2+tools' },
          ],
        },
      ],
    }),
  },
]

const TOOL = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  strict: true,
} as const

/** A raw client that keeps every frame. */
class Client implements Disposable {
  readonly ws: WebSocket
  readonly frames: Json[] = []
  readonly closed: Promise<number>

  constructor(url: string, options: ClientOptions & { path?: string } = {}) {
    const { path = '/v1/responses', headers, ...rest } = options
    this.ws = new WebSocket(url.replace('http', 'ws') + path, {
      headers: { authorization: `Bearer ${CLIENT_KEY}`, ...headers },
      ...rest,
    })
    this.ws.on('message', (data, binary) => {
      assert.equal(binary, false)
      this.frames.push(JSON.parse(String(data)))
    })
    this.ws.on('error', () => {})
    this.closed = new Promise((resolve) => this.ws.on('close', resolve))
  }

  static async open(run: Pick<Running, 'url'>, options: ConstructorParameters<typeof Client>[1] = {}): Promise<Client> {
    const client = new Client(run.url, options)
    await once(client.ws, 'open')
    return client
  }

  say(frame: unknown): void {
    this.ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** The frame that ends the n-th answer. */
  async ending(n = 1): Promise<Json> {
    const ends = () => this.frames.filter((f) => /^(?:error|response\.(?:completed|incomplete|failed))$/.test(f.type))
    await until(() => ends().length >= n, 5_000)
    return ends()[n - 1]
  }

  /** Asks, and waits for the end of the answer. */
  async ask(frame: Record<string, unknown>): Promise<Json> {
    const from = this.frames.length
    this.say({ type: 'response.create', ...frame })
    await until(
      () => this.frames.slice(from).some((f) => /^(?:error|response\.(?:completed|incomplete|failed))$/.test(f.type)),
      5_000,
    )
    return this.frames.at(-1)
  }

  [Symbol.dispose](): void {
    this.ws.terminate()
  }
}

const textOf = (end: Json): string =>
  (end.response?.output ?? [])
    .flatMap((i: Json) => i.content ?? [])
    .map((p: Json) => p.text ?? '')
    .join('')

/** What an upstream was asked last, as text. */
const asked = (run: Running): string => JSON.stringify(run.simulator.attempts().at(-1)?.body)

async function refusal(url: string, options: ClientOptions & { path?: string }): Promise<[number, Json]> {
  const client = new Client(url, options)
  return new Promise((resolve, reject) => {
    client.ws.on('open', () => reject(new Error('it was let in')))
    client.ws.on('unexpected-response', (_, res) => {
      let body = ''
      res.on('data', (chunk) => {
        body += chunk
      })
      res.on('end', () => resolve([res.statusCode!, body.startsWith('{') ? JSON.parse(body).error : body]))
    })
  })
}

describe('the openai SDK’s ResponsesWS', () => {
  for (const { name, model, config } of UPSTREAMS)
    test(`on ${name}: text, a tool’s round trip by previous_response_id, prewarm, an error, and on`, async () => {
      await using run = await start(config)
      const ws = new ResponsesWS(new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${run.url}/v1` }))
      const events: Json[] = []
      const errors: Json[] = []
      ws.on('event', (event) => events.push(event))
      ws.on('error', (error) => errors.push(error))
      const ask = async (frame: Json): Promise<Json> => {
        const from = events.length
        ws.send({ type: 'response.create', ...frame })
        await until(
          () => events.slice(from).some((e) => /completed$|^error$/.test(e.type) && e.type !== 'response.x'),
          5_000,
        )
        await until(() => /^response\.completed$|^error$/.test(events.at(-1).type), 5_000)
        return events.at(-1)
      }
      await new Promise((resolve) => ws.socket.on('open', resolve))

      const first = await ask({ model, input: 'Say hello to Ada' })
      assert.match(textOf(first), /Say hello to Ada/)
      assert.equal(events[0].type, 'response.created')
      const deltas = events.filter((e) => e.type === 'response.output_text.delta').map((e) => e.delta)
      assert.equal(deltas.join(''), textOf(first))
      assert.ok(first.response.usage.input_tokens > 0)

      const call = await ask({
        model: `${model}+tools`,
        previous_response_id: first.response.id,
        input: [{ role: 'user', content: 'And the weather?' }],
        tools: [TOOL],
      })
      const item = call.response.output.find((i: Json) => i.type === 'function_call')
      assert.equal(item.name, 'get_weather')
      assert.match(asked(run), /Say hello to Ada.*And the weather\?/)

      const last = await ask({
        model,
        previous_response_id: call.response.id,
        input: [{ type: 'function_call_output', call_id: item.call_id, output: 'sunny in Paris' }],
      })
      assert.match(textOf(last), /sunny in Paris/)
      assert.match(asked(run), /Say hello to Ada.*And the weather\?.*get_weather.*sunny in Paris/)

      const attempts = run.simulator.attempts().length
      const warm = await ask({ model, generate: false, instructions: 'Be brief.', input: 'Context of later' })
      assert.match(warm.response.id, /^resp_prewarm_/)
      assert.deepEqual([warm.response.output, warm.response.usage.total_tokens], [[], 0])
      assert.equal(run.simulator.attempts().length, attempts)
      const warmed = await ask({ model, previous_response_id: warm.response.id, input: 'Now then' })
      assert.match(textOf(warmed), /Now then/)
      assert.match(asked(run), /Be brief\..*Context of later.*Now then|Context of later.*Now then.*Be brief\./)

      const wrong = await ask({ model: 'no-such-model', input: 'x' })
      assert.deepEqual([wrong.status, wrong.error.code], [404, 'model_not_found'])
      assert.match(errors[0].message, /no-such-model/)
      assert.match(textOf(await ask({ model, input: 'Still there?' })), /Still there\?/)
      assert.ok(run.calls.every((c) => c.method === 'WS' && c.endpoint === '/v1/responses' && c.stream))
      ws.close()
    })
})

describe('a conversation', () => {
  test('can be gone on from any answer of the connection, and is nobody else’s', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    using client = await Client.open(run)
    const ask = (frame: Json) => client.ask({ model: anthropic.model, store: false, ...frame })
    const one = await ask({ input: 'one' })
    const two = await ask({ input: 'two', previous_response_id: one.response.id })
    await ask({ input: 'fork', previous_response_id: one.response.id })
    assert.match(asked(run), /one/)
    assert.doesNotMatch(asked(run), /two/)
    await ask({ input: 'three', previous_response_id: two.response.id })
    assert.match(asked(run), /one.*two.*three/)
    using other = await Client.open(run)
    const refused = await other.ask({ model: anthropic.model, input: 'x', previous_response_id: two.response.id })
    assert.deepEqual(
      [refused.type, refused.status, refused.error.code, refused.error.type, refused.error.param],
      ['error', 400, 'previous_response_not_found', 'invalid_request_error', 'previous_response_id'],
    )
    assert.match(textOf(await other.ask({ model: anthropic.model, input: 'all of it' })), /all of it/)
  })

  test('is not doubled by a client that sends what it named', async () => {
    await using run = await start((url) => accounts(responses, url, [A]))
    using client = await Client.open(run)
    const { model } = responses
    const start_ = await client.ask({
      model: `${model}+tools`,
      input: [{ role: 'user', content: 'go' }],
      tools: [TOOL],
    })
    const call = start_.response.output.find((i: Json) => i.type === 'function_call')
    const result = { type: 'function_call_output', call_id: call.call_id, output: 'done' }
    const items = () => (run.simulator.attempts().at(-1)!.body as Json).input.map((i: Json) => i.type ?? i.role)
    const ask = (input: Json[]) => client.ask({ model, tools: [TOOL], previous_response_id: start_.response.id, input })
    // The call again, as some clients do.
    assert.match(textOf(await ask([call, result])), /done/)
    const expected = items()
    assert.deepEqual(expected.filter((t: string) => t === 'function_call').length, 1)
    // The whole transcript.
    assert.match(textOf(await ask([{ role: 'user', content: 'go' }, call, result])), /done/)
    assert.deepEqual(items().length, 3)
  })

  test('response.append goes on from the last answer, with all that was said before', async () => {
    await using run = await start((url) => accounts(gemini, url, [A]))
    using client = await Client.open(run)
    await client.ask({ model: gemini.model, instructions: 'Speak like a sailor.', input: 'ahoy' })
    const end = await client.ask({ type: 'response.append', input: [{ role: 'user', content: 'and again' }] })
    assert.match(textOf(end), /and again/)
    assert.match(asked(run), /ahoy.*and again/)
    assert.match(asked(run), /Speak like a sailor\./)
  })

  test('moves to another account whole, without reasoning that only the first could open', async () => {
    await using run = await start((url) => accounts(responses, url, [A, B]))
    using client = await Client.open(run)
    const frame = { store: false, include: ['reasoning.encrypted_content'], reasoning: { summary: 'auto' } }
    const model = 'gpt-5.2+think'
    const one = await client.ask({ ...frame, model, input: 'first of all' })
    assert.ok(one.response.output.some((i: Json) => i.type === 'reasoning' && i.encrypted_content))
    const first = run.simulator.attempts().at(-1)!.key
    const two = await client.ask({ ...frame, model, input: 'second', previous_response_id: one.response.id })
    assert.equal(run.simulator.attempts().at(-1)!.key, first)
    run.simulator.setKeyFault(first, parseFault('429:60'))
    const three = await client.ask({ ...frame, model, input: 'third', previous_response_id: two.response.id })
    assert.match(textOf(three), /third/)
    const last = run.simulator.attempts().at(-1)!
    assert.notEqual(last.key, first)
    const { input } = last.body as Json
    assert.match(JSON.stringify(input), /first of all.*second.*third/)
    const reasons = (list: Json[]) => list.filter((i) => i.type === 'reasoning').length
    assert.equal(reasons(input), 0)
    // From there on it is the other account's conversation, with its own reasoning in it.
    const attempts = run.simulator.attempts().length
    const four = await client.ask({ ...frame, model, input: 'fourth', previous_response_id: three.response.id })
    assert.match(textOf(four), /fourth/)
    assert.equal(run.simulator.attempts().length, attempts + 1)
    assert.match(asked(run), /first of all.*second.*third.*fourth/)
    assert.equal(reasons((run.simulator.attempts().at(-1)!.body as Json).input), 1)
    assert.equal(
      client.frames.some((f) => f.type === 'error'),
      false,
    )
  })

  test('is whole after a fault between two turns, whatever the dialect', async () => {
    for (const dialect of [anthropic, gemini]) {
      await using run = await start((url) => accounts(dialect, url, [A, B]))
      using client = await Client.open(run)
      const one = await client.ask({ model: dialect.model, input: 'first of all' })
      const { key } = run.simulator.attempts().at(-1)!
      run.simulator.script(key, [parseFault('503')])
      const two = await client.ask({ model: dialect.model, input: 'second', previous_response_id: one.response.id })
      assert.match(textOf(two), /second/)
      assert.notEqual(run.simulator.attempts().at(-1)!.key, key)
      assert.match(asked(run), /first of all.*second/)
    }
  })
})

test('the headers of the upgrade travel with every request, but for those of the transport', async () => {
  await using run = await start((url) => accounts(responses, url, [A]))
  const headers = { 'openai-beta': 'responses_websockets=2026-02-06, other=1', originator: 'codex_exec' }
  using client = await Client.open(run, { headers })
  await client.ask({ model: responses.model, input: 'x' })
  const sent = run.simulator.attempts().at(-1)!.headers
  assert.deepEqual([sent['openai-beta'], sent['originator']], ['other=1', 'codex_exec'])
  const odd = Object.keys(sent).filter((n) => /^(?:upgrade|sec-|connection-)/.test(n))
  assert.deepEqual(odd, [])
  assert.equal(sent['authorization'], `Bearer ${A}`)
  assert.equal(sent['content-type'], 'application/json')
})

describe('what is wrong', () => {
  test('with a frame is told, and the connection stays', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    using client = await Client.open(run)
    const cases: [unknown, number, string | null, string | null][] = [
      ['{"type":', 400, 'invalid_json', null],
      ['[]', 400, 'invalid_json', null],
      ['"x"', 400, 'invalid_json', null],
      [{ type: 'response.cancel' }, 400, 'unknown_event_type', 'type'],
      [{ nothing: 1 }, 400, 'unknown_event_type', 'type'],
      [{ type: 'response.create', input: 'x' }, 400, null, 'model'],
      [{ type: 'response.create', model: 7, input: 'x' }, 400, null, 'model'],
      [{ type: 'response.create', model: anthropic.model, input: 7 }, 400, null, 'input'],
      [
        { type: 'response.create', model: anthropic.model, generate: false, previous_response_id: 'resp_gone' },
        400,
        'previous_response_not_found',
        'previous_response_id',
      ],
    ]
    for (const [i, [frame, status, code, param]] of cases.entries()) {
      client.say(frame)
      const error = await client.ending(i + 1)
      assert.deepEqual([error.type, error.status, error.error.code, error.error.param], ['error', status, code, param])
      assert.equal(error.error.type, 'invalid_request_error')
      assert.equal(typeof error.error.message, 'string')
    }
    client.say({ type: 'response.processed', response_id: 'resp_x' })
    assert.match(textOf(await client.ask({ model: anthropic.model, input: 'fine' })), /fine/)
    assert.equal(run.simulator.attempts().length, 1)
  })

  test('upstream keeps its status, and says when to come back', async () => {
    await using run = await start((url) => accounts(responses, url, [A]))
    using client = await Client.open(run)
    run.simulator.script(A, [parseFault('429:7')])
    const limited = await client.ask({ model: responses.model, input: 'x' })
    assert.deepEqual([limited.status, limited.error.code], [429, 'rate_limit_exceeded'])
    assert.ok(Number(limited.headers['retry-after']) > 0)
    assert.match(limited.headers['x-logicaproxy-request-id'], /^req_/)
  })

  test('in the middle of an answer ends it with one error that has a status', async () => {
    for (const dialect of [responses, anthropic]) {
      await using run = await start((url) => accounts(dialect, url, [A]))
      using client = await Client.open(run)
      const end = await client.ask({ model: `${dialect.model}+events:20+pace:5+cut:10`, input: 'x' })
      assert.equal(client.frames[0].type, 'response.created')
      assert.equal(end.type, 'error')
      assert.ok(end.status >= 500, `${end.status}`)
      assert.match(end.error.message, /broke|ended|closed|reset|cut/i)
      assert.equal(client.frames.filter((f) => f.type === 'error').length, 1)
      assert.match(textOf(await client.ask({ model: dialect.model, input: 'after it' })), /after it/)
    }
  })

  test('with who asks is told before the handshake', async () => {
    await using run = await start((url) => ({
      ...accounts(anthropic, url, [A]),
      'allowed-origins': ['https://app.example'],
    }))
    const ask = async (options: ClientOptions & { path?: string }) => {
      const [status, error] = await refusal(run.url, options)
      return [status, error.code]
    }
    assert.deepEqual(await ask({ headers: { authorization: 'Bearer wrong-key-123456' } }), [401, 'invalid_api_key'])
    assert.deepEqual(await ask({ headers: { host: 'evil.example' } }), [403, 'foreign_host'])
    assert.deepEqual(await ask({ headers: { origin: 'https://evil.example' } }), [403, 'foreign_origin'])
    assert.deepEqual(await ask({ path: '/v1/chat/completions' }), [426, 'upgrade_not_available'])
    using page = await Client.open(run, { headers: { origin: 'https://app.example' } })
    assert.match(textOf(await page.ask({ model: anthropic.model, input: 'from a page' })), /from a page/)
    using codex = await Client.open(run, {
      path: '/backend-api/codex/responses',
      headers: { 'x-codex-turn-state': 'turn-7', 'openai-beta': 'responses_websockets=2026-02-06, other=1' },
    })
    assert.match(textOf(await codex.ask({ model: anthropic.model, input: 'as Codex' })), /as Codex/)
    using pinned = await Client.open(run, { path: '/api/provider/claude/v1/responses' })
    await pinned.ask({ model: anthropic.model, input: 'pinned' })
    assert.equal(run.calls.at(-1)!.endpoint, '/api/provider/{provider}/v1/responses')
  })

  test('with the size of a frame closes with 1009; of a conversation, is an error', async () => {
    await using run = await start((url) => ({ ...accounts(anthropic, url, [A]), limits: { 'body-mib': 0.05 } }))
    using client = await Client.open(run)
    const one = await client.ask({ model: anthropic.model, input: 'a'.repeat(30_000) })
    const two = await client.ask({
      model: anthropic.model,
      previous_response_id: one.response.id,
      input: 'b'.repeat(30_000),
    })
    assert.deepEqual([two.status, two.error.code], [413, 'request_too_large'])
    client.say({ type: 'response.create', model: anthropic.model, input: 'c'.repeat(80_000) })
    assert.equal(await client.closed, 1009)
  })

  test('a model the key may not use', async () => {
    await using run = await start((url) => ({
      ...accounts(anthropic, url, [A]),
      'api-keys': [{ key: CLIENT_KEY, models: ['other-*'] }],
    }))
    using client = await Client.open(run)
    const error = await client.ask({ model: anthropic.model, input: 'x' })
    assert.deepEqual([error.status, error.error.code], [403, 'model_not_allowed'])
  })
})

describe('the connection', () => {
  test('answers in order on one lane, and side by side on several, each event naming its lane', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    using client = await Client.open(run)
    const slow = `${anthropic.model}+events:10+pace:20`
    client.say({ type: 'response.create', model: slow, input: 'one' })
    client.say({ type: 'response.create', model: slow, input: 'two' })
    await client.ending(2)
    const types = client.frames.map((f) => f.type)
    assert.ok(types.indexOf('response.completed') < types.lastIndexOf('response.created'))
    assert.equal(
      client.frames.some((f) => 'stream_id' in f),
      false,
    )

    client.frames.length = 0
    client.say({ type: 'response.create', stream_id: 'left', model: slow, input: 'three' })
    client.say({ type: 'response.create', stream_id: 'right', model: slow, input: 'four' })
    await client.ending(2)
    assert.deepEqual([...new Set(client.frames.map((f) => f.stream_id))].sort(), ['left', 'right'])
    const lanes = client.frames.map((f) => f.stream_id)
    assert.ok(lanes.indexOf('right') < lanes.lastIndexOf('left'), 'side by side')
    assert.equal(asked(run).includes('stream_id'), false)

    client.frames.length = 0
    for (let i = 0; i < 40; i += 1) client.say({ type: 'response.create', model: slow, input: `${i}` })
    const refused = await client.ending(1)
    assert.equal(refused.error.code, 'response_in_progress')
  })

  test('compressed or not, carries large and small alike', async () => {
    await using run = await start((url) => accounts(responses, url, [A]))
    for (const perMessageDeflate of [true, false]) {
      using client = await Client.open(run, { perMessageDeflate })
      assert.equal(client.ws.extensions.includes('permessage-deflate'), perMessageDeflate)
      const long = 'ä€😀'.repeat(5_000)
      const end = await client.ask({ model: `${responses.model}+len:200000`, input: long })
      assert.ok(textOf(end).length >= 200_000)
      assert.ok(asked(run).includes(long))
    }
  })

  test('a client that goes away ends its upstream', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    using client = await Client.open(run)
    client.say({ type: 'response.create', model: `${anthropic.model}+events:1000+pace:10`, input: 'x' })
    await until(() => client.frames.length > 5)
    client.ws.terminate()
    await until(() => run.simulator.attempts().at(-1)?.outcome === 'client-gone')
    await until(() => run.calls.length === 1)
    assert.equal(run.calls[0]!.failure?.kind, 'cancelled')
  })

  test('one that leaves after the last event was answered, not cancelled', async () => {
    await using run = await start((url) => accounts(responses, url, [A]))
    using client = await Client.open(run)
    client.ws.on('message', (data) => {
      if (String(data).startsWith('{"type":"response.completed"')) client.ws.terminate()
    })
    client.say({ type: 'response.create', model: responses.model, input: 'x' })
    await until(() => run.calls.length === 1)
    assert.equal(run.calls[0]!.failure, undefined)
  })

  test('a client that does not read pauses the upstream, and gets everything once it reads', async () => {
    await using run = await start((url) => accounts(responses, url, [A]))
    using client = await Client.open(run, { perMessageDeflate: false })
    const model = `${responses.model}+events:700+len:10000`
    client.ws.pause()
    client.say({ type: 'response.create', model, input: 'x' })
    const sent = () => run.simulator.attempts({ model }).at(-1)?.eventsSent ?? 0
    let last = -1
    let same = 0
    await until(() => {
      const now = sent()
      same = now > 0 && now === last ? same + 1 : 0
      last = now
      return same > 50
    }, 8_000)
    client.ws.resume()
    await until(() => client.frames.at(-1)?.type === 'response.completed', 8_000)
    assert.ok(last < sent(), `${last} of ${sent()} events`)
    assert.equal(client.frames.filter((f) => f.type === 'response.output_text.delta').length, 700)
  })

  test('a shutdown waits for the answer under way, then says 1001; an idle one goes at once', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    using idle = await Client.open(run)
    using client = await Client.open(run)
    client.say({ type: 'response.create', model: `${anthropic.model}+events:20+pace:20`, input: 'x' })
    await until(() => client.frames.length > 3)
    const closing = run.gateway.close({ drainMs: 5_000 })
    assert.equal(await idle.closed, 1001)
    assert.equal(
      client.frames.some((f) => f.type === 'response.completed'),
      false,
    )
    client.say({ type: 'response.create', model: anthropic.model, input: 'too late' })
    assert.equal(await client.closed, 1001)
    assert.ok(client.frames.some((f) => f.type === 'response.completed'))
    assert.equal(client.frames.at(-1).status, 503)
    assert.equal(await closing, 0)
  })

  test('a shutdown that cannot wait ends the answer with one error', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    using client = await Client.open(run)
    client.say({ type: 'response.create', model: `${anthropic.model}+events:1000+pace:20`, input: 'x' })
    await until(() => client.frames.length > 3)
    assert.equal(await run.gateway.close({ drainMs: 50 }), 1)
    await client.closed
    assert.equal(client.frames.at(-1).type, 'error')
    assert.ok(client.frames.at(-1).status >= 500)
    assert.match(client.frames.at(-1).error.message, /shutting down/)
  })

  test('of a key that is taken back is closed, of one that stays is not', async () => {
    const keys = (...list: string[]) => ({ 'api-keys': list, port: 0 })
    let upstream = {}
    await using run = await start((url) => {
      upstream = accounts(anthropic, url, [A])
      return { ...upstream, ...keys(CLIENT_KEY, 'second-client-key-1') }
    })
    using first = await Client.open(run)
    using second = await Client.open(run, { headers: { authorization: 'Bearer second-client-key-1' } })
    await run.gateway.reload({ ...upstream, ...keys(CLIENT_KEY) })
    assert.equal(await second.closed, 1008)
    assert.match(textOf(await first.ask({ model: anthropic.model, input: 'still here' })), /still here/)
  })

  test('is not heard while it does not read what it is told', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    using client = await Client.open(run, { perMessageDeflate: false })
    client.ws.pause()
    const before = process.memoryUsage().rss
    const frame = JSON.stringify({ type: 'nothing', padding: 'x'.repeat(500) })
    for (let i = 0; i < 100_000; i += 1) client.say(frame)
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    assert.ok(client.ws.bufferedAmount > 0, 'what it says is left with it')
    assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024)
  })

  test('serves a server of one’s own, too', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    const server = createServer(run.gateway.handler).on('upgrade', run.gateway.upgrade).listen(0, '127.0.0.1')
    await once(server, 'listening')
    using client = await Client.open({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    assert.match(textOf(await client.ask({ model: anthropic.model, input: 'mine' })), /mine/)
    server.close()
  })
})
