/**
 * JSON Schema ↔ Gemini's `Schema`, an OpenAPI 3.0 subset (https://ai.google.dev/api/caching#Schema). Unknown keywords are
 * a 400, and new clients keep bringing new ones, so what is written is built from an allow-list. Only schemas come here,
 * never arguments; names under `properties` are the user's and are never taken for keywords.
 */
import type { Json } from '../codec.ts'
import { asArray, asObject } from '../json.ts'
import { camel } from './fields.ts'

/** Keywords of `Schema` whose value is copied if it has the right form. */
const PLAIN: Record<string, 'string' | 'count' | 'number' | 'boolean' | 'strings' | 'any'> = {
  title: 'string',
  description: 'string',
  format: 'string',
  pattern: 'string',
  nullable: 'boolean',
  minItems: 'count',
  maxItems: 'count',
  minProperties: 'count',
  maxProperties: 'count',
  minLength: 'count',
  maxLength: 'count',
  minimum: 'number',
  maximum: 'number',
  example: 'any',
  default: 'any',
}

/** Everything a cleaned schema may hold. */
export const ALLOWED_KEYWORDS: ReadonlySet<string> = new Set([
  ...Object.keys(PLAIN),
  'type',
  'enum',
  'items',
  'properties',
  'propertyOrdering',
  'required',
  'anyOf',
])

const TYPES = new Set(['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL'])

/** Formats each type may have; another format is a 400 and becomes words. */
const FORMATS: Record<string, ReadonlySet<string>> = {
  STRING: new Set(['enum', 'date-time']),
  NUMBER: new Set(['float', 'double']),
  INTEGER: new Set(['int32', 'int64']),
}

/** Keywords without a home whose meaning is worth a line in the description. */
const HINTS = [
  'const',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'uniqueItems',
  'patternProperties',
  'propertyNames',
  'not',
] as const

/** So deep a schema is unfolded; recursive ones are cut at their first repetition already. */
const MAX_DEPTH = 32
const MAX_NODES = 5_000

/** A schema inside Gemini's subset. Cleaning twice changes nothing. */
export function toSubset(schema: unknown): Json {
  const root = asObject(schema) ?? {}
  return clean(root, { root, path: [], depth: 0, budget: { left: MAX_NODES } })
}

interface Place {
  root: Json
  /** References being unfolded around here. */
  path: readonly string[]
  depth: number
  /** References unfold into copies; a small schema can so become a huge one. */
  budget: { left: number }
}

function clean(input: Json, place: Place): Json {
  const { schema, path, cut } = resolved(input, place)
  if (cut !== undefined) return noted({ type: 'OBJECT' }, input['description'], [cut])
  place.budget.left -= 1
  if (place.depth > MAX_DEPTH || place.budget.left < 0) return { type: 'OBJECT' }
  const whole = mergedAll(schema, { ...place, path })
  const inner: Place = { ...place, path: whole.path, depth: place.depth + 1 }
  const source: Json = {}
  for (const [key, value] of Object.entries(whole.schema)) source[camel(key)] = value

  const hints: string[] = []
  const out: Json = {}
  const { type, nullable, alternatives } = typeOf(source)
  if (type !== undefined) out['type'] = type
  if (nullable) out['nullable'] = true

  for (const [key, value] of Object.entries(source)) {
    const form = PLAIN[key]
    if (form === undefined || key === 'nullable' || key === 'description') continue
    if (key === 'format') {
      if (typeof value !== 'string') continue
      const allowed = FORMATS[type ?? '']
      if (allowed?.has(value)) out['format'] = value
      else hints.push(`format: ${value}`)
      continue
    }
    if (fits(value, form)) out[key] = value
  }

  // A schema of many types says what belongs to each in its alternative.
  if (alternatives.length === 0) {
    enumeration(source, out, hints)
    arrays(source, out, inner)
    members(source, out, inner, hints)
  }
  const branches = [...unionOf(source), ...alternatives]
  if (branches.length > 0) union(branches, out, inner)

  for (const key of HINTS) {
    const value = source[key]
    if (value === undefined || value === true || (key === 'const' && out['enum'] !== undefined)) continue
    hints.push(`${key}: ${JSON.stringify(value)}`)
  }
  return noted(out, source['description'], hints)
}

