/**
 * `compaction_trigger` where the upstream has no compaction: Codex ends its input with it and takes nothing but one
 * `compaction` item for an answer (clients.md 12). The model is asked for a summary; it rides in the item's opaque slot,
 * marked as ours, and is read as the user's words when it comes back.
 */
import { folder, unfold } from '../../hub/fold.ts'
import type { ChatRequest, Message, Part } from '../../hub/request.ts'
import type { ChatResponse } from '../../hub/response.ts'
import { packSignature, unpackSignature } from '../../hub/signature.ts'
import type { AnswerContext, EventEncoder } from '../codec.ts'
import { asObject, isText, type Json } from '../json.ts'
import { SUMMARY_HEAD, TASK } from './compact.ts'
import { idsFor } from './output.ts'
import { ID, keep, notes } from './own.ts'

/** Issuer of a summary in the slot where a vendor's sealed conversation would stand. */
const SUMMARY = 'summary'

/** Reads a trigger, or a summary of ours; undefined for all other items. */
export function decodeCompaction(item: Json): Message | undefined {
  if (item['type'] === 'compaction_trigger')
    return { role: 'user', parts: [{ type: 'text', text: TASK }], ...keep({ $item: item }) }
  const sealed = item['encrypted_content']
  if (item['type'] !== 'compaction' || !isText(sealed)) return undefined
  const { issuer, value } = unpackSignature(sealed, ID)
  if (issuer !== SUMMARY) return undefined
  return { role: 'user', parts: [{ type: 'text', text: `${SUMMARY_HEAD}\n\n${value}` }] }
}

/** The trigger a message was read from, as long as it still says the same. */
export function triggerOf(message: Message): Json | undefined {
  const { $item } = notes(message)
  const [part] = message.parts
  const same = $item?.['type'] === 'compaction_trigger' && part?.type === 'text' && part.text === TASK
  return same && message.parts.length === 1 ? $item : undefined
}

function isTriggered({ messages }: ChatRequest): boolean {
  const last = messages.at(-1)
  return last !== undefined && triggerOf(last) !== undefined
}

/** The answer to a trigger: the summary as one compaction item. An answer without words stays as it is. */
export function compacted(answer: ChatResponse, { request, created }: AnswerContext): ChatResponse {
  if (!isTriggered(request) || answer.parts.some(isCompaction)) return answer
  const text = answer.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  if (text.trim() === '') return answer
  const value = {
    id: idsFor(answer.id, created).item('cmp', 0),
    type: 'compaction',
    encrypted_content: packSignature({ issuer: SUMMARY, value: text.trim() }, ID),
  }
  return { ...answer, parts: [{ type: 'native', protocol: ID, value }] }
}

function isCompaction(part: Part): boolean {
  return part.type === 'native' && asObject(part.value)?.['type'] === 'compaction'
}

/** Writes the answer to a trigger: it opens at once, and its one item comes when the summary is whole. */
export function compactingEncoder(inner: EventEncoder, context: AnswerContext): EventEncoder {
  if (!isTriggered(context.request)) return inner
  const whole = folder()
  return {
    push(event) {
      whole.push(event)
      return event.type === 'start' ? inner.push(event) : ''
    },
    end() {
      let text = ''
      for (const event of unfold(compacted(whole.end(), context))) if (event.type !== 'start') text += inner.push(event)
      return text + inner.end()
    },
  }
}
