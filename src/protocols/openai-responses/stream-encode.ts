/** Hub events → a Responses stream (https://platform.openai.com/docs/api-reference/responses-streaming). */
import type { Citation, Part, Signature } from '../../hub/request.ts'
import type { Finish, PartStart, StreamEvent, Usage } from '../../hub/response.ts'
import { packSignature } from '../../hub/signature.ts'
import { formatSse } from '../../wire/sse.ts'
import type { AnswerContext, EventEncoder } from '../codec.ts'
import { asObject, type Json } from '../json.ts'
import { inOrder } from './in-order.ts'
import { encodeImageCall, encodeSearch, sealedCall } from './items.ts'
import { annotation, type Ids, idsFor, outputText, sealedItem, searchId } from './output.ts'
import { ID, notes } from './own.ts'
import { encodeUsage, skeleton, statusOf } from './response.ts'

/** What follows the start of a part, until it ends. */
interface Writer {
  delta(text: string): void
  signature?(signature: Signature): void
  citation?(citation: Citation): void
  end(): void
}

/** The message text goes into; it stays open for more text until something else comes. */
interface OpenMessage {
  item: Json & { content: Json[] }
  at: string
}

export function responsesEncoder(context: AnswerContext): EventEncoder {
  const sealed = notes(context.request).$sealed === true
  const output: Json[] = []
  const order = inOrder(handle)
  let out = ''
  let sequence = 0
  let ids: Ids | undefined
  let frame: Json | undefined
  let message: OpenMessage | undefined
  let writer: Writer | undefined
  let refused = false
  let usage: Usage | undefined
  let finish: Finish = { reason: 'other' }

  /** @param fields members of the event as JSON text, after its type and number. */
  function write(type: string, fields: string): void {
    out += formatSse(`{"type":"${type}","sequence_number":${sequence},${fields}}`, type)
    sequence += 1
  }

  function start(id: string): Ids {
    if (ids !== undefined) return ids
    ids = idsFor(id, context.created)
    frame = skeleton(ids.response, context)
    const response = `"response":${JSON.stringify(frame)}`
    write('response.created', response)
    write('response.in_progress', response)
    return ids
  }

  function handle(event: StreamEvent): void {
    switch (event.type) {
      case 'start':
        start(event.id)
        break
      case 'part-start':
        writer = open(event.part, start(''))
        break
      case 'part-delta':
        if (event.text !== '') writer?.delta(event.text)
        break
      case 'part-signature':
        writer?.signature?.(event.signature)
        break
      case 'part-citation':
        writer?.citation?.(event.citation)
        break
      case 'part-end':
        writer?.end()
        writer = undefined
        break
      case 'native':
        start('')
        if (event.protocol === ID && asObject(event.value)) whole(event.value as Json)
        break
      case 'usage':
        usage = event.usage
        break
      case 'finish':
        finish = event.finish
        break
      // The road says the one terminal error.
      case 'error':
        break
    }
  }

  function open(part: PartStart, { item }: Ids): Writer | undefined {
    if (part.type === 'text') return contentWriter(TEXT)
    if (part.type === 'refusal') {
      refused = true
      return contentWriter(REFUSAL)
    }
    if (part.type === 'media' && part.kind !== 'image') return undefined
    if (part.type === 'media' && part.source.type === 'url') return link(part.source.url)
    closeMessage()
    switch (part.type) {
      case 'reasoning':
        return reasoningWriter(item('rs', output.length))
      case 'tool-call':
        return callWriter(part, item(part.custom ? 'ctc' : 'fc', output.length))
      case 'search':
        search(part)
        break
      case 'media':
        media(part, item('ig', output.length))
        break
    }
    return undefined
  }

  function added(item: Json): string {
    const at = `"item_id":${JSON.stringify(item['id'] ?? '')},"output_index":${output.length}`
    write('response.output_item.added', `"output_index":${output.length},"item":${JSON.stringify(item)}`)
    return at
  }

  function done(item: Json): void {
    write('response.output_item.done', `"output_index":${output.length},"item":${JSON.stringify(item)}`)
    output.push(item)
  }

  /** An item that comes in one piece. */
  function whole(item: Json): void {
    closeMessage()
    added(item)
    done(item)
  }

  function openMessage(): OpenMessage {
    if (message !== undefined) return message
    const id = (ids as Ids).item('msg', output.length)
    const item = { id, type: 'message', status: 'in_progress', role: 'assistant', content: [] }
    const at = added(item)
    message = { item: { ...item, content: [] }, at }
    return message
  }

  function closeMessage(status = 'completed'): void {
    if (message === undefined) return
    const { item } = message
    message = undefined
    done({ ...item, status })
  }

  function contentWriter(form: ContentForm): Writer {
    const { item, at } = openMessage()
    const here = `${at},"content_index":${item.content.length}`
    const pieces: string[] = []
    const citations: Citation[] = []
    let length = 0
    write('response.content_part.added', `${here},"part":${JSON.stringify(form.part('', []))}`)
    return {
      delta(text) {
        pieces.push(text)
        length += text.length
        write(form.delta, `${here},"delta":${JSON.stringify(text)}${form.more}`)
      },
      citation(citation) {
        const said = annotation(citation, length)
        if (said === undefined || form !== TEXT) return
        const index = `"annotation_index":${citations.length}`
        citations.push(citation)
        write('response.output_text.annotation.added', `${here},${index},"annotation":${JSON.stringify(said)}`)
      },
      end() {
        const text = pieces.join('')
        const part = form.part(text, citations)
        write(form.done, `${here},"${form.field}":${JSON.stringify(text)}${form.more}`)
        write('response.content_part.done', `${here},"part":${JSON.stringify(part)}`)
        item.content.push(part)
      },
    }
  }

  function reasoningWriter(id: string): Writer {
    const at = added({ id, type: 'reasoning', summary: [] })
    const here = `${at},"summary_index":0`
    const pieces: string[] = []
    let signature: Signature | undefined
    return {
      delta(text) {
        if (pieces.length === 0)
          write('response.reasoning_summary_part.added', `${here},"part":{"type":"summary_text","text":""}`)
        pieces.push(text)
        write('response.reasoning_summary_text.delta', `${here},"delta":${JSON.stringify(text)}`)
      },
      signature(value) {
        signature = value
      },
      end() {
        const part = { type: 'summary_text', text: pieces.join('') }
        if (pieces.length > 0) {
          write('response.reasoning_summary_text.done', `${here},"text":${JSON.stringify(part.text)}`)
          write('response.reasoning_summary_part.done', `${here},"part":${JSON.stringify(part)}`)
        }
        const state = sealed && signature !== undefined && { encrypted_content: packSignature(signature, ID) }
        done({ id, type: 'reasoning', summary: pieces.length > 0 ? [part] : [], ...state })
      },
    }
  }

  function callWriter(part: Extract<PartStart, { type: 'tool-call' }>, id: string): Writer {
    const { name, namespace } = part
    const [type, event, field] = part.custom
      ? ['custom_tool_call', 'response.custom_tool_call_input', 'input']
      : ['function_call', 'response.function_call_arguments', 'arguments']
    const head = { id, type }
    const tail = { call_id: part.id, name, ...(namespace !== undefined && { namespace }) }
    const at = added({ ...head, status: 'in_progress', ...tail, [field]: '' })
    const pieces: string[] = []
    let signature: Signature | undefined
    return {
      signature(value) {
        signature = value
      },
      delta(text) {
        pieces.push(text)
        write(`${event}.delta`, `${at},"delta":${JSON.stringify(text)}`)
      },
      end() {
        let input = pieces.join('')
        // Clients parse the arguments, and nothing is no JSON.
        if (input === '' && !part.custom) {
          input = '{}'
          write(`${event}.delta`, `${at},"delta":"{}"`)
        }
        const named = part.custom ? '' : `,"name":${JSON.stringify(name)}`
        write(`${event}.done`, `${at}${named},"${field}":${JSON.stringify(input)}`)
        done({ ...head, status: 'completed', ...tail, [field]: input })
        const state = sealed && signature !== undefined && sealedCall({ id: part.id, signature })
        if (state) whole(sealedItem((ids as Ids).item('rs', output.length), state))
      },
    }
  }

  function search(part: Extract<PartStart, { type: 'search' }>): void {
    const item = encodeSearch(part, searchId(part.id))
    const at = added({ ...item, status: 'in_progress' })
    for (const step of ['in_progress', 'searching', 'completed']) write(`response.web_search_call.${step}`, at)
    done(item)
  }

  function media(part: Extract<PartStart, { type: 'media' }>, id: string): void {
    const item = encodeImageCall(part, id)
    if (item === undefined) return
    const at = added({ id, type: 'image_generation_call', status: 'in_progress', result: null })
    for (const step of ['in_progress', 'generating', 'completed']) write(`response.image_generation_call.${step}`, at)
    done(item)
  }

  /** A picture behind a URL has no item; a link says where it is. */
  function link(url: string): undefined {
    const writer = contentWriter(TEXT)
    writer.delta(`![image](${url})`)
    writer.end()
  }

  function terminal(): void {
    const { response } = start('')
    order.end()
    const holds: Part[] = refused ? [{ type: 'refusal', text: '' }] : []
    const { status, incomplete_details } = statusOf(finish, holds)
    closeMessage(status)
    const answer = {
      ...frame,
      id: response,
      status,
      completed_at: status === 'completed' ? context.created : null,
      incomplete_details,
      output,
      usage: usage === undefined ? null : encodeUsage(usage),
    }
    write(`response.${status}`, `"response":${JSON.stringify(answer)}`)
  }

  /** Hands over what has been written since the last time. */
  function flush(): string {
    const text = out
    out = ''
    return text
  }

  return {
    push(event) {
      order.push(event)
      return flush()
    },
    end() {
      terminal()
      return flush()
    },
  }
}

/** The two kinds of content that stream as text. */
interface ContentForm {
  delta: string
  done: string
  /** Where `done` holds the whole text. */
  field: string
  /** Members every event of this kind has besides. */
  more: string
  part(text: string, citations: Citation[]): Json
}

const TEXT: ContentForm = {
  delta: 'response.output_text.delta',
  done: 'response.output_text.done',
  field: 'text',
  more: ',"logprobs":[]',
  part: (text, citations) => outputText({ type: 'text', text, citations }),
}

const REFUSAL: ContentForm = {
  delta: 'response.refusal.delta',
  done: 'response.refusal.done',
  field: 'refusal',
  more: '',
  part: (text) => ({ type: 'refusal', refusal: text }),
}
