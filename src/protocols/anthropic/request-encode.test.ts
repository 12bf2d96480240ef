import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { FailureError } from '../../hub/failure.ts'
import { fold } from '../../hub/fold.ts'
import { withoutForeignReasoning } from '../../hub/foreign.ts'
import { legalise } from '../../hub/legal.ts'
import { leftBehind } from '../../hub/loss.ts'
import { paired } from '../../hub/pairing.ts'
import type { ReasoningAbility } from '../../hub/reasoning.ts'
import type { ChatRequest, Message, Part } from '../../hub/request.ts'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import { eventsOf } from '../testing/corpus.ts'
import { anthropicCodec as codec } from './codec.ts'
import { encodeCount } from './request-encode.ts'

type Json = Record<string, unknown>

const hello: Message = { role: 'user', parts: [{ type: 'text', text: 'hello' }] }
const foreign = (rest: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'm',
  stream: false,
  messages: [hello],
  ...rest,
})
const read = (body: Json): ChatRequest => codec.request.decode(body, { model: 'm', stream: body['stream'] === true })
const BUDGET: ReasoningAbility = { by: 'budget', min: 1024, max: 64_000, off: true }
const EFFORT: ReasoningAbility = { by: 'effort', levels: ['low', 'medium', 'high'] }

function encode(request: ChatRequest, reasoning?: ReasoningAbility) {
  const { body, losses } = codec.request.encode(request, { model: 'm', ...(reasoning && { reasoning }) })
  return {
    body,
    lost: losses.map((loss) => loss.field),
    messages: body['messages'] as { role: string; content: Json[] }[],
  }
}

const text = (...words: string[]): Part[] => words.map((word) => ({ type: 'text', text: word }))
const without = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, v) => (key === 'cache_control' ? undefined : v)))

