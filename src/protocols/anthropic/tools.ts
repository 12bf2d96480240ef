/** Tools and the choice among them (https://docs.claude.com/en/docs/agents-and-tools/tool-use/implement-tool-use). */
import type {
  CacheMark,
  ChatRequest,
  CustomTool,
  FunctionTool,
  SearchTool,
  Tool,
  ToolChoice,
} from '../../hub/request.ts'
import type { Json } from '../json.ts'
import { takeCache, WEB_SEARCH } from './blocks-decode.ts'
import { inputSchema, isGrammar, isReshaped } from './schema.ts'
import { isBoolean, isObject, isString, isStrings, type Losses, own, type Taker, taker } from './take.ts'

const SEARCH_TYPE = 'web_search_20250305'

/** One tool of the wire. Typed client tools (`bash_*`, `computer_*`) have no schema and mean nothing elsewhere. */
export function decodeTool(wire: Json): Tool {
  const type = wire['type']
  if (isString(type) && type.startsWith('web_search_')) return searchTool(taker(wire))
  const t = taker(wire)
  const name = t.take('name', isString)
  if (name === undefined || (isString(type) && type !== 'custom')) {
    return { type: 'native', protocol: 'anthropic', value: wire }
  }
  delete t.rest['type']
  const description = t.take('description', isString)
  const schema = t.take('input_schema', isObject)
  const strict = t.take('strict', isBoolean)
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    ...(schema !== undefined && { schema }),
    ...(strict !== undefined && { strict }),
    ...takeCache(t),
    ...t.extras(),
  }
}

function searchTool(t: Taker): SearchTool {
  if (t.rest['type'] === SEARCH_TYPE) delete t.rest['type']
  if (t.rest['name'] === WEB_SEARCH) delete t.rest['name']
  const maxUses = t.number('max_uses')
  const allowedDomains = t.take('allowed_domains', isStrings)
  const blockedDomains = t.take('blocked_domains', isStrings)
  const location = t.take('user_location', isLocation)
  return {
    type: 'web-search',
    ...(maxUses !== undefined && { maxUses }),
    ...(allowedDomains !== undefined && { allowedDomains }),
    ...(blockedDomains !== undefined && { blockedDomains }),
    ...(location !== undefined && { location: placeOf(location) }),
    ...t.extras(),
  }
}

function isLocation(value: unknown): value is Record<string, string | null> {
  return (
    isObject(value) && value['type'] === 'approximate' && Object.values(value).every((v) => v === null || isString(v))
  )
}

function placeOf(location: Record<string, string | null>): Record<string, string> {
  const place: Record<string, string> = {}
  for (const [key, value] of Object.entries(location)) if (key !== 'type' && value !== null) place[key] = value
  return place
}

/** The tools of a request. Namespaces are flattened, free-text tools take one string. */
export function encodeTools(request: ChatRequest, losses: Losses): Json[] {
  const home = own(request) !== undefined
  const only = request.toolChoice?.mode === 'allowed' ? new Set(request.toolChoice.names) : undefined
  const wire: Json[] = []
  for (const [i, tool] of (request.tools ?? []).entries()) {
    if (tool.type === 'namespace') {
      for (const inner of tool.tools) {
        const description = [tool.description, inner.description].filter(Boolean).join('\n\n')
        const flat = { ...inner, name: `${tool.name}__${inner.name}`, ...(description !== '' && { description }) }
        wire.push(encodeTool(flat, home, `tools.${i}`, losses))
      }
    } else if (tool.type === 'web-search') wire.push(encodeSearchTool(tool, `tools.${i}`, losses))
    else if (tool.type !== 'native') wire.push(encodeTool(tool, home, `tools.${i}`, losses))
    else if (tool.protocol === 'anthropic') wire.push(tool.value as Json)
  }
  const wanted = only === undefined ? wire : wire.filter((tool) => only.has(String(tool['name'])))
  return home ? wanted : distinct(wanted, losses)
}

/** The API wants every name once; a function may have taken that of the hosted search. */
function distinct(tools: Json[], losses: Losses): Json[] {
  const functions = new Set(tools.filter((tool) => tool['type'] === undefined).map((tool) => tool['name']))
  const seen = new Set<unknown>()
  return tools.filter((tool) => {
    const { name, type } = tool
    const taken = seen.has(name) || (type !== undefined && functions.has(name))
    if (taken) losses.add(`tools.${name}`, 'two tools of one name')
    else seen.add(name)
    return !taken
  })
}

