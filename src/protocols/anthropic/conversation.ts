/** Messages → `system` and alternating turns. */
import type { Message, Part } from '../../hub/request.ts'
import type { Json } from '../json.ts'
import { type BlockPlace, encodePart, plainText } from './blocks-encode.ts'
import { type Losses, note, noted, own } from './take.ts'

/** Said in place of a last message without a word: dropped, the answer before it would be taken for a beginning. */
const SILENCE = '(empty message)'

/** What the dialect makes of the messages; blocks are not yet folded into strings. */
export interface Conversation {
  system: Json[]
  /** The client wrote `system` as a list. */
  listed: boolean
  turns: Turn[]
}

export interface Turn {
  role: Message['role']
  blocks: Json[]
  rest?: Json
  /** The client wrote the content as a list. */
  listed?: true
}

/** Said in the user's place when a conversation begins with the assistant: the API wants the user first. */
const OPENING = '(The conversation begins with your message below.)'

/** Said after an answer that a model does not go on with by itself. */
const GO_ON = 'Go on from where your last message ends.'

/** Lets the user speak last, for models that refuse to go on with an answer begun for them. */
export function withoutPrefill(conversation: Conversation, losses: Losses): Conversation {
  if (conversation.turns.at(-1)?.role !== 'assistant') return conversation
  losses.add('messages', 'the model does not go on with a begun answer; it was asked to')
  const last: Turn = { role: 'user', blocks: [{ type: 'text', text: GO_ON }] }
  return { ...conversation, turns: [...conversation.turns, last] }
}

export function encodeConversation(messages: readonly Message[], home: boolean, losses: Losses): Conversation {
  const leading = messages.findIndex((message) => !isInstruction(message))
  const count = leading < 0 ? messages.length : leading
  const system = messages.slice(0, count).flatMap((message, i) => systemBlocks(message, `messages.${i}`, losses))
  const turns: Turn[] = []
  for (const [i, message] of messages.entries()) {
    if (i < count) continue
    const turn = turnOf(message, { role: 'user', home, path: `messages.${i}`, losses })
    const last = i === messages.length - 1 && message.role === 'user' && turns.at(-1)?.role !== 'user'
    const silent = last && turn.blocks.length === 0
    addTurn(turns, silent ? { role: 'user', blocks: [{ type: 'text', text: SILENCE }] } : turn)
  }
  for (const turn of turns) if (turn.role === 'user') turn.blocks = resultsFirst(turn.blocks)
  trimFinal(turns)
  const first = turns.find((turn) => turn.role !== 'system')
  // A request of instructions only: they are what the user says.
  if (first === undefined && turns.length === 0 && system.length > 0) {
    return { system: [], listed: false, turns: [{ role: 'user', blocks: system }] }
  }
  if (first?.role === 'assistant') turns.unshift({ role: 'user', blocks: [{ type: 'text', text: OPENING }] })
  return { system, listed: messages.slice(0, count).some((message) => noted(message, '$list')), turns }
}

/** A system message that is not one of this dialect's own, which stand among the turns. */
function isInstruction(message: Message): boolean {
  return message.role === 'system' && !noted(message, '$turn')
}

function systemBlocks(message: Message, path: string, losses: Losses): Json[] {
  const books = (note(message, 'billing_header') ?? []) as Json[]
  const said = message.parts.flatMap((part) => {
    if (part.type === 'native') return part.protocol === 'anthropic' ? [part.value as Json] : []
    if (part.type !== 'text') {
      losses.add(`${path}.${part.type}`, 'instructions are text')
      return []
    }
    return encodePart(part, { role: 'user', home: true, path, losses })
  })
  return [...books, ...said]
}

function turnOf(message: Message, place: BlockPlace): Turn {
  const rest = own(message)
  if (isInstruction(message)) return { role: 'user', blocks: reminder(message, place) }
  const role = message.role === 'assistant' ? 'assistant' : 'user'
  const blocks = message.parts.flatMap((part) => (fits(part, role) ? encodePart(part, { ...place, role }) : []))
  return {
    role: message.role,
    blocks,
    ...(rest !== undefined && Object.keys(rest).length > 0 && { rest }),
    ...(noted(message, '$list') && { listed: true }),
  }
}

/** Instructions in the middle keep their place, as the user's words with a neutral tag around them. */
function reminder(message: Message, { path, losses }: BlockPlace): Json[] {
  return systemBlocks(message, path, losses).map((block) => ({
    ...block,
    text: `<system-reminder>\n${block['text']}\n</system-reminder>`,
  }))
}

const ASSISTANT_ONLY = new Set<Part['type']>(['tool-call', 'reasoning', 'search', 'refusal'])

function fits(part: Part, role: 'user' | 'assistant'): boolean {
  return role === 'assistant' ? part.type !== 'tool-result' : !ASSISTANT_ONLY.has(part.type)
}

/** Neighbours of one role are one turn, unless a message has fields of its own. */
function addTurn(turns: Turn[], turn: Turn): void {
  if (turn.blocks.length === 0) return
  const last = turns.at(-1)
  if (last?.role === turn.role && turn.role !== 'system' && last.rest === undefined && turn.rest === undefined) {
    last.blocks.push(...turn.blocks)
  } else turns.push(turn)
}

function resultsFirst(blocks: Json[]): Json[] {
  const isResult = (block: Json) => block['type'] === 'tool_result'
  return [...blocks.filter(isResult), ...blocks.filter((block) => !isResult(block))]
}

/** A prefill must not end with white space. */
function trimFinal(turns: Turn[]): void {
  const turn = turns.at(-1)
  const block = turn?.blocks.at(-1)
  if (turn?.role !== 'assistant' || block?.['type'] !== 'text') return
  const text = (block['text'] as string).trimEnd()
  turn.blocks = [...turn.blocks.slice(0, -1), ...(text === '' ? [] : [{ ...block, text }])]
  if (turn.blocks.length === 0) turns.pop()
}

export function encodeTurn({ role, blocks, rest, listed }: Turn): Json {
  return { ...rest, role, content: listed ? blocks : plainText(blocks) }
}
