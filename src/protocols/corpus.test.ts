import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Sse } from '../wire/sse.ts'
import { readShape } from './failures/shape.ts'
import { protocolOf } from './index.ts'
import { corpusMissing, eventsOf, type Recording, recordings } from './testing/corpus.ts'

/** Recorded streams that truly end without a last sign of life: the upstream broke off with an error of its own. */
const ENDS_IN_ERROR = new Set(['groq-chat-sse-3501e603', 'openai-responses-sse-39e57075'])
/** Groq's older `x_groq.usage`, which the recordings' own reader passes over. */
const HAS_GROQ_USAGE = /^groq-chat-sse-/

/** The value at a path, or undefined. */
function at(value: unknown, ...path: string[]): unknown {
  let here = value
  for (const key of path) here = typeof here === 'object' && here !== null ? (here as never)[key] : undefined
  return here
}

/** The number at a path, or 0. */
function number(value: unknown, ...path: string[]): number {
  const found = at(value, ...path)
  return typeof found === 'number' ? found : 0
}

/** Total input and output of a recording, computed from the vendor's figures apart from the code under test. */
function totals({ protocol, facts }: Recording): { input: number; output: number } | undefined {
  const u = facts.usage
  if (u === undefined || Object.keys(u).length === 0) return undefined
  switch (protocol) {
    case 'anthropic': {
      const cached = number(u, 'cache_read_input_tokens') + number(u, 'cache_creation_input_tokens')
      return { input: number(u, 'input_tokens') + cached, output: number(u, 'output_tokens') }
    }
    case 'openai-chat': {
      const [input, output] = [number(u, 'prompt_tokens'), number(u, 'completion_tokens')]
      const reasoning = number(u, 'completion_tokens_details', 'reasoning_tokens')
      const beside = reasoning > 0 && number(u, 'total_tokens') === input + output + reasoning
      return { input, output: output + (beside ? reasoning : 0) }
    }
    case 'openai-responses':
      return { input: number(u, 'input_tokens'), output: number(u, 'output_tokens') }
    default:
      return {
        input: number(u, 'promptTokenCount') + number(u, 'toolUsePromptTokenCount'),
        output: number(u, 'candidatesTokenCount') + number(u, 'thoughtsTokenCount'),
      }
  }
}

function run(recording: Recording, events: readonly Sse[]) {
  const tap = protocolOf(recording.protocol).stream.tap()
  const marks = events.map((event) => tap.read(event))
  return { marks, ended: tap.ended, usage: tap.usage, failure: tap.failure }
}

function eventsOfRecording(recording: Recording): Sse[] {
  if (recording.sse !== undefined) return eventsOf(Buffer.from(recording.sse), Number.POSITIVE_INFINITY)
  // Without `alt=sse` Gemini streams an array; each element is what an event's data would be.
  return (recording.body as unknown[]).map((element) => ({
    event: '',
    data: Buffer.from(JSON.stringify(element)).toString('latin1'),
  }))
}

