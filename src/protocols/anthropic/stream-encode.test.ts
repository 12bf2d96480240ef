import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import fc from 'fast-check'
import { fold } from '../../hub/fold.ts'
import type { StreamEvent } from '../../hub/response.ts'
import { packSignature, unpackSignature } from '../../hub/signature.ts'
import { eventsOf } from '../testing/corpus.ts'
import { hubEvents } from '../testing/hub-events.ts'
import { refereeAnthropic } from '../testing/referee-anthropic.ts'
import { serving, streamed } from '../testing/serve.ts'
import { anthropicCodec as codec } from './codec.ts'

const NATIVE = { type: 'web_fetch_tool_result', tool_use_id: 'srvtoolu_1', content: { type: 'web_fetch_result' } }
const context = {
  model: 'my-alias',
  request: { model: 'my-alias', stream: true, messages: [] },
  created: 1_700_000_000,
  inputEstimate: 42,
}

const any = hubEvents({
  signedCalls: true,
  citations: true,
  search: true,
  media: true,
  refusal: true,
  custom: true,
  native: { protocol: 'anthropic', values: [NATIVE] },
})

function encoded(events: readonly StreamEvent[]): string {
  const encoder = codec.stream.encoder(context)
  return events.map((event) => encoder.push(event)).join('') + encoder.end()
}

/** What the official SDK makes of a stream, and of the whole answer. */
async function readBySdk(
  events: readonly StreamEvent[],
): Promise<{ stream: Anthropic.Message; whole: Anthropic.Message }> {
  const ask = { model: 'my-alias', max_tokens: 10, messages: [{ role: 'user' as const, content: 'hi' }] }
  const client = (origin: string) => new Anthropic({ apiKey: 'k', baseURL: origin, maxRetries: 0 })
  const stream = await serving(streamed(encoded(events)), (origin) =>
    client(origin).messages.stream(ask).finalMessage(),
  )
  const body = JSON.stringify(codec.response.encode(fold(events), context))
  const answer = { status: 200, headers: { 'content-type': 'application/json' }, body }
  const whole = await serving(answer, (origin) => client(origin).messages.create(ask))
  return { stream, whole }
}

const start: StreamEvent = { type: 'start', id: 'resp_1', model: 'upstream' }
const done = (reason: 'stop' | 'tool-calls' = 'stop'): StreamEvent => ({ type: 'finish', finish: { reason } })
const names = (text: string) =>
  eventsOf(Buffer.from(text), 1 << 20).map((event) => JSON.parse(event.data) as Record<string, never>)

