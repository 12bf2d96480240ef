/**
 * generateContent chunks → hub events (https://ai.google.dev/api/generate-content#GenerateContentResponse). A whole answer
 * is one chunk. The stream has no terminal event and may say more after a finish reason (usage, sources, a second
 * thought: RECITATION after STOP), so the finish is told when the stream is over.
 */
import { failure } from '../../hub/failure.ts'
import type { SearchPart } from '../../hub/request.ts'
import type { Finish, PartStart, StreamEvent } from '../../hub/response.ts'
import { unpackSignature } from '../../hub/signature.ts'
import type { EventDecoder, Json } from '../codec.ts'
import { parseExact, stringifyExact } from '../exact-json.ts'
import { judge } from '../failures/judge.ts'
import { asObject, eventText, isText } from '../json.ts'
import { type Envelope, filled, gathered } from './envelope.ts'
import { normalised, objects, string } from './fields.ts'
import { decodeBlock, decodeFinish, usageRest } from './finish.ts'
import { mintCallId } from './ids.ts'
import { decodeMedia } from './media.ts'
import { addPiece } from './partial-args.ts'
import { decodeSources } from './sources.ts'
import { geminiUsage } from './usage.ts'

/** Reads chunks that are parsed already; used for streams and whole answers alike. */
export interface ChunkReader {
  read(chunk: Json): StreamEvent[]
  end(): StreamEvent[]
  /** Whether the upstream told how it ended. */
  finished(): boolean
}

export function streamDecoder(): EventDecoder {
  const reader = chunkReader()
  return {
    push(event) {
      const text = eventText(event)
      // Some gateways end the stream as OpenAI does.
      if (text.trim() === '' || text.trim() === '[DONE]') return []
      let chunk: unknown
      try {
        chunk = parseExact(text)
      } catch {
        return [
          {
            type: 'error',
            failure: failure('upstream', 'the upstream sent an event that is no JSON', { scope: 'model' }),
          },
        ]
      }
      const list = Array.isArray(chunk) ? chunk : [chunk]
      return list.flatMap((item) => {
        const object = asObject(item)
        if (object === undefined) return []
        return event.event === 'error' || isError(object)
          ? [{ type: 'error', failure: judge(0, {}, text) } as const]
          : reader.read(object)
      })
    },
    end: reader.end,
  }
}

/** A chunk with candidates is an answer and no error. */
export function isError(chunk: Json): boolean {
  const { error } = chunk
  return chunk['candidates'] === undefined && error !== undefined && error !== null && error !== ''
}

interface Partial {
  index: number
  args: Json
  signature: string | undefined
}

