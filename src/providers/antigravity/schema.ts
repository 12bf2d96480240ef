/**
 * JSON Schema → the few keywords Antigravity takes for the parameters of tools and for answers (domain.md 3.10): built
 * from an allow-list, since every keyword it does not know is a 400. Only schemas come here, never arguments; names under
 * `properties` are the user's and are never taken for keywords.
 */
import { asObject, camel, type Json } from '../code-assist.ts'

/**
 * The member that stands in an object without any, where Claude's models demand one. It is taken out of the arguments
 * again on the way back; a name of its own, so that nobody's member is taken with it.
 */
export const PLACEHOLDER = 'logicaproxy_reason'

/** What is written into the description, since it has no keyword. */
const HINTS = [
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'patternProperties',
  'propertyNames',
  'not',
] as const

const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object'])

/** So deep a schema is unfolded; references go round in circles, and small schemas unfold into huge ones. */
const MAX_DEPTH = 32
const MAX_NODES = 5_000

interface Place {
  root: Json
  /** References being unfolded around here. */
  path: readonly string[]
  depth: number
  budget: { left: number }
  claude: boolean
}

/** Parameters of a tool. For Claude's models no object is left empty. Cleaning twice changes nothing. */
export function toolSchema(schema: unknown, claude: boolean): Json {
  const root = sloppy(asObject(schema) ?? {})
  const out = clean(root, { root, path: [], depth: 0, budget: { left: MAX_NODES }, claude })
  if (out['type'] === 'object') return out
  const { description } = out
  return object({ ...(description !== undefined && { description }) }, {}, [], claude)
}

/** The form an answer has to have. */
export function answerSchema(schema: unknown): Json {
  const root = asObject(schema) ?? {}
  return clean(root, { root, path: [], depth: 0, budget: { left: MAX_NODES }, claude: false })
}