describe('thinking', () => {
  const depth = (d: NonNullable<ChatRequest['reasoning']>['depth'], rest: Partial<ChatRequest> = {}) =>
    foreign({ reasoning: { depth: d }, ...rest })
  const form = (request: ChatRequest, ability?: ReasoningAbility) => {
    const { body } = encode(request, ability)
    return [body['thinking'], body['output_config']]
  }

  const table: [
    name: string,
    request: ChatRequest,
    ability: ReasoningAbility | undefined,
    thinking: unknown,
    config: unknown,
  ][] = [
    [
      'effort, model by effort',
      depth({ mode: 'effort', effort: 'high' }),
      EFFORT,
      { type: 'adaptive' },
      { effort: 'high' },
    ],
    [
      'effort beyond the model',
      depth({ mode: 'effort', effort: 'max' }),
      EFFORT,
      { type: 'adaptive' },
      { effort: 'high' },
    ],
    [
      'minimal has no name here',
      depth({ mode: 'effort', effort: 'minimal' }),
      EFFORT,
      { type: 'adaptive' },
      { effort: 'low' },
    ],
    [
      'budget, model by effort',
      depth({ mode: 'budget', tokens: 8192 }),
      EFFORT,
      { type: 'adaptive' },
      { effort: 'medium' },
    ],
    ['auto, model by effort', depth({ mode: 'auto' }), EFFORT, { type: 'adaptive' }, undefined],
    ['off, model by effort', depth({ mode: 'off' }), EFFORT, { type: 'disabled' }, undefined],
    [
      'effort, model by budget',
      depth({ mode: 'effort', effort: 'medium' }),
      BUDGET,
      { type: 'enabled', budget_tokens: 8192 },
      undefined,
    ],
    ['auto, model by budget', depth({ mode: 'auto' }), BUDGET, { type: 'enabled', budget_tokens: 24_576 }, undefined],
    [
      'small budget',
      depth({ mode: 'budget', tokens: 100 }),
      BUDGET,
      { type: 'enabled', budget_tokens: 1024 },
      undefined,
    ],
    ['no budget', depth({ mode: 'budget', tokens: 0 }), BUDGET, { type: 'disabled' }, undefined],
    [
      'a model that cannot stop',
      depth({ mode: 'off' }),
      { ...BUDGET, off: false },
      { type: 'enabled', budget_tokens: 1024 },
      undefined,
    ],
    [
      'effort, nothing known',
      depth({ mode: 'effort', effort: 'low' }),
      undefined,
      { type: 'enabled', budget_tokens: 1024 },
      undefined,
    ],
    ['auto, nothing known', depth({ mode: 'auto' }), undefined, undefined, undefined],
    [
      'budget over the limit',
      depth({ mode: 'budget', tokens: 9000 }, { maxOutputTokens: 4096 }),
      BUDGET,
      { type: 'enabled', budget_tokens: 3072 },
      undefined,
    ],
    [
      'no room',
      depth({ mode: 'effort', effort: 'high' }, { maxOutputTokens: 1000 }),
      BUDGET,
      { type: 'disabled' },
      undefined,
    ],
  ]
  for (const [name, request, ability, thinking, config] of table)
    it(name, () => assert.deepEqual(form(request, ability), [thinking, config]))

  it('keeps what the client of the dialect said, where nothing is known', () => {
    for (const body of [
      { thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'xhigh' } },
      { thinking: { type: 'adaptive' } },
      { output_config: { effort: 'low' } },
      { thinking: { type: 'enabled', budget_tokens: 2000 }, output_config: { effort: 'low' } },
      { thinking: { type: 'disabled' }, output_config: { effort: 'low' } },
      { thinking: { type: 'newer', depth: 3 }, output_config: { effort: 'low', extra: 1 } },
    ]) {
      const { body: out, lost } = encode(
        read({ max_tokens: 9000, messages: [{ role: 'user', content: 'x' }], ...body }),
      )
      assert.deepEqual([out['thinking'], out['output_config']], [body.thinking, body.output_config])
      assert.deepEqual(lost, [])
    }
  })

  it('changes the form for a model of the other kind', () => {
    const adaptive = read({
      messages: [{ role: 'user', content: 'x' }],
      thinking: { type: 'adaptive' },
      output_config: { effort: 'medium' },
    })
    assert.deepEqual(encode(adaptive, BUDGET).body['thinking'], { type: 'enabled', budget_tokens: 8192 })
    const budget = read({
      messages: [{ role: 'user', content: 'x' }],
      max_tokens: 9000,
      thinking: { type: 'enabled', budget_tokens: 8000 },
    })
    assert.deepEqual(form(budget, EFFORT), [{ type: 'adaptive' }, { effort: 'medium' }])
  })

  it('yields to a forced tool choice, to a prefill and to missing thoughts', () => {
    const tools: ChatRequest['tools'] = [{ type: 'function', name: 'f' }]
    const call: Message = { role: 'assistant', parts: [{ type: 'tool-call', id: 'a', name: 'f', input: '{}' }] }
    const result: Message = { role: 'user', parts: [{ type: 'tool-result', callId: 'a', parts: text('ok') }] }
    const d = { mode: 'effort', effort: 'high' } as const
    for (const request of [
      depth(d, { tools, toolChoice: { mode: 'required' } }),
      depth(d, { messages: [hello, { role: 'assistant', parts: text('Well') }] }),
      depth(d, { tools, messages: [hello, call, result] }),
    ]) {
      const { body, lost } = encode(request, BUDGET)
      assert.deepEqual(body['thinking'], { type: 'disabled' })
      assert.deepEqual(lost, ['reasoning'])
    }
    assert.deepEqual(encode(depth(d, { tools, toolChoice: { mode: 'required' } }), EFFORT).lost, [])
  })

  it('leaves no room for other sampling', () => {
    const { body, lost } = encode(
      depth({ mode: 'effort', effort: 'low' }, { temperature: 0.2, topP: 0.5, topK: 4 }),
      BUDGET,
    )
    assert.deepEqual([body['temperature'], body['top_p'], body['top_k']], [undefined, undefined, undefined])
    assert.deepEqual(lost, ['temperature', 'top_p', 'top_k'])
    assert.equal(encode(depth({ mode: 'effort', effort: 'low' }, { temperature: 1 }), BUDGET).body['temperature'], 1)
  })
})