export function chunkReader(): ChunkReader {
  let out: StreamEvent[] = []
  let started = false
  let id = ''
  let next = 0
  let calls = 0
  /** The text or reasoning part that is open. */
  let open: { index: number; type: 'text' | 'reasoning'; text: string[]; signatures: string[] } | undefined
  /** A call that is held back until it is known that the upstream did not run it itself. */
  let held: Json | undefined
  let partial: Partial | undefined
  let usage: Json = {}
  let usageTold = false
  let finishReason: string | undefined
  let blockReason: string | undefined
  let answerRest: Json = {}
  let candidateRest: Json = {}

  function begin(part: PartStart): number {
    const index = next
    next += 1
    out.push({ type: 'part-start', index, part })
    return index
  }

  function closeOpen(): void {
    if (open === undefined) return
    out.push({ type: 'part-end', index: open.index })
    // The signature of a text has no home in the hub: it follows as the empty part Gemini itself uses for it.
    for (const thoughtSignature of open.signatures) native({ text: '', thoughtSignature })
    open = undefined
  }

  function native(value: unknown): void {
    out.push({ type: 'native', protocol: 'gemini', value })
  }

  function settle(): void {
    flushHeld()
    flushPartial()
  }

  function flushHeld(): void {
    if (held === undefined) return
    const part = held
    held = undefined
    const call = asObject(part['functionCall'])!
    const index = begin(startOf(call))
    out.push({ type: 'part-delta', index, text: stringifyExact(call['args'] ?? {}) })
    sign(index, string(part['thoughtSignature']))
    out.push({ type: 'part-end', index })
  }

  function flushPartial(): void {
    if (partial === undefined) return
    const { index, args, signature } = partial
    partial = undefined
    out.push({ type: 'part-delta', index, text: stringifyExact(args) })
    sign(index, signature)
    out.push({ type: 'part-end', index })
  }

  function startOf(call: Json): PartStart {
    const name = string(call['name']) ?? ''
    const own = string(call['id'])
    calls += 1
    return { type: 'tool-call', id: isText(own) ? own : mintCallId(id, calls - 1, name), name }
  }

  function sign(index: number, value: string | undefined): void {
    if (isText(value)) out.push({ type: 'part-signature', index, signature: unpackSignature(value, 'gemini') })
  }

  function text(part: Json, words: string): void {
    const type = part['thought'] === true ? 'reasoning' : 'text'
    const signature = string(part['thoughtSignature'])
    if (open !== undefined && open.type !== type && (words !== '' || (type === 'reasoning' && isText(signature))))
      closeOpen()
    if (words !== '' || (type === 'reasoning' && isText(signature))) {
      open ??= { index: begin({ type }), type, text: [], signatures: [] }
      if (words !== '') {
        open.text.push(words)
        out.push({ type: 'part-delta', index: open.index, text: words })
      }
    }
    if (!isText(signature)) return
    if (type === 'reasoning') {
      // It seals its thought; more thoughts are another part.
      sign(open!.index, signature)
      closeOpen()
    } else if (open?.type === 'text') open.signatures.push(signature)
    else native({ text: '', thoughtSignature: signature })
  }

  function call(part: Json): void {
    const wire = asObject(part['functionCall'])!
    const more = wire['willContinue'] === true
    const pieces = objects(wire['partialArgs'])
    const named = isText(wire['name'])
    if (named || (partial === undefined && !more && pieces.length === 0)) settle()
    if (named && (more || pieces.length > 0))
      partial = {
        index: begin(startOf(wire)),
        args: { ...asObject(wire['args']) },
        signature: string(part['thoughtSignature']),
      }
    else if (partial === undefined) {
      if (named || asObject(wire['args']) !== undefined) held = part
      return
    }
    for (const piece of pieces) addPiece(partial.args, piece)
    partial.signature ??= string(part['thoughtSignature'])
    if (!more) flushPartial()
  }

  function readPart(part: Json): void {
    const words = string(part['text'])
    const wireCall = asObject(part['functionCall'])
    const response = asObject(part['functionResponse'])
    if (wireCall === undefined && response === undefined && words === '' && part['thoughtSignature'] === undefined)
      return
    if (wireCall !== undefined) {
      closeOpen()
      call(part)
      return
    }
    if (response !== undefined) {
      // Run by the upstream itself (MCP servers): none of the client's business.
      if (held !== undefined && asObject(held['functionCall'])?.['name'] === response['name']) {
        native(held)
        held = undefined
      }
      settle()
      closeOpen()
      native(part)
      return
    }
    settle()
    if (words !== undefined) {
      text(part, words)
      return
    }
    closeOpen()
    const media = decodeMedia(part)
    if (media !== undefined && (media.kind === 'image' || media.kind === 'audio') && media.extras === undefined) {
      const { kind, source, mediaType } = media
      const index = begin({ type: 'media', kind, source, ...(mediaType !== undefined && { mediaType }) })
      out.push({ type: 'part-end', index })
    } else native(part)
  }

  function flush(): StreamEvent[] {
    const events = out
    out = []
    return events
  }

  return {
    finished() {
      return finishReason !== undefined || blockReason !== undefined
    },
    read(raw) {
      const { candidates, usageMetadata, modelVersion, responseId, ...rest } = normalised(raw) as Json
      if (!started) {
        started = true
        id = string(responseId) ?? string(rest['createTime']) ?? ''
        out.push({ type: 'start', id: string(responseId) ?? '', model: string(modelVersion) ?? '' })
      }
      answerRest = { ...answerRest, ...rest }
      const blocked = string(asObject(rest['promptFeedback'])?.['blockReason'])
      if (isReason(blocked)) blockReason = blocked
      // The last one counts everything; some chunks bring only what is new.
      const counts = asObject(usageMetadata) ?? {}
      usage = counts['promptTokenCount'] === undefined ? { ...usage, ...counts } : counts
      // Once early, for dialects that tell the input first; the last word comes at the end.
      const early = usageTold ? undefined : geminiUsage(usage)
      if (early !== undefined) {
        usageTold = true
        out.push({ type: 'usage', usage: early })
      }
      // Answers are single in the hub: further candidates are not read.
      const candidate = objects(candidates).find((c) => c['index'] === undefined || c['index'] === 0)
      if (candidate === undefined) return flush()
      const { content, finishReason: reason, index: _, ...others } = candidate
      const { parts, role: __, ...contentRest } = asObject(content) ?? {}
      for (const part of objects(parts)) readPart(part)
      if (isReason(reason)) finishReason = reason
      candidateRest = gathered(candidateRest, others)
      if (Object.keys(contentRest).length > 0) candidateRest['content'] = contentRest
      return flush()
    },
    end() {
      settle()
      const { groundingMetadata, citationMetadata, ...plain } = candidateRest
      const cited = {
        ...(groundingMetadata !== undefined && { groundingMetadata }),
        ...(citationMetadata !== undefined && { citationMetadata }),
      }
      const text = open?.type === 'text' ? open : undefined
      const sources =
        text === undefined
          ? { citations: [], search: undefined, rest: cited }
          : decodeSources(cited, text.text.join(''))
      if (text !== undefined)
        for (const citation of sources.citations) out.push({ type: 'part-citation', index: text.index, citation })
      closeOpen()
      if (sources.search !== undefined) out.push(...searchEvents(next, id, sources.search))
      const envelope: Envelope = {
        ...filled('answer', answerRest),
        ...filled('candidate', { ...plain, ...sources.rest }),
        ...filled('usage', usageRest(usage)),
      }
      if (Object.keys(envelope).length > 0) native({ envelope })
      const last = geminiUsage(usage)
      if (last !== undefined) out.push({ type: 'usage', usage: last })
      const finish = finishOf(finishReason, blockReason, calls > 0)
      if (finish !== undefined) out.push({ type: 'finish', finish })
      return flush()
    },
  }
}

function isReason(value: unknown): value is string {
  return isText(value) && !value.endsWith('_UNSPECIFIED')
}

function finishOf(reason: string | undefined, blocked: string | undefined, hasCalls: boolean): Finish | undefined {
  if (reason !== undefined) return decodeFinish(reason, hasCalls)
  return blocked === undefined ? undefined : decodeBlock(blocked)
}

function searchEvents(
  index: number,
  scope: string,
  { queries, sources }: Pick<SearchPart, 'queries' | 'sources'>,
): StreamEvent[] {
  const id = mintCallId(scope, index, 'search').replace('call', 'search')
  return [
    { type: 'part-start', index, part: { type: 'search', id, queries, sources } },
    { type: 'part-end', index },
  ]
}
