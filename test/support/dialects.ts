/** The four dialects as a client without an SDK sees them: how to ask, and how to read what came to the byte. */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { createParser } from 'eventsource-parser'
import { CLIENT_KEY, type Running } from './start.ts'

/** What a client asks. */
export interface Question {
  model?: string
  stream?: boolean
  /** What the user says. */
  text?: string
  headers?: Record<string, string>
  /** Further members of the body. */
  extra?: Record<string, unknown>
  /** Hang up after so many milliseconds of silence within an answer. */
  patience?: number
}

/** One server-sent event. */
export interface Event {
  name: string
  data: string
}

export interface Dialect {
  id: 'anthropic' | 'openai-chat' | 'openai-responses' | 'gemini'
  /** The list of the config that holds its accounts. */
  list: 'claude-api-key' | 'openai-api-key' | 'gemini-api-key'
  provider: string
  model: string
  path(model: string, stream: boolean): string
  body(model: string, stream: boolean, text: string): Record<string, unknown>
  /** The headers that carry a client's key. */
  auth: Record<string, string>
  /** The text of a whole answer, or of one event. */
  text(json: Json): string
  /** The error of a refusal: `[type or status word, code, message]`. */
  error(json: Json): { type?: string; code?: unknown; message: string }
  /** Whether an event opens an answer. */
  opens(event: Event): boolean
  /** Whether an event closes an answer well. */
  closes(event: Event): boolean
  /** Whether an event is an error. */
  fails(event: Event): boolean
}

// biome-ignore lint/suspicious/noExplicitAny: answers of four vendors, read by tests that know their shapes
export type Json = any

const parsed = (event: Event): Json => {
  try {
    return JSON.parse(event.data)
  } catch {
    return {}
  }
}

const anthropic: Dialect = {
  id: 'anthropic',
  list: 'claude-api-key',
  provider: 'claude',
  model: 'claude-sonnet-4-6',
  path: () => '/v1/messages',
  body: (model, stream, text) => ({
    model,
    max_tokens: 256,
    ...(stream && { stream }),
    messages: [{ role: 'user', content: text }],
  }),
  auth: { 'x-api-key': CLIENT_KEY, 'anthropic-version': '2023-06-01' },
  text: (json) => json.delta?.text ?? (json.content ?? []).map((b: Json) => b.text ?? '').join(''),
  error: (json) => {
    assert.equal(json.type, 'error')
    return json.error
  },
  opens: (event) => event.name === 'message_start',
  closes: (event) => event.name === 'message_stop',
  fails: (event) => event.name === 'error',
}

const openai = { list: 'openai-api-key', provider: 'openai', model: 'gpt-5.2' } as const
const bearer = { authorization: `Bearer ${CLIENT_KEY}` }

const chat: Dialect = {
  ...openai,
  id: 'openai-chat',
  path: () => '/v1/chat/completions',
  body: (model, stream, text) => ({ model, ...(stream && { stream }), messages: [{ role: 'user', content: text }] }),
  auth: bearer,
  text: (json) => json.choices?.[0]?.delta?.content ?? json.choices?.[0]?.message?.content ?? '',
  error: (json) => json.error,
  opens: (event) => parsed(event).choices?.[0]?.delta?.role === 'assistant',
  closes: (event) => event.data === '[DONE]',
  fails: (event) => parsed(event).error !== undefined,
}

const responses: Dialect = {
  ...openai,
  id: 'openai-responses',
  path: () => '/v1/responses',
  body: (model, stream, text) => ({
    model,
    store: false,
    ...(stream && { stream }),
    input: [{ role: 'user', content: text }],
  }),
  auth: bearer,
  text: (json) =>
    json.type === 'response.output_text.delta'
      ? json.delta
      : (json.output ?? [])
          .flatMap((i: Json) => i.content ?? [])
          .map((p: Json) => p.text ?? '')
          .join(''),
  error: (json) => json.error,
  opens: (event) => event.name === 'response.created',
  closes: (event) => event.name === 'response.completed' || event.name === 'response.incomplete',
  fails: (event) => event.name === 'response.failed' || event.name === 'error',
}

