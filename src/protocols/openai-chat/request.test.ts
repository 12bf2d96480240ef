import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { FailureError } from '../../hub/failure.ts'
import { fold } from '../../hub/fold.ts'
import type { ChatRequest, Message, Part } from '../../hub/request.ts'
import type { ChatResponse } from '../../hub/response.ts'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import type { Json, TargetModel } from '../codec.ts'
import { eventsOf } from '../testing/corpus.ts'
import { openaiChatCodec as codec } from './codec.ts'

const decode = (body: Json) => codec.request.decode(body, { model: 'm', stream: body['stream'] === true })
const encode = (request: ChatRequest, target: Partial<TargetModel> = {}) =>
  codec.request.encode(request, { model: 'gpt-4o', ...target })
const user = (...parts: Part[]): Message => ({ role: 'user', parts })
const text = (words: string): Part => ({ type: 'text', text: words })
const asked = (rest: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'm',
  stream: false,
  messages: [user(text('hi'))],
  ...rest,
})
const image: Part = { type: 'media', kind: 'image', source: { type: 'base64', data: 'AAAA' }, mediaType: 'image/png' }
const messagesOf = (request: ChatRequest) => encode(request).body['messages'] as Json[]
const weather = { type: 'function' as const, name: 'get_weather', schema: { type: 'object', properties: {} } }

describe('a chat request read', () => {
  it('tells every field by its hub word', () => {
    const request = decode({
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          name: 'ann',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image_url', image_url: { url: 'https://a.test/x.png', detail: 'low' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          reasoning_content: 'hm',
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"b":1,"a":2}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'ok' },
      ],
      tools: [
        { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true } },
      ],
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
      max_completion_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      stop: 'END',
      seed: 7,
      presence_penalty: 1,
      frequency_penalty: -1,
      logprobs: true,
      top_logprobs: 3,
      n: 1,
      user: 'u',
      prompt_cache_key: 'k',
      verbosity: 'low',
      reasoning_effort: 'high',
      response_format: { type: 'json_schema', json_schema: { name: 's', strict: true, schema: { type: 'object' } } },
      metadata: { a: 'b' },
      service_tier: 'flex',
      store: null,
    })
    const { extras, messages, ...rest } = request
    assert.deepEqual(rest, {
      model: 'm',
      stream: false,
      tools: [{ type: 'function', name: 'f', description: 'd', schema: { type: 'object' }, strict: true }],
      toolChoice: { mode: 'tool', name: 'f' },
      parallelToolCalls: false,
      maxOutputTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      stop: ['END'],
      seed: 7,
      presencePenalty: 1,
      frequencyPenalty: -1,
      logprobs: { top: 3 },
      count: 1,
      user: 'u',
      cacheKey: 'k',
      verbosity: 'low',
      reasoning: { depth: { mode: 'effort', effort: 'high' } },
      output: { type: 'schema', name: 's', strict: true, schema: { type: 'object' } },
    })
    assert.deepEqual(extras?.['openai-chat'], {
      metadata: { a: 'b' },
      service_tier: 'flex',
      $form: ['max_completion_tokens', 'n', 'reasoning_effort'],
    })
    assert.deepEqual(messages, [
      { role: 'system', parts: [text('Be brief.')], extras: { 'openai-chat': { $role: 'developer' } } },
      {
        role: 'user',
        parts: [
          text('Look'),
          { type: 'media', kind: 'image', source: { type: 'url', url: 'https://a.test/x.png' }, detail: 'low' },
        ],
        extras: { 'openai-chat': { name: 'ann' } },
      },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', text: 'hm', signature: { issuer: 'openai-chat', value: 'reasoning_content' } },
          { type: 'tool-call', id: 'c1', name: 'f', input: '{"b":1,"a":2}' },
        ],
      },
      { role: 'user', parts: [{ type: 'tool-result', callId: 'c1', parts: [text('ok')] }] },
    ])
  })

  const depths: [Json, object | undefined][] = [
    [{ reasoning_effort: 'none' }, { depth: { mode: 'off' } }],
    [{ reasoning_effort: 'xhigh' }, { depth: { mode: 'effort', effort: 'xhigh' } }],
    [{ reasoning_effort: 'default' }, undefined],
    [{ reasoning: { effort: 'low', exclude: true } }, { depth: { mode: 'effort', effort: 'low' }, show: false }],
    [{ reasoning: { max_tokens: 2000 } }, { depth: { mode: 'budget', tokens: 2000 } }],
    [{ reasoning: { enabled: true } }, { depth: { mode: 'auto' } }],
    [{ thinking: { type: 'disabled' } }, { depth: { mode: 'off' } }],
    [{ thinking: { type: 'enabled' } }, { depth: { mode: 'auto' } }],
    [{ enable_thinking: false }, { depth: { mode: 'off' } }],
    [{ enable_thinking: true, thinking_budget: 500 }, { depth: { mode: 'budget', tokens: 500 } }],
  ]
  for (const [body, expected] of depths) {
    it(`understands ${JSON.stringify(body)} and says it again`, () => {
      const request = decode({ messages: [{ role: 'user', content: 'x' }], ...body })
      assert.deepEqual(request.reasoning, expected)
      const { model: _, messages: __, ...rest } = encode(request).body
      assert.deepEqual(rest, body)
    })
  }

  const refused: [string, Json][] = [
    ['messages', {}],
    ['messages', { messages: [] }],
    ['messages[0].role', { messages: [{ role: 'robot', content: 'x' }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: { a: 1 } }] }],
    ['messages[0].tool_call_id', { messages: [{ role: 'tool', content: 'x' }] }],
    [
      'tools[0].function.name',
      { messages: [{ role: 'user', content: 'x' }], tools: [{ type: 'function', function: {} }] },
    ],
    ['temperature', { messages: [{ role: 'user', content: 'x' }], temperature: 'hot' }],
    ['stop', { messages: [{ role: 'user', content: 'x' }], stop: [1] }],
    ['tool_choice', { messages: [{ role: 'user', content: 'x' }], tool_choice: 'perhaps' }],
  ]
  for (const [param, body] of refused) {
    it(`refuses ${JSON.stringify(body)} by name`, () => {
      assert.throws(
        () => decode(body),
        (error) =>
          error instanceof FailureError && error.failure.kind === 'invalid-request' && error.failure.param === param,
      )
    })
  }

  it('gives the older function messages ids that pair', () => {
    const { messages } = decode({
      messages: [
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: '1' },
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
        { role: 'function', name: 'f', content: '2' },
      ],
    })
    const ids = messages.map(({ parts: [part] }) =>
      part?.type === 'tool-call' ? part.id : part?.type === 'tool-result' && part.callId,
    )
    assert.equal(ids[0], ids[1])
    assert.equal(ids[2], ids[3])
    assert.notEqual(ids[0], ids[2])
  })
})

