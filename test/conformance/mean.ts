/**
 * What a request means, in no dialect's words, read from the bytes a client sent or an upstream received. Written without
 * a look at the codecs, and as tolerant as the vendors are; it judges, it is not judged.
 */
import type { Dialect, Json } from './corpus.ts'

export interface Result {
  text: string
  failed: boolean
}

export interface Meant {
  system: string[]
  /** Texts of users and of instructions in the middle; then those of the model. */
  user: string[]
  assistant: string[]
  calls: { name: string; args: string; result?: Result }[]
  orphans: Result[]
  /** `kind:bytes` or `kind:url`, wherever they stand. */
  media: string[]
  reasoning: string
  /** Types of what only this dialect has. */
  native: string[]
  tools: { name: string; description: string; properties: string[]; required: string[] }[]
  hosted: string[]
  choice?: string
  parallel?: boolean
  max?: number
  temperature?: number
  topP?: number
  topK?: number
  stop: string[]
  seed?: number
  presence?: number
  frequency?: number
  count?: number
  format?: string
  formatSchema?: Json
  effort?: string
  stream: boolean
}

class Reader {
  readonly meant: Meant = {
    system: [],
    user: [],
    assistant: [],
    calls: [],
    orphans: [],
    media: [],
    reasoning: '',
    native: [],
    tools: [],
    hosted: [],
    stop: [],
    stream: false,
  }
  private readonly ids = new Map<string, number>()
  private spoken = false

  text(role: string, s: unknown): void {
    if (typeof s !== 'string' || s.trim() === '') return
    if (role === 'system' && !this.spoken) this.meant.system.push(s)
    else {
      this.spoken = true
      ;(role === 'assistant' ? this.meant.assistant : this.meant.user).push(s)
    }
  }
  turn(): void {
    this.spoken = true
  }
  call(id: string, name: string, args: unknown): void {
    this.spoken = true
    const text = typeof args === 'string' ? args : JSON.stringify(args ?? {})
    // The same call said twice counts once.
    if (id !== '' && this.ids.has(id)) return
    this.meant.calls.push({ name, args: text })
    if (id !== '') this.ids.set(id, this.meant.calls.length - 1)
  }
  /** @param name finds the call where there are no ids. */
  result(id: string, text: string, failed: boolean, name?: string): void {
    const index =
      id !== '' ? this.ids.get(id) : this.meant.calls.findIndex((c) => c.name === name && c.result === undefined)
    const call = index === undefined || index < 0 ? undefined : this.meant.calls[index]
    if (call === undefined) this.meant.orphans.push({ text, failed })
    else call.result = { text, failed }
  }
  /** @param type plain text given as a file is text. */
  media(kind: string, data: string, type?: string): void {
    this.spoken = true
    const mime = type ?? /^data:([^;,]*)/.exec(data)?.[1] ?? ''
    const encoded = /^data:[^,]*;base64,(.*)$/s.exec(data)?.[1] ?? data
    if (/^text\/|^application\/(json|xml)/.test(mime) && !/^(https?|gs|file):/.test(data)) {
      this.text('user', Buffer.from(encoded, 'base64').toString('utf8'))
      return
    }
    const inline = /^data:[^,]*;base64,(.*)$/s.exec(data)
    const b64 = inline?.[1] ?? data
    this.meant.media.push(
      inline !== null || !/^(https?|gs|file):/.test(data)
        ? `${kind}:${Buffer.from(b64, 'base64').length}`
        : `${kind}:${data}`,
    )
  }
  thought(s: unknown): void {
    if (typeof s !== 'string') return
    this.spoken = true
    this.meant.reasoning += s
  }
  tool(name: string, description: unknown, schema: Json): void {
    this.meant.tools.push({
      name,
      description: typeof description === 'string' ? description : '',
      properties: properties(schema),
      required: [...(schema?.required ?? [])].filter((r: unknown) => typeof r === 'string').sort(),
    })
  }
}

