import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import OpenAI from 'openai'
import { fold } from '../../hub/fold.ts'
import type { ChatRequest, Part } from '../../hub/request.ts'
import type { ChatResponse, StreamEvent } from '../../hub/response.ts'
import type { AnswerContext } from '../codec.ts'
import { eventsOf } from '../testing/corpus.ts'
import { hubEvents } from '../testing/hub-events.ts'
import { refereeOpenaiChat } from '../testing/referee-openai-chat.ts'
import { serving, streamed } from '../testing/serve.ts'
import { openaiChatCodec as codec } from './codec.ts'

const asked = (more: object = {}): ChatRequest =>
  codec.request.decode(
    { messages: [{ role: 'user', content: 'hi' }], stream_options: { include_usage: true }, ...more },
    { model: 'm', stream: true },
  )
const context = (request = asked()): AnswerContext => ({
  model: 'alias',
  request,
  created: 1_700_000_000,
  inputEstimate: 5,
})

function written(events: readonly StreamEvent[], at = context()): string {
  const encoder = codec.stream.encoder(at)
  return events.map((event) => encoder.push(event)).join('') + encoder.end()
}

const read = (text: string) => eventsOf(Buffer.from(text), 1 << 20)

function decoded(text: string): ChatResponse {
  const decoder = codec.stream.decoder()
  return fold([...read(text).flatMap((event) => decoder.push(event)), ...decoder.end()])
}

const textOf = (parts: readonly Part[], type: 'text' | 'reasoning' | 'refusal') =>
  parts.flatMap((part) => (part.type === type ? [part.text] : [])).join('')
const callsOf = (parts: readonly Part[]) =>
  parts.flatMap((part) =>
    part.type === 'tool-call' ? [{ id: part.id, name: part.name, input: part.input || '{}' }] : [],
  )

