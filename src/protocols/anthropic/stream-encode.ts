/**
 * Hub events → Messages stream (https://docs.claude.com/en/api/messages-streaming). Blocks are strictly sequential
 * there: the lowest open part is written as it comes, the others wait until it ends.
 */
import type { Finish, PartStart, StreamEvent, Usage } from '../../hub/response.ts'
import { packSignature } from '../../hub/signature.ts'
import { formatSse } from '../../wire/sse.ts'
import type { AnswerContext, EventEncoder } from '../codec.ts'
import type { Json } from '../json.ts'
import { answerCitation } from './citations.ts'
import { wireId } from './ids.ts'
import { callSignature, encodeFinish, encodeUsage, messageId, NO_USAGE, wholeBlocks } from './response.ts'
import { isObject } from './take.ts'

type PartEvent = Extract<StreamEvent, { index: number }>

/** Writes one part; opens its block when there is something to write. */
interface Writer {
  push(event: PartEvent): string
  /** The part is over. */
  end(): string
}

/** A part in line: the first writes, the others wait. */
interface Waiting {
  index: number | undefined
  writer: Writer
  events: PartEvent[]
  ended: boolean
}

export function createEncoder(context: AnswerContext): EventEncoder {
  const line: Waiting[] = []
  let begun = false
  let blocks = 0
  let refused = false
  let usage: Usage | undefined
  let finish: Finish = { reason: 'other' }

  function begin(id: string): string {
    if (begun) return ''
    begun = true
    const message = {
      id: messageId(id, context),
      type: 'message',
      role: 'assistant',
      model: context.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      // Clients show how full the context is from this; `message_delta` corrects it.
      usage: { ...encodeUsage({ ...NO_USAGE, input: context.inputEstimate }), output_tokens: 0 },
    }
    return write('message_start', { message })
  }

  const out: BlockWriter = {
    open: (block) => write('content_block_start', { index: blocks, content_block: block }),
    delta: (type, fields) => write('content_block_delta', { index: blocks, delta: { type, ...fields } }),
    stop: () => write('content_block_stop', { index: blocks++ }),
  }

  /** Lets the first in line write what has gathered, and those behind it once it is over. */
  function advance(): string {
    let text = ''
    for (let first = line[0]; first !== undefined; first = line[0]) {
      for (const event of first.events) text += first.writer.push(event)
      first.events = []
      if (!first.ended) break
      text += first.writer.end()
      line.shift()
    }
    return text
  }

  return {
    push(event) {
      switch (event.type) {
        case 'start':
          return begin(event.id)
        case 'usage':
          usage = event.usage
          return ''
        case 'part-start': {
          if (event.part.type === 'refusal') refused = true
          line.push({ index: event.index, writer: writerOf(event.part, out), events: [event], ended: false })
          return begin('') + advance()
        }
        case 'native': {
          if (event.protocol !== 'anthropic' || !isObject(event.value)) return ''
          line.push({ index: undefined, writer: wholeWriter([event.value], out), events: [], ended: true })
          return begin('') + advance()
        }
        case 'part-delta':
        case 'part-signature':
        case 'part-citation': {
          line.find((part) => part.index === event.index && !part.ended)?.events.push(event)
          return advance()
        }
        case 'part-end': {
          const part = line.find((waiting) => waiting.index === event.index && !waiting.ended)
          if (part !== undefined) part.ended = true
          return advance()
        }
        case 'finish':
          finish = event.finish
          for (const part of line) part.ended = true
          return begin('') + advance()
        case 'error':
          return ''
      }
    },
    end() {
      const counted = usage ?? { ...NO_USAGE, input: context.inputEstimate }
      return (
        write('message_delta', { delta: encodeFinish(finish, refused), usage: encodeUsage(counted) }) +
        write('message_stop', {})
      )
    },
  }
}

function write(type: string, fields: Json): string {
  return formatSse(JSON.stringify({ type, ...fields }), type)
}

interface BlockWriter {
  open(block: Json): string
  delta(type: string, fields: Json): string
  stop(): string
}