describe('the stream encoder', () => {
  it('keeps the grammar whatever comes', () => {
    fc.assert(
      fc.property(any, (events) => {
        assert.deepEqual(refereeAnthropic(eventsOf(Buffer.from(encoded(events)), 1 << 20)), [])
      }),
      { numRuns: 500 },
    )
  })

  it('says the same as the whole answer, as the official SDK reads both', async () => {
    await fc.assert(
      fc.asyncProperty(any, async (events) => {
        const { stream, whole } = await readBySdk(events)
        assert.deepEqual(stripped(stream), stripped(whole))
      }),
      { numRuns: 60 },
    )
  })

  it('is read back by the decoder as the text, calls and usage that went in', () => {
    const plain = hubEvents({ issuers: ['anthropic'], interleaved: true })
    fc.assert(
      fc.property(plain, (events) => {
        const decoder = codec.stream.decoder()
        const read = eventsOf(Buffer.from(encoded(events)), 5).flatMap((event) => decoder.push(event))
        const back = fold([...read, ...decoder.end()])
        const wanted = fold(events)
        const kept = wanted.parts.filter(
          (part) =>
            !((part.type === 'text' || part.type === 'reasoning') && part.text === '' && !('signature' in part)),
        )
        assert.deepEqual(
          back.parts,
          kept.map((part) => (part.type === 'tool-call' && part.input === '' ? { ...part, input: '{}' } : part)),
        )
        assert.equal(back.finish.reason, wanted.finish.reason)
        if (wanted.usage) assert.deepEqual(back.usage, wanted.usage)
      }),
    )
  })

  it('writes the lowest open part live and holds the others back', () => {
    const encoder = codec.stream.encoder(context)
    encoder.push(start)
    encoder.push({ type: 'part-start', index: 0, part: { type: 'tool-call', id: 'a', name: 'f' } })
    assert.match(encoder.push({ type: 'part-delta', index: 0, text: '{"x":' }), /input_json_delta/)
    assert.equal(encoder.push({ type: 'part-start', index: 1, part: { type: 'tool-call', id: 'b', name: 'g' } }), '')
    assert.equal(encoder.push({ type: 'part-delta', index: 1, text: '{}' }), '')
    assert.match(encoder.push({ type: 'part-delta', index: 0, text: '1}' }), /"index":0/)
    assert.match(encoder.push({ type: 'part-end', index: 0 }), /"index":1.*"id":"b"/s)
  })

  it('estimates the input at first and corrects it at the end', () => {
    const usage = { input: 7, cacheRead: 3, cacheWrite: 2, output: 5, reasoning: 1 }
    const events = names(encoded([start, done(), { type: 'usage', usage }]))
    assert.deepEqual(events[0]!['message']!['usage'], {
      input_tokens: 42,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 0,
    })
    assert.deepEqual(events[1]!['usage'], {
      input_tokens: 7,
      cache_creation_input_tokens: 2,
      cache_read_input_tokens: 3,
      output_tokens: 5,
      output_tokens_details: { thinking_tokens: 1 },
    })
  })

  it('gives another vendor’s signature on a call back with that call', async () => {
    const signature = { issuer: 'gemini', value: 'c2lnbmVk' }
    const events: StreamEvent[] = [
      start,
      { type: 'part-start', index: 0, part: { type: 'tool-call', id: 'call_1', name: 'f' } },
      { type: 'part-delta', index: 0, text: '{}' },
      { type: 'part-signature', index: 0, signature },
      { type: 'part-end', index: 0 },
      { type: 'part-start', index: 1, part: { type: 'tool-call', id: 'call_2', name: 'f' } },
      { type: 'part-end', index: 1 },
      done('tool-calls'),
    ]
    const { stream, whole } = await readBySdk(events)
    for (const { content } of [stream, whole]) {
      assert.deepEqual(
        content.map((block) => block.type),
        ['tool_use', 'thinking', 'tool_use'],
      )
      const body = { messages: [{ role: 'assistant', content }] }
      const { messages } = codec.request.decode(body, { model: 'm', stream: false })
      const [first, second, ...rest] = messages[0]!.parts
      assert.deepEqual(first, { type: 'tool-call', id: 'call_1', name: 'f', input: '{}', signature })
      assert.deepEqual(second, { type: 'tool-call', id: 'call_2', name: 'f', input: '{}' })
      assert.deepEqual(rest, [])
    }
  })

  it('wraps ids the dialect has no letters for, and unwraps them in the next request', async () => {
    const events: StreamEvent[] = [
      start,
      { type: 'part-start', index: 0, part: { type: 'tool-call', id: 'functions.f:0', name: 'f' } },
      { type: 'part-end', index: 0 },
      done('tool-calls'),
    ]
    const { stream, whole } = await readBySdk(events)
    assert.deepEqual(stream.content, whole.content)
    const [block] = stream.content
    assert.ok(block?.type === 'tool_use')
    assert.match(block.id, /^toolu_lp_[A-Za-z0-9_-]+$/)
    const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: block.id, content: 'ok' }] }
    const body = { messages: [{ role: 'assistant', content: stream.content }, result] }
    const { messages } = codec.request.decode(body, { model: 'm', stream: false })
    assert.deepEqual(
      messages.map(({ parts: [part] }) => part),
      [
        { type: 'tool-call', id: 'functions.f:0', name: 'f', input: '{}' },
        { type: 'tool-result', callId: 'functions.f:0', parts: [{ type: 'text', text: 'ok' }] },
      ],
    )
  })

  it('carries sealed thoughts of other vendors in redacted blocks, and takes them back', async () => {
    const signature = { issuer: 'openai-responses', value: 'gAAAA', redacted: true as const }
    const events: StreamEvent[] = [
      start,
      { type: 'part-start', index: 0, part: { type: 'reasoning' } },
      { type: 'part-signature', index: 0, signature },
      { type: 'part-end', index: 0 },
      done(),
    ]
    const { stream } = await readBySdk(events)
    assert.deepEqual(stream.content, [{ type: 'redacted_thinking', data: packSignature(signature, 'anthropic') }])
    const body = { messages: [{ role: 'assistant', content: stream.content }] }
    const { messages } = codec.request.decode(body, { model: 'm', stream: false })
    assert.deepEqual(messages[0]!.parts, [{ type: 'reasoning', text: '', signature }])
    assert.deepEqual(unpackSignature(packSignature(signature, 'anthropic'), 'anthropic'), signature)
  })

  it('wraps input that is no object, for clients parse it', () => {
    const call = (text: string): StreamEvent[] => [
      start,
      { type: 'part-start', index: 0, part: { type: 'tool-call', id: 'a', name: 'f' } },
      { type: 'part-delta', index: 0, text },
      done('tool-calls'),
    ]
    const input = (text: string) =>
      names(encoded(call(text)))
        .flatMap((event) => event['delta']?.['partial_json'] ?? [])
        .join('')
    assert.equal(input(' {"a":1}'), ' {"a":1}')
    assert.equal(input('[1]'), '{"_raw":"[1]"}')
    assert.equal(input('"x"'), '{"_raw":"\\"x\\""}')
    assert.equal(input(' '), '')
  })

  it('says nothing when the answer broke', () => {
    const encoder = codec.stream.encoder(context)
    encoder.push(start)
    assert.equal(
      encoder.push({ type: 'error', failure: { kind: 'upstream', status: 502, scope: 'model', message: 'x' } }),
      '',
    )
  })
})

/** Without what only one of the two forms tells: ids, and an estimate in place of no usage. */
function stripped({ content, stop_reason, stop_sequence, usage, model, id }: Anthropic.Message): unknown {
  const { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } = usage
  return {
    id,
    model,
    stop_reason,
    stop_sequence,
    content: JSON.parse(JSON.stringify(content)),
    usage: { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens },
  }
}
