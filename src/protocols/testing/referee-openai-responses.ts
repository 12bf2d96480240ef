/** Judges the event order of a Responses stream (https://platform.openai.com/docs/api-reference/responses-streaming). */

type Json = Record<string, unknown>

interface Item {
  index: number
  id: unknown
  type: unknown
  done: boolean
  /** Open content part, summary part or arguments, and the text said in it. */
  open: { key: string; text: string } | undefined
  parts: number
  whole: Json
  input: string | undefined
}

const TERMINALS = ['response.completed', 'response.incomplete', 'response.failed']

/** Fields every response object has, from the schema of the API. */
const REQUIRED =
  `id object created_at status error incomplete_details instructions model tools output parallel_tool_calls
  metadata tool_choice temperature top_p`.split(/\s+/)

/** @returns what is wrong, in order; nothing for a legal stream. */
export function refereeOpenaiResponses(events: readonly { event: string; data: string }[]): string[] {
  const faults: string[] = []
  const items: Item[] = []
  let sequence = -1
  let phase: 'new' | 'created' | 'running' | 'over' = 'new'
  let responseId: unknown

  events.forEach(({ event, data }, at) => {
    const say = (fault: string) => faults.push(`event ${at} (${event}): ${fault}`)
    let body: Json
    try {
      body = JSON.parse(data)
    } catch {
      say('no JSON')
      return
    }
    if (body['type'] !== event) say(`type inside is ${body['type']}`)
    if (body['sequence_number'] !== sequence + 1) say(`sequence_number ${body['sequence_number']} after ${sequence}`)
    sequence = Number(body['sequence_number'])
    if (phase === 'over') say('after the terminal event')
    if (event === 'response.created') {
      if (phase !== 'new') say('a second beginning')
      phase = 'created'
      response(body, say, 'in_progress')
      return
    }
    if (event === 'response.in_progress') {
      if (phase !== 'created') say('not directly after response.created')
      phase = 'running'
      response(body, say, 'in_progress')
      return
    }
    if (phase === 'new' || phase === 'created') say('before response.in_progress')
    if (TERMINALS.includes(event)) {
      phase = 'over'
      const full = response(body, say, event.slice('response.'.length))
      if (items.some((item) => !item.done)) say('an item is still open')
      const wholes = JSON.stringify(items.map((item) => item.whole))
      if (JSON.stringify(full['output']) !== wholes) say('output differs from the items that were done')
      return
    }
    inside(event, body, say)
  })
  if ((phase as string) !== 'over') faults.push('no terminal event')
  return faults

  function response(body: Json, say: (fault: string) => void, status: string): Json {
    const full = (body['response'] ?? {}) as Json
    for (const name of REQUIRED) if (full[name] === undefined) say(`response lacks ${name}`)
    if (full['status'] !== status) say(`status is ${full['status']}`)
    if (responseId !== undefined && full['id'] !== responseId) say('the id of the response changed')
    responseId = full['id']
    if (!/^resp_./.test(String(responseId))) say(`id ${responseId}`)
    return full
  }

  function inside(event: string, body: Json, say: (fault: string) => void): void {
    const at = body['output_index']
    if (event === 'response.output_item.added') {
      if (at !== items.length) say(`output_index ${at}, expected ${items.length}`)
      const item = body['item'] as Json
      const known = items.some((other) => other.id === item['id'])
      if (known || typeof item['id'] !== 'string' || item['id'] === '') say(`item id ${item['id']}`)
      const prefix = PREFIX[item['type'] as string]
      if (prefix !== undefined && !String(item['id']).startsWith(prefix)) say(`id ${item['id']} of ${item['type']}`)
      items.push({
        index: items.length,
        id: item['id'],
        type: item['type'],
        done: false,
        open: undefined,
        parts: 0,
        whole: item,
        input: undefined,
      })
      return
    }
    const item = typeof at === 'number' ? items[at] : undefined
    if (item === undefined || item.done) {
      say('belongs to no open item')
      return
    }
    if (event === 'response.output_item.done') {
      item.done = true
      item.whole = body['item'] as Json
      if (item.open !== undefined) say('a part is still open')
      if (item.whole['id'] !== item.id || item.whole['type'] !== item.type) say('another item')
      if (item.type === 'message' && (item.whole['content'] as unknown[]).length !== item.parts)
        say('content differs from its parts')
      const input = item.whole['arguments'] ?? item.whole['input']
      if (CALLS.has(item.type as string) && input !== item.input) say('input differs from what was streamed')
      return
    }
    if (body['item_id'] !== item.id) say(`item_id ${body['item_id']}, expected ${item.id}`)
    const rule = RULES.find(([pattern]) => pattern.test(event))
    if (rule === undefined) say('unknown event')
    else rule[1](event, body, item, say)
  }
}

