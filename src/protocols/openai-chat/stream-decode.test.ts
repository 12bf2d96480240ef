import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fold } from '../../hub/fold.ts'
import type { ToolCallPart } from '../../hub/request.ts'
import type { StreamEvent } from '../../hub/response.ts'
import { event } from '../testing/taps.ts'
import { openaiChatCodec as codec } from './codec.ts'

const chunk = (delta: object, finish: string | null = null, rest: object = {}) => ({
  id: 'c1',
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...rest,
})
const calls = (...entries: object[]) => chunk({ tool_calls: entries })
const DONE = '[DONE]'

function events(...data: unknown[]): StreamEvent[] {
  const decoder = codec.stream.decoder()
  return [...data.flatMap((item) => decoder.push(event(item))), ...decoder.end()]
}
const answer = (...data: unknown[]) => fold(events(...data))
const callsOf = (...data: unknown[]) =>
  answer(...data)
    .parts.filter((part): part is ToolCallPart => part.type === 'tool-call')
    .map(({ id, name, input }) => [id, name, input])

describe('the chat stream decoder', () => {
  const table: [name: string, chunks: unknown[], expected: [id: string | RegExp, name: string, input: string][]][] = [
    [
      'calls that interleave',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '' } }),
        calls({ index: 1, id: 'b', function: { name: 'g', arguments: '' } }),
        calls({ index: 0, function: { arguments: '{"x"' } }, { index: 1, function: { arguments: '{"y":' } }),
        calls({ index: 1, function: { arguments: '2}' } }, { index: 0, function: { arguments: ':1}' } }),
      ],
      [
        ['a', 'f', '{"x":1}'],
        ['b', 'g', '{"y":2}'],
      ],
    ],
    [
      'two calls at one index, told apart by their ids',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
        calls({ index: 0, id: 'b', function: { name: 'f', arguments: '{"x":2}' } }),
      ],
      [
        ['a', 'f', '{"x":1}'],
        ['b', 'f', '{"x":2}'],
      ],
    ],
    [
      'two calls without index and id',
      [calls({ function: { name: 'f', arguments: '{}' } }, { function: { name: 'g', arguments: '{}' } })],
      [
        [/^call_/, 'f', '{}'],
        [/^call_/, 'g', '{}'],
      ],
    ],
    [
      'two calls at one index without ids',
      [
        calls({ index: 0, function: { name: 'f', arguments: '{"x":1}' } }),
        calls({ index: 0, function: { name: 'f', arguments: '{"x":2}' } }),
      ],
      [
        [/^call_/, 'f', '{"x":1}'],
        [/^call_/, 'f', '{"x":2}'],
      ],
    ],
    [
      'arguments as an object',
      [calls({ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } })],
      [['a', 'f', '{"x":1}']],
    ],
    [
      'a name in pieces',
      [
        calls({ index: 0, id: 'a', function: { name: 'get_', arguments: '' } }),
        calls({ index: 0, function: { name: 'weather' } }),
        calls({ index: 0, function: { arguments: '{}' } }),
      ],
      [['a', 'get_weather', '{}']],
    ],
    [
      'a name and an id on every delta',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '' } }),
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: ':1}' } }),
      ],
      [['a', 'f', '{"x":1}']],
    ],
    [
      'an id that is another on every delta',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        calls({ index: 0, id: 'b', function: { name: null, arguments: ':1}' } }),
      ],
      [['a', 'f', '{"x":1}']],
    ],
    [
      'a finished call said again',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        calls({ index: 0, function: { arguments: ':1}' } }),
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
      ],
      [['a', 'f', '{"x":1}']],
    ],
    [
      'one id for two calls',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }),
        calls({ index: 1, id: 'a', function: { name: 'g', arguments: '{}' } }),
      ],
      [
        ['a', 'f', '{}'],
        [/^call_/, 'g', '{}'],
      ],
    ],
    [
      'a call without arguments',
      [calls({ index: 0, id: 'a', function: { name: 'f' } }), calls({ index: 0, function: { arguments: null } })],
      [['a', 'f', '']],
    ],
    [
      'the older function_call',
      [
        chunk({ function_call: { name: 'f', arguments: '' } }),
        chunk({ function_call: { arguments: '{"x"' } }),
        chunk({ function_call: { arguments: ':1}' } }),
      ],
      [[/^call_/, 'f', '{"x":1}']],
    ],
    ['a call that is nothing', [calls({ index: 0, id: '', function: { name: '', arguments: '' } })], []],
  ]
  for (const [name, chunks, expected] of table) {
    it(`reads ${name}`, () => {
      const found = callsOf(...chunks, chunk({}, 'stop'), DONE)
      assert.equal(found.length, expected.length)
      for (const [i, [id, ...rest]] of expected.entries()) {
        assert.deepEqual(found[i]!.slice(1), rest)
        if (typeof id === 'string') assert.equal(found[i]![0], id)
        else assert.match(found[i]![0]!, id)
      }
      assert.equal(new Set(found.map(([id]) => id)).size, found.length)
      assert.equal(
        answer(...chunks, chunk({}, 'stop'), DONE).finish.reason,
        expected.length > 0 ? 'tool-calls' : 'stop',
      )
    })
  }

  it('passes arguments on as they come', () => {
    const decoder = codec.stream.decoder()
    decoder.push(event(calls({ index: 0, id: 'a', function: { name: 'f', arguments: '' } })))
    const first = decoder.push(event(calls({ index: 0, function: { arguments: '{"x' } })))
    assert.deepEqual(
      first.map(({ type }) => type),
      ['part-start', 'part-delta'],
    )
    const second = decoder.push(event(calls({ index: 0, function: { arguments: '":1}' } })))
    assert.deepEqual(second, [{ type: 'part-delta', index: 0, text: '":1}' }])
  })

  it('ends a call that is whole as soon as something else begins', () => {
    const decoder = codec.stream.decoder()
    decoder.push(event(calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } })))
    const next = decoder.push(event(calls({ index: 1, id: 'b', function: { name: 'g', arguments: '{}' } })))
    assert.equal(next[0]?.type, 'part-end')
  })

  it('reads reasoning under each of its names, once', () => {
    const table: [delta: object, member?: string][] = [
      [{ reasoning_content: 'hm' }, 'reasoning_content'],
      [{ reasoning: 'hm' }, 'reasoning'],
      [{ reasoning_content: 'hm', reasoning: 'hm' }, 'reasoning_content'],
      [{ reasoning: 'hm', reasoning_details: [{ type: 'reasoning.text', text: 'hm', index: 0 }] }, 'reasoning'],
      [{ reasoning_details: [{ type: 'reasoning.summary', summary: 'hm', index: 0 }] }],
      [{ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }],
    ]
    for (const [delta, value] of table)
      assert.deepEqual(answer(chunk(delta), chunk({ content: 'x' }), chunk({}, 'stop')).parts, [
        { type: 'reasoning', text: 'hm', ...(value !== undefined && { signature: { issuer: 'openai-chat', value } }) },
        { type: 'text', text: 'x' },
      ])
  })

  it('joins the pieces of reasoning details and keeps their state with the thoughts', () => {
    const detail = (rest: object) => ({
      reasoning_details: [{ type: 'reasoning.text', index: 0, format: 'x', ...rest }],
    })
    const { parts } = answer(
      chunk({ reasoning: 'a', ...detail({ text: 'a' }) }),
      chunk({ reasoning: 'b', ...detail({ text: 'b' }) }),
      chunk({ content: '', ...detail({ signature: 'sig' }) }),
      chunk({ content: 'x' }),
      chunk({}, 'stop'),
    )
    const value = JSON.stringify([{ type: 'reasoning.text', index: 0, format: 'x', text: 'ab', signature: 'sig' }])
    assert.deepEqual(parts[0], { type: 'reasoning', text: 'ab', signature: { issuer: 'openai-chat', value } })
  })

  it('keeps sealed reasoning that comes with a call', () => {
    const sealed = [{ type: 'reasoning.encrypted', data: 'AAA', index: 0 }]
    const { parts } = answer(
      chunk({
        tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }],
        reasoning_details: sealed,
      }),
      chunk({}, 'tool_calls'),
    )
    const thought = parts.find((part) => part.type === 'reasoning')
    assert.deepEqual(thought?.signature, { issuer: 'openai-chat', value: JSON.stringify(sealed), redacted: true })
  })

  it('takes usage from anywhere, also after the finish and beside choices', () => {
    const usage = { prompt_tokens: 7, completion_tokens: 2 }
    for (const data of [
      [chunk({ content: 'x' }), chunk({}, 'stop'), { id: 'c1', choices: [], usage }, DONE],
      [chunk({ content: 'x' }), chunk({}, 'stop', { usage }), DONE],
      [chunk({ content: 'x' }), chunk({}, 'stop', { x_groq: { usage } }), DONE],
      [chunk({ content: 'x' }), chunk({}, 'stop'), { id: 'c1', choices: [], usage }],
    ])
      assert.deepEqual(answer(...data).usage, { input: 7, cacheRead: 0, cacheWrite: 0, output: 2, reasoning: 0 })
  })

  it('tells no finish the upstream did not tell', () => {
    const cut = events(chunk({ content: 'x' }))
    assert.deepEqual(
      cut.map(({ type }) => type),
      ['start', 'part-start', 'part-delta', 'part-end'],
    )
    assert.equal(answer(chunk({ content: 'x' }), DONE).finish.reason, 'stop')
  })

  it('makes one error of an error, whatever its shape, and then is silent', () => {
    for (const bad of [
      { error: { message: 'boom', code: 502 } },
      { error: 'boom' },
      { object: 'error', message: 'boom' },
    ]) {
      const found = events(chunk({ content: 'x' }), bad, chunk({ content: 'y' }), DONE).slice(3)
      assert.equal(found.length, 1)
      assert.ok(found[0]?.type === 'error' && found[0].failure.message.includes('boom'))
    }
    const found = events(chunk({ content: 'x' }), '{"half', chunk({ content: 'y' }))
    assert.equal(found.at(-1)?.type, 'error')
  })

  it('passes over what bears nothing', () => {
    const { parts } = answer(
      '',
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: null, refusal: null, tool_calls: [], function_call: null }),
      { id: 'c1', choices: [], prompt_filter_results: [] },
      chunk({ content: 'x' }),
      { id: 'c1', choices: [{ index: 1, delta: { content: 'another answer' }, finish_reason: null }] },
      chunk({}, 'stop'),
      DONE,
      chunk({ content: 'late' }),
    )
    assert.deepEqual(parts, [{ type: 'text', text: 'x' }])
  })

  it('keeps text before, between and after calls where it was', () => {
    const types = answer(
      chunk({ content: 'a' }),
      calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }),
      chunk({ content: 'b' }),
      calls({ index: 1, id: 'b', function: { name: 'f', arguments: '{}' } }),
      chunk({}, 'tool_calls'),
    ).parts.map((part) => (part.type === 'text' ? part.text : part.type))
    assert.deepEqual(types, ['a', 'tool-call', 'b', 'tool-call'])
  })

  it('reads citations wherever they come, and images', () => {
    const url_citation = { url: 'https://a.test', title: 'A', start_index: 0, end_index: 2 }
    const annotations = [{ type: 'url_citation', url_citation }]
    const expected = [{ url: 'https://a.test', title: 'A', start: 0, end: 2 }]
    for (const data of [
      [chunk({ annotations, content: '' }), chunk({ content: 'hi' })],
      [chunk({ content: 'hi' }), chunk({ annotations, content: '' })],
    ])
      assert.deepEqual(answer(...data, chunk({}, 'stop')).parts, [{ type: 'text', text: 'hi', citations: expected }])
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
    assert.deepEqual(answer(chunk({ images: [image] }), chunk({}, 'stop')).parts, [
      { type: 'media', kind: 'image', source: { type: 'base64', data: 'AAAA' }, mediaType: 'image/png' },
    ])
  })

  it('knows the stop sequence that was met', () => {
    const data = {
      id: 'c',
      choices: [{ index: 0, delta: { content: 'x' }, finish_reason: 'stop', stop_reason: 'END' }],
    }
    assert.deepEqual(answer(data, DONE).finish, { reason: 'stop-sequence', raw: 'stop', sequence: 'END' })
  })
})