/** Follows local references. A reference that goes round in a circle, or nowhere, is cut. */
function resolved(input: Json, place: Place): { schema: Json; path: readonly string[]; cut?: string } {
  let schema = input
  let path = place.path
  while (typeof schema['$ref'] === 'string') {
    const ref = schema['$ref']
    const name = ref.split('/').at(-1) ?? ref
    if (path.includes(ref)) return { schema, path, cut: `recursive: ${name}` }
    const target = pointed(place.root, ref)
    if (target === undefined) return { schema, path, cut: `see ${name}` }
    path = [...path, ref]
    const { $ref: _, ...beside } = schema
    schema = { ...target, ...beside }
  }
  return { schema, path }
}

function pointed(root: Json, ref: string): Json | undefined {
  if (!ref.startsWith('#')) return undefined
  let at: unknown = root
  for (const step of ref.slice(1).split('/').filter(Boolean)) {
    const name = unescaped(step)
    at = Array.isArray(at) ? at[Number(name)] : asObject(at)?.[name]
  }
  return asObject(at)
}

function unescaped(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return step
  }
}

/** `allOf` becomes one schema: properties and requirements together, otherwise the first word stands. */
function mergedAll(schema: Json, place: Place): { schema: Json; path: readonly string[] } {
  const { allOf, ...rest } = schema
  let out: Json = rest
  let { path } = place
  for (const branch of asArray(allOf)) {
    const object = asObject(branch)
    if (object === undefined || place.depth > MAX_DEPTH) continue
    const found = resolved(object, { ...place, path })
    if (found.cut !== undefined) continue
    const flat = mergedAll(found.schema, { ...place, path: found.path, depth: place.depth + 1 })
    path = flat.path
    const properties = { ...asObject(flat.schema['properties']), ...asObject(out['properties']) }
    const required = [...new Set([...asArray(out['required']), ...asArray(flat.schema['required'])])]
    out = { ...flat.schema, ...out }
    if (Object.keys(properties).length > 0) out['properties'] = properties
    if (required.length > 0) out['required'] = required
  }
  return { schema: out, path }
}

function typeOf(source: Json): { type?: string; nullable: boolean; alternatives: Json[] } {
  const raw = source['type']
  const names = (Array.isArray(raw) ? raw : [raw])
    .filter((name): name is string => typeof name === 'string')
    .map((name) => name.toUpperCase())
    .filter((name) => TYPES.has(name))
  const solid = names.filter((name) => name !== 'NULL')
  const nullable = source['nullable'] === true || (solid.length > 0 && names.includes('NULL'))
  if (solid.length > 1)
    return {
      nullable,
      alternatives: solid.map((name) => ({ ...subjectTo(source, name), type: name })),
    }
  const type = solid[0] ?? (names.length > 0 ? 'NULL' : implied(source))
  return { ...(type !== undefined && { type }), nullable, alternatives: [] }
}

/** What of a many-typed schema belongs to one of its types. */
function subjectTo(source: Json, type: string): Json {
  const keys = type === 'OBJECT' ? ['properties', 'required'] : type === 'ARRAY' ? ['items'] : []
  return Object.fromEntries(keys.filter((key) => key in source).map((key) => [key, source[key]]))
}

/** Sloppy servers leave the type out. */
function implied(source: Json): string | undefined {
  if (asObject(source['properties']) !== undefined) return 'OBJECT'
  if (source['items'] !== undefined || source['prefixItems'] !== undefined) return 'ARRAY'
  if (Array.isArray(source['enum'])) return 'STRING'
  if (typeof source['const'] === 'string') return 'STRING'
  return undefined
}

