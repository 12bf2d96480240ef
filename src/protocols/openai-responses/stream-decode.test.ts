import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fold } from '../../hub/fold.ts'
import type { StreamEvent } from '../../hub/response.ts'
import type { Json } from '../json.ts'
import { event } from '../testing/taps.ts'
import { responsesDecoder } from './stream-decode.ts'

function decode(...events: (Json | string)[]): StreamEvent[] {
  const decoder = responsesDecoder()
  const out = events.flatMap((e) => decoder.push(typeof e === 'string' ? event(e) : event(e, String(e['type'] ?? ''))))
  return [...out, ...decoder.end()]
}

const created = { type: 'response.created', response: { id: 'resp_1', model: 'm', status: 'in_progress' } }
const completed = (more: object = {}) => ({
  type: 'response.completed',
  response: { id: 'resp_1', status: 'completed', output: [], ...more },
})
const added = (output_index: number, item: Json) => ({ type: 'response.output_item.added', output_index, item })
const done = (output_index: number, item: Json) => ({ type: 'response.output_item.done', output_index, item })
const call = (id: string, args = '') => ({
  type: 'function_call',
  id: `fc_${id}`,
  call_id: id,
  name: `f_${id}`,
  arguments: args,
})
const parts = (...events: (Json | string)[]) => fold(decode(...events)).parts

