/** generateContent request → hub (https://ai.google.dev/api/generate-content#request-body). */
import type {
  ChatRequest,
  Effort,
  FunctionTool,
  Message,
  OutputFormat,
  Part,
  ReasoningControl,
  SearchTool,
  Tool,
  ToolCallPart,
  ToolChoice,
  ToolResultPart,
} from '../../hub/request.ts'
import { EFFORTS } from '../../hub/request.ts'
import { unpackSignature } from '../../hub/signature.ts'
import type { Json, RequestPlace } from '../codec.ts'
import { parseExact, stringifyExact } from '../exact-json.ts'
import { asObject, isText } from '../json.ts'
import { defined, extrasOf, normalised, number, objects, string, strings, type Taker, taker } from './fields.ts'
import { mintCallId } from './ids.ts'
import { decodeMedia } from './media.ts'
import { fromSubset, lowerTypes } from './schema.ts'

/** Parts only this dialect has: code it ran, tools it called itself. */
export const NATIVE_PARTS = ['executableCode', 'codeExecutionResult', 'toolCall', 'toolResponse'] as const

/** Reads a body. Never mutates it. */
export function decodeRequest(body: Json, place: RequestPlace): ChatRequest {
  const top = taker(normalised(body) as Json)
  top.take('model')
  const system = decodeSystem(top.take('systemInstruction'))
  const messages = decodeContents(top.take('contents'))
  const config = taker(asObject(top.take('generationConfig')) ?? {})
  const request: ChatRequest = {
    model: place.model,
    stream: place.stream,
    messages: [...system, ...messages],
    ...decodeTools(top.take('tools')),
    ...decodeChoice(top),
    ...decodeSampling(config),
    ...decodeReasoning(config),
    ...decodeOutput(config),
  }
  top.put('generationConfig', config.rest())
  return { ...request, ...extrasOf(top.rest()) }
}

/** The role of a system instruction is not looked at, by the API neither: Gemini CLI says `user`. */
function decodeSystem(value: unknown): Message[] {
  if (typeof value === 'string') return value === '' ? [] : [{ role: 'system', parts: [{ type: 'text', text: value }] }]
  const content = asObject(value)
  if (content === undefined) return []
  const { role: _, parts, ...rest } = content
  const read = partObjects(parts).map((part) => decodePart(part))
  return read.length === 0 ? [] : [{ role: 'system', parts: read, ...extrasOf(rest) }]
}

/** Sloppy clients write a part as a string. */
function partObjects(value: unknown): Json[] {
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return list.map((part) => (typeof part === 'string' ? { text: part } : asObject(part))).filter((p) => p !== undefined)
}

/** A call no result has answered yet. */
type OpenCall = { id: string; name: string }

function decodeContents(value: unknown): Message[] {
  if (typeof value === 'string') return [{ role: 'user', parts: [{ type: 'text', text: value }] }]
  let calls = 0
  // Results that name no call answer the calls of their function in order.
  const open: OpenCall[] = []

  function call(wire: Json, part: Json): ToolCallPart {
    const own = string(wire['id'])
    const name = string(wire['name']) ?? ''
    const id = isText(own) ? own : mintCallId('', calls, name)
    calls += 1
    open.push({ id, name })
    return decodeCall(part, id)
  }

  function result(wire: Json, part: Json): ToolResultPart {
    const own = string(wire['id'])
    const name = string(wire['name']) ?? ''
    const byId = isText(own) ? open.findIndex((c) => c.id === own) : -1
    const byName = byId === -1 ? open.findIndex((c) => c.name === name) : byId
    const at = byName === -1 && !isText(own) && open.length > 0 && name === '' ? 0 : byName
    const answered = at === -1 ? undefined : open.splice(at, 1)[0]
    // A result of nothing keeps an id that no call has.
    return decodeResult(part, answered?.id ?? (isText(own) ? own : mintCallId('orphan', calls, name)))
  }

  const contents = objects(value).map((content) => ({ ...content, parts: partObjects(content['parts']) }) as Content)
  const hosted = hostedParts(contents)
  return contents.map(({ role, parts, ...rest }): Message => {
    const read = parts.map((part): Part => {
      if (hosted.has(part)) return { type: 'native', protocol: 'gemini', value: part }
      const wireCall = asObject(part['functionCall'])
      if (wireCall !== undefined) return call(wireCall, part)
      const wireResult = asObject(part['functionResponse'])
      if (wireResult !== undefined) return result(wireResult, part)
      return decodePart(part)
    })
    return { role: ROLES[string(role) ?? ''] ?? 'user', parts: read, ...extrasOf(rest) }
  })
}

