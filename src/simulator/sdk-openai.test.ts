import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import OpenAI from 'openai'
import { createSimulator, type Simulator } from './index.ts'

let sim: Simulator
let client: OpenAI
before(async () => {
  sim = await createSimulator()
  client = new OpenAI({ apiKey: 'key-a', baseURL: `${sim.url}/v1`, maxRetries: 0 })
})
after(() => sim.close())

const parameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}
const chatTool = { type: 'function' as const, function: { name: 'get_weather', parameters } }
const tool = { type: 'function' as const, name: 'get_weather', parameters, strict: true }
const ask = (content: string) => [{ role: 'user' as const, content }]

test('chat: text, whole and streamed', async () => {
  const whole = await client.chat.completions.create({ model: 'gpt-4o', messages: ask('Hello there') })
  assert.equal(whole.choices[0]?.message.content, '[simulated] gpt-4o here. You said: Hello there')
  assert.equal(whole.choices[0]?.finish_reason, 'stop')
  const stream = client.chat.completions.stream({
    model: 'gpt-4o',
    messages: ask('Hello there'),
    stream_options: { include_usage: true },
  })
  const final = await stream.finalChatCompletion()
  assert.equal(final.choices[0]?.message.content, whole.choices[0]?.message.content)
  assert.deepEqual(final.usage, whole.usage)
})

test('chat: usage comes in a stream only when asked for', async () => {
  const chunks = []
  for await (const chunk of await client.chat.completions.create({
    model: 'gpt-4o',
    messages: ask('Hi'),
    stream: true,
  }))
    chunks.push(chunk)
  assert.equal(chunks[0]?.choices[0]?.delta.role, 'assistant')
  assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, 'stop')
  assert.ok(chunks.every((c) => !c.usage))
})

test('chat: parallel tools make a round trip', async () => {
  const messages: OpenAI.ChatCompletionMessageParam[] = ask('Weather in Paris and in Rome?')
  const first = await client.chat.completions
    .stream({ model: 'gpt-4o', messages, tools: [chatTool] })
    .finalChatCompletion()
  const calls = first.choices[0]!.message.tool_calls!
  assert.deepEqual(
    calls.map((c) => c.type === 'function' && JSON.parse(c.function.arguments)),
    [{ city: 'Paris' }, { city: 'Rome' }],
  )
  messages.push(first.choices[0]!.message)
  for (const c of calls) messages.push({ role: 'tool', tool_call_id: c.id, content: 'sunny' })
  const second = await client.chat.completions.create({ model: 'gpt-4o', messages, tools: [chatTool] })
  assert.match(second.choices[0]?.message.content ?? '', /"sunny" and "sunny"/)
})

test('chat: structured output, reasoning tokens, reasoning_content', async () => {
  const answer = await client.chat.completions.create({
    model: 'gpt-5',
    messages: ask('Weather in Oslo'),
    response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: parameters } },
  })
  assert.deepEqual(JSON.parse(answer.choices[0]?.message.content ?? ''), { city: 'Oslo' })
  assert.ok((answer.usage?.completion_tokens_details?.reasoning_tokens ?? 0) > 0)
  const shown = await client.chat.completions.create({
    model: 'deepseek-reasoner+think+reasoning-content',
    messages: ask('Hi'),
  })
  assert.match(
    (shown.choices[0]!.message as { reasoning_content?: string }).reasoning_content ?? '',
    /simulated reasoning/,
  )
})

test('responses: text, whole and streamed', async () => {
  const whole = await client.responses.create({ model: 'gpt-5.2', input: 'Hello there' })
  assert.equal(whole.output_text, '[simulated] gpt-5.2 here. You said: Hello there')
  assert.equal(whole.status, 'completed')
  const final = await client.responses.stream({ model: 'gpt-5.2', input: 'Hello there' }).finalResponse()
  assert.equal(final.output_text, whole.output_text)
  const types = []
  for await (const e of await client.responses.create({ model: 'gpt-4o', input: 'Hi', stream: true })) {
    assert.equal(e.sequence_number, types.length)
    types.push(e.type)
  }
  assert.deepEqual(
    [...new Set(types)],
    [
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ],
  )
})

test('responses: tools and sealed reasoning make a round trip, for their own key only', async () => {
  const base = {
    model: 'gpt-5.2',
    store: false,
    include: ['reasoning.encrypted_content' as const],
    tools: [tool],
    reasoning: { effort: 'low' as const, summary: 'auto' as const },
  }
  const first = await client.responses.stream({ ...base, input: ask('Weather in Paris and in Rome?') }).finalResponse()
  assert.deepEqual(
    first.output.map((o) => o.type),
    ['reasoning', 'function_call', 'function_call'],
  )
  const [reasoning, ...calls] = first.output
  assert.ok(
    reasoning?.type === 'reasoning' &&
      reasoning.encrypted_content?.startsWith('gAAAA') &&
      reasoning.summary.length === 1,
  )
  const input: OpenAI.Responses.ResponseInput = [
    ...ask('Weather in Paris and in Rome?'),
    ...(first.output as OpenAI.Responses.ResponseInputItem[]),
  ]
  for (const c of calls)
    if (c.type === 'function_call') input.push({ type: 'function_call_output', call_id: c.call_id, output: 'sunny' })
  const second = await client.responses.create({ ...base, input })
  assert.match(second.output_text, /"sunny" and "sunny"/)
  const other = new OpenAI({ apiKey: 'key-b', baseURL: `${sim.url}/v1`, maxRetries: 0 })
  await assert.rejects(
    other.responses.create({ ...base, input }),
    (e) => e instanceof OpenAI.BadRequestError && e.code === 'invalid_encrypted_content',
  )
  await assert.rejects(
    client.responses.create({ ...base, input: input.slice(0, 2) }),
    /without its required following item/,
  )
})

