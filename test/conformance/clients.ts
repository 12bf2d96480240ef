/** The four official SDKs, asking through a `fetch` of ours so that no socket is needed. */
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import type { Dialect, Json } from './corpus.ts'

/** Where the clients believe the gateway is. */
export const ORIGIN = 'http://127.0.0.1:8317'
export const KEY = 'client-key-1234567890'

export type Fetch = (request: Request) => Promise<Response>

const QUESTION = 'Hello there'

/** Asks in a dialect; gives the SDK's whole answer, or the list of what its stream gave. */
export async function ask(dialect: Dialect, fetch: Fetch, model: string, stream: boolean): Promise<Json> {
  const via = (input: string | URL | Request, init?: RequestInit) => fetch(new Request(input, init))
  switch (dialect) {
    case 'anthropic': {
      const client = new Anthropic({ apiKey: KEY, baseURL: ORIGIN, maxRetries: 0, fetch: via })
      const body = {
        model,
        max_tokens: 4096,
        thinking: { type: 'enabled' as const, budget_tokens: 1024 },
        messages: [{ role: 'user' as const, content: QUESTION }],
      }
      return stream
        ? all(await client.messages.create({ ...body, stream: true }))
        : client.messages.create({ ...body, stream: false }, { timeout: 600_000 })
    }
    case 'openai-chat': {
      const client = new OpenAI({ apiKey: KEY, baseURL: `${ORIGIN}/v1`, maxRetries: 0, fetch: via })
      const body = { model, messages: [{ role: 'user' as const, content: QUESTION }] }
      return stream
        ? all(await client.chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } }))
        : client.chat.completions.create(body)
    }
    case 'openai-responses': {
      const client = new OpenAI({ apiKey: KEY, baseURL: `${ORIGIN}/v1`, maxRetries: 0, fetch: via })
      const body = {
        model,
        input: QUESTION,
        store: false,
        reasoning: { summary: 'auto' as const },
        include: ['reasoning.encrypted_content' as const],
      }
      return stream ? all(await client.responses.create({ ...body, stream: true })) : client.responses.create(body)
    }
    case 'gemini': {
      const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: ORIGIN } })
      const body = { model, contents: QUESTION, config: { thinkingConfig: { includeThoughts: true } } }
      return viaGlobal(via, async () =>
        stream ? all(await client.models.generateContentStream(body)) : client.models.generateContent(body),
      )
    }
  }
}

async function all(stream: AsyncIterable<Json>): Promise<Json[]> {
  const seen: Json[] = []
  for await (const item of stream) seen.push(structuredClone(JSON.parse(JSON.stringify(item))))
  return seen
}

/** The Gemini SDK takes no `fetch`: it gets ours in place of the global one while it asks. One question at a time. */
async function viaGlobal<T>(via: typeof fetch, use: () => Promise<T>): Promise<T> {
  const usual = globalThis.fetch
  globalThis.fetch = via
  try {
    return await use()
  } finally {
    globalThis.fetch = usual
  }
}