interface Content extends Json {
  parts: Json[]
}

/**
 * Calls that the upstream ran itself (MCP servers): their results stand in the model's own turn. They are no calls of the
 * client's tools, there as here.
 */
function hostedParts(contents: readonly Content[]): Set<Json> {
  const hosted = new Set<Json>()
  let calls: Json[] = []
  for (const { role, parts } of contents) {
    if (role !== 'model') calls = []
    else
      for (const part of parts) {
        const response = asObject(part['functionResponse'])
        if (asObject(part['functionCall']) !== undefined) calls.push(part)
        if (response === undefined) continue
        hosted.add(part)
        const at = calls.findIndex((call) => asObject(call['functionCall'])?.['name'] === response['name'])
        if (at !== -1) hosted.add(calls.splice(at, 1)[0]!)
      }
  }
  return hosted
}

const ROLES: Record<string, Message['role']> = {
  user: 'user',
  function: 'user',
  tool: 'user',
  model: 'assistant',
  assistant: 'assistant',
  system: 'system',
}

/**
 * Where a text keeps its signature: the hub has none for texts, and no other dialect misses it (only calls must be
 * signed, https://ai.google.dev/gemini-api/docs/thought-signatures).
 */
export const TEXT_SIGNATURE = '$thoughtSignature'

/** Reads a part that is neither a call nor a result. */
function decodePart(part: Json): Part {
  if (NATIVE_PARTS.some((name) => part[name] !== undefined)) return { type: 'native', protocol: 'gemini', value: part }
  const media = decodeMedia(part)
  if (media !== undefined) return media
  const text = string(part['text'])
  // A signature may come on a part of its own.
  if (text === undefined && part['thoughtSignature'] === undefined)
    return { type: 'native', protocol: 'gemini', value: part }
  const { text: _, thought, thoughtSignature, ...rest } = part
  if (thought !== true)
    return {
      type: 'text',
      text: text ?? '',
      ...extrasOf({ ...rest, ...defined({ thought, [TEXT_SIGNATURE]: thoughtSignature }) }),
    }
  return {
    type: 'reasoning',
    text: text ?? '',
    ...(isText(thoughtSignature) && { signature: unpackSignature(thoughtSignature, 'gemini') }),
    ...extrasOf(rest),
  }
}

/** The part of a `functionCall`; a call without arguments has `{}`. */
function decodeCall(part: Json, id: string): ToolCallPart {
  const { functionCall, thoughtSignature, ...rest } = part
  const { id: own, name, args, ...others } = functionCall as Json
  return {
    type: 'tool-call',
    id,
    name: string(name) ?? '',
    input: stringifyExact(args ?? {}),
    ...(isText(thoughtSignature) && { signature: unpackSignature(thoughtSignature, 'gemini') }),
    ...extrasOf({
      ...rest,
      ...(Object.keys(others).length > 0 && { functionCall: others }),
      // Told by the client, so it may be told again; minted ones may not.
      ...(isText(own) && { id: true }),
    }),
  }
}

/** Keys under which a plain text result stands (the SDK documents `output` and `error`; `result` is as usual). */
const RESULT_KEYS = ['result', 'output', 'error'] as const

