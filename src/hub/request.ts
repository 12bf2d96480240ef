import type { ProtocolId } from './protocol-id.ts'

/**
 * Fields the hub has no word for, kept under the name of the protocol that said them: decode takes what it knows out of
 * the wire object and leaves the rest here, on the same node; encode spreads its own rest back. Each datum lives once.
 */
export type Extras = { [P in ProtocolId]?: Record<string, unknown> }

/** What every node of a request may carry. */
export interface Node {
  extras?: Extras
}

/** Opaque reasoning state. It returns only to the issuer that made it, byte for byte. */
export interface Signature {
  /** Dialect and, where known, provider that made it: `anthropic`, `openai-responses`, `gemini`. */
  issuer: string
  value: string
  /** The reasoning itself is hidden in `value` (Anthropic's `redacted_thinking`). */
  redacted?: true
}

export type MediaKind = 'image' | 'document' | 'audio' | 'video'

export type MediaSource =
  | { type: 'base64'; data: string }
  | { type: 'url'; url: string }
  /** A document given as plain text. */
  | { type: 'text'; text: string }
  /** A file the vendor keeps; it means nothing to another vendor. */
  | { type: 'file'; id: string }

/** A prompt cache breakpoint after this node. */
export interface CacheMark {
  ttl?: '5m' | '1h'
}

/** Where a statement in an answer comes from. Offsets count UTF-16 units of the part's text. */
export interface Citation extends Node {
  url?: string
  title?: string
  /** The words of the source. */
  quote?: string
  start?: number
  end?: number
}

export interface TextPart extends Node {
  type: 'text'
  text: string
  citations?: Citation[]
  cache?: CacheMark
}

/** The model's own words for declining. Most dialects have only text for it. */
export interface RefusalPart extends Node {
  type: 'refusal'
  text: string
}

export interface MediaPart extends Node {
  type: 'media'
  kind: MediaKind
  source: MediaSource
  /** MIME type, if the wire told it. */
  mediaType?: string
  /** File name or title. */
  name?: string
  /** How closely to look: `low`, `high`, `auto`. */
  detail?: string
  cache?: CacheMark
}

export interface ReasoningPart extends Node {
  type: 'reasoning'
  text: string
  signature?: Signature
}

export interface ToolCallPart extends Node {
  type: 'tool-call'
  id: string
  name: string
  /** The group the tool belongs to, in dialects that have groups. */
  namespace?: string
  /** JSON text as it came, so that key order and big numbers survive; for a custom tool the free text. */
  input: string
  /** A free-text ("custom") tool: `input` is no JSON. */
  custom?: true
  signature?: Signature
  cache?: CacheMark
}

export interface ToolResultPart extends Node {
  type: 'tool-result'
  callId: string
  /** The tool's name, where the wire tells it (Gemini does). */
  name?: string
  /** Text and media. */
  parts: Part[]
  failed?: boolean
  custom?: true
  cache?: CacheMark
}

/** One hosted web search, done by the provider. */
export interface SearchPart extends Node {
  type: 'search'
  id: string
  queries: string[]
  sources: { url: string; title?: string }[]
}

/** Something only its own protocol understands. */
export interface NativePart extends Node {
  type: 'native'
  protocol: ProtocolId
  value: unknown
}

export type Part =
  | TextPart
  | RefusalPart
  | MediaPart
  | ReasoningPart
  | ToolCallPart
  | ToolResultPart
  | SearchPart
  | NativePart

/**
 * A turn, or what a dialect has in its place: one Responses item is one message, one OpenAI `tool` message is a user
 * message with one tool result. Encoders for dialects that alternate merge neighbours.
 */
export interface Message extends Node {
  role: 'system' | 'user' | 'assistant'
  parts: Part[]
}

export interface FunctionTool extends Node {
  type: 'function'
  name: string
  description?: string
  /** JSON Schema of the input; absent: no input. */
  schema?: unknown
  strict?: boolean
  cache?: CacheMark
}

/** A tool that takes free text, perhaps of a grammar. */
export interface CustomTool extends Node {
  type: 'custom'
  name: string
  description?: string
  /** `{type: 'text'}` or `{type: 'grammar', syntax, definition}`. */
  format?: unknown
}

/** Tools grouped under a name; a call names both. */
export interface NamespaceTool extends Node {
  type: 'namespace'
  name: string
  description?: string
  tools: (FunctionTool | CustomTool)[]
}

/** Web search done by the provider. */
export interface SearchTool extends Node {
  type: 'web-search'
  maxUses?: number
  allowedDomains?: string[]
  blockedDomains?: string[]
  /** `{city, region, country, timezone}`, approximate. */
  location?: Record<string, string>
}

/** A hosted tool only its own protocol has. */
export interface NativeTool extends Node {
  type: 'native'
  protocol: ProtocolId
  value: unknown
}

export type Tool = FunctionTool | CustomTool | NamespaceTool | SearchTool | NativeTool

export type ToolChoice =
  | { mode: 'auto' | 'none' | 'required' }
  /** This very tool. */
  | { mode: 'tool'; name: string; custom?: true }
  /** One of these, or none of them if `required` is not set. */
  | { mode: 'allowed'; names: string[]; required?: true }
  /** The hosted web search. */
  | { mode: 'web-search' }

/** Levels of effort, in rising order (domain.md 3.4). */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
export type Effort = (typeof EFFORTS)[number]

/** How hard the model should think, and whether its thoughts are shown. */
export interface ReasoningControl extends Node {
  /** `off`, `auto` (the model decides), a level, or a budget in tokens. */
  depth?: { mode: 'off' } | { mode: 'auto' } | { mode: 'effort'; effort: Effort } | { mode: 'budget'; tokens: number }
  /** Show thoughts: absent where the wire does not say. */
  show?: boolean
}

/** What the answer must look like. */
export type OutputFormat =
  | { type: 'json' }
  | { type: 'schema'; schema: unknown; name?: string; description?: string; strict?: boolean; extras?: Extras }

/** A conversation and what is wanted of it, in nobody's dialect. */
export interface ChatRequest extends Node {
  model: string
  stream: boolean
  /** In order; system messages may stand anywhere. */
  messages: Message[]
  tools?: Tool[]
  toolChoice?: ToolChoice
  /** False: one tool call at a time. */
  parallelToolCalls?: boolean
  /** Tokens. */
  maxOutputTokens?: number
  temperature?: number
  topP?: number
  topK?: number
  stop?: string[]
  seed?: number
  presencePenalty?: number
  frequencyPenalty?: number
  /** Whether to tell the probabilities of tokens, and of how many alternatives each. */
  logprobs?: { top?: number }
  /** Answers wanted; absent: one. */
  count?: number
  reasoning?: ReasoningControl
  output?: OutputFormat
  /** How wordy: `low`, `medium`, `high`. */
  verbosity?: string
  /** Who asks, in the client's own words; opaque. */
  user?: string
  /** Groups requests that share a prompt prefix. */
  cacheKey?: string
}
