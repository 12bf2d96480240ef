/**
 * What a client hears, in no dialect's words, read from the objects the official SDKs give. Written without a look at the
 * codecs: it is the outsider who judges them.
 */
import type { Dialect, Json } from './corpus.ts'

export interface Call {
  id: string
  name: string
  args: string
}

export interface Heard {
  text: string
  refusal: string
  reasoning: string
  calls: Call[]
  /** `T` text and `C` call, neighbours of one kind as one. */
  order: string
  finish: 'stop' | 'length' | 'tool-calls' | 'refusal' | 'pause' | 'other' | 'none'
  usage?: { input: number; cached: number; output: number; reasoning: number }
  signatures: string[]
  images: number
  /** Arguments came by Gemini's streamed pieces, which no SDK puts together. */
  pieces?: true
}

class Listener {
  readonly heard: Heard = {
    text: '',
    refusal: '',
    reasoning: '',
    calls: [],
    order: '',
    finish: 'none',
    signatures: [],
    images: 0,
  }
  text(s: unknown): void {
    if (typeof s !== 'string' || s === '') return
    this.heard.text += s
    this.mark('T')
  }
  refusal(s: unknown): void {
    if (typeof s !== 'string' || s === '') return
    this.heard.refusal += s
    this.mark('T')
  }
  thought(s: unknown): void {
    if (typeof s === 'string') this.heard.reasoning += s
  }
  signature(s: unknown): void {
    if (typeof s === 'string' && s !== '') this.heard.signatures.push(s)
  }
  call(id: unknown, name: unknown, args: unknown): Call {
    const call = {
      id: String(id ?? ''),
      name: String(name ?? ''),
      args: typeof args === 'string' ? args : JSON.stringify(args ?? {}),
    }
    this.heard.calls.push(call)
    this.mark('C')
    return call
  }
  private mark(kind: string): void {
    if (!this.heard.order.endsWith(kind)) this.heard.order += kind
  }
}

export function hear(dialect: Dialect, answer: Json, stream: boolean): Heard {
  switch (dialect) {
    case 'anthropic':
      return stream ? anthropicEvents(answer) : anthropicMessage(answer)
    case 'openai-chat':
      return stream ? chatChunks(answer) : chatCompletion(answer)
    case 'openai-responses':
      return stream ? responsesEvents(answer) : responsesResponse(answer)
    case 'gemini':
      return geminiChunks(stream ? answer : [answer])
  }
}

const ANTHROPIC_FINISH: Record<string, Heard['finish']> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  refusal: 'refusal',
  pause_turn: 'pause',
}

function anthropicUsage(u: Json): Heard['usage'] {
  if (u == null) return undefined
  const cached = u.cache_read_input_tokens ?? 0
  return {
    input: (u.input_tokens ?? 0) + cached + (u.cache_creation_input_tokens ?? 0),
    cached,
    output: u.output_tokens ?? 0,
    reasoning: u.output_tokens_details?.thinking_tokens ?? 0,
  }
}

function anthropicMessage(m: Json): Heard {
  const l = new Listener()
  for (const block of m.content ?? []) {
    if (block.type === 'text') l.text(block.text)
    else if (block.type === 'thinking') {
      l.thought(block.thinking)
      l.signature(block.signature)
    } else if (block.type === 'redacted_thinking') l.signature(block.data)
    else if (block.type === 'tool_use') l.call(block.id, block.name, block.input)
    else if (block.type === 'image') l.heard.images += 1
  }
  l.heard.finish = ANTHROPIC_FINISH[m.stop_reason] ?? (m.stop_reason == null ? 'none' : 'other')
  l.heard.usage = anthropicUsage(m.usage)
  return l.heard
}

function anthropicEvents(events: Json[]): Heard {
  const message: Json = { content: [], usage: {} }
  for (const e of events) {
    if (e.type === 'message_start') Object.assign(message.usage, e.message.usage)
    else if (e.type === 'content_block_start') message.content[e.index] = { ...e.content_block, pieces: '' }
    else if (e.type === 'content_block_delta') {
      const block = message.content[e.index]
      const d = e.delta
      if (d.type === 'text_delta') block.text = (block.text ?? '') + d.text
      else if (d.type === 'thinking_delta') block.thinking = (block.thinking ?? '') + d.thinking
      else if (d.type === 'signature_delta') block.signature = (block.signature ?? '') + d.signature
      else if (d.type === 'input_json_delta') block.pieces += d.partial_json
    } else if (e.type === 'message_delta') {
      message.stop_reason = e.delta.stop_reason
      for (const [k, v] of Object.entries(e.usage ?? {})) if (v != null) message.usage[k] = v
    }
  }
  for (const block of message.content) if (block?.pieces) block.input = block.pieces
  message.content = message.content.filter((b: Json) => b !== undefined)
  return anthropicMessage(message)
}

