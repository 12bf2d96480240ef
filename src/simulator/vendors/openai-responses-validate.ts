import { unseal } from '../signature.ts'
import type { Context, Json, Problem } from '../types.ts'
import { invalid, problem } from '../types.ts'
import { imageFault, nameFault, neverSamples, rangeFault, reasons } from './openai.ts'
import { checkFunction } from './openai-chat-validate.ts'
import { arr, obj, objs, str, strictFault } from './util.ts'

const FIELDS = new Set(
  `background client_metadata context_management conversation include input instructions max_output_tokens max_tool_calls metadata model moderation
   parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention reasoning
   safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs top_p
   truncation user`.split(/\s+/),
)

const ITEMS = new Set(
  `message reasoning function_call function_call_output custom_tool_call custom_tool_call_output item_reference web_search_call
   file_search_call computer_call computer_call_output code_interpreter_call image_generation_call local_shell_call local_shell_call_output
   shell_call shell_call_output apply_patch_call apply_patch_call_output mcp_list_tools mcp_approval_request mcp_approval_response mcp_call
   tool_search_call tool_search_output additional_tools compaction compaction_trigger`.split(/\s+/),
)

const TOOLS = new Set(
  `function custom namespace web_search web_search_preview file_search code_interpreter image_generation mcp local_shell shell apply_patch
   computer computer_use_preview tool_search`.split(/\s+/),
)

/** Items that count as following a reasoning item. */
const FOLLOWERS = /^(?:message|reasoning|.*_call|mcp_.*|item_reference|compaction)$/

function from(fault: { message: string; param: string; code: string } | undefined): Problem | undefined {
  return fault && invalid(fault.message, fault.param, fault.code)
}

function missing(name: string): Problem {
  return invalid(`Missing required parameter: '${name}'.`, name, 'missing_required_parameter')
}

/** The type of an input item; messages may leave it out. */
export function itemType(item: Json): string {
  return item['type'] === undefined && item['role'] !== undefined ? 'message' : str(item['type'])
}

