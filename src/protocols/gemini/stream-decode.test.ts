import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FailureError } from '../../hub/failure.ts'
import { fold } from '../../hub/fold.ts'
import type { StreamEvent } from '../../hub/response.ts'
import { createSimulator } from '../../simulator/index.ts'
import type { Json } from '../codec.ts'
import { eventsOf } from '../testing/corpus.ts'
import { event } from '../testing/taps.ts'
import { geminiCodec } from './codec.ts'
import { stepsOf } from './partial-args.ts'

/** A chunk with these parts. */
const chunk = (parts: Json[], rest: Json = {}, around: Json = {}): Json => ({
  candidates: [{ content: { role: 'model', parts }, ...rest }],
  modelVersion: 'v',
  responseId: 'r',
  ...around,
})
const STOP = { finishReason: 'STOP' }

function decoded(chunks: (Json | string)[]): StreamEvent[] {
  const decoder = geminiCodec.stream.decoder()
  return [...chunks.flatMap((c) => decoder.push(event(c))), ...decoder.end()]
}

/** The answer of the stream, which must be that of the same chunks as a whole. */
function answered(chunks: Json[]) {
  const answer = fold(decoded(chunks))
  assert.deepEqual(geminiCodec.response.decode(chunks as unknown as Json), answer)
  return answer
}

test('texts and thoughts, several in a chunk, are each one part in their order', () => {
  const { parts, finish } = answered([
    chunk([{ text: 'a', thought: true }]),
    chunk([{ text: 'b', thought: true }, { text: 'c' }, { text: 'd' }]),
    chunk([{ text: '' }]),
    chunk([{ text: 'e', thought: true }, { text: 'f' }], STOP),
  ])
  assert.deepEqual(parts, [
    { type: 'reasoning', text: 'ab' },
    { type: 'text', text: 'cd' },
    { type: 'reasoning', text: 'e' },
    { type: 'text', text: 'f' },
  ])
  assert.deepEqual(finish, { reason: 'stop', raw: 'STOP' })
})

test('text comes as it comes', () => {
  const decoder = geminiCodec.stream.decoder()
  assert.deepEqual(decoder.push(event(chunk([{ text: 'Hel' }]))), [
    { type: 'start', id: 'r', model: 'v' },
    { type: 'part-start', index: 0, part: { type: 'text' } },
    { type: 'part-delta', index: 0, text: 'Hel' },
  ])
})

test('calls without ids get some that differ, within an answer and between answers', () => {
  const calls = (id: string) =>
    answered([
      chunk([{ functionCall: { name: 'f', args: { a: 1 } } }, { functionCall: { name: 'f' } }], STOP, {
        responseId: id,
      }),
    ]).parts.flatMap((p) => (p.type === 'tool-call' ? [p] : []))
  const [first, second] = calls('r1')
  assert.equal(first!.input, '{"a":1}')
  assert.equal(second!.input, '{}')
  assert.equal(new Set([...calls('r1'), ...calls('r2')].map((c) => c.id)).size, 4)
  assert.deepEqual(calls('r1'), calls('r1'))
})

test('a signature stays on its call; that of a text follows it', () => {
  const { parts, finish } = answered([
    chunk([{ text: 'Hm' }]),
    chunk([{ text: '', thoughtSignature: 'dA==' }]),
    chunk(
      [
        { functionCall: { id: 'x', name: 'f', args: {} }, thoughtSignature: 'Yw==' },
        { functionCall: { id: 'y', name: 'g' } },
      ],
      STOP,
    ),
  ])
  assert.deepEqual(parts, [
    { type: 'text', text: 'Hm' },
    { type: 'native', protocol: 'gemini', value: { text: '', thoughtSignature: 'dA==' } },
    { type: 'tool-call', id: 'x', name: 'f', input: '{}', signature: { issuer: 'gemini', value: 'Yw==' } },
    { type: 'tool-call', id: 'y', name: 'g', input: '{}' },
  ])
  assert.equal(finish.reason, 'tool-calls')
})

