/** Every ordered pair of dialects: parallel calls that come interleaved, and a conversation that changes its model. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { createParser } from 'eventsource-parser'
import OpenAI from 'openai'
import { createGateway } from '../../src/index.ts'
import { createSimulator } from '../../src/simulator/index.ts'
import { ask, KEY, ORIGIN } from './clients.ts'
import { CUTS, DIALECTS, type Dialect, type Exchange, type Json } from './corpus.ts'
import { hear } from './hear.ts'
import { bench } from './replay-responses.ts'

const CALLS = [
  { id: 'call_paris', name: 'get_weather', args: '{"city":"Paris","days":3}' },
  { id: 'call_rome', name: 'get_weather', args: '{"city":"Rome","note":"{\\"a\\": [1, 2]}"}' },
  { id: 'call_time', name: 'get_time', args: '{"zone":"Europe/Rome"}' },
]
const TEXT = 'Let me look.'

const sse = (events: [string, Json][]) =>
  events.map(([name, data]) => `${name === '' ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`).join('')

/** Round and round, a few characters of each call at a time. */
function* turns(size: number): Generator<{ index: number; piece: string }> {
  for (let at = 0; CALLS.some(({ args }) => at < args.length); at += size)
    for (const [index, { args }] of CALLS.entries()) {
      const piece = args.slice(at, at + size)
      if (piece !== '') yield { index, piece }
    }
}

function chatStream(): string {
  const chunk = (delta: Json, finish: string | null = null): [string, Json] => [
    '',
    {
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: finish }],
    },
  ]
  const events = [chunk({ role: 'assistant', content: TEXT })]
  for (const [index, { id, name }] of CALLS.entries())
    events.push(chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }))
  for (const { index, piece } of turns(4))
    events.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }))
  events.push(chunk({}, 'tool_calls'))
  const usage = { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 }
  events.push(['', { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage }])
  return `${sse(events)}data: [DONE]\n\n`
}

function responsesStream(): string {
  let sequence = 0
  const say = (type: string, rest: Json): [string, Json] => [type, { type, sequence_number: sequence++, ...rest }]
  const message = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' }
  const part = (text: string) => ({ type: 'output_text', text, annotations: [] })
  const item = (i: number, args: string, status: string) => ({
    type: 'function_call',
    id: `fc_${i}`,
    call_id: CALLS[i]!.id,
    name: CALLS[i]!.name,
    arguments: args,
    status,
  })
  const response = (status: string, output: Json[]) => ({
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model: 'm',
    status,
    output,
    usage: status === 'completed' ? { input_tokens: 9, output_tokens: 5, total_tokens: 14 } : null,
  })
  const events = [
    say('response.created', { response: response('in_progress', []) }),
    say('response.output_item.added', { output_index: 0, item: { ...message, status: 'in_progress', content: [] } }),
    say('response.content_part.added', { output_index: 0, item_id: 'msg_1', content_index: 0, part: part('') }),
    say('response.output_text.delta', { output_index: 0, item_id: 'msg_1', content_index: 0, delta: TEXT }),
    say('response.output_text.done', { output_index: 0, item_id: 'msg_1', content_index: 0, text: TEXT }),
    say('response.content_part.done', { output_index: 0, item_id: 'msg_1', content_index: 0, part: part(TEXT) }),
    say('response.output_item.done', { output_index: 0, item: { ...message, content: [part(TEXT)] } }),
  ]
  for (const i of CALLS.keys())
    events.push(say('response.output_item.added', { output_index: i + 1, item: item(i, '', 'in_progress') }))
  for (const { index, piece } of turns(4))
    events.push(
      say('response.function_call_arguments.delta', { output_index: index + 1, item_id: `fc_${index}`, delta: piece }),
    )
  // They end in another order than they began.
  for (const i of [...CALLS.keys()].reverse()) {
    const args = { output_index: i + 1, item_id: `fc_${i}`, name: CALLS[i]!.name, arguments: CALLS[i]!.args }
    events.push(say('response.function_call_arguments.done', args))
    events.push(say('response.output_item.done', { output_index: i + 1, item: item(i, CALLS[i]!.args, 'completed') }))
  }
  const output = [{ ...message, content: [part(TEXT)] }, ...CALLS.map((c, i) => item(i, c.args, 'completed'))]
  events.push(say('response.completed', { response: response('completed', output) }))
  return sse(events)
}

