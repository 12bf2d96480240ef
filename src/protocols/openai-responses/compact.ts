/**
 * `/v1/responses/compact` where the upstream has none: the model is asked for a summary, and the answer says that this is
 * what it is. Vendors answer with a sealed item instead, which only they can make.
 */
import { FailureError, failure } from '../../hub/failure.ts'
import { parseExact, stringifyExact } from '../exact-json.ts'
import { asArray, asObject, isText, type Json } from '../json.ts'
import type { Emulation } from '../protocol.ts'
import { itemsOf } from './continuation.ts'

export const TASK = `Summarise the conversation so far, faithfully and in full, for a model that will go on with it and will see nothing but your summary. Keep: what the user wants and every instruction that still holds, decisions and why they were made, facts, names, paths, identifiers and code that still matter, what the tools were asked and what they answered, what is done, what is open, and the next step. Invent nothing, leave out greetings and repetition, call no tool. Answer with the summary alone.`

/** The first line of every summary, so that nobody takes it for the vendor's own compaction. */
export const SUMMARY_HEAD =
  '[LogicaProxy: a summary of the earlier conversation, written by the model because this upstream has no compaction of its own]'

export const compactEmulation: Emulation = {
  name: 'compact',
  request(body) {
    const { stream: _, previous_response_id: _p, input, max_output_tokens: _m, text: _t, ...rest } = body
    const before = itemsOf(input === undefined ? 'null' : stringifyExact(input))
    const task = JSON.stringify({ type: 'message', role: 'user', content: [{ type: 'input_text', text: TASK }] })
    return {
      ...rest,
      ...(asArray(rest['tools']).length > 0 ? { tool_choice: 'none' } : { tool_choice: undefined }),
      store: false,
      input: parseExact(`[${before === '' ? '' : `${before},`}${task}]`),
    }
  },
  answer(bytes, created) {
    const response = parseExact(bytes.toString('utf8')) as Json
    const text = textOf(response)
    if (text === '')
      throw new FailureError(
        failure('upstream', 'The model gave no summary of the conversation.', { status: 502, scope: 'request' }),
      )
    const id = isText(response['id']) ? response['id'] : `resp_${created.toString(16)}`
    const item = {
      id: id.replace(/^resp_/, 'msg_'),
      type: 'message',
      status: 'completed',
      role: 'user',
      content: [{ type: 'input_text', text: `${SUMMARY_HEAD}\n\n${text}` }],
    }
    return Buffer.from(
      stringifyExact({
        id,
        object: 'response.compaction',
        created_at: created,
        output: [item],
        usage: response['usage'] ?? null,
      }),
    )
  },
}

function textOf(response: Json): string {
  return asArray(response['output'])
    .flatMap((item) => (asObject(item)?.['type'] === 'message' ? asArray(asObject(item)?.['content']) : []))
    .map((part) => asObject(part)?.['text'])
    .filter(isText)
    .join('\n')
    .trim()
}
