import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { FailureError } from '../../hub/failure.ts'
import { fold } from '../../hub/fold.ts'
import { leftBehind } from '../../hub/loss.ts'
import type { ChatRequest, Message, Part } from '../../hub/request.ts'
import type { ChatResponse } from '../../hub/response.ts'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import type { TargetModel } from '../codec.ts'
import type { Json } from '../json.ts'
import { eventsOf } from '../testing/corpus.ts'
import { openaiResponsesCodec as codec } from './codec.ts'

const decode = (body: Json) => codec.request.decode(body, { model: 'm', stream: false })
const encode = (request: ChatRequest, target: TargetModel = { model: 'm' }) => codec.request.encode(request, target)
/** There and back, without what is always written. */
function again(body: Json): Json {
  const { model: _, stream: __, ...rest } = encode(decode(body)).body
  return rest
}
/** The messages of an input. */
const messagesOf = (...input: unknown[]) => decode({ input }).messages
const bare = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(bare)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).flatMap(([k, v]) => (k === 'extras' ? [] : [[k, bare(v)]])))
      : value
const firstPart = (...input: unknown[]) => bare(messagesOf(...input)[0]?.parts[0]) as Part

describe('the input', () => {
  it('may be a string, a list, or a list with strings in it', () => {
    assert.deepEqual(bare(decode({ input: 'hi' }).messages), [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }])
    assert.deepEqual(again({ input: 'hi' }), { input: 'hi' })
    assert.deepEqual(bare(messagesOf('hi')), [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }])
  })

  for (const [name, input, param] of [
    ['an object', {}, 'input'],
    ['a number in the list', [1], 'input[0]'],
    [
      'an unknown role',
      [
        { role: 'user', content: 'x' },
        { role: 'tool', content: 'x' },
      ],
      'input[1].role',
    ],
  ] as const) {
    it(`is refused when it is ${name}`, () => {
      assert.throws(
        () => decode({ input }),
        (error) =>
          error instanceof FailureError && error.failure.kind === 'invalid-request' && error.failure.param === param,
      )
    })
  }

  it('reads every kind of content', () => {
    const content = [
      { type: 'input_text', text: 'see', prompt_cache_breakpoint: { type: 'x' } },
      { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
      { type: 'input_image', image_url: 'https://a.example/b.png' },
      { type: 'input_image', file_id: 'file_1' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
      { type: 'input_file', filename: 'b.pdf', file_data: 'AAAA' },
      { type: 'input_file', file_url: 'https://a.example/c.pdf' },
      { type: 'input_file', file_id: 'file_2' },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
      { type: 'input_video', what: 'ever' },
    ]
    const input = [{ type: 'message', role: 'user', content }]
    const parts = bare(messagesOf(...input)[0]?.parts) as Part[]
    assert.deepEqual(parts.slice(0, 6), [
      { type: 'text', text: 'see' },
      { type: 'media', kind: 'image', source: { type: 'base64', data: 'AAAA' }, mediaType: 'image/png', detail: 'low' },
      { type: 'media', kind: 'image', source: { type: 'url', url: 'https://a.example/b.png' } },
      { type: 'media', kind: 'image', source: { type: 'file', id: 'file_1' } },
      {
        type: 'media',
        kind: 'document',
        source: { type: 'base64', data: 'AAAA' },
        mediaType: 'application/pdf',
        name: 'a.pdf',
      },
      {
        type: 'media',
        kind: 'document',
        source: { type: 'base64', data: 'AAAA' },
        mediaType: 'application/pdf',
        name: 'b.pdf',
      },
    ])
    assert.equal(parts[9]?.type, 'native')
    assert.deepEqual(again({ input }), { input })
  })

  it('keeps ids, status, phase, annotations and log probabilities', () => {
    const annotations = [
      { type: 'url_citation', url: 'https://a.example', title: 'A', start_index: 0, end_index: 2 },
      { type: 'file_citation', file_id: 'f', index: 1 },
    ]
    const input = [
      {
        type: 'message',
        role: 'assistant',
        id: 'msg_1',
        status: 'completed',
        phase: 'commentary',
        content: [
          { type: 'output_text', text: 'ok', annotations, logprobs: [] },
          { type: 'refusal', refusal: 'no' },
        ],
      },
      { type: 'message', role: 'assistant', content: [] },
      { type: 'message', role: 'developer', content: 'be brief' },
      { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'x' }] },
    ]
    assert.deepEqual(again({ input, instructions: 'lead' }), { input, instructions: 'lead' })
    const [text] = messagesOf(...input)[0]?.parts ?? []
    assert.deepEqual(bare(text), {
      type: 'text',
      text: 'ok',
      citations: [{ url: 'https://a.example', title: 'A', start: 0, end: 2 }],
    })
  })

  it('reads calls and results of both kinds', () => {
    const input = [
      {
        type: 'function_call',
        id: 'fc_1',
        status: 'completed',
        call_id: 'c1',
        name: 'f',
        namespace: 'ns',
        arguments: '{"b":1,"a":12345678901234567890}',
      },
      { type: 'function_call_output', call_id: 'c1', output: 'done' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'exec', input: 'ls -l' },
      { type: 'custom_tool_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'a' }] },
      { type: 'function_call_output', call_id: 'c3', output: [] },
      { type: 'function_call_output', call_id: 'c4', output: '' },
      {
        type: 'function_call_output',
        call_id: 'c5',
        output: [
          { type: 'input_text', text: 'a' },
          { type: 'input_image', image_url: 'data:image/png;base64,AA', detail: 'high' },
        ],
      },
    ]
    assert.deepEqual(again({ input }), { input })
    assert.deepEqual(bare(messagesOf(...input).slice(0, 4)), [
      {
        role: 'assistant',
        parts: [{ type: 'tool-call', id: 'c1', name: 'f', namespace: 'ns', input: '{"b":1,"a":12345678901234567890}' }],
      },
      { role: 'user', parts: [{ type: 'tool-result', callId: 'c1', parts: [{ type: 'text', text: 'done' }] }] },
      { role: 'assistant', parts: [{ type: 'tool-call', id: 'c2', name: 'exec', input: 'ls -l', custom: true }] },
      {
        role: 'user',
        parts: [{ type: 'tool-result', callId: 'c2', parts: [{ type: 'text', text: 'a' }], custom: true }],
      },
    ])
  })

  it('reads reasoning as one part an item', () => {
    const summary = [
      { type: 'summary_text', text: '**A**\n\nfirst' },
      { type: 'summary_text', text: 'second' },
    ]
    const sealed = { type: 'reasoning', id: 'rs_1', summary, encrypted_content: 'gAAA' }
    assert.deepEqual(firstPart(sealed), {
      type: 'reasoning',
      text: '**A**\n\nfirst\n\nsecond',
      signature: { issuer: 'openai-responses', value: 'gAAA' },
    })
    const raw = {
      type: 'reasoning',
      id: 'rs-a',
      encrypted_content: null,
      summary: [],
      content: [{ type: 'reasoning_text', text: 'hm' }],
    }
    const named = { type: 'reasoning', id: 'rs_3', summary: [] }
    const input = [sealed, raw, named]
    assert.deepEqual(again({ input }), { input })
  })

  it('keeps edits of reasoning that came in pieces', () => {
    const summary = [
      { type: 'summary_text', text: 'aa' },
      { type: 'summary_text', text: 'b' },
    ]
    const request = decode({ input: [{ type: 'reasoning', id: 'rs_1', summary, encrypted_content: 'g' }] })
    const part = request.messages[0]?.parts[0] as { text: string }
    const edited = {
      ...request,
      messages: [{ ...request.messages[0], parts: [{ ...part, text: 'changed' }] } as Message],
    }
    const [item] = encode(edited).body['input'] as Json[]
    assert.deepEqual(item?.['summary'], [{ type: 'summary_text', text: 'changed' }])
  })

  it('does not name reasoning by id to an upstream that keeps nothing', () => {
    const items = [
      { type: 'reasoning', id: 'rs_1', summary: [] },
      { type: 'reasoning', id: 'rs_2', summary: [{ type: 'summary_text', text: 'x' }] },
    ]
    const { body, losses } = encode(decode({ input: items, store: false }))
    assert.deepEqual(body['input'], [])
    assert.deepEqual(
      losses.map((l) => l.field),
      ['reasoning', 'reasoning'],
    )
    assert.equal(body['store'], false)
  })

  it('takes the state of another issuer out of its wrapper, and does not send it', () => {
    const wrapped = Buffer.from('lp1|anthropic||Eabc').toString('base64')
    const request = decode({ input: [{ type: 'reasoning', summary: [], encrypted_content: wrapped }] })
    assert.deepEqual(bare(request.messages[0]?.parts[0]), {
      type: 'reasoning',
      text: '',
      signature: { issuer: 'anthropic', value: 'Eabc' },
    })
    const { body, losses } = encode(request)
    assert.deepEqual(body['input'], [])
    assert.equal(losses[0]?.field, 'reasoning')
  })

  it('reads searches and pictures, and leaves other hosted items native', () => {
    const input = [
      {
        type: 'web_search_call',
        id: 'ws_1',
        status: 'completed',
        action: {
          type: 'search',
          query: 'q',
          queries: ['q', 'r'],
          sources: [{ type: 'url', url: 'https://a.example' }],
        },
      },
      { type: 'web_search_call', id: 'ws_2', status: 'completed', action: { type: 'search', query: 'q' } },
      {
        type: 'web_search_call',
        id: 'ws_3',
        status: 'completed',
        action: { type: 'open_page', url: 'https://a.example' },
      },
      { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: '/9j/', size: '1x1' },
      { type: 'image_generation_call', id: 'ig_2' },
      { type: 'item_reference', id: 'msg_1' },
      { type: 'compaction', id: 'cmp_1', encrypted_content: 'x' },
      { type: 'compaction_trigger' },
      { type: 'mcp_approval_response', approval_request_id: 'a', approve: true },
    ]
    const messages = messagesOf(...input)
    assert.deepEqual(
      messages.map((m) => m.parts[0]?.type),
      ['search', 'search', 'native', 'media', 'native', 'native', 'native', 'text', 'native'],
    )
    assert.deepEqual(messages.map((m) => m.role).slice(-3), ['assistant', 'user', 'user'])
    assert.deepEqual(again({ input }), { input })
  })
})

