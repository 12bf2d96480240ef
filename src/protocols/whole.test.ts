import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { anthropic } from './anthropic/index.ts'
import { gemini } from './gemini/index.ts'
import { protocols } from './index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiResponses } from './openai-responses/index.ts'
import type { Protocol } from './protocol.ts'

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))

describe('wholeFailure', () => {
  const failing: [Protocol, unknown, message: string, status: number][] = [
    [openaiChat, { error: { message: 'no', code: 429 } }, 'no', 429],
    [openaiChat, { error: 'no', code: 'invalid_api_key' }, 'no', 401],
    [openaiChat, { error: { message: 'no' }, choices: [] }, 'no', 502],
    [openaiChat, { object: 'error', message: 'no', code: 404 }, 'no', 404],
    [openaiResponses, { status: 'failed', error: { code: 'server_error', message: 'no' }, output: [] }, 'no', 500],
    [openaiResponses, { status: 'failed', error: { code: 'server_error', message: 'no' }, output: [{}] }, 'no', 500],
    [anthropic, { type: 'error', error: { type: 'overloaded_error', message: 'no' } }, 'no', 529],
    [anthropic, { error: { type: 'api_error', message: 'no' } }, 'no', 500],
    [gemini, { error: { code: 503, message: 'no', status: 'UNAVAILABLE' } }, 'no', 503],
    [gemini, [{ error: { code: 503, message: 'no', status: 'UNAVAILABLE' } }], 'no', 503],
  ]
  for (const [protocol, body, message, status] of failing) {
    it(`${protocol.id}: ${JSON.stringify(body)}`, () => {
      const found = protocol.wholeFailure(bytes(body))
      assert.deepEqual([found?.message, found?.status], [message, status])
    })
  }

  const sound: [Protocol, unknown][] = [
    [openaiChat, { error: null, choices: [{}] }],
    [openaiChat, { error: {}, choices: [{}] }],
    [openaiChat, { error: { message: 'late' }, choices: [{}] }],
    [openaiResponses, { status: 'completed', error: null, output: [] }],
    [anthropic, { type: 'message', content: [] }],
    [gemini, { candidates: [{}] }],
    [gemini, { promptFeedback: { blockReason: 'SAFETY' } }],
    [gemini, []],
    [openaiChat, 'not JSON'],
    [openaiChat, ''],
  ]
  for (const [protocol, body] of sound) {
    it(`${protocol.id}: nothing in ${JSON.stringify(body)}`, () => {
      assert.equal(protocol.wholeFailure(bytes(body)), undefined)
    })
  }
})

describe('usage of a whole answer', () => {
  it('is found at the top and not in what the model says', () => {
    const message = { role: 'assistant', content: '{"usage":{"prompt_tokens":99}}', usage: { prompt_tokens: 98 } }
    const body = bytes({ choices: [{ message }], usage: { prompt_tokens: 3, completion_tokens: 2 } })
    assert.deepEqual(openaiChat.usage(body), { input: 3, cacheRead: 0, cacheWrite: 0, output: 2, reasoning: 0 })
  })

  it('of a streamed array is the last that is told', () => {
    const body = bytes([
      { usageMetadata: { promptTokenCount: 1 } },
      { usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 5 } },
      { candidates: [] },
    ])
    assert.equal(gemini.usage(body)?.output, 5)
  })

  it('never throws, whatever the bytes', () => {
    for (const protocol of protocols) {
      const calm = (body: Buffer) => {
        protocol.usage(body)
        protocol.wholeFailure(body)
      }
      fc.assert(fc.property(fc.uint8Array(), (array) => calm(Buffer.from(array))))
      fc.assert(fc.property(fc.json(), (json) => calm(Buffer.from(json))))
      fc.assert(
        fc.property(fc.json(), (json) =>
          calm(Buffer.from(`{"usage":${json},"error":${json},"usageMetadata":${json}}`)),
        ),
      )
    }
  })
})

describe('taps', () => {
  it('never throw, whatever the event', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary-ascii' }),
      fc.json().map((j) => Buffer.from(j).toString('latin1')),
    )
    const name = fc.constantFrom(
      '',
      'error',
      'message_start',
      'message_delta',
      'response.completed',
      'response.done',
      'content_block_start',
      'response.output_item.added',
    )
    const shaped = fc
      .json()
      .map(
        (j) =>
          `{"error":${j},"usage":${j},"choices":[${j}],"candidates":${j},"message":${j},"response":${j},"type":${j}}`,
      )
    fc.assert(
      fc.property(fc.array(fc.record({ event: name, data: fc.oneof(text, shaped) })), (events) => {
        for (const protocol of protocols) {
          const tap = protocol.stream.tap()
          for (const event of events) tap.read(event)
          void tap.usage
          assert.equal(typeof tap.ended, 'boolean')
        }
      }),
    )
  })
})

describe('model lists', () => {
  const A = { id: 'a', ownedBy: 'x', created: 1_700_000_000, displayName: 'The A', contextLength: 1000, maxOutput: 100 }
  const B = { id: 'b', ownedBy: 'y', created: 0 }
  const listed = (protocol: Protocol) => JSON.parse(protocol.models.list([A, B]).body)
  const one = (protocol: Protocol) => JSON.parse(protocol.models.one(B).body)

  it('openai-chat', () => {
    assert.deepEqual(listed(openaiChat), {
      object: 'list',
      data: [
        {
          id: 'a',
          object: 'model',
          created: 1_700_000_000,
          owned_by: 'x',
          context_length: 1000,
          max_output_tokens: 100,
        },
        { id: 'b', object: 'model', created: 0, owned_by: 'y' },
      ],
    })
    assert.deepEqual(one(openaiChat), { id: 'b', object: 'model', created: 0, owned_by: 'y' })
  })

  it('anthropic', () => {
    const b = { type: 'model', id: 'b', display_name: 'b', created_at: '1970-01-01T00:00:00Z' }
    const { data, ...rest } = listed(anthropic)
    assert.deepEqual(rest, { has_more: false, first_id: 'a', last_id: 'b' })
    assert.equal(data[0].created_at, '2023-11-14T22:13:20Z')
    assert.equal(data[0].display_name, 'The A')
    assert.deepEqual(data[1], b)
    assert.deepEqual(one(anthropic), b)
    assert.equal(JSON.parse(anthropic.models.list([]).body).first_id, null)
  })

  it('gemini', () => {
    const [a] = listed(gemini).models
    assert.equal(a.name, 'models/a')
    assert.equal(a.inputTokenLimit, 1000)
    assert.equal(a.outputTokenLimit, 100)
    assert.ok(a.supportedGenerationMethods.includes('generateContent'))
    assert.equal(one(gemini).name, 'models/b')
  })

  it('codex', () => {
    const { models } = listed(openaiResponses)
    assert.equal(models[0].slug, 'a')
    assert.equal(models[0].context_window, 1000)
    assert.equal(models[0].visibility, 'list')
    assert.equal(models[1].context_window, null)
    assert.ok(
      models[0].supported_reasoning_levels.every((level: object) => 'effort' in level && 'description' in level),
    )
  })
})

describe('routes', () => {
  it('are answered by one protocol each', () => {
    const all = protocols.flatMap((p) => p.routes.map((r) => `${r.method} ${r.path}`))
    assert.equal(new Set(all).size, all.length)
  })
})
