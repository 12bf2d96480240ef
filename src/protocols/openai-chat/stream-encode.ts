/**
 * Hub events → chat chunks (https://platform.openai.com/docs/api-reference/chat/streaming). Interleaved parts need no
 * serialising: every call has its index, and everything else is one stream of content.
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
import { callExtra, detailsOf, stateDetail } from './thoughts.ts'

type Open = { part: PartStart; call?: number; said: boolean; offset: number }

/** Whether the client asked to be told the usage in the stream. */
export function wantsUsage(options: unknown): boolean {
  return typeof options === 'object' && options !== null && (options as Json)['include_usage'] === true
}

export function eventEncoder(context: AnswerContext): EventEncoder {
  const usageWanted = wantsUsage(ownRest(context.request)['stream_options'])
  // A client of the older `functions` reads `function_call`, of which there is one.
  const older = formOf(context.request).has('functions')
  const open = new Map<number, Open>()
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
    const entry: Open = { part, said: false, offset: textLength }
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
    const body = part.custom ? { custom: { input: text } } : { function: { arguments: text } }
    return say({ tool_calls: [{ index: call, ...body }] })
  }

  function sign({ part, call }: Open, signature: Signature): string {
    if (part.type === 'tool-call')
      return older ? '' : say({ tool_calls: [{ index: call, function: { arguments: '' }, ...callExtra(signature) }] })
    // The words have been said; the state follows them.
    const own = signature.issuer === 'openai-chat'
    const details = own ? detailsOf([{ type: 'reasoning', text: '', signature }], true) : [stateDetail(signature)]
    return details === undefined ? '' : say({ reasoning_details: details })
  }

  function cite({ offset }: Open, citation: Citation): string {
    const annotation = annotationOf(citation, offset)
    return annotation === undefined ? '' : say({ annotations: [annotation] })
  }

  function end(index: number): string {
    const entry = open.get(index)
    open.delete(index)
    // No arguments are an empty object: clients parse the text.
    if (entry?.part.type === 'tool-call' && !entry.said && !entry.part.custom) return argumentsDelta(entry, '{}')
    return ''
  }

  function push(event: StreamEvent): string {
    switch (event.type) {
      case 'start':
        id = answerId(event.id, context)
        return opening()
      case 'part-start':
        return start(event.index, event.part)
      case 'part-delta':
        return open.has(event.index) ? delta(open.get(event.index)!, event.text) : ''
      case 'part-signature':
        return open.has(event.index) ? sign(open.get(event.index)!, event.signature) : ''
      case 'part-citation':
        return open.has(event.index) ? cite(open.get(event.index)!, event.citation) : ''
      case 'part-end':
        return end(event.index)
      case 'usage':
        usage = event.usage
        return ''
      case 'finish': {
        const word = finishWord(event.finish, { refusal: refused })
        return say({}, older && word === 'tool_calls' ? 'function_call' : word)
      }
      default:
        return ''
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
