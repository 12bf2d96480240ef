/**
 * Hub events → chat chunks (https://platform.openai.com/docs/api-reference/chat/streaming). Every call has its index, so
 * calls may interleave with anything.
 */
import type { Citation, Signature } from '../../hub/request.ts'
import type { PartStart, StreamEvent, Usage } from '../../hub/response.ts'
import { formatSse } from '../../wire/sse.ts'
import type { AnswerContext, EventEncoder } from '../codec.ts'
import type { Json } from '../json.ts'
import { annotationOf, answerId, usageObject } from './answer.ts'
import { finishWord } from './finish.ts'
import { urlOf } from './parts.ts'
import { formOf, ownRest } from './rest.ts'
import { callExtra, detailsOf, stateDetail, unsignedDetail } from './thoughts.ts'

type Open = { part: PartStart; call?: number; said: boolean; signed?: true; offset: number; words: string }
/** A running part in its turn, and what waits of it. */
type Queued = { index: number; held: PartEvent[] }
type PartEvent = Extract<StreamEvent, { index: number }>

/** Parts of these kinds are one running text each: two of a kind that overlap are told one after the other. */
const RUNNING = new Set<PartStart['type']>(['text', 'reasoning', 'refusal'])

/** Whether the client asked to be told the usage in the stream. */
export function wantsUsage(options: unknown): boolean {
  return typeof options === 'object' && options !== null && (options as Json)['include_usage'] === true
}

/** A piece of a call's input. */
function input(part: Extract<PartStart, { type: 'tool-call' }>, text: string): Json {
  return part.custom ? { custom: { input: text } } : { function: { arguments: text } }
}

