/** Finish reasons ↔ hub (domain.md 3.8), with the words compatible upstreams use. */
import type { Finish, FinishReason } from '../../hub/response.ts'

const REASONS: Record<string, FinishReason> = {
  stop: 'stop',
  eos: 'stop', // Together
  end_turn: 'stop', // gateways in front of Claude
  stop_sequence: 'stop-sequence',
  length: 'length',
  max_tokens: 'length',
  model_length: 'length', // Mistral
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  tool_use: 'tool-calls',
  content_filter: 'refusal',
  refusal: 'refusal',
}

/** What the answer holds decides more than what the upstream calls it (domain.md 3.14). */
export interface Held {
  calls: boolean
  refusal: boolean
}

/** @param raw the upstream's word; absent when it only said that it was done. */
export function finishOf(raw: string | undefined, sequence: string | undefined, held: Held): Finish {
  let reason: FinishReason = raw === undefined ? 'stop' : (REASONS[raw.toLowerCase()] ?? 'other')
  if (held.calls && reason !== 'length' && reason !== 'refusal') reason = 'tool-calls'
  else if (!held.calls && reason === 'tool-calls') reason = 'stop'
  if (reason === 'stop' && held.refusal) reason = 'refusal'
  if (reason === 'stop' && sequence !== undefined) reason = 'stop-sequence'
  return {
    reason,
    ...(raw !== undefined && { raw }),
    ...(reason === 'stop-sequence' && sequence !== undefined && { sequence }),
  }
}

const WORDS: Record<FinishReason, string> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  refusal: 'content_filter',
  pause: 'stop',
  other: 'stop',
}

/** A model that declines in words has stopped; without words its answer was withheld. */
export function finishWord({ reason }: Finish, held: Pick<Held, 'refusal'>): string {
  return reason === 'refusal' && held.refusal ? 'stop' : WORDS[reason]
}
