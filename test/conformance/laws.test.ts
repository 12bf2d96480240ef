/** The laws of translation, over every dialect and every recording. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fold, unfold } from '../../src/hub/fold.ts'
import { withoutForeignReasoning } from '../../src/hub/foreign.ts'
import { legalise } from '../../src/hub/legal.ts'
import { leftBehind } from '../../src/hub/loss.ts'
import { paired } from '../../src/hub/pairing.ts'
import type { ChatRequest } from '../../src/hub/request.ts'
import type { ChatResponse, StreamEvent } from '../../src/hub/response.ts'
import { anthropic } from '../../src/protocols/anthropic/index.ts'
import type { AnswerContext, Codec, TargetModel } from '../../src/protocols/codec.ts'
import { parseExact, stringifyExact } from '../../src/protocols/exact-json.ts'
import { gemini } from '../../src/protocols/gemini/index.ts'
import { openaiChat } from '../../src/protocols/openai-chat/index.ts'
import { openaiResponses } from '../../src/protocols/openai-responses/index.ts'
import { hubEvents } from '../../src/protocols/testing/hub-events.ts'
import { createSseParser, type Sse } from '../../src/wire/sse.ts'
import { bytesOf, corpus, corpusMissing, DIALECTS, type Dialect, type Exchange, type Json } from './corpus.ts'

const CODECS: Record<Dialect, Codec> = {
  anthropic: anthropic.codec!,
  'openai-chat': openaiChat.codec!,
  'openai-responses': openaiResponses.codec!,
  gemini: gemini.codec!,
}

const TARGETS: Record<Dialect, TargetModel> = {
  anthropic: {
    model: 'claude-sonnet-4-5',
    reasoning: { by: 'budget', min: 1024, max: 128_000, off: true },
    maxOutput: 64_000,
  },
  'openai-chat': { model: 'gpt-5.2', reasoning: { by: 'effort', levels: ['none', 'low', 'medium', 'high'] } },
  'openai-responses': { model: 'gpt-5.2', reasoning: { by: 'effort', levels: ['none', 'low', 'medium', 'high'] } },
  gemini: { model: 'gemini-2.5-flash', reasoning: { by: 'budget', min: 1, max: 24_576, off: true }, maxOutput: 65_536 },
}

const place = (e: Exchange) => ({ model: 'm', stream: e.stream })
const exact = (json: Json) => parseExact(JSON.stringify(json)) as Record<string, unknown>

/** Decodes; undefined for what is rightly refused. */
function decoded(e: Exchange): ChatRequest | undefined {
  try {
    return CODECS[e.dialect].request.decode(exact(e.request!.body), place(e))
  } catch {
    return undefined
  }
}

/** What the road makes of a request for another dialect; undefined if that is refused. */
function said(request: ChatRequest, to: Dialect): { body: string; losses: string[] } | undefined {
  const codec = CODECS[to]
  const history = withoutForeignReasoning(request.messages, to)
  const { request: legal } = legalise(
    { ...request, messages: [...paired(history.messages)] },
    codec.legal,
    codec.namespaces !== true,
  )
  try {
    const { body, losses } = codec.request.encode(legal, TARGETS[to])
    const all = [...history.losses, ...leftBehind(legal, to), ...losses]
    return { body: stringifyExact(body), losses: all.map(({ field }) => field) }
  } catch {
    return undefined
  }
}

describe('what is said again in its own dialect', { skip: corpusMissing }, () => {
  const requests = corpusMissing ? [] : corpus().filter((e) => e.request !== undefined && e.status === 200)

  for (const dialect of DIALECTS)
    it(`is what was said, in a normal form: ${dialect}`, () => {
      let count = 0
      for (const e of requests.filter((r) => r.dialect === dialect)) {
        const first = decoded(e)
        assert.ok(first !== undefined, e.id)
        const codec = CODECS[dialect]
        const target = { ...TARGETS[dialect], model: 'm' }
        const once = codec.request.encode(first, target).body
        const twice = codec.request.encode(codec.request.decode(once, place(e)), target).body
        assert.equal(stringifyExact(twice), stringifyExact(once), e.id)
        count += 1
      }
      assert.ok(count > 100)
    })

  it('gives the same bytes every time', () => {
    for (const e of requests.filter((_, i) => i % 5 === 0))
      for (const to of DIALECTS) {
        const [a, b] = [decoded(e), decoded(e)]
        if (a !== undefined && b !== undefined) assert.deepEqual(said(a, to), said(b, to), `${e.id} → ${to}`)
      }
  })
})