function decodeResult(part: Json, callId: string): ToolResultPart {
  const { functionResponse, ...rest } = part
  const { id: own, name, response, parts, ...others } = functionResponse as Json
  const { text, failed, form } = readResponse(response)
  // Told apart from media that older models take beside the result.
  const media = objects(parts)
    .map((item) => decodeMedia(item))
    .filter((item) => item !== undefined)
    .map((item) => ({ ...item, extras: { gemini: { ...item.extras?.gemini, $form: 'inside' } } }))
  return {
    type: 'tool-result',
    callId,
    ...(isText(name) && { name }),
    parts: [...(text === undefined ? [] : [{ type: 'text' as const, text }]), ...media],
    ...(failed && { failed }),
    ...extrasOf({
      ...rest,
      ...(Object.keys(others).length > 0 && { functionResponse: others }),
      // True where it is the call's own.
      ...(isText(own) && { id: own === callId || own }),
      ...(form !== undefined && { $form: form }),
    }),
  }
}

/**
 * The text of a result. One that stands alone under a usual key is taken out of its object, so that models of other
 * vendors need not read JSON in JSON; `form` says under which, where writing it back would choose another.
 */
function readResponse(response: unknown): { text?: string; failed?: true; form?: string } {
  if (response === undefined) return { form: 'none' }
  const object = asObject(response)
  if (object === undefined) return { text: typeof response === 'string' ? response : stringifyExact(response) }
  const keys = Object.keys(object)
  const failed = object['error'] !== undefined && keys.length === 1 ? ({ failed: true } as const) : {}
  const key = RESULT_KEYS.find((name) => keys.length === 1 && typeof object[name] === 'string')
  if (key === undefined) return { text: stringifyExact(object), ...failed }
  const text = object[key] as string
  const usual = key === 'error' || key === 'result'
  return { text, ...failed, ...((!usual || objectText(text) !== undefined) && { form: key }) }
}

/** The object that a text spells, if it spells one. */
export function objectText(text: string): Json | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  try {
    return asObject(parseExact(text))
  } catch {
    return undefined
  }
}

function decodeTools(value: unknown): { tools?: Tool[] } {
  const tools = objects(value).flatMap((group) =>
    Object.entries(group).flatMap(([kind, content]): Tool[] => {
      if (kind === 'functionDeclarations') return objects(content).map(decodeFunction)
      if (kind === 'googleSearch' || kind === 'googleSearchRetrieval') return [decodeSearch(kind, content)]
      return [{ type: 'native', protocol: 'gemini', value: { [kind]: content } }]
    }),
  )
  return tools.length === 0 ? {} : { tools }
}

function decodeFunction(wire: Json): FunctionTool {
  const { name, description, parameters, parametersJsonSchema, ...rest } = wire
  const schema = parametersJsonSchema ?? (parameters === undefined ? undefined : fromSubset(parameters))
  return {
    type: 'function',
    name: string(name) ?? '',
    ...(typeof description === 'string' && { description }),
    ...(schema !== undefined && { schema: parametersJsonSchema === undefined ? schema : lowerTypes(schema) }),
    ...extrasOf({
      ...rest,
      ...(parametersJsonSchema === undefined && parameters !== undefined && { $form: 'parameters' }),
    }),
  }
}

function decodeSearch(form: string, content: unknown): SearchTool {
  const rest = asObject(content) ?? {}
  return { type: 'web-search', ...extrasOf({ ...rest, ...(form !== 'googleSearch' && { $form: form }) }) }
}

