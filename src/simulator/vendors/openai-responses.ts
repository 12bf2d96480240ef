import { slices } from '../pieces.ts'
import { seal } from '../signature.ts'
import type { Answer, Ask, Block, Context, Frame, Json, ToolSpec, VendorApi } from '../types.ts'
import { promptTokens } from '../usage.ts'
import { base, created, errorOf, inputTotal, reasons, refuse } from './openai.ts'
import { itemType } from './openai-responses-items.ts'
import { checkResponses } from './openai-responses-validate.ts'
import { arr, dataUrl, obj, objs, ownWords, str } from './util.ts'

/** Responses kept for `previous_response_id`; the oldest goes first. */
const KEEP = 2_000

function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content]
  return objs(content)
    .filter((p) => /text$/.test(str(p['type'])))
    .map((p) => str(p['text']))
}

/** All items the model sees: those of the chain before, then its own. */
function itemsOf(body: Json, ctx: Context): Json[] {
  const before = ctx.state.responses.get(str(body['previous_response_id']))
  const own =
    typeof body['input'] === 'string'
      ? [{ type: 'message', role: 'user', content: body['input'] }]
      : objs(body['input'])
  return before ? [...objs(before.input), ...objs(before.output), ...own] : own
}

function toolsOf(list: unknown, namespace?: string): ToolSpec[] {
  return objs(list).flatMap((t): ToolSpec[] => {
    if (t['type'] === 'namespace') return toolsOf(t['tools'], str(t['name']))
    if (t['type'] !== 'function' && t['type'] !== 'custom') return []
    const custom = t['type'] === 'custom'
    return [
      {
        name: str(t['name']),
        schema: obj(t['parameters']) ?? { type: 'object' },
        ...(custom ? { custom } : {}),
        ...(namespace ? { namespace } : {}),
      },
    ]
  })
}

function ask(body: Json, ctx: Context): Ask {
  const items = itemsOf(body, ctx)
  const user = items.findLast((i) => itemType(i) === 'message' && i['role'] === 'user')
  const results: string[] = []
  for (let i = items.length - 1; i >= 0 && /_call_output$/.test(itemType(items[i]!)); i--)
    results.unshift(textsOf(items[i]!['output']).join('\n'))
  const choice = body['tool_choice']
  const named = obj(choice)?.['name']
  const mode = obj(choice)?.['mode'] ?? choice
  const format = obj(obj(body['text'])?.['format'])
  const reasoning = obj(body['reasoning'])
  return {
    model: str(body['model']),
    stream: body['stream'] === true,
    segments: [
      str(body['instructions']) + JSON.stringify(body['tools'] ?? ''),
      ...items.map((i) =>
        itemType(i) === 'message'
          ? textsOf(i['content']).join('\n')
          : str(i['arguments']) + str(i['input']) + textsOf(i['output']).join('\n'),
      ),
    ],
    userText: ownWords(textsOf(user?.['content'])),
    tools: [
      ...toolsOf(body['tools']),
      ...items.filter((i) => itemType(i) === 'additional_tools').flatMap((i) => toolsOf(i['tools'])),
    ],
    choice:
      named !== undefined ? { name: str(named) } : mode === 'required' ? 'any' : mode === 'none' ? 'none' : 'auto',
    parallel: body['parallel_tool_calls'] !== false,
    results,
    format:
      format?.['type'] === 'json_schema'
        ? { schema: obj(format['schema']) }
        : format?.['type'] === 'json_object'
          ? {}
          : undefined,
    media: objs(user?.['content']).flatMap((p) => {
      const url = str(p['image_url']) || str(p['file_data'])
      return url
        ? [{ kind: p['image_url'] ? 'an image' : 'a document', ...(dataUrl(url) ?? { mediaType: 'url', bytes: 0 }) }]
        : []
    }),
    reasoning: reasoning?.['effort']
      ? reasoning['effort'] !== 'none'
      : reasons(ctx.base) || reasoning?.['summary'] !== undefined,
    reasoningVisible: Boolean(reasoning?.['summary'] ?? reasoning?.['generate_summary']),
    maxTokens: typeof body['max_output_tokens'] === 'number' ? body['max_output_tokens'] : undefined,
    stops: [],
    cacheable: true,
  }
}

const id = (prefix: string, answer: Answer, n = 0) =>
  `${prefix}_0sim${answer.seed.slice(0, 40)}${n.toString(16).padStart(2, '0')}`

