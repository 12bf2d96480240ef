/** Whether what an upstream sent was all of it. */
import { PeekError, peek } from '../wire/peek.ts'

/** Whether the bytes of an event that was never closed hold all of its data. */
export function isWholeEvent(bytes: Buffer): boolean {
  const text = bytes.toString('utf8')
  const data = text.slice(text.lastIndexOf('data:') + 5).trim()
  if (data === '[DONE]') return true
  try {
    JSON.parse(data)
    return true
  } catch {
    return false
  }
}

/** Whether an event's data opens a JSON object and does not close it: as long as nothing has left, that can be mended. */
export function isHalfObject(data: string): boolean {
  return data.charCodeAt(0) === 0x7b && !isWholeObject(Buffer.from(data, 'latin1'))
}

/** Whether the bytes of a whole answer close what they open. */
export function isWholeObject(body: Buffer): boolean {
  try {
    peek(body, [], Number.POSITIVE_INFINITY)
    return true
  } catch (error) {
    if (error instanceof PeekError) return false
    throw error
  }
}

/** What a body begins with, after its white space. */
export function firstCharacter(body: Buffer): string {
  let at = 0
  while (at < body.length && body[at]! <= 32) at += 1
  return String.fromCharCode(body[at] ?? 0)
}
