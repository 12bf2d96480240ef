import type { Failure } from '../../hub/failure.ts'
import { formatSse } from '../../wire/sse.ts'
import { wholeSeconds } from '../failures/respond.ts'
import { openaiError } from '../openai-shared/errors.ts'

/**
 * The terminal error of a Responses stream: the pair the vendor itself sends, `error` and then `response.failed`.
 * Both are needed, and each reader takes one: the openai SDK throws at the event named `error` and hands
 * `response.failed` on as data, while the Codex CLI passes over `error` and acts on `response.failed` (its code decides
 * between giving up and waiting). The sequence number of the stream is not known here and stays 0.
 */
export function midStreamResponses(failure: Failure, requestId: string): string {
  const { message, code, param } = openaiError(failure)
  const error = { type: 'error', code, message, param, sequence_number: 0 }
  const failed = {
    type: 'response.failed',
    sequence_number: 0,
    response: {
      id: `resp_${requestId}`,
      object: 'response',
      created_at: Math.floor(Date.now() / 1000),
      status: 'failed',
      error: { code: failedCode(code), message: withWait(failure) },
      incomplete_details: null,
      instructions: null,
      metadata: {},
      model: '',
      output: [],
      parallel_tool_calls: true,
      temperature: null,
      tool_choice: 'auto',
      tools: [],
      top_p: null,
      usage: null,
    },
  }
  return formatSse(JSON.stringify(error), 'error') + formatSse(JSON.stringify(failed), 'response.failed')
}

/** `response.error.code` has words of its own for the two commonest cases. */
function failedCode(code: string | null): string {
  return code === null ? 'invalid_prompt' : code === 'internal_server_error' ? 'server_error' : code
}

/** The Codex CLI reads how long to wait from the words "try again in 1.5s" of a `rate_limit_exceeded`. */
function withWait(failure: Failure): string {
  if (failure.retryAfter === undefined || /try again in/i.test(failure.message)) return failure.message
  return `${failure.message} Please try again in ${wholeSeconds(failure.retryAfter)}s.`
}