describe('recorded exchanges', { skip: corpusMissing }, () => {
  const all = recordings()
  const streams = all.filter((r) => r.status === 200 && (r.sse !== undefined || (r.stream && Array.isArray(r.body))))
  const wholes = all.filter((r) => r.status === 200 && r.sse === undefined)
  const refusals = all.filter((r) => r.status >= 400)

  it('are there', () => {
    assert.ok(streams.length > 500 && wholes.length > 500 && refusals.length > 80)
  })

  it('streams end, begin with a handshake or content and never fall back to it', () => {
    for (const recording of streams) {
      const { marks, ended, failure } = run(recording, eventsOfRecording(recording))
      const broken = ENDS_IN_ERROR.has(recording.id)
      assert.equal(failure !== undefined, broken, recording.id)
      assert.equal(ended, recording.id !== 'groq-chat-sse-3501e603', recording.id)
      const first = marks.findIndex((mark) => mark !== 'handshake')
      assert.ok(first >= 0, recording.id)
      assert.equal(marks.indexOf('handshake', first), -1, `${recording.id}: a handshake after ${marks[first]}`)
      if (!broken) assert.ok(!marks.includes('error'), recording.id)
    }
  })

  it('streams with text or a tool call have content', () => {
    for (const recording of streams) {
      const { text_chars = 0, tool_calls = [] } = recording.facts
      if (text_chars === 0 && tool_calls.length === 0) continue
      assert.ok(run(recording, eventsOfRecording(recording)).marks.includes('content'), recording.id)
    }
  })

  it('any cut of the bytes gives the same marks, end and usage', () => {
    for (const recording of streams) {
      if (recording.sse === undefined) continue
      const bytes = Buffer.from(recording.sse)
      const whole = run(recording, eventsOf(bytes, bytes.length))
      assert.deepEqual(run(recording, eventsOf(bytes, 7)), whole, recording.id)
      const events: Sse[] = []
      for (const part of recording.sse.split(/(?<=\r?\n\r?\n)/))
        events.push(...eventsOf(Buffer.from(part), part.length * 4))
      assert.deepEqual(run(recording, events), whole, recording.id)
    }
  })

  it('streams tell the recorded usage', () => {
    for (const recording of streams) {
      const { usage } = run(recording, eventsOfRecording(recording))
      const expected = totals(recording)
      if (expected === undefined && HAS_GROQ_USAGE.test(recording.id)) continue
      const told = usage && { input: usage.input + usage.cacheRead + usage.cacheWrite, output: usage.output }
      assert.deepEqual(told, expected, recording.id)
    }
  })

  it('whole answers tell the recorded usage and hide no failure', () => {
    for (const recording of wholes) {
      if (Array.isArray(recording.body) || /count|compact|models/i.test(recording.endpoint)) continue
      const body = Buffer.from(JSON.stringify(recording.body))
      const protocol = protocolOf(recording.protocol)
      const usage = protocol.usage(body)
      const told = usage && { input: usage.input + usage.cacheRead + usage.cacheWrite, output: usage.output }
      assert.deepEqual(told, totals(recording), recording.id)
      assert.equal(protocol.wholeFailure(body), undefined, recording.id)
    }
  })

  it("refusals keep the vendor's words and status, and read the same when served with status 200", () => {
    for (const recording of refusals) {
      const protocol = protocolOf(recording.protocol)
      const text = recording.sse ?? JSON.stringify(recording.body)
      const failure = protocol.failure.decode(recording.status, recording.headers, text)
      const { body } = recording
      const words = at(body, 'error', 'message') ?? at(body, 'detail') ?? at(body, 'error')
      assert.equal(failure.status, recording.status, recording.id)
      if (typeof words === 'string') assert.ok(failure.message.startsWith(words), `${recording.id}: ${failure.message}`)
      assert.ok(failure.message.length > 5, recording.id)
      if (recording.sse === undefined && at(body, 'error') !== undefined) {
        const hidden = protocol.wholeFailure(Buffer.from(text))
        assert.equal(hidden?.message, failure.message, recording.id)
      }
    }
  })

  it('refusals blame the request, save where the account is named', () => {
    for (const recording of refusals) {
      const { decode } = protocolOf(recording.protocol).failure
      const failure = decode(recording.status, recording.headers, recording.sse ?? JSON.stringify(recording.body))
      if ([400, 404, 413, 422].includes(recording.status) && failure.kind !== 'unauthorized') {
        assert.equal(failure.scope, 'request', `${recording.id}: ${failure.message}`)
      }
      if (recording.status === 401 || failure.kind === 'unauthorized')
        assert.equal(failure.scope, 'account', recording.id)
    }
  })

  it('a refusal cut off at any byte is still read', () => {
    for (const recording of refusals.filter((r) => r.sse === undefined).slice(0, 40)) {
      const text = JSON.stringify(recording.body)
      for (let end = 0; end < text.length; end += 13) {
        const failure = protocolOf(recording.protocol).failure.decode(recording.status, {}, text.slice(0, end))
        assert.equal(failure.status, recording.status)
        assert.ok(failure.message.length > 0)
        readShape(text.slice(0, end))
      }
    }
  })
})