describe('messages', () => {
  it('say leading instructions in `system`, later ones in their place', () => {
    const { body } = encode(
      foreign({
        messages: [
          { role: 'system', parts: text('one') },
          { role: 'system', parts: text('two') },
          hello,
          { role: 'assistant', parts: text('hi') },
          { role: 'system', parts: text('three') },
          hello,
        ],
      }),
    )
    assert.deepEqual(without(body['system']), [
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ])
    assert.deepEqual(without(body['messages']), [
      { role: 'user', content: [{ type: 'text', text: 'hello' }] },
      { role: 'assistant', content: 'hi' },
      {
        role: 'user',
        content: [
          { type: 'text', text: '<system-reminder>\nthree\n</system-reminder>' },
          { type: 'text', text: 'hello' },
        ],
      },
    ])
  })

  it('let instructions alone be what the user says, and the user begin', () => {
    const alone = encode(foreign({ messages: [{ role: 'system', parts: text('do it') }] }))
    assert.deepEqual(alone.body['system'], undefined)
    assert.deepEqual(without(alone.messages), [{ role: 'user', content: [{ type: 'text', text: 'do it' }] }])
    const greeting = encode(foreign({ messages: [{ role: 'assistant', parts: text('Hi!') }, hello] }))
    assert.deepEqual(
      greeting.messages.map((m) => m.role),
      ['user', 'assistant', 'user'],
    )
  })

  it('put results first, whatever came between', () => {
    const { messages } = encode(
      foreign({
        messages: [
          hello,
          {
            role: 'assistant',
            parts: [{ type: 'tool-call', id: 'a', name: 'f', input: '{"big":12345678901234567890}' }],
          },
          { role: 'system', parts: text('hurry') },
          { role: 'user', parts: [{ type: 'tool-result', callId: 'a', parts: text('ok'), failed: true }] },
          { role: 'user', parts: [...text('  ', 'and?')] },
        ],
      }),
    )
    assert.match(JSON.stringify(messages[1]), /"input":\{"big":12345678901234567890\}/)
    assert.deepEqual(without(messages[2]!.content), [
      { type: 'tool_result', tool_use_id: 'a', content: 'ok', is_error: true },
      { type: 'text', text: '<system-reminder>\nhurry\n</system-reminder>' },
      { type: 'text', text: 'and?' },
    ])
  })

  it('ask to go on where a model refuses a prefill, and never end with nothing', () => {
    const begun: Message[] = [hello, { role: 'assistant', parts: text('So ') }]
    const { messages, lost } = encode(foreign({ messages: begun }), EFFORT)
    assert.deepEqual([messages.at(-1)!.role, lost], ['user', ['messages']])
    assert.equal(encode(foreign({ messages: [hello, { role: 'assistant', parts: text(' ') }] })).messages.length, 1)
    const silent = encode(
      foreign({ messages: [hello, { role: 'assistant', parts: text('hi') }, { role: 'user', parts: [] }] }),
    )
    assert.deepEqual(without(silent.messages.at(-1)!.content), [{ type: 'text', text: '(empty message)' }])
  })

  it('keep errors to text', () => {
    const image: Part = { type: 'media', kind: 'image', source: { type: 'url', url: 'https://a/b.png' } }
    const { messages } = encode(
      foreign({
        messages: [
          hello,
          { role: 'assistant', parts: [{ type: 'tool-call', id: 'a', name: 'f', input: '{}' }] },
          { role: 'user', parts: [{ type: 'tool-result', callId: 'a', parts: [image], failed: true }] },
        ],
      }),
    )
    assert.deepEqual(without(messages[2]!.content), [
      {
        type: 'tool_result',
        tool_use_id: 'a',
        content: [
          { type: 'text', text: 'Error:' },
          { type: 'image', source: { type: 'url', url: 'https://a/b.png' } },
        ],
      },
    ])
  })

  it('trim the end of a prefill', () => {
    assert.equal(
      encode(foreign({ messages: [hello, { role: 'assistant', parts: text('So ') }] })).messages[1]!.content,
      'So',
    )
  })

  it('wrap input that is no object', () => {
    const input = (text: string, custom?: true) => {
      const part: Part = { type: 'tool-call', id: 'a', name: 'f', input: text, ...(custom && { custom }) }
      return encode(foreign({ messages: [hello, { role: 'assistant', parts: [part] }] })).messages[1]!.content[0]![
        'input'
      ]
    }
    assert.deepEqual(input(''), {})
    assert.deepEqual(input('[1]'), { _raw: '[1]' })
    assert.deepEqual(input('{"a'), { _raw: '{"a' })
    assert.deepEqual(input('free', true), { input: 'free' })
  })

  it('give thoughts back to their maker alone', () => {
    const parts: Part[] = [
      { type: 'reasoning', text: 'mine', signature: { issuer: 'anthropic', value: 's' } },
      { type: 'reasoning', text: '', signature: { issuer: 'anthropic', value: 'd', redacted: true } },
      { type: 'reasoning', text: 'unsigned' },
      { type: 'reasoning', text: 'theirs', signature: { issuer: 'gemini', value: 'g' } },
      { type: 'text', text: 'so' },
    ]
    const { messages, lost } = encode(foreign({ messages: [hello, { role: 'assistant', parts }, hello] }))
    assert.deepEqual(messages[1]!.content, [
      { type: 'thinking', thinking: 'mine', signature: 's' },
      { type: 'redacted_thinking', data: 'd' },
      { type: 'text', text: 'so' },
    ])
    assert.deepEqual(lost, ['messages.1.reasoning'])
  })

  it('say media as the API takes it', () => {
    const media = (part: Omit<Extract<Part, { type: 'media' }>, 'type'>) =>
      without(
        encode(foreign({ messages: [{ role: 'user', parts: [{ type: 'media', ...part }] }] })).messages[0]!.content,
      )
    const png = 'iVBORw0KGgo='
    const source = { type: 'base64', data: png } as const
    assert.deepEqual(media({ kind: 'image', source }), [
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
    ])
    assert.deepEqual(media({ kind: 'image', source: { type: 'base64', data: '/9j/' }, mediaType: 'image/jpg' }), [
      { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: '/9j/' } },
    ])
    assert.deepEqual(media({ kind: 'document', source: { type: 'base64', data: 'JVBERi0x' }, name: 'a.pdf' }), [
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0x' }, title: 'a.pdf' },
    ])
    assert.deepEqual(media({ kind: 'document', source: { type: 'base64', data: 'aGk=' }, mediaType: 'text/csv' }), [
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hi' } },
    ])
    assert.deepEqual(media({ kind: 'audio', source: { type: 'base64', data: 'AAAA' }, mediaType: 'audio/wav' }), [
      { type: 'text', text: '[audio audio/wav: left out, it cannot be passed on here]' },
    ])
    assert.throws(() => media({ kind: 'document', source: { type: 'file', id: 'file-1' } }), FailureError)
  })
})

