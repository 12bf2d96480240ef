/** `@anthropic-ai/sdk`, pointed at the gateway and nothing else changed. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { accounts, anthropic } from './support/dialects.ts'
import { PICTURE } from './support/picture.ts'
import { CLIENT_KEY, type Running, start } from './support/start.ts'

let run: Running
let client: Anthropic
before(async () => {
  run = await start((url) => ({ ...accounts(anthropic, url, ['upstream-key-a']), 'disable-cooling': true }))
  client = new Anthropic({ apiKey: CLIENT_KEY, baseURL: run.url, maxRetries: 0 })
})
after(() => run.close())

const model = 'claude-sonnet-4-6'
const ask = (content: string) => [{ role: 'user' as const, content }]
const weather: Anthropic.Tool = {
  name: 'get_weather',
  description: 'Weather of a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const textOf = (m: Anthropic.Message) => m.content.map((b) => (b.type === 'text' ? b.text : '')).join('')

test('text, whole and streamed', async () => {
  const body = { model, max_tokens: 100, messages: ask('Hello there') }
  const whole = await client.messages.create(body)
  assert.equal(textOf(whole), '[simulated] claude-sonnet-4-6 here. You said: Hello there')
  assert.equal(whole.stop_reason, 'end_turn')
  const seen: string[] = []
  const stream = client.messages.stream(body).on('text', (delta) => seen.push(delta))
  const streamed = await stream.finalMessage()
  assert.deepEqual(streamed.content, whole.content)
  assert.equal(seen.join(''), textOf(whole))
  assert.deepEqual(streamed.usage.output_tokens, whole.usage.output_tokens)
  assert.equal(streamed.usage.input_tokens, whole.usage.input_tokens)
})

for (const stream of [true, false])
  test(`two parallel tool calls and the follow-up, ${stream ? 'streamed' : 'whole'}`, async () => {
    const messages: Anthropic.MessageParam[] = ask('What is the weather in Paris and in Rome?')
    const turn = (): Promise<Anthropic.Message> => {
      const body = { model, max_tokens: 200, tools: [weather], messages }
      return stream ? client.messages.stream(body).finalMessage() : client.messages.create(body)
    }
    const first = await turn()
    assert.equal(first.stop_reason, 'tool_use')
    const uses = first.content.filter((b) => b.type === 'tool_use')
    assert.deepEqual(
      uses.map((u) => [u.name, u.input]),
      [
        ['get_weather', { city: 'Paris' }],
        ['get_weather', { city: 'Rome' }],
      ],
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
    const second = await turn()
    assert.equal(second.stop_reason, 'end_turn')
    assert.match(textOf(second), /"sunny in Paris" and "sunny in Rome"/)
  })

test('image input', async () => {
  const answer = await client.messages.create({
    model,
    max_tokens: 100,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PICTURE } },
          { type: 'text', text: 'What is this?' },
        ],
      },
    ],
  })
  assert.match(textOf(answer), /an image image\/png of 69 bytes/)
})

test('reasoning comes with its signature, and goes back in', async () => {
  const base = {
    model: 'claude-sonnet-4-5-20250929+tools1',
    max_tokens: 4000,
    tools: [weather],
    thinking: { type: 'enabled' as const, budget_tokens: 1024 },
  }
  const first = await client.messages.stream({ ...base, messages: ask('Weather in Oslo?') }).finalMessage()
  const [thinking, use] = first.content
  assert.ok(thinking?.type === 'thinking' && use?.type === 'tool_use')
  assert.ok(thinking.signature.length > 0)
  const second = await client.messages.create({
    ...base,
    messages: [
      ...ask('Weather in Oslo?'),
      { role: 'assistant', content: [thinking, { type: 'tool_use', id: use.id, name: use.name, input: use.input }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'rain' }] },
    ],
  })
  assert.match(textOf(second), /"rain"/)
})

test('structured output', async () => {
  const schema = {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city', 'days'],
    additionalProperties: false,
  }
  const answer = await client.messages.create({
    model,
    max_tokens: 100,
    messages: ask('Plan 3 days in Lisbon'),
    output_config: { format: { type: 'json_schema', schema } },
  })
  assert.deepEqual(JSON.parse(textOf(answer)), { city: 'Lisbon', days: 3 })
})

test('tokens are counted and models listed', async () => {
  const count = await client.messages.countTokens({ model, messages: ask('Hello there') })
  assert.ok(count.input_tokens > 0)
  const models = await client.models.list()
  const sonnet = models.data.find((m) => m.id === model)
  assert.equal(sonnet?.type, 'model')
  assert.equal(sonnet?.display_name, 'Claude Sonnet 4.6')
  assert.equal((await client.models.retrieve(model)).id, model)
})

test('every class of error', async () => {
  const create = (word: string) =>
    client.messages.create({ model: `${model}+${word}`, max_tokens: 10, messages: ask('Hi') })
  const table = [
    ['400', 400, Anthropic.BadRequestError],
    ['400-context', 400, Anthropic.BadRequestError],
    ['401', 401, Anthropic.AuthenticationError],
    ['403', 403, Anthropic.PermissionDeniedError],
    ['404', 404, Anthropic.NotFoundError],
    ['413', 413, Anthropic.APIError],
    ['429:7', 429, Anthropic.RateLimitError],
    ['500', 500, Anthropic.InternalServerError],
    ['503', 503, Anthropic.InternalServerError],
    ['529', 529, Anthropic.InternalServerError],
    ['reset', 502, Anthropic.InternalServerError],
  ] as const
  for (const [word, status, Class] of table)
    for (const stream of [false, true])
      await assert.rejects(
        stream
          ? client.messages.stream({ model: `${model}+${word}`, max_tokens: 10, messages: ask('Hi') }).finalMessage()
          : create(word),
        (error) => error instanceof Class && error.status === status,
        `${word} ${stream}`,
      )
  await assert.rejects(
    create('429:7'),
    (e) => e instanceof Anthropic.RateLimitError && e.headers.get('retry-after') === '7',
  )
  // Our own refusals are of the same classes.
  const stranger = new Anthropic({ apiKey: 'unknown', baseURL: run.url, maxRetries: 0 })
  const hi = { max_tokens: 10, messages: ask('Hi') }
  await assert.rejects(stranger.messages.create({ model, ...hi }), Anthropic.AuthenticationError)
  await assert.rejects(client.messages.create({ model: 'no-such-model', ...hi }), Anthropic.NotFoundError)
  await assert.rejects(client.messages.create({ model: '', ...hi }), Anthropic.BadRequestError)
})

test('a stream that breaks after content throws', async () => {
  for (const word of ['cut:6', 'no-end', 'no-done', 'error-mid', 'malformed:5']) {
    let text = ''
    await assert.rejects(async () => {
      const body = { model: `${model}+events:3+${word}`, max_tokens: 50, messages: ask('Hi'), stream: true as const }
      for await (const event of await client.messages.create(body))
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text
    }, word)
    if (word !== 'malformed:5') assert.ok(text.startsWith('0 '), `${word}: what came before is kept`)
  }
})
