/** `openai`, chat and responses, pointed at the gateway and nothing else changed. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import OpenAI from 'openai'
import { accounts, chat } from './support/dialects.ts'
import { PICTURE } from './support/picture.ts'
import { CLIENT_KEY, type Running, start } from './support/start.ts'

let run: Running
let client: OpenAI
before(async () => {
  run = await start((url) => ({ ...accounts(chat, url, ['upstream-key-a']), 'disable-cooling': true }))
  client = new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${run.url}/v1`, maxRetries: 0 })
})
after(() => run.close())

const model = 'gpt-5.2'
const ask = (content: string) => [{ role: 'user' as const, content }]
const parameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}
const format = { type: 'json_schema' as const, name: 'place', strict: true, schema: parameters }

describe('chat', () => {
  const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters } }]

  test('text, whole and streamed', async () => {
    const whole = await client.chat.completions.create({ model, messages: ask('Hello there') })
    assert.equal(whole.choices[0]?.message.content, '[simulated] gpt-5.2 here. You said: Hello there')
    assert.equal(whole.choices[0]?.finish_reason, 'stop')
    const stream = client.chat.completions.stream({
      model,
      messages: ask('Hello there'),
      stream_options: { include_usage: true },
    })
    const final = await stream.finalChatCompletion()
    assert.equal(final.choices[0]?.message.content, whole.choices[0]?.message.content)
    assert.deepEqual(final.usage, whole.usage)
    assert.equal(run.calls.at(-1)!.usage?.output, whole.usage!.completion_tokens)
  })

  for (const stream of [true, false])
    test(`two parallel tool calls and the follow-up, ${stream ? 'streamed' : 'whole'}`, async () => {
      const messages: OpenAI.ChatCompletionMessageParam[] = ask('Weather in Paris and in Rome?')
      const turn = async (): Promise<OpenAI.ChatCompletion> =>
        stream
          ? await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion()
          : await client.chat.completions.create({ model, messages, tools })
      const first = await turn()
      const message = first.choices[0]!.message
      assert.equal(first.choices[0]!.finish_reason, 'tool_calls')
      assert.deepEqual(
        message.tool_calls!.map((c) => c.type === 'function' && [c.function.name, JSON.parse(c.function.arguments)]),
        [
          ['get_weather', { city: 'Paris' }],
          ['get_weather', { city: 'Rome' }],
        ],
      )
      messages.push(message)
      for (const c of message.tool_calls!) messages.push({ role: 'tool', tool_call_id: c.id, content: 'sunny' })
      assert.match((await turn()).choices[0]?.message.content ?? '', /"sunny" and "sunny"/)
    })

  test('image input', async () => {
    const content = [
      { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PICTURE}` } },
      { type: 'text' as const, text: 'What is this?' },
    ]
    const answer = await client.chat.completions.create({ model, messages: [{ role: 'user', content }] })
    assert.match(answer.choices[0]?.message.content ?? '', /image image\/png of 69 bytes/)
  })

  test('reasoning: its tokens, and reasoning_content of compatible vendors', async () => {
    const answer = await client.chat.completions.create({ model, messages: ask('Why?'), reasoning_effort: 'high' })
    assert.ok((answer.usage?.completion_tokens_details?.reasoning_tokens ?? 0) > 0)
    const shown = client.chat.completions.stream({ model: `${model}+think+reasoning-content`, messages: ask('Why?') })
    let reasoning = ''
    for await (const chunk of shown)
      reasoning += (chunk.choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? ''
    assert.match(reasoning, /simulated reasoning/)
  })

  test('structured output', async () => {
    const { type, ...json_schema } = format
    const answer = await client.chat.completions.create({
      model,
      messages: ask('Weather in Oslo'),
      response_format: { type, json_schema },
    })
    assert.deepEqual(JSON.parse(answer.choices[0]?.message.content ?? ''), { city: 'Oslo' })
  })
})

describe('responses', () => {
  const tools = [{ type: 'function' as const, name: 'get_weather', parameters, strict: true }]

  test('text, whole and streamed', async () => {
    const whole = await client.responses.create({ model, input: 'Hello there' })
    assert.equal(whole.output_text, '[simulated] gpt-5.2 here. You said: Hello there')
    assert.equal(whole.status, 'completed')
    const stream = client.responses.stream({ model, input: 'Hello there' })
    let text = ''
    stream.on('response.output_text.delta', (event) => {
      text += event.delta
    })
    const final = await stream.finalResponse()
    assert.equal(final.output_text, whole.output_text)
    assert.equal(text, whole.output_text)
    assert.deepEqual(final.usage, whole.usage)
  })

  for (const stream of [true, false])
    test(`two parallel tool calls and the follow-up, ${stream ? 'streamed' : 'whole'}`, async () => {
      const input: OpenAI.Responses.ResponseInput = ask('Weather in Paris and in Rome?')
      const turn = async (): Promise<OpenAI.Responses.Response> => {
        const body = { model, input, tools, store: false, include: ['reasoning.encrypted_content' as const] }
        return stream ? await client.responses.stream(body).finalResponse() : await client.responses.create(body)
      }
      const first = await turn()
      const calls = first.output.flatMap((item) => (item.type === 'function_call' ? [item] : []))
      assert.deepEqual(
        calls.map((c) => [c.name, JSON.parse(c.arguments)]),
        [
          ['get_weather', { city: 'Paris' }],
          ['get_weather', { city: 'Rome' }],
        ],
      )
      for (const { ...item } of first.output) {
        delete (item as { parsed_arguments?: unknown }).parsed_arguments
        input.push(item as OpenAI.Responses.ResponseInputItem)
      }
      for (const c of calls) input.push({ type: 'function_call_output', call_id: c.call_id, output: 'sunny' })
      assert.match((await turn()).output_text, /"sunny" and "sunny"/)
    })

  test('image input', async () => {
    const answer = await client.responses.create({
      model,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_image', image_url: `data:image/png;base64,${PICTURE}`, detail: 'auto' },
            { type: 'input_text', text: 'What is this?' },
          ],
        },
      ],
    })
    assert.match(answer.output_text, /image image\/png of 69 bytes/)
  })

  test('reasoning comes as an item, and its encrypted state goes back in', async () => {
    const include = ['reasoning.encrypted_content' as const]
    const base = { model, store: false, include, reasoning: { effort: 'high' as const, summary: 'auto' as const } }
    const first = await client.responses.stream({ ...base, input: 'Why?' }).finalResponse()
    const thought = first.output.find((item) => item.type === 'reasoning')
    assert.ok(thought?.encrypted_content)
    assert.match(thought.summary[0]?.text ?? '', /simulated reasoning/)
    const message = first.output.find((item) => item.type === 'message')!
    const second = await client.responses.create({
      ...base,
      input: [
        ...ask('Why?'),
        thought,
        { role: 'assistant', content: message.content.map((p) => (p.type === 'output_text' ? p.text : '')).join('') },
        ...ask('And then?'),
      ],
    })
    assert.match(second.output_text, /And then\?/)
  })

  test('structured output', async () => {
    const answer = await client.responses.create({ model, input: 'Go to Lisbon', text: { format } })
    assert.deepEqual(JSON.parse(answer.output_text), { city: 'Lisbon' })
  })
})

test('models are listed', async () => {
  const models = await client.models.list()
  assert.deepEqual(models.data.find((m) => m.id === model)?.object, 'model')
  assert.equal((await client.models.retrieve(model)).id, model)
})

test('every class of error, in both APIs', async () => {
  const table = [
    ['400', 400, OpenAI.BadRequestError],
    ['400-context', 400, OpenAI.BadRequestError],
    ['401', 401, OpenAI.AuthenticationError],
    ['403', 403, OpenAI.PermissionDeniedError],
    ['404', 404, OpenAI.NotFoundError],
    ['413', 413, OpenAI.APIError],
    ['429:7', 429, OpenAI.RateLimitError],
    ['quota', 429, OpenAI.RateLimitError],
    ['500', 500, OpenAI.InternalServerError],
    ['503', 503, OpenAI.InternalServerError],
    ['529', 503, OpenAI.InternalServerError],
    ['reset', 502, OpenAI.InternalServerError],
  ] as const
  for (const [word, status, Class] of table) {
    const named = `${model}+${word}`
    const isClass = (error: unknown) => error instanceof Class && error.status === status
    await assert.rejects(client.chat.completions.create({ model: named, messages: ask('Hi') }), isClass, word)
    await assert.rejects(
      client.chat.completions.stream({ model: named, messages: ask('Hi') }).finalChatCompletion(),
      isClass,
      word,
    )
    // The Responses API tells an unknown model as a bad request.
    const asBad = (error: unknown) => error instanceof OpenAI.BadRequestError && error.code === 'model_not_found'
    const expected = word === '404' ? asBad : isClass
    await assert.rejects(client.responses.create({ model: named, input: 'Hi' }), expected, word)
    await assert.rejects(client.responses.stream({ model: named, input: 'Hi' }).finalResponse(), expected, word)
  }
  const create = (word: string) => client.chat.completions.create({ model: `${model}+${word}`, messages: ask('Hi') })
  await assert.rejects(
    create('429:7'),
    (e) => e instanceof OpenAI.RateLimitError && e.headers?.get('retry-after') === '7',
  )
  await assert.rejects(create('quota'), (e) => e instanceof OpenAI.RateLimitError && e.code === 'insufficient_quota')
  await assert.rejects(
    create('400-context'),
    (e) => e instanceof OpenAI.APIError && e.code === 'context_length_exceeded',
  )
  // Our own refusals are of the same classes.
  const stranger = new OpenAI({ apiKey: 'unknown', baseURL: `${run.url}/v1`, maxRetries: 0 })
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError)
  await assert.rejects(client.responses.create({ model: 'no-such-model', input: 'Hi' }), OpenAI.NotFoundError)
  await assert.rejects(client.chat.completions.create({ model: '', messages: ask('Hi') }), OpenAI.BadRequestError)
})

test('a stream that breaks after content throws', async () => {
  for (const word of ['cut:3', 'no-end', 'error-mid', 'malformed:3'])
    await assert.rejects(async () => {
      const body = { model: `${model}+events:3+${word}`, messages: ask('Hi'), stream: true as const }
      for await (const _ of await client.chat.completions.create(body));
    }, word)
  for (const word of ['cut:8', 'no-end', 'no-done', 'malformed:8'])
    await assert.rejects(async () => {
      const body = { model: `${model}+events:3+${word}`, input: 'Hi', stream: true as const }
      for await (const _ of await client.responses.create(body));
    }, word)
  // The vendor's own `response.failed` is data to this SDK; it is handed on as it came.
  const failed = await client.responses.stream({ model: `${model}+error-mid:1`, input: 'Hi' }).finalResponse()
  assert.equal(failed.error?.code, 'server_is_overloaded')
})
