/** Files that a vendor keeps: an id means something to that vendor alone. */
import { FailureError, failure } from '../../hub/failure.ts'

/** Ids of Anthropic's files (`file_01…`), and addresses of Google's. OpenAI's own look otherwise (`file-…`). */
const FOREIGN = /^(?:file_01|files\/|[a-z]+:\/\/)/

/**
 * The id, if OpenAI may have made it.
 * @throws {FailureError} `invalid-request` if another vendor did.
 */
export function ownFile(id: string, param?: string): string {
  if (!FOREIGN.test(id)) return id
  throw new FailureError(
    failure('invalid-request', `The file ${id} is kept by another provider; send its content instead.`, { param }),
  )
}
