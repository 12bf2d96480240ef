import { ASK, ASK_TOOL, BASE, done, INST, KEY, test } from './sdk-case.mjs'

const from = (path) => import(`${INST}/sdks-agents/node_modules/${path}`)
const { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } = await from('@openai/agents/dist/index.mjs')

setTracingDisabled(true)
const at = { apiKey: KEY, baseURL: `${BASE}/v1` }
const kinds = {
  chat: { model: 'gpt-4o', provider: { ...at, useResponses: false } },
  responses: { model: 'gpt-5.1-codex', provider: { ...at, useResponses: true } },
  'responses.ws': { model: 'gpt-5.1-codex', provider: { ...at, useResponses: true, useResponsesWebSocket: true } },
}
for (const [name, { model, provider }] of Object.entries(kinds)) {
  const runner = new Runner({ modelProvider: new OpenAIProvider(provider), tracingDisabled: true })
  for (const stream of [false, true]) {
    const form = stream ? 'stream' : 'whole'
    const finished = async (run) => {
      if (stream) await run.completed
      return run.finalOutput
    }
    await test(`${name}.text.${form}`, async () =>
      finished(await runner.run(new Agent({ name: 'a', instructions: 'brief', model }), ASK, { stream })))
    await test(`${name}.tools.${form}`, async () => {
      const seen = []
      const get_weather = tool({
        name: 'get_weather',
        description: 'w',
        strict: true,
        parameters: {
          type: 'object',
          properties: { city: { type: 'string' } },
          required: ['city'],
          additionalProperties: false,
        },
        execute: (input) => {
          seen.push(input)
          return 'sunny'
        },
      })
      const agent = new Agent({ name: 'a', instructions: 'brief', model, tools: [get_weather] })
      const said = await finished(await runner.run(agent, ASK_TOOL, { stream }))
      if (seen.length !== 1) throw new Error(`the tool ran ${seen.length} times`)
      return said
    })
  }
}
done()
