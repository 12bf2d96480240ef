/** The codec over everything that was recorded of the Responses API. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { fold } from '../../hub/fold.ts'
import type { Part } from '../../hub/request.ts'
import type { ChatResponse, StreamEvent } from '../../hub/response.ts'
import type { Sse } from '../../wire/sse.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { corpusMissing, eventsOf, type Recording, recordings } from '../testing/corpus.ts'
import { refereeOpenaiResponses } from '../testing/referee-openai-responses.ts'
import { openaiResponsesCodec as codec } from './codec.ts'
import { responsesUsage } from './usage.ts'

/** The upstream broke off with an error. */
const BROKEN = new Set(['openai-responses-sse-39e57075'])
/** Four answers of one agent run, one after the other in one file. */
const SEVERAL = new Set(['openai-responses-sse-1262a6ac'])

const all = recordings().filter((r) => r.protocol === 'openai-responses')
const answers = all.filter((r) => r.status === 200 && !/compact|count/.test(r.endpoint) && !/count|compact/.test(r.id))

/** Normal form of a request: what is said anyway is always written, what says nothing never. */
function normal(body: Json): Json {
  const { tools, include, ...rest } = body
  const input = asArray(body['input']).map((value) => {
    const item = value as Json
    return item['role'] !== undefined && item['type'] === undefined ? { type: 'message', ...item } : item
  })
  return {
    ...rest,
    stream: body['stream'] === true,
    ...(Array.isArray(body['input']) && { input }),
    ...(asArray(tools).length > 0 && { tools }),
    ...(asArray(include).length > 0 && { include }),
  }
}

/** Normal form of an answer: usage tells every count. */
function normalAnswer(body: Json): Json {
  const usage = asObject(body['usage'])
  if (usage === undefined) return body
  const input = { cached_tokens: 0, cache_write_tokens: 0, ...asObject(usage['input_tokens_details']) }
  const output = { reasoning_tokens: 0, ...asObject(usage['output_tokens_details']) }
  return { ...body, usage: { ...usage, input_tokens_details: input, output_tokens_details: output } }
}

function decoded(events: readonly Sse[]): StreamEvent[] {
  const decoder = codec.stream.decoder()
  return [...events.flatMap((event) => decoder.push(event)), ...decoder.end()]
}

const read = (events: readonly Sse[]): Json[] =>
  events.map(({ data }) => JSON.parse(Buffer.from(data, 'latin1').toString('utf8')))

