/** Tools and the choice among them (https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools). */
import type { CustomTool, FunctionTool, NamespaceTool, SearchTool, Tool, ToolChoice } from '../../hub/request.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { fitsStrict } from '../openai-shared/strict.ts'
import { ID, keep, notes, restOf, taker } from './own.ts'

/** Reads one tool; hosted ones the hub has no word for stay native. */
export function decodeTool(value: unknown): Tool {
  const tool = asObject(value)
  const decoded = tool && decodeKnown(tool)
  return decoded ?? { type: 'native', protocol: ID, value }
}

function decodeKnown(tool: Json): Tool | undefined {
  const type = tool['type']
  if (type === 'function') return decodeFunction(tool)
  if (type === 'custom') return decodeCustom(tool)
  if (type === 'namespace') return decodeNamespace(tool)
  return typeof type === 'string' && /^web_search(?:_preview)?(?:_\d|$)/.test(type)
    ? decodeSearch(tool, type)
    : undefined
}

function decodeFunction(tool: Json): FunctionTool | undefined {
  const { rest, text, flag, object, drop } = taker(tool)
  drop('type')
  const name = text('name')
  if (name === undefined) return undefined
  const [description, schema, strict] = [text('description'), object('parameters'), flag('strict')]
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    ...(schema !== undefined && { schema }),
    ...(strict !== undefined && { strict }),
    ...keep({ ...rest, ...(tool['strict'] === undefined && { $lax: true as const }) }),
  }
}

function decodeCustom(tool: Json): CustomTool | undefined {
  const { rest, text, object, drop } = taker(tool)
  drop('type')
  const name = text('name')
  if (name === undefined) return undefined
  const [description, format] = [text('description'), object('format')]
  return {
    type: 'custom',
    name,
    ...(description !== undefined && { description }),
    ...(format !== undefined && { format }),
    ...keep(rest),
  }
}

function decodeNamespace(tool: Json): NamespaceTool | undefined {
  const { rest, text, list, drop } = taker(tool)
  drop('type')
  const name = text('name')
  const inner = (list('tools') ?? []).map(decodeTool)
  if (name === undefined || !inner.every((t) => t.type === 'function' || t.type === 'custom')) return undefined
  const description = text('description')
  return { type: 'namespace', name, ...(description !== undefined && { description }), tools: inner, ...keep(rest) }
}

function decodeSearch(tool: Json, type: string): SearchTool {
  const { rest, object, drop } = taker(tool)
  drop('type')
  const filters = taker(object('filters') ?? {})
  const [allowed, blocked] = [filters.list('allowed_domains'), filters.list('blocked_domains')]
  if (Object.keys(filters.rest).length > 0) rest['filters'] = filters.rest
  const place = object('user_location')
  const location: Record<string, string> = {}
  for (const [key, value] of Object.entries(place ?? {}))
    if (key !== 'type' && typeof value === 'string') location[key] = value
  const odd = Object.entries(place ?? {}).filter(([key, value]) => key !== 'type' && typeof value !== 'string')
  if (odd.length > 0) rest['user_location'] = Object.fromEntries(odd)
  return {
    type: 'web-search',
    ...(allowed !== undefined && { allowedDomains: allowed as string[] }),
    ...(blocked !== undefined && { blockedDomains: blocked as string[] }),
    ...(place !== undefined && { location }),
    ...keep({ ...rest, ...(type !== 'web_search' && { $type: type }) }),
  }
}

/**
 * Writes one tool; undefined for another dialect's own.
 * @param own whether the client said it in this dialect: then nothing is filled in.
 */
export function encodeTool(tool: Tool, own: boolean): Json | undefined {
  switch (tool.type) {
    case 'function':
      return encodeFunction(tool, own)
    case 'custom':
      return {
        type: 'custom',
        name: tool.name,
        ...(tool.description !== undefined && { description: tool.description }),
        ...(tool.format !== undefined && { format: tool.format }),
        ...restOf(tool),
      }
    case 'namespace':
      return {
        type: 'namespace',
        name: tool.name,
        ...(tool.description !== undefined && { description: tool.description }),
        ...restOf(tool),
        tools: tool.tools.map((inner) => encodeTool(inner, own)),
      }
    case 'web-search':
      return encodeSearch(tool)
    case 'native':
      return tool.protocol === ID ? (tool.value as Json) : undefined
  }
}

