import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ApiError, type Content, FunctionCallingConfigMode, GoogleGenAI, Type } from '@google/genai'
import { createSimulator, type Simulator } from './index.ts'

let sim: Simulator
let ai: GoogleGenAI
before(async () => {
  sim = await createSimulator()
  ai = new GoogleGenAI({ apiKey: 'key-a', httpOptions: { baseUrl: sim.url } })
})
after(() => sim.close())

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
  const whole = await ai.models.generateContent({ model: 'gemini-2.5-flash', contents: 'Hello there' })
  assert.equal(whole.text, '[simulated] gemini-2.5-flash here. You said: Hello there')
  let text = ''
  let last: string | undefined
  for await (const chunk of await ai.models.generateContentStream({
    model: 'gemini-2.5-flash',
    contents: 'Hello there',
  })) {
    text += chunk.text ?? ''
    last = chunk.candidates?.[0]?.finishReason
  }
  assert.equal(text, whole.text)
  assert.equal(last, 'STOP')
})

test('parallel tools with thought signatures make a round trip', async () => {
  const model = 'gemini-3-flash-preview'
  const contents: Content[] = [{ role: 'user', parts: [{ text: 'Weather in Paris and in Rome?' }] }]
  const first = await ai.models.generateContent({ model, contents, config: { tools } })
  const parts = first.candidates![0]!.content!.parts!
  const calls = first.functionCalls!
  assert.deepEqual(
    calls.map((c) => c.args),
    [{ city: 'Paris' }, { city: 'Rome' }],
  )
  assert.ok(parts[0]!.thoughtSignature && !parts[1]!.thoughtSignature)
  const results: Content = {
    role: 'user',
    parts: calls.map((c) => ({ functionResponse: { id: c.id, name: c.name, response: { result: 'sunny' } } })),
  }
  const second = await ai.models.generateContent({
    model,
    contents: [...contents, { role: 'model', parts }, results],
    config: { tools },
  })
  assert.match(second.text ?? '', /sunny/)
  const bare = parts.map((p) => ({ functionCall: p.functionCall }))
  await assert.rejects(
    ai.models.generateContent({
      model,
      contents: [...contents, { role: 'model', parts: bare }, results],
      config: { tools },
    }),
    /missing a thought_signature/,
  )
  bare[0] = { ...bare[0]!, thoughtSignature: 'skip_thought_signature_validator' } as (typeof bare)[0]
  await ai.models.generateContent({
    model,
    contents: [...contents, { role: 'model', parts: bare }, results],
    config: { tools },
  })
  const one = { ...results, parts: results.parts!.slice(0, 1) }
  await assert.rejects(
    ai.models.generateContent({ model, contents: [...contents, { role: 'model', parts }, one], config: { tools } }),
    /number of function response parts is equal/,
  )
})

test('thoughts are shown when asked for', async () => {
  const whole = await ai.models.generateContent({
    model: 'gemini-2.5-pro',
    contents: 'Why?',
    config: { thinkingConfig: { includeThoughts: true } },
  })
  const parts = whole.candidates![0]!.content!.parts!
  assert.equal(parts[0]!.thought, true)
  assert.ok(parts.at(-1)!.thoughtSignature)
  assert.ok((whole.usageMetadata?.thoughtsTokenCount ?? 0) > 0)
})

test('structured output and forced calls', async () => {
  const schema = { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ['city'] }
  const answer = await ai.models.generateContent({
    model: 'gemini-2.5-flash',
    contents: 'Go to Lisbon',
    config: { responseMimeType: 'application/json', responseSchema: schema },
  })
  assert.deepEqual(JSON.parse(answer.text ?? ''), { city: 'Lisbon' })
  const forced = await ai.models.generateContent({
    model: 'gemini-2.5-flash',
    contents: 'Hello',
    config: {
      tools,
      toolConfig: {
        functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['get_weather'] },
      },
    },
  })
  assert.equal(forced.functionCalls?.[0]?.name, 'get_weather')
})

test('errors, refusals, counts and lists', async () => {
  const make = (word: string) => ai.models.generateContent({ model: `gemini-2.5-flash+${word}`, contents: 'Hi' })
  for (const [word, status] of [
    ['429:7', 429],
    ['403', 403],
    ['404', 404],
    ['503', 503],
    ['400-context', 400],
    ['401', 400],
  ] as const) {
    await assert.rejects(make(word), (e) => e instanceof ApiError && e.status === status, word)
  }
  assert.equal((await make('refusal')).candidates?.[0]?.finishReason, 'SAFETY')
  assert.equal((await make('refusal-text')).promptFeedback?.blockReason, 'PROHIBITED_CONTENT')
  const count = await ai.models.countTokens({ model: 'gemini-2.5-flash', contents: 'Hello' })
  assert.ok((count.totalTokens ?? 0) > 0)
  const names = []
  for await (const m of await ai.models.list()) names.push(m.name)
  assert.ok(names.includes('models/gemini-2.5-flash'))
})

test('without alt=sse a stream is a JSON array, with it CRLF events', async () => {
  const url = `${sim.url}/v1beta/models/gemini-2.5-flash:streamGenerateContent`
  const init = {
    method: 'POST',
    headers: { 'x-goog-api-key': 'key-a' },
    body: JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }),
  }
  const list = (await (await fetch(url, init)).json()) as { candidates: unknown[] }[]
  assert.ok(list.length > 1 && list.every((c) => c.candidates))
  const sse = await (await fetch(`${url}?alt=sse`, init)).text()
  assert.match(sse, /^data: \{.*\}\r\n\r\ndata: /)
})
