/** A whole answer is a stream that came at once: `fold` and `unfold` are the one mapping between the two. */
import { type Failure, FailureError, failure } from './failure.ts'
import type { Part, ToolCallPart } from './request.ts'
import type { ChatResponse, PartStart, StreamEvent } from './response.ts'

/** Collects events into an answer. */
export interface Folder {
  push(event: StreamEvent): void
  /**
   * The whole answer.
   * @throws {FailureError} if the events told an error, or ended without a finish.
   */
  end(): ChatResponse
}

type Open = { part: Part; pieces: string[] }

/** Makes a folder for one answer. */
export function folder(): Folder {
  const answer: ChatResponse = { id: '', model: '', parts: [], finish: { reason: 'other' } }
  // By index; parts that are given whole have no pieces.
  const open = new Map<number, Open>()
  let finished = false
  let failed: Failure | undefined

  return {
    push(event) {
      switch (event.type) {
        case 'start':
          answer.id = event.id
          answer.model = event.model
          break
        case 'part-start': {
          const part = begun(event.part)
          answer.parts.push(part)
          open.set(event.index, { part, pieces: [] })
          break
        }
        case 'part-delta':
          open.get(event.index)?.pieces.push(event.text)
          break
        case 'part-signature': {
          const part = open.get(event.index)?.part
          if (part !== undefined && (part.type === 'reasoning' || part.type === 'tool-call'))
            part.signature = event.signature
          break
        }
        case 'part-citation': {
          const part = open.get(event.index)?.part
          if (part?.type === 'text') part.citations = [...(part.citations ?? []), event.citation]
          break
        }
        case 'part-end':
          close(open, event.index)
          break
        case 'native':
          answer.parts.push({ type: 'native', protocol: event.protocol, value: event.value })
          break
        case 'usage':
          answer.usage = event.usage
          break
        case 'finish':
          finished = true
          answer.finish = event.finish
          break
        case 'error':
          failed ??= event.failure
          break
      }
    },
    end() {
      for (const index of [...open.keys()]) close(open, index)
      if (failed !== undefined) throw new FailureError(failed)
      if (!finished)
        throw new FailureError(failure('upstream', 'the answer ended before it was complete', { scope: 'model' }))
      return answer
    },
  }
}

/** Folds a list of events. */
export function fold(events: Iterable<StreamEvent>): ChatResponse {
  const f = folder()
  for (const event of events) f.push(event)
  return f.end()
}

/** The events a whole answer would have come as. */
export function* unfold(answer: ChatResponse): Generator<StreamEvent> {
  yield { type: 'start', id: answer.id, model: answer.model }
  let index = 0
  for (const part of answer.parts) {
    if (part.type === 'native') {
      yield { type: 'native', protocol: part.protocol, value: part.value }
      continue
    }
    const start = startOf(part)
    if (start === undefined) continue
    yield { type: 'part-start', index, part: start }
    const text = part.type === 'tool-call' ? part.input : 'text' in part ? part.text : ''
    if (text !== '') yield { type: 'part-delta', index, text }
    if (part.type === 'text')
      for (const citation of part.citations ?? []) yield { type: 'part-citation', index, citation }
    if ((part.type === 'reasoning' || part.type === 'tool-call') && part.signature !== undefined)
      yield { type: 'part-signature', index, signature: part.signature }
    yield { type: 'part-end', index }
    index += 1
  }
  if (answer.usage !== undefined) yield { type: 'usage', usage: answer.usage }
  yield { type: 'finish', finish: answer.finish }
}

function begun(start: PartStart): Part {
  switch (start.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
      return { type: start.type, text: '' }
    case 'tool-call':
      return { ...start, input: '' }
    case 'media':
      return {
        type: 'media',
        kind: start.kind,
        source: start.source,
        ...(start.mediaType !== undefined && { mediaType: start.mediaType }),
      }
    case 'search':
      return { type: 'search', id: start.id, queries: start.queries, sources: start.sources }
  }
}

/** What an answer cannot hold (tool results, documents) has no start. */
function startOf(part: Part): PartStart | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
      return { type: part.type }
    case 'tool-call':
      return callStart(part)
    case 'media':
      return part.kind === 'image' || part.kind === 'audio'
        ? {
            type: 'media',
            kind: part.kind,
            source: part.source,
            ...(part.mediaType !== undefined && { mediaType: part.mediaType }),
          }
        : undefined
    case 'search':
      return { type: 'search', id: part.id, queries: part.queries, sources: part.sources }
    default:
      return undefined
  }
}

function callStart({ id, name, namespace, custom }: ToolCallPart): PartStart {
  return { type: 'tool-call', id, name, ...(namespace !== undefined && { namespace }), ...(custom && { custom }) }
}

function close(open: Map<number, Open>, index: number): void {
  const found = open.get(index)
  if (found === undefined) return
  open.delete(index)
  const text = found.pieces.join('')
  if (found.part.type === 'tool-call') found.part.input = text
  else if ('text' in found.part) found.part.text = text
}