export function eventEncoder(context: AnswerContext): EventEncoder {
  const usageWanted = wantsUsage(ownRest(context.request)['stream_options'])
  // A client of the older `functions` reads `function_call`, of which there is one.
  const older = formOf(context.request).has('functions')
  const open = new Map<number, Open>()
  const queues = new Map<PartStart['type'], Queued[]>()
  const queueOf = new Map<number, Queued[]>()
  let id = ''
  let calls = 0
  let textLength = 0
  let refused = false
  let begun = false
  let usage: Usage | undefined

  function chunk(choices: Json[], rest: Json = {}): string {
    return formatSse(
      JSON.stringify({
        id,
        object: 'chat.completion.chunk',
        created: context.created,
        model: context.model,
        choices,
        ...(usageWanted && { usage: null }),
        ...rest,
      }),
    )
  }

  function say(delta: Json, finish: string | null = null): string {
    // The role stands in the first delta, whatever it bears.
    const first = begun ? '' : opening()
    return `${first}${chunk([{ index: 0, delta, logprobs: null, finish_reason: finish }])}`
  }

  function opening(): string {
    begun = true
    return chunk([{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }])
  }

  function start(index: number, part: PartStart): string {
    const entry: Open = { part, said: false, offset: textLength, words: '' }
    open.set(index, entry)
    switch (part.type) {
      case 'tool-call': {
        entry.call = calls
        calls += 1
        if (older) return entry.call === 0 ? say({ function_call: { name: part.name, arguments: '' } }) : ''
        const body = part.custom
          ? { type: 'custom', custom: { name: part.name, input: '' } }
          : { type: 'function', function: { name: part.name, arguments: '' } }
        return say({ tool_calls: [{ index: entry.call, id: part.id, ...body }] })
      }
      case 'media':
        return part.kind === 'image'
          ? say({ images: [{ type: 'image_url', image_url: { url: urlOf(part, 'image/png') }, index: 0 }] })
          : part.source.type === 'base64'
            ? say({ audio: { id: `audio_${index}`, data: part.source.data, transcript: '' } })
            : ''
      default:
        return ''
    }
  }

  function delta(entry: Open, text: string): string {
    if (text === '') return ''
    entry.said = true
    switch (entry.part.type) {
      case 'text':
        textLength += text.length
        return say({ content: text })
      case 'reasoning':
        entry.words += text
        return say({ reasoning_content: text })
      case 'refusal':
        refused = true
        return say({ refusal: text })
      case 'tool-call':
        return argumentsDelta(entry, text)
      default:
        return ''
    }
  }

  function argumentsDelta({ part, call }: Open, text: string): string {
    if (part.type !== 'tool-call') return ''
    if (older) return call === 0 ? say({ function_call: { arguments: text } }) : ''
    return say({ tool_calls: [{ index: call, ...input(part, text) }] })
  }

  function sign(entry: Open, signature: Signature): string {
    const { part, call } = entry
    entry.signed = true
    if (part.type === 'tool-call')
      return older ? '' : say({ tool_calls: [{ index: call, ...input(part, ''), ...callExtra(signature) }] })
    // The words have been said; the state follows them, with the words it is valid for where no reader takes them for more.
    const own = signature.issuer === 'openai-chat'
    const details = own
      ? detailsOf([{ type: 'reasoning', text: '', signature }], true)
      : [{ ...stateDetail(signature), ...(entry.words !== '' && { words: entry.words }) }]
    return details === undefined ? '' : say({ reasoning_details: details })
  }

  function cite({ offset }: Open, citation: Citation): string {
    const annotation = annotationOf(citation, offset)
    return annotation === undefined ? '' : say({ annotations: [annotation] })
  }

  function end(index: number): string {
    const entry = open.get(index)
    open.delete(index)
    if (entry?.part.type === 'reasoning' && entry.said && !entry.signed)
      return say({ reasoning_details: [unsignedDetail()] })
    // No arguments are an empty object: clients parse the text.
    if (entry?.part.type === 'tool-call' && !entry.said && !entry.part.custom) return argumentsDelta(entry, '{}')
    return ''
  }

  function tell(event: PartEvent): string {
    if (event.type === 'part-start') return start(event.index, event.part)
    if (event.type === 'part-end') return end(event.index)
    const entry = open.get(event.index)
    if (entry === undefined) return ''
    if (event.type === 'part-delta') return delta(entry, event.text)
    return event.type === 'part-signature' ? sign(entry, event.signature) : cite(entry, event.citation)
  }

  /** Tells an event, or keeps it until the part of its kind that is being told is over. */
  function take(event: PartEvent): string {
    if (event.type === 'part-start') {
      if (!RUNNING.has(event.part.type)) return tell(event)
      const queue = queues.get(event.part.type) ?? []
      queues.set(event.part.type, queue)
      queue.push({ index: event.index, held: [] })
      queueOf.set(event.index, queue)
      if (queue.length === 1) return tell(event)
    }
    const queue = queueOf.get(event.index)
    const turn = queue?.findIndex(({ index }) => index === event.index) ?? -1
    if (queue === undefined || turn === -1) return tell(event)
    if (turn > 0) {
      queue[turn]!.held.push(event)
      return ''
    }
    let text = tell(event)
    if (event.type !== 'part-end') return text
    queue.shift()
    // What was held comes now; parts among it that are over make room for the next.
    while (queue.length > 0) {
      const { held } = queue[0]!
      for (const each of held.splice(0)) text += tell(each)
      if (open.has(queue[0]!.index)) break
      queue.shift()
    }
    return text
  }

  function push(event: StreamEvent): string {
    switch (event.type) {
      case 'start':
        id = answerId(event.id, context)
        return opening()
      case 'usage':
        usage = event.usage
        return ''
      case 'finish': {
        const word = finishWord(event.finish, { refusal: refused })
        return say({}, older && word === 'tool_calls' ? 'function_call' : word)
      }
      case 'native':
      case 'error':
        return ''
      default:
        return take(event)
    }
  }

  return {
    push(event) {
      if (id === '' && event.type !== 'start') id = answerId('', context)
      return push(event)
    },
    end() {
      const told = usageWanted && usage !== undefined ? chunk([], { usage: usageObject(usage) }) : ''
      return `${told}${formatSse('[DONE]')}`
    },
  }
}