function anthropicStream(): string {
  const say = (type: string, rest: Json): [string, Json] => [type, { type, ...rest }]
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null }
  const events = [
    say('message_start', { message: { ...message, usage: { input_tokens: 9, output_tokens: 1 } } }),
    say('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    say('content_block_delta', { index: 0, delta: { type: 'text_delta', text: TEXT } }),
    say('content_block_stop', { index: 0 }),
  ]
  // The API never interleaves blocks, but every event names its block, and so proxies do.
  for (const [i, { id, name }] of CALLS.entries())
    events.push(say('content_block_start', { index: i + 1, content_block: { type: 'tool_use', id, name, input: {} } }))
  for (const { index, piece } of turns(4))
    events.push(
      say('content_block_delta', { index: index + 1, delta: { type: 'input_json_delta', partial_json: piece } }),
    )
  for (const i of CALLS.keys()) events.push(say('content_block_stop', { index: i + 1 }))
  events.push(
    say('message_delta', { delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 5 } }),
  )
  events.push(say('message_stop', {}))
  return sse(events)
}

function geminiStream(): string {
  const chunk = (parts: Json[], rest: Json = {}): [string, Json] => [
    '',
    {
      candidates: [{ content: { role: 'model', parts }, index: 0, ...rest }],
      usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 5, totalTokenCount: 14 },
      modelVersion: 'm',
      responseId: 'r1',
    },
  ]
  const call = ({ name, args }: (typeof CALLS)[number]) => ({ functionCall: { name, args: JSON.parse(args) } })
  return sse([
    chunk([{ text: TEXT }, call(CALLS[0]!)]),
    chunk([call(CALLS[1]!)]),
    chunk([call(CALLS[2]!)], { finishReason: 'STOP' }),
  ]).replaceAll('\n', '\r\n')
}

const STREAMS: Record<Dialect, string> = {
  anthropic: anthropicStream(),
  'openai-chat': chatStream(),
  'openai-responses': responsesStream(),
  gemini: geminiStream(),
}

const exchange = (dialect: Dialect): Exchange => ({
  id: `made-${dialect}`,
  dialect,
  vendor: 'made',
  endpoint: '',
  stream: true,
  model: 'm',
  features: [],
  cluster: '',
  facts: {},
  request: undefined,
  status: 200,
  contentType: 'text/event-stream',
  headers: {},
  body: undefined,
  sse: STREAMS[dialect],
})

describe('interleaved parallel calls', () => {
  for (const upstream of DIALECTS)
    for (const client of DIALECTS.filter((d) => d !== upstream))
      it(`arrive whole: ${client} ← ${upstream}`, async () => {
        const b = await bench()
        try {
          for (const how of CUTS) {
            b.serve(exchange(upstream), how)
            const heard = hear(client, await ask(client, b.fetch, `m-${upstream}`, true), true)
            assert.equal(heard.text, TEXT)
            assert.equal(heard.order, 'TC')
            assert.deepEqual(
              heard.calls.map((c) => [c.name, JSON.parse(c.args)]),
              CALLS.map((c) => [c.name, JSON.parse(c.args)]),
            )
            const ids = heard.calls.map((c) => c.id)
            // Gemini told no ids, so they were made.
            if (upstream === 'gemini') assert.equal(new Set(ids).size, CALLS.length)
            else
              assert.deepEqual(
                ids,
                CALLS.map((c) => c.id),
              )
            if (client !== 'gemini') assert.equal(heard.finish, 'tool-calls')
            assert.deepEqual([heard.usage?.input, heard.usage?.output], [9, 5])
          }
        } finally {
          await b.close()
        }
      })
})

