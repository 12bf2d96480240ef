import type { Failure } from './failure.ts'
import type { ProtocolId } from './protocol-id.ts'
import type { Extras, Part, Signature } from './request.ts'

/**
 * Tokens, kept apart so that every dialect's own sums can be formed from them (domain.md 3.9): the whole input is
 * `input + cacheRead + cacheWrite`; `output` includes `reasoning`.
 */
export interface Usage {
  /** Input tokens neither read from nor written to a cache. */
  input: number
  cacheRead: number
  cacheWrite: number
  /** All output tokens, reasoning included. */
  output: number
  reasoning: number
}

export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'refusal' | 'pause' | 'error' | 'other'

export type PartStart =
  | { type: 'text' }
  | { type: 'reasoning'; redacted?: true }
  | { type: 'tool-call'; id: string; name: string }
  | { type: 'media'; kind: 'image' | 'audio'; mediaType?: string }

/** What a model's answer is made of as it comes. Every event carries the index of its part, so interleaved calls stay apart. */
export type StreamEvent =
  | { type: 'start'; id: string; model: string }
  | { type: 'part-start'; index: number; part: PartStart }
  | { type: 'part-delta'; index: number; text: string }
  | { type: 'part-signature'; index: number; signature: Signature }
  | { type: 'part-end'; index: number }
  | { type: 'native'; protocol: ProtocolId; index?: number; value: unknown }
  | { type: 'usage'; usage: Usage }
  | { type: 'finish'; reason: FinishReason; raw?: string }
  | { type: 'error'; failure: Failure }

/** A whole answer. */
export interface ChatResponse {
  id: string
  model: string
  parts: Part[]
  finish: { reason: FinishReason; raw?: string }
  usage?: Usage
  extras?: Extras
}
