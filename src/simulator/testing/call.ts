import { createParser, type EventSourceMessage } from 'eventsource-parser'

/** What a raw exchange left behind; for tests of what SDKs hide. */
export interface Raw {
  status: number
  headers: Headers
  text: string
  /** Server-sent events, read by an outside parser. */
  events: EventSourceMessage[]
  /** The body did not end cleanly. */
  broken: boolean
}

const CALLS: Record<
  string,
  { path: (model: string) => string; headers: Record<string, string>; body: (model: string, extra: object) => object }
> = {
  anthropic: {
    path: () => '/v1/messages',
    headers: { 'anthropic-version': '2023-06-01' },
    body: (model, extra) => ({
      model,
      max_tokens: 1000,
      stream: true,
      messages: [{ role: 'user', content: 'Hello there, simulator' }],
      ...extra,
    }),
  },
  'openai-chat': {
    path: () => '/v1/chat/completions',
    headers: {},
    body: (model, extra) => ({
      model,
      stream: true,
      messages: [{ role: 'user', content: 'Hello there, simulator' }],
      ...extra,
    }),
  },
  'openai-responses': {
    path: () => '/v1/responses',
    headers: {},
    body: (model, extra) => ({ model, stream: true, input: 'Hello there, simulator', ...extra }),
  },
  gemini: {
    path: (model) => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
    headers: {},
    body: (_model, extra) => ({ contents: [{ role: 'user', parts: [{ text: 'Hello there, simulator' }] }], ...extra }),
  },
}

/** The vendors under test and a model of each. */
export const VENDORS: [vendor: string, model: string][] = [
  ['anthropic', 'claude-sonnet-4-6'],
  ['openai-chat', 'gpt-4o'],
  ['openai-responses', 'gpt-4o'],
  ['gemini', 'gemini-2.5-flash'],
]

/** Send one request as a plain client would and read everything that comes. */
export async function call(
  url: string,
  vendor: string,
  model: string,
  options: { key?: string; extra?: object; path?: string; signal?: AbortSignal; headers?: Record<string, string> } = {},
): Promise<Raw> {
  const c = CALLS[vendor]!
  const key = options.key ?? 'key-a'
  const credential: Record<string, string> =
    vendor === 'gemini'
      ? { 'x-goog-api-key': key }
      : vendor === 'anthropic'
        ? { 'x-api-key': key }
        : { authorization: `Bearer ${key}` }
  const res = await fetch(url + (options.path ?? c.path(model)), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...c.headers, ...credential, ...options.headers },
    body: JSON.stringify(c.body(model, options.extra ?? {})),
    signal: options.signal,
  })
  const events: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (e) => events.push(e) })
  const decoder = new TextDecoder()
  let text = ''
  let broken = false
  try {
    for await (const chunk of res.body!) {
      const part = decoder.decode(chunk, { stream: true })
      text += part
      parser.feed(part)
    }
  } catch {
    broken = true
  }
  return { status: res.status, headers: res.headers, text, events, broken }
}
