import type { Failure } from '../../hub/failure.ts'
import { formatSse } from '../../wire/sse.ts'
import { openaiError } from '../openai-shared/errors.ts'

/**
 * The terminal error of a Responses stream: one flat `error` event (domain.md 2.4). The openai SDK throws at that name
 * and would hand a `response.failed` on as data; Codex takes the end of a stream without `response.completed` as a broken
 * one and tries again. The sequence number of the stream is not known here and stays 0.
 */
export function midStreamResponses(failure: Failure): string {
  const { message, code, param } = openaiError(failure)
  return formatSse(JSON.stringify({ type: 'error', code, message, param, sequence_number: 0 }), 'error')
}