describe('a chat request written', () => {
  it('puts the media of tool results behind the group of results', () => {
    const result = (id: string, ...parts: Part[]): Part => ({ type: 'tool-result', callId: id, parts })
    const call = (id: string): Part => ({ type: 'tool-call', id, name: 'get_weather', input: '' })
    const messages = messagesOf(
      asked({
        messages: [
          user(text('look')),
          { role: 'assistant', parts: [call('a'), call('b')] },
          user(result('a', text('seen'), image)),
          user(result('b', text('done'))),
          user(text('go on')),
        ],
      }),
    )
    assert.deepEqual(
      messages.map(({ role }) => role),
      ['user', 'assistant', 'tool', 'tool', 'user'],
    )
    assert.deepEqual(
      (messages[4]!['content'] as Json[]).map(({ type }) => type),
      ['text', 'image_url', 'text'],
    )
    assert.match(JSON.stringify(messages[2]), /see the next user message/)
    assert.equal(messages[3]!['content'], 'done')
  })

  it('joins what is one turn of the assistant and leaves two apart', () => {
    const call = (id: string): Message => ({
      role: 'assistant',
      parts: [{ type: 'tool-call', id, name: 'f', input: '{}' }],
    })
    const messages = messagesOf(
      asked({
        messages: [
          { role: 'assistant', parts: [text('one')] },
          { role: 'assistant', parts: [text('two')] },
          user(text('x')),
          { role: 'assistant', parts: [{ type: 'reasoning', text: 'hm' }] },
          { role: 'assistant', parts: [text('calling')] },
          call('a'),
          call('b'),
        ],
      }),
    )
    assert.equal(messages.length, 4)
    const last = messages[3]!
    assert.equal(last['content'], 'calling')
    assert.equal(last['reasoning_content'], 'hm')
    assert.equal((last['tool_calls'] as unknown[]).length, 2)
  })

  it('tells a failed result by its text', () => {
    const failed = (words: string) =>
      messagesOf(
        asked({
          messages: [
            user({ type: 'tool-result', callId: 'a', parts: words === '' ? [] : [text(words)], failed: true }),
          ],
        }),
      )[0]!['content']
    assert.equal(failed('no such file'), 'Error: no such file')
    assert.equal(failed('Error: no'), 'Error: no')
    assert.equal(failed(''), 'Error: ')
  })

  it('makes functions of free-text and grouped tools', () => {
    const { body, losses } = encode(
      asked({
        messages: [
          user(text('x')),
          { role: 'assistant', parts: [{ type: 'tool-call', id: 'a', name: 'exec', input: 'ls "x"', custom: true }] },
        ],
        tools: [
          { type: 'custom', name: 'exec', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
          { type: 'namespace', name: 'ns', tools: [weather] },
        ],
      }),
    )
    const names = (body['tools'] as Json[]).map((tool) => (tool['function'] as Json)['name'])
    assert.deepEqual(names, ['exec', 'ns__get_weather'])
    assert.deepEqual(
      losses.map(({ field }) => field),
      ['tools.0.format'],
    )
    assert.match(JSON.stringify(body['messages']), /\{\\"input\\":\\"ls \\\\\\"x\\\\\\"\\"\}/)
  })

  it('keeps custom tools for a client that used them', () => {
    const tool = {
      type: 'custom',
      custom: { name: 'apply_patch', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'x' } } },
    }
    const body = {
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'x' }],
      tools: [tool],
      tool_choice: { type: 'custom', custom: { name: 'apply_patch' } },
    }
    assert.deepEqual(encode(decode(body)).body, body)
  })

  it('names the newer limit to models that reason, the older to others', () => {
    const levels = ['low', 'high'] as const
    const reasoning = { by: 'effort' as const, levels }
    const request = asked({
      maxOutputTokens: 50,
      reasoning: { depth: { mode: 'effort', effort: 'max' } },
      temperature: 0.2,
      stop: ['x'],
    })
    const { body, losses } = encode(request, { reasoning })
    assert.equal(body['max_completion_tokens'], 50)
    assert.equal(body['reasoning_effort'], 'high')
    assert.deepEqual(losses.map(({ field }) => field).sort(), ['stop', 'temperature'])
    const plain = encode(request)
    assert.equal(plain.body['max_tokens'], 50)
    assert.equal(plain.body['temperature'], 0.2)
    assert.ok(!('reasoning_effort' in plain.body))
    assert.deepEqual(
      plain.losses.map(({ field }) => field),
      ['reasoning'],
    )
  })

  it('offers only the allowed tools', () => {
    const other = { ...weather, name: 'other' }
    const request = asked({
      tools: [weather, other],
      toolChoice: { mode: 'allowed', names: ['other'], required: true },
    })
    const { body } = encode(request)
    assert.equal((body['tools'] as unknown[]).length, 1)
    assert.equal(body['tool_choice'], 'required')
  })

  it('says or tells as lost every leaf of a request', () => {
    const rich: ChatRequest = {
      model: 'm',
      stream: true,
      // Video is said only to those whose clients say it.
      extras: { 'openai-chat': { $form: ['video_url'] } },
      messages: [
        { role: 'system', parts: [{ type: 'text', text: 'rules' }] },
        user(
          { type: 'text', text: 'look' },
          { ...(image as object), detail: 'low' } as Part,
          {
            type: 'media',
            kind: 'document',
            source: { type: 'base64', data: 'AAAA' },
            mediaType: 'application/pdf',
            name: 'a.pdf',
          },
          { type: 'media', kind: 'document', source: { type: 'text', text: 'plain' } },
          { type: 'media', kind: 'audio', source: { type: 'base64', data: 'AAAA' }, mediaType: 'audio/wav' },
          { type: 'media', kind: 'video', source: { type: 'url', url: 'https://a.test/v.mp4' } },
        ),
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'hm', signature: { issuer: 'openai-chat', value: '[{"type":"x","data":"y"}]' } },
            { type: 'text', text: 'well' },
            {
              type: 'tool-call',
              id: 'a',
              name: 'get_weather',
              input: '{"x":1}',
              signature: { issuer: 'gemini', value: 's' },
            },
            { type: 'tool-call', id: 'b', name: 'free', input: 'text', custom: true },
          ],
        },
        user({
          type: 'tool-result',
          callId: 'a',
          name: 'n',
          parts: [{ type: 'text', text: 'sunny' }, image],
          failed: true,
        }),
        user({ type: 'tool-result', callId: 'b', parts: [{ type: 'text', text: 'done' }] }),
        { role: 'assistant', parts: [{ type: 'refusal', text: 'no' }] },
      ],
      tools: [
        {
          type: 'function',
          name: 'get_weather',
          description: 'd',
          schema: { type: 'object', properties: { a: { type: 'string' } } },
          strict: false,
        },
        { type: 'custom', name: 'free', description: 'd' },
        { type: 'namespace', name: 'ns', tools: [{ type: 'function', name: 'g', description: 'd' }] },
        { type: 'web-search', maxUses: 3, allowedDomains: ['a.test'], location: { city: 'Oslo' } },
      ],
      toolChoice: { mode: 'tool', name: 'get_weather' },
      parallelToolCalls: false,
      maxOutputTokens: 100,
      temperature: 0.5,
      topP: 0.5,
      topK: 5,
      stop: ['a', 'b'],
      seed: 1,
      presencePenalty: 0.5,
      frequencyPenalty: 0.5,
      logprobs: { top: 2 },
      count: 2,
      reasoning: { depth: { mode: 'effort', effort: 'low' }, show: true },
      output: { type: 'schema', schema: { type: 'object' }, name: 'n', description: 'd', strict: false },
      verbosity: 'low',
      user: 'u',
      cacheKey: 'k',
    }
    const target = { reasoning: { by: 'budget' as const, min: 0, max: 9, off: true } }
    const base = encode(rich, target)
    const lost = new Set(base.losses.map(({ field }) => field.split('.').at(-1)))
    // What is fixed by the target, counted by name, or told by the road.
    const quiet = new Set(['model', 'count', 'maxUses', 'allowedDomains', 'topK', 'show'])
    const silent: string[] = []
    const visit = (node: unknown, path: string[], set: (value: unknown) => ChatRequest): void => {
      if (typeof node === 'object' && node !== null) {
        for (const [key, value] of Object.entries(node))
          if (!['type', 'role', 'mode', 'kind', 'issuer', 'effort', 'value'].includes(key))
            visit(value, [...path, key], (v) =>
              set(Array.isArray(node) ? node.with(Number(key), v) : { ...node, [key]: v }),
            )
        return
      }
      if (path.some((key) => quiet.has(key))) return
      const other = typeof node === 'string' ? `${node}x` : typeof node === 'number' ? node / 2 : !node
      const changed = encode(set(other), target)
      if (JSON.stringify(changed) === JSON.stringify(base)) silent.push(path.join('.'))
    }
    visit(rich, [], (value) => value as ChatRequest)
    assert.deepEqual(silent, [])
    for (const field of ['max_uses', 'allowed_domains', 'top_k', 'n']) assert.ok(lost.has(field), field)
  })

  it('is the same bytes for the same request, and leaves it alone', () => {
    const request = Object.freeze(
      asked({ tools: [weather], messages: Object.freeze([user(text('x'), image)]) as Message[] }),
    )
    assert.equal(JSON.stringify(encode(request)), JSON.stringify(encode(request)))
  })
})