const SAYS_SCHEMA = ['type', 'properties', '$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'required', '$schema', 'items']

/** Some servers give the map of the properties in place of a schema. */
function sloppy(root: Json): Json {
  const members = Object.entries(root)
  const bare = members.length > 0 && members.every(([name, value]) => !SAYS_SCHEMA.includes(name) && isSchema(value))
  return bare ? { type: 'object', properties: root } : root
}

function isSchema(value: unknown): boolean {
  const object = asObject(value)
  return object !== undefined && SAYS_SCHEMA.some((name) => name in object)
}

function clean(input: Json, place: Place): Json {
  const { schema, path, cut } = resolved(input, place)
  place.budget.left -= 1
  if (cut !== undefined || place.depth > MAX_DEPTH || place.budget.left < 0)
    return object(described(input['description'], cut === undefined ? [] : [cut]), {}, [], place.claude)
  const form = chosen(merged({ schema, path }, place), place)
  const inner: Place = { ...place, path: form.path, depth: place.depth + 1 }
  const source = renamed(form.schema)
  const { type, nullable } = typeOf(source)
  const hints: string[] = []
  for (const name of HINTS) if (source[name] !== undefined) hints.push(...hintOf(name, source[name]))
  const values = enumOf(source, type)
  const known = asArray(source['$also']).filter((word) => typeof word === 'string')
  if (known.length > 0) hints.push(`or: ${known.join(', ')}`)
  if (nullable && place.claude) hints.push('may be null')
  const out: Json = {
    ...(type !== undefined && { type }),
    ...described(source['description'], hints),
    ...(nullable && !place.claude && { nullable: true }),
    ...(values.length > 0 && { enum: values }),
  }
  if (type === 'array') out['items'] = clean(itemsOf(source), inner)
  if (type !== 'object') return out
  const { properties, required } = membersOf(source, inner)
  return object(out, properties, required, place.claude)
}

function object(out: Json, properties: Json, required: readonly string[], claude: boolean): Json {
  if (Object.keys(properties).length > 0)
    return { ...out, type: 'object', properties, ...(required.length > 0 && { required }) }
  if (!claude) return { ...out, type: 'object' }
  const placeholder = { type: 'string', description: 'Why, in a few words.' }
  return { ...out, type: 'object', properties: { [PLACEHOLDER]: placeholder }, required: [PLACEHOLDER] }
}

/** A schema and the references that were unfolded to come to it. */
interface Found {
  schema: Json
  path: readonly string[]
}

/** Follows local references. One that goes round in a circle, or nowhere, is cut. */
function resolved(input: Json, place: Place): Found & { cut?: string } {
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
    if (Array.isArray(at)) at = at[Number(name)]
    else {
      const here = asObject(at)
      at = here !== undefined && Object.hasOwn(here, name) ? here[name] : undefined
    }
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

/** `allOf` becomes one schema: members and requirements together, otherwise the first word stands. */
function merged({ schema, path }: Found, place: Place): Found {
  if (schema['allOf'] === undefined) return { schema, path }
  const { allOf, ...rest } = schema
  let out: Found = { schema: rest, path }
  for (const branch of asArray(allOf)) {
    const given = asObject(branch)
    if (given === undefined || !spend(place)) continue
    const found = resolved(given, { ...place, path: out.path })
    if (found.cut !== undefined) continue
    const flat = merged(found, { ...place, depth: place.depth + 1 })
    const properties = { ...asObject(flat.schema['properties']), ...asObject(out.schema['properties']) }
    const required = [...new Set([...asArray(out.schema['required']), ...asArray(flat.schema['required'])])]
    const both: Json = { ...flat.schema, ...out.schema }
    if (Object.keys(properties).length > 0) both['properties'] = properties
    if (required.length > 0) both['required'] = required
    out = { schema: both, path: flat.path }
  }
  return out
}

/** Whether there is still room to unfold. */
function spend({ budget, depth }: Place): boolean {
  budget.left -= 1
  return budget.left > 0 && depth <= MAX_DEPTH
}

const RANK: Record<string, number> = { object: 3, array: 2 }

/** Of `anyOf` and `oneOf` the strongest branch: object before array before the rest; the others become words. */
function chosen({ schema, path }: Found, place: Place): Found {
  if (!('anyOf' in schema || 'oneOf' in schema || 'any_of' in schema)) return { schema, path }
  const { anyOf, any_of, oneOf, ...rest } = schema
  const branches = [...asArray(anyOf), ...asArray(any_of), ...asArray(oneOf)].flatMap((branch) => {
    const given = asObject(branch)
    return given === undefined || !spend(place) ? [] : [branchOf(given, { ...place, path })]
  })
  if (branches.length === 0) return { schema: rest, path }
  const solid = branches.filter((branch) => !isNull(branch.schema))
  const values = choices(solid.map((branch) => branch.schema))
  const strongest = values === undefined ? solid.toSorted((a, b) => rank(b.schema) - rank(a.schema))[0] : undefined
  const { description, ...form } = values ?? strongest?.schema ?? {}
  const others = values === undefined ? solid.filter((branch) => branch !== strongest).map((b) => wordOf(b.schema)) : []
  const also = [...asArray(form['$also']), ...new Set(others)]
  return {
    schema: {
      ...form,
      ...rest,
      ...(rest['description'] === undefined && description !== undefined && { description }),
      ...(solid.length < branches.length && { nullable: true }),
      ...(also.length > 0 && { $also: also }),
    },
    path: strongest?.path ?? path,
  }
}

/** A branch with its own references, parts and branches looked up, or what stands for one that must be cut. */
function branchOf(given: Json, place: Place): Found {
  const found = resolved(given, place)
  if (found.cut !== undefined)
    return { schema: { type: 'object', ...described(given['description'], [found.cut]) }, path: place.path }
  const inner = { ...place, depth: place.depth + 1 }
  return chosen(merged(found, inner), inner)
}

function isNull(branch: Json): boolean {
  const { type } = branch
  return (typeof type === 'string' && type.toLowerCase() === 'null') || branch['const'] === null
}

/** A branch that is nothing but values. */
function isChoice(branch: Json): boolean {
  return Array.isArray(branch['enum']) || 'const' in branch
}

/** Many branches of values are one list of them. */
function choices(branches: readonly Json[]): Json | undefined {
  if (branches.length < 2 || !branches.every(isChoice)) return undefined
  const values = branches.flatMap((branch) => ('const' in branch ? [branch['const']] : asArray(branch['enum'])))
  const types = new Set(branches.map((branch) => typeOf(branch).type))
  return { type: types.size === 1 ? [...types][0] : 'string', enum: values }
}

function rank(branch: Json): number {
  return RANK[typeOf(branch).type ?? ''] ?? 1
}

function wordOf(branch: Json): string {
  const { type } = typeOf(branch)
  if (type === 'object') {
    const names = Object.keys(asObject(branch['properties']) ?? {})
    return names.length > 0 ? `object with ${names.join(' and ')}` : 'object'
  }
  const values = Array.isArray(branch['enum']) ? branch['enum'] : 'const' in branch ? [branch['const']] : []
  return values.length > 0 ? values.map((value) => JSON.stringify(value)).join(', ') : (type ?? 'any value')
}

/** Keywords in the spelling of JSON Schema, whichever the client used; `$…` keep theirs. */
function renamed(schema: Json): Json {
  if (!Object.keys(schema).some((name) => name.includes('_'))) return schema
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [camel(name), value]))
}

