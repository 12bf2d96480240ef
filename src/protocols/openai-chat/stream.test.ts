import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { event, marks } from '../testing/taps.ts'
import { chatTap } from './stream.ts'

const chunk = (delta: object, finish: string | null = null, rest: object = {}) =>
  event({ id: 'c', choices: [{ index: 0, delta, finish_reason: finish }], ...rest })
const DONE = event('[DONE]')

describe('the chat tap', () => {
  it('holds the role back and ends at the finish reason', () => {
    const tap = marks(chatTap(), [
      [chunk({ role: 'assistant', content: '' }), 'handshake'],
      [chunk({ content: null, refusal: null, tool_calls: [] }), 'handshake'],
      [event({ choices: [], prompt_filter_results: [{}] }), 'handshake'],
      [chunk({ content: 'Hi "usage":{"finish_reason":"stop"}' }), 'content'],
    ])
    assert.equal(tap.ended, false)
    marks(tap, [[chunk({}, 'stop'), 'content']])
    assert.equal(tap.ended, true)
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 4,
      total_tokens: 14,
      prompt_tokens_details: { cached_tokens: 6 },
    }
    marks(tap, [
      [event({ choices: [], usage }), 'content'],
      [DONE, 'end'],
    ])
    assert.deepEqual(tap.usage, { input: 4, cacheRead: 6, cacheWrite: 0, output: 4, reasoning: 0 })
    assert.equal(tap.failure, undefined)
  })

  it('counts [DONE] alone as an end', () => {
    const tap = marks(chatTap(), [
      [chunk({ content: 'a' }), 'content'],
      [event('[DONE] '), 'end'],
    ])
    assert.equal(tap.ended, true)
  })

  for (const [name, delta] of Object.entries({
    reasoning_content: { reasoning_content: 'hm' },
    reasoning: { reasoning: 'hm' },
    'reasoning details': { content: '', reasoning_details: [{ text: 'hm' }] },
    'a tool call': { tool_calls: [{ index: 0, id: 't', function: { name: 'f', arguments: '' } }] },
    'a legacy function call': { function_call: { name: 'f', arguments: '' } },
    refusal: { refusal: 'no' },
    audio: { audio: { id: 'a' } },
    "Mistral's arrays": { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] },
    images: { images: [{ type: 'image_url' }] },
  })) {
    it(`takes ${name} for content`, () => void marks(chatTap(), [[chunk(delta), 'content']]))
  }

  it('takes a finish without a word for content', () => {
    assert.equal(marks(chatTap(), [[chunk({}, 'length'), 'content']]).ended, true)
  })

  it('leaves what is no JSON to the client', () => void marks(chatTap(), [[event('{"half'), 'content']]))

  it('reads an error, whatever its shape and place', () => {
    const errors = [
      event({ error: { message: 'boom', type: 'server_error', code: null } }),
      event({ error: 'boom' }),
      event({ error: { message: 'boom' } }, 'error'),
      event({
        id: 'x',
        error: { code: 502, message: 'boom' },
        choices: [{ delta: { content: '' }, finish_reason: 'error' }],
      }),
    ]
    for (const error of errors) {
      const fresh = marks(chatTap(), [[error, 'error']])
      assert.equal(fresh.failure?.message, 'boom')
      assert.equal(fresh.ended, false)
      const late = marks(chatTap(), [
        [chunk({ content: 'a' }), 'content'],
        [error, 'error'],
      ])
      assert.equal(late.failure?.message, 'boom')
    }
  })

  it('takes a null error and the word "error" for what they are', () => {
    marks(chatTap(), [
      [event({ error: null, choices: [{ delta: { content: 'a' } }] }), 'content'],
      [chunk({ content: 'error' }), 'content'],
    ])
  })

  it('passes over an error behind the finish, as OpenRouter sends it', () => {
    const tap = marks(chatTap(), [
      [chunk({ content: 'a' }, 'length'), 'content'],
      [chunk({ content: '' }, null, { error: { code: 400, message: 'Token limit reached' } }), 'content'],
    ])
    assert.equal(tap.failure, undefined)
  })

  it('finds usage on every chunk, in x_groq and in the choice, and takes the last', () => {
    const u = (n: number) => ({ prompt_tokens: n, completion_tokens: 1 })
    const each = chatTap()
    each.read(chunk({ content: 'a' }, null, { usage: u(1) }))
    each.read(chunk({ content: 'b' }, null, { usage: u(2) }))
    each.read(chunk({ content: 'c' }, null, { usage: null }))
    assert.equal(each.usage?.input, 2)
    const groq = chatTap()
    groq.read(chunk({}, 'stop', { x_groq: { usage: u(3) } }))
    assert.equal(groq.usage?.input, 3)
    const moonshot = chatTap()
    moonshot.read(
      event(
        '{"choices": [{"delta": {}, "finish_reason": "stop", "usage": {"prompt_tokens": 4, "completion_tokens": 1}}]}',
      ),
    )
    assert.equal(moonshot.usage?.input, 4)
    assert.equal(moonshot.ended, true)
  })
})