describe('tools', () => {
  const inner = {
    type: 'custom',
    name: 'exec',
    description: 'Run.',
    format: { type: 'grammar', syntax: 'lark', definition: 'x' },
  }

  it('come back as they were', () => {
    const tools = [
      {
        type: 'function',
        name: 'f',
        description: 'F',
        parameters: { type: 'object', properties: { z: {}, a: {} } },
        strict: true,
        defer_loading: true,
      },
      { type: 'function', name: 'g', parameters: null, strict: null, description: null },
      { type: 'function', name: 'h', parameters: {} },
      inner,
      { type: 'namespace', name: 'ns', description: 'N', tools: [inner] },
      {
        type: 'web_search',
        filters: { allowed_domains: ['a.example'], other: 1 },
        user_location: { type: 'approximate', city: 'X', country: null },
        search_context_size: 'low',
      },
      { type: 'web_search_preview_2025_03_11', user_location: null },
      { type: 'mcp', server_label: 's' },
    ]
    assert.deepEqual(again({ input: 'x', tools }), { input: 'x', tools })
    assert.deepEqual(
      decode({ input: 'x', tools }).tools?.map((t) => t.type),
      ['function', 'function', 'function', 'custom', 'namespace', 'web-search', 'web-search', 'native'],
    )
  })

  it('that stand in the input are usable by everyone, and go back where they stood', () => {
    const list = {
      type: 'additional_tools',
      role: 'developer',
      tools: [{ type: 'namespace', name: 'functions', description: 'd', tools: [inner] }],
    }
    const body = {
      input: [list, { type: 'message', role: 'developer', content: 'x' }],
      tools: [{ type: 'function', name: 'f', parameters: {}, strict: false }],
    }
    const request = decode(body)
    assert.deepEqual(
      request.tools?.map((t) => t.type),
      ['function', 'namespace'],
    )
    assert.deepEqual(again(body), body)
    assert.deepEqual(leftBehind(request, 'anthropic'), [])
    // The road may take out messages that say nothing; the tools stay.
    const { body: back } = encode({ ...request, messages: request.messages.slice(1) })
    assert.deepEqual((back['input'] as Json[])[0], list)
  })

  for (const choice of [
    'auto',
    'none',
    'required',
    { type: 'function', name: 'f' },
    { type: 'custom', name: 'exec' },
    {
      type: 'allowed_tools',
      mode: 'required',
      tools: [
        { type: 'function', name: 'f' },
        { type: 'custom', name: 'exec' },
      ],
    },
    { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'mcp', server_label: 's' }] },
    { type: 'web_search_preview' },
    { type: 'file_search' },
  ]) {
    it(`choice ${JSON.stringify(choice)}`, () => {
      const tools = [{ type: 'function', name: 'f', parameters: {} }, inner, { type: 'web_search_preview' }]
      assert.deepEqual(again({ input: 'x', tools, tool_choice: choice })['tool_choice'], choice)
    })
  }
})

