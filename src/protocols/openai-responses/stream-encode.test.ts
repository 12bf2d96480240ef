import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import OpenAI from 'openai'
import { fold } from '../../hub/fold.ts'
import type { ChatRequest, Part } from '../../hub/request.ts'
import type { ChatResponse, StreamEvent } from '../../hub/response.ts'
import type { AnswerContext } from '../codec.ts'
import type { Json } from '../json.ts'
import { eventsOf } from '../testing/corpus.ts'
import { hubEvents } from '../testing/hub-sequences.ts'
import { refereeOpenaiResponses } from '../testing/referee-openai-responses.ts'
import { serving, streamed } from '../testing/serve.ts'
import { openaiResponsesCodec as codec } from './codec.ts'

const asked = (more: Json = {}): ChatRequest =>
  codec.request.decode(
    { model: 'm', input: 'hi', include: ['reasoning.encrypted_content'], ...more },
    { model: 'm', stream: true },
  )

const context = (more: Json = {}): AnswerContext => ({
  model: 'alias',
  request: asked(more),
  created: 1_700_000_000,
  inputEstimate: 10,
})

function written(events: readonly StreamEvent[], c = context()): string {
  const encoder = codec.stream.encoder(c)
  return events.map((event) => encoder.push(event)).join('') + encoder.end()
}

const read = (text: string) => eventsOf(Buffer.from(text), Number.POSITIVE_INFINITY)
const utf8 = (text: string) =>
  read(text).map(({ event, data }) => ({ event, data: Buffer.from(data, 'latin1').toString() }))

function decoded(text: string): ChatResponse {
  const decoder = codec.stream.decoder()
  return fold([...read(text).flatMap((event) => decoder.push(event)), ...decoder.end()])
}

const EVERYTHING = { citations: true, search: true, media: true, refusal: true, custom: true }

const said = (parts: readonly Part[], ...types: string[]) =>
  parts.flatMap((p) => (types.includes(p.type) && 'text' in p ? [p.text] : [])).join('')
const calls = (parts: readonly Part[]) =>
  parts.flatMap((p) =>
    p.type === 'tool-call' ? [[p.id, p.name, p.custom ?? false, p.input === '' && !p.custom ? '{}' : p.input]] : [],
  )
const seals = (parts: readonly Part[]) =>
  parts.flatMap((p) => {
    if (p.type !== 'reasoning' || p.signature === undefined) return []
    const { issuer, value, redacted } = p.signature
    // Everything sealed is hidden in this dialect; there is no mark for it.
    return [{ issuer, value, redacted: issuer !== 'openai-responses' && redacted === true }]
  })

/** Reasoning without words and seal says nothing, and a picture or search nothing beyond itself. */
const order = (parts: readonly Part[]) =>
  parts
    .filter((p) => p.type !== 'reasoning' || p.text !== '' || p.signature)
    .map((p) => p.type)
    .join(' ')

