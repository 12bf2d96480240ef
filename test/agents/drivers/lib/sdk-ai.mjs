import { ASK, ASK_TOOL, BASE, done, INST, KEY, test } from './sdk-case.mjs'

const from = (path) => import(`${INST}/sdks/node_modules/${path}`)
const { generateObject, generateText, stepCountIs, isStepCount, streamText, tool, jsonSchema } =
  await from('ai/dist/index.js')
const { createOpenAI } = await from('@ai-sdk/openai/dist/index.js')
const { createAnthropic } = await from('@ai-sdk/anthropic/dist/index.js')
const { createGoogleGenerativeAI } = await from('@ai-sdk/google/dist/index.js')
const { createOpenAICompatible } = await from('@ai-sdk/openai-compatible/dist/index.js')

const openai = createOpenAI({ baseURL: `${BASE}/v1`, apiKey: KEY })
const models = {
  chat: openai.chat('gpt-4o'),
  compatible: createOpenAICompatible({
    name: 'probe',
    baseURL: `${BASE}/v1`,
    apiKey: KEY,
    supportsStructuredOutputs: true,
    includeUsage: true,
  })('gpt-4o'),
  responses: openai.responses('gpt-5.1-codex'),
  anthropic: createAnthropic({ baseURL: `${BASE}/v1`, apiKey: KEY })('claude-sonnet-4-6'),
  google: createGoogleGenerativeAI({ baseURL: `${BASE}/v1beta`, apiKey: KEY })('gemini-2.5-pro'),
}
const weather = () => {
  const seen = []
  const tools = {
    get_weather: tool({
      description: 'w',
      inputSchema: jsonSchema({
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
        additionalProperties: false,
      }),
      execute: (input) => {
        seen.push(input)
        return 'sunny'
      },
    }),
  }
  return { tools, seen }
}
const stop = (stepCountIs ?? isStepCount)(3)
for (const [name, model] of Object.entries(models)) {
  await test(`${name}.text`, async () => (await generateText({ model, prompt: ASK, maxRetries: 0 })).text)
  await test(`${name}.stream`, async () => {
    let text = ''
    const answer = streamText({
      model,
      prompt: ASK,
      maxRetries: 0,
      onError: ({ error }) => {
        throw error
      },
    })
    for await (const part of answer.textStream) text += part
    if (!((await answer.usage).outputTokens > 0)) throw new Error('no usage')
    return text
  })
  for (const streams of [false, true])
    await test(`${name}.tools.${streams ? 'stream' : 'whole'}`, async () => {
      const { tools, seen } = weather()
      const ask = { model, prompt: ASK_TOOL, tools, stopWhen: stop, maxRetries: 0 }
      const text = streams ? await streamText(ask).text : (await generateText(ask)).text
      if (seen.length !== 1) throw new Error(`the tool ran ${seen.length} times`)
      return text
    })
  await test(`${name}.object`, async () => {
    const schema = jsonSchema({
      type: 'object',
      properties: { word: { type: 'string' } },
      required: ['word'],
      additionalProperties: false,
    })
    const { object } = await generateObject({ model, prompt: ASK, schema, maxRetries: 0 })
    if (typeof object.word !== 'string') throw new Error(JSON.stringify(object))
    return `PROBE-OK-7319 ${object.word}`
  })
}
done()