/** Of many types the first that is not null. */
function typeOf(source: Json): { type?: string; nullable: boolean } {
  const { type } = source
  const words = asArray(Array.isArray(type) ? type : [type]).filter((name) => typeof name === 'string')
  const names = words.map((name) => name.toLowerCase())
  const solid = names.find((name) => TYPES.has(name)) ?? implied(source)
  const nullable = source['nullable'] === true || names.includes('null') || asArray(source['enum']).includes(null)
  return { ...(solid !== undefined && { type: solid }), nullable }
}

/** Sloppy servers leave the type out. */
function implied(source: Json): string | undefined {
  if (asObject(source['properties']) !== undefined) return 'object'
  if (source['items'] !== undefined || source['prefixItems'] !== undefined) return 'array'
  const value = Array.isArray(source['enum']) ? source['enum'].find((one) => one !== null) : source['const']
  if (value === undefined || value === null) return undefined
  return typeof value === 'number' || typeof value === 'boolean' ? typeof value : 'string'
}

/** Values are strings whatever the type; a choice of booleans says nothing. */
function enumOf(source: Json, type: string | undefined): string[] {
  const values = Array.isArray(source['enum']) ? source['enum'] : 'const' in source ? [source['const']] : []
  if (type === 'boolean' || type === 'array' || type === 'object') return []
  const texts = values
    .filter((value) => value !== null && typeof value !== 'boolean')
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  return [...new Set(texts)].filter((text) => text !== '')
}

function itemsOf(source: Json): Json {
  const items = asObject(source['items'])
  if (items !== undefined) return items
  const tuple = Array.isArray(source['items']) ? source['items'] : asArray(source['prefixItems'])
  return tuple.length > 0 ? { anyOf: tuple } : { type: 'string' }
}

function membersOf(source: Json, inner: Place): { properties: Json; required: string[] } {
  const properties: Json = {}
  const demanded: unknown[] = [...asArray(source['required'])]
  const free = new Set<string>()
  for (const [name, value] of Object.entries(asObject(source['properties']) ?? {})) {
    if (value === false) continue
    const property = asObject(value) ?? { type: 'string' }
    const cleaned = clean(property, inner)
    // A property may be called `__proto__`.
    Object.defineProperty(properties, name, { value: cleaned, enumerable: true, writable: true, configurable: true })
    // Draft 3, and sloppy servers: the property itself says that it is required.
    if (property['required'] === true) demanded.push(name)
    if (inner.claude && typeOf(property).nullable) free.add(name)
  }
  const required = [...new Set(demanded)].filter(
    (name): name is string => typeof name === 'string' && Object.hasOwn(properties, name) && !free.has(name),
  )
  return { properties, required }
}

function hintOf(name: string, value: unknown): string[] {
  if (value === undefined || value === null || value === false) return []
  if (value === true) return [name]
  return [`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`]
}

function described(description: unknown, hints: readonly string[]): { description?: string } {
  const words = typeof description === 'string' ? description : ''
  const fresh = hints.filter((hint) => !words.includes(hint))
  const text = [words, fresh.length > 0 ? `(${fresh.join('; ')})` : ''].filter((part) => part !== '').join(' ')
  return text === '' ? {} : { description: text }
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
