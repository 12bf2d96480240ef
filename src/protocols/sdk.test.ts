import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { ApiError, GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { type Failure, failure } from '../hub/failure.ts'
import { anthropic } from './anthropic/index.ts'
import { gemini } from './gemini/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiResponses } from './openai-responses/index.ts'
import { serving, streamed } from './testing/serve.ts'

const openaiAt = (origin: string) => new OpenAI({ apiKey: 'k', baseURL: `${origin}/v1`, maxRetries: 0 })
const anthropicAt = (origin: string) => new Anthropic({ apiKey: 'k', baseURL: origin, maxRetries: 0 })
const geminiAt = (origin: string) => new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: origin } })

const MESSAGES = [{ role: 'user' as const, content: 'hi' }]

/** Everything a client may be refused with, one per status. */
const FAILURES: Failure[] = [
  failure('invalid-request', 'no messages', { param: 'messages' }),
  failure('unauthorized', 'no such key'),
  failure('forbidden', 'not for you'),
  failure('unknown-model', 'no model x'),
  failure('not-found', 'no such path'),
  failure('invalid-request', 'use POST', { status: 405, headers: { allow: 'POST' } }),
  failure('timeout', 'too slow to ask', { status: 408 }),
  failure('too-large', 'over 32 MB'),
  failure('invalid-request', 'cannot be processed', { status: 422 }),
  failure('rate-limited', 'slow down', { retryAfter: 1.2 }),
  failure('quota-exhausted', 'all accounts rest', { retryAfter: 3600 }),
  failure('internal', 'a fault of ours'),
  failure('upstream', 'the upstream broke'),
  failure('overloaded', 'busy'),
  failure('overloaded', 'busy', { status: 529, code: 'overloaded_error' }),
  failure('timeout', 'no answer in time'),
]

async function thrownBy(run: () => Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await run()
  } catch (error) {
    return error as Record<string, unknown>
  }
  return assert.fail('nothing was thrown')
}

async function drain(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const item of stream) seen.push(item)
  return seen
}

function openaiClass(status: number) {
  const byStatus: Record<number, unknown> = {
    400: OpenAI.BadRequestError,
    401: OpenAI.AuthenticationError,
    403: OpenAI.PermissionDeniedError,
    404: OpenAI.NotFoundError,
    422: OpenAI.UnprocessableEntityError,
    429: OpenAI.RateLimitError,
  }
  return (byStatus[status] ?? (status >= 500 ? OpenAI.InternalServerError : OpenAI.APIError)) as typeof OpenAI.APIError
}

function anthropicClass(status: number) {
  const byStatus: Record<number, unknown> = {
    400: Anthropic.BadRequestError,
    401: Anthropic.AuthenticationError,
    403: Anthropic.PermissionDeniedError,
    404: Anthropic.NotFoundError,
    422: Anthropic.UnprocessableEntityError,
    429: Anthropic.RateLimitError,
  }
  return (byStatus[status] ??
    (status >= 500 ? Anthropic.InternalServerError : Anthropic.APIError)) as typeof Anthropic.APIError
}

describe('the official SDKs throw their own error for each refusal', () => {
  for (const f of FAILURES) {
    const name = `${f.status} ${f.kind}`

    it(`openai chat: ${name}`, async () => {
      const error = await serving(openaiChat.failure.encode(f, 'req_1'), (origin) =>
        thrownBy(() => openaiAt(origin).chat.completions.create({ model: 'm', messages: MESSAGES })),
      )
      assert.ok(error instanceof openaiClass(f.status), String(error['constructor']))
      assert.equal(error['status'], f.status)
      assert.equal(error['message'], `${f.status} ${f.message}`)
      assert.equal(error['requestID'], 'req_1')
      assert.equal(error['param'], f.param ?? null)
    })

    it(`openai responses: ${name}`, async () => {
      const error = await serving(openaiResponses.failure.encode(f, 'req_1'), (origin) =>
        thrownBy(() => openaiAt(origin).responses.create({ model: 'm', input: 'hi' })),
      )
      assert.ok(error instanceof openaiClass(f.status))
      assert.equal(error['message'], `${f.status} ${f.message}`)
    })

    it(`anthropic: ${name}`, async () => {
      const error = await serving(anthropic.failure.encode(f, 'req_1'), (origin) =>
        thrownBy(() => anthropicAt(origin).messages.create({ model: 'm', max_tokens: 1, messages: MESSAGES })),
      )
      assert.ok(error instanceof anthropicClass(f.status))
      assert.equal(error['status'], f.status)
      assert.equal(error['requestID'], 'req_1')
      assert.match(String(error['message']), new RegExp(f.message))
    })

    it(`google: ${name}`, async () => {
      const error = await serving(gemini.failure.encode(f, 'req_1'), (origin) =>
        thrownBy(() => geminiAt(origin).models.generateContent({ model: 'm', contents: 'hi' })),
      )
      assert.ok(error instanceof ApiError)
      assert.equal(error.status, f.status)
      const body = JSON.parse(error.message)
      assert.equal(body.error.message, f.message)
      assert.equal(body.error.code, f.status)
    })
  }
})