test('arguments that come in pieces', () => {
  const call = (functionCall: Json) => chunk([{ functionCall }])
  const { parts } = answered([
    chunk([{ functionCall: { name: 'f', willContinue: true }, thoughtSignature: 'Yw==' }]),
    call({ partialArgs: [{ jsonPath: '$.city', stringValue: 'Bos', willContinue: true }], willContinue: true }),
    call({ partialArgs: [{ jsonPath: '$.city', stringValue: 'ton' }], willContinue: true }),
    call({
      partialArgs: [
        { jsonPath: '$.days[0].n', numberValue: 3 },
        { jsonPath: "$['a.b']", boolValue: true },
        { jsonPath: '$.none', nullValue: 'NULL_VALUE' },
      ],
      willContinue: true,
    }),
    call({}),
    call({ name: 'g', args: {} }),
    chunk([{ text: '' }], STOP),
  ])
  assert.deepEqual(
    parts.map((p) => (p.type === 'tool-call' ? [p.name, p.input, p.signature?.value] : p)),
    [
      ['f', '{"city":"Boston","days":[{"n":3}],"a.b":true,"none":null}', 'Yw=='],
      ['g', '{}', undefined],
    ],
  )
  assert.deepEqual(stepsOf('$.a[1]["b"]'), ['a', 1, 'b'])
})

test('what the upstream ran itself is no call of the client', () => {
  const { parts, finish } = answered([
    chunk([{ functionCall: { name: 'mcp', args: {} } }], STOP),
    chunk([{ functionResponse: { name: 'mcp', response: {} } }]),
    chunk([{ executableCode: { language: 'PYTHON', code: '1' } }, { text: 'Done' }], STOP),
  ])
  assert.deepEqual(
    parts.map((p) => p.type),
    ['native', 'native', 'native', 'text'],
  )
  assert.equal(finish.reason, 'stop')
})

test('finish reasons', () => {
  const reason = (raw: string, parts: Json[] = [{ text: 'x' }]) =>
    answered([chunk(parts, { finishReason: raw })]).finish
  assert.equal(reason('MAX_TOKENS').reason, 'length')
  assert.equal(reason('SAFETY').reason, 'refusal')
  assert.equal(reason('MALFORMED_FUNCTION_CALL', []).reason, 'other')
  assert.equal(reason('UNEXPECTED_TOOL_CALL', [{ functionCall: { name: 'f' } }]).reason, 'tool-calls')
  assert.equal(reason('MAX_TOKENS', [{ functionCall: { name: 'f' } }]).reason, 'length')
  const blocked = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 3 } }
  assert.deepEqual(answered([blocked]).finish, { reason: 'refusal', raw: 'PROHIBITED_CONTENT' })
  assert.ok(!decoded([chunk([{ text: 'x' }])]).some((e) => e.type === 'finish'), 'no finish that was not told')
  assert.equal(geminiCodec.response.decode(chunk([{ text: 'x' }])).finish.reason, 'other')
})

test('usage: early for its input, and the last word', () => {
  const events = decoded([
    chunk([{ text: 'x' }], {}, { usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 } }),
    chunk([], STOP, {
      usageMetadata: {
        promptTokenCount: 10,
        cachedContentTokenCount: 4,
        candidatesTokenCount: 5,
        thoughtsTokenCount: 7,
        toolUsePromptTokenCount: 2,
        totalTokenCount: 24,
      },
    }),
  ])
  assert.deepEqual(
    events.flatMap((e) => (e.type === 'usage' ? [e.usage] : [])),
    [
      { input: 10, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 },
      { input: 8, cacheRead: 4, cacheWrite: 0, output: 12, reasoning: 7 },
    ],
  )
})

