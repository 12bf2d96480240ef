/**
 * Chat chunks → hub events (https://platform.openai.com/docs/api-reference/chat/streaming). A whole answer is read the same
 * way, as one chunk whose message is the delta. What compatible upstreams add or get wrong is named where it is handled.
 */
import { createHash } from 'node:crypto'
import { type Failure, failure } from '../../hub/failure.ts'
import type { Citation } from '../../hub/request.ts'
import type { StreamEvent, Usage } from '../../hub/response.ts'
import { decodeUtf8, type Sse } from '../../wire/sse.ts'
import type { EventDecoder } from '../codec.ts'
import { judge } from '../failures/judge.ts'
import { asArray, asObject, eventText, isText, type Json } from '../json.ts'
import { callAssembler } from './calls.ts'
import { finishOf } from './finish.ts'
import { argumentsText } from './messages-decode.ts'
import { thinkingText, urlSource } from './parts.ts'
import { tellsError } from './stream.ts'
import { detailsSignature, thoughtOf, wordsSignature } from './thoughts.ts'
import { usageOfChunk } from './usage.ts'

/** Reads chunks that are parsed already. */
export interface ChunkReader {
  read(chunk: Json): StreamEvent[]
  /** The upstream said it is done, or the answer came whole. */
  done(): StreamEvent[]
  /** Nothing more comes. */
  close(): StreamEvent[]
}

type Plain = 'text' | 'reasoning' | 'refusal'

const str = (value: unknown): string => (typeof value === 'string' ? value : '')

