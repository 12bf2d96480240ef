/**
 * How a Responses request goes on from an earlier answer that it only names (`previous_response_id`,
 * https://platform.openai.com/docs/guides/conversation-state). Conversations are kept as the JSON text of their items,
 * joined by commas: that is what they are put together from again.
 */
import { parseExact, stringifyExact } from '../exact-json.ts'
import { asArray, asObject, isText, type Json } from '../json.ts'
import type { Answered, Continuation } from '../protocol.ts'

/** Items only a model makes; they and assistant messages tell a transcript from a user's next turn. */
const MADE = /"(?:assistant|reasoning|[a-z_]+_call)"/

export const responsesContinuation: Continuation = {
  field: 'previous_response_id',
  unstored: 'store',
  items: itemsOf,
  joined,
  reference: '"item_reference"',
  dereferenced,
  answered,
  idIn: (head) => /"id"\s*:\s*"(resp_[\w-]+)"/.exec(head)?.[1],
}

/** The items of an `input`, given as JSON text: a list, or a string, which is one message of the user. */
export function itemsOf(input: string): string {
  const text = input.trim()
  if (text.startsWith('[')) return text.slice(1, -1).trim()
  if (text.startsWith('"')) return `{"type":"message","role":"user","content":${text}}`
  return text === 'null' ? '' : text
}

/**
 * What a turn adds to a conversation. A client that sends the whole transcript although it named an answer means the
 * transcript; calls and items that are known already are left out (vendors refuse "duplicate item" otherwise).
 */
function joined(before: string, added: string): { added: string; replaces: boolean } {
  if (before === '' || !MADE.test(added)) return { added, replaces: false }
  let old: Json[]
  let fresh: Json[]
  try {
    old = parseExact(`[${before}]`) as Json[]
    fresh = parseExact(`[${added}]`) as Json[]
  } catch {
    return { added, replaces: false }
  }
  const [first] = old
  if (first !== undefined && fresh.some(isMade) && fresh[0] !== undefined && alike(first, fresh[0]))
    return { added, replaces: true }
  const known = new Set(old.flatMap(namesOf))
  const kept = fresh.filter((item) => !namesOf(item).some((name) => known.has(name)))
  return { added: kept.length === fresh.length ? added : kept.map(stringifyExact).join(','), replaces: false }
}

function isMade(item: Json): boolean {
  return item['role'] === 'assistant' || /^(?:reasoning|\w+_call)$/.test(String(item['type']))
}

/** Whether two items say the same, whatever ids and states they carry. */
function alike(a: Json, b: Json): boolean {
  const { id: _a, status: _s, type: _t = 'message', ...one } = a
  const { id: _b, status: _u, type: _v = 'message', ...other } = b
  return _t === _v && stringifyExact(one) === stringifyExact(other)
}

/** What makes an item the same one: its id, and for calls and results what they belong to. */
function namesOf(item: Json): string[] {
  const { type, id, call_id } = item
  const names: string[] = []
  if (isText(id)) names.push(id)
  if (isText(call_id)) names.push(`${String(type)} ${call_id}`)
  return names
}

/** Id and items of a finished answer: a whole one, or the end of a stream with its terminal event. */
function answered(text: string): Answered | undefined {
  const from = text.startsWith('{') ? 0 : text.lastIndexOf('data: {') + 6
  if (from === 5) return undefined
  try {
    const json = parseExact(text.slice(from).trim()) as Json
    return answerOf(asObject(json['response']) ?? json)
  } catch {
    return undefined
  }
}

/** @param done the output items as they were told on the way, for upstreams whose last event does not repeat them. */
export function answerOf(response: Json, done: readonly unknown[] = []): Answered | undefined {
  const { id } = response
  if (!isText(id)) return undefined
  const told = asArray(response['output'])
  const output = told.length > 0 ? told : done
  const named = output.flatMap((item) => {
    const { id } = asObject(item) ?? {}
    return isText(id) ? [[id, stringifyExact(item)] as const] : []
  })
  return { id, items: sendable(output), named }
}

/** Clients that expect their answers to be stored send `item_reference` in place of what was answered (the AI SDK does). */
function dereferenced(items: string, find: (id: string) => string | undefined): string | undefined {
  let list: Json[]
  try {
    list = parseExact(`[${items}]`) as Json[]
  } catch {
    return undefined
  }
  let known = 0
  const texts = list.map((item) => {
    const { type, id } = item
    const found = type === 'item_reference' && isText(id) ? find(id) : undefined
    if (found !== undefined) known += 1
    return found ?? stringifyExact(item)
  })
  return known > 0 ? texts.join(',') : undefined
}

/**
 * Output items as input. Reasoning without its sealed state means something only where it was stored; without it, the ids
 * of what followed it have to go too, for they would ask for it.
 */
function sendable(output: readonly unknown[]): string {
  const items = output.map(asObject).filter((item) => item !== undefined)
  const bare = (item: Json) => item['type'] === 'reasoning' && !isText(item['encrypted_content'])
  if (!items.some(bare)) return items.map(stringifyExact).join(',')
  return items
    .filter((item) => !bare(item))
    .map(({ id: _, ...item }) => stringifyExact(item))
    .join(',')
}

/** An input without reasoning, for an account that cannot open what another one sealed; undefined if it holds none. */
export function withoutReasoning(items: string): string | undefined {
  const list = parseExact(`[${items}]`) as Json[]
  if (!list.some((item) => item['type'] === 'reasoning')) return undefined
  return list
    .filter((item) => item['type'] !== 'reasoning')
    .map((item) => {
      if (!isMade(item)) return stringifyExact(item)
      const { id: _, ...rest } = item
      return stringifyExact(rest)
    })
    .join(',')
}
