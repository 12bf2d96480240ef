/** The codec over everything that was recorded of generateContent. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fold } from '../../hub/fold.ts'
import type { ChatResponse, StreamEvent } from '../../hub/response.ts'
import type { Json } from '../codec.ts'
import { asObject } from '../json.ts'
import { corpusMissing, eventsOf, recordings } from '../testing/corpus.ts'
import { geminiCodec } from './codec.ts'
import { normalised, objects } from './fields.ts'
import { fromSubset, lowerTypes, toJsonForm, toSubset } from './schema.ts'

const ROOT = join(import.meta.dirname, '../../../../shared/corpus')

interface RecordedRequest {
  id: string
  status: number
  endpoint: string
  body: Json
}

function requests(): RecordedRequest[] {
  return readdirSync(ROOT, { withFileTypes: true })
    .filter((folder) => folder.isDirectory())
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder.name)).map((file) =>
        JSON.parse(readFileSync(join(ROOT, folder.name, file), 'utf8')),
      ),
    )
    .filter((json) => json.protocol === 'gemini' && asObject(json.request.body) !== undefined)
    .map((json) => ({ id: json.id, status: json.response.status, endpoint: json.endpoint, body: json.request.body }))
}

/** The normal form of a request; each line is one of the documented ones. */
function canonical(body: Json): Json {
  const {
    model: _,
    contents,
    systemInstruction,
    tools,
    generationConfig,
    toolConfig,
    ...rest
  } = normalised(body) as Json
  const merged: { role: string; parts: Json[]; rest: Json }[] = []
  for (const content of objects(contents)) {
    const { role, parts, ...others } = content
    const kept = objects(parts).flatMap(part)
    // The turn of a user who says nothing stays.
    if (kept.length === 0 && role !== 'model' && objects(parts).length > 0) kept.push({ text: '' })
    if (kept.length === 0) continue
    const side = role === 'model' ? 'model' : 'user'
    const last = merged.at(-1)
    if (last?.role === side) last.parts.push(...kept)
    else merged.push({ role: side, parts: kept, rest: others })
  }
  const system = objects(asObject(systemInstruction)?.['parts']).flatMap(part)
  const out: Json = {
    ...rest,
    contents: merged.map(({ role, parts, rest: others }) => ({
      role,
      parts: role === 'model' ? parts : resultsFirst(parts),
      ...others,
    })),
  }
  if (system.length > 0) out['systemInstruction'] = { parts: system }
  const config = configOf(asObject(generationConfig) ?? {})
  if (Object.keys(config).length > 0) out['generationConfig'] = config
  const declared = objects(tools)
    .flatMap((t) => objects(t['functionDeclarations']))
    .map(declaration)
  const hosted = objects(tools).flatMap((t) =>
    Object.entries(t)
      .filter(([kind]) => kind !== 'functionDeclarations')
      .map(([kind, value]) => ({ [kind]: value })),
  )
  const list = [...(declared.length > 0 ? [{ functionDeclarations: declared }] : []), ...hosted]
  if (list.length > 0) out['tools'] = list
  const calling = asObject(asObject(toolConfig)?.['functionCallingConfig'])
  const choice: Json = { ...asObject(toolConfig) }
  delete choice['functionCallingConfig']
  if (calling !== undefined && Object.keys(calling).length > 0) {
    const mode = calling['mode']
    choice['functionCallingConfig'] = { ...calling, ...(typeof mode === 'string' && { mode: mode.toUpperCase() }) }
  }
  if (Object.keys(choice).length > 0) out['toolConfig'] = choice
  return out
}

function resultsFirst(parts: Json[]): Json[] {
  const results = parts.filter((p) => 'functionResponse' in p)
  return results.length === 0 ? parts : [...results, ...parts.filter((p) => !('functionResponse' in p))]
}

/** A call has arguments; an empty text says nothing. */
function part(wire: Json): Json[] {
  const call = asObject(wire['functionCall'])
  if (call !== undefined) return [{ ...wire, functionCall: { args: {}, ...call } }]
  if (wire['text'] === '' && wire['thoughtSignature'] === undefined) return []
  return [wire]
}

function declaration(wire: Json): Json {
  const { parameters, parametersJsonSchema, ...rest } = wire
  return {
    ...rest,
    ...(parameters !== undefined && { parameters: toSubset(fromSubset(parameters)) }),
    ...(parametersJsonSchema !== undefined && { parametersJsonSchema: toJsonForm(lowerTypes(parametersJsonSchema)) }),
  }
}