/** Names of the properties at the top; through a reference if the top is one. */
function properties(schema: Json): string[] {
  if (schema == null || typeof schema !== 'object') return []
  const target =
    typeof schema.$ref === 'string' && schema.$ref.startsWith('#/')
      ? schema.$ref
          .slice(2)
          .split('/')
          .reduce((at: Json, key: string) => at?.[key], schema)
      : schema
  return Object.keys(target?.properties ?? {}).sort()
}

const list = (v: Json): Json[] => (Array.isArray(v) ? v : v == null ? [] : [v])
const number = (v: unknown): number | undefined => (typeof v === 'number' ? v : undefined)

export function mean(dialect: Dialect, body: Json): Meant {
  switch (dialect) {
    case 'anthropic':
      return anthropic(body)
    case 'openai-chat':
      return chat(body)
    case 'openai-responses':
      return responses(body)
    case 'gemini':
      return gemini(body)
  }
}

function anthropicSource(r: Reader, kind: string, source: Json, title?: string): void {
  if (source?.type === 'base64') r.media(kind, source.data, source.media_type)
  else if (source?.type === 'url') r.media(kind, source.url)
  else if (source?.type === 'text') r.text('user', source.data)
  else if (source?.type === 'content')
    for (const b of typeof source.content === 'string'
      ? [{ type: 'text', text: source.content }]
      : list(source.content))
      b.type === 'text' ? r.text('user', b.text) : anthropicSource(r, 'image', b.source)
  else if (source?.type === 'file') r.meant.native.push('file')
  void title
}

function anthropic(b: Json): Meant {
  const r = new Reader()
  const m = r.meant
  for (const s of typeof b.system === 'string' ? [{ text: b.system }] : list(b.system)) r.text('system', s.text)
  for (const message of list(b.messages)) {
    const role = message.role === 'assistant' ? 'assistant' : message.role === 'system' ? 'system' : 'user'
    if (role !== 'system') r.turn()
    const blocks =
      typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : list(message.content)
    for (const block of blocks)
      switch (block.type) {
        case 'text':
          r.text(role, block.text)
          break
        case 'image':
          anthropicSource(r, 'image', block.source)
          break
        case 'document':
          anthropicSource(r, 'document', block.source, block.title)
          break
        case 'thinking':
          r.thought(block.thinking)
          break
        case 'redacted_thinking':
          m.native.push('reasoning')
          break
        case 'tool_use':
          r.call(block.id, block.name, block.input)
          break
        case 'tool_result': {
          const inner =
            typeof block.content === 'string' ? [{ type: 'text', text: block.content }] : list(block.content)
          const texts: string[] = []
          for (const i of inner)
            if (i.type === 'text') texts.push(i.text)
            else if (i.type === 'image' || i.type === 'document') {
              if (i.source?.type === 'text') texts.push(i.source.data)
              else anthropicSource(r, i.type, i.source)
            } else if (i.type === 'search_result') for (const t of list(i.content)) texts.push(t.text)
            else m.native.push(i.type)
          r.result(block.tool_use_id, texts.join('\n'), block.is_error === true)
          break
        }
        case 'search_result':
          for (const t of list(block.content)) r.text('user', t.text)
          break
        default:
          m.native.push(String(block.type))
      }
  }
  for (const tool of list(b.tools)) {
    if (tool.type === undefined || tool.type === null || tool.type === 'custom')
      r.tool(tool.name, tool.description, tool.input_schema)
    else if (/^web_search/.test(tool.type)) m.hosted.push('web_search')
    else m.hosted.push(tool.type)
  }
  const c = b.tool_choice
  if (c != null) {
    m.choice = c.type === 'any' ? 'required' : c.type === 'tool' ? `tool:${c.name}` : c.type
    if (c.disable_parallel_tool_use === true) m.parallel = false
  }
  m.max = number(b.max_tokens)
  m.temperature = number(b.temperature)
  m.topP = number(b.top_p)
  m.topK = number(b.top_k)
  m.stop = list(b.stop_sequences)
  const f = b.output_config?.format ?? b.output_format
  if (f != null) {
    m.format = 'schema'
    m.formatSchema = f.schema
  }
  if (b.thinking?.type === 'disabled') m.effort = 'none'
  else if (b.output_config?.effort != null) m.effort = String(b.output_config.effort)
  else if (b.thinking?.type === 'enabled') m.effort = 'some'
  m.stream = b.stream === true
  return m
}

