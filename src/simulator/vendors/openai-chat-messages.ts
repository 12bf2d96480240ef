import type { Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import { from, imageFault, nameFault } from './openai.ts'
import { obj, objs, str } from './util.ts'

const MESSAGE_FIELDS = new Set([
  'role',
  'content',
  'name',
  'tool_calls',
  'tool_call_id',
  'refusal',
  'audio',
  'function_call',
  'annotations',
  // The official SDK's parse helpers leave this on the messages they give back.
  'parsed',
])
const PARTS: Record<string, string[]> = {
  user: ['text', 'image_url', 'input_audio', 'file'],
  system: ['text'],
  developer: ['text'],
  tool: ['text'],
  assistant: ['text', 'refusal'],
}

export function emptyArray(name: string): Problem {
  return invalid(
    `Invalid '${name}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
    name,
    'empty_array',
  )
}

export function checkMessages(messages: unknown[]): Problem | undefined {
  for (const [i, raw] of messages.entries()) {
    const path = `messages[${i}]`
    const m = obj(raw)
    if (!m)
      return invalid(
        `Invalid type for '${path}': expected an object, but got a ${typeof raw} instead.`,
        path,
        'invalid_type',
      )
    const role = str(m['role'])
    if (m['role'] === undefined)
      return invalid(`Missing required parameter: '${path}.role'.`, `${path}.role`, 'missing_required_parameter')
    if (!['system', 'assistant', 'user', 'function', 'tool', 'developer'].includes(role)) {
      return invalid(
        `Invalid value: '${role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`,
        `${path}.role`,
        'invalid_value',
      )
    }
    const odd = Object.keys(m).find((k) => !MESSAGE_FIELDS.has(k))
    if (odd) return invalid(`Unknown parameter: '${path}.${odd}'.`, `${path}.${odd}`, 'unknown_parameter')
    const fault = checkContent(m, role, path) ?? (role === 'assistant' ? checkCalls(m, path) : undefined)
    if (fault) return fault
    if (role === 'tool' && typeof m['tool_call_id'] !== 'string') {
      return invalid(
        `Missing required parameter: '${path}.tool_call_id'.`,
        `${path}.tool_call_id`,
        'missing_required_parameter',
      )
    }
  }
  return undefined
}

function checkContent(m: Json, role: string, path: string): Problem | undefined {
  const content = m['content']
  if (content === undefined || content === null) {
    if (role === 'assistant' && (m['tool_calls'] || m['function_call'] || m['refusal'] || m['audio'])) return undefined
    if (role === 'function') return undefined
    if (content === undefined && role !== 'assistant')
      return invalid(`Missing required parameter: '${path}.content'.`, `${path}.content`, 'missing_required_parameter')
    return invalid(
      "Invalid value for 'content': expected a string, got null.",
      `messages.[${path.slice(9, -1)}].content`,
    )
  }
  if (typeof content === 'string') return undefined
  if (!Array.isArray(content))
    return invalid(
      `Invalid type for '${path}.content': expected one of a string or array of objects, but got an object instead.`,
      `${path}.content`,
      'invalid_type',
    )
  if (!content.length) return emptyArray(`${path}.content`)
  for (const [j, raw] of content.entries()) {
    const at = `${path}.content[${j}]`
    const part = obj(raw)
    const type = str(part?.['type'])
    const allowed = PARTS[role] ?? ['text']
    if (!part || !allowed.includes(type)) {
      if (role === 'tool' || role === 'system' || role === 'developer')
        return invalid(
          `Invalid '${path}'. Content blocks are expected to be either text or image_url type.`,
          path,
          'invalid_value',
        )
      return invalid(
        `Invalid value: '${type}'. Supported values are: ${allowed.map((a) => `'${a}'`).join(', ')}.`,
        at,
        'invalid_value',
      )
    }
    if (type === 'text' && typeof part['text'] !== 'string')
      return invalid(`Missing required parameter: '${at}.text'.`, `${at}.text`, 'missing_required_parameter')
    if (type === 'image_url') {
      if (!obj(part['image_url']))
        return invalid(
          `Invalid type for '${at}.image_url': expected an object, but got a string instead.`,
          `${at}.image_url`,
          'invalid_type',
        )
      const fault = from(imageFault(obj(part['image_url'])?.['url'], `${at}.image_url.url`))
      if (fault) return fault
    }
    const data = obj(part['file'])?.['file_data']
    if (type === 'file' && data !== undefined && !str(data).startsWith('data:')) {
      return invalid(
        `Invalid file data: '${at}.file.file_data'. Expected a base64-encoded data URL with an application/pdf MIME type (e.g. 'data:application/pdf;base64,SGVsbG8sIFdvcmxkIQ=='), but got a value without the 'data:' prefix.`,
      )
    }
  }
  return undefined
}

function checkCalls(m: Json, path: string): Problem | undefined {
  const calls = m['tool_calls']
  if (calls === undefined || calls === null) return undefined
  if (!Array.isArray(calls))
    return invalid(
      `Invalid type for '${path}.tool_calls': expected an array of objects.`,
      `${path}.tool_calls`,
      'invalid_type',
    )
  if (!calls.length) return emptyArray(`${path}.tool_calls`)
  for (const [j, raw] of calls.entries()) {
    const at = `${path}.tool_calls[${j}]`
    const call = obj(raw)
    const body = obj(call?.['function']) ?? obj(call?.['custom'])
    if (!call || !body)
      return invalid(`Missing required parameter: '${at}.function'.`, `${at}.function`, 'missing_required_parameter')
    const id = call['id']
    if (typeof id !== 'string')
      return invalid(`Missing required parameter: '${at}.id'.`, `${at}.id`, 'missing_required_parameter')
    if (id.length > 40)
      return invalid(
        `Invalid '${at}.id': string too long. Expected a string with maximum length 40, but got a string with length ${id.length} instead.`,
        `${at}.id`,
        'string_above_max_length',
      )
    if (call['type'] === undefined)
      return invalid(`Missing required parameter: '${at}.type'.`, `${at}.type`, 'missing_required_parameter')
    const fault = from(nameFault(body['name'], `${at}.${call['type'] === 'custom' ? 'custom' : 'function'}.name`))
    if (fault) return fault
    if (call['type'] === 'function' && typeof body['arguments'] !== 'string') {
      return invalid(
        `Invalid type for '${at}.function.arguments': expected a string, but got ${body['arguments'] === undefined ? 'nothing' : 'an object'} instead.`,
        `${at}.function.arguments`,
        'invalid_type',
      )
    }
  }
  return undefined
}

/** Tool messages answer the calls right before them, and all of them. */
export function checkOrder(messages: Json[]): Problem | undefined {
  let open: Set<string> | undefined
  const unanswered = () =>
    open?.size
      ? invalid(
          `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(', ')}`,
          'messages',
        )
      : undefined
  let group: Set<string> | undefined
  for (const [i, m] of messages.entries()) {
    if (m['role'] === 'tool') {
      const id = str(m['tool_call_id'])
      if (!group?.has(id))
        return invalid(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `messages.[${i}].role`,
        )
      open?.delete(id)
      continue
    }
    const fault = unanswered()
    if (fault) return fault
    const ids = m['role'] === 'assistant' ? objs(m['tool_calls']).map((c) => str(c['id'])) : []
    group = ids.length ? new Set(ids) : undefined
    open = group && new Set(group)
  }
  return unanswered()
}