test('sources count in UTF-16 here and in bytes there', () => {
  const body = chunk([{ text: 'Größe: 7 – ja.' }], {
    ...STOP,
    index: 0,
    groundingMetadata: {
      webSearchQueries: ['q'],
      groundingChunks: [{ web: { uri: 'https://a', title: 'A' } }, { web: { uri: 'https://b', title: 'B' } }],
      groundingSupports: [
        {
          segment: { startIndex: 9, endIndex: 18, text: '7 – ja.' },
          groundingChunkIndices: [0, 1],
          confidenceScores: [0.5, 1],
        },
      ],
      searchEntryPoint: { renderedContent: '<p>' },
    },
    citationMetadata: { citationSources: [{ endIndex: 7, uri: 'https://c', license: 'mit' }] },
  })
  const answer = geminiCodec.response.decode(body)
  const [text, search] = answer.parts
  assert.deepEqual(text?.type === 'text' && text.citations?.map(({ extras: _, ...rest }) => rest), [
    { url: 'https://a', title: 'A', quote: '7 – ja.', start: 7, end: 14 },
    { url: 'https://b', title: 'B', quote: '7 – ja.', start: 7, end: 14 },
    { url: 'https://c', start: 0, end: 5 },
  ])
  assert.deepEqual(search?.type === 'search' && [search.queries, search.sources.map((s) => s.url)], [
    ['q'],
    ['https://a', 'https://b'],
  ])
  const context = { model: 'v', request: { model: 'v', stream: false, messages: [] }, created: 0, inputEstimate: 0 }
  assert.deepEqual(geminiCodec.response.encode(answer, context), body)
})

test('media, and odd events', () => {
  const { parts } = answered([chunk([{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }], STOP)])
  assert.deepEqual(parts, [
    { type: 'media', kind: 'image', source: { type: 'base64', data: 'AAAA' }, mediaType: 'image/png' },
  ])
  const odd = decoded(['', '[DONE]', 'null', '7', { candidates: null }, { candidates: [{}] }, { usageMetadata: 'x' }])
  assert.ok(!odd.some((e) => e.type === 'error'))
  assert.equal(decoded(['{"broken'])[0]?.type, 'error')
  const error = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }
  const [failed] = decoded([error])
  assert.ok(failed?.type === 'error' && failed.failure.kind === 'overloaded')
  assert.throws(() => geminiCodec.response.decode(error), FailureError)
})

test('the stand-in for the vendor says the same whole and streamed', async () => {
  const simulator = await createSimulator()
  const ask = async (model: string, verb: string, prompt: string) => {
    const response = await fetch(`${simulator.url}/v1beta/models/${model}:${verb}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': 'k' },
      body: JSON.stringify({
        contents: [{ role: 'user', parts: [{ text: prompt }] }],
        tools: [
          {
            functionDeclarations: [
              { name: 'get_weather', parameters: { type: 'OBJECT', properties: { city: { type: 'STRING' } } } },
            ],
          },
        ],
        generationConfig: { thinkingConfig: { includeThoughts: true } },
      }),
    })
    return Buffer.from(await response.arrayBuffer())
  }
  try {
    for (const model of ['gemini-2.5-flash', 'gemini-3-flash-preview'])
      for (const prompt of ['Hello, tell me something', 'Weather in Paris and in Rome?']) {
        const whole = geminiCodec.response.decode(JSON.parse(String(await ask(model, 'generateContent', prompt))))
        const bytes = await ask(model, 'streamGenerateContent?alt=sse', prompt)
        const decoder = geminiCodec.stream.decoder()
        const streamed = fold([...eventsOf(bytes, 7).flatMap(decoder.push), ...decoder.end()])
        const seen = ({ parts }: typeof whole) =>
          parts.flatMap((p) => (p.type === 'native' ? [] : [p.type === 'tool-call' ? { ...p, id: '' } : p]))
        assert.deepEqual(seen(streamed), seen(whole))
        assert.deepEqual([streamed.finish.reason, streamed.usage], [whole.finish.reason, whole.usage])
        const array = await ask(model, 'streamGenerateContent', prompt)
        assert.deepEqual(seen(geminiCodec.response.decode(JSON.parse(String(array)))), seen(whole))
      }
  } finally {
    await simulator.close()
  }
})
