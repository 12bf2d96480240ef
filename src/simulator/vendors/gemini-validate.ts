import { verify } from '../signature.ts'
import type { Context, Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import { arr, obj, objs, str } from './util.ts'

/** Google's documented values for history that other models made. */
const BYPASS = new Set(['skip_thought_signature_validator', 'context_engineering_is_the_way_to_go'])

const MEDIA =
  /^(?:image\/(?:png|jpe?g|webp|heic|heif|gif)|audio\/|video\/|text\/|application\/(?:pdf|json|x-javascript|x-python|rtf))/

/** Models from the third generation on: signatures are demanded, thinking has levels. */
export function thirdGeneration(base: string): boolean {
  return /^gemini-(?:[3-9]|flash-latest|pro-latest)/.test(base)
}

/** Everything Gemini refuses a (normalised) request for. */
export function checkGenerate(body: Json, ctx: Context): Problem | undefined {
  const contents = objs(body['contents'])
  if (!contents.length) return invalid('* GenerateContentRequest.contents: contents is not specified\n')
  return (
    checkContents(contents) ??
    checkTurns(contents) ??
    checkSignatures(contents, ctx) ??
    checkTools(body, ctx) ??
    checkConfig(body, ctx)
  )
}

const DATA = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
  'thoughtSignature',
]

function checkContents(contents: Json[]): Problem | undefined {
  for (const [i, content] of contents.entries()) {
    const role = content['role']
    if (role !== undefined && !['user', 'model', 'function', ''].includes(str(role)))
      return invalid('Please use a valid role: user, model.')
    const parts = arr(content['parts'])
    if (!parts.length && role !== 'model')
      return invalid(`* GenerateContentRequest.contents[${i}].parts: contents.parts must not be empty.\n`)
    for (const [j, part] of objs(parts).entries()) {
      const at = `contents[${i}].parts[${j}]`
      if (!DATA.some((k) => k in part))
        return invalid(
          `* GenerateContentRequest.${at}.data: required oneof field 'data' must have one initialized field\n`,
        )
      const inline = obj(part['inlineData'])
      if (inline && !MEDIA.test(str(inline['mimeType'])))
        return invalid(`Unsupported MIME type: ${str(inline['mimeType'])}`)
      if (inline && !/^[A-Za-z0-9+/=_\s-]+$/.test(str(inline['data'])))
        return invalid(
          `Invalid value at '${at}.inline_data.data' (TYPE_BYTES), Base64 decoding failed for "${str(inline['data']).slice(0, 40)}"`,
        )
      const call = obj(part['functionCall']) ?? obj(part['functionResponse'])
      if (call && !call['name'] && !obj(part['functionCall'])?.['partialArgs']) {
        return invalid(
          `* GenerateContentRequest.${at}.function_${part['functionCall'] ? 'call' : 'response'}.name: Name cannot be empty.\n`,
        )
      }
      const response = obj(part['functionResponse'])
      if (response && !obj(response['response']))
        return invalid(
          `Invalid value at '${at}.function_response.response' (type.googleapis.com/google.protobuf.Struct), ${JSON.stringify(response['response'])?.slice(0, 60)}`,
        )
    }
  }
  if (contents.length === 1 && contents[0]!['role'] === 'model')
    return invalid('Please ensure that single turn requests end with a user role or the role field is empty.')
  return undefined
}

/** Calls come right after the user or a result, results right after calls, and as many. */
function checkTurns(contents: Json[]): Problem | undefined {
  const count = (c: Json | undefined, key: string) => objs(c?.['parts']).filter((p) => key in p).length
  // Neighbours of one role are one turn.
  const turns: { role: string; calls: number; results: number }[] = []
  for (const c of contents) {
    const role = c['role'] === 'model' ? 'model' : 'user'
    const last = turns.at(-1)
    if (last?.role === role) {
      last.calls += count(c, 'functionCall')
      last.results += count(c, 'functionResponse')
    } else turns.push({ role, calls: count(c, 'functionCall'), results: count(c, 'functionResponse') })
  }
  for (const [i, turn] of turns.entries()) {
    const before = turns[i - 1]
    // Results beside their calls in one model turn (as MCP tools leave them) answer in place.
    if (turn.role === 'model' && turn.results) {
      turn.calls = Math.max(0, turn.calls - turn.results)
      turn.results = 0
    }
    if (turn.calls && (turn.role !== 'model' || !before))
      return invalid(
        'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
      )
    if (turn.results && !before?.calls)
      return invalid('Please ensure that function response turn comes immediately after a function call turn.')
    if (before?.calls && turn.results !== before.calls)
      return invalid(
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      )
  }
  return undefined
}

