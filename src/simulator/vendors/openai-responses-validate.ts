import type { Context, Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import { from, missing, nameFault, neverSamples, rangeFault, reasons } from './openai.ts'
import { checkFunction } from './openai-chat-validate.ts'
import { checkItems, checkPairs, itemType } from './openai-responses-items.ts'
import { arr, obj, objs, str, strictFault } from './util.ts'

const FIELDS = new Set(
  `background client_metadata context_management conversation include input instructions max_output_tokens max_tool_calls metadata model moderation
   parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention reasoning
   safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs top_p
   truncation user`.split(/\s+/),
)

const TOOLS = new Set(
  `function custom namespace web_search web_search_preview file_search code_interpreter image_generation mcp local_shell shell apply_patch
   computer computer_use_preview tool_search`.split(/\s+/),
)

/** Everything the Responses API refuses a request for. `items` is the input together with what it continues. */
export function checkResponses(body: Json, ctx: Context): Problem | undefined {
  const odd = Object.keys(body).find((k) => !FIELDS.has(k))
  if (odd !== undefined) return invalid(`Unknown parameter: '${odd}'.`, odd, 'unknown_parameter')
  if ((typeof body['model'] !== 'string' || !body['model']) && !body['prompt']) return missing('model')
  if (ctx.action === 'compact' && body['stream'] === true)
    return invalid('Streaming not supported for compact responses', 'stream')
  const previous = body['previous_response_id']
  if (previous !== undefined && previous !== null && !ctx.state.responses.has(str(previous))) {
    return invalid(
      `Previous response with id '${previous}' not found.`,
      'previous_response_id',
      'previous_response_not_found',
    )
  }
  const input = body['input']
  if (input === undefined && !previous && !body['prompt'] && !body['conversation']) return missing('input')
  if (input !== undefined && typeof input !== 'string' && !Array.isArray(input)) {
    return invalid(
      "Invalid type for 'input': expected one of a string or array of input items, but got an object instead.",
      'input',
      'invalid_type',
    )
  }
  return checkItems(arr(input)) ?? checkPairs(body, ctx) ?? checkTools(body) ?? checkOptions(body, ctx)
}

function checkTools(body: Json): Problem | undefined {
  const names = new Set<string>()
  const visit = (list: unknown, path: string): Problem | undefined => {
    for (const [i, tool] of objs(list).entries()) {
      const at = `${path}[${i}]`
      const type = str(tool['type'])
      if (tool['type'] === undefined) return missing(`${at}.type`)
      if (!TOOLS.has(type))
        return invalid(
          `Invalid value: '${type}'. Supported values are: ${[...TOOLS].map((t) => `'${t}'`).join(', ')}.`,
          at,
          'invalid_value',
        )
      if (type === 'namespace') {
        const fault = from(nameFault(tool['name'], `${at}.name`)) ?? visit(tool['tools'], `${at}.tools`)
        if (fault) return fault
      }
      if (type !== 'function' && type !== 'custom') {
        names.add(type)
        continue
      }
      const fault =
        from(nameFault(tool['name'], `${at}.name`)) ??
        (type === 'function' ? checkFunction(tool, `${at}.parameters`) : undefined)
      if (fault) return fault
      const fields =
        type === 'function'
          ? ['type', 'name', 'description', 'parameters', 'strict', 'defer_loading', 'output_schema', 'allowed_callers']
          : ['type', 'name', 'description', 'format', 'defer_loading']
      const odd = Object.keys(tool).find((k) => !fields.includes(k))
      if (odd) return invalid(`Unknown parameter: '${at}.${odd}'.`, `${at}.${odd}`, 'unknown_parameter')
      names.add(str(tool['name']))
    }
    return undefined
  }
  const fault = visit(body['tools'], 'tools')
  if (fault) return fault
  for (const item of objs(body['input'])) if (itemType(item) === 'additional_tools') visit(item['tools'], 'input.tools')
  const choice = body['tool_choice']
  if (choice === undefined || choice === null) return undefined
  if (typeof choice === 'string') {
    if (!['none', 'auto', 'required'].includes(choice))
      return invalid(
        `Invalid value: '${choice}'. Supported values are: 'none', 'auto', and 'required'.`,
        'tool_choice',
        'invalid_value',
      )
    return choice === 'required' && !names.size
      ? invalid("Tool choice 'required' must be specified with 'tools' parameter.", 'tool_choice')
      : undefined
  }
  const c = obj(choice) ?? {}
  if (c['type'] === 'allowed_tools') return undefined
  if (c['type'] === 'function' || c['type'] === 'custom') {
    if (typeof c['name'] !== 'string') return missing('tool_choice.name')
    return names.has(c['name'])
      ? undefined
      : invalid(`Tool choice '${c['name']}' not found in 'tools' parameter.`, 'tool_choice')
  }
  return names.has(str(c['type']))
    ? undefined
    : invalid(`Tool choice '${c['type']}' not found in 'tools' parameter.`, 'tool_choice')
}

function checkOptions(body: Json, ctx: Context): Problem | undefined {
  const max = body['max_output_tokens']
  if (typeof max === 'number' && max < 16) {
    return invalid(
      `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${max} instead.`,
      'max_output_tokens',
      'integer_below_min_value',
    )
  }
  const range =
    rangeFault(body['temperature'], 'temperature', 0, 2) ??
    rangeFault(body['top_p'], 'top_p', 0, 1) ??
    rangeFault(body['top_logprobs'], 'top_logprobs', 0, 20)
  if (range) return from(range)
  const unsupported = (name: string) =>
    invalid(`Unsupported parameter: '${name}' is not supported with this model.`, name, 'unsupported_parameter')
  if (neverSamples(ctx.base)) {
    for (const name of ['temperature', 'top_p'])
      if (typeof body[name] === 'number' && body[name] !== 1) return unsupported(name)
  }
  const old = /^gpt-[34]/.test(ctx.base) && !reasons(ctx.base)
  const effort = obj(body['reasoning'])?.['effort']
  if (old && effort) return unsupported('reasoning.effort')
  if (effort && !['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'].includes(str(effort))) {
    return invalid(
      `Invalid value: '${effort}'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', and 'xhigh'.`,
      'reasoning.effort',
      'invalid_value',
    )
  }
  const odd = Object.keys(obj(body['reasoning']) ?? {}).find(
    (k) => !['effort', 'summary', 'generate_summary', 'context', 'mode'].includes(k),
  )
  if (odd) return invalid(`Unknown parameter: 'reasoning.${odd}'.`, `reasoning.${odd}`, 'unknown_parameter')
  if (old && arr(body['include']).includes('reasoning.encrypted_content'))
    return invalid('Encrypted content is not supported with this model.', 'include')
  if (body['stream_options'] && body['stream'] !== true)
    return invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options')
  return checkFormat(body)
}

function checkFormat(body: Json): Problem | undefined {
  const text = obj(body['text'])
  const odd = Object.keys(text ?? {}).find((k) => !['format', 'verbosity'].includes(k))
  if (odd) return invalid(`Unknown parameter: 'text.${odd}'.`, `text.${odd}`, 'unknown_parameter')
  const format = obj(text?.['format'])
  if (!format) return undefined
  const type = str(format['type'])
  if (!['text', 'json_object', 'json_schema'].includes(type))
    return invalid(
      `Invalid value: '${type}'. Supported values are: 'json_object', 'json_schema', and 'text'.`,
      'text.format.type',
      'invalid_value',
    )
  if (type === 'json_object' && !/json/i.test(JSON.stringify(body['input'] ?? ''))) {
    return invalid(
      "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
      'input',
    )
  }
  if (type !== 'json_schema') return undefined
  const name = from(nameFault(format['name'], 'text.format.name'))
  if (name) return name
  if (!obj(format['schema'])) return missing('text.format.schema')
  const fault = format['strict'] === true ? strictFault(format['schema']) : undefined
  return fault === undefined
    ? undefined
    : invalid(
        `Invalid schema for response_format '${format['name']}': ${fault}`,
        'text.format.schema',
        'invalid_json_schema',
      )
}
