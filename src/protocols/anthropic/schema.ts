/** What the Messages API takes of JSON Schema (https://docs.claude.com/en/docs/build-with-claude/structured-outputs). */
import type { Json } from '../json.ts'
import { isObject, isObjects, isString, isStrings } from './take.ts'

const COMBINERS = ['anyOf', 'oneOf', 'allOf'] as const

/** A tool's schema: an object at the top, without alternatives there. Alternatives are laid over each other. */
export function inputSchema(schema: unknown): Json {
  if (!isObject(schema)) return { type: 'object', properties: {} }
  if (schema['type'] === 'object' && !COMBINERS.some((key) => key in schema)) return schema
  const target = isString(schema['$ref']) ? resolve(schema, schema['$ref']) : undefined
  if (target !== undefined) {
    const { $ref: _, ...rest } = schema
    return inputSchema({ ...target, ...rest })
  }
  const { anyOf, oneOf, allOf, type: _, ...rest } = schema
  const one = branches(anyOf ?? oneOf).map((branch) => inputSchema(deref(schema, branch)))
  const all = branches(allOf).map((branch) => inputSchema(deref(schema, branch)))
  if (one.length + all.length === 0) return { type: 'object', ...rest }
  const properties: Json = {}
  for (const branch of [rest, ...all, ...one]) {
    if (!isObject(branch['properties'])) continue
    for (const [name, value] of Object.entries(branch['properties'])) properties[name] ??= value
  }
  const needed = new Set([rest, ...all].flatMap(required))
  for (const name of one[0] === undefined ? [] : required(one[0])) {
    if (one.every((branch) => required(branch).includes(name))) needed.add(name)
  }
  const { required: __, ...plain } = rest
  return { type: 'object', ...plain, properties, ...(needed.size > 0 && { required: [...needed] }) }
}

/** Whether `inputSchema` has to change what a schema takes. */
export function isReshaped(schema: unknown): boolean {
  if (!isObject(schema)) return schema !== undefined
  return COMBINERS.some((key) => key in schema) || (schema['type'] !== undefined && schema['type'] !== 'object')
}

function branches(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function required(schema: Json): string[] {
  return isStrings(schema['required']) ? schema['required'] : []
}

function deref(root: Json, schema: Json): Json {
  return (isString(schema['$ref']) ? resolve(root, schema['$ref']) : undefined) ?? schema
}

/** A local reference; undefined when it leads nowhere or to another reference. */
function resolve(root: Json, ref: string): Json | undefined {
  if (!ref.startsWith('#/')) return undefined
  let node: unknown = root
  for (const key of ref.slice(2).split('/')) {
    node = isObject(node) ? node[key.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  }
  return isObject(node) && node !== root && !isString(node['$ref']) ? node : undefined
}

/** Keywords the constrained decoder knows; `properties` and the like are walked into. */
const KNOWN = new Set(['type', 'title', 'description', 'enum', 'const', '$ref', 'required'])
const MAPS = new Set(['properties', '$defs', 'definitions'])
const LISTS = new Set(['anyOf', 'allOf'])
const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])

/**
 * A schema the constrained decoder takes: every object closed, and what it does not know told in the description, as the
 * vendor's own SDK does (`lib/transform-json-schema`). A schema that is legal already comes back equal.
 */
export function outputSchema(schema: Json): Json {
  const out: Json = {}
  const told: string[] = []
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$schema') continue
    if (MAPS.has(key) && isObject(value)) out[key] = mapped(value)
    else if (key === 'oneOf' && isObjects(value)) out['anyOf'] = value.map(outputSchema)
    else if (LISTS.has(key) && isObjects(value)) out[key] = value.map(outputSchema)
    else if (key === 'items' && isObject(value)) out[key] = outputSchema(value)
    else if (KNOWN.has(key) || (key === 'format' && FORMATS.has(String(value)))) out[key] = value
    else if (key === 'additionalProperties' && value === false) out[key] = value
    else if (key === 'minItems' && (value === 0 || value === 1)) out[key] = value
    else told.push(`${key}: ${JSON.stringify(value)}`)
  }
  if (isObjectSchema(schema) && out['additionalProperties'] !== false) out['additionalProperties'] = false
  if (told.length > 0) {
    const before = isString(out['description']) ? `${out['description']}\n\n` : ''
    out['description'] = `${before}{${told.join(', ')}}`
  }
  return out
}

function mapped(map: Json): Json {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name, isObject(value) ? outputSchema(value) : value]),
  )
}

function isObjectSchema(schema: Json): boolean {
  const type = schema['type']
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || isObject(schema['properties'])
}

/** Whether strict mode takes the schema as it is. */
export function isGrammar(schema: Json): boolean {
  const { $schema: _, ...rest } = schema
  return JSON.stringify(outputSchema(rest)) === JSON.stringify(rest)
}