function checkSignatures(contents: Json[], ctx: Context): Problem | undefined {
  for (const [i, c] of contents.entries()) {
    for (const [j, part] of objs(c['parts']).entries()) {
      const signature = part['thoughtSignature']
      if (signature === undefined || BYPASS.has(str(signature))) continue
      if (!/^[A-Za-z0-9+/_=-]+$/.test(str(signature)))
        return invalid(
          `Invalid value at 'contents[${i}].parts[${j}].thought_signature' (TYPE_BYTES), Base64 decoding failed for "${str(signature).slice(0, 40)}"`,
        )
      if (!ctx.state.anySignature && !verify('gemini', signature, '')) return invalid('Thought signature is not valid.')
    }
  }
  if (!thirdGeneration(ctx.base)) return undefined
  // Only the current turn is held to it: everything after the last words of the user.
  const start = contents.findLastIndex(
    (c) => c['role'] !== 'model' && objs(c['parts']).some((p) => !('functionResponse' in p)),
  )
  for (const [i, c] of contents.entries()) {
    if (i < start || c['role'] !== 'model') continue
    const call = objs(c['parts']).find((p) => 'functionCall' in p)
    if (!call || call['thoughtSignature'] !== undefined) continue
    const name = str(obj(call['functionCall'])?.['name'])
    return invalid(
      `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${name}\` , position ${i + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.`,
    )
  }
  return undefined
}

function checkTools(body: Json, ctx: Context): Problem | undefined {
  const tools = objs(body['tools'])
  const names = new Set<string>()
  for (const [t, tool] of tools.entries()) {
    for (const [i, f] of objs(tool['functionDeclarations']).entries()) {
      const at = `tools[${t}].function_declarations[${i}]`
      const name = str(f['name'])
      if (!/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/.test(name)) {
        return invalid(
          `* GenerateContentRequest.${at}.name: [FIELD_INVALID] Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.\n`,
        )
      }
      if (names.has(name)) return invalid(`Duplicate function declaration found: ${name}`)
      names.add(name)
      if (f['parameters'] && f['parametersJsonSchema'])
        return invalid(`* GenerateContentRequest.${at}: parameters and parameters_json_schema cannot both be set.\n`)
      const fault = schemaFault(f['parameters'], `${at}.parameters`)
      if (fault) return invalid(`* GenerateContentRequest.${fault}\n`)
    }
  }
  const search = tools.some(
    (t) => t['googleSearch'] || t['googleSearchRetrieval'] || t['codeExecution'] || t['urlContext'],
  )
  const config = obj(body['toolConfig'])
  if (search && names.size) {
    if (!thirdGeneration(ctx.base)) return invalid('Tool use with function calling is unsupported')
    if (config?.['includeServerSideToolInvocations'] !== true)
      return invalid(
        'Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function calling.',
      )
  }
  const calling = obj(config?.['functionCallingConfig'])
  const mode = calling?.['mode']
  if (
    mode !== undefined &&
    !['MODE_UNSPECIFIED', 'AUTO', 'ANY', 'NONE', 'VALIDATED'].includes(str(mode).toUpperCase())
  ) {
    return invalid(
      `Invalid value at 'tool_config.function_calling_config.mode' (type.googleapis.com/google.ai.generativelanguage.v1beta.FunctionCallingConfig.Mode), "${mode}"`,
    )
  }
  if (mode === 'ANY' && !names.size) return invalid('Function calling config is set without function_declarations.')
  const allowed = arr(calling?.['allowedFunctionNames']).map(str)
  if (allowed.length && mode !== 'ANY' && mode !== 'VALIDATED')
    return invalid('Allowed function names should be set only when function calling mode is ANY or VALIDATED.')
  const unknown = allowed.find((n) => !names.has(n))
  return unknown === undefined
    ? undefined
    : invalid(
        `* GenerateContentRequest.tool_config.function_calling_config.allowed_function_names: function '${unknown}' is not declared.\n`,
      )
}

