import { unseal } from '../signature.ts'
import type { Context, Json, Problem } from '../types.ts'
import { invalid, problem } from '../types.ts'
import { from, imageFault, missing, nameFault } from './openai.ts'
import { obj, objs, str } from './util.ts'

const ITEMS = new Set(
  `message reasoning function_call function_call_output custom_tool_call custom_tool_call_output item_reference web_search_call
   file_search_call computer_call computer_call_output code_interpreter_call image_generation_call local_shell_call local_shell_call_output
   shell_call shell_call_output apply_patch_call apply_patch_call_output mcp_list_tools mcp_approval_request mcp_approval_response mcp_call
   tool_search_call tool_search_output additional_tools compaction compaction_trigger`.split(/\s+/),
)

/** Items that count as following a reasoning item. */
const FOLLOWERS = /^(?:message|reasoning|.*_call|mcp_.*|item_reference|compaction)$/

/** The type of an input item; messages may leave it out. */
export function itemType(item: Json): string {
  return item['type'] === undefined && item['role'] !== undefined ? 'message' : str(item['type'])
}

export function checkItems(input: unknown[]): Problem | undefined {
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
export function checkPairs(body: Json, ctx: Context): Problem | undefined {
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
    if (type === 'compaction' && !ctx.state.anySignature && !unseal(item['encrypted_content'], ctx.key))
      return unverified(item)
    if (type !== 'reasoning') continue
    const sealed = item['encrypted_content']
    if (sealed !== undefined && sealed !== null) {
      if (!ctx.state.anySignature && !unseal(sealed, ctx.key)) return unverified(item)
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

function unverified(item: Json): Problem {
  return invalid(
    `The encrypted content for item ${item['id'] ?? ''} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
    null,
    'invalid_encrypted_content',
  )
}

function notFound(id: string): Problem {
  return problem({
    kind: 'not-found',
    message: `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
    param: 'input',
  })
}
