/** The four dialects as the vendors' official SDKs speak them: text, tools there and back, and reasoning. */
import Anthropic from '@anthropic-ai/sdk'
import { type Content, GoogleGenAI, type Part, Type } from '@google/genai'
import OpenAI from 'openai'
import { CLIENT_KEY } from './start.ts'

/** What an answer said, in nobody's dialect. */
export interface Heard {
  text: string
  reasoning: string
  /** Names and arguments, in their order. */
  calls: [name: string, args: unknown][]
  /** Tokens of the answer. */
  tokens: number
}

export interface AskOptions {
  stream: boolean
  /** Wants to see the model think. */
  thinks?: boolean
}

/** A client of one dialect. */
export interface Speaker {
  readonly id: 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini'
  /** One question, one answer. */
  ask(url: string, model: string, text: string, options: AskOptions): Promise<Heard>
  /** Asks for the weather in two towns, calls the tools, tells the results and gives both answers. */
  tools(url: string, model: string, options: AskOptions): Promise<[Heard, Heard]>
}

const QUESTION = 'Weather in Paris and in Rome?'
const parameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}
const NAME = 'get_weather'

// --- OpenAI chat

type ChatMessage = OpenAI.ChatCompletionMessage & { reasoning_content?: string }

async function chatTurn(url: string, body: OpenAI.ChatCompletionCreateParamsNonStreaming, stream: boolean) {
  const client = new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${url}/v1`, maxRetries: 0 })
  if (!stream) return await client.chat.completions.create(body)
  let reasoning = ''
  const run = client.chat.completions.stream({ ...body, stream: true, stream_options: { include_usage: true } })
  run.on('chunk', ({ choices }) => {
    reasoning += (choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? ''
  })
  const final = await run.finalChatCompletion()
  if (reasoning !== '') (final.choices[0]!.message as ChatMessage).reasoning_content = reasoning
  return final
}

function chatHeard(answer: OpenAI.ChatCompletion): Heard {
  const message = answer.choices[0]!.message as ChatMessage
  return {
    text: message.content ?? '',
    reasoning: message.reasoning_content ?? '',
    calls: (message.tool_calls ?? []).flatMap((c) =>
      c.type === 'function' ? [[c.function.name, JSON.parse(c.function.arguments)] as [string, unknown]] : [],
    ),
    tokens: answer.usage?.completion_tokens ?? 0,
  }
}

const chat: Speaker = {
  id: 'openai-chat',
  async ask(url, model, content, { stream, thinks }) {
    const more = thinks ? { reasoning_effort: 'high' as const } : {}
    return chatHeard(await chatTurn(url, { model, messages: [{ role: 'user', content }], ...more }, stream))
  },
  async tools(url, model, { stream, thinks }) {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: QUESTION }]
    const tools = [{ type: 'function' as const, function: { name: NAME, parameters } }]
    const body = { model, messages, tools, ...(thinks && { reasoning_effort: 'high' as const }) }
    const first = await chatTurn(url, body, stream)
    const { message } = first.choices[0]!
    messages.push(message)
    for (const c of message.tool_calls ?? []) messages.push({ role: 'tool', tool_call_id: c.id, content: 'sunny' })
    return [chatHeard(first), chatHeard(await chatTurn(url, body, stream))]
  },
}

// --- OpenAI Responses

async function responsesTurn(url: string, body: OpenAI.Responses.ResponseCreateParamsNonStreaming, stream: boolean) {
  const client = new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${url}/v1`, maxRetries: 0 })
  if (!stream) return await client.responses.create(body)
  return await client.responses.stream({ ...body, stream: true }).finalResponse()
}

function responsesHeard(answer: OpenAI.Responses.Response): Heard {
  return {
    text: answer.output_text,
    reasoning: answer.output
      .flatMap((item) => (item.type === 'reasoning' ? item.summary.map((part) => part.text) : []))
      .join(''),
    calls: answer.output.flatMap((item) =>
      item.type === 'function_call' ? [[item.name, JSON.parse(item.arguments)] as [string, unknown]] : [],
    ),
    tokens: answer.usage?.output_tokens ?? 0,
  }
}

const THINKING = {
  reasoning: { effort: 'high' as const, summary: 'auto' as const },
  include: ['reasoning.encrypted_content' as const],
}

const responses: Speaker = {
  id: 'openai-responses',
  async ask(url, model, input, { stream, thinks }) {
    return responsesHeard(await responsesTurn(url, { model, input, store: false, ...(thinks && THINKING) }, stream))
  },
  async tools(url, model, { stream, thinks }) {
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: QUESTION }]
    const tools = [{ type: 'function' as const, name: NAME, parameters, strict: true }]
    const body = { model, input, tools, store: false, ...(thinks && THINKING) }
    const first = await responsesTurn(url, body, stream)
    for (const { ...item } of first.output) {
      // The SDK's own, which no vendor knows.
      delete (item as { parsed_arguments?: unknown }).parsed_arguments
      input.push(item as OpenAI.Responses.ResponseInputItem)
    }
    for (const item of first.output)
      if (item.type === 'function_call')
        input.push({ type: 'function_call_output', call_id: item.call_id, output: 'sunny' })
    return [responsesHeard(first), responsesHeard(await responsesTurn(url, body, stream))]
  },
}