describe('settings', () => {
  it('come back as they were', () => {
    const body = {
      input: 'x',
      include: ['reasoning.encrypted_content', 'web_search_call.action.sources', 'message.output_text.logprobs'],
      top_logprobs: 3,
      reasoning: { effort: 'low', summary: 'detailed', context: 'all_turns' },
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true }, verbosity: 'low' },
      parallel_tool_calls: false,
      max_output_tokens: 5,
      temperature: 0.5,
      top_p: null,
      user: 'u',
      prompt_cache_key: 'k',
      store: true,
      metadata: { a: 'b' },
      service_tier: 'flex',
      previous_response_id: 'resp_1',
      background: false,
      safety_identifier: 's',
    }
    assert.deepEqual(again(body), body)
    const request = decode(body)
    assert.deepEqual(request.logprobs, { top: 3 })
    assert.deepEqual(bare(request.reasoning), { depth: { mode: 'effort', effort: 'low' }, show: true })
    for (const reasoning of [
      { effort: 'none' },
      { effort: null, summary: null },
      { effort: 'future' },
      { generate_summary: 'concise' },
      {},
    ])
      assert.deepEqual(again({ input: 'x', reasoning })['reasoning'], reasoning)
    for (const format of [{ type: 'text' }, { type: 'json_object' }])
      assert.deepEqual(again({ input: 'x', text: { format } })['text'], { format })
  })

  it('that every dialect can do without are no losses elsewhere', () => {
    const request = decode({
      input: 'x',
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoning: { effort: 'low', summary: 'concise' },
      tools: [{ type: 'function', name: 'f' }],
    })
    assert.deepEqual(leftBehind(request, 'anthropic'), [])
    assert.deepEqual(
      leftBehind(decode({ input: 'x', truncation: 'auto' }), 'anthropic').map((l) => l.field),
      ['truncation'],
    )
  })
})

