import type { Failure } from '../../hub/failure.ts'
import type { Sse } from '../../wire/sse.ts'
import { judge } from '../failures/judge.ts'
import { asArray, asObject, eventText, type Json, parseEvent } from '../json.ts'
import type { EventMark, StreamTap } from '../protocol.ts'
import { Tap } from '../tap.ts'
import { geminiUsage } from './usage.ts'

/**
 * Watches a generateContent stream, whose events have no names and no terminal event: the chunk with a finish reason, or
 * with the reason why the prompt was blocked, is the last sign of life. Chunks are parsed until one bears content;
 * after that native searches pick out the finish and errors, and usage, which every chunk carries, is read when asked.
 */
export function geminiTap(): StreamTap {
  let content = false
  let ended = false
  let failure: Failure | undefined
  let usageChunk: Sse | undefined

  function read(event: Sse): EventMark {
    const { data } = event
    // Search words without their opening quote are several times faster: quotes stand everywhere in JSON.
    if (data.includes('usageMetadata"')) usageChunk = event
    // A chunk with candidates, which stand at its beginning, is an answer and no error.
    if (event.event === 'error' || (!data.includes('"candidates"') && data.includes('"error"'))) {
      const error = parseEvent(event)?.['error']
      if (event.event === 'error' || (error !== undefined && error !== null && error !== '')) {
        failure = judge(0, {}, eventText(event))
        return 'error'
      }
    }
    const last = data.includes('Reason"') && (data.includes('"finishReason"') || data.includes('"blockReason"'))
    if (content && !last) return 'content'
    const chunk = parseEvent(event)
    const finished = last && chunk !== undefined && finishes(chunk)
    if (finished) ended = true
    const full = chunk === undefined ? data.trim() !== '' : bears(chunk)
    if (full) content = true
    if (full || !finished) return content ? 'content' : 'handshake'
    return 'end'
  }

  return new Tap(
    read,
    () => usageChunk && geminiUsage(parseEvent(usageChunk)?.['usageMetadata']),
    () => ended,
    () => failure,
  )
}

function finishes(chunk: Json): boolean {
  const blocked = asObject(chunk['promptFeedback'])?.['blockReason']
  return isReason(blocked) || asArray(chunk['candidates']).some((c) => isReason(asObject(c)?.['finishReason']))
}

function isReason(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !value.endsWith('_UNSPECIFIED')
}

function bears(chunk: Json): boolean {
  return asArray(chunk['candidates']).some((candidate) =>
    asArray(asObject(asObject(candidate)?.['content'])?.['parts']).some(partBears),
  )
}

/** A signature alone, or the mark that a text is a thought, shows nothing to anybody. */
function partBears(value: unknown): boolean {
  const part = asObject(value)
  if (part === undefined) return false
  return Object.entries(part).some(
    ([key, member]) => key !== 'thought' && key !== 'thoughtSignature' && member !== '' && member !== null,
  )
}