test('responses: a chain by previous_response_id', async () => {
  const first = await client.responses.create({ model: 'gpt-5.2+tools1', input: 'Weather in Oslo', tools: [tool] })
  const call = first.output.find((o) => o.type === 'function_call')
  assert.ok(call?.type === 'function_call')
  const next = {
    model: 'gpt-5.2',
    tools: [tool],
    input: [{ type: 'function_call_output' as const, call_id: call.call_id, output: 'rain' }],
  }
  const second = await client.responses.create({ ...next, previous_response_id: first.id })
  assert.match(second.output_text, /"rain"/)
  await assert.rejects(client.responses.create(next), /No tool call found for function call output/)
  await assert.rejects(
    client.responses.create({ ...next, previous_response_id: 'resp_none' }),
    (e) => e instanceof OpenAI.BadRequestError && e.code === 'previous_response_not_found',
  )
})

test('responses: structured output and limits', async () => {
  const answer = await client.responses.create({
    model: 'gpt-5.2',
    input: 'Go to Lisbon',
    text: { format: { type: 'json_schema', name: 'p', strict: true, schema: parameters } },
  })
  assert.deepEqual(JSON.parse(answer.output_text), { city: 'Lisbon' })
  const short = await client.responses.create({
    model: 'gpt-4o',
    max_output_tokens: 16,
    input: 'Tell me a long story about many different things, please do, and take your time',
  })
  assert.equal(short.status, 'incomplete')
  assert.equal(short.incomplete_details?.reason, 'max_output_tokens')
})

test('errors raise the right classes', async () => {
  const chat = (word: string) => client.chat.completions.create({ model: `gpt-4o+${word}`, messages: ask('Hi') })
  await assert.rejects(
    chat('429:7'),
    (e) => e instanceof OpenAI.RateLimitError && e.headers?.get('retry-after') === '7',
  )
  await assert.rejects(chat('quota'), (e) => e instanceof OpenAI.RateLimitError && e.code === 'insufficient_quota')
  await assert.rejects(chat('401'), OpenAI.AuthenticationError)
  await assert.rejects(chat('403'), OpenAI.PermissionDeniedError)
  await assert.rejects(chat('404'), OpenAI.NotFoundError)
  await assert.rejects(chat('503'), OpenAI.InternalServerError)
  await assert.rejects(
    chat('400-context'),
    (e) => e instanceof OpenAI.BadRequestError && e.code === 'context_length_exceeded',
  )
  assert.equal((await chat('refusal')).choices[0]?.finish_reason, 'content_filter')
  assert.match((await chat('refusal-text')).choices[0]?.message.refusal ?? '', /can't help/)
  const failed = await client.responses.stream({ model: 'gpt-5.2+error-mid:1', input: 'Hi' }).finalResponse()
  assert.equal(failed.status, 'failed')
  assert.equal(failed.error?.code, 'server_is_overloaded')
})

test('lists', async () => {
  const models = await client.models.list()
  assert.ok(models.data.some((m) => m.id === 'gpt-5.2'))
})

test('responses: compaction gives a sealed item that its own key may send back', async () => {
  const compacted = await client.responses.compact({ model: 'gpt-5.2', input: [{ role: 'user', content: 'Hello' }] })
  const item = compacted.output.at(-1)
  assert.equal(item?.type, 'compaction')
  const input = [...compacted.output, { role: 'user', content: 'And now?' }] as OpenAI.Responses.ResponseInput
  assert.match((await client.responses.create({ model: 'gpt-5.2', store: false, input })).output_text, /And now/)
  const other = new OpenAI({ apiKey: 'key-b', baseURL: `${sim.url}/v1`, maxRetries: 0 })
  await assert.rejects(other.responses.create({ model: 'gpt-5.2', input }), /could not be verified/)
})

test('chat and responses: an image is seen, a tool named in a namespace and a custom tool are called', async () => {
  const url = `data:image/png;base64,${Buffer.alloc(90).toString('base64')}`
  const seen = await client.chat.completions.create({
    model: 'gpt-4o',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ],
  })
  assert.match(seen.choices[0]?.message.content ?? '', /an image image\/png of 90 bytes/)
  const answer = await client.responses.create({
    model: 'gpt-5.2+tools2',
    input: 'do it',
    tools: [
      { type: 'namespace', name: 'files', description: 'd', tools: [tool] },
      { type: 'custom', name: 'exec' },
    ] as OpenAI.Responses.Tool[],
  })
  const calls = answer.output.filter((o) => o.type === 'function_call' || o.type === 'custom_tool_call')
  assert.deepEqual(
    calls.map((c) => [c.type, c.name, c.namespace]),
    [
      ['function_call', 'get_weather', 'files'],
      ['custom_tool_call', 'exec', undefined],
    ],
  )
})
