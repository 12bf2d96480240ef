import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fold } from '../../hub/fold.ts'
import type { StreamEvent } from '../../hub/response.ts'
import type { Sse } from '../../wire/sse.ts'
import { event } from '../testing/taps.ts'
import { anthropicCodec as codec } from './codec.ts'

type Json = Record<string, unknown>

function decode(...events: (Json | Sse)[]): StreamEvent[] {
  const decoder = codec.stream.decoder()
  const sse = events.map((item) => ('data' in item ? (item as Sse) : event(item, String((item as Json)['type']))))
  return [...sse.flatMap((item) => decoder.push(item)), ...decoder.end()]
}

const begin = {
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude', usage: { input_tokens: 9, output_tokens: 1 } },
}
const open = (index: number, content_block: Json) => ({ type: 'content_block_start', index, content_block })
const more = (index: number, type: string, fields: Json) => ({
  type: 'content_block_delta',
  index,
  delta: { type, ...fields },
})
const close = (index: number) => ({ type: 'content_block_stop', index })
const told = (stop_reason: string | null, usage: Json = { output_tokens: 5 }) => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null },
  usage,
})
const over = { type: 'message_stop' }
const said = (text: string) => [open(0, { type: 'text', text: '' }), more(0, 'text_delta', { text }), close(0)]