describe('the chat stream encoder', () => {
  it('keeps the grammar and loses nothing, however parts interleave', () => {
    fc.assert(
      fc.property(
        hubEvents({ signedCalls: true, citations: true, search: true, media: true, refusal: true, custom: true }),
        (events) => {
          const text = written(events)
          assert.deepEqual(refereeOpenaiChat(read(text)), [])
          const told = fold(events)
          const back = decoded(text)
          for (const type of ['text', 'reasoning', 'refusal'] as const)
            assert.equal(textOf(back.parts, type), textOf(told.parts, type))
          assert.deepEqual(callsOf(back.parts), callsOf(told.parts))
          assert.deepEqual(back.usage, told.usage)
          assert.equal(back.model, 'alias')
        },
      ),
      { numRuns: 300 },
    )
  })

  it('says in whole what it says in a stream', () => {
    fc.assert(
      fc.property(hubEvents({ interleaved: false, refusal: true, custom: true }), (events) => {
        const whole = codec.response.decode(codec.response.encode(fold(events), context()))
        const stream = decoded(written(events))
        for (const type of ['text', 'reasoning', 'refusal'] as const)
          assert.equal(textOf(whole.parts, type), textOf(stream.parts, type))
        assert.deepEqual(callsOf(whole.parts), callsOf(stream.parts))
        assert.deepEqual(whole.finish, stream.finish)
        assert.deepEqual(whole.usage, stream.usage)
        assert.equal(whole.id, stream.id)
      }),
    )
  })

  it('is read by the official SDK, streamed and whole', async () => {
    const runs = fc.sample(hubEvents({ refusal: true, citations: true }), {
      numRuns: 25,
      seed: 7,
    })
    for (const events of runs) {
      const told = fold(events)
      const body = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] }
      const stream = await serving(streamed(written(events)), (origin) =>
        new OpenAI({ apiKey: 'k', baseURL: `${origin}/v1`, maxRetries: 0 }).chat.completions
          .stream({ ...body, stream_options: { include_usage: true } })
          .finalChatCompletion(),
      )
      const json = JSON.stringify(codec.response.encode(told, context()))
      const whole = await serving(
        { status: 200, headers: { 'content-type': 'application/json' }, body: json },
        (origin) => new OpenAI({ apiKey: 'k', baseURL: `${origin}/v1`, maxRetries: 0 }).chat.completions.create(body),
      )
      for (const answer of [stream, whole]) {
        const { message, finish_reason } = answer.choices[0]!
        assert.equal(message.content ?? '', textOf(told.parts, 'text'))
        assert.equal(message.refusal ?? '', textOf(told.parts, 'refusal'))
        assert.deepEqual(
          (message.tool_calls ?? []).map((call) => ({
            id: call.id,
            ...(call.type === 'function' && { name: call.function.name, input: call.function.arguments }),
          })),
          callsOf(told.parts),
        )
        const calls = callsOf(told.parts).length > 0
        if (told.finish.reason === 'length') assert.equal(finish_reason, 'length')
        else assert.equal(finish_reason, calls ? 'tool_calls' : 'stop')
        if (told.usage !== undefined) {
          const { input, cacheRead, cacheWrite, output, reasoning } = told.usage
          assert.equal(answer.usage?.prompt_tokens, input + cacheRead + cacheWrite)
          assert.equal(answer.usage?.prompt_tokens_details?.cached_tokens, cacheRead)
          assert.equal(answer.usage?.completion_tokens, output)
          assert.equal(answer.usage?.completion_tokens_details?.reasoning_tokens, reasoning)
        }
      }
    }
  })

  const plain: StreamEvent[] = [
    { type: 'start', id: 'msg_1', model: 'x' },
    { type: 'part-start', index: 0, part: { type: 'text' } },
    { type: 'part-delta', index: 0, text: 'Hi' },
    { type: 'part-end', index: 0 },
    { type: 'usage', usage: { input: 1, cacheRead: 2, cacheWrite: 3, output: 4, reasoning: 0 } },
    { type: 'finish', finish: { reason: 'stop' } },
  ]

  it('tells the usage only to a client that asked', () => {
    const quiet = context(asked({ stream_options: { include_usage: false } }))
    assert.ok(!written(plain, quiet).includes('usage'))
    const chunks = read(written(plain)).map(({ data }) => (data === '[DONE]' ? data : JSON.parse(data)))
    assert.deepEqual(chunks.at(-2).choices, [])
    assert.equal(chunks.at(-2).usage.prompt_tokens, 6)
    assert.equal(chunks[0].usage, null)
    assert.equal(chunks[0].id, 'chatcmpl-msg_1')
  })

  it('passes each event on at once', () => {
    const encoder = codec.stream.encoder(context())
    for (const event of plain.slice(0, 3)) {
      if (event.type !== 'part-start') assert.notEqual(encoder.push(event), '')
      else encoder.push(event)
    }
  })

  it('answers a client of the older functions with function_call', () => {
    const older = context(asked({ functions: [{ name: 'f', parameters: { type: 'object' } }] }))
    const events: StreamEvent[] = [
      { type: 'start', id: 'a', model: 'x' },
      { type: 'part-start', index: 0, part: { type: 'tool-call', id: 'c', name: 'f' } },
      { type: 'part-delta', index: 0, text: '{"a":1}' },
      { type: 'part-end', index: 0 },
      { type: 'finish', finish: { reason: 'tool-calls' } },
    ]
    const text = written(events, older)
    assert.ok(!text.includes('tool_calls'))
    assert.ok(text.includes('"finish_reason":"function_call"'))
    const whole = codec.response.encode(fold(events), older) as {
      choices: { message: object; finish_reason: string }[]
    }
    assert.deepEqual(whole.choices[0]!.message, {
      role: 'assistant',
      content: null,
      refusal: null,
      function_call: { name: 'f', arguments: '{"a":1}' },
    })
    assert.equal(whole.choices[0]!.finish_reason, 'function_call')
  })

  it('carries foreign reasoning state to the client and back', () => {
    for (const redacted of [undefined, true as const]) {
      const signature = { issuer: 'anthropic', value: 'EqQBCg==', ...(redacted && { redacted }) }
      const words = redacted ? '' : 'hm'
      const call = {
        type: 'tool-call' as const,
        id: 'c',
        name: 'f',
        input: '{}',
        signature: { issuer: 'gemini', value: 'Eg==' },
      }
      const answer: ChatResponse = {
        id: 'a',
        model: 'x',
        parts: [{ type: 'reasoning', text: words, signature }, call],
        finish: { reason: 'tool-calls' },
      }
      const body = codec.response.encode(answer, context()) as { choices: { message: Record<string, unknown> }[] }
      const { message } = body.choices[0]!
      const again = codec.request.decode({ messages: [message] }, { model: 'm', stream: false })
      assert.deepEqual(again.messages[0]!.parts, answer.parts)
      const { body: upstream } = codec.request.encode(again, { model: 'm' })
      // A vendor never sees another's state.
      assert.ok(!JSON.stringify(upstream).includes('reasoning_details'))
    }
  })

  it('brings the state of its own upstreams back unchanged', () => {
    const details = [
      { type: 'reasoning.text', text: 'hm', signature: 'sig==', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'gAAAA', id: 'rs_1', format: 'openai-responses-v1', index: 1 },
    ]
    const { parts } = codec.response.decode({
      id: 'a',
      choices: [{ message: { role: 'assistant', reasoning: 'hm', reasoning_details: details, content: 'x' } }],
    })
    const history: ChatRequest = { model: 'm', stream: false, messages: [{ role: 'assistant', parts }] }
    const { body } = codec.request.encode(history, { model: 'm' })
    assert.deepEqual((body['messages'] as Record<string, unknown>[])[0]!['reasoning_details'], details)
  })
})
