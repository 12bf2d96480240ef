/** `/v1/responses/compact`: the upstream's own, and the summary that stands in for it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import OpenAI from 'openai'
import { accounts, anthropic, gemini, type Json, post, responses } from './support/dialects.ts'
import { CLIENT_KEY, type Running, start } from './support/start.ts'

const [A, B] = ['upstream-key-a', 'upstream-key-b']
const PATH = '/v1/responses/compact'

const TALK = [
  { role: 'user', content: 'What is the weather in Paris?' },
  { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
  { type: 'function_call_output', call_id: 'call_1', output: 'sunny' },
  { role: 'assistant', content: [{ type: 'output_text', text: 'It is sunny.', annotations: [] }] },
  { role: 'user', content: 'And tomorrow?' },
]

const client = (url: string) => new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${url}/v1`, maxRetries: 0 })
const lastBody = (run: Running) => run.simulator.attempts().at(-1)!.body as Json

async function upstream(answer: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

describe('an upstream that has it', () => {
  test('is asked, and its sealed item comes back untouched and is taken again', async () => {
    await using run = await start((url) => accounts(responses, url, [A]))
    const { data, response } = await client(run.url)
      .responses.compact({ model: responses.model, input: TALK as never })
      .withResponse()
    assert.equal(data.object, 'response.compaction')
    assert.equal(response.headers.get('x-logicaproxy-emulated'), null)
    assert.equal(response.headers.get('x-logicaproxy-lane'), 'pass-through')
    assert.equal(run.simulator.attempts()[0]!.path, PATH)
    assert.equal(data.output.at(-1)!.type, 'compaction')
    const next = await client(run.url).responses.create({
      model: responses.model,
      input: [...data.output, { role: 'user', content: 'Go on' }] as never,
    })
    assert.match(next.output_text, /Go on/)
  })

  test('that is out of order fails over, and no summary stands in for it', async () => {
    await using broken = await upstream((_, res) => {
      res.writeHead(503, { 'content-type': 'application/json' })
      res.end('{"error":{"message":"out of order","type":"server_error"}}')
    })
    const key = (url: string) => ({ 'api-key': A, 'base-url': `${url}/v1`, priority: 1 })
    const ask = async (run: Running) =>
      post(run, responses, PATH, JSON.stringify({ model: responses.model, input: TALK }))
    await using alone = await start(() => ({ 'openai-api-key': [key(broken.url)] }))
    const failed = await ask(alone)
    assert.equal(failed.status, 503)
    assert.equal(failed.headers['x-logicaproxy-emulated'], undefined)
    await using both = await start((url) => ({
      'openai-api-key': [key(broken.url), { 'api-key': B, 'base-url': `${url}/v1` }],
    }))
    assert.equal((await ask(both)).json.output.at(-1).type, 'compaction')
    assert.deepEqual(
      both.calls[0]!.attempts.map((a) => a.status),
      [503, 200],
    )
  })
})

describe('an upstream that has not', () => {
  for (const dialect of [anthropic, gemini])
    test(`${dialect.id}: gives a summary that says what it is`, async () => {
      await using run = await start((url) => accounts(dialect, url, [A]))
      const { data, response } = await client(run.url)
        .responses.compact({ model: dialect.model, input: TALK as never, instructions: 'Be exact.' })
        .withResponse()
      assert.equal(response.headers.get('x-logicaproxy-emulated'), 'compact')
      assert.equal(response.headers.get('x-logicaproxy-lane'), 'translate')
      assert.equal(data.object, 'response.compaction')
      assert.match(data.id, /^resp_/)
      assert.ok(data.created_at > 1_700_000_000 && data.usage.total_tokens > 0)
      const [item, ...more] = data.output as Json[]
      assert.deepEqual([more.length, item.type, item.role, item.content[0].type], [0, 'message', 'user', 'input_text'])
      assert.match(item.content[0].text, /^\[LogicaProxy: a summary of the earlier conversation[^\n]*\]\n\n\S/)
      assert.match(JSON.stringify(lastBody(run)), /Be exact\./)
      assert.match(JSON.stringify(lastBody(run)), /Paris.*sunny.*And tomorrow\?.*Summarise the conversation/)
      await client(run.url).responses.create({
        model: dialect.model,
        input: [...data.output, { role: 'user', content: 'Go on' }] as never,
      })
      assert.match(JSON.stringify(lastBody(run)), /LogicaProxy: a summary.*Go on/)
    })

  test('of the same dialect is asked for a summary once it has said that it knows no such path', async () => {
    for (const status of [404, 405, 501]) {
      const paths: string[] = []
      await using run = await start((url) => accounts(responses, url, [A]))
      await using relay = await upstream(async (req, res) => {
        paths.push(req.url!)
        const chunks: Buffer[] = []
        for await (const chunk of req) chunks.push(chunk)
        if (req.url!.endsWith('/compact')) {
          res.writeHead(status, { 'content-type': 'application/json' })
          res.end('{"error":{"message":"no such path","type":"invalid_request_error"}}')
          return
        }
        const answer = await fetch(run.simulator.url + req.url, {
          method: 'POST',
          headers: { authorization: `Bearer ${A}`, 'content-type': 'application/json' },
          body: Buffer.concat(chunks),
        })
        res.writeHead(answer.status, { 'content-type': 'application/json' })
        res.end(await answer.text())
      })
      const { url } = relay
      await using front = await start(() => accounts(responses, url, [A]))
      const tools = [
        { type: 'function', name: 'get_weather', parameters: { type: 'object', properties: {} }, strict: false },
      ]
      const answer = await post(front, responses, PATH, JSON.stringify({ model: responses.model, input: TALK, tools }))
      assert.equal(answer.status, 200, answer.raw)
      assert.equal(answer.headers['x-logicaproxy-emulated'], 'compact')
      assert.match(answer.json.output[0].content[0].text, /^\[LogicaProxy: a summary/)
      assert.deepEqual(paths, [PATH, '/v1/responses'])
      // The account is not held to be at fault.
      const body = JSON.stringify({ model: responses.model, input: 'and on' })
      assert.equal((await post(front, responses, '/v1/responses', body)).status, 200)
    }
  })
})

describe('a request', () => {
  test('for a stream is refused', async () => {
    for (const dialect of [responses, anthropic]) {
      await using run = await start((url) => accounts(dialect, url, [A]))
      const answer = await post(
        run,
        responses,
        PATH,
        JSON.stringify({ model: dialect.model, input: TALK, stream: true }),
      )
      assert.equal(answer.status, 400)
      assert.equal(answer.error.message, 'Streaming not supported for compact responses')
      assert.equal(run.simulator.attempts().length, 0)
    }
  })

  test('may name an answer that is kept here', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    const first = await client(run.url).responses.create({ model: anthropic.model, input: 'Remember the word heron.' })
    const body = { model: anthropic.model, previous_response_id: first.id }
    const answer = await post(run, responses, PATH, JSON.stringify(body))
    assert.equal(answer.status, 200, answer.raw)
    assert.match(JSON.stringify(lastBody(run)), /heron.*Summarise the conversation/)
    const unknown = await post(run, responses, PATH, JSON.stringify({ ...body, previous_response_id: 'resp_gone' }))
    assert.deepEqual([unknown.status, unknown.error.code], [400, 'previous_response_not_found'])
  })
})