function itemOf(block: Block, n: number, answer: Answer, body: Json, ctx: Context): Json {
  switch (block.type) {
    case 'reasoning': {
      const shown = obj(body['reasoning'])?.['summary'] ?? obj(body['reasoning'])?.['generate_summary']
      const sealed = arr(body['include']).includes('reasoning.encrypted_content')
      return {
        id: id('rs', answer, n),
        type: 'reasoning',
        ...(sealed ? { encrypted_content: seal(answer.seed, ctx.key) } : {}),
        summary: shown && block.text ? [{ type: 'summary_text', text: block.text }] : [],
      }
    }
    case 'call': {
      const common = {
        status: 'completed',
        call_id: `call_sim${block.id}`,
        name: block.tool.name,
        ...(block.tool.namespace ? { namespace: block.tool.namespace } : {}),
      }
      return block.tool.custom
        ? { id: id('ctc', answer, n), type: 'custom_tool_call', ...common, input: block.input }
        : { id: id('fc', answer, n), type: 'function_call', ...common, arguments: block.input }
    }
    case 'refusal':
      return {
        id: id('msg', answer, n),
        type: 'message',
        status: 'completed',
        content: [{ type: 'refusal', refusal: block.text }],
        role: 'assistant',
      }
    case 'text': {
      const status = answer.finish === 'length' ? 'incomplete' : 'completed'
      return {
        id: id('msg', answer, n),
        type: 'message',
        status,
        content: [{ type: 'output_text', annotations: [], logprobs: [], text: block.pieces.text() }],
        role: 'assistant',
      }
    }
  }
}

/** The response object; `output` undefined while it is still being made. */
function response(answer: Answer, body: Json, ctx: Context, output?: Json[], failed?: Json): Json {
  const incomplete =
    answer.finish === 'length' ? 'max_output_tokens' : answer.finish === 'refusal' ? 'content_filter' : undefined
  const status = failed ? 'failed' : !output ? 'in_progress' : incomplete ? 'incomplete' : 'completed'
  const u = answer.usage
  const done = output && !failed
  return {
    id: id('resp', answer),
    object: 'response',
    created_at: created(ctx),
    status,
    background: false,
    ...(done && !incomplete ? { completed_at: created(ctx) } : {}),
    error: failed ?? null,
    incomplete_details: done && incomplete ? { reason: incomplete } : null,
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    max_tool_calls: body['max_tool_calls'] ?? null,
    model: answer.model,
    output: output ?? [],
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: body['previous_response_id'] ?? null,
    prompt_cache_key: body['prompt_cache_key'] ?? null,
    reasoning: {
      effort: obj(body['reasoning'])?.['effort'] ?? null,
      summary: obj(body['reasoning'])?.['summary'] ?? null,
    },
    safety_identifier: body['safety_identifier'] ?? null,
    service_tier: done ? 'default' : 'auto',
    store: body['store'] !== false,
    temperature: body['temperature'] ?? 1,
    text: {
      format: obj(body['text'])?.['format'] ?? { type: 'text' },
      verbosity: obj(body['text'])?.['verbosity'] ?? 'medium',
    },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: body['tools'] ?? [],
    top_logprobs: body['top_logprobs'] ?? 0,
    top_p: body['top_p'] ?? 1,
    truncation: body['truncation'] ?? 'disabled',
    usage: done
      ? {
          input_tokens: inputTotal(u),
          input_tokens_details: { cached_tokens: u.cacheRead, cache_write_tokens: 0 },
          output_tokens: u.output + u.reasoning,
          output_tokens_details: { reasoning_tokens: u.reasoning },
          total_tokens: inputTotal(u) + u.output + u.reasoning,
        }
      : null,
    user: body['user'] ?? null,
    metadata: { ...obj(body['metadata']) },
  }
}

function outputOf(answer: Answer, body: Json, ctx: Context): Json[] {
  return answer.blocks.map((b, n) => itemOf(b, n, answer, body, ctx))
}

function* stream(answer: Answer, body: Json, ctx: Context): Iterable<Frame> {
  let sequence = 0
  // Deltas are most of a stream, so their JSON is put together by hand.
  const event = (type: string, rest: string, role: Frame['role'] = 'other'): Frame => ({
    text: `event: ${type}\ndata: {"type":"${type}","sequence_number":${sequence++},${rest}}\n\n`,
    role,
  })
  const opening = `"response":${JSON.stringify(response(answer, body, ctx))}`
  yield event('response.created', opening, 'start')
  yield event('response.in_progress', opening)
  const output: Json[] = []
  for (const [n, block] of answer.blocks.entries()) {
    const item = itemOf(block, n, answer, body, ctx)
    output.push(item)
    const at = `"item_id":"${item['id']}","output_index":${n}`
    const shell: Json = { ...item }
    if (item['status']) shell['status'] = 'in_progress'
    for (const key of ['content', 'summary']) if (key in shell) shell[key] = []
    for (const key of ['arguments', 'input']) if (key in shell) shell[key] = ''
    yield event('response.output_item.added', `"output_index":${n},"item":${JSON.stringify(shell)}`)
    yield* inside(block, item, at, event)
    yield event('response.output_item.done', `"output_index":${n},"item":${JSON.stringify(item)}`)
  }
  const full = response(answer, body, ctx, output)
  yield event(
    full['status'] === 'incomplete' ? 'response.incomplete' : 'response.completed',
    `"response":${JSON.stringify(full)}`,
    'done',
  )
}

type MakeEvent = (type: string, rest: string, role?: Frame['role']) => Frame