describe('tools', () => {
  it('flatten namespaces and give free text one string', () => {
    const { body } = encode(
      foreign({
        tools: [
          {
            type: 'namespace',
            name: 'ns',
            description: 'Group.',
            tools: [{ type: 'function', name: 'f', description: 'F.' }],
          },
          {
            type: 'custom',
            name: 'exec',
            description: 'Runs.',
            format: { type: 'grammar', syntax: 'lark', definition: 'start: X' },
          },
        ],
      }),
    )
    assert.deepEqual(without(body['tools']), [
      { name: 'ns__f', description: 'Group.\n\nF.', input_schema: { type: 'object', properties: {} } },
      {
        name: 'exec',
        description: 'Runs.\n\nThe input follows this lark grammar:\nstart: X',
        input_schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
      },
    ])
  })

  it('make schemas objects at the top', () => {
    const schema = (s: unknown) =>
      (encode(foreign({ tools: [{ type: 'function', name: 'f', schema: s }] })).body['tools'] as Json[])[0]![
        'input_schema'
      ]
    const a = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
    const b = { type: 'object', properties: { b: { type: 'string' }, a: { type: 'string' } }, required: ['a', 'b'] }
    assert.deepEqual(schema({}), { type: 'object' })
    assert.deepEqual(schema({ oneOf: [a, b] }), {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      required: ['a'],
    })
    assert.deepEqual(schema({ $ref: '#/$defs/a', $defs: { a } }), { ...a, $defs: { a } })
    const odd = {
      type: 'object',
      properties: { title: { type: 'string' }, $ref: { type: 'string' }, type: { anyOf: [{}] } },
    }
    assert.equal(schema(odd), odd)
  })

  it('keep strictness where it can be kept', () => {
    const tool = (schema: unknown) =>
      encode(foreign({ tools: [{ type: 'function', name: 'f', schema, strict: true }] }))
    const closed = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    }
    assert.equal((tool(closed).body['tools'] as Json[])[0]!['strict'], true)
    assert.deepEqual(tool({ ...closed, properties: { a: { type: 'string', pattern: 'x' } } }).lost, ['tools.0.strict'])
  })

  it('choose among them', () => {
    const tools: ChatRequest['tools'] = [
      { type: 'function', name: 'f' },
      { type: 'function', name: 'g' },
      { type: 'web-search', maxUses: 2, location: { city: 'Rome' } },
    ]
    const choose = (toolChoice: ChatRequest['toolChoice'], parallel?: boolean) => {
      const { body } = encode(
        foreign({ tools, toolChoice, ...(parallel !== undefined && { parallelToolCalls: parallel }) }),
      )
      return [body['tool_choice'], (body['tools'] as Json[]).map((tool) => tool['name'])]
    }
    const names = ['f', 'g', 'web_search']
    assert.deepEqual(choose({ mode: 'auto' }), [{ type: 'auto' }, names])
    assert.deepEqual(choose({ mode: 'none' }, false), [{ type: 'none' }, names])
    assert.deepEqual(choose({ mode: 'required' }, true), [{ type: 'any', disable_parallel_tool_use: false }, names])
    assert.deepEqual(choose(undefined, false), [{ type: 'auto', disable_parallel_tool_use: true }, names])
    assert.deepEqual(choose({ mode: 'tool', name: 'g' }), [{ type: 'tool', name: 'g' }, names])
    assert.deepEqual(choose({ mode: 'web-search' }), [{ type: 'tool', name: 'web_search' }, names])
    assert.deepEqual(choose({ mode: 'allowed', names: ['g'], required: true }), [{ type: 'any' }, ['g']])
    assert.deepEqual(choose({ mode: 'tool', name: 'gone' }), [undefined, names])
  })
})

describe('tools of one name', () => {
  it('are one, a function before the hosted search', () => {
    const tools: ChatRequest['tools'] = [
      { type: 'web-search' },
      { type: 'function', name: 'web_search' },
      { type: 'function', name: 'web_search' },
    ]
    const { body, lost } = encode(foreign({ tools }))
    assert.deepEqual(without(body['tools']), [{ name: 'web_search', input_schema: { type: 'object', properties: {} } }])
    assert.deepEqual(lost, ['tools.web_search'])
  })
})

