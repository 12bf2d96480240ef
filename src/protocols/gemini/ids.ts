/**
 * Ids of function calls. Most Gemini models give their calls none, every other dialect needs one: it is minted from what
 * stands still (where the call stands, and its name), so that stream and whole, and this turn and the next, agree.
 */
import { createHash } from 'node:crypto'

const MINTED = /^call_\d+_[0-9a-f]{12}$/

/**
 * @param scope tells one answer from another (its id), or is empty for the calls of a history.
 * @param position of the call inside the scope.
 */
export function mintCallId(scope: string, position: number, name: string): string {
  const digest = createHash('sha256').update(`${scope}\n${position}\n${name}`).digest('hex').slice(0, 12)
  return `call_${position}_${digest}`
}

/** Whether the id is of our making, which Gemini never gave and should not see. */
export function isMinted(id: string): boolean {
  return MINTED.test(id)
}
