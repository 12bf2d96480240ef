import { ASK, ASK_TOOL, BASE, done, INST, KEY, test } from './sdk-case.mjs'

const from = (path) => import(`${INST}/sdks-langchain/node_modules/@langchain/${path}`)
const { ChatOpenAI } = await from('openai/dist/index.js')
const { ChatAnthropic } = await from('anthropic/dist/index.js')
const { ChatGoogleGenerativeAI } = await from('google-genai/dist/index.js')
const { HumanMessage, ToolMessage } = await from('core/dist/messages/index.js')

const configuration = { baseURL: `${BASE}/v1` }
const more = { maxRetries: 0 }
const models = {
  chat: new ChatOpenAI({ ...more, model: 'gpt-4o', apiKey: KEY, configuration, useResponsesApi: false }),
  responses: new ChatOpenAI({ ...more, model: 'gpt-5.1-codex', apiKey: KEY, configuration, useResponsesApi: true }),
  anthropic: new ChatAnthropic({ ...more, model: 'claude-sonnet-4-6', apiKey: KEY, anthropicApiUrl: BASE }),
  google: new ChatGoogleGenerativeAI({ ...more, model: 'gemini-2.5-pro', apiKey: KEY, baseUrl: BASE }),
}
const text = ({ content }) => (typeof content === 'string' ? content : content.map((part) => part.text ?? '').join(''))
const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'w',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
]
for (const [name, model] of Object.entries(models)) {
  await test(`${name}.text`, async () => text(await model.invoke(ASK)))
  await test(`${name}.stream`, async () => {
    let said = ''
    for await (const chunk of await model.stream(ASK)) said += text(chunk)
    return said
  })
  for (const streams of [false, true])
    await test(`${name}.tools.${streams ? 'stream' : 'whole'}`, async () => {
      const bound = model.bindTools(tools)
      const asked = new HumanMessage(ASK_TOOL)
      let answer
      if (streams) for await (const chunk of await bound.stream([asked])) answer = answer ? answer.concat(chunk) : chunk
      else answer = await bound.invoke([asked])
      const call = answer.tool_calls?.[0]
      if (call?.name !== 'get_weather' || typeof call.args.city !== 'string')
        throw new Error(JSON.stringify(answer.tool_calls))
      const result = new ToolMessage({ content: 'sunny', tool_call_id: call.id, name: call.name })
      return text(await bound.invoke([asked, answer, result]))
    })
}
done()