describe('the official SDKs throw at the terminal error of a stream that has begun', () => {
  for (const f of FAILURES) {
    const name = `${f.status} ${f.kind}`

    it(`openai chat: ${name}`, async () => {
      const begun =
        'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
      const seen: unknown[] = []
      const error = await serving(streamed(begun + openaiChat.failure.midStream(f, 'req_1')), (origin) =>
        thrownBy(async () => {
          const stream = await openaiAt(origin).chat.completions.create({
            model: 'm',
            messages: MESSAGES,
            stream: true,
          })
          for await (const chunk of stream) seen.push(chunk)
        }),
      )
      assert.equal(seen.length, 1)
      assert.ok(error instanceof OpenAI.APIError)
      assert.equal(error['message'], f.message)
    })

    it(`openai responses: ${name}`, async () => {
      const begun =
        'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"Hel","sequence_number":4}\n\n'
      const error = await serving(streamed(begun + openaiResponses.failure.midStream(f, 'req_1')), (origin) =>
        thrownBy(async () => drain(await openaiAt(origin).responses.create({ model: 'm', input: 'hi', stream: true }))),
      )
      assert.ok(error instanceof OpenAI.APIError)
      assert.equal(error['message'], f.message)
    })

    it(`anthropic: ${name}`, async () => {
      const begun =
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n'
      const error = await serving(streamed(begun + anthropic.failure.midStream(f, 'req_1')), (origin) =>
        thrownBy(async () =>
          drain(
            await anthropicAt(origin).messages.create({ model: 'm', max_tokens: 1, messages: MESSAGES, stream: true }),
          ),
        ),
      )
      assert.ok(error instanceof Anthropic.APIError)
      assert.match(String(error['message']), new RegExp(f.message))
    })

    it(`google: ${name}`, async () => {
      const begun = 'data: {"candidates":[{"content":{"parts":[{"text":"Hel"}],"role":"model"}}]}\n\n'
      const error = await serving(streamed(begun + gemini.failure.midStream(f, 'req_1')), (origin) =>
        thrownBy(async () =>
          drain(await geminiAt(origin).models.generateContentStream({ model: 'm', contents: 'hi' })),
        ),
      )
      assert.ok(error instanceof ApiError)
      assert.equal(error.status, f.status)
      assert.match(error.message, new RegExp(f.message))
    })
  }
})

describe('the official SDKs pass over keep-alives', () => {
  it('openai chat', async () => {
    const text = `${openaiChat.stream.keepAlive(false)}data: {"choices":[]}\n\n${openaiChat.stream.keepAlive(true)}data: [DONE]\n\n`
    const seen = await serving(streamed(text), async (origin) =>
      drain(await openaiAt(origin).chat.completions.create({ model: 'm', messages: MESSAGES, stream: true })),
    )
    assert.deepEqual(seen, [{ choices: [] }])
  })

  it('anthropic', async () => {
    const text = `${anthropic.stream.keepAlive(false)}${anthropic.stream.keepAlive(true)}event: message_stop\ndata: {"type":"message_stop"}\n\n`
    const seen = await serving(streamed(text), async (origin) =>
      drain(await anthropicAt(origin).messages.create({ model: 'm', max_tokens: 1, messages: MESSAGES, stream: true })),
    )
    assert.deepEqual(seen, [{ type: 'message_stop' }])
  })

  it('google', async () => {
    const text = `${gemini.stream.keepAlive(false)}data: {"candidates":[]}\n\n${gemini.stream.keepAlive(true)}`
    const seen = await serving(streamed(text), async (origin) =>
      drain(await geminiAt(origin).models.generateContentStream({ model: 'm', contents: 'hi' })),
    )
    assert.equal(seen.length, 1)
  })
})

describe('the official SDKs read the model lists', () => {
  const models = [
    { id: 'a/b:c', ownedBy: 'x', created: 1_700_000_000, displayName: 'A', contextLength: 1000, maxOutput: 100 },
    { id: 'd', ownedBy: 'y', created: 0 },
  ]

  it('openai', async () => {
    const list = await serving(openaiChat.models.list(models), async (o) => drain(await openaiAt(o).models.list()))
    assert.deepEqual(
      (list as { id: string }[]).map((m) => m.id),
      ['a/b:c', 'd'],
    )
  })

  it('anthropic', async () => {
    const list = await serving(anthropic.models.list(models), async (o) => drain(await anthropicAt(o).models.list()))
    assert.deepEqual(
      (list as { id: string }[]).map((m) => m.id),
      ['a/b:c', 'd'],
    )
  })

  it('google', async () => {
    const list = await serving(gemini.models.list(models), async (o) => drain(await geminiAt(o).models.list()))
    assert.deepEqual(
      (list as { name: string }[]).map((m) => m.name),
      ['models/a/b:c', 'models/d'],
    )
    const one = await serving(gemini.models.one(models[0]!), (o) => geminiAt(o).models.get({ model: 'a' }))
    assert.equal(one.inputTokenLimit, 1000)
  })
})