/** Everything the Responses API refuses a request for. `items` is the input together with what it continues. */
export function checkResponses(body: Json, ctx: Context): Problem | undefined {
  const odd = Object.keys(body).find((k) => !FIELDS.has(k))
  if (odd !== undefined) return invalid(`Unknown parameter: '${odd}'.`, odd, 'unknown_parameter')
  if ((typeof body['model'] !== 'string' || !body['model']) && !body['prompt']) return missing('model')
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

function checkItems(input: unknown[]): Problem | undefined {
  const ids = new Set<string>()
  for (const [i, raw] of input.entries()) {
    const path = `input[${i}]`
    const item = obj(raw)
    if (!item)
      return invalid(
        `Invalid type for '${path}': expected an input item, but got a ${typeof raw} instead.`,
        path,
        'invalid_type',
      )
    const type = itemType(item)
    if (!ITEMS.has(type)) {
      return invalid(
        `Invalid value: '${type}'. Supported values are: ${[...ITEMS]
          .slice(0, 20)
          .map((t) => `'${t}'`)
          .join(', ')}.`,
        path,
        'invalid_value',
      )
    }
    const fault = checkItem(item, type, path)
    if (fault) return fault
    const id = item['id']
    if (typeof id === 'string' && type !== 'item_reference') {
      if (ids.has(id))
        return invalid(
          `Duplicate item found with id ${id}. Remove duplicate items from your input and try again.`,
          'input',
        )
      ids.add(id)
    }
  }
  return undefined
}

const PREFIX: Record<string, string> = { function_call: 'fc', message: 'msg', reasoning: 'rs', custom_tool_call: 'ctc' }

function checkItem(item: Json, type: string, path: string): Problem | undefined {
  const prefix = PREFIX[type]
  const id = item['id']
  if (prefix && typeof id === 'string' && id && !id.startsWith(prefix)) {
    return invalid(
      `Invalid '${path}.id': '${id}'. Expected an ID that begins with '${prefix}'.`,
      `${path}.id`,
      'invalid_value',
    )
  }
  if (/^(?:function|custom_tool)_call/.test(type)) {
    const callId = item['call_id']
    if (typeof callId !== 'string') return missing(`${path}.call_id`)
    if (!callId)
      return invalid(
        `Invalid '${path}.call_id': empty string. Expected a string with minimum length 1, but got an empty string instead.`,
        `${path}.call_id`,
        'empty_string',
      )
    if (callId.length > 64) {
      return invalid(
        `Invalid '${path}.call_id': string too long. Expected a string with maximum length 64, but got a string with length ${callId.length} instead.`,
        `${path}.call_id`,
        'string_above_max_length',
      )
    }
  }
  switch (type) {
    case 'message':
      return checkMessage(item, path)
    case 'function_call':
      if (typeof item['arguments'] !== 'string')
        return item['arguments'] === undefined
          ? missing(`${path}.arguments`)
          : invalid(
              `Invalid type for '${path}.arguments': expected a string, but got an object instead.`,
              `${path}.arguments`,
              'invalid_type',
            )
      return from(nameFault(item['name'], `${path}.name`))
    case 'custom_tool_call':
      return typeof item['input'] === 'string'
        ? from(nameFault(item['name'], `${path}.name`))
        : missing(`${path}.input`)
    case 'function_call_output':
    case 'custom_tool_call_output':
      return checkOutput(item, path)
    case 'reasoning':
      return Array.isArray(item['summary']) ? undefined : missing(`${path}.summary`)
  }
  return undefined
}

function checkMessage(item: Json, path: string): Problem | undefined {
  const role = str(item['role'])
  if (!['user', 'assistant', 'system', 'developer'].includes(role)) {
    return invalid(
      `Invalid value: '${role}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`,
      `${path}.role`,
      'invalid_value',
    )
  }
  const odd = Object.keys(item).find((k) => !['type', 'role', 'content', 'id', 'status', 'phase', 'name'].includes(k))
  if (odd) return invalid(`Unknown parameter: '${path}.${odd}'.`, `${path}.${odd}`, 'unknown_parameter')
  const content = item['content']
  if (typeof content === 'string') return undefined
  if (content === undefined) return missing(`${path}.content`)
  if (!Array.isArray(content))
    return invalid(
      `Invalid type for '${path}.content': expected one of an array of objects or string, but got ${content === null ? 'null' : 'an object'} instead.`,
      `${path}.content`,
      'invalid_type',
    )
  const allowed =
    role === 'assistant' ? ['output_text', 'refusal'] : ['input_text', 'input_image', 'input_file', 'input_audio']
  return checkParts(content, `${path}.content`, allowed)
}

function checkParts(parts: unknown[], path: string, allowed: string[]): Problem | undefined {
  for (const [j, raw] of parts.entries()) {
    const at = `${path}[${j}]`
    const part = obj(raw)
    const type = str(part?.['type'])
    if (!part || !allowed.includes(type)) {
      return invalid(
        `Invalid value: '${type}'. Supported values are: ${allowed
          .map((a) => `'${a}'`)
          .join(', ')
          .replace(/, ([^,]*)$/, ', and $1')}.`,
        at,
        'invalid_value',
      )
    }
    if (/text$/.test(type) && typeof part['text'] !== 'string') return missing(`${at}.text`)
    if (type === 'input_image' && part['file_id'] === undefined) {
      const fault = from(imageFault(part['image_url'], `${at}.image_url`))
      if (fault) return fault
    }
    if (
      type === 'input_file' &&
      part['file_data'] !== undefined &&
      !/^data:(?!audio|video)/.test(str(part['file_data']))
    ) {
      const media = /^data:([^;,]*)/.exec(str(part['file_data']))?.[1]
      const but = media ? `got unsupported MIME type '${media}'` : "got a value without the 'data:' prefix"
      return invalid(
        `Invalid file data: '${at}.file_data'. Expected a base64-encoded data URL with a valid file MIME type (e.g. 'data:text/plain;base64,SGVsbG8sIFdvcmxkIQ=='), but ${but}.`,
        `${at}.file_data`,
        'invalid_value',
      )
    }
  }
  return undefined
}

function checkOutput(item: Json, path: string): Problem | undefined {
  const output = item['output']
  if (typeof output === 'string') return undefined
  if (output === undefined) return missing(`${path}.output`)
  if (!Array.isArray(output))
    return invalid(
      `Invalid type for '${path}.output': expected one of a string or array of objects, but got an object instead.`,
      `${path}.output`,
      'invalid_type',
    )
  return checkParts(output, `${path}.output`, ['input_text', 'input_image', 'input_file'])
}

/** Calls and outputs belong together; reasoning belongs to what follows it and to whom it was given. */
function checkPairs(body: Json, ctx: Context): Problem | undefined {
  const before = ctx.state.responses.get(str(body['previous_response_id']))
  const own = objs(body['input'])
  // A reference stands for the stored item it names.
  const meant = own.map((i) => (itemType(i) === 'item_reference' ? (ctx.state.items.get(str(i['id'])) ?? i) : i))
  const items = before ? [...objs(before.input), ...objs(before.output), ...meant] : meant
  const calls = { function: new Set<string>(), custom_tool: new Set<string>() }
  const outputs = new Set<string>()
  for (const item of items) {
    const match = /^(function|custom_tool)_call(_output)?$/.exec(itemType(item))
    if (!match) continue
    const kind = match[1] as keyof typeof calls
    const id = str(item['call_id'])
    if (!match[2]) calls[kind].add(id)
    else if (calls[kind].has(id)) outputs.add(id)
    else if (!body['conversation'])
      return invalid(
        `No tool call found for ${kind === 'function' ? 'function call' : 'custom tool call'} output with call_id ${id}.`,
        'input',
      )
  }
  for (const [kind, ids] of Object.entries(calls)) {
    const open = [...ids].find((id) => !outputs.has(id))
    if (open !== undefined && !body['conversation'])
      return invalid(
        `No tool output found for ${kind === 'function' ? 'function call' : 'custom tool call'} ${open}.`,
        'input',
      )
  }
  for (const [i, item] of own.entries()) {
    const type = itemType(item)
    if (type === 'item_reference' && !ctx.state.anySignature && !ctx.state.items.has(str(item['id'])))
      return notFound(str(item['id']))
    if (type !== 'reasoning') continue
    const sealed = item['encrypted_content']
    if (sealed !== undefined && sealed !== null) {
      if (!ctx.state.anySignature && !unseal(sealed, ctx.key)) {
        return invalid(
          `The encrypted content for item ${item['id'] ?? ''} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
          null,
          'invalid_encrypted_content',
        )
      }
    } else if (!ctx.state.anySignature && !ctx.state.items.has(str(item['id']))) return notFound(str(item['id']))
    const next = own[i + 1]
    const follows =
      next && FOLLOWERS.test(itemType(next)) && !(itemType(next) === 'message' && next['role'] !== 'assistant')
    if (!follows)
      return invalid(
        `Item '${item['id'] ?? ''}' of type 'reasoning' was provided without its required following item.`,
        'input',
      )
  }
  return undefined
}

function notFound(id: string): Problem {
  return problem({
    kind: 'not-found',
    message: `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
    param: 'input',
  })
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