const TYPES = ['TYPE_UNSPECIFIED', 'STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL']

/** What is wrong inside a Schema whose fields are all known. */
function schemaFault(schema: unknown, at: string): string | undefined {
  const s = obj(schema)
  if (!s) return undefined
  const type = str(s['type']).toUpperCase()
  if (s['type'] !== undefined && !TYPES.includes(type)) return `${at}.type: invalid type '${s['type']}'`
  if (Array.isArray(s['enum']) && type !== 'STRING' && type !== '') return `${at}.enum: only allowed for STRING type`
  if (s['enum'] && arr(s['enum']).some((e) => e === ''))
    return `${at}.enum[${arr(s['enum']).indexOf('')}]: cannot be empty`
  if (type === 'ARRAY' && !s['items']) return `${at}.items: missing field.`
  const properties = obj(s['properties'])
  for (const [i, name] of arr(s['required']).entries()) {
    if (!properties || !(str(name) in properties)) return `${at}.required[${i}]: property is not defined`
  }
  for (const [name, p] of Object.entries(properties ?? {})) {
    const fault = schemaFault(p, `${at}.properties[${name}]`)
    if (fault) return fault
  }
  for (const [i, p] of arr(s['anyOf']).entries()) {
    const fault = schemaFault(p, `${at}.any_of[${i}]`)
    if (fault) return fault
  }
  return schemaFault(s['items'], `${at}.items`)
}

function checkConfig(body: Json, ctx: Context): Problem | undefined {
  const config = obj(body['generationConfig']) ?? {}
  const json = config['responseMimeType'] === 'application/json'
  if (json && objs(body['tools']).some((t) => t['functionDeclarations']) && !thirdGeneration(ctx.base)) {
    return invalid("Function calling with a response mime type: 'application/json' is unsupported")
  }
  if (config['responseSchema'] && config['responseJsonSchema'])
    return invalid(
      '* GenerateContentRequest.generation_config: response_schema and response_json_schema cannot both be set.\n',
    )
  if (
    (config['responseSchema'] || config['responseJsonSchema']) &&
    !json &&
    config['responseMimeType'] !== 'text/x.enum'
  ) {
    return invalid(
      '* GenerateContentRequest.generation_config.response_schema: only allowed with response_mime_type application/json or text/x.enum\n',
    )
  }
  const fault = schemaFault(config['responseSchema'], 'generation_config.response_schema')
  if (fault) return invalid(`* GenerateContentRequest.${fault}\n`)
  const thinking = obj(config['thinkingConfig'])
  if (thinking) {
    const { thinkingBudget: budget, thinkingLevel: level } = thinking
    if (budget !== undefined && level !== undefined)
      return invalid('You can only set only one of thinking budget and thinking level.')
    if (level !== undefined && !thirdGeneration(ctx.base))
      return invalid('Thinking level is not supported for this model.')
    if (budget === 0 && /pro/.test(ctx.base))
      return invalid('Budget 0 is invalid. This model only works in thinking mode.')
    if (typeof budget === 'number' && (budget < -1 || budget > 32_768))
      return invalid(`The thinking budget ${budget} is invalid. Please choose a value between 0 and 32768.`)
  }
  const temperature = config['temperature']
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 2)) {
    return invalid(
      `* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].\n`,
    )
  }
  const max = config['maxOutputTokens']
  if (typeof max === 'number' && max < 1)
    return invalid(
      '* GenerateContentRequest.generation_config.max_output_tokens: max_output_tokens must be positive.\n',
    )
  if (arr(config['stopSequences']).length > 5)
    return invalid(
      '* GenerateContentRequest.generation_config.stop_sequences: the number of stop sequences must be at most 5.\n',
    )
  return undefined
}
