import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GoogleGenAI } from '@google/genai'
import fc from 'fast-check'
import { fold, unfold } from '../../hub/fold.ts'
import type { Part } from '../../hub/request.ts'
import type { ChatResponse, StreamEvent } from '../../hub/response.ts'
import type { AnswerContext } from '../codec.ts'
import { eventsOf } from '../testing/corpus.ts'
import { hubEvents } from '../testing/hub-events.ts'
import { refereeGemini } from '../testing/referee-gemini.ts'
import { serving, streamed } from '../testing/serve.ts'
import { geminiCodec } from './codec.ts'

const CONTEXT: AnswerContext = {
  model: 'asked-for',
  request: { model: 'asked-for', stream: true, messages: [] },
  created: 0,
  inputEstimate: 0,
}

const EVENTS = hubEvents({
  signedCalls: true,
  refusal: true,
  custom: true,
  media: true,
  search: true,
  citations: true,
  native: { protocol: 'gemini', values: [{ executableCode: { language: 'PYTHON', code: 'print(1)' } }] },
})

function written(events: readonly StreamEvent[]): string {
  const encoder = geminiCodec.stream.encoder(CONTEXT)
  return events.map(encoder.push).join('') + encoder.end()
}

function readBack(text: string): ChatResponse {
  const decoder = geminiCodec.stream.decoder()
  return fold([...eventsOf(Buffer.from(text), 1 << 20).flatMap(decoder.push), ...decoder.end()])
}

/** What any reader must find again: texts, thoughts and calls, in their order. */
function gist({ parts }: ChatResponse): unknown[] {
  const out: { kind: string; text: string }[] = []
  for (const part of parts) {
    const found = essence(part)
    if (found === undefined) continue
    const last = out.at(-1)
    if (last !== undefined && last.kind === found.kind && found.kind !== 'call') last.text += found.text
    else out.push(found)
  }
  return out.filter(({ text }) => text !== '')
}

function essence(part: Part): { kind: string; text: string } | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? undefined : { kind: 'text', text: part.text }
    case 'reasoning':
      return part.text === '' ? undefined : { kind: 'thought', text: part.text }
    case 'tool-call':
      return {
        kind: 'call',
        text: JSON.stringify([
          part.id,
          part.name,
          part.custom ? { input: part.input } : JSON.parse(part.input || '{}'),
        ]),
      }
    case 'media':
      return { kind: 'media', text: JSON.stringify(part.source) }
    case 'native':
      return undefined
    default:
      return undefined
  }
}

test('whatever comes, interleaved or not, is written in the grammar of the dialect', () => {
  fc.assert(
    fc.property(EVENTS, (events) => {
      assert.deepEqual(refereeGemini(eventsOf(Buffer.from(written(events)), 1 << 20)), [])
    }),
    { numRuns: 300 },
  )
})

test('a stream reads back as what was said, and as the whole answer says it', () => {
  fc.assert(
    fc.property(EVENTS, (events) => {
      const answer = fold(events)
      const streamed = readBack(written(events))
      assert.deepEqual(gist(streamed), gist(answer))
      const whole = geminiCodec.response.decode(geminiCodec.response.encode(answer, CONTEXT))
      assert.deepEqual(gist(whole), gist(answer))
      assert.deepEqual(whole.usage, streamed.usage)
      assert.deepEqual(whole.finish, streamed.finish)
      assert.equal(streamed.finish.reason, answer.finish.reason)
      if (answer.usage !== undefined) {
        const { input, cacheRead, cacheWrite, output, reasoning } = answer.usage
        assert.deepEqual(streamed.usage, { input: input + cacheWrite, cacheRead, cacheWrite: 0, output, reasoning })
      }
      assert.equal(written([...unfold(answer)]), written([...unfold(answer)]))
    }),
    { numRuns: 300 },
  )
})

test('text is not held back, calls come whole', () => {
  const encoder = geminiCodec.stream.encoder(CONTEXT)
  const push = (event: StreamEvent) =>
    eventsOf(Buffer.from(encoder.push(event)), 1 << 20).map((e) => JSON.parse(e.data))
  push({ type: 'start', id: 'r1', model: 'x' })
  push({ type: 'part-start', index: 0, part: { type: 'text' } })
  const [first] = push({ type: 'part-delta', index: 0, text: 'Hel' })
  assert.deepEqual(first.candidates[0].content, { parts: [{ text: 'Hel' }], role: 'model' })
  push({ type: 'part-start', index: 1, part: { type: 'tool-call', id: 'c1', name: 'f' } })
  assert.deepEqual(push({ type: 'part-delta', index: 1, text: '{"a":' }), [])
  assert.deepEqual(push({ type: 'part-delta', index: 1, text: '12345678901234567890}' }), [])
  assert.deepEqual(push({ type: 'part-end', index: 1 }), [])
  const text = encoder.push({ type: 'part-end', index: 0 })
  assert.match(text, /"functionCall":\{"id":"c1","name":"f","args":\{"a":12345678901234567890\}\}/)
  assert.equal(encoder.end(), '', 'an answer that did not finish says no finish')
})

test('the official SDK reads streams', async () => {
  const samples = fc.sample(hubEvents({ signedCalls: true }), { numRuns: 25, seed: 7 })
  for (const events of samples) {
    const answer = fold(events)
    await serving(streamed(written(events)), async (origin) => {
      const ai = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: origin } })
      let text = ''
      const calls: unknown[] = []
      let reason: string | undefined
      let total: number | undefined
      for await (const chunk of await ai.models.generateContentStream({ model: 'm', contents: 'x' })) {
        for (const part of chunk.candidates?.[0]?.content?.parts ?? [])
          if (part.thought !== true) text += part.text ?? ''
        calls.push(...(chunk.functionCalls ?? []).map(({ id, name, args }) => [id, name, args]))
        reason = chunk.candidates?.[0]?.finishReason ?? reason
        total = chunk.usageMetadata?.totalTokenCount ?? total
      }
      assert.equal(text, answer.parts.map((p) => (p.type === 'text' ? p.text : '')).join(''))
      assert.deepEqual(
        calls,
        answer.parts.flatMap((p) => (p.type === 'tool-call' ? [[p.id, p.name, JSON.parse(p.input || '{}')]] : [])),
      )
      assert.equal(reason, answer.finish.reason === 'length' ? 'MAX_TOKENS' : 'STOP')
      const u = answer.usage
      assert.equal(total, u === undefined ? undefined : u.input + u.cacheRead + u.cacheWrite + u.output)
    })
  }
})

test('the official SDK reads whole answers', async () => {
  for (const events of fc.sample(hubEvents({ signedCalls: true }), { numRuns: 15, seed: 9 })) {
    const answer = fold(events)
    const body = JSON.stringify(geminiCodec.response.encode(answer, CONTEXT))
    const headers = { 'content-type': 'application/json' }
    await serving({ status: 200, headers, body }, async (origin) => {
      const ai = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: origin } })
      const got = await ai.models.generateContent({ model: 'm', contents: 'x' })
      const parts = got.candidates?.[0]?.content?.parts ?? []
      assert.equal(
        parts.map((p) => (p.thought === true ? '' : (p.text ?? ''))).join(''),
        answer.parts.map((p) => (p.type === 'text' ? p.text : '')).join(''),
      )
      assert.deepEqual(
        (got.functionCalls ?? []).map((c) => c.name),
        answer.parts.flatMap((p) => (p.type === 'tool-call' ? [p.name] : [])),
      )
      assert.equal(got.modelVersion, 'asked-for')
      assert.equal(got.responseId, answer.id)
    })
  }
})
