/** The items of an answer, both ways (https://platform.openai.com/docs/api-reference/responses/object). */
import type { Part, RefusalPart, TextPart } from '../../hub/request.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { decodeContent, encodeCitation, encodeText } from './content.ts'
import {
  decodeItem,
  encodeCall,
  encodeImageCall,
  encodeReasoning,
  encodeSearch,
  sealedCall,
  sealedOf,
} from './items.ts'
import { ID, keep, notes, restOf, taker } from './own.ts'

/** The parts of one output item; what the hub has no word for stays native and whole. */
export function decodeOutputItem(value: unknown): Part[] {
  const item = asObject(value)
  if (item === undefined) return []
  const parts = item['type'] === 'message' ? decodeMessageItem(item) : onlyAnswer(decodeItem(item))
  return parts.length > 0 ? parts : [{ type: 'native', protocol: ID, value: item }]
}

/** A compacted conversation repeats the user's turns and tool results: they are no answer. */
function onlyAnswer(part: Part | undefined): Part[] {
  return part === undefined || part.type === 'tool-result' ? [] : [part]
}

function decodeMessageItem(item: Json): Part[] {
  if (item['role'] !== undefined && item['role'] !== 'assistant') return []
  const { rest, drop } = taker(item)
  drop('type')
  drop('content')
  const parts = asArray(item['content']).map((part) => decodeContent(part, 'output_text'))
  const [first, ...more] = parts
  if (first === undefined) return []
  return [{ ...first, ...keep({ ...first.extras?.[ID], $item: rest }) }, ...more]
}

/** How the ids of an answer's items are made: the same answer, the same ids. */
export interface Ids {
  response: string
  item(prefix: string, index: number): string
}

/** Longest id that clients may send back as an item's. */
const LONGEST_SEED = 48

/** @param id the upstream's id of the answer; may be empty. */
export function idsFor(id: string, created: number): Ids {
  const seed = id
    .replace(/^(?:resp_|msg_|chatcmpl-)/, '')
    .replace(/[^A-Za-z0-9_-]/g, '')
    .slice(-LONGEST_SEED)
  const base = seed === '' ? `lp${created.toString(16)}` : seed
  return {
    response: /^resp_./.test(id) ? id : `resp_${base}`,
    item: (prefix, index) => `${prefix}_${base}_${index.toString(16).padStart(2, '0')}`,
  }
}

/** How an answer is written. */
export interface OutputForm {
  ids: Ids
  /** The upstream spoke this dialect: items keep their fields and nothing is filled in. */
  own: boolean
  /** The client asked for sealed reasoning. */
  sealed: boolean
}

/** The output items of an answer. Neighbouring text shares one message. */
export function encodeOutput(parts: readonly Part[], form: OutputForm): Json[] {
  const items: Json[] = []
  let open: Json[] | undefined
  for (const part of parts) {
    const content = contentOf(part, form.own)
    if (content !== undefined) {
      const { $item } = notes(part)
      if (open === undefined || $item !== undefined) {
        open = []
        items.push(messageItem(form.ids.item('msg', items.length), open, $item))
      }
      open.push(content)
      continue
    }
    const item = itemOf(part, items.length, form)
    if (item === undefined) continue
    open = undefined
    items.push(item)
    const state = part.type === 'tool-call' && form.sealed ? sealedCall(part) : undefined
    if (state !== undefined) items.push(sealedItem(form.ids.item('rs', items.length), state))
  }
  return items
}

/** Reasoning that shows nothing. */
export function sealedItem(id: string, state: string): Json {
  return { id, type: 'reasoning', summary: [], encrypted_content: state }
}

function messageItem(id: string, content: Json[], kept: Json | undefined): Json {
  return { ...(kept ?? { id, status: 'completed', role: 'assistant' }), type: 'message', content }
}

/** A part as content of a message; undefined if it is an item of its own. */
export function contentOf(part: Part, own: boolean): Json | undefined {
  switch (part.type) {
    case 'text':
      return own ? encodeText(part, 'output_text') : outputText(part)
    case 'refusal':
      return refusal(part)
    case 'media':
      // A picture behind a URL has no item; a link says where it is.
      return part.kind === 'image' && part.source.type === 'url'
        ? outputText({ type: 'text', text: `![image](${part.source.url})` })
        : undefined
    case 'native':
      return part.protocol === ID && /^(?:input|output)_/.test(String(asObject(part.value)?.['type']))
        ? (part.value as Json)
        : undefined
    default:
      return undefined
  }
}

function refusal(part: RefusalPart): Json {
  return { type: 'refusal', ...restOf(part), refusal: part.text }
}

/** Text with everything clients look for; citations without an address cannot be said. */
export function outputText(part: TextPart): Json {
  return {
    type: 'output_text',
    annotations: (part.citations ?? []).map((c) => annotation(c, part.text.length)).filter((a) => a !== undefined),
    logprobs: [],
    text: part.text,
  }
}

/** An annotation with all the fields its schema asks for. */
export function annotation(citation: Parameters<typeof encodeCitation>[0], length: number): Json | undefined {
  const encoded = encodeCitation(citation)
  return encoded && { start_index: 0, end_index: length, title: '', ...encoded }
}

function itemOf(part: Part, index: number, { ids, own, sealed }: OutputForm): Json | undefined {
  switch (part.type) {
    case 'reasoning': {
      const state = sealed || own ? sealedOf(part) : undefined
      return { ...(!own && { id: ids.item('rs', index) }), ...encodeReasoning([part], state) }
    }
    case 'tool-call': {
      const prefix = part.custom ? 'ctc' : 'fc'
      return { ...(!own && { id: ids.item(prefix, index), status: 'completed' }), ...encodeCall(part) }
    }
    case 'search':
      return encodeSearch(part, own ? part.id : searchId(part.id))
    case 'media':
      return part.kind === 'image' ? encodeImageCall(part, ids.item('ig', index)) : undefined
    case 'native':
      return part.protocol === ID ? (part.value as Json) : undefined
    default:
      return undefined
  }
}

/** Searches are named `ws_…` here; the name still tells which search of the upstream it was. */
export function searchId(id: string): string {
  return id.startsWith('ws_') ? id : `ws_${id.replace(/[^A-Za-z0-9_-]/g, '')}`
}