function fits(value: unknown, form: (typeof PLAIN)[string]): boolean {
  switch (form) {
    case 'string':
      return typeof value === 'string'
    case 'boolean':
      return typeof value === 'boolean'
    case 'count':
      return typeof value === 'number' ? Number.isInteger(value) && value >= 0 : isDigits(value)
    case 'number':
      return typeof value === 'number' || isDigits(value)
    case 'strings':
      return Array.isArray(value)
    case 'any':
      return value !== undefined
  }
}

function isDigits(value: unknown): boolean {
  return typeof value === 'string' && /^\d+$/.test(value)
}

/** Values are strings, and only strings have them; elsewhere they become words. */
function enumeration(source: Json, out: Json, hints: string[]): void {
  const values = Array.isArray(source['enum'])
    ? source['enum']
    : source['const'] !== undefined && (typeof source['const'] === 'string' || out['type'] === 'STRING')
      ? [source['const']]
      : undefined
  if (values === undefined) return
  if (values.includes(null)) out['nullable'] = true
  const solid = values.filter((value) => value !== null)
  if (out['type'] === 'STRING') {
    const names = [...new Set(solid.map((v) => (typeof v === 'string' ? v : JSON.stringify(v))))].filter(Boolean)
    if (names.length > 0) out['enum'] = names
  } else if (solid.length > 0) hints.push(`one of ${JSON.stringify(solid)}`)
}

function arrays(source: Json, out: Json, inner: Place): void {
  if (out['type'] !== 'ARRAY') return
  // Without `items` an array is refused. A tuple becomes a list of any of its places.
  const items = asObject(source['items'])
  const tuple = Array.isArray(source['items']) ? source['items'] : asArray(source['prefixItems'])
  out['items'] = clean(items ?? (tuple.length > 0 ? { anyOf: tuple } : { type: 'STRING' }), inner)
}

function members(source: Json, out: Json, inner: Place, hints: string[]): void {
  const properties = asObject(source['properties'])
  if (properties === undefined || (out['type'] !== undefined && out['type'] !== 'OBJECT')) return
  const cleaned: Json = {}
  const demanded: string[] = []
  for (const [name, value] of Object.entries(properties)) {
    const property = asObject(value)
    // `true` allows anything, `false` nothing.
    if (property === undefined) {
      if (value === true) define(cleaned, name, {})
      continue
    }
    define(cleaned, name, clean(property, inner))
    // Draft 3, and sloppy servers: the property itself says that it is required.
    if (property['required'] === true) demanded.push(name)
  }
  if (Object.keys(cleaned).length > 0) out['properties'] = cleaned
  const required = [...new Set([...asArray(source['required']), ...demanded])].filter(
    (name): name is string => typeof name === 'string' && Object.hasOwn(cleaned, name),
  )
  if (required.length > 0) out['required'] = required
  const ordering = asArray(source['propertyOrdering']).filter(
    (name): name is string => typeof name === 'string' && Object.hasOwn(cleaned, name),
  )
  if (ordering.length > 0) out['propertyOrdering'] = ordering
  if (Object.keys(cleaned).length === 0 && asObject(source['additionalProperties']) !== undefined)
    hints.push(`values: ${JSON.stringify(source['additionalProperties'])}`)
}

/** A property may be called `__proto__`. */
function define(object: Json, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}

function unionOf(source: Json): Json[] {
  return [...asArray(source['anyOf']), ...asArray(source['oneOf'])].map(asObject).filter((b) => b !== undefined)
}

/** `anyOf`, with null taken out of it; a single branch is no choice and moves in. */
function union(branches: Json[], out: Json, inner: Place): void {
  const cleaned = branches.map((branch) => clean(branch, inner))
  const solid = cleaned.filter((branch) => branch['type'] !== 'NULL')
  if (solid.length < cleaned.length) out['nullable'] = true
  if (solid.length === 0) {
    out['type'] ??= 'NULL'
    return
  }
  const only = solid.length === 1 ? solid[0]! : undefined
  if (only !== undefined && (out['type'] === undefined || Object.keys(only).every((key) => SAYS_LITTLE.has(key)))) {
    for (const [key, value] of Object.entries(only)) out[key] ??= value
    return
  }
  out['anyOf'] = solid
}