const CHAT_FINISH: Record<string, Heard['finish']> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'refusal',
}

function chatUsage(u: Json): Heard['usage'] {
  if (u == null) return undefined
  const prompt = u.prompt_tokens ?? 0
  const completion = u.completion_tokens ?? 0
  const reasoning = u.completion_tokens_details?.reasoning_tokens ?? 0
  // xAI counts reasoning beside the completion: the total tells.
  const beside = reasoning > 0 && u.total_tokens === prompt + completion + reasoning
  return {
    input: prompt,
    cached: Math.min(
      prompt,
      u.prompt_tokens_details?.cached_tokens ??
        u.prompt_cache_hit_tokens ??
        u.cached_tokens ??
        u.num_cached_tokens ??
        0,
    ),
    output: completion + (beside ? reasoning : 0),
    // Vercel tells more reasoning than output.
    reasoning: beside ? reasoning : Math.min(reasoning, completion),
  }
}

function chatContent(l: Listener, content: Json): void {
  if (!Array.isArray(content)) {
    l.text(content)
    return
  }
  for (const part of content) {
    if (part?.type === 'thinking')
      for (const t of [part.thinking].flat()) l.thought(typeof t === 'string' ? t : t?.text)
    else if (part?.type === 'reasoning') for (const t of part.summary ?? []) l.thought(t?.text)
    else l.text(part?.text)
  }
}

function chatMessage(l: Listener, m: Json): void {
  l.thought(
    m.reasoning_content ?? (typeof m.reasoning === 'string' ? m.reasoning : undefined) ?? detailed(m.reasoning_details),
  )
  chatContent(l, m.content)
  l.refusal(m.refusal)
  l.heard.images += m.images?.length ?? 0
}

/** OpenRouter's list: texts and summaries. Snowflake's says `thinking`. */
function detailed(details: Json): string | undefined {
  if (!Array.isArray(details)) return undefined
  return details.map((d: Json) => d?.text ?? d?.summary ?? d?.thinking ?? '').join('')
}

function chatCompletion(c: Json): Heard {
  const l = new Listener()
  const choice = c.choices?.[0] ?? {}
  const m = choice.message ?? {}
  chatMessage(l, m)
  // Snowflake fills absent fields with empty ones.
  for (const call of m.tool_calls ?? [])
    if (!call.function?.name && !call.custom?.name) continue
    else if (call.type === 'custom') l.call(call.id, call.custom?.name, call.custom?.input)
    else l.call(call.id, call.function?.name, call.function?.arguments)
  if (m.function_call?.name) l.call('', m.function_call.name, m.function_call.arguments)
  l.heard.finish = CHAT_FINISH[choice.finish_reason] ?? (choice.finish_reason == null ? 'none' : 'other')
  l.heard.usage = chatUsage(c.usage)
  return l.heard
}

function chatChunks(chunks: Json[]): Heard {
  const l = new Listener()
  const open = new Map<number, Call>()
  for (const c of chunks) {
    if (c.usage != null) l.heard.usage = chatUsage(c.usage)
    else if (c.x_groq?.usage != null) l.heard.usage = chatUsage(c.x_groq.usage)
    for (const choice of c.choices ?? []) {
      if ((choice.index ?? 0) !== 0) continue
      const d = choice.delta ?? {}
      chatMessage(l, d)
      for (const t of d.tool_calls ?? []) {
        const index = t.index ?? -1
        const body = t.function ?? t.custom ?? {}
        const args = body.arguments ?? body.input ?? ''
        let call = open.get(index)
        // Several vendors give parallel calls one index, or none: another id is another call.
        if (call === undefined || (t.id && call.id !== t.id && body.name)) {
          call = l.call(t.id, body.name, '')
          call.args = ''
          open.set(index, call)
        }
        call.args += typeof args === 'string' ? args : JSON.stringify(args)
        if (body.name && call.name === '') call.name = body.name
      }
      if (d.function_call) {
        const call = open.get(-2) ?? l.call('', d.function_call.name, '')
        if (!open.has(-2)) call.args = ''
        open.set(-2, call)
        call.args += d.function_call.arguments ?? ''
      }
      if (choice.finish_reason != null) l.heard.finish = CHAT_FINISH[choice.finish_reason] ?? 'other'
    }
  }
  return l.heard
}

