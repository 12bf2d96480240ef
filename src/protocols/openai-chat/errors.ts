import type { Failure } from '../../hub/failure.ts'
import { formatSse } from '../../wire/sse.ts'
import { openaiError } from '../openai-shared/errors.ts'

/** The terminal error of a chat stream: a data event with `error` and no `[DONE]`, at which the official SDK throws. */
export function midStreamChat(failure: Failure): string {
  return formatSse(JSON.stringify({ error: openaiError(failure) }))
}