// --- Anthropic

async function messagesTurn(url: string, body: Anthropic.MessageCreateParamsNonStreaming, stream: boolean) {
  const client = new Anthropic({ apiKey: CLIENT_KEY, baseURL: url, maxRetries: 0 })
  return stream ? await client.messages.stream(body).finalMessage() : await client.messages.create(body)
}

function messagesHeard({ content, usage }: Anthropic.Message): Heard {
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    reasoning: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    calls: content.flatMap((block) =>
      block.type === 'tool_use' ? [[block.name, block.input] as [string, unknown]] : [],
    ),
    tokens: usage.output_tokens,
  }
}

function messagesBody(model: string, thinks: boolean | undefined) {
  const thinking = { thinking: { type: 'enabled' as const, budget_tokens: 2_048 } }
  return { model, max_tokens: 4_096, ...(thinks && thinking) }
}

const messages: Speaker = {
  id: 'anthropic',
  async ask(url, model, content, { stream, thinks }) {
    const body = { ...messagesBody(model, thinks), messages: [{ role: 'user' as const, content }] }
    return messagesHeard(await messagesTurn(url, body, stream))
  },
  async tools(url, model, { stream, thinks }) {
    const said: Anthropic.MessageParam[] = [{ role: 'user', content: QUESTION }]
    const tools = [{ name: NAME, input_schema: parameters }]
    const body = { ...messagesBody(model, thinks), tools, messages: said }
    const first = await messagesTurn(url, body, stream)
    said.push({ role: 'assistant', content: first.content as Anthropic.ContentBlockParam[] })
    said.push({
      role: 'user',
      content: first.content.flatMap((block) =>
        block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'sunny' }] : [],
      ),
    })
    return [messagesHeard(first), messagesHeard(await messagesTurn(url, body, stream))]
  },
}

// --- Gemini

interface GeminiSaid {
  parts: Part[]
  tokens: number
}

async function geminiTurn(url: string, model: string, contents: Content[], config: object, stream: boolean) {
  const ai = new GoogleGenAI({ apiKey: CLIENT_KEY, httpOptions: { baseUrl: url } })
  const said: GeminiSaid = { parts: [], tokens: 0 }
  const request = { model, contents, config }
  const chunks = stream
    ? await ai.models.generateContentStream(request)
    : (async function* () {
        yield await ai.models.generateContent(request)
      })()
  for await (const { candidates, usageMetadata } of chunks) {
    said.parts.push(...(candidates?.[0]?.content?.parts ?? []))
    if (usageMetadata !== undefined)
      said.tokens = (usageMetadata.candidatesTokenCount ?? 0) + (usageMetadata.thoughtsTokenCount ?? 0)
  }
  return said
}

function geminiHeard({ parts, tokens }: GeminiSaid): Heard {
  const texts = (thought: boolean) =>
    parts.map((p) => ((p.thought === true) === thought ? (p.text ?? '') : '')).join('')
  return {
    text: texts(false),
    reasoning: texts(true),
    calls: parts.flatMap((p) =>
      p.functionCall ? [[p.functionCall.name!, p.functionCall.args] as [string, unknown]] : [],
    ),
    tokens,
  }
}

const geminiConfig = (thinks: boolean | undefined) =>
  thinks ? { thinkingConfig: { includeThoughts: true, thinkingBudget: 2_048 } } : {}

const gemini: Speaker = {
  id: 'gemini',
  async ask(url, model, text, { stream, thinks }) {
    const contents = [{ role: 'user', parts: [{ text }] }]
    return geminiHeard(await geminiTurn(url, model, contents, geminiConfig(thinks), stream))
  },
  async tools(url, model, { stream, thinks }) {
    const contents: Content[] = [{ role: 'user', parts: [{ text: QUESTION }] }]
    const { additionalProperties: _, ...schema } = parameters
    const declaration = {
      name: NAME,
      description: 'Weather',
      parameters: { ...schema, type: Type.OBJECT, properties: { city: { type: Type.STRING } } },
    }
    const config = { ...geminiConfig(thinks), tools: [{ functionDeclarations: [declaration] }] }
    const first = await geminiTurn(url, model, contents, config, stream)
    const parts = first.parts.filter((p) => p.text !== '')
    contents.push({ role: 'model', parts })
    contents.push({
      role: 'user',
      parts: parts.flatMap(({ functionCall: c }) =>
        c ? [{ functionResponse: { id: c.id, name: c.name, response: { result: 'sunny' } } }] : [],
      ),
    })
    return [geminiHeard(first), geminiHeard(await geminiTurn(url, model, contents, config, stream))]
  },
}

/** All four. */
export const speakers: readonly Speaker[] = [chat, responses, messages, gemini]