function responsesResponse(r: Json): Heard {
  const l = new Listener()
  for (const item of r.output ?? []) {
    if (item.type === 'message')
      for (const part of item.content ?? []) part.type === 'refusal' ? l.refusal(part.refusal) : l.text(part.text)
    else if (item.type === 'function_call') l.call(item.call_id, item.name, item.arguments)
    else if (item.type === 'custom_tool_call') l.call(item.call_id, item.name, item.input)
    else if (item.type === 'reasoning') {
      for (const part of item.summary ?? []) l.thought(part.text)
      for (const part of item.content ?? []) l.thought(part.text)
      l.signature(item.encrypted_content)
    } else if (item.type === 'image_generation_call' && item.result) l.heard.images += 1
  }
  l.heard.finish =
    r.status === 'incomplete'
      ? r.incomplete_details?.reason === 'content_filter'
        ? 'refusal'
        : 'length'
      : r.status === 'completed'
        ? l.heard.calls.length > 0
          ? 'tool-calls'
          : 'stop'
        : 'other'
  const u = r.usage
  if (u != null)
    l.heard.usage = {
      input: u.input_tokens ?? 0,
      cached: u.input_tokens_details?.cached_tokens ?? 0,
      output: u.output_tokens ?? 0,
      reasoning: u.output_tokens_details?.reasoning_tokens ?? 0,
    }
  return l.heard
}

/** Reads what the events say one by one; what the terminal event repeats is compared by the caller. */
function responsesEvents(events: Json[]): Heard {
  const items: Json[] = []
  let end: Json = {}
  for (const e of events) {
    const item = items[e.output_index]
    if (e.type === 'response.output_item.added')
      items[e.output_index] = { ...structuredClone(e.item), content: [], summary: [] }
    else if (e.type === 'response.output_item.done') {
      const { content, summary, ...rest } = e.item
      if (item === undefined) items[e.output_index] = structuredClone(e.item)
      else Object.assign(item, rest, item.content?.length ? {} : { content }, item.summary?.length ? {} : { summary })
    } else if (e.type === 'response.output_text.delta')
      add(item, 'content', e.content_index, 'output_text', 'text', e.delta)
    else if (e.type === 'response.refusal.delta') add(item, 'content', e.content_index, 'refusal', 'refusal', e.delta)
    else if (e.type === 'response.reasoning_text.delta')
      add(item, 'content', e.content_index, 'reasoning_text', 'text', e.delta)
    else if (e.type === 'response.reasoning_summary_text.delta')
      add(item, 'summary', e.summary_index, 'summary_text', 'text', e.delta)
    else if (/^response\.(completed|incomplete|failed)$/.test(e.type)) end = e.response
  }
  return responsesResponse({ ...end, output: items.filter((i) => i !== undefined) })
}

function add(item: Json, list: string, index: number, type: string, field: string, delta: string): void {
  if (item === undefined) return
  item[list] ??= []
  item[list][index] ??= { type, [field]: '' }
  item[list][index][field] += delta
}

const GEMINI_REFUSALS = /SAFETY|RECITATION|BLOCKLIST|PROHIBITED|SPII/

function geminiChunks(chunks: Json[]): Heard {
  const l = new Listener()
  // A call that is answered within the answer was run by Google (MCP servers): it is none of the client's.
  const answered = new Set<string>()
  for (const c of chunks)
    for (const part of c.candidates?.[0]?.content?.parts ?? [])
      if (part.functionResponse) answered.add(part.functionResponse.name)
  for (const c of chunks) {
    const candidate = c.candidates?.[0]
    for (const part of candidate?.content?.parts ?? []) {
      if (part.thoughtSignature) l.signature(part.thoughtSignature)
      if (
        part.functionCall?.willContinue !== undefined ||
        part.functionCall?.partialArgs ||
        (part.functionCall && !part.functionCall.name)
      )
        l.heard.pieces = true
      if (answered.has(part.functionCall?.name) || part.functionResponse) continue
      if (part.functionCall && !part.functionCall.name) continue
      if (part.functionCall) l.call(part.functionCall.id, part.functionCall.name, part.functionCall.args)
      else if (part.inlineData)
        l.heard.images += !part.thought && /^image\//.test(part.inlineData.mimeType ?? '') ? 1 : 0
      else if (part.thought) l.thought(part.text)
      else l.text(part.text)
    }
    const reason = candidate?.finishReason
    if (reason)
      l.heard.finish =
        reason === 'STOP'
          ? 'stop'
          : reason === 'MAX_TOKENS'
            ? 'length'
            : GEMINI_REFUSALS.test(reason)
              ? 'refusal'
              : 'other'
    else if (c.promptFeedback?.blockReason) l.heard.finish = 'refusal'
    const u = c.usageMetadata
    if (u != null)
      l.heard.usage = {
        input: (u.promptTokenCount ?? 0) + (u.toolUsePromptTokenCount ?? 0),
        cached: u.cachedContentTokenCount ?? 0,
        output: (u.candidatesTokenCount ?? 0) + (u.thoughtsTokenCount ?? 0),
        reasoning: u.thoughtsTokenCount ?? 0,
      }
  }
  return l.heard
}