function encodeFunction(tool: FunctionTool, own: boolean): Json {
  const { name, description, schema, strict } = tool
  const rest = restOf(tool)
  const head = { type: 'function', name, ...(description !== undefined && { description }) }
  if (own) {
    const said = strict ?? (notes(tool).$lax || 'strict' in rest ? undefined : false)
    return {
      ...head,
      ...(schema !== undefined && { parameters: schema }),
      ...(said !== undefined && { strict: said }),
      ...rest,
    }
  }
  // Absent means strict here, and strict refuses most schemas that were not written for it.
  const parameters = objectSchema(schema)
  return { ...head, parameters, strict: strict === true && fitsStrict(parameters), ...rest }
}

/** OpenAI wants `type: "object"` at the top, and `properties` beside it. */
function objectSchema(schema: unknown): unknown {
  const object = asObject(schema)
  if (object === undefined) return { type: 'object', properties: {} }
  if (object['type'] === 'object' && object['properties'] !== undefined) return object
  return { ...object, type: 'object', properties: object['properties'] ?? {} }
}

function encodeSearch(tool: SearchTool): Json {
  const { allowedDomains, blockedDomains, location } = tool
  const rest = restOf(tool)
  const filters = {
    ...asObject(rest['filters']),
    ...(allowedDomains !== undefined && { allowed_domains: allowedDomains }),
    ...(blockedDomains !== undefined && { blocked_domains: blockedDomains }),
  }
  return {
    type: notes(tool).$type ?? 'web_search',
    ...rest,
    ...(Object.keys(filters).length > 0 && { filters }),
    ...(location !== undefined && {
      user_location: { type: 'approximate', ...location, ...asObject(rest['user_location']) },
    }),
  }
}

/** Reads a choice; undefined leaves it to the caller's extras: forms that name hosted tools of OpenAI. */
export function decodeChoice(value: unknown): ToolChoice | undefined {
  if (value === 'auto' || value === 'none' || value === 'required') return { mode: value }
  const choice = asObject(value)
  if (choice === undefined) return undefined
  const { type, name } = choice
  const known = Object.keys(choice).length
  if ((type === 'function' || type === 'custom') && typeof name === 'string' && known === 2)
    return { mode: 'tool', name, ...(type === 'custom' && { custom: true }) }
  if (type === 'allowed_tools') return decodeAllowed(choice)
  return type === 'web_search' || type === 'web_search_preview' ? { mode: 'web-search' } : undefined
}

function decodeAllowed(choice: Json): ToolChoice | undefined {
  const names: string[] = []
  for (const entry of asArray(choice['tools'])) {
    const { type, name, ...more } = asObject(entry) ?? {}
    if ((type !== 'function' && type !== 'custom') || typeof name !== 'string' || Object.keys(more).length > 0)
      return undefined
    names.push(name)
  }
  return { mode: 'allowed', names, ...(choice['mode'] === 'required' && { required: true as const }) }
}

/** Writes a choice among these tools. */
export function encodeChoice(choice: ToolChoice, tools: readonly Tool[]): unknown {
  const typeOf = (name: string) => (tools.some((t) => t.type === 'custom' && t.name === name) ? 'custom' : 'function')
  switch (choice.mode) {
    case 'tool':
      return { type: choice.custom ? 'custom' : typeOf(choice.name), name: choice.name }
    case 'allowed':
      return {
        type: 'allowed_tools',
        mode: choice.required ? 'required' : 'auto',
        tools: choice.names.map((name) => ({ type: typeOf(name), name })),
      }
    case 'web-search': {
      const search = tools.find((t) => t.type === 'web-search')
      return { type: (search && notes(search).$type) ?? 'web_search' }
    }
    default:
      return choice.mode
  }
}
