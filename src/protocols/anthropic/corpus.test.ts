import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { FailureError } from '../../hub/failure.ts'
import { fold } from '../../hub/fold.ts'
import { leftBehind } from '../../hub/loss.ts'
import type { ChatResponse } from '../../hub/response.ts'
import { corpusMissing, eventsOf, type Recording, recordings } from '../testing/corpus.ts'
import { anthropicCodec as codec } from './codec.ts'
import { encodeCount } from './request-encode.ts'

type Json = Record<string, unknown>

const all = recordings().filter((r) => r.protocol === 'anthropic')
const object = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A request in the normal form request-decode.ts names. */
function normal(body: Json): Json {
  const { output_format: format, output_config: config, ...rest } = withoutNulls(body) as Json
  const out: Json = { ...rest }
  if (out['stream'] === false) delete out['stream']
  for (const field of ['tools', 'system']) if (Array.isArray(out[field]) && out[field].length === 0) delete out[field]
  if (config !== undefined || format !== undefined)
    out['output_config'] = { ...(config as Json), ...(format ? { format } : {}) }
  const messages: Json[] = []
  for (const message of out['messages'] as Json[]) {
    const last = messages.at(-1)
    if (last === undefined || last['role'] !== message['role'] || message['role'] === 'system') {
      messages.push(message)
      continue
    }
    const list = (content: unknown) =>
      typeof content === 'string' ? [{ type: 'text', text: content }] : (content as Json[])
    messages[messages.length - 1] = { ...last, content: [...list(last['content']), ...list(message['content'])] }
  }
  return { ...out, messages }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!object(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== null)
      .map(([k, v]) => [k, withoutNulls(v)]),
  )
}

describe('recorded requests', { skip: corpusMissing }, () => {
  it('come out as they went in', () => {
    const classes: Record<string, number> = { same: 0, refused: 0, 'empty message': 0 }
    for (const { id, request, status, endpoint } of all) {
      if (!object(request) || !Array.isArray(request['messages'])) continue
      const place = { model: String(request['model'] ?? 'm'), stream: request['stream'] === true }
      try {
        const hub = codec.request.decode(request, place)
        const counting = endpoint === 'count_tokens'
        const { body, losses } = (counting ? encodeCount : codec.request.encode)(hub, { model: place.model })
        if (request['model'] === undefined) delete body['model']
        const wanted = normal(request)
        if (status === 400 && JSON.stringify(request).includes('"content":""')) {
          classes['empty message']! += 1
          continue
        }
        assert.deepEqual(withoutNulls(body), wanted, id)
        assert.deepEqual(losses, [], id)
        assert.deepEqual(leftBehind(hub, 'anthropic'), [], id)
        classes['same']! += 1
      } catch (error) {
        if (!(error instanceof FailureError) || status < 400) throw error
        classes['refused']! += 1
      }
    }
    console.log('recorded requests:', JSON.stringify(classes))
    assert.ok(classes['same']! > 250)
    assert.ok(classes['refused']! <= 1 && classes['empty message']! <= 1)
  })
})

describe('recorded answers', { skip: corpusMissing }, () => {
  const wholes = all.filter((r): r is Recording & { body: Json } => object(r.body) && r.body['type'] === 'message')

  it('come out as they went in, zero counts and nulls apart', () => {
    let same = 0
    for (const { id, body } of wholes) {
      const hub = codec.response.decode(body)
      const out = codec.response.encode(hub, contextOf(body))
      const calls = hub.parts.some((part) => part.type === 'tool-call')
      const wanted = normalAnswer(body)
      if (calls && wanted['stop_reason'] === 'end_turn') wanted['stop_reason'] = 'tool_use'
      assert.deepEqual(normalAnswer(out), wanted, id)
      same += 1
    }
    console.log('recorded answers:', same)
    assert.ok(same > 140)
  })

  it('fold to the same from a stream', () => {
    for (const { id, body } of wholes)
      assert.deepEqual(bare(folded(streamOf(body), 7)), bare(codec.response.decode(body)), id)
  })
})

