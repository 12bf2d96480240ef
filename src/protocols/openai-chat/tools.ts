/**
 * Tools and the choice among them ↔ hub (https://platform.openai.com/docs/api-reference/chat/create: `tools`,
 * `tool_choice`, `web_search_options`, and the older `functions`, `function_call`).
 */
import { CUSTOM_SCHEMA } from '../../hub/custom.ts'
import { FailureError, failure } from '../../hub/failure.ts'
import type { Loss } from '../../hub/loss.ts'
import type { ChatRequest, CustomTool, FunctionTool, SearchTool, Tool, ToolChoice } from '../../hub/request.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { strictness } from './controls.ts'
import { cacheControl, cacheOf } from './parts.ts'
import { type Form, ownRest, restOf } from './rest.ts'

const TOOL = new Set(['type', 'function', 'cache_control'])
const FUNCTION = new Set(['name', 'description', 'parameters', 'strict'])
const CUSTOM = new Set(['name', 'description', 'format'])
const SEARCH = new Set(['user_location'])
/** Separates a namespace from its tool where there are no namespaces. */
const NAMESPACE = '__'

const str = (value: unknown): string => (typeof value === 'string' ? value : '')

function refuse(param: string, problem: string): never {
  throw new FailureError(failure('invalid-request', `${param} ${problem}`, { param }))
}

/** All tools of a body, wherever it says them; undefined when it has none. */
export function decodeTools(body: Json, form: Form): Tool[] | undefined {
  const tools: Tool[] = []
  for (const [name, decode] of [
    ['tools', decodeTool],
    ['functions', decodeLegacy],
  ] as const) {
    const list = body[name]
    if (list === undefined || list === null) continue
    if (!Array.isArray(list)) refuse(name, 'must be an array')
    list.forEach((raw, i) => {
      const wire = asObject(raw)
      if (wire === undefined) refuse(`${name}[${i}]`, 'must be an object')
      tools.push(decode(wire, `${name}[${i}]`, form))
    })
  }
  const search = asObject(body['web_search_options'])
  if (search !== undefined) tools.push(decodeSearch(search))
  return tools.length > 0 ? tools : undefined
}

function decodeTool(wire: Json, path: string, form: Form): Tool {
  const f = asObject(wire['function'])
  // Some clients leave the type away.
  if (f !== undefined && (wire['type'] ?? 'function') === 'function')
    return decodeFunction(f, `${path}.function`, { ...cacheOf(wire, form) }, restMembers(wire, TOOL))
  const custom = asObject(wire['custom'])
  if (wire['type'] === 'custom' && custom !== undefined) {
    form.add('custom')
    return decodeCustom(custom, path)
  }
  if (wire['type'] === 'function') refuse(`${path}.function`, 'is missing')
  return { type: 'native', protocol: 'openai-chat', value: wire }
}

function decodeLegacy(wire: Json, path: string, form: Form): Tool {
  form.add('functions')
  return decodeFunction(wire, path, {}, {})
}

function decodeFunction(f: Json, path: string, cache: object, outer: Json): FunctionTool {
  const name = str(f['name'])
  if (name === '') refuse(`${path}.name`, 'is missing')
  const inner = restMembers(f, FUNCTION)
  return {
    type: 'function',
    name,
    ...(typeof f['description'] === 'string' && { description: f['description'] }),
    ...(f['parameters'] !== undefined && f['parameters'] !== null && { schema: f['parameters'] }),
    ...(typeof f['strict'] === 'boolean' && { strict: f['strict'] }),
    ...cache,
    ...restOf(outer, new Set(), Object.keys(inner).length > 0 ? { function: inner } : {}),
  }
}

function restMembers(wire: Json, known: ReadonlySet<string>): Json {
  return Object.fromEntries(Object.entries(wire).filter(([name, value]) => !known.has(name) && value !== null))
}

function decodeCustom(custom: Json, path: string): CustomTool {
  const name = str(custom['name'])
  if (name === '') refuse(`${path}.custom.name`, 'is missing')
  const format = asObject(custom['format'])
  const grammar = asObject(format?.['grammar'])
  return {
    type: 'custom',
    name,
    ...(typeof custom['description'] === 'string' && { description: custom['description'] }),
    // The hub has the flat form of the Responses dialect.
    ...(format !== undefined && { format: grammar === undefined ? format : { type: 'grammar', ...grammar } }),
    ...restOf(custom, CUSTOM),
  }
}

