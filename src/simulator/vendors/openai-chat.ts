import { calls } from '../answer.ts'
import { slices } from '../pieces.ts'
import type { Answer, Ask, Context, Frame, Json, ToolSpec, VendorApi } from '../types.ts'
import { base, chatUsage, created, errorOf, reasons, refuse } from './openai.ts'
import { checkChat } from './openai-chat-validate.ts'
import { arr, base64Size, dataUrl, obj, objs, ownWords, str } from './util.ts'

const FINISH: Record<Answer['finish'], string> = {
  end: 'stop',
  tools: 'tool_calls',
  length: 'length',
  stop: 'stop',
  refusal: 'content_filter',
  blocked: 'stop',
}

function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content]
  return objs(content)
    .filter((p) => p['type'] === 'text')
    .map((p) => str(p['text']))
}

function mediaOf(content: unknown): Ask['media'] {
  return objs(content).flatMap((part) => {
    const url = str(obj(part['image_url'])?.['url'])
    if (url) return [{ kind: 'an image', ...(dataUrl(url) ?? { mediaType: 'url', bytes: 0 }) }]
    const audio = obj(part['input_audio'])
    if (audio)
      return [{ kind: 'audio', mediaType: `audio/${str(audio['format'])}`, bytes: base64Size(str(audio['data'])) }]
    const file = str(obj(part['file'])?.['file_data'])
    return file ? [{ kind: 'a document', ...(dataUrl(file) ?? { mediaType: 'unknown', bytes: 0 }) }] : []
  })
}

function ask(body: Json, ctx: Context): Ask {
  const messages = objs(body['messages'])
  const user = messages.findLast((m) => m['role'] === 'user')
  const results: string[] = []
  for (let i = messages.length - 1; messages[i]?.['role'] === 'tool'; i--)
    results.unshift(textsOf(messages[i]!['content']).join('\n'))
  const tools: ToolSpec[] = objs(body['tools']).map((t) => {
    const custom = obj(t['custom'])
    const f = custom ?? obj(t['function']) ?? {}
    return {
      name: str(f['name']),
      schema: obj(f['parameters']) ?? { type: 'object' },
      ...(custom ? { custom: true } : {}),
    }
  })
  const choice = body['tool_choice']
  const named = obj(obj(choice)?.['function'])?.['name'] ?? obj(obj(choice)?.['custom'])?.['name']
  const mode = obj(obj(choice)?.['allowed_tools'])?.['mode'] ?? choice
  const format = obj(body['response_format'])
  const max = body['max_completion_tokens'] ?? body['max_tokens']
  return {
    model: str(body['model']),
    stream: body['stream'] === true,
    segments: [
      JSON.stringify(body['tools'] ?? ''),
      ...messages.map(
        (m) => textsOf(m['content']).join('\n') + (m['tool_calls'] ? JSON.stringify(m['tool_calls']) : ''),
      ),
    ],
    userText: ownWords(textsOf(user?.['content'])),
    tools,
    choice:
      named !== undefined ? { name: str(named) } : mode === 'required' ? 'any' : mode === 'none' ? 'none' : 'auto',
    parallel: body['parallel_tool_calls'] !== false,
    results,
    format:
      format?.['type'] === 'json_schema'
        ? { schema: obj(obj(format['json_schema'])?.['schema']) }
        : format?.['type'] === 'json_object'
          ? {}
          : undefined,
    media: mediaOf(user?.['content']),
    reasoning: body['reasoning_effort'] ? body['reasoning_effort'] !== 'none' : reasons(ctx.base),
    reasoningVisible: false,
    maxTokens: typeof max === 'number' ? max : undefined,
    stops: typeof body['stop'] === 'string' ? [body['stop']] : arr(body['stop']).map(str),
    cacheable: true,
  }
}

function head(answer: Answer, body: Json, ctx: Context, object: string): Json {
  return {
    id: `chatcmpl-sim${answer.seed.slice(0, 26)}`,
    object,
    created: created(ctx),
    model: answer.model,
    service_tier:
      body['service_tier'] === 'flex' || body['service_tier'] === 'priority' ? body['service_tier'] : 'default',
    system_fingerprint: 'fp_simulated',
  }
}

function callOf(block: ReturnType<typeof calls>[number]): Json {
  const id = `call_sim${block.id}`
  return block.tool.custom
    ? { id, type: 'custom', custom: { name: block.tool.name, input: block.input } }
    : { id, type: 'function', function: { name: block.tool.name, arguments: block.input } }
}

