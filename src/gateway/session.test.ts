import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { protocolOf } from '../protocols/index.ts'
import { peek } from '../wire/peek.ts'
import { SESSION_FIELDS, sessionKey } from './session.ts'
import { STREAM_IDS, type StreamId } from './testing/fixture.ts'

function key(id: StreamId, body: unknown, headers: Record<string, string> = {}): string | undefined {
  const { conversation } = protocolOf(id)
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const spans = peek(bytes, [conversation.turns, ...conversation.system, ...SESSION_FIELDS], Number.POSITIVE_INFINITY)
  return sessionKey((name) => headers[name], bytes, spans, conversation)
}

describe('what names a conversation', () => {
  // Each source with a value of its own, in the order in which they count.
  const SOURCES: [name: string, headers: Record<string, string>, body: object, value: string][] = [
    ['Claude Code header', { 'x-claude-code-session-id': 'cc' }, {}, 'cc'],
    ['session of metadata.user_id', {}, { metadata: { user_id: 'user_1_account__session_0123-abcd' } }, '0123-abcd'],
    ['session-id', { 'session-id': 'codex' }, {}, 'codex'],
    ['session_id', { session_id: 'codex_' }, {}, 'codex_'],
    ['x-session-id', { 'x-session-id': 'x' }, {}, 'x'],
    ['x-session-affinity', { 'x-session-affinity': 'opencode' }, {}, 'opencode'],
    ['x-client-request-id', { 'x-client-request-id': 'pi' }, {}, 'pi'],
    ['body session_id', {}, { session_id: 'b1' }, 'b1'],
    ['body sessionId', {}, { sessionId: 'b2' }, 'b2'],
    ['prompt_cache_key', {}, { prompt_cache_key: 'b3' }, 'b3'],
    ['conversation', {}, { conversation: 'b4' }, 'b4'],
    ['conversation_id', {}, { conversation_id: 'b6' }, 'b6'],
  ]
  for (const [i, [name, headers, body, value]] of SOURCES.entries())
    it(`${name} comes before all that follow`, () => {
      for (const [, moreHeaders, moreBody] of SOURCES.slice(i))
        assert.equal(key('anthropic', { ...moreBody, ...body }, { ...moreHeaders, ...headers }), value)
    })

  it('is also the id inside a conversation, a JSON user_id, and a plain user_id before conversation_id', () => {
    assert.equal(key('openai-responses', { conversation: { id: 'inside' } }), 'inside')
    const user_id = JSON.stringify({ device_id: 'd', session_id: '0123-4567' })
    assert.equal(key('anthropic', { metadata: { user_id } }), '0123-4567')
    assert.equal(key('anthropic', { metadata: { user_id: 'u' }, conversation_id: 'c' }), 'u')
  })

  it('may be of the wrong type without harm', () => {
    for (const odd of [null, 7, [], {}, true, '']) {
      const body = Object.fromEntries(SESSION_FIELDS.map((name) => [name, odd]))
      assert.equal(key('openai-chat', body), undefined, JSON.stringify(odd))
      assert.equal(key('openai-chat', { ...body, messages: odd, metadata: { user_id: odd } })?.length ?? 43, 43)
    }
    assert.equal(key('openai-chat', {}), undefined)
  })
})

const TURNS: Record<
  StreamId,
  { user: (t: string) => object; model: (t: string) => object; wrap: (turns: object[], system: string) => object }
> = {
  anthropic: {
    user: (t) => ({ role: 'user', content: [{ type: 'text', text: t }] }),
    model: (t) => ({ role: 'assistant', content: t }),
    wrap: (messages, system) => ({ model: 'm', system, messages, stream: true }),
  },
  'openai-chat': {
    user: (t) => ({ role: 'user', content: t }),
    model: (t) => ({ role: 'assistant', content: t, tool_calls: [] }),
    wrap: (turns, system) => ({ model: 'm', messages: [{ role: 'system', content: system }, ...turns] }),
  },
  'openai-responses': {
    user: (t) => ({ role: 'user', content: [{ type: 'input_text', text: t }] }),
    model: (t) => ({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: t }] }),
    wrap: (turns, system) => ({ instructions: system, input: [{ role: 'developer', content: 'be kind' }, ...turns] }),
  },
  gemini: {
    user: (t) => ({ role: 'user', parts: [{ text: t }] }),
    model: (t) => ({ role: 'model', parts: [{ text: t }] }),
    wrap: (contents, system) => ({ systemInstruction: { role: 'user', parts: [{ text: system }] }, contents }),
  },
}

for (const id of STREAM_IDS)
  describe(`a ${id} conversation that nothing names`, () => {
    const { user, model, wrap } = TURNS[id]
    const text = fc.string({ unit: 'binary', maxLength: 40 })
    const turns = (texts: string[]) => texts.map((t, i) => (i % 2 === 0 ? user(t) : model(t)))

    it('keeps its key as turns are added', () => {
      fc.assert(
        fc.property(text, fc.array(text, { minLength: 1, maxLength: 9 }), (system, texts) => {
          const first = key(id, wrap(turns(texts.slice(0, 1)), system))
          assert.equal(first?.length, 43)
          for (let n = 2; n <= texts.length; n += 1)
            assert.equal(key(id, wrap(turns(texts.slice(0, n)), system)), first)
        }),
      )
    })

    it('is told from another by its instructions or its first turn', () => {
      fc.assert(
        fc.property(text, text, text, (a, b, c) => {
          fc.pre(a !== b)
          assert.notEqual(key(id, wrap(turns([a, c]), c)), key(id, wrap(turns([b, c]), c)))
          assert.notEqual(key(id, wrap(turns([c]), a)), key(id, wrap(turns([c]), b)))
        }),
      )
    })

    it('is told by its opening alone, however long it is', () => {
      const long = 'x'.repeat(100_000)
      assert.equal(key(id, wrap(turns([long]), long)), key(id, wrap(turns([`${long}y`]), `${long}y`)))
    })

    it('may be nested as deep as the config allows', () => {
      const deep = `${'['.repeat(500)}${']'.repeat(500)}`
      const field = protocolOf(id).conversation.turns
      assert.equal(key(id, `{"${field}":[${deep}]}`)?.length, 43)
    })
  })