/** @param whole the chunk is a whole answer: its reasoning details are not pieces to be joined. */
export function chunkReader(whole = false): ChunkReader {
  let started = false
  let answerId = ''
  let parts = 0
  // The one plain part that is open; tool calls are kept apart.
  let open: { type: Plain; index: number } | undefined
  let details: Json[] = []
  let thoughtMember: string | undefined
  let waiting: Citation[] = []
  const cited = new Set<string>()
  let sources: Citation[] = []
  let audio: { data: string } | undefined
  let usage: Usage | undefined
  let raw: string | undefined
  let sequence: string | undefined
  let refused = false
  let over = false

  const calls = callAssembler(
    () => parts++,
    () => closeOpen(),
    (n) => `call_${createHash('sha256').update(answerId).digest('hex').slice(0, 16)}_${n}`,
  )

  /** Ends the open plain part, with the reasoning state that belongs to it. */
  function closeOpen(): StreamEvent[] {
    const events: StreamEvent[] = []
    let signature = open === undefined || open.type === 'reasoning' ? detailsSignature(details) : undefined
    if (signature !== undefined && open === undefined) events.push(...begin('reasoning'))
    if (open?.type === 'reasoning' && thoughtMember !== undefined) signature ??= wordsSignature(thoughtMember)
    if (open === undefined) return events
    if (signature !== undefined) events.push({ type: 'part-signature', index: open.index, signature })
    if (open.type === 'reasoning') details = []
    events.push({ type: 'part-end', index: open.index })
    open = undefined
    return events
  }

  function begin(type: Plain): StreamEvent[] {
    open = { type, index: parts++ }
    return [{ type: 'part-start', index: open.index, part: { type } }]
  }

  function say(type: Plain, text: string): StreamEvent[] {
    if (text === '') return []
    const events: StreamEvent[] = []
    if (open?.type !== type) {
      // Reasoning state without words stands before what comes next; with words it ends their part.
      if (open !== undefined || (type !== 'reasoning' && details.length > 0)) events.push(...closeOpen())
      events.push(...calls.settle(), ...begin(type))
    }
    const { index } = open!
    events.push({ type: 'part-delta', index, text })
    if (type === 'text') events.push(...cite(index))
    return events
  }

  function cite(index: number): StreamEvent[] {
    const events = waiting.map((citation): StreamEvent => ({ type: 'part-citation', index, citation }))
    for (const { url } of waiting) if (url !== undefined) cited.add(url)
    waiting = []
    return events
  }

  function sayDelta(delta: Json): StreamEvent[] {
    const events: StreamEvent[] = []
    const told = asArray(delta['reasoning_details'])
    const { text: thought, member } = thoughtOf(delta)
    thoughtMember = member ?? thoughtMember
    // A part of thoughts that has ended keeps its own state.
    if (thought !== '' && open?.type !== 'reasoning' && open !== undefined) events.push(...closeOpen())
    for (const detail of told) addDetail(detail)
    events.push(...say('reasoning', thought))
    const content = delta['content']
    if (typeof content === 'string') events.push(...say('text', content))
    else for (const item of asArray(content)) events.push(...sayItem(item))
    if (isText(delta['refusal'])) {
      refused = true
      events.push(...say('refusal', delta['refusal']))
    }
    waiting.push(...asArray(delta['annotations']).flatMap(citationOf))
    if (open?.type === 'text') events.push(...cite(open.index))
    for (const image of asArray(delta['images'])) events.push(...sayImage(asObject(image)))
    const sound = asObject(delta['audio'])
    if (isText(sound?.['data'])) audio = { data: (audio?.data ?? '') + sound['data'] }
    events.push(...calls.push(asArray(delta['tool_calls'])), ...sayOlder(asObject(delta['function_call'])))
    return events
  }

  /** One chunk of Mistral's content lists. */
  function sayItem(item: unknown): StreamEvent[] {
    if (typeof item === 'string') return say('text', item)
    const wire = asObject(item)
    if (wire === undefined) return []
    if (wire['type'] === 'thinking') return say('reasoning', thinkingText(wire))
    if (wire['type'] === 'image_url') return sayImage(wire)
    return say('text', str(wire['text']))
  }

  function sayImage(wire: Json | undefined): StreamEvent[] {
    const image = wire?.['image_url']
    const url = str(asObject(image)?.['url'] ?? image)
    if (url === '') return []
    const events = [...closeOpen(), ...calls.settle()]
    const index = parts++
    events.push(
      { type: 'part-start', index, part: { type: 'media', kind: 'image', ...urlSource(url) } },
      { type: 'part-end', index },
    )
    return events
  }

  /** The one call of the older answers; its pieces have neither index nor id. */
  function sayOlder(call: Json | undefined): StreamEvent[] {
    if (call === undefined) return []
    const [name, input] = [str(call['name']), argumentsText(call['arguments'])]
    // Snowflake says an empty one beside every text.
    return name === '' && input === '' ? [] : calls.push([{ index: -1, function: { name, arguments: input } }])
  }

  function addDetail(raw: unknown): void {
    const detail = asObject(raw)
    if (detail === undefined) return
    const last = details.at(-1)
    const joins = !whole && last?.['type'] === detail['type'] && last?.['index'] === detail['index']
    if (!joins || last === undefined || isText(detail['data'])) {
      details.push(detail)
      return
    }
    const joined: Json = { ...last }
    for (const [name, value] of Object.entries(detail)) {
      if ((name === 'text' || name === 'summary') && isText(joined[name])) joined[name] += str(value)
      else if (value !== null) joined[name] = value
    }
    details[details.length - 1] = joined
  }

  function ended(): StreamEvent[] {
    if (over) return []
    over = true
    const events: StreamEvent[] = []
    if (open?.type === 'text') {
      waiting.push(...sources.filter(({ url }) => url !== undefined && !cited.has(url)))
      events.push(...cite(open.index))
    }
    events.push(...closeOpen(), ...calls.end())
    // What was sealed after the words of another part had begun.
    if (detailsSignature(details) !== undefined) events.push(...closeOpen())
    if (audio !== undefined) {
      const index = parts++
      const source = { type: 'base64' as const, data: audio.data }
      events.push({ type: 'part-start', index, part: { type: 'media', kind: 'audio', source } })
      events.push({ type: 'part-end', index })
    }
    if (usage !== undefined) events.push({ type: 'usage', usage })
    return events
  }

  function finished(): StreamEvent[] {
    if (over) return []
    const events = ended()
    const finish = finishOf(raw, sequence, { calls: calls.count() > 0, refusal: refused })
    return [...events, { type: 'finish', finish }]
  }

  return {
    read(chunk) {
      if (over) return []
      const events: StreamEvent[] = []
      const choice = asArray(chunk['choices'])
        .map(asObject)
        // More answers than one have no place in the hub.
        .find((c) => c !== undefined && (c['index'] ?? 0) === 0)
      if (!started && (choice !== undefined || isText(chunk['id']))) {
        started = true
        answerId = str(chunk['id'])
        events.push({ type: 'start', id: answerId, model: str(chunk['model']) })
      }
      usage = usageOfChunk(chunk) ?? usage
      const found = sourcesOf(chunk)
      if (found.length > 0) sources = found
      if (choice === undefined) return events
      // Perplexity says both: the message so far beside each delta, and an empty delta beside a whole message.
      const delta = asObject(choice[whole ? 'message' : 'delta']) ?? asObject(choice[whole ? 'delta' : 'message'])
      if (delta !== undefined) events.push(...sayDelta(withMessageSignature(delta)))
      // The older completions have only text.
      else if (isText(choice['text'])) events.push(...say('text', choice['text']))
      if (isText(choice['finish_reason'])) raw = choice['finish_reason']
      // vLLM's and SGLang's words for the stop sequence that was met.
      const met = choice['stop_reason'] ?? choice['matched_stop']
      if (isText(met)) sequence = met
      return events
    },
    done: finished,
    close: () => (raw === undefined ? ended() : finished()),
  }
}