/** Losses speak the clients' words, leaves the hub's. */
const WORDS: Record<string, string[]> = {
  maxOutputTokens: ['max_tokens'],
  topP: ['top_p'],
  topK: ['top_k'],
  presencePenalty: ['presence_penalty'],
  frequencyPenalty: ['frequency_penalty'],
  parallelToolCalls: ['parallel_tool_calls'],
  count: ['n'],
  output: ['response_format', 'output'],
  toolChoice: ['tool_choice'],
  cacheKey: ['prompt_cache_key'],
  maxUses: ['max_uses'],
  allowedDomains: ['allowed_domains'],
  blockedDomains: ['blocked_domains'],
  sources: ['search', 'results'],
  queries: ['search'],
  cache: ['cache_control'],
  signature: ['reasoning'],
}

/** @param kinds what the parts around the leaf call themselves. */
function named(path: readonly string[], kinds: readonly string[], losses: readonly string[]): boolean {
  const words = [...path.flatMap((key) => [key, ...(WORDS[key] ?? [])]), ...kinds]
  return losses.some((field) => {
    const parts = field.split('.').filter((p) => !/^\d+$/.test(p) && p !== 'messages' && p !== 'parts')
    // A part named by its place alone is media without a home.
    return parts.some((p) => words.includes(p)) || (parts.length === 0 && kinds.includes('media'))
  })
}

/** Says nothing to a model: how a thing was written, or what follows from the rest. */
const QUIET = new Set(
  [
    'type role mode kind issuer protocol effort model ttl'.split(' '),
    // Ids are changed together or not at all; results are told by their calls; paths say whether to stream.
    'id callId custom mediaType stream'.split(' '),
    // Levels stand for ranges of tokens. Thoughts that are not there cannot be shown.
    'tokens show'.split(' '),
    // Of an output format only OpenAI has a name; it is an identifier. The others are always strict.
    'output.name output.strict $schema'.split(' '),
  ].flat(),
)

const kindsOf = (node: Json): string[] =>
  [node.type, node.kind, node.value?.type, ...Object.keys(node.type === 'native' ? (node.value ?? {}) : {})].filter(
    (kind) => typeof kind === 'string',
  )

const describes = ({ output }: ChatRequest) =>
  output?.type === 'schema' && (output.schema as Json)?.description !== undefined

const MOST_LEAVES = 400

describe('every leaf of a request', { skip: corpusMissing }, () => {
  for (const to of DIALECTS)
    it(`changes the wire, or a loss names it: → ${to}`, { timeout: 120_000 }, () => {
      const silent = new Map<string, string>()
      let count = 0
      // The longest are the same again and again.
      const requests = corpus().filter(
        (e) =>
          e.request !== undefined &&
          e.status === 200 &&
          e.dialect !== to &&
          JSON.stringify(e.request.body).length < 30_000,
      )
      for (const e of requests) {
        const request = decoded(e)
        const base = request && said(request, to)
        if (request === undefined || base === undefined) continue
        let leaves = 0
        const visit = (node: unknown, path: string[], around: string[], set: (value: unknown) => ChatRequest): void => {
          if (typeof node === 'object' && node !== null) {
            const kinds = [...around, ...kindsOf(node)]
            for (const [key, value] of Object.entries(node)) {
              if (QUIET.has(key) || QUIET.has(`${path.at(-1)}.${key}`) || leaves > MOST_LEAVES) continue
              if (key === 'name' && kinds.includes('tool-result')) continue
              if (key === 'parallelToolCalls' && !base.body.includes('"tools"')) continue
              // A forced call keeps to its schema, and a schema's own description comes first.
              if (key === 'strict' && request.toolChoice !== undefined) continue
              if (key === 'description' && path.at(-1) === 'output' && describes(request)) continue
              visit(value, [...path, key], kinds, (v) =>
                set(Array.isArray(node) ? node.with(Number(key), v) : { ...node, [key]: v }),
              )
            }
            return
          }
          if (node === null || path.includes('extras')) return
          leaves += 1
          const other =
            typeof node === 'string'
              ? path.at(-1) === 'data'
                ? `AAAA${node}`
                : `${node}x`
              : typeof node === 'number'
                ? node + 1
                : !node
          const changed = said(set(other), to)
          count += 1
          // Refused is told.
          if (changed === undefined || JSON.stringify(changed) !== JSON.stringify(base)) return
          if (!named(path, around, base.losses))
            silent.set(path.map((key) => (/^\d+$/.test(key) ? '#' : key)).join('.'), e.id)
        }
        visit(request, [], [], (value) => value as ChatRequest)
      }
      assert.ok(count > 5_000, String(count))
      assert.deepEqual(
        [...silent].sort().map(([path, id]) => `${path} (${id})`),
        [],
      )
    })
})