/** What a client of each dialect does between two questions. */
interface Talk {
  /** Says something, or answers the calls of the last answer; gives the request's body. */
  say(text: string): void
  body(model: string, stream: boolean): Json
  path(model: string, stream: boolean): string
  /** Takes the whole answer into the history; gives how many calls were answered. */
  take(answer: Json): number
}

const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}
const DESCRIPTION = 'Tells the weather of a city.'

const TALKS: Record<Dialect, () => Talk> = {
  anthropic() {
    const messages: Json[] = []
    return {
      say: (text) => messages.push({ role: 'user', content: text }),
      path: () => '/v1/messages',
      body: (model, stream) => ({
        model,
        stream,
        max_tokens: 4096,
        thinking: { type: 'enabled', budget_tokens: 2048 },
        messages,
        tools: [{ name: 'get_weather', description: DESCRIPTION, input_schema: SCHEMA }],
      }),
      take(answer) {
        messages.push({ role: 'assistant', content: answer.content })
        const calls = answer.content.filter((b: Json) => b.type === 'tool_use')
        if (calls.length > 0)
          messages.push({
            role: 'user',
            content: calls.map((c: Json) => ({ type: 'tool_result', tool_use_id: c.id, content: 'sunny' })),
          })
        return calls.length
      },
    }
  },
  'openai-chat'() {
    const messages: Json[] = []
    return {
      say: (text) => messages.push({ role: 'user', content: text }),
      path: () => '/v1/chat/completions',
      body: (model, stream) => ({
        model,
        stream,
        reasoning_effort: 'low',
        messages,
        tools: [{ type: 'function', function: { name: 'get_weather', description: DESCRIPTION, parameters: SCHEMA } }],
      }),
      take(answer) {
        const { message } = answer.choices[0]
        messages.push(message)
        for (const c of message.tool_calls ?? []) messages.push({ role: 'tool', tool_call_id: c.id, content: 'sunny' })
        return message.tool_calls?.length ?? 0
      },
    }
  },
  'openai-responses'() {
    const input: Json[] = []
    return {
      say: (text) => input.push({ role: 'user', content: text }),
      path: () => '/v1/responses',
      body: (model, stream) => ({
        model,
        stream,
        store: false,
        include: ['reasoning.encrypted_content'],
        reasoning: { effort: 'low', summary: 'auto' },
        input,
        tools: [{ type: 'function', name: 'get_weather', description: DESCRIPTION, parameters: SCHEMA, strict: true }],
      }),
      take(answer) {
        input.push(...answer.output)
        const calls = answer.output.filter((i: Json) => i.type === 'function_call')
        for (const c of calls) input.push({ type: 'function_call_output', call_id: c.call_id, output: 'sunny' })
        return calls.length
      },
    }
  },
  gemini() {
    const contents: Json[] = []
    return {
      say: (text) => contents.push({ role: 'user', parts: [{ text }] }),
      path: (model) => `/v1beta/models/${model}:generateContent`,
      body: () => ({
        contents,
        generationConfig: { thinkingConfig: { includeThoughts: true } },
        tools: [
          { functionDeclarations: [{ name: 'get_weather', description: DESCRIPTION, parametersJsonSchema: SCHEMA }] },
        ],
      }),
      take(answer) {
        const { content } = answer.candidates[0]
        contents.push(content)
        const calls = content.parts.filter((p: Json) => p.functionCall !== undefined)
        if (calls.length > 0)
          contents.push({
            role: 'user',
            parts: calls.map((p: Json) => ({
              functionResponse: {
                ...(p.functionCall.id !== undefined && { id: p.functionCall.id }),
                name: 'get_weather',
                response: { result: 'sunny' },
              },
            })),
          })
        return calls.length
      },
    }
  },
}

const STOPS: readonly [Dialect, string][] = [
  ['anthropic', 'claude-sonnet-4-6+think'],
  ['openai-responses', 'gpt-5.2+think'],
  ['gemini', 'gemini-3-pro-preview+think'],
  ['openai-chat', 'gpt-5.2'],
  ['anthropic', 'claude-sonnet-4-6+think'],
  ['gemini', 'gemini-3-pro-preview+think'],
  ['openai-responses', 'gpt-5.2+think'],
]