function* inside(block: Block, item: Json, at: string, event: MakeEvent): Iterable<Frame> {
  if (block.type === 'reasoning') {
    for (const [i, part] of objs(item['summary']).entries()) {
      const here = `${at},"summary_index":${i}`
      yield event('response.reasoning_summary_part.added', `${here},"part":{"type":"summary_text","text":""}`)
      for (const text of slices(str(part['text']), 24))
        yield event('response.reasoning_summary_text.delta', `${here},"delta":${JSON.stringify(text)}`, 'content')
      yield event('response.reasoning_summary_text.done', `${here},"text":${JSON.stringify(part['text'])}`)
      yield event('response.reasoning_summary_part.done', `${here},"part":${JSON.stringify(part)}`)
    }
  } else if (block.type === 'call') {
    const [kind, field] = block.tool.custom
      ? ['custom_tool_call_input', 'input']
      : ['function_call_arguments', 'arguments']
    for (const text of slices(block.input))
      yield event(`response.${kind}.delta`, `${at},"delta":${JSON.stringify(text)}`, 'content')
    yield event(`response.${kind}.done`, `${at},"${field}":${JSON.stringify(block.input)}`)
  } else {
    const here = `${at},"content_index":0`
    const part = objs(item['content'])[0]!
    const refusal = block.type === 'refusal'
    const empty = refusal
      ? '{"type":"refusal","refusal":""}'
      : '{"type":"output_text","annotations":[],"logprobs":[],"text":""}'
    yield event('response.content_part.added', `${here},"part":${empty}`)
    if (refusal) {
      yield event('response.refusal.delta', `${here},"delta":${JSON.stringify(block.text)}`, 'content')
      yield event('response.refusal.done', `${here},"refusal":${JSON.stringify(block.text)}`)
    } else {
      for (const text of block.pieces)
        yield event('response.output_text.delta', `${here},"delta":${JSON.stringify(text)},"logprobs":[]`, 'content')
      yield event('response.output_text.done', `${here},"text":${JSON.stringify(part['text'])},"logprobs":[]`)
    }
    yield event('response.content_part.done', `${here},"part":${JSON.stringify(part)}`)
  }
}

function remember(answer: Answer, body: Json, ctx: Context): void {
  if (body['store'] === false) return
  const { responses, items } = ctx.state
  const output = outputOf(answer, body, ctx)
  responses.set(id('resp', answer), { input: itemsOf(body, ctx), output })
  for (const item of output) items.set(str(item['id']), item)
  if (responses.size > KEEP) {
    for (const old of responses.keys()) {
      responses.delete(old)
      if (responses.size <= KEEP / 2) break
    }
  }
  if (items.size > KEEP * 8) items.clear()
}

/** Calls that answer without generating: counting, and compaction of a conversation into one sealed item. */
function other(body: Json, ctx: Context): unknown {
  const asked = ask(body, ctx)
  const tokens = promptTokens(asked)
  if (ctx.action === 'input_tokens') return { object: 'response.input_tokens', input_tokens: tokens }
  const tail = ctx.seed.slice(0, 40)
  const users = itemsOf(body, ctx).filter((i) => itemType(i) === 'message' && i['role'] === 'user')
  const kept = users.map((i, n) => ({
    id: `msg_0sim${tail}${n}`,
    type: 'message',
    status: 'completed',
    role: 'user',
    content: typeof i['content'] === 'string' ? [{ type: 'input_text', text: i['content'] }] : i['content'],
  }))
  return {
    id: `resp_0sim${tail}00`,
    object: 'response.compaction',
    created_at: created(ctx),
    output: [...kept, { id: `cmp_0sim${tail}`, type: 'compaction', encrypted_content: seal(ctx.seed, ctx.key) }],
    usage: {
      input_tokens: tokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 16,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: tokens + 16,
    },
  }
}

/** OpenAI Responses. */
export const openaiResponses: VendorApi = {
  id: 'openai-responses',
  streamType: () => 'text/event-stream; charset=utf-8',
  validate: (body, ctx) => checkResponses(body, ctx) ?? body,
  ask,
  whole: (answer, body, ctx) => response(answer, body, ctx, outputOf(answer, body, ctx)),
  stream,
  other,
  remember,
  refuse,
  streamError(p, ctx, place, sequence) {
    const { message, code, param } = errorOf(p, ctx)
    const error = { code: code ?? 'server_error', message }
    // OpenAI has two forms: a bare error event, and a response that failed.
    if (place === 'second')
      return `event: error\ndata: ${JSON.stringify({ type: 'error', sequence_number: sequence, ...error, param })}\n\n`
    const failed = {
      id: `resp_0sim${ctx.seed.slice(0, 40)}00`,
      object: 'response',
      created_at: created(ctx),
      status: 'failed',
      error,
      incomplete_details: null,
      model: ctx.model,
      instructions: null,
      tools: [],
      tool_choice: 'auto',
      parallel_tool_calls: true,
      temperature: 1,
      top_p: 1,
      output: [],
      usage: null,
      metadata: {},
    }
    return `event: response.failed\ndata: ${JSON.stringify({ type: 'response.failed', sequence_number: sequence, response: failed })}\n\n`
  },
  headers: base,
}