describe('streams and whole answers', () => {
  it('are one mapping: an unfolded answer folds to itself', () => {
    fc.assert(
      fc.property(
        hubEvents({ signedCalls: true, citations: true, search: true, media: true, refusal: true }),
        (events) => {
          const answer = fold(events)
          assert.deepEqual(fold(unfold(answer)), answer)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('say the same: what a stream folds to, and the whole answer it repeats at its end', {
    skip: corpusMissing,
  }, () => {
    let count = 0
    for (const e of corpus()) {
      if (e.dialect !== 'openai-responses' || e.sse === undefined || e.status !== 200) continue
      const events = eventsOf(bytesOf(e), 1 << 20)
      const last = events.findLast((x) => /"type":\s*"response\.(completed|incomplete)"/.test(x.data))
      if (last === undefined || events.filter((x) => /"type":\s*"response\.created"/.test(x.data)).length > 1) continue
      const { response } = JSON.parse(Buffer.from(last.data, 'latin1').toString('utf8'))
      // Some upstreams leave the output out of their last event.
      if (response.output?.length === 0) continue
      const streamed = answerOf('openai-responses', events)
      const whole = CODECS['openai-responses'].response.decode(response)
      assert.deepEqual(gist(streamed), gist(whole), e.id)
      count += 1
    }
    assert.ok(count > 80, String(count))
  })

  it('of any cut are the same', { skip: corpusMissing, timeout: 120_000 }, () => {
    const streams = corpus().filter((e) => e.sse !== undefined && e.status === 200 && e.sse.length < 60_000)
    fc.assert(
      fc.property(fc.constantFrom(...streams), fc.integer({ min: 1, max: 97 }), (e, size) => {
        assert.deepEqual(decodedEvents(e, size), decodedEvents(e, 1 << 20), e.id)
      }),
      { numRuns: 400 },
    )
  })

  it('survive every dialect: an answer said in one and read again keeps its words and calls', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DIALECTS),
        fc.boolean(),
        hubEvents({ interleaved: true }),
        (dialect, stream, events) => {
          const codec = CODECS[dialect]
          const answer = fold(events)
          const again = stream
            ? answerOf(dialect, eventsOf(Buffer.from(encodedStream(codec, events)), 13))
            : codec.response.decode(exact(codec.response.encode(answer, CONTEXT)))
          const spoken = (a: ChatResponse) => a.parts.map((p) => (p.type === 'text' ? p.text : '')).join('')
          const calls = (a: ChatResponse) =>
            a.parts.flatMap((p) => (p.type === 'tool-call' ? [[p.name, JSON.parse(p.input || '{}')]] : []))
          // Chat keeps one text, and others may say parts in the order in which they ended.
          assert.equal([...spoken(again)].sort().join(''), [...spoken(answer)].sort().join(''))
          assert.deepEqual(
            calls(again)
              .map((c) => JSON.stringify(c))
              .sort(),
            calls(answer)
              .map((c) => JSON.stringify(c))
              .sort(),
          )
          const { usage } = answer
          if (usage !== undefined && dialect !== 'openai-chat') assert.equal(again.usage?.output, usage.output)
        },
      ),
      { numRuns: 400 },
    )
  })
})

const CONTEXT: AnswerContext = {
  model: 'm',
  request: { model: 'm', stream: true, messages: [] },
  created: 1,
  inputEstimate: 1,
}

function encodedStream(codec: Codec, events: readonly StreamEvent[]): string {
  const encoder = codec.stream.encoder(CONTEXT)
  return events.map((e) => encoder.push(e)).join('') + encoder.end()
}

function eventsOf(bytes: Buffer, size: number): Sse[] {
  const events: Sse[] = []
  const parser = createSseParser((event) => events.push(event))
  for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size))
  return events
}

function decodedEvents(e: Exchange, size: number): StreamEvent[] {
  const decoder = CODECS[e.dialect].stream.decoder()
  const events = eventsOf(bytesOf(e), size).flatMap((event) => decoder.push(event))
  return [...events, ...decoder.end()]
}

function answerOf(dialect: Dialect, events: readonly Sse[]): ChatResponse {
  const decoder = CODECS[dialect].stream.decoder()
  return fold([...events.flatMap((event) => decoder.push(event)), ...decoder.end()])
}

/** What both tell: extras and spelling apart. */
function gist(answer: ChatResponse): unknown {
  return {
    parts: answer.parts
      .filter((p) => p.type !== 'native')
      .map((p) => ({
        type: p.type,
        ...('text' in p && { text: p.text }),
        ...(p.type === 'tool-call' && { id: p.id, name: p.name, input: p.input }),
      })),
    finish: answer.finish.reason,
    usage: answer.usage,
  }
}