describe('cache breakpoints', () => {
  const many: Message[] = [
    { role: 'system', parts: text('be brief') },
    hello,
    { role: 'assistant', parts: text('hi') },
    hello,
    { role: 'assistant', parts: text('hi') },
    hello,
  ]
  const marks = (body: Json) => JSON.stringify(body).split('"cache_control"').length - 1

  it('are set where a client of another dialect cannot', () => {
    const { body, messages } = encode(
      foreign({
        messages: many,
        tools: [
          { type: 'function', name: 'f' },
          { type: 'function', name: 'g' },
        ],
      }),
    )
    const mark = { type: 'ephemeral' }
    assert.deepEqual(
      (body['tools'] as Json[]).map((tool) => tool['cache_control']),
      [undefined, mark],
    )
    assert.deepEqual(body['system'], [{ type: 'text', text: 'be brief', cache_control: mark }])
    assert.deepEqual(
      messages.map(({ content }) => typeof content === 'object' && content.at(-1)?.['cache_control']),
      [undefined === mark, false, mark, false, mark],
    )
  })

  it('are the client’s own affair where it set some, or speaks the dialect', () => {
    assert.equal(
      marks(encode(foreign({ messages: [{ role: 'user', parts: [{ type: 'text', text: 'x', cache: {} }] }] })).body),
      1,
    )
    assert.equal(marks(encode(read({ max_tokens: 5, messages: [{ role: 'user', content: 'x' }] })).body), 0)
  })

  it('are four at most, the longer-lived first', () => {
    const parts: Part[] = ['a', 'b', 'c', 'd', 'e'].map((word, i) => ({
      type: 'text',
      text: word,
      cache: i === 4 ? { ttl: '1h' } : {},
    }))
    const { messages, lost } = encode(foreign({ messages: [{ role: 'user', parts }] }))
    const five = { type: 'ephemeral' }
    assert.deepEqual(
      messages[0]!.content.map((block) => block['cache_control']),
      [undefined, five, five, five, five],
    )
    assert.deepEqual(lost, ['cache_control', 'cache_control.ttl'])
  })
})