describe('the stand-in for OpenAI', () => {
  let sim: Simulator
  before(async () => {
    sim = await createSimulator()
  })
  after(() => sim.close())

  async function post(body: Json): Promise<Response> {
    return fetch(`${sim.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  async function both(request: ChatRequest, target: TargetModel): Promise<[ChatResponse, ChatResponse]> {
    const whole = await post(codec.request.encode(request, target).body)
    const wholeText = await whole.text()
    assert.equal(whole.status, 200, wholeText)
    const stream = await post(codec.request.encode({ ...request, stream: true }, target).body)
    const decoder = codec.stream.decoder()
    const events = eventsOf(Buffer.from(await stream.arrayBuffer()), 11).flatMap((event) => decoder.push(event))
    return [codec.response.decode(JSON.parse(wholeText)), fold([...events, ...decoder.end()])]
  }

  const rounds: [string, ChatRequest, TargetModel][] = [
    ['text', asked(), { model: 'gpt-4o' }],
    [
      'calls',
      asked({ messages: [user(text('Weather in Paris and in Rome?'))], tools: [weather], maxOutputTokens: 500 }),
      { model: 'gpt-4o' },
    ],
    ['thoughts', asked(), { model: 'deepseek-reasoner+think+reasoning-content' }],
    ['JSON', asked({ output: { type: 'json' } }), { model: 'gpt-4o' }],
    [
      'a tool round with an image',
      asked({
        tools: [weather],
        messages: [
          user(text('look')),
          { role: 'assistant', parts: [{ type: 'tool-call', id: 'a', name: 'get_weather', input: '{}' }] },
          user({ type: 'tool-result', callId: 'a', parts: [text('seen')], failed: true }, text('and?')),
        ],
      }),
      { model: 'gpt-4o' },
    ],
    [
      'a reasoning model',
      asked({
        maxOutputTokens: 500,
        temperature: 0.3,
        topP: 0.5,
        stop: ['x'],
        reasoning: { depth: { mode: 'budget', tokens: 9000 } },
      }),
      { model: 'gpt-5', reasoning: { by: 'effort', levels: ['minimal', 'low', 'medium', 'high'] } },
    ],
  ]
  for (const [name, request, target] of rounds) {
    it(`takes ${name}, and its stream is its whole answer`, async () => {
      const [whole, stream] = await both(request, target)
      const { id: _, extras: __, ...told } = whole
      const { id: ___, ...streamed } = stream
      const plain = (parts: readonly Part[]) =>
        parts.map((part) => (part.type === 'tool-call' ? { ...part, id: '' } : part))
      assert.deepEqual({ ...streamed, parts: plain(streamed.parts) }, { ...told, parts: plain(told.parts) })
    })
  }
})