function configOf(config: Json): Json {
  const { responseSchema, responseJsonSchema, thinkingConfig, ...rest } = config
  const thinking = asObject(thinkingConfig)
  const level = thinking?.['thinkingLevel']
  return {
    ...rest,
    ...(responseSchema !== undefined && { responseSchema: toSubset(fromSubset(responseSchema)) }),
    ...(responseJsonSchema !== undefined && { responseJsonSchema: toJsonForm(lowerTypes(responseJsonSchema)) }),
    ...(thinking !== undefined && {
      thinkingConfig: { ...thinking, ...(typeof level === 'string' && { thinkingLevel: level.toUpperCase() }) },
    }),
  }
}

/** Requests that only Gemini 3 takes are encoded for it. */
function targetOf(body: Json): Parameters<typeof geminiCodec.request.encode>[1] {
  const wire = normalised(body) as Json
  const config = asObject(wire['generationConfig'])
  const tools = objects(wire['tools'])
  const functions = tools.some((t) => t['functionDeclarations'] !== undefined)
  const mixed =
    functions &&
    (tools.some((t) => t['googleSearch'] !== undefined) || config?.['responseMimeType'] === 'application/json')
  return { model: 'm', ...(mixed && { reasoning: { by: 'effort', levels: ['minimal', 'low', 'medium', 'high'] } }) }
}

test('every recorded request says the same after a round trip', { skip: corpusMissing }, () => {
  let count = 0
  for (const { id, body, endpoint, status } of requests()) {
    if (endpoint.includes('ount')) continue
    const before = structuredClone(body)
    const request = geminiCodec.request.decode(body, { model: 'm', stream: false })
    let encoded: ReturnType<typeof geminiCodec.request.encode>
    try {
      encoded = geminiCodec.request.encode(request, targetOf(body))
    } catch (error) {
      if (status >= 400) continue
      throw error
    }
    assert.deepEqual(body, before, `${id} was changed`)
    assert.deepEqual(encoded.body, canonical(body), id)
    assert.deepEqual(
      JSON.stringify(geminiCodec.request.encode(request, targetOf(body)).body),
      JSON.stringify(encoded.body),
      `${id} is not stable`,
    )
    count += 1
  }
  console.log(`${count} recorded requests`)
  assert.ok(count > 200)
})

function answerBodies(recording: { body: unknown; sse: string | undefined }): Json[] {
  if (recording.sse !== undefined)
    return eventsOf(Buffer.from(recording.sse), 1 << 20)
      .map((event) => Buffer.from(event.data, 'latin1').toString())
      .map((data) => asObject(JSON.parse(data)))
      .filter((chunk) => chunk !== undefined)
  return (Array.isArray(recording.body) ? recording.body : [recording.body])
    .map(asObject)
    .filter((b) => b !== undefined)
}

function decoded(sse: string, size: number): StreamEvent[] {
  const decoder = geminiCodec.stream.decoder()
  return [...eventsOf(Buffer.from(sse), size).flatMap((event) => decoder.push(event)), ...decoder.end()]
}

function words(answer: ChatResponse): string {
  return answer.parts.map((p) => (p.type === 'text' ? p.text : '')).join('')
}

test('recorded streams fold into what was said', { skip: corpusMissing }, () => {
  let count = 0
  for (const recording of recordings()) {
    if (recording.protocol !== 'gemini' || recording.status >= 400 || recording.sse === undefined) continue
    const events = decoded(recording.sse, 1 << 20)
    for (const size of [7, 64]) assert.deepEqual(decoded(recording.sse, size), events, `${recording.id} cut at ${size}`)
    if (!events.some((event) => event.type === 'finish')) {
      console.log(`${recording.id} tells no finish`)
      continue
    }
    const answer = fold(events)
    const chunks = answerBodies(recording)
    const parts = chunks.flatMap((c) =>
      objects(objects(c['candidates'])[0]?.['content']).flatMap((x) => objects(x['parts'])),
    )
    assert.equal(
      words(answer),
      parts.map((p) => (p['thought'] === true ? '' : (p['text'] ?? ''))).join(''),
      recording.id,
    )
    const ran = new Set(parts.map((p) => asObject(p['functionResponse'])?.['name']))
    assert.deepEqual(
      answer.parts.flatMap((p) => (p.type === 'tool-call' ? [p.name] : [])),
      parts.flatMap((p) => {
        const name = asObject(p['functionCall'])?.['name']
        return typeof name === 'string' && !ran.has(name) ? [name] : []
      }),
      recording.id,
    )
    for (const call of answer.parts)
      if (call.type === 'tool-call') assert.ok(asObject(JSON.parse(call.input)), recording.id)
    const last = chunks
      .map((c) => asObject(c['usageMetadata']))
      .findLast((u) => typeof u?.['totalTokenCount'] === 'number')
    if (last !== undefined)
      assert.equal(
        (answer.usage?.input ?? 0) + (answer.usage?.cacheRead ?? 0) + (answer.usage?.output ?? 0),
        last['totalTokenCount'],
        `${recording.id} usage`,
      )
    // The same chunks, without the stream.
    assert.deepEqual(geminiCodec.response.decode(chunks as unknown as Json), answer, recording.id)
    count += 1
  }
  console.log(`${count} recorded streams`)
  assert.ok(count > 100)
})