function decodeSearch(options: Json): SearchTool {
  const place = asObject(asObject(options['user_location'])?.['approximate'])
  const location = Object.fromEntries(
    Object.entries(place ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
  return {
    type: 'web-search',
    ...(place !== undefined && { location }),
    ...restOf(options, SEARCH),
  }
}

/** `tool_choice`, or the older `function_call`. */
export function decodeChoice(body: Json): ToolChoice | undefined {
  const choice = body['tool_choice'] ?? body['function_call']
  if (choice === undefined || choice === null) return undefined
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { mode: choice }
  // Mistral's and Anthropic's word for it.
  if (choice === 'any') return { mode: 'required' }
  const object = asObject(choice)
  if (object === undefined) return refuse('tool_choice', `has the unknown value ${JSON.stringify(choice)}`)
  const custom = asObject(object['custom'])
  if (object['type'] === 'custom' && custom !== undefined)
    return { mode: 'tool', name: str(custom['name']), custom: true }
  if (object['type'] === 'allowed_tools') {
    const allowed = asObject(object['allowed_tools']) ?? object
    const names = asArray(allowed['tools']).flatMap((tool) => {
      const t = asObject(tool)
      const name = str((asObject(t?.['function']) ?? asObject(t?.['custom']) ?? t)?.['name'])
      return name === '' ? [] : [name]
    })
    return { mode: 'allowed', names, ...(allowed['mode'] === 'required' && { required: true as const }) }
  }
  const name = str((asObject(object['function']) ?? object)['name'])
  if (name === '') return refuse('tool_choice.function.name', 'is missing')
  return { mode: 'tool', name }
}

/**
 * `tools`, `tool_choice`, `parallel_tool_calls` and `web_search_options`. An empty list is left out, and with it the
 * choice: OpenAI refuses a choice without tools, and some compatible servers an empty list.
 */
export function encodeTools(request: ChatRequest, form: ReadonlySet<string>, losses: Loss[]): Json {
  const all = (request.tools ?? []).flatMap((tool, i) => encodeTool(tool, i, form, losses))
  const choice = request.toolChoice
  const allowed = choice?.mode === 'allowed' && !form.has('allowed_tools') ? new Set(choice.names) : undefined
  // Compatible servers do not know `allowed_tools`; to offer only those comes to the same.
  const tools = allowed === undefined ? all : all.filter((tool) => allowed.has(nameOf(tool)))
  const search = request.tools?.find((tool) => tool.type === 'web-search')
  const options = search === undefined ? {} : { web_search_options: encodeSearch(search, losses) }
  if (tools.length === 0) {
    if (choice !== undefined && choice.mode !== 'none' && choice.mode !== 'auto')
      losses.push({ field: 'tool_choice', reason: 'there is no such tool here' })
    return options
  }
  return {
    tools,
    ...(choice !== undefined && encodeChoice(choice, form, losses)),
    ...(request.parallelToolCalls !== undefined && { parallel_tool_calls: request.parallelToolCalls }),
    ...options,
  }
}

function nameOf(tool: Json): string {
  return str((asObject(tool['function']) ?? asObject(tool['custom']))?.['name'])
}

function encodeTool(tool: Tool, index: number, form: ReadonlySet<string>, losses: Loss[]): Json[] {
  switch (tool.type) {
    case 'function':
      return [encodeFunction(tool, tool.name, index, form, losses)]
    case 'custom':
      return [encodeCustom(tool, tool.name, index, form, losses)]
    case 'namespace':
      return tool.tools.map((inner) => {
        const name = `${tool.name}${NAMESPACE}${inner.name}`
        return inner.type === 'function'
          ? encodeFunction(inner, name, index, form, losses)
          : encodeCustom(inner, name, index, form, losses)
      })
    case 'native':
      return tool.protocol === 'openai-chat' ? [tool.value as Json] : []
    case 'web-search':
      return []
  }
}

function encodeFunction(
  tool: FunctionTool,
  name: string,
  index: number,
  form: ReadonlySet<string>,
  losses: Loss[],
): Json {
  const { function: inner, ...outer } = ownRest(tool)
  return {
    type: 'function',
    function: {
      name,
      ...(tool.description !== undefined && { description: tool.description }),
      ...(tool.schema !== undefined && { parameters: tool.schema }),
      ...strictness(tool.strict, tool.schema, `tools.${index}.strict`, losses),
      ...asObject(inner),
    },
    ...cacheControl(tool.cache, form),
    ...outer,
  }
}

/** Only OpenAI itself has custom tools in this dialect: without a client that used one, it becomes a function. */
function encodeCustom(tool: CustomTool, name: string, index: number, form: ReadonlySet<string>, losses: Loss[]): Json {
  const description = tool.description === undefined ? {} : { description: tool.description }
  if (!form.has('custom')) {
    if (asObject(tool.format)?.['type'] === 'grammar')
      losses.push({ field: `tools.${index}.format`, reason: 'functions have no grammar' })
    return { type: 'function', function: { name, ...description, parameters: CUSTOM_SCHEMA } }
  }
  const { type, ...grammar } = asObject(tool.format) ?? {}
  const format = type === 'grammar' ? { type, grammar } : tool.format
  return {
    type: 'custom',
    custom: { name, ...description, ...(format !== undefined && { format }), ...ownRest(tool) },
  }
}

function encodeSearch(tool: SearchTool, losses: Loss[]): Json {
  for (const [field, value] of [
    ['max_uses', tool.maxUses],
    ['allowed_domains', tool.allowedDomains],
    ['blocked_domains', tool.blockedDomains],
  ] as const)
    if (value !== undefined)
      losses.push({ field: `web_search.${field}`, reason: 'web_search_options has no such limit' })
  return {
    ...ownRest(tool),
    ...(tool.location !== undefined && { user_location: { type: 'approximate', approximate: tool.location } }),
  }
}

function encodeChoice(choice: ToolChoice, form: ReadonlySet<string>, losses: Loss[]): Json {
  switch (choice.mode) {
    case 'auto':
    case 'none':
    case 'required':
      return { tool_choice: choice.mode }
    case 'tool':
      return {
        tool_choice:
          choice.custom && form.has('custom')
            ? { type: 'custom', custom: { name: choice.name } }
            : { type: 'function', function: { name: choice.name } },
      }
    case 'allowed': {
      const mode = choice.required ? 'required' : 'auto'
      if (!form.has('allowed_tools')) return { tool_choice: mode }
      const tools = choice.names.map((name) => ({ type: 'function', function: { name } }))
      return { tool_choice: { type: 'allowed_tools', allowed_tools: { mode, tools } } }
    }
    case 'web-search':
      losses.push({ field: 'tool_choice', reason: 'a search cannot be forced here' })
      return {}
  }
}