/** How many choices to give: `n`, within reason. */
function choices(body: Json): number[] {
  const n = typeof body['n'] === 'number' ? Math.min(8, body['n']) : 1
  return Array.from({ length: n }, (_, i) => i)
}

function thoughts(answer: Answer, ctx: Context): string | undefined {
  if (!ctx.words.has('reasoning-content')) return undefined
  const block = answer.blocks.find((b) => b.type === 'reasoning')
  return block?.type === 'reasoning' ? block.text : undefined
}

function whole(answer: Answer, body: Json, ctx: Context): unknown {
  const text = answer.blocks.find((b) => b.type === 'text')
  const refusal = answer.blocks.find((b) => b.type === 'refusal')
  const tool_calls = calls(answer).map(callOf)
  const shown = thoughts(answer, ctx)
  const message: Json = {
    role: 'assistant',
    content: text?.type === 'text' ? text.pieces.text() : tool_calls.length || refusal ? null : '',
    ...(shown === undefined ? {} : { reasoning_content: shown }),
    ...(tool_calls.length ? { tool_calls } : {}),
    refusal: refusal?.type === 'refusal' ? refusal.text : null,
    annotations: [],
  }
  const { service_tier, system_fingerprint, ...first } = head(answer, body, ctx, 'chat.completion')
  return {
    ...first,
    choices: choices(body).map((index) => ({ index, message, logprobs: null, finish_reason: FINISH[answer.finish] })),
    usage: chatUsage(answer),
    service_tier,
    system_fingerprint,
  }
}

function* stream(answer: Answer, body: Json, ctx: Context): Iterable<Frame> {
  const opening = JSON.stringify(head(answer, body, ctx, 'chat.completion.chunk')).slice(0, -1)
  const counted = obj(body['stream_options'])?.['include_usage'] === true
  const tail = counted ? ',"usage":null}\n\n' : '}\n\n'
  const chunk = (index: number, delta: string, role: Frame['role'], finish: string | null = null): Frame => ({
    text: `data: ${opening},"choices":[{"index":${index},"delta":${delta},"logprobs":null,"finish_reason":${finish === null ? 'null' : `"${finish}"`}}]${tail}`,
    role,
  })
  const asked = calls(answer)
  for (const index of choices(body)) {
    yield chunk(index, `{"role":"assistant","content":${asked.length ? 'null' : '""'},"refusal":null}`, 'start')
    const shown = thoughts(answer, ctx)
    if (shown)
      for (const part of slices(shown, 24))
        yield chunk(index, `{"reasoning_content":${JSON.stringify(part)}}`, 'content')
    for (const b of answer.blocks) {
      if (b.type === 'text')
        for (const part of b.pieces) yield chunk(index, `{"content":${JSON.stringify(part)}}`, 'content')
      if (b.type === 'refusal') yield chunk(index, `{"refusal":${JSON.stringify(b.text)}}`, 'content')
    }
    for (const [i, block] of asked.entries()) {
      const call = callOf(block)
      const kind = block.tool.custom ? 'custom' : 'function'
      const field = block.tool.custom ? 'input' : 'arguments'
      const start = { index: i, id: call['id'], type: kind, [kind]: { name: block.tool.name, [field]: '' } }
      yield chunk(index, JSON.stringify({ tool_calls: [start] }), 'content')
      for (const part of slices(block.input)) {
        yield chunk(index, `{"tool_calls":[{"index":${i},"${kind}":{"${field}":${JSON.stringify(part)}}}]}`, 'content')
      }
    }
    yield chunk(index, '{}', 'end', FINISH[answer.finish])
  }
  if (counted)
    yield { text: `data: ${opening},"choices":[],"usage":${JSON.stringify(chatUsage(answer))}}\n\n`, role: 'end' }
  yield { text: 'data: [DONE]\n\n', role: 'done' }
}

/** OpenAI chat completions. */
export const openaiChat: VendorApi = {
  id: 'openai-chat',
  streamType: () => 'text/event-stream; charset=utf-8',
  validate: (body, ctx) => checkChat(body, ctx) ?? body,
  ask,
  whole,
  stream,
  refuse,
  streamError: (p, ctx) => `data: ${JSON.stringify({ error: errorOf(p, ctx) })}\n\n`,
  headers: base,
}