function openaiPart(r: Reader, role: string, part: Json): void {
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      r.text(role, part.text)
      break
    case 'refusal':
      r.text(role, part.refusal)
      break
    case 'image_url':
      r.media('image', typeof part.image_url === 'string' ? part.image_url : part.image_url.url)
      break
    case 'input_image':
      part.image_url == null ? r.meant.native.push('file') : r.media('image', part.image_url)
      break
    case 'input_audio':
      r.media('audio', part.input_audio.data)
      break
    case 'file':
    case 'input_file': {
      const f = part.file ?? part
      if (f.file_data != null) r.media('document', f.file_data)
      else if (f.file_url != null) r.media('document', f.file_url)
      else r.meant.native.push('file')
      break
    }
    case 'thinking':
      for (const t of list(part.thinking)) r.thought(typeof t === 'string' ? t : t?.text)
      break
    default:
      r.meant.native.push(String(part.type))
  }
}

function chat(b: Json): Meant {
  const r = new Reader()
  const m = r.meant
  for (const message of list(b.messages)) {
    const role =
      message.role === 'developer' || message.role === 'system'
        ? 'system'
        : message.role === 'assistant'
          ? 'assistant'
          : 'user'
    if (role !== 'system') r.turn()
    if (message.role === 'tool' || message.role === 'function') {
      const texts: string[] = []
      for (const p of typeof message.content === 'string'
        ? [{ type: 'text', text: message.content }]
        : list(message.content))
        if (typeof p.text === 'string') texts.push(p.text)
        else openaiPart(r, 'user', p)
      r.result(message.tool_call_id ?? '', texts.join('\n'), false, message.name)
      continue
    }
    r.thought(message.reasoning_content ?? (typeof message.reasoning === 'string' ? message.reasoning : undefined))
    for (const p of typeof message.content === 'string'
      ? [{ type: 'text', text: message.content }]
      : list(message.content))
      openaiPart(r, role, p)
    r.text(role, message.refusal)
    for (const c of list(message.tool_calls)) {
      const f = c.function ?? c.custom ?? {}
      r.call(String(c.id ?? ''), f.name, f.arguments ?? f.input)
    }
    if (message.function_call) r.call('', message.function_call.name, message.function_call.arguments)
  }
  for (const tool of list(b.tools)) {
    if (tool.type === 'function') r.tool(tool.function?.name, tool.function?.description, tool.function?.parameters)
    else if (tool.type === 'custom') r.tool(tool.custom?.name, tool.custom?.description, undefined)
    else m.hosted.push(tool.type)
  }
  for (const f of list(b.functions)) r.tool(f.name, f.description, f.parameters)
  if (b.web_search_options != null) m.hosted.push('web_search')
  const c = b.tool_choice ?? b.function_call
  if (typeof c === 'string') m.choice = c === 'any' ? 'required' : c
  else if (c?.type === 'allowed_tools') m.choice = allowed(c.allowed_tools ?? c, m)
  else if (c != null) m.choice = `tool:${c.function?.name ?? c.custom?.name ?? c.name}`
  if (b.parallel_tool_calls === false) m.parallel = false
  m.max = number(b.max_completion_tokens) ?? number(b.max_tokens)
  m.temperature = number(b.temperature)
  m.topP = number(b.top_p)
  m.topK = number(b.top_k)
  m.stop = list(b.stop)
  m.seed = number(b.seed)
  m.presence = number(b.presence_penalty)
  m.frequency = number(b.frequency_penalty)
  m.count = number(b.n)
  const f = b.response_format
  if (f?.type === 'json_object') m.format = 'json'
  if (f?.type === 'json_schema') {
    m.format = 'schema'
    m.formatSchema = f.json_schema?.schema
  }
  if (b.reasoning_effort != null) m.effort = String(b.reasoning_effort)
  m.stream = b.stream === true
  return m
}

