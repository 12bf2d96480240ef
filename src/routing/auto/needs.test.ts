import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ProtocolId } from '../../hub/protocol-id.ts'
import { readPrompt } from '../classify/index.ts'
import { KINDS, needsOf, needWords } from './needs.ts'

function needs(protocol: ProtocolId, value: unknown, depth?: Parameters<typeof needsOf>[0]['depth']) {
  const body = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value))
  return needsOf({ protocol, body, prompt: readPrompt(protocol, body), depth })
}
const mediaOf = (protocol: ProtocolId, value: unknown) => {
  const found = needs(protocol, value)
  return KINDS.filter((kind) => found.has(kind))
}
const text = { type: 'text', text: 'what is this' }
const user = (...content: unknown[]) => ({ messages: [{ role: 'user', content: [text, ...content] }] })
const parts = (...more: unknown[]) => ({ contents: [{ role: 'user', parts: [{ text: 'what is this' }, ...more] }] })
const items = (...content: unknown[]) => ({
  input: [{ role: 'user', content: [{ type: 'input_text', text: 'what is this' }, ...content] }],
})

describe('the media of a request', () => {
  it('are found in every dialect', () => {
    const base64 = (media_type: string) => ({ type: 'base64', media_type, data: 'AAAA' })
    assert.deepEqual(mediaOf('anthropic', user({ type: 'image', source: base64('image/png') })), ['image'])
    assert.deepEqual(mediaOf('anthropic', user({ type: 'image', source: { type: 'url', url: 'https://x.test/a' } })), [
      'image',
    ])
    assert.deepEqual(mediaOf('anthropic', user({ type: 'document', source: base64('application/pdf') })), ['document'])
    assert.deepEqual(mediaOf('openai-chat', user({ type: 'image_url', image_url: { url: 'https://x.test/a' } })), [
      'image',
    ])
    assert.deepEqual(mediaOf('openai-chat', user({ type: 'input_audio', input_audio: { data: 'A', format: 'wav' } })), [
      'audio',
    ])
    assert.deepEqual(
      mediaOf('openai-chat', user({ type: 'file', file: { file_data: 'data:application/pdf;base64,A' } })),
      ['document'],
    )
    assert.deepEqual(mediaOf('openai-responses', items({ type: 'input_image', image_url: 'https://x.test/a' })), [
      'image',
    ])
    assert.deepEqual(mediaOf('openai-responses', items({ type: 'input_file', file_id: 'f' })), ['document'])
    assert.deepEqual(mediaOf('gemini', parts({ inlineData: { mimeType: 'video/mp4', data: 'A' } })), ['video'])
    assert.deepEqual(mediaOf('gemini', parts({ inline_data: { mime_type: 'image/png', data: 'A' } })), ['image'])
  })

  it('are found however long ago they were sent', () => {
    const asides = Array.from({ length: 40 }, (_, i) => [
      { role: 'assistant', content: 'ok' },
      { role: 'user', content: `and then ${i}` },
    ]).flat()
    const first = user({ type: 'image', source: { type: 'url', url: 'https://x.test/a' } }).messages
    assert.deepEqual(mediaOf('anthropic', { messages: [...first, ...asides] }), ['image'])
  })

  it('are not seen where a text only talks of them', () => {
    const json = JSON.stringify(user({ type: 'image_url', image_url: { url: 'https://x.test/a' } }))
    const source = JSON.stringify(user({ type: 'image', source: { type: 'base64', media_type: 'image/png' } }))
    assert.deepEqual(mediaOf('openai-chat', { messages: [{ role: 'user', content: `explain ${json}` }] }), [])
    assert.deepEqual(mediaOf('anthropic', { messages: [{ role: 'user', content: `explain ${source}` }] }), [])
    assert.deepEqual(
      mediaOf('openai-chat', { messages: [{ role: 'user', content: 'the image_url of an input_image' }] }),
      [],
    )
  })
})

describe('a request', () => {
  it('needs tools and a schema where it has them', () => {
    const tool = { type: 'function', function: { name: 'f', parameters: {} } }
    const { tools, schema } = needs('openai-chat', {
      ...user(),
      tools: [tool],
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } },
    })
    assert.deepEqual([tools, schema], [true, true])
    const plain = needs('openai-chat', { ...user(), response_format: { type: 'json_object' } })
    assert.deepEqual([plain.tools, plain.schema], [false, false])
  })

  it('needs reasoning where it asks for it, by any dialect or the name of the model', () => {
    const asks = (protocol: ProtocolId, more: object) => needs(protocol, { ...user(), ...more }).reasoning
    assert.equal(asks('openai-chat', { reasoning_effort: 'high' }), true)
    assert.equal(asks('openai-chat', { reasoning_effort: 'none' }), false)
    assert.equal(asks('openai-responses', { reasoning: { effort: 'low' } }), true)
    assert.equal(asks('openai-responses', { reasoning: { summary: 'auto' } }), false)
    assert.equal(asks('anthropic', { thinking: { type: 'enabled', budget_tokens: 2048 } }), true)
    assert.equal(asks('anthropic', { thinking: { type: 'disabled' } }), false)
    assert.equal(asks('gemini', { generationConfig: { thinkingConfig: { thinkingBudget: 1024 } } }), true)
    assert.equal(asks('gemini', { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } }), false)
    assert.equal(needs('openai-chat', user(), { mode: 'effort', effort: 'high' }).reasoning, true)
    assert.equal(needs('openai-chat', { ...user(), reasoning_effort: 'high' }, { mode: 'off' }).reasoning, false)
  })

  it('takes about a token for four bytes, and pictures by the piece', () => {
    const words = needs('openai-chat', { messages: [{ role: 'user', content: 'word '.repeat(8_000) }] }).tokens
    assert.ok(words >= 10_000 && words < 10_100, `${words}`)
    const url = `data:image/png;base64,${'A'.repeat(2_000_000)}`
    const picture = needs('openai-chat', user({ type: 'image_url', image_url: { url } })).tokens
    assert.ok(picture >= 1_000 && picture < 1_200, `${picture}`)
    const source = { type: 'base64', media_type: 'image/png', data: 'A'.repeat(2_000_000) }
    const block = needs('anthropic', user({ type: 'image', source })).tokens
    assert.ok(block >= 1_000 && block < 1_200, `${block}`)
  })

  it('that cannot be read needs nothing', () => {
    for (const body of ['', '{', '[]', 'null', '{"messages":3}'])
      assert.deepEqual(needWords(needs('openai-chat', Buffer.from(body))), [])
  })
})
