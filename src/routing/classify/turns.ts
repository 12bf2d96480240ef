/** The turns of a conversation in any dialect: who speaks, which words, what is attached. Reads windows of bytes only. */
import type { Span } from '../../wire/peek.ts'
import { withoutInjected } from './strip.ts'
import { type Budget, elementsAhead, type Member, members, stringOf } from './window.ts'

export interface Turn {
  role: 'user' | 'system' | 'other'
  /** The words of a person, what a program put among them left out; of a system turn, all of it. */
  text: string
  images: number
  files: number
  toolResults: number
  /** Tools that stand among the turns (the Responses API's `additional_tools`). */
  tools?: Span
}

const ROLES: Readonly<Record<string, Turn['role']>> = {
  user: 'user',
  human: 'user',
  system: 'system',
  developer: 'system',
}
const RESULT = /tool_result|_output$|functionresponse|function_response/i
const IMAGE = /image|video/i
const FILE = /document|file|audio/i
/** Blocks of one turn that are read at most, from its end. */
const BLOCKS = 24

export function memberOf(list: readonly Member[], key: string): Member | undefined {
  // Of duplicate keys the last one counts, as for the JSON readers of the vendors.
  return list.findLast((member) => member.key === key)
}

export function wordOf(body: Buffer, span: Span | undefined): string {
  return span === undefined || span.end - span.start > 80 ? '' : (stringOf(body, span, 80)?.head ?? '')
}

/** The text of a string's span in at most `most` bytes of each end, what was injected left out unless `raw`. */
function textOf(body: Buffer, span: Span, most: number, raw: boolean): string {
  const read = stringOf(body, span, most)
  if (read === undefined) return ''
  if (raw) return read.head
  const head = withoutInjected(read.head)
  if (read.tail === '') return head
  // Each end is cleaned for itself: what opens in one and closes in the other is cut in both.
  const tail = withoutInjected(read.tail)
  return head === '' ? tail : tail === '' ? head : `${head}\n${tail}`
}

/** Reads one element of the turns. */
export function turnOf(body: Buffer, span: Span, most: number, budget: Budget): Turn {
  const turn: Turn = { role: 'other', text: '', images: 0, files: 0, toolResults: 0 }
  if (body[span.start] === 34) {
    turn.role = 'user'
    turn.text = textOf(body, span, most, false)
    return turn
  }
  const list = members(body, span.start, span.end, part(budget), part(budget))
  const type = wordOf(body, memberOf(list, 'type'))
  const role = wordOf(body, memberOf(list, 'role'))
  if (RESULT.test(type) || role === 'tool' || role === 'function') turn.toolResults += 1
  else if (type === 'additional_tools') turn.tools = memberOf(list, 'tools')
  else if (role !== '') turn.role = ROLES[role] ?? 'other'
  // Gemini lets the role of a lone turn be left out; the Responses API lets a part of a message stand for a turn.
  else if (memberOf(list, 'parts') !== undefined || type === 'input_text') turn.role = 'user'
  if (turn.role === 'other') return turn
  const raw = turn.role === 'system'
  const content = memberOf(list, 'content') ?? memberOf(list, 'parts') ?? memberOf(list, 'text')
  if (content === undefined) return turn
  if (body[content.start] === 34) turn.text = textOf(body, content, most, raw)
  else turn.text = blocks(body, content, most, raw, turn, budget)
  return turn
}

/** A share of what is left, so that one long value cannot spend all of it. */
function part(budget: Budget): Budget {
  const share = { left: Math.min(budget.left, 24_000) }
  budget.left -= 400
  return share
}

function blocks(body: Buffer, array: Span, most: number, raw: boolean, turn: Turn, budget: Budget): string {
  const found = body[array.start] === 123 ? [array] : elementsAhead(body, array, BLOCKS, part(budget))
  const texts: string[] = []
  for (const span of found) {
    if (body[span.start] === 34) {
      texts.push(textOf(body, span, most, raw))
      continue
    }
    const list = members(body, span.start, span.end, part(budget), part(budget))
    const type = wordOf(body, memberOf(list, 'type'))
    const text = memberOf(list, 'text')
    if (text !== undefined) {
      if (memberOf(list, 'thought') === undefined) texts.push(textOf(body, text, most, raw))
    } else {
      const kind = type === '' ? list.map((member) => member.key).join(' ') : type
      if (RESULT.test(kind)) turn.toolResults += 1
      else if (IMAGE.test(kind) || /inlineData|inline_data/.test(kind)) turn.images += 1
      else if (FILE.test(kind)) turn.files += 1
    }
  }
  return texts.filter((text) => text !== '').join('\n')
}

/** The text of what stands where a dialect keeps instructions: a string, blocks, or an object of parts. */
export function systemText(body: Buffer, span: Span | undefined, most: number, budget: Budget): string {
  if (span === undefined) return ''
  const c = body[span.start]
  if (c === 34) return stringOf(body, span, most)?.head ?? ''
  const turn: Turn = { role: 'system', text: '', images: 0, files: 0, toolResults: 0 }
  if (c === 91) return blocks(body, span, most, true, turn, budget).slice(0, most * 2)
  if (c !== 123) return ''
  const list = members(body, span.start, span.end, part(budget), part(budget))
  const parts = memberOf(list, 'parts')
  return parts === undefined ? '' : blocks(body, parts, most, true, turn, budget).slice(0, most * 2)
}
