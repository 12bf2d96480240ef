import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Sse } from '../../wire/sse.ts'
import { event, marks } from '../testing/taps.ts'
import { anthropicTap, keepAliveAnthropic } from './stream.ts'

const say = (type: string, rest: object = {}): Sse => event({ type, ...rest }, type)
const start = say('message_start', {
  message: { id: 'm', usage: { input_tokens: 9, cache_read_input_tokens: 3, output_tokens: 1 } },
})
const block = (content_block: object) => say('content_block_start', { index: 0, content_block })
const delta = (d: object) => say('content_block_delta', { index: 0, delta: d })

describe('the Messages tap', () => {
  it('holds the opening back and ends at message_stop', () => {
    const tap = marks(anthropicTap(), [
      [start, 'handshake'],
      [say('ping'), 'handshake'],
      [block({ type: 'text', text: '' }), 'handshake'],
      [delta({ type: 'text_delta', text: '' }), 'handshake'],
      [delta({ type: 'text_delta', text: 'Hé' }), 'content'],
      [say('content_block_stop', { index: 0 }), 'content'],
      [say('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } }), 'content'],
    ])
    assert.equal(tap.ended, false)
    marks(tap, [[say('message_stop'), 'end']])
    assert.equal(tap.ended, true)
    assert.deepEqual(tap.usage, { input: 9, cacheRead: 3, cacheWrite: 0, output: 5, reasoning: 0 })
  })

  for (const [name, opening] of [
    ['a tool call', block({ type: 'tool_use', id: 't', name: 'f', input: {} })],
    ['a server tool', block({ type: 'server_tool_use', id: 't', name: 'web_search', input: {} })],
    ['redacted thinking', block({ type: 'redacted_thinking', data: 'x' })],
    ['text that comes with its block', block({ type: 'text', text: 'Hi' })],
    ['thinking', delta({ type: 'thinking_delta', thinking: 'hm' })],
    ['a signature', delta({ type: 'signature_delta', signature: 's' })],
    ['a citation', delta({ type: 'citations_delta', citation: { title: 't' } })],
    ['a stop reason without a word', say('message_delta', { delta: { stop_reason: 'refusal' } })],
    ['data that is no JSON', event('{"half', 'content_block_delta')],
  ] as const) {
    it(`takes ${name} for content`, () =>
      void marks(anthropicTap(), [
        [start, 'handshake'],
        [opening, 'content'],
      ]))
  }

  it('waits for words when thinking opens empty', () => {
    marks(anthropicTap(), [[block({ type: 'thinking', thinking: '', signature: '' }), 'handshake']])
  })

  it('reads an error in the stream as it reads one over HTTP', () => {
    const error = event({ type: 'error', error: { type: 'overloaded_error', message: 'Überlast' } }, 'error')
    const tap = marks(anthropicTap(), [
      [start, 'handshake'],
      [error, 'error'],
    ])
    assert.deepEqual(tap.failure, {
      kind: 'overloaded',
      status: 529,
      scope: 'model',
      message: 'Überlast',
      code: 'overloaded_error',
    })
    assert.equal(tap.ended, false)
  })

  it('reads streams without event lines by the type inside', () => {
    const tap = marks(anthropicTap(), [
      [event({ content_block: { type: 'text', text: '' }, type: 'content_block_start' }), 'handshake'],
      [event({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'a' } }), 'content'],
      [event({ type: 'message_stop' }), 'end'],
    ])
    assert.equal(tap.ended, true)
    assert.equal(marks(anthropicTap(), [[event({ error: { message: 'm' } }), 'error']]).failure?.message, 'm')
  })

  it('keeps what message_delta leaves out or gives as null', () => {
    const tap = anthropicTap()
    tap.read(say('message_start', { message: { usage: { input_tokens: 1, cache_creation_input_tokens: 2 } } }))
    tap.read(say('message_delta', { usage: { output_tokens: 7, cache_creation_input_tokens: null, input_tokens: 4 } }))
    assert.deepEqual(tap.usage, { input: 4, cacheRead: 0, cacheWrite: 2, output: 7, reasoning: 0 })
    assert.equal(anthropicTap().usage, undefined)
  })

  it('keeps alive with a comment before the message and a ping within', () => {
    assert.equal(keepAliveAnthropic(false), ': keep-alive\n\n')
    assert.equal(keepAliveAnthropic(true), 'event: ping\ndata: {"type": "ping"}\n\n')
  })
})