const CONTEXT = { request: { model: 'm', stream: false, messages: [] }, created: 0, inputEstimate: 0 }

/** The normal form of a whole answer. */
function canonicalAnswer(body: Json): Json {
  const { candidates, usageMetadata, ...rest } = normalised(body) as Json
  const out: Json = { ...rest }
  const [first] = objects(candidates)
  if (first !== undefined) {
    const { parts, ...content } = asObject(first['content']) ?? {}
    const kept: Json[] = []
    for (const wire of objects(parts).flatMap(part)) {
      const last = kept.at(-1)
      const plain = (p: Json | undefined) =>
        p !== undefined && typeof p['text'] === 'string' && p['thought'] !== true && !('thoughtSignature' in p)
      if (plain(last) && plain(wire)) kept[kept.length - 1] = { ...last, text: `${last!['text']}${wire['text']}` }
      else kept.push(wire)
    }
    // An empty object says nothing.
    for (const field of ['groundingMetadata', 'citationMetadata'])
      if (Object.keys(asObject(first[field]) ?? { a: 1 }).length === 0) delete first[field]
    out['candidates'] = [
      {
        index: 0,
        finishReason: 'OTHER',
        ...first,
        content: { role: 'model', ...content, ...(kept.length > 0 && { parts: kept }) },
      },
    ]
  }
  const usage = asObject(usageMetadata)
  if (usage !== undefined && usage['promptTokenCount'] === undefined && usage['candidatesTokenCount'] === undefined)
    out['usageMetadata'] = usage
  else if (usage !== undefined) {
    const n = (field: string) => (usage[field] as number | undefined) ?? 0
    out['usageMetadata'] = {
      candidatesTokenCount: 0,
      promptTokenCount: 0,
      totalTokenCount:
        n('promptTokenCount') + n('candidatesTokenCount') + n('thoughtsTokenCount') + n('toolUsePromptTokenCount'),
      ...usage,
    }
  }
  return out
}

test('every recorded whole answer says the same after a round trip', { skip: corpusMissing }, () => {
  let count = 0
  for (const recording of recordings()) {
    if (recording.protocol !== 'gemini' || recording.status >= 400 || recording.sse !== undefined) continue
    const body = asObject(recording.body)
    if (body === undefined || (body['candidates'] === undefined && body['promptFeedback'] === undefined)) continue
    const answer = geminiCodec.response.decode(body)
    const encoded = geminiCodec.response.encode(answer, { ...CONTEXT, model: String(body['modelVersion'] ?? '') })
    if (body['modelVersion'] === undefined) delete encoded['modelVersion']
    assert.deepEqual(encoded, canonicalAnswer(body), recording.id)
    count += 1
  }
  console.log(`${count} recorded whole answers`)
  assert.ok(count > 100)
})

test('recorded finish reasons', { skip: corpusMissing }, () => {
  for (const recording of recordings()) {
    if (recording.protocol !== 'gemini' || recording.status >= 400) continue
    const chunks = answerBodies(recording)
    if (!chunks.some((c) => c['candidates'] !== undefined || c['promptFeedback'] !== undefined)) continue
    const answer = geminiCodec.response.decode(chunks as unknown as Json)
    const calls = answer.parts.some((p) => p.type === 'tool-call')
    if (calls) assert.equal(answer.finish.reason, 'tool-calls', recording.id)
    else assert.notEqual(answer.finish.reason, 'tool-calls', recording.id)
  }
})
