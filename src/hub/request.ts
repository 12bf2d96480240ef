import type { ProtocolId } from './protocol-id.ts'

/** Fields the hub has no word for, kept under the name of the protocol that said them. Each datum lives once. */
export type Extras = { [P in ProtocolId]?: Record<string, unknown> }

/** Opaque reasoning state. It returns only to the issuer that made it, byte for byte. */
export interface Signature {
  issuer: string
  value: string
  redacted?: true
}

export type MediaSource =
  | { type: 'base64'; data: string }
  | { type: 'url'; url: string }
  | { type: 'file-id'; id: string; issuer: ProtocolId }
  | { type: 'text'; text: string }

export type Part = { extras?: Extras } & (
  | { type: 'text'; text: string }
  | { type: 'media'; kind: 'image' | 'document' | 'audio' | 'video'; source: MediaSource; mediaType?: string }
  | { type: 'reasoning'; text: string; signature?: Signature }
  /** `input` is the JSON text as it came, so that key order and big numbers survive. */
  | { type: 'tool-call'; id: string; name: string; input: string; signature?: Signature }
  | { type: 'tool-result'; callId: string; name?: string; parts: Part[]; failed?: boolean }
  | { type: 'native'; protocol: ProtocolId; value: unknown }
)

export interface Message {
  role: 'system' | 'user' | 'assistant'
  parts: Part[]
  extras?: Extras
}

export type Tool = { extras?: Extras } & (
  | { type: 'function'; name: string; description?: string; schema?: unknown; strict?: boolean }
  | { type: 'custom'; name: string; description?: string; format?: unknown }
  | { type: 'native'; protocol: ProtocolId; value: unknown }
)

export type ToolChoice = { mode: 'auto' | 'none' | 'required' } | { mode: 'tool'; name: string }

/** How hard the model should think: a named level, a token budget, or off. */
export type ReasoningControl =
  | { mode: 'off' }
  | { mode: 'auto' }
  | { mode: 'effort'; effort: string }
  | { mode: 'budget'; tokens: number }

/** A conversation and what is wanted of it, in nobody's dialect. */
export interface ChatRequest {
  model: string
  stream: boolean
  messages: Message[]
  tools?: Tool[]
  toolChoice?: ToolChoice
  parallelToolCalls?: boolean
  maxOutputTokens?: number
  temperature?: number
  topP?: number
  topK?: number
  stop?: string[]
  seed?: number
  reasoning?: ReasoningControl
  /** JSON Schema the answer must satisfy, or `true` for any JSON object. */
  output?: { schema: unknown; name?: string; strict?: boolean } | true
  extras?: Extras
}