/** What a branch may say without narrowing the type around it. */
const SAYS_LITTLE: ReadonlySet<string> = new Set(['title', 'description', 'nullable'])

function noted(out: Json, description: unknown, hints: readonly string[]): Json {
  const own = description ?? out['description']
  const words = typeof own === 'string' ? own : ''
  const fresh = hints.filter((hint) => !words.includes(hint))
  const text = [words, fresh.length > 0 ? `(${fresh.join('; ')})` : ''].filter((t) => t !== '').join(' ')
  if (text !== '') out['description'] = text
  return out
}

/** Keywords that speak about the document and not about the value: the API knows them not, or needs them not. */
const DOCUMENT_KEYWORDS: ReadonlySet<string> = new Set(['$schema', '$id', 'id', '$comment', '$vocabulary', '$anchor'])

/** Keywords under which names are the user's. */
const NAMED: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions', 'patternProperties'])
/** Keywords whose value is data and no schema. */
const DATA: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'example', 'examples', 'required'])

/** A JSON Schema for `parametersJsonSchema` and `responseJsonSchema`, which take nearly everything: a light clean. */
export function toJsonForm(schema: unknown): unknown {
  return rewritten(schema, (object) => {
    const out: Json = {}
    for (const [key, value] of Object.entries(object)) {
      if (DOCUMENT_KEYWORDS.has(key) && (key !== 'id' || typeof value === 'string')) continue
      if (key.startsWith('x-')) continue
      out[key] = value
    }
    return out
  })
}

/** A `Schema` as JSON Schema: types in lower case, `nullable` as a type, field names as JSON Schema spells them. */
export function fromSubset(schema: unknown): unknown {
  return rewritten(schema, (object) => {
    const out: Json = {}
    for (const [key, value] of Object.entries(object)) {
      const name = key.startsWith('$') ? key : camel(key)
      if (name === 'type' && typeof value === 'string') out['type'] = value.toLowerCase()
      else if (name !== 'nullable') out[name] = value
    }
    if (object['nullable'] === true) {
      if (typeof out['type'] === 'string') out['type'] = [out['type'], 'null']
      else out['nullable'] = true
    } else if (object['nullable'] !== undefined) out['nullable'] = object['nullable']
    return out
  })
}

/** Types in lower case and nothing else changed: Gemini CLI writes JSON Schema with Gemini's type names. */
export function lowerTypes(schema: unknown): unknown {
  return rewritten(schema, (object) => {
    const type = object['type']
    return typeof type === 'string' && TYPES.has(type) ? { ...object, type: type.toLowerCase() } : object
  })
}

/** Deeper than any schema means to be: one that only wants to exhaust the stack. */
const MAX_REWRITTEN = 500

/** Applies `edit` to every schema in a schema, from the outside in; data and the user's names are left alone. */
function rewritten(schema: unknown, edit: (schema: Json) => Json, depth = 0): unknown {
  if (depth > MAX_REWRITTEN) return schema
  if (Array.isArray(schema)) return schema.map((item) => rewritten(item, edit, depth + 1))
  const object = asObject(schema)
  if (object === undefined) return schema
  const out: Json = {}
  for (const [key, value] of Object.entries(edit(object))) {
    if (DATA.has(key)) out[key] = value
    else if (NAMED.has(key) && asObject(value) !== undefined) {
      const named: Json = {}
      for (const [name, member] of Object.entries(value as Json))
        define(named, name, rewritten(member, edit, depth + 1))
      out[key] = named
    } else out[key] = typeof value === 'object' && value !== null ? rewritten(value, edit, depth + 1) : value
  }
  return out
}