function encodeTool(tool: FunctionTool | CustomTool, home: boolean, path: string, losses: Losses): Json {
  if (tool.type === 'custom') return encodeCustom(tool)
  const schema = inputSchema(tool.schema)
  if (isReshaped(tool.schema)) losses.add(`${path}.schema`, 'input is an object, without alternatives at the top')
  // The vendor's own client knows what its strict mode takes.
  const loose = tool.strict === true && !home && !isGrammar(schema)
  if (loose) losses.add(`${path}.strict`, 'the schema uses what this strict mode does not know')
  return {
    ...own(tool),
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    input_schema: schema,
    ...(tool.strict !== undefined && !loose && { strict: tool.strict }),
    ...cacheControl(tool.cache),
  }
}

function encodeCustom(tool: CustomTool): Json {
  const format = isObject(tool.format) ? tool.format : undefined
  const grammar = isObject(format?.['grammar']) ? format['grammar'] : format
  const rule =
    grammar !== undefined && isString(grammar['definition'])
      ? `The input follows this ${isString(grammar['syntax']) ? `${grammar['syntax']} ` : ''}grammar:\n${grammar['definition']}`
      : undefined
  const description = [tool.description, rule].filter(Boolean).join('\n\n')
  return {
    name: tool.name,
    ...(description !== '' && { description }),
    input_schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
  }
}

function encodeSearchTool(tool: SearchTool, path: string, losses: Losses): Json {
  const both = tool.allowedDomains !== undefined && tool.blockedDomains !== undefined && own(tool) === undefined
  if (both && tool.blockedDomains!.length > 0)
    losses.add(`${path}.blocked_domains`, 'not together with allowed domains')
  return {
    type: SEARCH_TYPE,
    name: WEB_SEARCH,
    ...own(tool),
    ...(tool.maxUses !== undefined && { max_uses: tool.maxUses }),
    ...(tool.allowedDomains !== undefined && { allowed_domains: tool.allowedDomains }),
    ...(tool.blockedDomains !== undefined && !both && { blocked_domains: tool.blockedDomains }),
    ...(tool.location !== undefined && { user_location: { type: 'approximate', ...tool.location } }),
  }
}

export function cacheControl(cache: CacheMark | undefined): { cache_control?: Json } {
  if (cache === undefined) return {}
  return { cache_control: { type: 'ephemeral', ...(cache.ttl !== undefined && { ttl: cache.ttl }) } }
}

const MODES: Record<string, 'auto' | 'none' | 'required'> = { auto: 'auto', none: 'none', any: 'required' }

/** `tool_choice`, which also says whether calls may come in parallel. */
export function decodeChoice(t: Taker): Pick<ChatRequest, 'toolChoice' | 'parallelToolCalls'> {
  const wire = t.take('tool_choice', isObject)
  if (wire === undefined) return {}
  const c = taker(wire)
  const disable = c.take('disable_parallel_tool_use', isBoolean)
  const type = c.take('type', isString) ?? ''
  const name = c.take('name', isString)
  const mode = MODES[type]
  const choice: ToolChoice | undefined =
    mode !== undefined ? { mode } : type === 'tool' && name !== undefined ? { mode: 'tool', name } : undefined
  if (choice === undefined) {
    t.rest['tool_choice'] = wire
    return {}
  }
  if (Object.keys(c.rest).length > 0) t.rest['tool_choice'] = c.rest
  return { toolChoice: choice, ...(disable !== undefined && { parallelToolCalls: !disable }) }
}

/** The choice on the wire; undefined when there is nothing to say. */
export function encodeChoice(request: ChatRequest, tools: readonly Json[], losses: Losses): Json | undefined {
  const { toolChoice: choice, parallelToolCalls: parallel } = request
  if (choice === undefined && parallel !== false) return undefined
  if (tools.length === 0) {
    if (choice !== undefined && choice.mode !== 'auto' && choice.mode !== 'none') losses.add('tool_choice', 'no tools')
    return undefined
  }
  const wire = choiceOf(choice)
  if (wire['type'] === 'tool' && !tools.some((tool) => tool['name'] === wire['name'])) {
    losses.add('tool_choice', 'the tool it names is not there')
    return undefined
  }
  if (wire['type'] === 'none' || parallel === undefined) return wire
  return { ...wire, disable_parallel_tool_use: !parallel }
}

function choiceOf(choice: ToolChoice | undefined): Json {
  switch (choice?.mode) {
    case 'tool':
      return { type: 'tool', name: choice.name }
    case 'web-search':
      return { type: 'tool', name: WEB_SEARCH }
    case 'allowed':
      return { type: choice.required ? 'any' : 'auto' }
    case 'required':
      return { type: 'any' }
    case 'none':
      return { type: 'none' }
    default:
      return { type: 'auto' }
  }
}