function responses(b: Json): Meant {
  const r = new Reader()
  const m = r.meant
  r.text('system', b.instructions)
  for (const item of typeof b.input === 'string' ? [{ role: 'user', content: b.input }] : list(b.input)) {
    const type = item.type ?? (item.role !== undefined ? 'message' : 'unknown')
    switch (type) {
      case 'message': {
        const role =
          item.role === 'developer' || item.role === 'system'
            ? 'system'
            : item.role === 'assistant'
              ? 'assistant'
              : 'user'
        if (role !== 'system') r.turn()
        for (const p of typeof item.content === 'string'
          ? [{ type: 'input_text', text: item.content }]
          : list(item.content))
          openaiPart(r, role, p)
        break
      }
      case 'additional_tools':
        for (const tool of list(item.tools)) responsesTool(r, tool, '')
        break
      case 'function_call':
        r.call(item.call_id, (item.namespace ? `${item.namespace}__` : '') + item.name, item.arguments)
        break
      case 'custom_tool_call':
        r.call(item.call_id, (item.namespace ? `${item.namespace}__` : '') + item.name, item.input)
        break
      case 'function_call_output':
      case 'custom_tool_call_output': {
        const texts: string[] = []
        for (const p of typeof item.output === 'string' ? [{ text: item.output }] : list(item.output))
          if (typeof p.text === 'string') texts.push(p.text)
          else openaiPart(r, 'user', p)
        r.result(item.call_id, texts.join('\n'), false)
        break
      }
      case 'reasoning':
        for (const p of [...list(item.summary), ...list(item.content)]) r.thought(p.text)
        if (list(item.summary).length === 0) m.native.push('reasoning')
        break
      default:
        m.native.push(String(type))
    }
  }
  for (const tool of list(b.tools)) responsesTool(r, tool, '')
  const c = b.tool_choice
  if (typeof c === 'string') m.choice = c
  else if (c?.type === 'allowed_tools') m.choice = allowed(c, m)
  else if (c != null) m.choice = c.name === undefined ? `hosted:${c.type}` : `tool:${c.name}`
  if (b.parallel_tool_calls === false) m.parallel = false
  m.max = number(b.max_output_tokens)
  m.temperature = number(b.temperature)
  m.topP = number(b.top_p)
  const f = b.text?.format
  if (f?.type === 'json_object') m.format = 'json'
  if (f?.type === 'json_schema') {
    m.format = 'schema'
    m.formatSchema = f.schema
  }
  if (b.reasoning?.effort != null) m.effort = String(b.reasoning.effort)
  m.stream = b.stream === true
  return m
}

/** A choice among all tools there are is a choice among some of them. */
function allowed(choice: Json, { tools }: Meant): string {
  const names = list(choice.tools).map((t) => String(t.name ?? t.function?.name ?? t.custom?.name ?? t.type))
  const all = tools.every((t) => names.includes(t.name))
  if (all) return choice.mode === 'required' ? 'required' : 'auto'
  return `allowed:${choice.mode}:${names.sort()}`
}

function responsesTool(r: Reader, tool: Json, prefix: string): void {
  if (tool.type === 'function') r.tool(prefix + tool.name, tool.description, tool.parameters)
  else if (tool.type === 'custom') r.tool(prefix + tool.name, tool.description, undefined)
  else if (tool.type === 'namespace') for (const t of list(tool.tools)) responsesTool(r, t, `${tool.name}__`)
  else r.meant.hosted.push(/^web_search/.test(tool.type) ? 'web_search' : tool.type)
}

/** Gemini takes two spellings of every field. */
function camel(value: Json, inside = false): Json {
  if (Array.isArray(value)) return value.map((v) => camel(v, inside))
  if (typeof value !== 'object' || value === null) return value
  const out: Json = {}
  for (const [k, v] of Object.entries(value)) {
    const name = k.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase())
    // What the caller named stays as it is.
    const opaque = /^(args|response|parameters|parametersJsonSchema|responseSchema|responseJsonSchema)$/.test(name)
    out[name] = opaque ? v : camel(v)
  }
  return out
}

