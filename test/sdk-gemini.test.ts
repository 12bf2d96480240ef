/** `@google/genai`, pointed at the gateway and nothing else changed; and REST callers, who get a JSON array. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ApiError, type Content, GoogleGenAI, Type } from '@google/genai'
import { accounts, gemini, type Json } from './support/dialects.ts'
import { PICTURE } from './support/picture.ts'
import { CLIENT_KEY, type Running, start } from './support/start.ts'

let run: Running
let ai: GoogleGenAI
before(async () => {
  run = await start((url) => ({ ...accounts(gemini, url, ['upstream-key-a']), 'disable-cooling': true }))
  ai = new GoogleGenAI({ apiKey: CLIENT_KEY, httpOptions: { baseUrl: run.url } })
})
after(() => run.close())

const model = 'gemini-2.5-flash'
const tools = [
  {
    functionDeclarations: [
      {
        name: 'get_weather',
        description: 'Weather',
        parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ['city'] },
      },
    ],
  },
]

test('text, whole and streamed', async () => {
  const whole = await ai.models.generateContent({ model, contents: 'Hello there' })
  assert.equal(whole.text, '[simulated] gemini-2.5-flash here. You said: Hello there')
  let text = ''
  let last: string | undefined
  for await (const chunk of await ai.models.generateContentStream({ model, contents: 'Hello there' })) {
    text += chunk.text ?? ''
    last = chunk.candidates?.[0]?.finishReason
  }
  assert.equal(text, whole.text)
  assert.equal(last, 'STOP')
  assert.equal(run.calls.at(-1)!.usage?.output, whole.usageMetadata?.candidatesTokenCount)
})

for (const stream of [true, false])
  test(`two parallel tool calls and the follow-up, ${stream ? 'streamed' : 'whole'}`, async () => {
    const contents: Content[] = [{ role: 'user', parts: [{ text: 'Weather in Paris and in Rome?' }] }]
    const named = 'gemini-3-flash-preview'
    const turn = async () => {
      const parts = []
      if (!stream)
        parts.push(
          ...(await ai.models.generateContent({ model: named, contents, config: { tools } })).candidates![0]!.content!
            .parts!,
        )
      else
        for await (const chunk of await ai.models.generateContentStream({ model: named, contents, config: { tools } }))
          parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []))
      return parts
    }
    const parts = (await turn()).filter((p) => p.text !== '')
    const calls = parts.flatMap((p) => p.functionCall ?? [])
    assert.deepEqual(
      calls.map((c) => [c.name, c.args]),
      [
        ['get_weather', { city: 'Paris' }],
        ['get_weather', { city: 'Rome' }],
      ],
    )
    assert.ok(parts.some((p) => p.thoughtSignature))
    contents.push({ role: 'model', parts })
    contents.push({
      role: 'user',
      parts: calls.map((c) => ({ functionResponse: { id: c.id, name: c.name, response: { result: 'sunny' } } })),
    })
    assert.match((await turn()).map((p) => p.text ?? '').join(''), /sunny.*and.*sunny/)
  })

test('image input', async () => {
  const contents = [{ inlineData: { mimeType: 'image/png', data: PICTURE } }, { text: 'What is this?' }]
  const answer = await ai.models.generateContent({ model, contents })
  assert.match(answer.text ?? '', /image\/png of 69 bytes/)
})

test('reasoning is shown when asked for, and signed', async () => {
  const config = { thinkingConfig: { includeThoughts: true } }
  const whole = await ai.models.generateContent({ model: 'gemini-2.5-pro', contents: 'Why?', config })
  const parts = whole.candidates![0]!.content!.parts!
  assert.equal(parts[0]!.thought, true)
  assert.ok(parts.at(-1)!.thoughtSignature)
  assert.ok((whole.usageMetadata?.thoughtsTokenCount ?? 0) > 0)
  assert.equal(run.calls.at(-1)!.usage?.reasoning, whole.usageMetadata?.thoughtsTokenCount)
})

test('structured output', async () => {
  const responseSchema = { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ['city'] }
  const config = { responseMimeType: 'application/json', responseSchema }
  const answer = await ai.models.generateContent({ model, contents: 'Go to Lisbon', config })
  assert.deepEqual(JSON.parse(answer.text ?? ''), { city: 'Lisbon' })
})

test('tokens are counted and models listed', async () => {
  assert.ok(((await ai.models.countTokens({ model, contents: 'Hello' })).totalTokens ?? 0) > 0)
  const names = []
  for await (const m of await ai.models.list()) names.push(m.name)
  assert.ok(names.includes(`models/${model}`), names.join(', '))
  assert.equal((await ai.models.get({ model })).name, `models/${model}`)
})

test('every class of error', async () => {
  const table = [
    ['400', 400, 'INVALID_ARGUMENT'],
    ['400-context', 400, 'INVALID_ARGUMENT'],
    // Google refuses a bad key as a bad request; it is the account's, so the client is told what it means.
    ['401', 401, 'UNAUTHENTICATED'],
    ['403', 403, 'PERMISSION_DENIED'],
    ['404', 404, 'NOT_FOUND'],
    ['413', 413, 'INVALID_ARGUMENT'],
    ['429:7', 429, 'RESOURCE_EXHAUSTED'],
    ['500', 500, 'INTERNAL'],
    ['503', 503, 'UNAVAILABLE'],
    ['529', 503, 'UNAVAILABLE'],
    ['reset', 502, 'UNAVAILABLE'],
  ] as const
  for (const [word, status, name] of table) {
    const request = { model: `${model}+${word}`, contents: 'Hi' }
    const fits = (error: unknown) =>
      error instanceof ApiError && error.status === status && JSON.parse(error.message).error.status === name
    await assert.rejects(ai.models.generateContent(request), fits, word)
    await assert.rejects(ai.models.generateContentStream(request), (e) => e instanceof ApiError && e.status === status)
  }
  const stranger = new GoogleGenAI({ apiKey: 'unknown', httpOptions: { baseUrl: run.url } })
  const refused = (status: number) => (e: unknown) => e instanceof ApiError && e.status === status
  await assert.rejects(stranger.models.generateContent({ model, contents: 'Hi' }), refused(401))
  await assert.rejects(ai.models.generateContent({ model: 'no-such-model', contents: 'Hi' }), refused(404))
})

test('a stream that breaks after content throws', async () => {
  for (const word of ['cut:2', 'no-end', 'error-second', 'error-mid', 'malformed:2'])
    await assert.rejects(async () => {
      for await (const _ of await ai.models.generateContentStream({
        model: `${model}+events:3+${word}`,
        contents: 'Hi',
      }));
    }, word)
})

const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello there' }] }] })
const headers = { 'x-goog-api-key': CLIENT_KEY, 'content-type': 'application/json' }

for (const version of ['v1beta', 'v1'])
  test(`without alt=sse a stream is a JSON array (${version})`, async () => {
    const url = `${run.url}/${version}/models/${model}:streamGenerateContent`
    const answer = await fetch(url, { method: 'POST', headers, body })
    assert.match(answer.headers.get('content-type')!, /^application\/json/)
    const ours = await answer.text()
    const chunks = JSON.parse(ours) as Json[]
    assert.ok(chunks.length > 1)
    assert.equal(chunks.map(gemini.text).join(''), '[simulated] gemini-2.5-flash here. You said: Hello there')
    assert.equal(chunks.at(-1).candidates[0].finishReason, 'STOP')
    // To the byte what the vendor's own array is.
    const direct = `${run.simulator.url}/${version}/models/${model}:streamGenerateContent`
    assert.equal(ours, await (await fetch(direct, { method: 'POST', headers, body })).text())
    assert.match(run.simulator.attempts().at(-2)!.path, /alt=sse/)
  })

test('a JSON array that breaks is closed, its last element the error', async () => {
  for (const word of ['cut:2', 'no-end', 'error-mid']) {
    const url = `${run.url}/v1beta/models/${model}+events:3+${word}:streamGenerateContent`
    const chunks = (await (await fetch(url, { method: 'POST', headers, body })).json()) as Json[]
    assert.ok(chunks[0].candidates, word)
    assert.ok(chunks.at(-1).error.code >= 500, word)
    assert.equal(chunks.filter((c) => c.error).length, 1, word)
  }
})

test('a JSON array is refused as an object while nothing has left', async () => {
  const url = `${run.url}/v1beta/models/${model}+503:streamGenerateContent`
  const answer = await fetch(url, { method: 'POST', headers, body })
  assert.equal(answer.status, 503)
  assert.equal(((await answer.json()) as Json).error.status, 'UNAVAILABLE')
})

test('verbs and versions: v1 generates and counts like v1beta', async () => {
  for (const verb of ['generateContent', 'countTokens']) {
    const answer = await fetch(`${run.url}/v1/models/${model}:${verb}`, { method: 'POST', headers, body })
    assert.equal(answer.status, 200, verb)
  }
  const unknown = await fetch(`${run.url}/v1/models/${model}:embedContent`, { method: 'POST', headers, body })
  assert.equal(unknown.status, 404)
  assert.equal(((await unknown.json()) as Json).error.status, 'NOT_FOUND')
})
