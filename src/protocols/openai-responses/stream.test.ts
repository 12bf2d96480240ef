import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { event, marks } from '../testing/taps.ts'
import { responsesTap } from './stream.ts'

const say = (type: string, rest: object = {}) => event({ type, ...rest }, type)
const created = say('response.created', { response: { status: 'in_progress', error: null, usage: null } })
const added = (item: object) => say('response.output_item.added', { output_index: 0, item })
const USAGE = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 6,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 16,
}

describe('the Responses tap', () => {
  it('holds the opening back and ends at response.completed', () => {
    const tap = marks(responsesTap(), [
      [created, 'handshake'],
      [say('response.queued'), 'handshake'],
      [say('response.in_progress'), 'handshake'],
      [say('codex.rate_limits', { plan_type: 'plus' }), 'handshake'],
      [added({ type: 'reasoning', summary: [] }), 'handshake'],
      [say('response.reasoning_summary_part.added', { part: { type: 'summary_text', text: '' } }), 'handshake'],
      [say('response.output_item.done', { item: { type: 'reasoning', summary: [] } }), 'handshake'],
      [added({ type: 'message', content: [] }), 'handshake'],
      [say('response.content_part.added', { part: { type: 'output_text', text: '' } }), 'handshake'],
      [say('response.output_text.delta', { delta: '' }), 'handshake'],
      [say('response.output_text.delta', { delta: 'Hi' }), 'content'],
      [say('response.output_text.done', { text: 'Hi' }), 'content'],
    ])
    assert.equal(tap.ended, false)
    marks(tap, [[say('response.completed', { response: { status: 'completed', usage: USAGE } }), 'end']])
    assert.equal(tap.ended, true)
    assert.deepEqual(tap.usage, { input: 6, cacheRead: 4, cacheWrite: 0, output: 6, reasoning: 2 })
  })

  for (const [name, opening] of [
    ['a function call', added({ type: 'function_call', name: 'f', arguments: '' })],
    ['a web search', added({ type: 'web_search_call' })],
    ['a compaction', added({ type: 'compaction', encrypted_content: 'x' })],
    ['encrypted reasoning', say('response.output_item.done', { item: { type: 'reasoning', encrypted_content: 'x' } })],
    ['a reasoning summary', say('response.reasoning_summary_text.delta', { delta: 'hm' })],
    ['a refusal', say('response.refusal.delta', { delta: 'no' })],
    ['an image', say('response.image_generation_call.partial_image', { partial_image_b64: 'x' })],
    ['data that is no JSON', event('{"half', 'response.output_text.delta')],
  ] as const) {
    it(`takes ${name} for content`, () =>
      void marks(responsesTap(), [
        [created, 'handshake'],
        [opening, 'content'],
      ]))
  }

  it('ends at response.incomplete and response.done too', () => {
    for (const type of ['response.incomplete', 'response.done']) {
      const tap = marks(responsesTap(), [[say(type, { response: { usage: USAGE } }), 'end']])
      assert.ok(tap.ended && tap.usage)
    }
  })

  it('reads a failed response', () => {
    const error = { code: 'rate_limit_exceeded', message: 'Rate limit reached. Please try again in 1.3s.' }
    for (const type of ['response.failed', 'response.done']) {
      const tap = marks(responsesTap(), [
        [created, 'handshake'],
        [say(type, { response: { status: 'failed', error } }), 'error'],
      ])
      assert.equal(tap.ended, true)
      assert.equal(tap.failure?.kind, 'rate-limited')
      assert.equal(tap.failure?.retryAfter, 1.3)
      assert.equal(tap.failure?.code, 'rate_limit_exceeded')
    }
  })

  it('reads an error event, flat, nested or without a name', () => {
    const flat = say('error', { code: 'server_is_overloaded', message: 'busy', param: null })
    const nested = say('error', { error: { type: 'x', code: 'server_is_overloaded', message: 'busy' } })
    const bare = event({ error: { code: 'server_is_overloaded', message: 'busy' } })
    for (const error of [flat, nested, bare]) {
      const tap = marks(responsesTap(), [
        [created, 'handshake'],
        [error, 'error'],
      ])
      assert.equal(tap.failure?.kind, 'overloaded')
      assert.equal(tap.failure?.message, 'busy')
      assert.equal(tap.ended, false)
    }
  })

  it('reads streams without event lines by the type inside', () => {
    const tap = marks(responsesTap(), [
      [event({ type: 'response.created', response: {} }), 'handshake'],
      [event({ delta: 'a', type: 'response.output_text.delta' }), 'content'],
      [event({ type: 'response.completed', response: {} }), 'end'],
      [event('[DONE]'), 'content'],
    ])
    assert.equal(tap.ended, true)
  })
})
