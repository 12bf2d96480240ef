/** The grammar of a chat stream (https://platform.openai.com/docs/api-reference/chat/streaming), as a strict client sees it. */
import type { Sse } from '../../wire/sse.ts'

type Wire = Record<string, unknown>

const FINISHES = new Set(['stop', 'length', 'tool_calls', 'content_filter', 'function_call'])

/** Everything in the events that breaks the grammar of a stream that ended well; none if it is right. */
export function refereeOpenaiChat(events: readonly Sse[]): string[] {
  const faults: string[] = []
  const fault = (at: number, text: string) => faults.push(`event ${at}: ${text}`)
  const calls = new Map<number, { id: unknown; input: string; custom: boolean }>()
  let head: { id: unknown; model: unknown; created: unknown } | undefined
  let finished = false
  let usageSeen = false
  let role = false

  const last = events.at(-1)
  if (last?.data !== '[DONE]') faults.push('the last event is not [DONE]')
  for (const [at, { event, data }] of events.entries()) {
    if (event !== '') fault(at, `has a name: ${event}`)
    if (data === '[DONE]') {
      if (at !== events.length - 1) fault(at, '[DONE] before the end')
      continue
    }
    const chunk = parse(data)
    if (chunk === undefined) {
      fault(at, 'is no JSON object')
      continue
    }
    if (chunk['object'] !== 'chat.completion.chunk') fault(at, `object ${chunk['object']}`)
    const { id, model, created } = chunk
    if (typeof id !== 'string' || id === '') fault(at, 'no id')
    head ??= { id, model, created }
    if (head.id !== id || head.model !== model || head.created !== created) fault(at, 'another id, model or time')
    const choices = chunk['choices']
    if (!Array.isArray(choices)) {
      fault(at, 'no choices')
      continue
    }
    if (choices.length === 0) {
      if (!finished) fault(at, 'no choice before the finish')
      if (typeof chunk['usage'] !== 'object' || chunk['usage'] === null) fault(at, 'neither choice nor usage')
      if (usageSeen) fault(at, 'usage twice')
      usageSeen = true
      continue
    }
    if (choices.length > 1) fault(at, 'several choices')
    const choice = choices[0] as Wire
    if (choice['index'] !== 0) fault(at, `choice index ${choice['index']}`)
    if (finished) fault(at, 'a choice after the finish')
    const delta = choice['delta'] as Wire | undefined
    if (typeof delta !== 'object' || delta === null) {
      fault(at, 'no delta')
      continue
    }
    if (!role && delta['role'] !== 'assistant') fault(at, 'no role in the first delta')
    if (role && delta['role'] !== undefined) fault(at, 'the role twice')
    role = true
    for (const name of ['content', 'refusal', 'reasoning_content'])
      if (delta[name] !== undefined && typeof delta[name] !== 'string') fault(at, `${name} is no string`)
    for (const call of (delta['tool_calls'] ?? []) as Wire[]) checkCall(call, at)
    const finish = choice['finish_reason']
    if (finish !== null) {
      if (!FINISHES.has(String(finish))) fault(at, `finish_reason ${finish}`)
      if (Object.keys(delta).length > 0) fault(at, 'the finish bears something')
      finished = true
    }
  }
  if (!finished) faults.push('no finish_reason')
  for (const [index, { input, custom }] of calls)
    if (!custom && !isJsonObject(input)) faults.push(`call ${index}: arguments are no object: ${input}`)
  const ids = [...calls.values()].map(({ id }) => id)
  if (new Set(ids).size !== ids.length) faults.push('two calls with one id')

  function checkCall(call: Wire, at: number): void {
    const { index, id } = call
    if (typeof index !== 'number') return void fault(at, 'a call without index')
    const body = (call['function'] ?? call['custom']) as Wire | undefined
    const known = calls.get(index)
    if (known === undefined) {
      if (index !== calls.size) fault(at, `call index ${index}, expected ${calls.size}`)
      if (typeof id !== 'string' || id === '') fault(at, 'a call without id')
      if (call['type'] !== 'function' && call['type'] !== 'custom') fault(at, `call type ${call['type']}`)
      if (typeof body?.['name'] !== 'string' || body['name'] === '') fault(at, 'a call without name')
      calls.set(index, { id, input: '', custom: call['type'] === 'custom' })
    } else if (id !== undefined || body?.['name'] !== undefined) fault(at, 'id or name a second time')
    const entry = calls.get(index)!
    entry.input += String(body?.['arguments'] ?? body?.['input'] ?? '')
  }
  return faults
}

function parse(data: string): Wire | undefined {
  try {
    const value: unknown = JSON.parse(data)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Wire) : undefined
  } catch {
    return undefined
  }
}

function isJsonObject(text: string): boolean {
  return parse(text) !== undefined
}