/** What PartStart has no room for does not come by stream. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).flatMap(([k, v]) => (k === 'extras' ? [] : [[k, bare(v)]])))
}

interface Facts {
  usage?: Json
  text_sha1?: string | null
  tool_calls?: { name: string; args: string }[]
}

const sseOf = (r: Recording, size = Number.POSITIVE_INFINITY) => eventsOf(Buffer.from(r.sse ?? ''), size)

const textOf = (parts: readonly Part[]) =>
  parts.map((p) => (p.type === 'text' || p.type === 'refusal' ? p.text : '')).join('')
const callsOf = (parts: readonly Part[]) =>
  parts.flatMap((p) => (p.type === 'tool-call' ? [{ name: p.name, input: p.input }] : []))

function agreesWithFacts(r: Recording, answer: ChatResponse): void {
  const facts = r.facts as Facts
  const text = textOf(answer.parts)
  if (facts.text_sha1) assert.equal(createHash('sha1').update(text).digest('hex').slice(0, 16), facts.text_sha1, r.id)
  const calls = callsOf(answer.parts)
  // The reader of the recordings counts hosted calls among the tools; those stay native here.
  const names = new Set(calls.map((c) => c.name))
  const expected = (facts.tool_calls ?? []).filter((c) => names.has(c.name))
  assert.deepEqual(
    calls,
    expected.map(({ name, args }) => ({ name, input: args })),
    r.id,
  )
  const told = responsesUsage(facts.usage)
  if (told !== undefined) assert.deepEqual(answer.usage, told, r.id)
  if (calls.length > 0 && answer.finish.reason !== 'length') assert.equal(answer.finish.reason, 'tool-calls', r.id)
}

describe('recorded Responses exchanges', { skip: corpusMissing }, () => {
  it('requests come back as they were, and nothing is lost', (t) => {
    let checked = 0
    for (const { id, request } of all) {
      const body = asObject(request)
      if (body === undefined) continue
      const model = (body['model'] as string | undefined) ?? 'm'
      const hub = codec.request.decode(body, { model, stream: body['stream'] === true })
      const { body: back, losses } = codec.request.encode(hub, { model })
      assert.deepEqual(back, normal({ ...body, model }), id)
      assert.deepEqual(losses, [], id)
      checked += 1
    }
    t.diagnostic(`${checked} requests`)
    assert.ok(checked > 250)
  })

  it('the same request gives the same bytes, and decoding changes nothing', () => {
    for (const { request } of all.slice(0, 100)) {
      const body = asObject(request)
      if (body === undefined) continue
      const before = JSON.stringify(body)
      const write = () =>
        JSON.stringify(codec.request.encode(codec.request.decode(body, { model: 'm', stream: true }), { model: 'm' }))
      assert.equal(write(), write())
      assert.equal(JSON.stringify(body), before)
    }
  })

  it('whole answers come back as they were', (t) => {
    let checked = 0
    for (const { id, body } of answers.filter((r) => r.sse === undefined)) {
      const answer = body as Json
      const hub = codec.response.decode(answer)
      const request = codec.request.decode({ input: 'hi' }, { model: 'm', stream: false })
      const context = { model: answer['model'] as string, request, created: 0, inputEstimate: 0 }
      assert.deepEqual(codec.response.encode(hub, context), normalAnswer(answer), id)
      checked += 1
    }
    t.diagnostic(`${checked} answers`)
    assert.ok(checked > 140)
  })

  it('answers say what their own reader read', () => {
    for (const r of answers) {
      if (BROKEN.has(r.id) || SEVERAL.has(r.id)) continue
      agreesWithFacts(r, r.sse === undefined ? codec.response.decode(r.body as Json) : fold(decoded(sseOf(r))))
    }
  })

  it('a stream folds to what its items say whole, whatever the cut', (t) => {
    let checked = 0
    for (const r of answers.filter((a) => a.sse !== undefined && !BROKEN.has(a.id))) {
      const events = sseOf(r)
      const told = read(events)
      const end = told.findIndex((e) => /^response\.(?:completed|incomplete)$/.test(e['type'] as string))
      // Sealed reasoning is sealed anew in the last event; both seals are good, the stream's is the first.
      const items = told.slice(0, end).flatMap((e) => (e['type'] === 'response.output_item.done' ? [e['item']] : []))
      const response = told[end]?.['response'] as Json
      const whole = codec.response.decode({ ...response, output: items })
      const folded = fold(decoded(events))
      assert.deepEqual(bare(folded), bare(whole), r.id)
      assert.deepEqual(fold(decoded(sseOf(r, 7))), folded, r.id)
      checked += 1
    }
    t.diagnostic(`${checked} streams`)
    assert.ok(checked > 115)
  })

  it('a stream that tells its items only at the end, or never finishes them, folds to the same', () => {
    for (const r of answers.filter((a) => a.sse !== undefined && !BROKEN.has(a.id) && !SEVERAL.has(a.id))) {
      const events = sseOf(r)
      const folded = bare(fold(decoded(events))) as ChatResponse
      const type = ({ event, data }: Sse) => event || (JSON.parse(data) as Json)['type']
      const late = events.filter((e) => !/item|part|delta|_text|arguments|annotation|_call/.test(String(type(e))))
      assert.deepEqual(textOf(fold(decoded(late)).parts), textOf(folded.parts), r.id)
      assert.deepEqual(callsOf(fold(decoded(late)).parts), callsOf(folded.parts), r.id)
      const unfinished = events.filter(
        (e) => !/output_item\.done|\.done$/.test(String(type(e))) || /^response\.done/.test(e.event),
      )
      assert.deepEqual(textOf(fold(decoded(unfinished)).parts), textOf(folded.parts), r.id)
      assert.deepEqual(callsOf(fold(decoded(unfinished)).parts), callsOf(folded.parts), r.id)
    }
  })

  it("the referee finds nothing wrong in the vendor's own streams", () => {
    // Hosted tools are not ours to write; the last event seals reasoning anew; one recording lost its numbers.
    const other = /unknown event|output differs|sequence_number undefined|after undefined|after NaN/
    const vendor = answers.filter((r) => /^(?:openai|azure)-responses-sse/.test(r.id))
    assert.ok(vendor.length > 90)
    for (const r of vendor) {
      if (BROKEN.has(r.id) || SEVERAL.has(r.id)) continue
      const events = sseOf(r).map(({ event, data }) => ({ event, data: Buffer.from(data, 'latin1').toString('utf8') }))
      assert.deepEqual(
        refereeOpenaiResponses(events).filter((fault) => !other.test(fault)),
        [],
        r.id,
      )
    }
  })

  it('a broken stream tells the failure its tap tells', () => {
    for (const r of answers.filter((a) => BROKEN.has(a.id))) {
      const events = decoded(sseOf(r))
      assert.equal(events.filter((e) => e.type === 'error').length, 1)
      assert.throws(() => fold(events))
    }
  })
})
