/** Every answer says that it is simulated. */
export const HONEST = { 'x-logicaproxy-simulated': 'true' }

/** A JSON object as it came off the wire. */
export type Json = Record<string, unknown>

/** The vendor APIs that are stood in for, and the lists that belong to none of them. */
export type VendorId =
  | 'anthropic'
  | 'openai-chat'
  | 'openai-responses'
  | 'gemini'
  | 'anthropic-models'
  | 'openai-models'
  | 'gemini-models'
  | 'unknown'

/** What went wrong, in no vendor's words; each vendor says it in its own shape. */
export type ProblemKind =
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'no-such-model'
  | 'too-large'
  | 'rate-limited'
  | 'quota'
  | 'context'
  | 'server'
  | 'unavailable'
  | 'overloaded'

/** A refusal before it is put into a vendor's shape. */
export interface Problem {
  kind: ProblemKind
  /** Overrides the vendor's stock text. */
  message?: string
  status?: number
  param?: string | null
  code?: string | null
  /** Seconds until another try may work; absent when the vendor does not say. */
  retryAfter?: number
  /** True when a long (weekly) limit is exhausted rather than a short burst. */
  longLimit?: boolean
  details?: unknown[]
}

/** A finished refusal, ready for the socket. */
export interface Refusal {
  status: number
  headers: Record<string, string>
  body: unknown
}

/** A tool the model may call. */
export interface ToolSpec {
  name: string
  schema: Json
  /** The tool takes free text instead of a JSON object (OpenAI custom tools). */
  custom?: boolean
  namespace?: string
}

/** What a request asks for, in no vendor's words. */
export interface Ask {
  model: string
  stream: boolean
  /** Prompt text in order: tools and instructions first, then one entry a message. Drives usage and prompt caching. */
  segments: string[]
  /** The last user's own words, without system reminders. */
  userText: string
  tools: ToolSpec[]
  choice: 'auto' | 'none' | 'any' | { name: string }
  parallel: boolean
  /** Tool results at the very end of the conversation. */
  results: string[]
  /** JSON output was asked for, with or without a schema. */
  format?: { schema?: Json }
  media: { kind: string; mediaType: string; bytes: number }[]
  reasoning: boolean
  /** Whether reasoning text is shown to the caller. */
  reasoningVisible: boolean
  maxTokens?: number
  stops: string[]
  /** The caller marked cache breakpoints (Anthropic), or the vendor caches by itself. */
  cacheable: boolean
}

/** Text delivered in pieces; long filler is made lazily so that it never sits in memory whole. */
export interface Pieces extends Iterable<string> {
  text(): string
  chars: number
}

/** One part of an answer. */
export type Block =
  | { type: 'reasoning'; text: string; redacted?: true }
  | { type: 'text'; pieces: Pieces }
  | { type: 'refusal'; text: string }
  | { type: 'call'; id: string; tool: ToolSpec; input: string }

/** Token counts, each apart; vendors add them up differently. */
export interface Usage {
  /** Input neither read from nor written to a cache. */
  fresh: number
  cacheRead: number
  cacheWrite: number
  /** Visible output, without reasoning. */
  output: number
  reasoning: number
}

/** An answer in no vendor's words. */
export interface Answer {
  /** Hex that all ids of this answer are made from. */
  seed: string
  model: string
  blocks: Block[]
  finish: 'end' | 'tools' | 'length' | 'stop' | 'refusal' | 'blocked'
  stop?: string
  usage: Usage
}

/**
 * One event of a stream as bytes on the wire. `start` opens the answer, `content` bears text or arguments, `end` closes
 * it (everything a missing terminal event would lack), `done` is the very last marker.
 */
export interface Frame {
  text: string
  role: 'start' | 'content' | 'other' | 'end' | 'done'
}

/** What a vendor module may know about the exchange it serves. */
export interface Context {
  headers: Record<string, string>
  query: URLSearchParams
  key: string
  /** The model of the URL (Gemini), else that of the body. */
  model: string
  /** The base name, without behaviour words. */
  base: string
  /** The URL's verb (Gemini) or kind of call. */
  action: string
  seed: string
  nowMs: number
  /** Extra words that change how an answer is encoded. */
  words: ReadonlySet<string>
  state: State
}

/** What the stand-ins remember between requests. */
export interface State {
  /** Responses API: stored responses by id, bounded. */
  responses: Map<string, { input: unknown[]; output: unknown[] }>
  /** Ids of stored output items. */
  items: Map<string, Json>
  /** Prompt prefixes seen, per key and vendor. */
  prefixes: Map<string, number>
  /** Take reasoning state that others made; for replaying recorded conversations. */
  anySignature: boolean
}

/** One vendor API. */
export interface VendorApi {
  id: VendorId
  /** The content type of a stream in this context. */
  streamType(ctx: Context): string
  /** The vendor's own refusal, or the body made ready for `ask`. */
  validate(body: Json, ctx: Context): Problem | Json
  ask(body: Json, ctx: Context): Ask
  whole(answer: Answer, body: Json, ctx: Context): unknown
  stream(answer: Answer, body: Json, ctx: Context): Iterable<Frame>
  /** Token counting and other calls that answer without generating. */
  other?(body: Json, ctx: Context): unknown
  /** After a successful answer: remember what later requests may refer to. */
  remember?(answer: Answer, body: Json, ctx: Context): void
  refuse(problem: Problem, ctx: Context): Refusal
  /** The vendor's error inside a running stream: `second` right after the first event, `mid` later. */
  streamError(problem: Problem, ctx: Context, place: 'second' | 'mid', sequence: number): string
  headers(ctx: Context): Record<string, string>
}

/** True when `validate` refused. */
export function isProblem(value: Problem | Json): value is Problem {
  return problems.has(value)
}

const problems = new WeakSet<object>()

/** Make a refusal; registered, so that a request body can never be mistaken for one. */
export function problem(p: Problem): Problem {
  problems.add(p)
  return p
}

/** The usual refusal: the request is wrong. */
export function invalid(message: string, param: string | null = null, code: string | null = null): Problem {
  return problem({ kind: 'invalid', message, param, code })
}