/** Asks for a stream and lets the official SDK put it together again. */
async function streamed(client: Dialect, fetch: (r: Request) => Promise<Response>, body: Json): Promise<Json> {
  const via = (input: string | URL | Request, init?: RequestInit) => fetch(new Request(input, init))
  const at = { apiKey: KEY, maxRetries: 0, fetch: via }
  const { stream: _, ...rest } = body
  switch (client) {
    case 'anthropic':
      return new Anthropic({ ...at, baseURL: ORIGIN }).messages.stream(rest).finalMessage()
    case 'openai-chat':
      return new OpenAI({ ...at, baseURL: `${ORIGIN}/v1` }).chat.completions.stream(rest).finalChatCompletion()
    case 'openai-responses': {
      const answer = await new OpenAI({ ...at, baseURL: `${ORIGIN}/v1` }).responses.stream(rest).finalResponse()
      // The SDK adds what it parsed out of the text, which is no part of the conversation.
      return JSON.parse(
        JSON.stringify(answer, (key, v) => (key === 'parsed' || key === 'parsed_arguments' ? undefined : v)),
      )
    }
    case 'gemini': {
      const { model, ...said } = body
      const response = await fetch(
        new Request(`${ORIGIN}/v1beta/models/${model}:streamGenerateContent?alt=sse`, {
          method: 'POST',
          headers: { 'x-goog-api-key': KEY, 'content-type': 'application/json' },
          body: JSON.stringify(said),
        }),
      )
      assert.equal(response.status, 200)
      const parts: Json[] = []
      createParser({
        onEvent: (e) => parts.push(...(JSON.parse(e.data).candidates?.[0]?.content?.parts ?? [])),
      }).feed(await response.text())
      return { candidates: [{ content: { role: 'model', parts } }] }
    }
  }
}

/** Asks for a whole answer. */
async function whole(fetch: (r: Request) => Promise<Response>, path: string, { model, ...body }: Json): Promise<Json> {
  const response = await fetch(
    new Request(ORIGIN + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(path.includes('/models/') ? body : { model, ...body }),
    }),
  )
  const text = await response.text()
  assert.equal(response.status, 200, text.slice(0, 400))
  return JSON.parse(text)
}

describe('a conversation that goes from model to model', () => {
  for (const client of DIALECTS)
    for (const stream of [false, true])
      it(`is taken by every vendor, with thoughts and calls at each step: ${client}${stream ? ', streamed' : ''}`, async () => {
        const simulator = await createSimulator()
        const gateway = await createGateway({
          config: {
            port: 0,
            'api-keys': [KEY],
            'request-retry': 0,
            'openai-compatibility': DIALECTS.map((protocol) => ({
              name: `sim-${protocol}`,
              'base-url': protocol.startsWith('openai') ? `${simulator.url}/v1` : simulator.url,
              protocol,
              'disable-cooling': true,
              'api-key-entries': [{ 'api-key': `upstream-key-${protocol}` }],
              models: [{ name: STOPS.find(([d]) => d === protocol)![1], alias: `m-${protocol}` }],
            })),
          },
        })
        try {
          const talk = TALKS[client]()
          for (const [step, [upstream]] of STOPS.entries()) {
            talk.say(`Question ${step}: what is the weather in Paris and Rome? Call the tool.`)
            for (let round = 0; round < 3; round += 1) {
              const model = `m-${upstream}`
              const body = { model, ...talk.body(model, stream) }
              const answer = stream
                ? await streamed(client, gateway.fetch, body)
                : await whole(gateway.fetch, talk.path(model, false), body)
              const calls = talk.take(answer)
              assert.equal(calls > 0, round === 0, `${client} → ${upstream}: ${calls} calls in round ${round}`)
              if (calls === 0) break
            }
          }
          assert.ok(simulator.attempts().every((a) => a.status === 200))
          assert.ok(simulator.attempts().length >= 2 * STOPS.length)
        } finally {
          await gateway.close({ drainMs: 0 })
          await simulator.close()
        }
      })
})