describe('the rest', () => {
  it('tells what it cannot say', () => {
    const { body, lost } = encode(
      foreign({
        seed: 1,
        presencePenalty: 1,
        frequencyPenalty: 1,
        logprobs: {},
        count: 2,
        verbosity: 'low',
        cacheKey: 'k',
        stop: ['\n', 'END'],
        temperature: 1.5,
        topP: 0.5,
        user: 'me@example.org',
      }),
    )
    assert.deepEqual(lost.sort(), [
      'frequency_penalty',
      'logprobs',
      'n',
      'presence_penalty',
      'prompt_cache_key',
      'seed',
      'stop',
      'temperature',
      'top_p',
      'user',
      'verbosity',
    ])
    assert.deepEqual(
      [body['temperature'], body['top_p'], body['stop_sequences'], body['metadata']],
      [1, undefined, ['END'], undefined],
    )
  })

  it('limits the output by the model, or by a default', () => {
    assert.equal(encode(foreign()).body['max_tokens'], 32_000)
    assert.equal(codec.request.encode(foreign(), { model: 'm', maxOutput: 8000 }).body['max_tokens'], 8000)
    const { body, losses } = codec.request.encode(foreign({ maxOutputTokens: 9000 }), { model: 'm', maxOutput: 8000 })
    assert.equal(body['max_tokens'], 8000)
    assert.deepEqual(
      losses.map((loss) => loss.field),
      ['max_tokens'],
    )
  })

  it('closes output schemas and tells in words what they cannot hold', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } } }
    const { body } = encode(foreign({ output: { type: 'schema', schema, name: 'count', strict: true } }))
    assert.deepEqual(body['output_config'], {
      format: {
        type: 'json_schema',
        schema: {
          title: 'count',
          type: 'object',
          properties: { n: { type: 'integer', description: '{minimum: 1}' } },
          additionalProperties: false,
        },
      },
    })
    const json = encode(foreign({ output: { type: 'json' } }))
    assert.match(JSON.stringify(json.body['system']), /JSON object/)
    assert.deepEqual(json.lost, ['response_format'])
  })

  it('counts tokens of the same body', () => {
    const { body } = encodeCount(foreign({ temperature: 1, stop: ['x'], user: 'u', stream: true }), { model: 'm' })
    assert.deepEqual(Object.keys(body).sort(), ['messages', 'model'])
  })

  it('keeps sealed search results for the vendor that sealed them', () => {
    const content = [
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
      {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_1',
        content: [{ type: 'web_search_result', url: 'https://a', title: 'A', encrypted_content: 'X', page_age: 'now' }],
      },
      {
        type: 'text',
        text: 'so',
        citations: [
          { type: 'web_search_result_location', url: 'https://a', title: 'A', cited_text: 'a', encrypted_index: 'I' },
        ],
      },
    ]
    const messages = [
      { role: 'user', content: 'q' },
      { role: 'assistant', content },
      { role: 'user', content: 'more' },
    ]
    const request = read({ max_tokens: 9, messages })
    assert.deepEqual(encode(request).messages, messages)
    const [search] = request.messages[1]!.parts
    assert.ok(search?.type === 'search')
    assert.deepEqual([search.queries, search.sources], [['q'], [{ url: 'https://a', title: 'A' }]])
  })

  it('keeps the vendor’s bookkeeping out of other dialects, and what a client found in them', () => {
    const billing = { type: 'text', text: 'x-anthropic-billing-header: cc_version=1;' }
    const found = { type: 'search_result', source: 'https://a', title: 'A', content: [{ type: 'text', text: 'facts' }] }
    const body = {
      max_tokens: 9,
      system: [billing, { type: 'text', text: 'be brief' }],
      messages: [{ role: 'user', content: [found, { type: 'text', text: 'so?' }] }],
    }
    const request = read(body)
    assert.deepEqual(encode(request).body, { ...body, model: 'm' })
    assert.deepEqual(request.messages[0]!.parts, [{ type: 'text', text: 'be brief' }])
    const [lost] = leftBehind({ ...request, messages: request.messages.slice(0, 1) }, 'gemini')
    assert.equal(lost?.field, 'messages.0.billing_header')
    const [document] = request.messages[1]!.parts
    assert.ok(document?.type === 'media' && document.source.type === 'text')
    assert.deepEqual([document.source.text, document.name], ['facts', 'A'])
  })

  it('changes the body or tells a loss, whatever leaf of a request changes', () => {
    const said = (request: ChatRequest) => {
      const { body, losses } = codec.request.encode(request, { model: 'm', reasoning: BUDGET })
      return { text: JSON.stringify([body, losses]), losses: losses.map((loss) => loss.field) }
    }
    const base = said(rich)
    const silent: string[] = []
    const visit = (node: unknown, path: string[]) => {
      if (typeof node === 'object' && node !== null) {
        for (const [key, value] of Object.entries(node)) visit(value, [...path, key])
        return
      }
      // The hub's own words are not anyone's.
      if (WORDS.has(path.at(-1)!) && !path.includes('schema')) return
      const copy = structuredClone(rich) as unknown as Record<string, never>
      const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as never, copy)
      parent[path.at(-1)!] = typeof node === 'string' ? `${node}x` : typeof node === 'number' ? node + 1 : !node
      const loss = TOLD.find(([prefix]) => path.join('.').startsWith(prefix))?.[1]
      if (loss === undefined ? said(copy as never).text === base.text : loss !== '' && !base.losses.includes(loss)) {
        silent.push(path.join('.'))
      }
    }
    for (const [key, value] of Object.entries(rich)) visit(value, [key])
    assert.deepEqual(silent, [])
  })

  it('refuses to continue a thread the vendor keeps, as the vendor’s SDK expects', () => {
    const body = { messages: [], thread: { type: 'continue', previous_message_id: 'm' } }
    assert.throws(
      () => read(body),
      (error) => error instanceof FailureError && error.failure.code === 'thread_not_found',
    )
  })

  it('names what it cannot read', () => {
    const cases: [Json, string][] = [
      [{}, 'messages'],
      [{ messages: ['x'] }, 'messages.0'],
      [{ messages: [{ role: 'tool', content: '' }] }, 'messages.0.role'],
      [{ messages: [{ role: 'user' }] }, 'messages.0.content'],
      [{ messages: [{ role: 'user', content: [{}] }] }, 'messages.0.content.0'],
      [{ messages: [], tools: {} }, 'tools'],
    ]
    for (const [body, param] of cases)
      assert.throws(
        () => read(body),
        (error) => error instanceof FailureError && error.failure.param === param,
      )
  })
})

const WORDS = new Set(['type', 'role', 'mode', 'kind', 'issuer'])

/** Leaves a loss speaks for; `''` for what other fields say already. */
const TOLD: [path: string, loss: string][] = [
  ['model', ''],
  ['messages.1.parts.0.citations', 'messages.1.citations'],
  ['messages.1.parts.1.name', 'messages.1.name'],
  ['messages.1.parts.1.detail', 'messages.1.detail'],
  ['messages.1.parts.3', 'messages.1.audio'],
  ['messages.2.parts.1', 'messages.2.reasoning'],
  ['messages.2.parts.2', 'messages.2.search'],
  ['messages.3.parts.0.name', ''],
  ['tools.3.blockedDomains', 'tools.3.blocked_domains'],
  ['temperature', 'temperature'],
  ['topP', 'top_p'],
  ['topK', 'top_k'],
  ['logprobs', 'logprobs'],
  ['seed', 'seed'],
  ['presencePenalty', 'presence_penalty'],
  ['frequencyPenalty', 'frequency_penalty'],
  ['count', 'n'],
  ['verbosity', 'verbosity'],
  ['cacheKey', 'prompt_cache_key'],
  // Here every schema is kept to the letter.
  ['output.strict', ''],
]