/** A request of no dialect in particular. */
const hub = (more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'x',
  stream: true,
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  ...more,
})

describe('a request from another dialect', () => {
  const text = (words: string): Part => ({ type: 'text', text: words })

  it('is stateless, and asks for sealed reasoning where reasoning is', () => {
    assert.deepEqual(encode(hub()).body, {
      model: 'm',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
      stream: true,
      store: false,
    })
    const { body } = encode(hub({ reasoning: { depth: { mode: 'budget', tokens: 8192 }, show: true } }))
    assert.deepEqual(body['reasoning'], { effort: 'medium', summary: 'auto' })
    assert.deepEqual(body['include'], ['reasoning.encrypted_content'])
    const levels = { model: 'm', reasoning: { by: 'effort' as const, levels: ['low', 'high'] as const } }
    assert.deepEqual(encode(hub(), levels).body['include'], ['reasoning.encrypted_content'])
    assert.deepEqual(encode(hub({ reasoning: { depth: { mode: 'off' } } }), levels).body['reasoning'], {
      effort: 'low',
    })
    assert.equal(encode(hub({ reasoning: { depth: { mode: 'off' } } })).losses[0]?.field, 'reasoning.effort')
  })

  it('says its leading system text as instructions, and later system text in its place', () => {
    const messages: Message[] = [
      { role: 'system', parts: [text('a'), text('b')] },
      { role: 'system', parts: [text('c')] },
      { role: 'user', parts: [text('hi')] },
      { role: 'system', parts: [text('now')] },
      { role: 'assistant', parts: [text('')] },
      { role: 'user', parts: [text('go')] },
    ]
    const { body } = encode(hub({ messages }))
    assert.equal(body['instructions'], 'a\n\nb\n\nc')
    assert.deepEqual(
      (body['input'] as Json[]).map((i) => i['role']),
      ['user', 'developer', 'user'],
    )
  })

  it('with nothing but system text asks it as the user', () => {
    const { body } = encode(hub({ messages: [{ role: 'system', parts: [text('tell a joke')] }] }))
    assert.equal(body['instructions'], undefined)
    assert.deepEqual(body['input'], [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'tell a joke' }] },
    ])
  })

  it('keeps the order of a turn and seals only what is its own', () => {
    const own = { issuer: 'openai-responses', value: 'g' }
    const messages: Message[] = [
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', text: 'one' },
          { type: 'reasoning', text: 'two', signature: own },
          text('a'),
          { type: 'tool-call', id: 'c1', name: 'f', input: '' },
          { type: 'tool-call', id: 'c2', name: 'exec', input: 'ls', custom: true },
          { type: 'reasoning', text: 'x', signature: { issuer: 'gemini', value: 'z' } },
        ],
      },
      {
        role: 'user',
        parts: [
          { type: 'tool-result', callId: 'c1', parts: [text('bad')], failed: true },
          { type: 'tool-result', callId: 'c2', parts: [] },
          text('next'),
        ],
      },
    ]
    const { body, losses } = encode(hub({ messages }))
    assert.deepEqual(body['input'], [
      {
        type: 'reasoning',
        summary: [
          { type: 'summary_text', text: 'one' },
          { type: 'summary_text', text: 'two' },
        ],
        encrypted_content: 'g',
      },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'exec', input: 'ls' },
      { type: 'function_call_output', call_id: 'c1', output: 'Error: bad' },
      { type: 'custom_tool_call_output', call_id: 'c2', output: '' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'next' }] },
    ])
    assert.deepEqual(
      losses.map((l) => l.field),
      ['reasoning'],
    )
  })

  it('drops reasoning that nothing follows', () => {
    const signature = { issuer: 'openai-responses', value: 'g' }
    const messages: Message[] = [
      { role: 'assistant', parts: [{ type: 'reasoning', text: 'x', signature }] },
      { role: 'user', parts: [text('hi')] },
    ]
    assert.equal((encode(hub({ messages })).body['input'] as Json[]).length, 1)
  })

  it('tells what this dialect cannot say', () => {
    const { losses } = encode(
      hub({
        topK: 1,
        stop: ['x'],
        seed: 1,
        presencePenalty: 1,
        frequencyPenalty: 1,
        count: 2,
        user: 'u'.repeat(65),
        maxOutputTokens: 1,
        tools: [{ type: 'web-search', maxUses: 2 }],
      }),
    )
    assert.deepEqual(losses.map((l) => l.field).sort(), [
      'frequency_penalty',
      'max_tokens',
      'n',
      'presence_penalty',
      'seed',
      'stop',
      'tools.max_uses',
      'top_k',
      'user',
    ])
  })

  it('is never strict by accident', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    const { body, losses } = encode(
      hub({
        tools: [
          { type: 'function', name: 'f', schema },
          { type: 'function', name: 'g', schema, strict: true },
          { type: 'function', name: 'h' },
        ],
      }),
    )
    assert.deepEqual(
      (body['tools'] as Json[]).map((t) => t['strict']),
      [false, false, false],
    )
    assert.deepEqual((body['tools'] as Json[])[2]?.['parameters'], { type: 'object', properties: {} })
    assert.equal(body['parallel_tool_calls'], true)
    assert.deepEqual(
      losses.map((l) => l.field),
      ['tools.strict'],
    )
  })
})

