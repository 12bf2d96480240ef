import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { createSimulator, type Simulator } from './index.ts'

let sim: Simulator
let client: Anthropic
before(async () => {
  sim = await createSimulator()
  client = new Anthropic({ apiKey: 'key-a', baseURL: sim.url, maxRetries: 0 })
})
after(() => sim.close())

const weather: Anthropic.Tool = {
  name: 'get_weather',
  description: 'Weather of a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const ask = (content: string) => [{ role: 'user' as const, content }]

test('text, whole and streamed, say the same', async () => {
  const body = { model: 'claude-sonnet-4-6', max_tokens: 100, messages: ask('Hello there') }
  const whole = await client.messages.create(body)
  const streamed = await client.messages.stream(body).finalMessage()
  assert.equal(
    whole.content[0]?.type === 'text' && whole.content[0].text,
    '[simulated] claude-sonnet-4-6 here. You said: Hello there',
  )
  assert.deepEqual(streamed.content, whole.content)
  assert.equal(whole.stop_reason, 'end_turn')
  assert.match(whole.id, /^msg_01sim/)
  assert.deepEqual(streamed.usage.output_tokens, whole.usage.output_tokens)
})

test('parallel tools make a round trip', async () => {
  const messages: Anthropic.MessageParam[] = ask('What is the weather in Paris and in Rome?')
  const first = await client.messages
    .stream({ model: 'claude-sonnet-4-6', max_tokens: 100, tools: [weather], messages })
    .finalMessage()
  assert.equal(first.stop_reason, 'tool_use')
  const uses = first.content.filter((b) => b.type === 'tool_use')
  assert.deepEqual(
    uses.map((u) => u.input),
    [{ city: 'Paris' }, { city: 'Rome' }],
  )
  messages.push({ role: 'assistant', content: first.content as Anthropic.ContentBlockParam[] })
  messages.push({
    role: 'user',
    content: uses.map((u) => ({
      type: 'tool_result',
      tool_use_id: u.id,
      content: `sunny in ${(u.input as { city: string }).city}`,
    })),
  })
  const second = await client.messages.create({
    model: 'claude-sonnet-4-6',
    max_tokens: 100,
    tools: [weather],
    messages,
  })
  assert.match(second.content[0]?.type === 'text' ? second.content[0].text : '', /"sunny in Paris" and "sunny in Rome"/)
})

test('reasoning is signed, and only its own signature comes back in', async () => {
  const base = {
    model: 'claude-sonnet-4-5+tools1',
    max_tokens: 4000,
    tools: [weather],
    thinking: { type: 'enabled' as const, budget_tokens: 1024 },
  }
  const first = await client.messages.stream({ ...base, messages: ask('Weather in Oslo?') }).finalMessage()
  const [thinking, use] = first.content
  assert.ok(thinking?.type === 'thinking' && use?.type === 'tool_use')
  assert.match(thinking.signature, /^E/)
  const turn = (t: Anthropic.ThinkingBlock): Anthropic.MessageParam[] => [
    ...ask('Weather in Oslo?'),
    { role: 'assistant', content: [t, { type: 'tool_use', id: use.id, name: use.name, input: use.input }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'rain' }] },
  ]
  const second = await client.messages.create({ ...base, messages: turn(thinking) })
  assert.equal(second.stop_reason, 'end_turn')
  await assert.rejects(
    client.messages.create({ ...base, messages: turn({ ...thinking, thinking: 'other' }) }),
    /Invalid `signature` in `thinking` block/,
  )
  await assert.rejects(
    client.messages.create({ ...base, messages: turn({ ...thinking, signature: 'EqQBforeign' }) }),
    Anthropic.BadRequestError,
  )
})

test('structured output fits the schema', async () => {
  const schema = {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city', 'days'],
    additionalProperties: false,
  }
  const answer = await client.messages.create({
    model: 'claude-sonnet-4-6',
    max_tokens: 100,
    messages: ask('Plan 3 days in Lisbon'),
    output_config: { format: { type: 'json_schema', schema } },
  })
  assert.deepEqual(JSON.parse(answer.content[0]?.type === 'text' ? answer.content[0].text : ''), {
    city: 'Lisbon',
    days: 3,
  })
})

test('limits and stop sequences are honoured', async () => {
  const short = await client.messages.create({ model: 'claude-sonnet-4-6', max_tokens: 3, messages: ask('Hello') })
  assert.equal(short.stop_reason, 'max_tokens')
  const stopped = await client.messages.create({
    model: 'claude-sonnet-4-6',
    max_tokens: 300,
    stop_sequences: ['STOP'],
    messages: ask('one STOP two'),
  })
  assert.equal(stopped.stop_reason, 'stop_sequence')
  assert.equal(stopped.stop_sequence, 'STOP')
  assert.match(stopped.content[0]?.type === 'text' ? stopped.content[0].text : '', /one $/)
})

test('errors raise the right classes', async () => {
  const create = (word: string) =>
    client.messages.create({ model: `claude-sonnet-4-6+${word}`, max_tokens: 10, messages: ask('Hi') })
  await assert.rejects(
    create('429:7'),
    (e) => e instanceof Anthropic.RateLimitError && e.headers.get('retry-after') === '7',
  )
  await assert.rejects(
    create('429'),
    (e) => e instanceof Anthropic.RateLimitError && e.headers.get('retry-after') === null,
  )
  await assert.rejects(create('401'), Anthropic.AuthenticationError)
  await assert.rejects(create('403'), Anthropic.PermissionDeniedError)
  await assert.rejects(create('404'), Anthropic.NotFoundError)
  await assert.rejects(create('529'), (e) => e instanceof Anthropic.InternalServerError && e.status === 529)
  await assert.rejects(create('400-context'), /prompt is too long/)
  await assert.rejects(create('no-such-word'), Anthropic.NotFoundError)
  assert.equal((await create('refusal')).stop_reason, 'refusal')
})

test('counts and lists', async () => {
  const count = await client.messages.countTokens({ model: 'claude-sonnet-4-6', messages: ask('Hello there') })
  assert.ok(count.input_tokens > 0)
  const models = await client.models.list()
  assert.ok(models.data.some((m) => m.id === 'claude-sonnet-4-6'))
})