describe('the Responses stream decoder', () => {
  it('keeps interleaved calls apart and hands arguments on as they come', () => {
    const delta = (output_index: number, text: string) => ({
      type: 'response.function_call_arguments.delta',
      output_index,
      delta: text,
    })
    const events = decode(
      created,
      added(0, call('a')),
      added(1, call('b')),
      delta(1, '{"x"'),
      delta(0, '{}'),
      delta(1, ':1}'),
      done(1, call('b', '{"x":1}')),
      done(0, call('a', '{}')),
      completed(),
    )
    assert.deepEqual(
      events.filter((e) => e.type === 'part-delta').map((e) => [e.index, e.text]),
      [
        [1, '{"x"'],
        [0, '{}'],
        [1, ':1}'],
      ],
    )
    assert.deepEqual(fold(events).finish, { reason: 'tool-calls', raw: 'completed' })
  })

  for (const [name, tail] of [
    [
      'in .done',
      [
        { type: 'response.function_call_arguments.done', output_index: 0, arguments: '{"a":1}' },
        done(0, call('a', '{"a":1}')),
      ],
    ],
    ['in output_item.done', [done(0, call('a', '{"a":1}'))]],
    ['in completed.output', []],
  ] as const) {
    it(`takes arguments that come only ${name}`, () => {
      const found = parts(created, added(0, call('a')), ...tail, completed({ output: [call('a', '{"a":1}')] }))
      assert.deepEqual(found, [{ type: 'tool-call', id: 'a', name: 'f_a', input: '{"a":1}' }])
    })
  }

  it('takes a call whose name comes only at its end', () => {
    const found = parts(
      created,
      added(0, { type: 'function_call', id: 'fc_a' }),
      { type: 'response.function_call_arguments.delta', output_index: 0, delta: '{' },
      done(0, call('a', '{}')),
      completed(),
    )
    assert.deepEqual(found, [{ type: 'tool-call', id: 'a', name: 'f_a', input: '{}' }])
  })

  it('takes text without any announcement', () => {
    assert.deepEqual(parts({ type: 'response.output_text.delta', delta: 'Hi' }, completed()), [
      { type: 'text', text: 'Hi' },
    ])
  })

  it('takes what stands only in the last event', () => {
    const message = {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
    }
    assert.equal((parts(created, completed({ output: [message] }))[0] as { text: string }).text, 'Hi')
  })

  it('reads custom calls, namespaces, refusals and searches', () => {
    const custom = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c', name: 'exec', namespace: 'ns', input: 'ls' }
    const search = {
      type: 'web_search_call',
      id: 'ws_1',
      status: 'completed',
      action: { type: 'search', query: 'q', sources: [{ type: 'url', url: 'https://a.example' }] },
    }
    const found = parts(
      created,
      added(0, { ...custom, input: '' }),
      { type: 'response.custom_tool_call_input.delta', output_index: 0, delta: 'l' },
      { type: 'response.custom_tool_call_input.done', output_index: 0, input: 'ls' },
      done(0, custom),
      added(1, { ...search, status: 'in_progress' }),
      { type: 'response.web_search_call.searching', output_index: 1 },
      done(1, search),
      { type: 'response.refusal.delta', output_index: 2, content_index: 0, delta: 'No.' },
      completed(),
    )
    assert.deepEqual(found, [
      { type: 'tool-call', id: 'c', name: 'exec', namespace: 'ns', input: 'ls', custom: true },
      { type: 'search', id: 'ws_1', queries: ['q'], sources: [{ url: 'https://a.example' }] },
      { type: 'refusal', text: 'No.' },
    ])
  })

  it('joins the pieces of a summary and seals them before they end', () => {
    const say = (summary_index: number, delta: string) => ({
      type: 'response.reasoning_summary_text.delta',
      output_index: 0,
      summary_index,
      delta,
    })
    const item = {
      type: 'reasoning',
      id: 'rs_1',
      encrypted_content: 'gAAAA',
      summary: [
        { type: 'summary_text', text: 'ab' },
        { type: 'summary_text', text: 'c' },
      ],
    }
    const events = decode(
      created,
      added(0, { type: 'reasoning', id: 'rs_1', summary: [] }),
      say(0, 'a'),
      say(0, 'b'),
      say(1, 'c'),
      done(0, item),
      completed(),
    )
    assert.deepEqual(fold(events).parts, [
      { type: 'reasoning', text: 'ab\n\nc', signature: { issuer: 'openai-responses', value: 'gAAAA' } },
    ])
  })

  it('takes a picture when it is done and passes over its drafts', () => {
    const item = { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: '/9j/4AAQ' }
    const found = parts(
      created,
      added(0, { type: 'image_generation_call', id: 'ig_1' }),
      { type: 'response.image_generation_call.partial_image', output_index: 0, partial_image_b64: 'xx' },
      done(0, item),
      completed(),
    )
    assert.deepEqual(found, [
      { type: 'media', kind: 'image', source: { type: 'base64', data: '/9j/4AAQ' }, mediaType: 'image/jpeg' },
    ])
  })

  it('leaves hosted calls native', () => {
    const item = { type: 'mcp_call', id: 'mcp_1', name: 'x' }
    assert.deepEqual(parts(created, added(0, item), done(0, item), completed()), [
      { type: 'native', protocol: 'openai-responses', value: item },
    ])
  })

  for (const [reason, expected] of [
    ['max_output_tokens', 'length'],
    ['content_filter', 'refusal'],
  ]) {
    it(`says ${expected} for ${reason}`, () => {
      const response = { status: 'incomplete', incomplete_details: { reason }, output: [] }
      assert.deepEqual(fold(decode(created, { type: 'response.incomplete', response })).finish, {
        reason: expected,
        raw: reason,
      })
      assert.deepEqual(fold(decode(created, { type: 'response.done', response })).finish, {
        reason: expected,
        raw: reason,
      })
    })
  }

  it('tells a failure once and nothing after it', () => {
    const error = { code: 'rate_limit_exceeded', message: 'Rate limit reached. Please try again in 1.3s.' }
    for (const failing of [
      { type: 'response.failed', response: { status: 'failed', error } },
      { type: 'response.done', response: { status: 'failed', error } },
      { type: 'error', ...error },
      { type: 'error', error },
      { error },
    ]) {
      const events = decode(
        created,
        { type: 'response.output_text.delta', output_index: 0, delta: 'x' },
        failing,
        completed(),
      )
      assert.deepEqual(
        events.slice(-2).map((e) => e.type),
        ['part-end', 'error'],
      )
      const last = events.at(-1)
      assert.equal(last?.type === 'error' && last.failure.kind, 'rate-limited')
      assert.equal(events.filter((e) => e.type === 'error').length, 1)
    }
  })

  it('tells broken JSON as a failure, and passes over empty events, [DONE] and what it does not know', () => {
    assert.equal(decode(created, '{"half').at(-1)?.type, 'error')
    const events = decode(
      created,
      '',
      '[DONE]',
      { type: 'codex.rate_limits' },
      { type: 'response.new_thing', x: 1 },
      completed(),
    )
    assert.deepEqual(
      events.map((e) => e.type),
      ['start', 'finish'],
    )
  })

  it('makes up no finish', () => {
    const events = decode(created, { type: 'response.output_text.delta', output_index: 0, delta: 'x' })
    assert.deepEqual(
      events.map((e) => e.type),
      ['start', 'part-start', 'part-delta', 'part-end'],
    )
  })

  it('never throws, and its events are legal, whatever comes', () => {
    const type = fc.constantFrom(
      ...'created in_progress output_item.added output_item.done content_part.added content_part.done output_text.delta output_text.done refusal.delta reasoning_summary_text.delta reasoning_text.delta function_call_arguments.delta function_call_arguments.done custom_tool_call_input.delta completed incomplete failed done'
        .split(' ')
        .map((name) => `response.${name}`),
    )
    const item = fc.oneof(
      fc.constant(null),
      fc.record(
        {
          type: fc.constantFrom('message', 'reasoning', 'function_call', 'custom_tool_call', 'web_search_call', 'x'),
          id: fc.string(),
          name: fc.option(fc.string()),
          arguments: fc.jsonValue(),
          content: fc.jsonValue(),
          summary: fc.jsonValue(),
        },
        { requiredKeys: ['type'] },
      ),
    )
    const value = fc.oneof(fc.string(), fc.nat(3), fc.jsonValue())
    const any = fc.record(
      {
        type,
        output_index: fc.oneof(fc.nat(2), value),
        content_index: fc.nat(1),
        delta: value,
        text: value,
        arguments: value,
        item,
        part: fc.oneof(item, fc.constant({ type: 'output_text', text: 'x' })),
        response: fc.oneof(value, fc.record({ output: fc.array(item), status: value })),
      },
      { requiredKeys: ['type'] },
    )
    fc.assert(
      fc.property(fc.array(any), (events) => {
        const open = new Set<number>()
        let next = 0
        let over = false
        for (const e of decode(...(events as Json[]))) {
          assert.ok(!over, 'after the end')
          if (e.type === 'part-start') {
            assert.equal(e.index, next)
            open.add(next)
            next += 1
          } else if ('index' in e) assert.ok(open.has(e.index), `${e.type} of a closed part`)
          if (e.type === 'part-end') open.delete(e.index)
          if (e.type === 'finish' || e.type === 'error') {
            assert.equal(open.size, 0)
            over = true
          }
        }
        assert.equal(open.size, 0)
      }),
    )
  })
})