const CALLS = new Set(['function_call', 'custom_tool_call'])

const PREFIX: Record<string, string> = {
  message: 'msg_',
  reasoning: 'rs_',
  function_call: 'fc_',
  custom_tool_call: 'ctc_',
  web_search_call: 'ws_',
  image_generation_call: 'ig_',
}

type Rule = (event: string, body: Json, item: Item, say: (fault: string) => void) => void

const RULES: [RegExp, Rule][] = [
  [/^response\.content_part\.added$/, opens('content_index')],
  [/^response\.reasoning_summary_part\.added$/, opens('summary_index')],
  [/^response\.(?:output_text|refusal)\.delta$/, says('content_index')],
  [/^response\.reasoning_summary_text\.delta$/, says('summary_index')],
  [/^response\.output_text\.done$/, ends('content_index', 'text')],
  [/^response\.refusal\.done$/, ends('content_index', 'refusal')],
  [/^response\.reasoning_summary_text\.done$/, ends('summary_index', 'text')],
  [/^response\.output_text\.annotation\.added$/, says('content_index')],
  [/^response\.content_part\.done$/, closes('content_index')],
  [/^response\.reasoning_summary_part\.done$/, closes('summary_index')],
  [
    /^response\.(?:function_call_arguments|custom_tool_call_input)\.delta$/,
    (_e, body, item, say) => {
      if (!CALLS.has(item.type as string)) say('no call')
      if (item.input !== undefined) say('after done')
      item.open = { key: 'input', text: (item.open?.text ?? '') + body['delta'] }
    },
  ],
  [
    /^response\.(?:function_call_arguments|custom_tool_call_input)\.done$/,
    (_e, body, item, say) => {
      item.input = String(body['arguments'] ?? body['input'])
      if ((item.open?.text ?? '') !== item.input) say('differs from its deltas')
      item.open = undefined
    },
  ],
  [/^response\.web_search_call\.(?:in_progress|searching|completed)$/, () => {}],
  [/^response\.image_generation_call\.(?:in_progress|generating|completed)$/, () => {}],
]

function opens(index: string): Rule {
  return (_event, body, item, say) => {
    if (item.open !== undefined) say('a part is still open')
    if (body[index] !== item.parts) say(`${index} ${body[index]}, expected ${item.parts}`)
    item.open = { key: `${index}${item.parts}`, text: '' }
  }
}

function says(index: string): Rule {
  return (_event, body, item, say) => {
    if (item.open?.key !== `${index}${body[index]}`) say('no such part is open')
    else if (typeof body['delta'] === 'string') item.open.text += body['delta']
  }
}

function ends(index: string, field: string): Rule {
  return (_event, body, item, say) => {
    if (item.open?.key !== `${index}${body[index]}`) say('no such part is open')
    if (item.open?.text !== body[field]) say('differs from its deltas')
  }
}

function closes(index: string): Rule {
  return (_event, body, item, say) => {
    const part = body['part'] as Json
    if (item.open?.key !== `${index}${body[index]}`) say('no such part is open')
    if (item.open?.text !== (part['text'] ?? part['refusal'])) say('differs from its deltas')
    item.open = undefined
    item.parts += 1
  }
}