describe('the stream decoder', () => {
  it('passes text, thoughts and calls on as they come', () => {
    assert.deepEqual(
      decode(begin, { type: 'ping' }, open(0, { type: 'text', text: '' }), more(0, 'text_delta', { text: 'é' })),
      [
        { type: 'start', id: 'msg_1', model: 'claude' },
        { type: 'usage', usage: { input: 9, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 } },
        { type: 'part-start', index: 0, part: { type: 'text' } },
        { type: 'part-delta', index: 0, text: 'é' },
        // Cut off: closed, but not finished.
        { type: 'part-end', index: 0 },
      ],
    )
  })

  it('keeps the start’s counts the end does not repeat', () => {
    const first = {
      ...begin,
      message: { ...begin.message, usage: { input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 1 } },
    }
    const answer = fold(decode(first, told('end_turn', { output_tokens: 7, input_tokens: null }), over))
    assert.deepEqual(answer.usage, { input: 9, cacheRead: 4, cacheWrite: 0, output: 7, reasoning: 0 })
  })

  it('finishes by the presence of calls, unless cut or refused', () => {
    const call = [open(0, { type: 'tool_use', id: 't', name: 'f', input: {} }), close(0)]
    const finish = (...events: Json[]) => fold(decode(begin, ...events, over)).finish
    assert.deepEqual(finish(...call, told('end_turn')), { reason: 'tool-calls', raw: 'end_turn' })
    assert.deepEqual(finish(...call, told('max_tokens')), { reason: 'length', raw: 'max_tokens' })
    assert.deepEqual(finish(...said('x'), told('tool_use')), { reason: 'stop', raw: 'tool_use' })
    assert.deepEqual(finish(told('refusal')), { reason: 'refusal', raw: 'refusal' })
    assert.deepEqual(finish(told('pause_turn')), { reason: 'pause', raw: 'pause_turn' })
    assert.deepEqual(finish(told('model_context_window_exceeded')).reason, 'length')
    assert.deepEqual(finish(told('something_new')), { reason: 'other', raw: 'something_new' })
    assert.deepEqual(finish({ type: 'message_delta', delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' } }), {
      reason: 'stop-sequence',
      raw: 'stop_sequence',
      sequence: 'END',
    })
  })

  it('gives a call without input an empty one, and takes input told at once', () => {
    const input = (...events: Json[]) => {
      const [part] = fold(decode(begin, ...events, told('tool_use'), over)).parts
      return part?.type === 'tool-call' ? part.input : undefined
    }
    assert.equal(
      input(
        open(0, { type: 'tool_use', id: 't', name: 'f', input: {} }),
        more(0, 'input_json_delta', { partial_json: '' }),
        close(0),
      ),
      '{}',
    )
    assert.equal(input(open(0, { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }), close(0)), '{"a":1}')
    assert.equal(
      input(
        open(0, { type: 'tool_use', id: 't', name: 'f', input: {} }),
        more(0, 'input_json_delta', { partial_json: '{"n":12345678901234567890}' }),
        close(0),
      ),
      '{"n":12345678901234567890}',
    )
  })

  it('forgives overlapping blocks, forgotten openings and closings, and unnamed events', () => {
    const answer = fold(
      decode(
        begin,
        more(0, 'text_delta', { text: 'a' }),
        open(1, { type: 'tool_use', id: 't', name: 'f' }),
        more(1, 'input_json_delta', { partial_json: '{' }),
        more(0, 'text_delta', { text: 'b' }),
        event({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '}' } }),
        more(7, 'nothing_delta', {}),
        close(9),
        { type: 'unheard_of' },
        over,
      ),
    )
    assert.deepEqual(answer.parts, [
      { type: 'text', text: 'ab' },
      { type: 'tool-call', id: 't', name: 'f', input: '{}' },
    ])
  })

  it('reads searches from their two blocks, parallel ones too, and leaves other server tools native', () => {
    const use = (id: string) => ({ type: 'server_tool_use', id, name: 'web_search', input: {} })
    const result = (id: string) => ({
      type: 'web_search_tool_result',
      tool_use_id: id,
      content: [{ type: 'web_search_result', url: `https://${id}`, title: id, encrypted_content: 'X' }],
    })
    const fetched = { type: 'web_fetch_tool_result', tool_use_id: 'f', content: { type: 'web_fetch_result' } }
    const answer = fold(
      decode(
        begin,
        open(0, use('a')),
        more(0, 'input_json_delta', { partial_json: '{"query":' }),
        more(0, 'input_json_delta', { partial_json: '"qa"}' }),
        close(0),
        open(1, use('b')),
        more(1, 'input_json_delta', { partial_json: '{"query":"qb"}' }),
        close(1),
        open(2, result('a')),
        close(2),
        open(3, result('b')),
        close(3),
        open(4, fetched),
        close(4),
        open(5, use('c')),
        more(5, 'input_json_delta', { partial_json: '{"query":"qc"}' }),
        close(5),
        told('pause_turn'),
        over,
      ),
    )
    const native = (value: unknown) => ({ type: 'native', protocol: 'anthropic', value })
    assert.deepEqual(answer.parts, [
      { type: 'search', id: 'a', queries: ['qa'], sources: [{ url: 'https://a', title: 'a' }] },
      { type: 'search', id: 'b', queries: ['qb'], sources: [{ url: 'https://b', title: 'b' }] },
      native(fetched),
      native({ ...use('c'), input: { query: 'qc' } }),
    ])
  })

  it('reads citations, signatures and redactions', () => {
    const citation = {
      type: 'char_location',
      cited_text: 'q',
      document_index: 0,
      document_title: 'D',
      start_char_index: 1,
    }
    const answer = fold(
      decode(
        begin,
        open(0, { type: 'thinking', thinking: '', signature: '' }),
        more(0, 'thinking_delta', { thinking: 'hm' }),
        more(0, 'signature_delta', { signature: 'S' }),
        close(0),
        open(1, { type: 'redacted_thinking', data: 'D' }),
        close(1),
        open(2, { type: 'text', text: '', citations: [] }),
        more(2, 'citations_delta', { citation }),
        more(2, 'text_delta', { text: 'so' }),
        close(2),
        over,
      ),
    )
    assert.deepEqual(answer.parts, [
      { type: 'reasoning', text: 'hm', signature: { issuer: 'anthropic', value: 'S' } },
      { type: 'reasoning', text: '', signature: { issuer: 'anthropic', value: 'D', redacted: true } },
      {
        type: 'text',
        text: 'so',
        citations: [
          {
            title: 'D',
            quote: 'q',
            extras: { anthropic: { document_index: 0, start_char_index: 1, type: 'char_location' } },
          },
        ],
      },
    ])
  })

  it('tells one failure and nothing after it', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    const events = decode(begin, ...said('x'), error, error, over)
    const last = events.at(-1)
    assert.ok(last?.type === 'error')
    assert.deepEqual([last.failure.kind, last.failure.message], ['overloaded', 'Overloaded'])
    assert.equal(events.filter((item) => item.type === 'error' || item.type === 'finish').length, 1)
    const broken = decode(begin, event('{"type":', 'content_block_delta'))
    assert.equal(broken.at(-1)?.type, 'error')
    const bare = decode(event({ error: { message: 'no' } }))
    assert.equal(bare[0]?.type, 'error')
  })

  it('skips what is empty or foreign to the dialect, and reads a whole answer in place of a stream', () => {
    const whole = {
      type: 'message',
      id: 'msg_1',
      model: 'm',
      content: [{ type: 'text', text: 'x' }],
      stop_reason: 'end_turn',
    }
    assert.deepEqual(fold(decode(event(''), event('[DONE]'), event(whole))).parts, [{ type: 'text', text: 'x' }])
  })

  it('never throws, and keeps the order of the hub', () => {
    const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>
    const index = fc.constantFrom(0, 1, undefined)
    const type = fc.constantFrom(
      'text',
      'thinking',
      'tool_use',
      'server_tool_use',
      'web_search_tool_result',
      'redacted_thinking',
      'odd',
    )
    const any = fc.oneof(
      json.map((value) => event(value)),
      fc.tuple(index, type, json).map(([i, t, v]) =>
        event({
          type: 'content_block_start',
          index: i,
          content_block: { type: t, id: 'a', name: 'web_search', tool_use_id: 'a', input: v, content: v, text: v },
        }),
      ),
      fc
        .tuple(index, fc.constantFrom('text_delta', 'thinking_delta', 'input_json_delta', 'signature_delta'), json)
        .map(([i, t, v]) =>
          event({
            type: 'content_block_delta',
            index: i,
            delta: { type: t, text: v, thinking: v, partial_json: v, signature: v, citation: v },
          }),
        ),
      index.map((i) => event({ type: 'content_block_stop', index: i })),
      json.map((v) => event({ type: 'message_delta', delta: v, usage: v })),
      json.map((v) => event({ type: 'message_start', message: v })),
    )
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (events) => {
        const open = new Set<number>()
        let next = 0
        for (const item of decode(...events, over)) {
          if (item.type === 'part-start') {
            assert.equal(item.index, next++)
            open.add(item.index)
          } else if ('index' in item) assert.ok(open.has(item.index), `${item.type} of a part that is not open`)
          if (item.type === 'part-end') open.delete(item.index)
          if (item.type === 'finish') assert.equal(open.size, 0)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