function decodeChoice(top: Taker): { toolChoice?: ToolChoice } {
  const toolConfig = taker(asObject(top.take('toolConfig')) ?? {})
  const calling = taker(asObject(toolConfig.take('functionCallingConfig')) ?? {})
  const mode = string(calling.take('mode'))?.toUpperCase()
  const names = strings(calling.take('allowedFunctionNames'))
  let choice: ToolChoice | undefined
  if (mode === 'NONE') choice = { mode: 'none' }
  else if (mode === 'ANY') {
    const [only] = names
    if (only !== undefined && names.length === 1) choice = { mode: 'tool', name: only }
    else choice = only === undefined ? { mode: 'required' } : { mode: 'allowed', names, required: true }
  } else if (mode === 'AUTO' || mode === 'VALIDATED' || names.length > 0) {
    choice = names.length > 0 ? { mode: 'allowed', names } : { mode: 'auto' }
    // With names it is the only mode there is; without, it asks for more than `auto` says.
    if (mode === 'VALIDATED' && names.length === 0) calling.put('mode', mode)
  }
  toolConfig.put('functionCallingConfig', calling.rest())
  top.put('toolConfig', toolConfig.rest())
  return choice === undefined ? {} : { toolChoice: choice }
}

function decodeSampling(config: Taker): Partial<ChatRequest> {
  const stop = config.takeIf('stopSequences', (value) => (strings(value).length > 0 ? strings(value) : undefined))
  const logprobs = config.takeIf('responseLogprobs', (value) => (value === true ? true : undefined))
  const top = logprobs === undefined ? undefined : config.takeIf('logprobs', number)
  return defined({
    maxOutputTokens: config.takeIf('maxOutputTokens', number),
    temperature: config.takeIf('temperature', number),
    topP: config.takeIf('topP', number),
    topK: config.takeIf('topK', number),
    stop,
    seed: config.takeIf('seed', number),
    presencePenalty: config.takeIf('presencePenalty', number),
    frequencyPenalty: config.takeIf('frequencyPenalty', number),
    count: config.takeIf('candidateCount', number),
    logprobs: logprobs === undefined ? undefined : top === undefined ? {} : { top },
  }) as Partial<ChatRequest>
}

function decodeReasoning(config: Taker): { reasoning?: ReasoningControl } {
  const wire = asObject(config.take('thinkingConfig'))
  if (wire === undefined) return {}
  const thinking = taker(wire)
  const show = thinking.takeIf('includeThoughts', (value) => (typeof value === 'boolean' ? value : undefined))
  const effort = thinking.takeIf('thinkingLevel', effortOfLevel)
  const tokens = effort === undefined ? thinking.takeIf('thinkingBudget', number) : undefined
  const depth: ReasoningControl['depth'] =
    effort !== undefined ? { mode: 'effort', effort } : tokens === undefined ? undefined : depthOfBudget(tokens)
  // Said in this dialect, so said again even where nothing is known of the model.
  return { reasoning: { ...defined({ depth, show }), ...extrasOf({ ...thinking.rest(), $form: 'own' }) } }
}

function effortOfLevel(value: unknown): Effort | undefined {
  const level = string(value)?.toLowerCase()
  return EFFORTS.find((effort) => effort === level)
}

function depthOfBudget(tokens: number): ReasoningControl['depth'] {
  if (tokens < 0) return { mode: 'auto' }
  return tokens === 0 ? { mode: 'off' } : { mode: 'budget', tokens }
}

/** Field names a JSON Schema for the answer goes by; the last one is how old SDKs spelled it. */
const SCHEMA_FIELDS = ['responseJsonSchema', '_responseJsonSchema', 'responseSchema'] as const

function decodeOutput(config: Taker): { output?: OutputFormat } {
  // Without the MIME type a schema is an error, and `text/x.enum` has no equal elsewhere: both stay as they are.
  const json = config.takeIf('responseMimeType', (value) => (value === 'application/json' ? true : undefined))
  if (json === undefined) return {}
  for (const field of SCHEMA_FIELDS) {
    const schema = config.takeIf(field, (value) => asObject(value))
    if (schema === undefined) continue
    return {
      output: {
        type: 'schema',
        schema: field === 'responseSchema' ? fromSubset(schema) : lowerTypes(schema),
        ...extrasOf(field === 'responseJsonSchema' ? undefined : { $form: field }),
      },
    }
  }
  return { output: { type: 'json' } }
}