function writerOf(part: PartStart, out: BlockWriter): Writer {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return textWriter(out)
    case 'reasoning':
      return thoughtWriter(out)
    case 'tool-call':
      return callWriter(part, out)
    default:
      return wholeWriter(wholeBlocks(part), out)
  }
}

/** A text that stays empty is no block: clients could not send it back. */
function textWriter(out: BlockWriter): Writer {
  let opened = false
  const open = () => {
    if (opened) return ''
    opened = true
    return out.open({ type: 'text', text: '' })
  }
  return {
    push(event) {
      if (event.type === 'part-delta' && event.text !== '')
        return open() + out.delta('text_delta', { text: event.text })
      const citation = event.type === 'part-citation' ? answerCitation(event.citation) : undefined
      return citation === undefined ? '' : open() + out.delta('citations_delta', { citation })
    },
    end: () => (opened ? out.stop() : ''),
  }
}

/** Whether a thought is redacted shows only when its first event has come. */
function thoughtWriter(out: BlockWriter): Writer {
  let opened = false
  const open = () => {
    if (opened) return ''
    opened = true
    return out.open({ type: 'thinking', thinking: '', signature: '' })
  }
  return {
    push(event) {
      if (event.type === 'part-delta' && event.text !== '') {
        return open() + out.delta('thinking_delta', { thinking: event.text })
      }
      if (event.type !== 'part-signature') return ''
      const slot = packSignature(event.signature, 'anthropic')
      if (opened || !event.signature.redacted) return open() + out.delta('signature_delta', { signature: slot })
      return out.open({ type: 'redacted_thinking', data: slot }) + out.stop()
    },
    end: () => (opened ? out.stop() : ''),
  }
}

/**
 * Input goes on as it comes once it is seen to be an object. What turns out to be none is wrapped, since clients parse
 * it; free text is written as the one string of an object.
 */
function callWriter(part: Extract<PartStart, { type: 'tool-call' }>, out: BlockWriter): Writer {
  const { id, name, custom } = part
  const json = (text: string) => (text === '' ? '' : out.delta('input_json_delta', { partial_json: text }))
  let held: string | undefined = ''
  let after: Json[] = []
  let freed = false
  return {
    push(event) {
      if (event.type === 'part-start') {
        return out.open({ type: 'tool_use', id: wireId(id), name, input: {} }) + (custom ? json('{"input":"') : '')
      }
      if (event.type === 'part-signature') after = callSignature(id, event.signature)
      if (event.type !== 'part-delta') return ''
      if (custom) return json(JSON.stringify(event.text).slice(1, -1))
      if (freed) return json(event.text)
      held += event.text
      if (!held!.trimStart().startsWith('{')) return ''
      freed = true
      const text = held!
      held = undefined
      return json(text)
    },
    end() {
      const tail = custom ? json('"}') : held?.trim() ? json(JSON.stringify({ _raw: held })) : ''
      return tail + out.stop() + after.map((block) => writeWhole(block, out)).join('')
    },
  }
}

function wholeWriter(blocks: Json[], out: BlockWriter): Writer {
  return { push: () => '', end: () => blocks.map((block) => writeWhole(block, out)).join('') }
}

/** A block that is known whole. Its text, thoughts and input come by deltas all the same: clients gather them there. */
function writeWhole(block: Json, out: BlockWriter): string {
  const type = block['type']
  if (type === 'text') {
    return out.open({ ...block, text: '' }) + out.delta('text_delta', { text: block['text'] }) + out.stop()
  }
  if (type === 'thinking') {
    const thinking = block['thinking'] === '' ? '' : out.delta('thinking_delta', { thinking: block['thinking'] })
    const signature = out.delta('signature_delta', { signature: block['signature'] })
    return out.open({ ...block, thinking: '', signature: '' }) + thinking + signature + out.stop()
  }
  if (isObject(block['input'])) {
    const input = out.delta('input_json_delta', { partial_json: JSON.stringify(block['input']) })
    return out.open({ ...block, input: {} }) + input + out.stop()
  }
  return out.open(block) + out.stop()
}
