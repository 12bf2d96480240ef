import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import OpenAI from 'openai'
import { FailureError } from '../../hub/failure.ts'
import { fold } from '../../hub/fold.ts'
import { leftBehind } from '../../hub/loss.ts'
import type { AnswerContext, Json } from '../codec.ts'
import { openaiChatCodec } from '../openai-chat/codec.ts'
import { eventsOf } from '../testing/corpus.ts'
import { hubEvents } from '../testing/hub-events.ts'
import { serving, streamed } from '../testing/serve.ts'
import { openaiCompletionsCodec as codec } from './codec.ts'
import { openaiCompletions } from './index.ts'

const decode = (body: Json) => codec.request.decode(body, { model: 'm', stream: body['stream'] === true })
const context = (body: Json = {}): AnswerContext => ({
  model: 'alias',
  request: decode({ prompt: 'Once', ...body }),
  created: 1_700_000_000,
  inputEstimate: 1,
})

describe('legacy completions', () => {
  it('make one user message of the prompt', () => {
    for (const prompt of ['Once upon', ['Once upon']])
      assert.deepEqual(
        decode({ prompt, max_tokens: 5, stop: '.', n: 1, best_of: 1, seed: null, temperature: 0, user: 'u' }),
        {
          model: 'm',
          stream: false,
          messages: [{ role: 'user', parts: [{ type: 'text', text: 'Once upon' }] }],
          maxOutputTokens: 5,
          stop: ['.'],
          temperature: 0,
          user: 'u',
        },
      )
  })

  const refused: [string, Json][] = [
    ['prompt', {}],
    ['prompt', { prompt: '' }],
    ['prompt', { prompt: ['a', 'b'] }],
    ['prompt', { prompt: [1, 2] }],
    ['prompt', { prompt: [[1, 2]] }],
    ['n', { prompt: 'a', n: 2 }],
    ['best_of', { prompt: 'a', best_of: 3 }],
    ['suffix', { prompt: 'a', suffix: 'b' }],
    ['max_tokens', { prompt: 'a', max_tokens: 'many' }],
  ]
  for (const [param, body] of refused) {
    it(`refuse ${JSON.stringify(body)} by name`, () => {
      assert.throws(
        () => decode(body),
        (error) => error instanceof FailureError && error.failure.status === 400 && error.failure.param === param,
      )
    })
  }

  it('tell what no chat can do, and not what is done here', () => {
    const request = decode({ prompt: 'a', logprobs: 5, logit_bias: { 1: 2 }, echo: true, stream_options: {} })
    assert.deepEqual(
      leftBehind(request, 'openai-chat').map(({ field }) => field),
      ['logprobs', 'logit_bias'],
    )
    const { body } = openaiChatCodec.request.encode(request, { model: 'x' })
    assert.deepEqual(body, { model: 'x', messages: [{ role: 'user', content: 'a' }] })
  })

  const client = (origin: string) => new OpenAI({ apiKey: 'k', baseURL: `${origin}/v1`, maxRetries: 0 })
  const textOf = (events: Parameters<typeof fold>[0]) =>
    fold(events)
      .parts.flatMap((part) => (part.type === 'text' || part.type === 'refusal' ? [part.text] : []))
      .join('')

  it('are read by the official SDK, whole and streamed', async () => {
    for (const echo of [false, true])
      for (const events of fc.sample(hubEvents({ refusal: true, interleaved: false }), { numRuns: 10, seed: 3 })) {
        const at = context({ echo, stream_options: { include_usage: true } })
        const expected = (echo ? 'Once' : '') + textOf(events)
        const answer = fold(events)
        const body = JSON.stringify(codec.response.encode(answer, at))
        const whole = await serving({ status: 200, headers: { 'content-type': 'application/json' }, body }, (o) =>
          client(o).completions.create({ model: 'm', prompt: 'Once' }),
        )
        assert.equal(whole.choices[0]?.text, expected)
        assert.equal(whole.object, 'text_completion')
        const encoder = codec.stream.encoder(at)
        const wire = events.map((event) => encoder.push(event)).join('') + encoder.end()
        let text = ''
        let finish: string | null = null
        let output: number | undefined
        await serving(streamed(wire), async (o) => {
          for await (const chunk of await client(o).completions.create({ model: 'm', prompt: 'Once', stream: true })) {
            assert.equal(chunk.object, 'text_completion')
            text += chunk.choices[0]?.text ?? ''
            finish = chunk.choices[0]?.finish_reason ?? finish
            output = chunk.usage?.completion_tokens ?? output
          }
        })
        assert.equal(text, expected)
        assert.equal(finish, whole.choices[0]?.finish_reason)
        assert.equal(output, answer.usage?.output)
        const last = eventsOf(Buffer.from(wire), 1000).at(-1)
        assert.equal(last?.data, '[DONE]')
      }
  })

  it('have one route and the refusals of chat', () => {
    assert.deepEqual(openaiCompletions.routes, [{ method: 'POST', path: '/v1/completions', action: 'generate' }])
    assert.equal(openaiCompletions.conversation.turns, 'prompt')
  })
})