describe('a strict upstream', () => {
  let simulator: Simulator
  before(async () => {
    simulator = await createSimulator()
  })
  after(() => simulator.close())

  const text = (words: string): Part => ({ type: 'text', text: words })
  const image: Part = {
    type: 'media',
    kind: 'image',
    source: { type: 'base64', data: 'iVBORw0KGgo=' },
    mediaType: 'image/png',
  }
  const requests: Record<string, Partial<ChatRequest>> = {
    plain: {},
    'JSON mode': { output: { type: 'json' } },
    'a schema without a name': { output: { type: 'schema', schema: { type: 'object' }, strict: true } },
    'few tokens': { maxOutputTokens: 1 },
    'tools of all kinds': {
      tools: [
        { type: 'function', name: 'f', schema: { properties: {} } },
        { type: 'custom', name: 'c', format: { type: 'text' } },
        { type: 'web-search' },
      ],
      toolChoice: { mode: 'tool', name: 'c' },
    },
    'the search chosen': {
      tools: [{ type: 'web-search', location: { city: 'X' } }],
      toolChoice: { mode: 'web-search' },
    },
    'a choice without tools': { toolChoice: { mode: 'required' } },
    'media everywhere': {
      messages: [
        {
          role: 'user',
          parts: [
            text('see'),
            image,
            { type: 'media', kind: 'document', source: { type: 'base64', data: 'AAAA' }, mediaType: 'application/pdf' },
            { type: 'media', kind: 'document', source: { type: 'text', text: 'x' }, name: 'n' },
            { type: 'media', kind: 'video', source: { type: 'url', url: 'https://a.example' } },
          ],
        },
        { role: 'assistant', parts: [image, { type: 'tool-call', id: 'c', name: 'f', input: '{}' }] },
        { role: 'user', parts: [{ type: 'tool-result', callId: 'c', parts: [text('a'), image], failed: true }] },
      ],
    },
    'a beginning to continue': {
      messages: [
        { role: 'user', parts: [text('hi')] },
        { role: 'assistant', parts: [text('Well')] },
      ],
    },
    'system text alone': { messages: [{ role: 'system', parts: [text('hi')] }] },
    'effort and sealed reasoning': { reasoning: { depth: { mode: 'effort', effort: 'high' }, show: true } },
  }
  for (const [name, more] of Object.entries(requests)) {
    it(`takes ${name}`, async () => {
      const { body } = encode(hub({ stream: false, ...more }), { model: 'gpt-5.2' })
      const response = await fetch(`${simulator.url}/v1/responses`, {
        method: 'POST',
        headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      assert.equal(response.status, 200, await response.clone().text())
      codec.response.decode((await response.json()) as Json)
    })
  }

  for (const [name, more] of Object.entries({
    text: {},
    reasoning: { reasoning: { depth: { mode: 'effort', effort: 'high' }, show: true } },
    calls: {
      tools: [{ type: 'function', name: 'f', schema: { type: 'object', properties: { a: { type: 'string' } } } }],
      toolChoice: { mode: 'required' },
    },
    'free text': { tools: [{ type: 'custom', name: 'c' }], toolChoice: { mode: 'tool', name: 'c' } },
    'a cut': { maxOutputTokens: 16 },
  } satisfies Record<string, Partial<ChatRequest>>)) {
    it(`answers the same streamed and whole: ${name}`, async () => {
      const ask = async (stream: boolean): Promise<Response> => {
        const { body } = encode(hub({ stream, ...more }), { model: 'gpt-5.2' })
        return fetch(`${simulator.url}/v1/responses`, {
          method: 'POST',
          headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      }
      const whole = codec.response.decode((await (await ask(false)).json()) as Json)
      const decoder = codec.stream.decoder()
      const bytes = Buffer.from(await (await ask(true)).arrayBuffer())
      const streamed = fold([...eventsOf(bytes, 11).flatMap((event) => decoder.push(event)), ...decoder.end()])
      // Ids are made from the whole request, `stream` included.
      const same = ({ parts, finish }: ChatResponse) =>
        JSON.parse(JSON.stringify([finish, bare(parts)]).replace(/"(id|value)":"[^"]*"/g, '"$1":""'))
      assert.deepEqual(same(streamed), same(whole))
      assert.deepEqual(streamed.usage?.output, whole.usage?.output)
    })
  }
})
