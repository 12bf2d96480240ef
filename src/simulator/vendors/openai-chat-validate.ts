import type { Context, Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import { from, nameFault, neverSamples, rangeFault, reasons } from './openai.ts'
import { checkMessages, checkOrder, emptyArray } from './openai-chat-messages.ts'
import { arr, obj, objs, str, strictFault } from './util.ts'

const FIELDS = new Set(
  `audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages metadata modalities model
   moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort
   response_format safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user
   verbosity web_search_options`.split(/\s+/),
)

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/** Everything the chat completions API refuses a request for. */
export function checkChat(body: Json, ctx: Context): Problem | undefined {
  const odd = Object.keys(body).find((k) => !FIELDS.has(k))
  if (odd !== undefined) return invalid(`Unrecognized request argument supplied: ${odd}`)
  if (typeof body['model'] !== 'string' || !body['model']) return invalid('you must provide a model parameter')
  const messages = body['messages']
  if (messages === undefined)
    return invalid("Missing required parameter: 'messages'.", 'messages', 'missing_required_parameter')
  if (!Array.isArray(messages))
    return invalid(
      "Invalid type for 'messages': expected an array of objects, but got something else instead.",
      'messages',
      'invalid_type',
    )
  if (!messages.length) return emptyArray('messages')
  return (
    checkMessages(messages) ??
    checkOrder(objs(messages)) ??
    checkTools(body, ctx) ??
    checkModel(body, ctx) ??
    checkRanges(body) ??
    checkFormat(body)
  )
}

function checkTools(body: Json, ctx: Context): Problem | undefined {
  const tools = body['tools']
  if (tools === undefined || tools === null) {
    for (const field of ['tool_choice', 'parallel_tool_calls']) {
      if (body[field] !== undefined && body[field] !== null) {
        return invalid(`Invalid value for '${field}': '${field}' is only allowed when 'tools' are specified.`, field)
      }
    }
    return undefined
  }
  if (!Array.isArray(tools))
    return invalid("Invalid type for 'tools': expected an array of objects.", 'tools', 'invalid_type')
  if (!tools.length) return emptyArray('tools')
  const names = new Set<string>()
  for (const [i, raw] of tools.entries()) {
    const tool = obj(raw)
    const type = str(tool?.['type'])
    if (tool?.['type'] === undefined)
      return invalid(
        `Missing required parameter: 'tools[${i}].type'.`,
        `tools[${i}].type`,
        'missing_required_parameter',
      )
    if (type !== 'function' && type !== 'custom')
      return invalid(
        `Invalid value: '${type}'. Supported values are: 'function' and 'custom'.`,
        `tools[${i}].type`,
        'invalid_value',
      )
    const f = obj(tool?.[type])
    if (!f)
      return invalid(
        `Missing required parameter: 'tools[${i}].${type}'.`,
        `tools[${i}].${type}`,
        'missing_required_parameter',
      )
    const fault =
      from(nameFault(f['name'], `tools[${i}].${type}.name`)) ??
      (type === 'function' ? checkFunction(f, `tools[${i}].function.parameters`) : undefined)
    if (fault) return fault
    const odd = Object.keys(f).find((k) => !['name', 'description', 'parameters', 'strict', 'format'].includes(k))
    if (odd)
      return invalid(
        `Unknown parameter: 'tools[${i}].${type}.${odd}'.`,
        `tools[${i}].${type}.${odd}`,
        'unknown_parameter',
      )
    names.add(str(f['name']))
  }
  const effort = body['reasoning_effort']
  if (effort && effort !== 'none' && /^gpt-5\.[4-9]/.test(ctx.base)) {
    return invalid(
      `Function tools with reasoning_effort are not supported for ${ctx.base} in /v1/chat/completions. Please use /v1/responses instead.`,
    )
  }
  return checkChoice(body['tool_choice'], names)
}

/** Parameters of a function; shared with the Responses API. */
export function checkFunction(f: Json, param: string): Problem | undefined {
  const schema = f['parameters']
  if (schema === undefined || schema === null) return undefined
  const bad = (text: string) =>
    invalid(`Invalid schema for function '${f['name']}': ${text}`, param, 'invalid_function_parameters')
  const s = obj(schema)
  if (!s) return bad('schema must be a JSON object.')
  if (s['type'] !== 'object' && Object.keys(s).length)
    return bad(`schema must be a JSON Schema of 'type: "object"', got 'type: "${s['type'] ?? 'None'}"'.`)
  const fault = f['strict'] === true ? strictFault(s) : undefined
  return fault === undefined ? undefined : bad(fault)
}

function checkChoice(choice: unknown, names: Set<string>): Problem | undefined {
  if (choice === undefined || choice === null) return undefined
  if (typeof choice === 'string') {
    return ['none', 'auto', 'required'].includes(choice)
      ? undefined
      : invalid(
          `Invalid value: '${choice}'. Supported values are: 'none', 'auto', and 'required'.`,
          'tool_choice',
          'invalid_value',
        )
  }
  const c = obj(choice)
  if (c?.['type'] === 'allowed_tools') return undefined
  const name = obj(c?.['function'])?.['name'] ?? obj(c?.['custom'])?.['name']
  if (name === undefined)
    return invalid(
      "Missing required parameter: 'tool_choice.function'.",
      'tool_choice.function',
      'missing_required_parameter',
    )
  return names.has(str(name))
    ? undefined
    : invalid(
        `Invalid value for 'tool_choice': function ${name} was not specified in the 'tools' parameter.`,
        'tool_choice',
      )
}

function checkModel(body: Json, ctx: Context): Problem | undefined {
  const unsupported = (name: string, more = '') =>
    invalid(`Unsupported parameter: '${name}' is not supported with this model.${more}`, name, 'unsupported_parameter')
  const set = (name: string) => body[name] !== undefined && body[name] !== null
  if (/^o1-mini/.test(ctx.base)) {
    const i = objs(body['messages']).findIndex((m) => m['role'] === 'system' || m['role'] === 'developer')
    const at = `messages[${i}].role`
    if (i >= 0)
      return invalid(
        `Unsupported value: '${at}' does not support '${objs(body['messages'])[i]!['role']}' with this model.`,
        at,
        'unsupported_value',
      )
  }
  const heard = /audio/.test(ctx.base)
    ? -1
    : objs(body['messages']).findIndex((m) => objs(m['content']).some((p) => p['type'] === 'input_audio'))
  if (heard >= 0)
    return invalid(
      `Invalid 'messages[${heard}]'. Content blocks are expected to be either text or image_url type.`,
      `messages[${heard}]`,
      'invalid_value',
    )
  if (reasons(ctx.base)) {
    if (set('max_tokens')) return unsupported('max_tokens', " Use 'max_completion_tokens' instead.")
    if (set('stop') && !/^o3-mini/.test(ctx.base) && arr(body['stop']).length + str(body['stop']).length > 0)
      return unsupported('stop')
  }
  if (neverSamples(ctx.base)) {
    for (const name of ['temperature', 'top_p']) {
      if (set(name) && body[name] !== 1) {
        return invalid(
          `Unsupported value: '${name}' does not support ${body[name]} with this model. Only the default (1) value is supported.`,
          name,
          'unsupported_value',
        )
      }
    }
    for (const name of ['presence_penalty', 'frequency_penalty', 'logprobs', 'top_logprobs', 'logit_bias']) {
      if (body[name]) return unsupported(name)
    }
  }
  const effort = body['reasoning_effort']
  if (effort !== undefined && effort !== null) {
    if (/^(?:gpt-4|gpt-3)/.test(ctx.base)) return invalid('Unrecognized request argument supplied: reasoning_effort')
    if (!EFFORTS.includes(str(effort)))
      return invalid(
        `Invalid value: '${effort}'. Supported values are: ${EFFORTS.map((e) => `'${e}'`).join(', ')}.`,
        'reasoning_effort',
        'invalid_value',
      )
  }
  if (set('max_tokens') && set('max_completion_tokens'))
    return invalid(
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      'max_tokens',
      'invalid_parameter_combination',
    )
  return undefined
}

function checkRanges(body: Json): Problem | undefined {
  for (const name of ['max_tokens', 'max_completion_tokens']) {
    const value = body[name]
    if (typeof value === 'number' && value < 1)
      return invalid(
        `Invalid '${name}': integer below minimum value. Expected a value >= 1, but got ${value} instead.`,
        name,
        'integer_below_min_value',
      )
  }
  const fault =
    rangeFault(body['temperature'], 'temperature', 0, 2) ??
    rangeFault(body['top_p'], 'top_p', 0, 1) ??
    rangeFault(body['presence_penalty'], 'presence_penalty', -2, 2) ??
    rangeFault(body['frequency_penalty'], 'frequency_penalty', -2, 2) ??
    rangeFault(body['n'], 'n', 1, 128) ??
    rangeFault(body['top_logprobs'], 'top_logprobs', 0, 20)
  if (fault) return from(fault)
  const stop = body['stop']
  if (Array.isArray(stop) && stop.length > 4) {
    return invalid(
      `Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length ${stop.length} instead.`,
      'stop',
      'array_above_max_length',
    )
  }
  if (body['stream_options'] && body['stream'] !== true)
    return invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options')
  if (body['top_logprobs'] && body['logprobs'] !== true)
    return invalid(
      "Invalid value for 'top_logprobs': 'top_logprobs' is only allowed when 'logprobs' is true.",
      'top_logprobs',
    )
  return undefined
}

function checkFormat(body: Json): Problem | undefined {
  const format = obj(body['response_format'])
  if (!format) return undefined
  const type = str(format['type'])
  if (!['text', 'json_object', 'json_schema'].includes(type))
    return invalid(
      `Invalid value: '${type}'. Supported values are: 'json_object', 'json_schema', and 'text'.`,
      'response_format.type',
      'invalid_value',
    )
  if (type === 'json_object' && !/json/i.test(JSON.stringify(body['messages']))) {
    return invalid(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      'messages',
    )
  }
  if (type !== 'json_schema') return undefined
  const spec = obj(format['json_schema'])
  if (!spec)
    return invalid(
      "Missing required parameter: 'response_format.json_schema'.",
      'response_format.json_schema',
      'missing_required_parameter',
    )
  const name = from(nameFault(spec['name'], 'response_format.json_schema.name'))
  if (name) return name
  const fault = spec['strict'] === true ? strictFault(spec['schema']) : undefined
  return fault === undefined
    ? undefined
    : invalid(`Invalid schema for response_format '${spec['name']}': ${fault}`, 'response_format')
}