/** A request with something of everything. */
const rich: ChatRequest = {
  model: 'm',
  stream: true,
  messages: [
    { role: 'system', parts: [{ type: 'text', text: 'sys', cache: {} }] },
    {
      role: 'user',
      parts: [
        { type: 'text', text: 'hi', citations: [{ url: 'https://x', title: 't', quote: 'q', start: 1, end: 2 }] },
        {
          type: 'media',
          kind: 'image',
          source: { type: 'base64', data: 'iVBORw0KGgo=' },
          mediaType: 'image/png',
          name: 'pic',
          detail: 'high',
        },
        { type: 'media', kind: 'document', source: { type: 'url', url: 'https://a' }, name: 'doc' },
        { type: 'media', kind: 'audio', source: { type: 'base64', data: 'AAAA' }, mediaType: 'audio/wav' },
      ],
    },
    {
      role: 'assistant',
      parts: [
        { type: 'reasoning', text: 'r', signature: { issuer: 'anthropic', value: 'v' } },
        { type: 'reasoning', text: 'u' },
        { type: 'search', id: 's', queries: ['q'], sources: [{ url: 'u', title: 't' }] },
        { type: 'refusal', text: 'no' },
        { type: 'tool-call', id: 'a', name: 'f', input: '{"x":1}' },
      ],
    },
    {
      role: 'user',
      parts: [{ type: 'tool-result', callId: 'a', name: 'f', parts: [{ type: 'text', text: 'ok' }], failed: true }],
    },
    { role: 'system', parts: [{ type: 'text', text: 'mid' }] },
    { role: 'user', parts: [{ type: 'text', text: 'end' }] },
  ],
  tools: [
    {
      type: 'function',
      name: 'f',
      description: 'd',
      schema: { type: 'object', properties: { x: { type: 'number' } }, required: ['x'], additionalProperties: false },
      strict: true,
    },
    { type: 'custom', name: 'g', description: 'cd', format: { type: 'grammar', syntax: 'lark', definition: 's' } },
    { type: 'namespace', name: 'ns', description: 'nd', tools: [{ type: 'function', name: 'h', description: 'hd' }] },
    { type: 'web-search', maxUses: 2, allowedDomains: ['a'], blockedDomains: ['b'], location: { city: 'R' } },
  ],
  toolChoice: { mode: 'auto' },
  parallelToolCalls: false,
  maxOutputTokens: 5000,
  temperature: 0.5,
  topP: 0.9,
  topK: 5,
  stop: ['S'],
  seed: 1,
  presencePenalty: 1,
  frequencyPenalty: 1,
  logprobs: { top: 2 },
  count: 2,
  reasoning: { depth: { mode: 'budget', tokens: 2000 }, show: true },
  output: { type: 'schema', schema: { type: 'object', properties: {} }, name: 'n', description: 'de', strict: true },
  verbosity: 'low',
  user: 'u',
  cacheKey: 'k',
}

describe('the simulator', () => {
  let simulator: Simulator
  before(async () => {
    simulator = await createSimulator()
  })
  after(() => simulator.close())

  async function send(body: Json, path = '/v1/messages'): Promise<{ status: number; text: string }> {
    const response = await fetch(simulator.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify(body),
    })
    return { status: response.status, text: await response.text() }
  }

  it('takes whatever another dialect asks, after the road made it legal', async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.constantFrom(undefined, BUDGET), async (request, ability) => {
        const kept = withoutForeignReasoning(request.messages, 'anthropic')
        const { request: legal } = legalise({ ...request, messages: [...paired(kept.messages)] }, codec.legal, true)
        const target = { model: 'claude-sonnet-4-5', ...(ability && { reasoning: ability }) }
        const { body } = codec.request.encode(legal, target)
        const { status, text } = await send(body)
        assert.equal(status, 200, `${text}\n${JSON.stringify(body)}`)
        const counted = await send(encodeCount(legal, target).body, '/v1/messages/count_tokens')
        assert.equal(counted.status, 200, counted.text)
        assert.deepEqual(codec.request.encode(legal, target).body, body)
      }),
      { numRuns: 300 },
    )
  })

  it('answers the same whole and streamed', async () => {
    const tools: ChatRequest['tools'] = [
      { type: 'function', name: 'f', schema: { type: 'object', properties: { a: { type: 'string' } } } },
    ]
    for (const word of ['', '+think', '+think-redacted', '+tools', '+refusal', '+empty', '+cached', '+think+tools']) {
      const model = `claude-sonnet-4-5${word}`
      const request = foreign({ tools, reasoning: { depth: { mode: 'budget', tokens: 2000 } } })
      const whole = await send(codec.request.encode(request, { model }).body)
      const stream = await send(codec.request.encode({ ...request, stream: true }, { model }).body)
      assert.equal(whole.status, 200, whole.text)
      const { extras: _, ...answer } = codec.response.decode(JSON.parse(whole.text))
      for (const size of [3, 1 << 20]) {
        const decoder = codec.stream.decoder()
        const events = eventsOf(Buffer.from(stream.text), size).flatMap((event) => decoder.push(event))
        assert.deepEqual(plain(fold([...events, ...decoder.end()])), plain(answer), word)
      }
    }
  })
})

