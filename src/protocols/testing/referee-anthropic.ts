/**
 * A referee of the Messages stream's grammar (https://docs.claude.com/en/api/messages-streaming): `message_start`, blocks
 * strictly one after another with rising indices, `message_delta`, `message_stop`; `ping` anywhere between.
 */
import type { Sse } from '../../wire/sse.ts'
import { decodeUtf8 } from '../../wire/sse.ts'

type Json = Record<string, unknown>

/** Which deltas a block takes. */
const DELTAS: Record<string, readonly string[]> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
  server_tool_use: ['input_json_delta'],
  mcp_tool_use: ['input_json_delta'],
}

const STOPS = new Set([
  'end_turn',
  'max_tokens',
  'stop_sequence',
  'tool_use',
  'pause_turn',
  'refusal',
  'model_context_window_exceeded',
])

/** What is wrong with a whole stream; empty when nothing is. */
export function refereeAnthropic(events: readonly Sse[]): string[] {
  const faults: string[] = []
  let phase: 'before' | 'message' | 'told' | 'over' = 'before'
  let block: { type: string; input: string; signed: boolean } | undefined
  let next = 0
  const say = (i: number, what: string) => faults.push(`event ${i}: ${what}`)

  for (const [i, event] of events.entries()) {
    let data: Json
    try {
      data = JSON.parse(decodeUtf8(event.data)) as Json
    } catch {
      say(i, 'no JSON')
      continue
    }
    const type = String(data['type'])
    if (event.event !== type) say(i, `named ${event.event}, says ${type}`)
    if (type === 'ping') {
      if (phase === 'before' || phase === 'over') say(i, 'ping outside of the message')
      continue
    }
    switch (type) {
      case 'message_start': {
        if (phase !== 'before') say(i, 'second message_start')
        phase = 'message'
        const m = (data['message'] ?? {}) as Json
        if (!String(m['id']).startsWith('msg_')) say(i, 'message id')
        if (m['type'] !== 'message' || m['role'] !== 'assistant' || m['stop_reason'] !== null) say(i, 'message form')
        if (!Array.isArray(m['content']) || m['content'].length > 0) say(i, 'content must begin empty')
        if (!isCount((m['usage'] as Json | undefined)?.['input_tokens'])) say(i, 'usage.input_tokens')
        if (!isCount((m['usage'] as Json | undefined)?.['output_tokens'])) say(i, 'usage.output_tokens')
        break
      }
      case 'content_block_start': {
        if (phase !== 'message') say(i, `block while ${phase}`)
        if (block !== undefined) say(i, 'block within a block')
        if (data['index'] !== next) say(i, `index ${data['index']} instead of ${next}`)
        const b = (data['content_block'] ?? {}) as Json
        block = { type: String(b['type']), input: '', signed: false }
        if (block.type === 'text' && b['text'] !== '') say(i, 'text must begin empty')
        if (block.type === 'thinking' && b['thinking'] !== '') say(i, 'thinking must begin empty')
        if (block.type === 'tool_use') {
          if (typeof b['id'] !== 'string' || b['id'] === '' || typeof b['name'] !== 'string') say(i, 'tool_use form')
          if (JSON.stringify(b['input']) !== '{}') say(i, 'input must begin empty')
        }
        break
      }
      case 'content_block_delta': {
        const delta = (data['delta'] ?? {}) as Json
        if (block === undefined) {
          say(i, 'delta without a block')
          break
        }
        if (data['index'] !== next) say(i, `delta of block ${data['index']} in block ${next}`)
        if (!(DELTAS[block.type] ?? []).includes(String(delta['type']))) say(i, `${delta['type']} in ${block.type}`)
        if (delta['type'] === 'input_json_delta') block.input += delta['partial_json']
        if (block.signed) say(i, 'delta after the signature')
        if (delta['type'] === 'signature_delta') block.signed = true
        break
      }
      case 'content_block_stop': {
        if (block === undefined) say(i, 'stop without a block')
        if (data['index'] !== next) say(i, `stop of block ${data['index']} in block ${next}`)
        if (block !== undefined && block.input !== '' && !isObjectText(block.input)) say(i, 'input is no JSON object')
        block = undefined
        next += 1
        break
      }
      case 'message_delta': {
        if (phase !== 'message') say(i, `message_delta while ${phase}`)
        if (block !== undefined) say(i, 'message_delta within a block')
        phase = 'told'
        const delta = (data['delta'] ?? {}) as Json
        if (!STOPS.has(String(delta['stop_reason']))) say(i, `stop_reason ${delta['stop_reason']}`)
        if (!('stop_sequence' in delta)) say(i, 'stop_sequence')
        if (!isCount((data['usage'] as Json | undefined)?.['output_tokens'])) say(i, 'usage.output_tokens')
        break
      }
      case 'message_stop':
        if (phase !== 'told') say(i, `message_stop while ${phase}`)
        phase = 'over'
        break
      default:
        say(i, `unknown event ${type}`)
    }
  }
  if (phase !== 'over') faults.push('the message does not end')
  return faults
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
