/** `previous_response_id` over HTTP: kept here where nobody upstream keeps it, and taken back to whoever does. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import OpenAI from 'openai'
import { parseFault } from '../src/simulator/index.ts'
import { accounts, anthropic, gemini, type Json, post, responses } from './support/dialects.ts'
import { CLIENT_KEY, type Running, start } from './support/start.ts'

const [A, B, C] = ['upstream-key-a', 'upstream-key-b', 'upstream-key-c']
const sdk = ({ url }: Running, apiKey = CLIENT_KEY) => new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
const last = (run: Running) => run.simulator.attempts().at(-1)!
const lastBody = (run: Running) => JSON.stringify(last(run).body)

const TOOL = {
  type: 'function',
  name: 'get_weather',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  strict: true,
} as const

describe('on an upstream of another dialect', () => {
  for (const dialect of [anthropic, gemini])
    for (const stream of [false, true])
      test(`${dialect.id}${stream ? ', streamed' : ''}: a chain of answers with a tool call in it`, async () => {
        await using run = await start((url) => accounts(dialect, url, [A]))
        const ask = async (body: Json): Promise<Json> => {
          if (!stream) return sdk(run).responses.create(body)
          const events = await sdk(run).responses.create({ ...body, stream: true } as never)
          let end: Json
          for await (const event of events as unknown as AsyncIterable<Json>)
            if (event.type === 'response.completed') end = event.response
          return end
        }
        const one = await ask({ model: dialect.model, input: 'My name is Ada.' })
        const two = await ask({
          model: `${dialect.model}+tools`,
          previous_response_id: one.id,
          input: 'The weather, please.',
          tools: [TOOL],
        })
        const call = two.output.find((i: Json) => i.type === 'function_call')
        const three = await ask({
          model: dialect.model,
          previous_response_id: two.id,
          input: [{ type: 'function_call_output', call_id: call.call_id, output: 'fog' }],
          tools: [TOOL],
        })
        assert.match(JSON.stringify(three.output), /fog/)
        assert.match(lastBody(run), /My name is Ada\..*The weather, please\..*get_weather.*fog/)
        assert.equal(
          run.calls.every((c) => c.lane === 'translate' && c.status === 200),
          true,
        )
        assert.doesNotMatch(run.calls.at(-1)!.dropped?.join() ?? '', /previous/)
        // From the middle.
        await ask({ model: dialect.model, previous_response_id: one.id, input: 'A fork.' })
        assert.match(lastBody(run), /Ada.*A fork\./)
        assert.doesNotMatch(lastBody(run), /weather/)
      })

  test('items may be named one by one, as the AI SDK does', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    const question = { role: 'user', content: 'The weather, please.' } as const
    const one = await sdk(run).responses.create({
      model: `${anthropic.model}+tools`,
      input: [question],
      tools: [TOOL],
    })
    const refs = one.output.map((i) => ({ type: 'item_reference' as const, id: i.id! }))
    const call = one.output.find((i) => i.type === 'function_call')!
    const result = { type: 'function_call_output' as const, call_id: call.call_id, output: 'fog' }
    const two = await sdk(run).responses.create({
      model: anthropic.model,
      input: [question, ...refs, result],
      tools: [TOOL],
    })
    assert.match(two.output_text, /fog/)
    const { messages } = last(run).body as Json
    assert.deepEqual(
      messages.flatMap((m: Json) => (Array.isArray(m.content) ? m.content.map((b: Json) => b.type) : [m.role])),
      ['text', 'tool_use', 'tool_result'],
    )
    assert.equal(run.calls.at(-1)!.dropped?.some((field) => field.includes('input')) ?? false, false)
    // And the answer can be named in turn.
    await sdk(run).responses.create({
      model: anthropic.model,
      previous_response_id: two.id,
      input: 'On.',
      tools: [TOOL],
    })
    assert.match(lastBody(run), /weather.*get_weather.*fog.*On\./)
  })

  test('an answer nobody knows is a clear 400', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    const answer = await post(
      run,
      responses,
      '/v1/responses',
      JSON.stringify({ model: anthropic.model, previous_response_id: 'resp_gone', input: 'x' }),
    )
    assert.equal(answer.status, 400)
    assert.deepEqual(
      [answer.error.code, answer.error.type, (answer.error as Json).param],
      ['previous_response_not_found', 'invalid_request_error', 'previous_response_id'],
    )
    assert.match(answer.error.message, /'resp_gone' not found/)
    assert.equal(run.simulator.attempts().length, 0)
  })

  test('what the client does not want stored is not, and null names nothing', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    const one = await sdk(run).responses.create({ model: anthropic.model, input: 'secret', store: false })
    await assert.rejects(
      sdk(run).responses.create({ model: anthropic.model, previous_response_id: one.id, input: 'x' }),
      { status: 400, code: 'previous_response_not_found' },
    )
    const none = await sdk(run).responses.create({ model: anthropic.model, previous_response_id: null, input: 'x' })
    assert.match(none.output_text, /x/)
  })

  test('another client’s answer is not there', async () => {
    await using run = await start((url) => ({
      ...accounts(anthropic, url, [A]),
      'api-keys': [CLIENT_KEY, 'another-client-key-1'],
    }))
    const one = await sdk(run).responses.create({ model: anthropic.model, input: 'mine' })
    await assert.rejects(
      sdk(run, 'another-client-key-1').responses.create({
        model: anthropic.model,
        previous_response_id: one.id,
        input: 'x',
      }),
      { status: 400, code: 'previous_response_not_found' },
    )
  })

  test('a conversation may move between dialects', async () => {
    await using run = await start((url) => ({ ...accounts(anthropic, url, [A]), ...accounts(responses, url, [B]) }))
    const one = await sdk(run).responses.create({ model: anthropic.model, input: 'from here' })
    const two = await sdk(run).responses.create({
      model: responses.model,
      previous_response_id: one.id,
      input: 'to there',
    })
    assert.match(two.output_text, /to there/)
    assert.match(lastBody(run), /from here.*to there/)
    assert.doesNotMatch(lastBody(run), /previous_response_id/)
  })
})

describe('on an upstream that keeps its answers', () => {
  test('the request goes as it came, to the account that gave the answer', async () => {
    await using run = await start((url) => ({
      ...accounts(responses, url, [A, B, C]),
      routing: { 'session-affinity': false },
    }))
    for (const stream of [false, true])
      for (let i = 0; i < 4; i += 1) {
        const events = await post(
          run,
          responses,
          '/v1/responses',
          JSON.stringify({ model: responses.model, stream, input: `question ${i}` }),
        )
        const { key } = last(run)
        const id = /"id":"(resp_\w+)"/.exec(events.raw)![1]
        const next = { model: responses.model, previous_response_id: id, input: 'next', stream }
        const answer = await post(run, responses, '/v1/responses', JSON.stringify(next))
        assert.equal(answer.status, 200, answer.raw)
        assert.equal(last(run).key, key)
        assert.deepEqual(last(run).body, next)
        assert.equal(answer.headers['x-logicaproxy-lane'], 'pass-through')
      }
  })

  test('and no other account is asked for what only that one has', async () => {
    await using run = await start((url) => accounts(responses, url, [A, B]))
    const one = await sdk(run).responses.create({ model: responses.model, input: 'x' })
    const { key } = last(run)
    run.simulator.setKeyFault(key, parseFault('503'))
    await assert.rejects(
      sdk(run).responses.create({ model: responses.model, previous_response_id: one.id, input: 'y' }),
      { status: 503 },
    )
    assert.equal(last(run).key, key)
  })

  test('one it does not know is its own to refuse', async () => {
    await using run = await start((url) => ({ ...accounts(responses, url, [A]), ...accounts(anthropic, url, [B]) }))
    await assert.rejects(
      sdk(run).responses.create({ model: responses.model, previous_response_id: 'resp_gone', input: 'y' }),
      { status: 400, code: 'previous_response_not_found' },
    )
    assert.equal(run.simulator.attempts().length, 1)
  })
})