/** Google's early compatible answers say the signature once for the message: it is the first call's. */
function withMessageSignature(delta: Json): Json {
  const calls = delta['tool_calls']
  const extra = delta['extra_content']
  if (extra === undefined || !Array.isArray(calls)) return delta
  const [first, ...others] = calls
  if (asObject(first) === undefined || first.extra_content !== undefined) return delta
  return { ...delta, tool_calls: [{ ...first, extra_content: extra }, ...others] }
}

function citationOf(annotation: unknown): Citation[] {
  const cited = asObject(asObject(annotation)?.['url_citation'])
  if (!isText(cited?.['url'])) return []
  const { url, title, content, start_index: start, end_index: end } = cited
  // OpenRouter says 0 to 0 where it does not know the place.
  const placed = typeof start === 'number' && typeof end === 'number' && end > start
  return [
    {
      url,
      ...(isText(title) && { title }),
      ...(isText(content) && { quote: content }),
      ...(placed && { start, end }),
    },
  ]
}

/** Perplexity's list of pages, on every chunk. */
function sourcesOf(chunk: Json): Citation[] {
  const results = asArray(chunk['search_results']).flatMap((item) => {
    const result = asObject(item)
    return isText(result?.['url'])
      ? [{ url: result['url'], ...(isText(result['title']) && { title: result['title'] }) }]
      : []
  })
  if (results.length > 0) return results
  return asArray(chunk['citations']).flatMap((url) => (isText(url) ? [{ url }] : []))
}

/** Upstream events → hub. Bad input becomes one error event; after it nothing more is said. */
export function eventDecoder(): EventDecoder {
  const reader = chunkReader()
  let finished = false
  let failed = false

  function fail(found: Failure): StreamEvent[] {
    failed = true
    return [{ type: 'error', failure: found }]
  }

  return {
    push(event: Sse) {
      if (failed) return []
      const data = event.data.trim()
      if (data === '') return []
      if (data === '[DONE]') return reader.done()
      const chunk = parsed(event)
      if (event.event === 'error' || (chunk !== undefined && !finished && tellsError(chunk)))
        return fail(judge(0, {}, eventText(event)))
      if (chunk === undefined)
        return fail(failure('upstream', 'the upstream sent an event that is no JSON', { scope: 'model' }))
      if (asArray(chunk['choices']).some((choice) => isText(asObject(choice)?.['finish_reason']))) finished = true
      return reader.read(chunk)
    },
    end: () => (failed ? [] : reader.close()),
  }
}

function parsed(event: Sse): Json | undefined {
  try {
    return asObject(JSON.parse(decodeUtf8(event.data)))
  } catch {
    return undefined
  }
}