describe('recorded streams', { skip: corpusMissing }, () => {
  it('fold to what was recorded, however the bytes are cut', () => {
    let seen = 0
    for (const r of all) {
      if (r.sse === undefined || r.status !== 200 || r.facts.error) continue
      const facts = r.facts as Facts
      const answer = folded(r.sse, 1 << 20)
      assert.deepEqual(folded(r.sse, 7), answer, r.id)
      const text = answer.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
      if (facts.text_sha1)
        assert.equal(createHash('sha1').update(text).digest('hex').slice(0, 16), facts.text_sha1, r.id)
      const calls = answer.parts.filter((part) => part.type === 'tool-call')
      assert.deepEqual(
        calls.map(({ id, name, input }) => ({ id, name, args: argsOf(input) })),
        (facts.tool_calls ?? []).map(({ id, name, args }) => ({ id, name, args: argsOf(args) })),
        r.id,
      )
      assert.equal(answer.finish.raw, facts.finish ?? undefined, r.id)
      if (calls.length > 0 && answer.finish.raw !== 'max_tokens') assert.equal(answer.finish.reason, 'tool-calls')
      if (facts.usage?.['output_tokens']) assert.equal(answer.usage?.output, facts.usage['output_tokens'], r.id)
      seen += 1
    }
    console.log('recorded streams:', seen)
    assert.ok(seen > 100)
  })
})

interface Facts {
  text_sha1?: string
  tool_calls?: { id: string; name: string; args: unknown }[]
  finish?: string
  usage?: Record<string, number>
}

function argsOf(args: unknown): unknown {
  if (object(args) && typeof args['_unparsed'] === 'string') return args['_unparsed']
  if (typeof args !== 'string') return args
  try {
    return JSON.parse(args === '' ? '{}' : args)
  } catch {
    // Cut off by the output limit.
    return args
  }
}

function contextOf(body: Json) {
  const request = { model: String(body['model']), stream: false, messages: [] }
  return { model: String(body['model']), request, created: 1, inputEstimate: 1 }
}

function folded(sse: string, size: number): ChatResponse {
  const decoder = codec.stream.decoder()
  return fold([...eventsOf(Buffer.from(sse), size).flatMap((event) => decoder.push(event)), ...decoder.end()])
}

/** Without what a stream of hub events does not carry. */
function bare(answer: ChatResponse): unknown {
  const { extras: _, ...rest } = answer
  const parts = rest.parts.map((part) => {
    if (part.type === 'native') return part
    const { extras: __, ...plain } = part
    return plain
  })
  return { ...rest, parts }
}

/** The stream the API would have sent an answer as. */
function streamOf(body: Json): string {
  const { content, stop_reason, stop_sequence, usage, ...rest } = body
  const events: Json[] = [
    { type: 'message_start', message: { ...rest, content: [], usage: { ...(usage as Json), output_tokens: 1 } } },
  ]
  for (const [index, block] of (content as Json[]).entries()) {
    const delta = (type: string, fields: Json) =>
      events.push({ type: 'content_block_delta', index, delta: { type, ...fields } })
    const open: Json = { ...block }
    for (const field of ['text', 'thinking', 'signature']) if (field in open) open[field] = ''
    if (block['input'] !== undefined) open['input'] = {}
    if (block['citations']) open['citations'] = []
    events.push({ type: 'content_block_start', index, content_block: open })
    if (block['type'] === 'text') {
      for (const citation of (block['citations'] ?? []) as Json[]) delta('citations_delta', { citation })
      delta('text_delta', { text: block['text'] })
    }
    if (block['type'] === 'thinking') {
      delta('thinking_delta', { thinking: block['thinking'] })
      if (block['signature']) delta('signature_delta', { signature: block['signature'] })
    }
    if (block['input'] !== undefined) delta('input_json_delta', { partial_json: JSON.stringify(block['input']) })
    events.push({ type: 'content_block_stop', index })
  }
  events.push({ type: 'message_delta', delta: { stop_reason, stop_sequence }, usage }, { type: 'message_stop' })
  return events.map((event) => `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

/** Zero counts, nulls and empty signatures are as good as absent. */
function normalAnswer(body: Json): Json {
  const out = withoutNulls(body) as Json
  const usage = Object.entries(out['usage'] as Json).filter(
    ([, v]) => v !== 0 && JSON.stringify(v) !== '{"thinking_tokens":0}',
  )
  const content = (out['content'] as Json[]).map((block) => {
    if (block['type'] === 'thinking' && block['signature'] === '') {
      const { signature: _, ...rest } = block
      return rest
    }
    return block
  })
  return { ...out, usage: Object.fromEntries(usage), content }
}
