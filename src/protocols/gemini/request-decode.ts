/** generateContent request → hub (https://ai.google.dev/api/generate-content#request-body). */
import type {
  ChatRequest,
  Effort,
  FunctionTool,
  OutputFormat,
  ReasoningControl,
  SearchTool,
  Tool,
  ToolChoice,
} from '../../hub/request.ts'
import { EFFORTS } from '../../hub/request.ts'
import type { Json, RequestPlace } from '../codec.ts'
import { asObject } from '../json.ts'
import { decodeContents, decodeSystem } from './contents-decode.ts'
import { defined, extrasOf, normalised, number, objects, string, strings, type Taker, taker } from './fields.ts'
import { fromSubset, lowerTypes } from './schema.ts'

/** What stands before the names of extras that belong into `generationConfig`. */
export const CONFIG = 'generationConfig.'

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
  // Each under a name of its own, so that a loss can name it.
  for (const [field, value] of Object.entries(config.rest() ?? {})) top.put(`${CONFIG}${field}`, value)
  return { ...request, ...extrasOf(top.rest()) }
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
