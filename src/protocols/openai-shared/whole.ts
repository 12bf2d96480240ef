import type { Failure } from '../../hub/failure.ts'
import type { Span } from '../../wire/peek.ts'
import { spanString } from '../../wire/peek.ts'
import { judge } from '../failures/judge.ts'
import { memberFilled, members } from '../json.ts'

/**
 * The error a whole answer with status 200 hides, if it does: a filled top-level `error` beside no answer.
 * @param answer the member that holds the answer (`choices`, `output`).
 */
export function hiddenError(body: Buffer, answer: string): Failure | undefined {
  const found = members(body, ['error', 'code', 'object', 'message', 'status', answer])
  const error = found.get('error')
  if (memberFilled(body, error)) {
    // A Responses answer that failed carries its error beside an `output`, empty or not.
    const failed = spanString(body, found.get('status')) === 'failed'
    if (!failed && memberFilled(body, found.get(answer))) return undefined
    return judge(0, {}, objectOf(body, found, ['error', 'code']))
  }
  // Mistral and vLLM: the error object stands bare.
  if (spanString(body, found.get('object')) === 'error') {
    return judge(0, {}, objectOf(body, found, ['message', 'code']))
  }
  return undefined
}

function objectOf(body: Buffer, found: Map<string, Span>, names: readonly string[]): string {
  const parts: string[] = []
  for (const name of names) {
    const span = found.get(name)
    if (span !== undefined) parts.push(`"${name}":${body.toString('utf8', span.start, span.end)}`)
  }
  return `{${parts.join(',')}}`
}