function gemini(body: Json): Meant {
  const b = camel(body)
  const r = new Reader()
  const m = r.meant
  const system = b.systemInstruction
  for (const p of typeof system === 'string' ? [{ text: system }] : list(system?.parts ?? (system?.text ? system : [])))
    r.text('system', p.text)
  for (const content of typeof b.contents === 'string' ? [{ parts: [{ text: b.contents }] }] : list(b.contents)) {
    const role = content.role === 'model' ? 'assistant' : 'user'
    r.turn()
    // What the model called and was answered within its own turn was run by Google.
    const own = new Set(role === 'assistant' ? list(content.parts).map((p) => p.functionResponse?.name) : [])
    for (const part of list(content.parts)) {
      const run = part.functionCall?.name ?? part.functionResponse?.name
      if (run !== undefined && own.has(run)) {
        m.native.push('functionCall')
        continue
      }
      if (part.functionCall) r.call(part.functionCall.id ?? '', part.functionCall.name, part.functionCall.args)
      else if (part.functionResponse) {
        const f = part.functionResponse
        for (const inner of list(f.parts))
          if (inner.inlineData)
            r.media(kindOf(inner.inlineData.mimeType), inner.inlineData.data, inner.inlineData.mimeType)
        r.result(f.id ?? '', responseText(f.response), f.response?.error !== undefined, f.name)
      } else if (part.inlineData)
        r.media(kindOf(part.inlineData.mimeType), part.inlineData.data, part.inlineData.mimeType)
      else if (part.fileData) r.media(kindOf(part.fileData.mimeType), part.fileData.fileUri)
      else if (part.thought === true) r.thought(part.text)
      else if (typeof part.text === 'string') r.text(role, part.text)
      else m.native.push(Object.keys(part).find((k) => k !== 'thoughtSignature') ?? 'part')
    }
  }
  for (const tool of list(b.tools))
    for (const [kind, value] of Object.entries(tool)) {
      if (kind === 'functionDeclarations')
        for (const f of list(value)) r.tool(f.name, f.description, f.parametersJsonSchema ?? f.parameters)
      else m.hosted.push(/^googleSearch/.test(kind) ? 'web_search' : kind)
    }
  const f = b.toolConfig?.functionCallingConfig
  if (f?.mode != null) {
    const names = list(f.allowedFunctionNames)
    const mode = String(f.mode).toUpperCase()
    m.choice =
      mode === 'ANY'
        ? names.length === 1
          ? `tool:${names[0]}`
          : names.length > 1
            ? allowed({ mode: 'required', tools: names.map((name) => ({ name })) }, m)
            : 'required'
        : mode === 'NONE'
          ? 'none'
          : 'auto'
  }
  const g = b.generationConfig ?? {}
  m.max = number(g.maxOutputTokens)
  m.temperature = number(g.temperature)
  m.topP = number(g.topP)
  m.topK = number(g.topK)
  m.stop = list(g.stopSequences)
  m.seed = number(g.seed)
  m.presence = number(g.presencePenalty)
  m.frequency = number(g.frequencyPenalty)
  m.count = number(g.candidateCount)
  const schema = g.responseJsonSchema ?? g.responseSchema
  if (schema != null) {
    m.format = 'schema'
    m.formatSchema = schema
  } else if (g.responseMimeType === 'application/json') m.format = 'json'
  const t = g.thinkingConfig
  if (t?.thinkingBudget === 0) m.effort = 'none'
  else if (t?.thinkingLevel != null) m.effort = String(t.thinkingLevel).toLowerCase()
  else if (t?.thinkingBudget > 0) m.effort = 'some'
  return m
}

function kindOf(mime: Json): string {
  const head = String(mime ?? '').split('/')[0]
  return head === 'image' || head === 'audio' || head === 'video' ? head : 'document'
}

/** What a tool said, out of the object Gemini demands. */
function responseText(response: Json): string {
  if (response == null) return ''
  const keys = Object.keys(response)
  if (keys.length === 1 && ['result', 'output', 'error', 'content'].includes(keys[0]!)) {
    const only = response[keys[0]!]
    return typeof only === 'string' ? only : JSON.stringify(only)
  }
  return JSON.stringify(response)
}