/** Ids and signatures are of each answer's own; arguments are spaced as the stream likes. */
function plain(answer: ReturnType<typeof fold>): unknown {
  return {
    ...answer,
    id: '',
    parts: answer.parts.map((part) => {
      if (part.type === 'tool-call') return { ...part, id: '', input: JSON.parse(part.input) }
      return part.type === 'reasoning' ? { ...part, signature: { ...part.signature, value: '' } } : part
    }),
  }
}

const word = fc.oneof(
  { weight: 5, arbitrary: fc.string({ minLength: 1, maxLength: 10 }) },
  { weight: 1, arbitrary: fc.constantFrom('', ' ', '\n') },
)
const textPart = word.map((t): Part => ({ type: 'text', text: t }))
const callId = fc.constantFrom('a', 'b', 'c d', 'call_é')
const toolName = fc.constantFrom('f', 'mcp.tool', 'x'.repeat(90))
const part: Record<Message['role'], fc.Arbitrary<Part>> = {
  system: textPart,
  user: fc.oneof(
    textPart,
    fc.constant<Part>({ type: 'media', kind: 'image', source: { type: 'base64', data: 'iVBORw0KGgo=' } }),
    fc.constant<Part>({
      type: 'media',
      kind: 'audio',
      source: { type: 'base64', data: 'AAAA' },
      mediaType: 'audio/wav',
    }),
    fc.constant<Part>({ type: 'media', kind: 'document', source: { type: 'text', text: 'doc' }, name: 'd' }),
    fc
      .tuple(callId, fc.array(textPart, { maxLength: 2 }), fc.boolean())
      .map(([id, parts, failed]): Part => ({ type: 'tool-result', callId: id, parts, ...(failed && { failed }) })),
  ),
  assistant: fc.oneof(
    textPart,
    word.map((t): Part => ({ type: 'reasoning', text: t, signature: { issuer: 'gemini', value: 'x' } })),
    word.map((t): Part => ({ type: 'refusal', text: t })),
    fc
      .tuple(callId, toolName, fc.constantFrom('{}', '', '{"a":1}', '[', '3'))
      .map(([id, name, input]): Part => ({ type: 'tool-call', id, name, input })),
    fc.constant<Part>({ type: 'search', id: 's', queries: ['q'], sources: [{ url: 'https://a' }] }),
  ),
}
const message = fc
  .constantFrom('system' as const, 'user' as const, 'assistant' as const)
  .chain((role) => fc.array(part[role], { maxLength: 3 }).map((parts): Message => ({ role, parts })))

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const requests: fc.Arbitrary<ChatRequest> = fc
  .record({
    messages: fc.array(message, { maxLength: 8 }).map((list) => [...list, hello]),
    tools: optional(
      fc.subarray<NonNullable<ChatRequest['tools']>[number]>([
        { type: 'function', name: 'f', schema: { anyOf: [{ type: 'object' }] }, strict: true },
        { type: 'function', name: 'mcp.tool' },
        { type: 'custom', name: 'exec' },
        { type: 'web-search' },
      ]),
    ),
    toolChoice: optional(
      fc.constantFrom<NonNullable<ChatRequest['toolChoice']>>(
        { mode: 'auto' },
        { mode: 'none' },
        { mode: 'required' },
        { mode: 'tool', name: 'f' },
        { mode: 'allowed', names: ['f'] },
        { mode: 'web-search' },
      ),
    ),
    parallelToolCalls: optional(fc.boolean()),
    maxOutputTokens: optional(fc.integer({ min: 1, max: 40_000 })),
    temperature: optional(fc.double({ min: 0, max: 2, noNaN: true })),
    topP: optional(fc.double({ min: 0, max: 1, noNaN: true })),
    topK: optional(fc.nat(100)),
    stop: optional(fc.array(word)),
    reasoning: optional(
      fc.record({
        depth: fc.constantFrom<NonNullable<ChatRequest['reasoning']>['depth']>(
          { mode: 'off' },
          { mode: 'auto' },
          { mode: 'effort', effort: 'high' },
          { mode: 'budget', tokens: 20_000 },
        ),
        show: optional(fc.boolean()),
      }),
    ),
    output: optional(
      fc.constantFrom<NonNullable<ChatRequest['output']>>(
        { type: 'json' },
        { type: 'schema', schema: { type: 'object', properties: { a: { type: 'object', properties: {} } } } },
      ),
    ),
    user: optional(fc.constantFrom('u-1', 'a@b.cd')),
  })
  .map((fields) => {
    const said = Object.entries(fields).filter(([, value]) => value !== undefined)
    return { model: 'm', stream: false, ...Object.fromEntries(said) } as ChatRequest
  })
