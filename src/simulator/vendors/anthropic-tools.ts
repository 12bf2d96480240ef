import type { Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import { arr, obj, openObject, str } from './util.ts'

const TOOL_FIELDS = new Set([
  'type',
  'name',
  'description',
  'input_schema',
  'cache_control',
  'strict',
  'defer_loading',
  'eager_input_streaming',
  'allowed_callers',
  'input_examples',
])

/** Tools and the choice among them. */
export function checkTools(body: Json): Problem | undefined {
  const names = new Set<string>()
  if (body['tools'] !== undefined && !Array.isArray(body['tools']))
    return invalid('tools: Input should be a valid list')
  for (const [i, raw] of arr(body['tools']).entries()) {
    const tool = obj(raw)
    if (!tool) return invalid(`tools.${i}: Input should be a valid dictionary`)
    const fault = checkTool(tool, i)
    if (fault) return fault
    const name = str(tool['name'])
    if (name && names.has(name)) return invalid('tools: Tool names must be unique.')
    names.add(name)
  }
  return checkChoice(body, names)
}

function checkTool(tool: Json, i: number): Problem | undefined {
  const type = tool['type'] ?? 'custom'
  if (type === 'function') {
    return invalid(
      `tools.${i}: Input tag 'function' found using 'type' does not match any of the expected tags: 'bash_20250124', 'custom', 'text_editor_20250124', 'text_editor_20250728', 'web_search_20250305'`,
    )
  }
  // Typed tools of the vendor bring their own schema.
  if (type !== 'custom') return undefined
  const extra = Object.keys(tool).find((k) => !TOOL_FIELDS.has(k))
  if (extra) return invalid(`tools.${i}.custom.${extra}: Extra inputs are not permitted`)
  if (tool['name'] === undefined) return invalid(`tools.${i}.custom.name: Field required`)
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(str(tool['name'])))
    return invalid(`tools.${i}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`)
  if (tool['description'] !== undefined && typeof tool['description'] !== 'string')
    return invalid(`tools.${i}.custom.description: Input should be a valid string`)
  const schema = tool['input_schema']
  if (schema === undefined) return invalid(`tools.${i}.custom.input_schema: Field required`)
  const s = obj(schema)
  if (!s) return invalid(`tools.${i}.custom.input_schema: Input should be a valid dictionary`)
  if (s['type'] === undefined) return invalid(`tools.${i}.custom.input_schema.type: Field required`)
  if (s['type'] !== 'object') return invalid(`tools.${i}.custom.input_schema.type: Input should be 'object'`)
  if (['anyOf', 'oneOf', 'allOf'].some((k) => k in s)) {
    return invalid(
      `tools.${i}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`,
    )
  }
  if (tool['strict'] === true && openObject(s))
    return invalid(`tools.${i}.custom: For 'object' type, 'additionalProperties' must be explicitly set to false`)
  return undefined
}

function checkChoice(body: Json, names: Set<string>): Problem | undefined {
  if (body['tool_choice'] === undefined) return undefined
  const choice = obj(body['tool_choice'])
  if (!choice) return invalid('tool_choice: Input should be a valid dictionary or object to extract fields from')
  const type = str(choice['type'])
  if (!['auto', 'any', 'tool', 'none'].includes(type)) {
    return invalid(
      `tool_choice: Input tag '${type}' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'`,
    )
  }
  const extra = Object.keys(choice).find(
    (k) =>
      ![
        'type',
        ...(type === 'none' ? [] : ['disable_parallel_tool_use']),
        ...(type === 'tool' ? ['name'] : []),
      ].includes(k),
  )
  if (extra) return invalid(`tool_choice.${type}.${extra}: Extra inputs are not permitted`)
  if (!names.size) return invalid('`tool_choice` may only be specified while providing `tools`.')
  if (type !== 'tool') return undefined
  if (choice['name'] === undefined) return invalid('tool_choice.tool.name: Field required')
  return names.has(str(choice['name'])) ? undefined : invalid(`Tool '${choice['name']}' not found in provided tools`)
}