const gemini: Dialect = {
  id: 'gemini',
  list: 'gemini-api-key',
  provider: 'gemini',
  model: 'gemini-2.5-flash',
  path: (model, stream) => `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: (_model, _stream, text) => ({ contents: [{ role: 'user', parts: [{ text }] }] }),
  auth: { 'x-goog-api-key': CLIENT_KEY },
  text: (json) => (json.candidates?.[0]?.content?.parts ?? []).map((p: Json) => p.text ?? '').join(''),
  error: (json) => ({ type: json.error.status, code: json.error.code, message: json.error.message }),
  // Gemini has no opening event: every chunk carries the id of the answer, and the first one opens it.
  opens: () => false,
  closes: (event) => parsed(event).candidates?.[0]?.finishReason !== undefined,
  fails: (event) => parsed(event).error !== undefined,
}

/** All four. */
export const dialects: readonly Dialect[] = [anthropic, chat, responses, gemini]
export { anthropic, chat, gemini, responses }

/** A config fragment: accounts of a dialect with these keys, all at one address. */
export function accounts(
  dialect: Dialect,
  simulatorUrl: string,
  keys: readonly (string | Record<string, unknown>)[],
): Record<string, unknown> {
  const base = dialect.list === 'openai-api-key' ? `${simulatorUrl}/v1` : simulatorUrl
  return {
    [dialect.list]: keys.map((key) => ({ 'base-url': base, ...(typeof key === 'string' ? { 'api-key': key } : key) })),
  }
}

/** An answer as it came off the socket. */
export class Answer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly raw: string
  /** The connection broke before the answer was over. */
  readonly cut: boolean
  readonly dialect: Dialect

  constructor(dialect: Dialect, status: number, headers: Record<string, string>, raw: string, cut: boolean) {
    this.dialect = dialect
    this.status = status
    this.headers = headers
    this.raw = raw
    this.cut = cut
  }

  get json(): Json {
    return JSON.parse(this.raw)
  }

  /** What `eventsource-parser` makes of it: a reader that is not ours. */
  get events(): Event[] {
    const events: Event[] = []
    const parser = createParser({
      onEvent: (e) => events.push({ name: e.event ?? '', data: e.data }),
      onError: (error) => {
        throw error
      },
    })
    parser.feed(this.raw)
    return events
  }

  /** Comment lines of the stream. */
  get comments(): string[] {
    return this.raw.split('\n').filter((line) => line.startsWith(':'))
  }

  /** All text it says. */
  get text(): string {
    const { dialect } = this
    if (!this.headers['content-type']?.includes('event-stream')) return dialect.text(this.json)
    return this.events.map((e) => (e.data === '[DONE]' ? '' : dialect.text(parsed(e)))).join('')
  }

  /** The error of a refusal, or of the one event that tells it. */
  get error(): { type?: string; code?: unknown; message: string } {
    return this.dialect.error(this.json)
  }
}

/** Asks, without an SDK and without a retry. */
export function ask(running: Pick<Running, 'url'>, dialect: Dialect, question: Question = {}): Promise<Answer> {
  const { model = dialect.model, stream = false, text = 'Hello there', headers, extra, patience } = question
  const body = JSON.stringify({ ...dialect.body(model, stream, text), ...extra })
  return post(running, dialect, dialect.path(model, stream), body, headers, patience)
}

const agent = new Agent({ keepAlive: true })

/** Posts bytes. */
export function post(
  { url }: Pick<Running, 'url'>,
  dialect: Dialect,
  path: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
  patience = 0,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(url + path, {
      method: 'POST',
      agent,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...dialect.auth,
        ...headers,
      },
    })
    req.on('error', reject)
    req.on('response', (res) => {
      const chunks: Buffer[] = []
      let timer: NodeJS.Timeout | undefined
      res.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        clearTimeout(timer)
        if (patience > 0) timer = setTimeout(() => res.destroy(), patience)
      })
      res.on('error', () => {})
      res.on('close', () =>
        resolve(
          new Answer(
            dialect,
            res.statusCode!,
            res.headers as Record<string, string>,
            Buffer.concat(chunks).toString('utf8'),
            !res.complete,
          ),
        ),
      )
    })
    req.end(body)
  })
}

/** Asks the simulator itself, past the gateway, with a key of its own: what the client would see without us. */
export function askDirectly(
  { simulator }: Pick<Running, 'simulator'>,
  dialect: Dialect,
  question: Question = {},
  key = 'direct-key',
): Promise<Answer> {
  const [name, value] = Object.entries(dialect.auth)[0]!
  const auth = { [name]: value.replace(CLIENT_KEY, key) }
  return ask({ url: simulator.url }, dialect, { ...question, headers: { ...auth, ...question.headers } })
}
