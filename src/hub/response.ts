import type { Failure } from './failure.ts'
import type { ProtocolId } from './protocol-id.ts'
import type { Citation, Extras, MediaSource, Part, Signature } from './request.ts'

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

/** Why an answer ended. `tool-calls` is decided by the presence of calls, whatever the upstream said. */
export type FinishReason = 'stop' | 'stop-sequence' | 'length' | 'tool-calls' | 'refusal' | 'pause' | 'other'

export interface Finish {
  reason: FinishReason
  /** The upstream's own word. */
  raw?: string
  /** The stop sequence that was met. */
  sequence?: string
}

/** How a part begins. What follows by deltas is left out. */
export type PartStart =
  | { type: 'text' }
  | { type: 'refusal' }
  | { type: 'reasoning' }
  | { type: 'tool-call'; id: string; name: string; namespace?: string; custom?: true }
  /** Comes whole; no deltas follow. */
  | { type: 'media'; kind: 'image' | 'audio'; source: MediaSource; mediaType?: string }
  /** Comes whole, when the search is done. */
  | { type: 'search'; id: string; queries: string[]; sources: { url: string; title?: string }[] }

/**
 * What a model's answer is made of as it comes. Every event carries the index of its part, so interleaved tool calls
 * cannot corrupt each other. Indices rise from 0 in order of `part-start`; a part ends once; `finish` comes after the last
 * part, `usage` at any time (each replaces the one before), and exactly one of `finish` and `error` ends an answer.
 */
export type StreamEvent =
  | { type: 'start'; id: string; model: string }
  | { type: 'part-start'; index: number; part: PartStart }
  /** More text of a text, refusal or reasoning part, or more input of a tool call. */
  | { type: 'part-delta'; index: number; text: string }
  | { type: 'part-signature'; index: number; signature: Signature }
  | { type: 'part-citation'; index: number; citation: Citation }
  | { type: 'part-end'; index: number }
  /** An item only its own protocol understands; whole. */
  | { type: 'native'; protocol: ProtocolId; value: unknown }
  | { type: 'usage'; usage: Usage }
  | { type: 'finish'; finish: Finish }
  | { type: 'error'; failure: Failure }

/** A whole answer. */
export interface ChatResponse {
  id: string
  model: string
  parts: Part[]
  finish: Finish
  usage?: Usage
  extras?: Extras
}