describe('the Responses stream encoder', () => {
  it('writes legal streams that say what the events said', () => {
    fc.assert(
      fc.property(hubEvents(EVERYTHING), (events) => {
        const text = written(events)
        assert.deepEqual(refereeOpenaiResponses(utf8(text)), [])
        const told = fold(events)
        const back = decoded(text)
        for (const type of ['text', 'refusal', 'reasoning'])
          assert.equal(said(back.parts, type), said(told.parts, type))
        assert.deepEqual(calls(back.parts), calls(told.parts))
        assert.deepEqual(seals(back.parts), seals(told.parts))
        // Reasoning that is neither worded nor sealed comes back as an item of which nothing can be read.
        assert.equal(order(back.parts.filter((p) => p.type !== 'native')), order(told.parts))
        assert.deepEqual(back.usage, told.usage)
        const refused = told.parts.some((p) => p.type === 'refusal') && told.finish.reason !== 'length'
        assert.equal(back.finish.reason, refused ? 'refusal' : told.finish.reason)
      }),
    )
  })

  it('says whole what it says in a stream', () => {
    fc.assert(
      fc.property(hubEvents({ ...EVERYTHING, signedCalls: true, interleaved: false }), (events) => {
        const last = JSON.parse(utf8(written(events)).at(-1)?.data ?? '')
        const { completed_at: _, ...whole } = codec.response.encode(fold(events), context())
        const { completed_at: __, ...stream } = last.response
        assert.deepEqual(whole, stream)
      }),
    )
  })

  it('gives the same bytes for the same answer', () => {
    fc.assert(fc.property(hubEvents(EVERYTHING), (events) => assert.equal(written(events), written(events))))
  })

  it('hands text on at once', () => {
    const encoder = codec.stream.encoder(context())
    encoder.push({ type: 'start', id: 'x', model: 'm' })
    encoder.push({ type: 'part-start', index: 0, part: { type: 'tool-call', id: 'c', name: 'f' } })
    assert.match(encoder.push({ type: 'part-delta', index: 0, text: '{"a"' }), /function_call_arguments\.delta/)
    assert.equal(encoder.push({ type: 'part-start', index: 1, part: { type: 'text' } }), '')
    assert.equal(encoder.push({ type: 'part-delta', index: 1, text: 'late' }), '')
    assert.match(encoder.push({ type: 'part-end', index: 0 }), /"delta":"late"/)
    assert.match(encoder.push({ type: 'part-delta', index: 1, text: 'live' }), /"delta":"live"/)
  })

  it('keeps text that stands together in one message', () => {
    const text = (index: number, words: string): StreamEvent[] => [
      { type: 'part-start', index, part: { type: 'text' } },
      { type: 'part-delta', index, text: words },
      { type: 'part-end', index },
    ]
    const last = JSON.parse(
      utf8(
        written([
          { type: 'start', id: 'x', model: 'm' },
          ...text(0, 'a'),
          ...text(1, 'b'),
          { type: 'finish', finish: { reason: 'length' } },
        ]),
      ).at(-1)?.data ?? '',
    )
    assert.equal(last.type, 'response.incomplete')
    assert.deepEqual(last.response.incomplete_details, { reason: 'max_output_tokens' })
    assert.equal(last.response.output.length, 1)
    assert.equal(last.response.output[0].status, 'incomplete')
    assert.deepEqual(
      last.response.output[0].content.map((c: Json) => c['text']),
      ['a', 'b'],
    )
  })

  it('seals reasoning only for clients that asked', () => {
    const events: StreamEvent[] = [
      { type: 'start', id: 'x', model: 'm' },
      { type: 'part-start', index: 0, part: { type: 'reasoning' } },
      { type: 'part-delta', index: 0, text: 'hm' },
      { type: 'part-signature', index: 0, signature: { issuer: 'anthropic', value: 'Eabc' } },
      { type: 'part-end', index: 0 },
      { type: 'finish', finish: { reason: 'stop' } },
    ]
    assert.match(written(events), /"encrypted_content":"bHAxf/)
    assert.doesNotMatch(written(events, context({ include: [] })), /encrypted_content/)
    const item = decoded(written(events)).parts[0]
    assert.deepEqual(item?.type === 'reasoning' && item.signature, { issuer: 'anthropic', value: 'Eabc' })
  })

  it("carries a call's signature behind the call, and back to it", () => {
    const signature = { issuer: 'gemini', value: 'EiQ=' }
    const events: StreamEvent[] = [
      { type: 'start', id: 'x', model: 'm' },
      { type: 'part-start', index: 0, part: { type: 'tool-call', id: 'call_1', name: 'f' } },
      { type: 'part-delta', index: 0, text: '{}' },
      { type: 'part-signature', index: 0, signature },
      { type: 'part-end', index: 0 },
      { type: 'finish', finish: { reason: 'tool-calls' } },
    ]
    const stream = utf8(written(events))
    assert.deepEqual(refereeOpenaiResponses(stream), [])
    const { output } = JSON.parse(stream.at(-1)?.data ?? '').response
    assert.deepEqual(codec.response.encode(fold(events), context())['output'], output)
    const { messages } = asked({ input: [{ role: 'user', content: 'hi' }, ...output] })
    assert.equal(messages.length, 2)
    const [call] = messages[1]?.parts ?? []
    assert.deepEqual(call?.type === 'tool-call' && call.signature, signature)
  })

  it('echoes what was asked for', () => {
    const tools = [{ type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: true }]
    const more = {
      tools,
      instructions: 'Be brief.',
      temperature: 0.2,
      tool_choice: 'required',
      metadata: { a: 'b' },
      reasoning: { effort: 'low', summary: 'auto' },
      text: { verbosity: 'low' },
      previous_response_id: 'resp_0',
      store: false,
    }
    const { response } = JSON.parse(
      utf8(written([{ type: 'start', id: 'resp_9', model: 'm' }], context(more)))[0]?.data ?? '',
    )
    const {
      tools: t,
      instructions,
      temperature,
      tool_choice,
      metadata,
      reasoning,
      text,
      previous_response_id,
      store,
    } = response
    assert.deepEqual(
      {
        tools: t,
        instructions,
        temperature,
        tool_choice,
        metadata,
        reasoning,
        text: { verbosity: text.verbosity },
        previous_response_id,
        store,
      },
      more,
    )
    assert.equal(response.id, 'resp_9')
    assert.equal(response.model, 'alias')
  })

  it('writes items of its own dialect as they are, and others not at all', () => {
    const item = { type: 'compaction', id: 'cmp_1', encrypted_content: 'x' }
    const last = JSON.parse(
      utf8(
        written([
          { type: 'start', id: 'x', model: 'm' },
          { type: 'native', protocol: 'openai-responses', value: item },
          { type: 'native', protocol: 'anthropic', value: { type: 'x' } },
          { type: 'finish', finish: { reason: 'stop' } },
        ]),
      ).at(-1)?.data ?? '',
    )
    assert.deepEqual(last.response.output, [item])
  })
})

describe('the openai SDK reads what is written', () => {
  const client = (origin: string) => new OpenAI({ apiKey: 'k', baseURL: `${origin}/v1`, maxRetries: 0 })
  const samples = () => fc.sample(hubEvents(EVERYTHING), { numRuns: 30, seed: 11 })

  for (const way of ['create', 'stream'] as const) {
    it(`responses.${way}`, async () => {
      for (const events of samples()) {
        const told = fold(events)
        const response = await serving(streamed(written(events)), async (origin) => {
          if (way === 'stream') return client(origin).responses.stream({ model: 'm', input: 'hi' }).finalResponse()
          let text = ''
          let last: OpenAI.Responses.Response | undefined
          for await (const event of await client(origin).responses.create({ model: 'm', input: 'hi', stream: true })) {
            if (event.type === 'response.output_text.delta') text += event.delta
            if (event.type === 'response.completed' || event.type === 'response.incomplete') last = event.response
          }
          assert.equal(text, said(told.parts, 'text'))
          return { ...last, output_text: text } as OpenAI.Responses.Response
        })
        agrees(response, told)
      }
    })
  }

  it('whole', async () => {
    for (const events of samples()) {
      const told = fold(events)
      const body = JSON.stringify(codec.response.encode(told, context()))
      const answer = { status: 200, headers: { 'content-type': 'application/json' }, body }
      agrees(await serving(answer, (origin) => client(origin).responses.create({ model: 'm', input: 'hi' })), told)
    }
  })

  function agrees(response: OpenAI.Responses.Response, told: ChatResponse): void {
    assert.equal(response.output_text, said(told.parts, 'text'))
    assert.equal(response.status, told.finish.reason === 'length' ? 'incomplete' : 'completed')
    const called = response.output.flatMap((item) =>
      item.type === 'function_call' || item.type === 'custom_tool_call'
        ? [
            [
              item.call_id,
              item.name,
              item.type === 'custom_tool_call',
              item.type === 'function_call' ? item.arguments : item.input,
            ],
          ]
        : [],
    )
    assert.deepEqual(called, calls(told.parts))
    const u = told.usage
    const total = u && u.input + u.cacheRead + u.cacheWrite + u.output
    assert.equal(response.usage?.total_tokens, total)
    assert.equal(response.usage?.input_tokens_details.cached_tokens, u?.cacheRead)
  }
})
