import type { Json } from './types.ts'

/** Where sampled strings and numbers come from: words and numbers of the prompt, in order. */
export interface Stock {
  places: string[]
  words: string[]
  numbers: number[]
  /** Which call of several this is; shifts the stock so that parallel calls differ. */
  turn: number
}

const STOP = new Set(
  'the a an and or of in on for to is are what how please use call tool tools with me my you i it'.split(' '),
)

/** Read a stock of words out of the prompt. */
export function stock(text: string, turn = 0): Stock {
  const short = text.slice(0, 2_000)
  const words = short.match(/[\p{L}\p{N}_-]+/gu) ?? []
  const places: string[] = []
  for (const m of short.matchAll(/(?<![.!?]\s|^)(?<=\s)(\p{Lu}[\p{Ll}]+(?: \p{Lu}[\p{Ll}]+)*)/gu)) {
    if (!places.includes(m[1]!)) places.push(m[1]!)
  }
  return {
    places,
    words: words.filter((w) => w.length > 2 && !STOP.has(w.toLowerCase())),
    numbers: (short.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number),
    turn,
  }
}

function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

function resolve(schema: Json, root: Json): Json {
  const ref = schema['$ref']
  if (typeof ref !== 'string' || !ref.startsWith('#')) return schema
  let at: unknown = root
  for (const key of ref.slice(1).split('/').filter(Boolean))
    at = object(at)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')]
  return object(at) ?? {}
}

const FORMATS: Record<string, string> = {
  date: '2026-01-02',
  time: '03:04:05Z',
  'date-time': '2026-01-02T03:04:05Z',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
}

function sampleString(schema: Json, from: Stock, name: string): string {
  const format = schema['format']
  if (typeof format === 'string' && FORMATS[format]) return FORMATS[format]
  const i = from.turn
  let text = from.places[i] ?? (from.places.length ? `${from.places[0]} ${i + 1}` : undefined)
  if (text === undefined) {
    const word = from.words.findLast((w) => w.toLowerCase() !== name.toLowerCase()) ?? 'value'
    text = i === 0 ? word : `${word} ${i + 1}`
  }
  const min = schema['minLength']
  const max = schema['maxLength']
  if (typeof min === 'number') text = text.padEnd(min, '.')
  if (typeof max === 'number') text = text.slice(0, max)
  return text
}

function sampleNumber(schema: Json, from: Stock, integer: boolean, index: number): number {
  let value = from.numbers[index + from.turn] ?? from.numbers[index] ?? index + from.turn + 1
  if (integer) value = Math.trunc(value)
  const bound = (key: string) => (typeof schema[key] === 'number' ? (schema[key] as number) : undefined)
  const min = bound('minimum') ?? (bound('exclusiveMinimum') !== undefined ? bound('exclusiveMinimum')! + 1 : undefined)
  const max = bound('maximum') ?? (bound('exclusiveMaximum') !== undefined ? bound('exclusiveMaximum')! - 1 : undefined)
  if (min !== undefined && value < min) value = min
  if (max !== undefined && value > max) value = max
  const step = bound('multipleOf')
  return step ? Math.ceil(value / step) * step : value
}

/**
 * A value valid for the schema, made from the prompt alone: the same prompt and schema give the same value. Handles the
 * keywords that tools and output formats use; `pattern` and conditionals are beyond it.
 */
export function sample(
  schema: unknown,
  from: Stock,
  root = object(schema) ?? {},
  name = '',
  index = 0,
  depth = 0,
): unknown {
  let s = resolve(object(schema) ?? {}, root)
  if ('const' in s) return s['const']
  if (Array.isArray(s['enum']) && s['enum'].length) return s['enum'][from.turn % s['enum'].length]
  const all = s['allOf']
  if (Array.isArray(all)) {
    for (const part of all) s = merge(s, resolve(object(part) ?? {}, root))
  }
  const choice = s['anyOf'] ?? s['oneOf']
  if (Array.isArray(choice) && choice.length && !s['properties']) {
    const best = choice.find((c) => object(c)?.['type'] !== 'null') ?? choice[0]
    return sample(best, from, root, name, index, depth + 1)
  }
  const types = Array.isArray(s['type']) ? s['type'] : [s['type']]
  const type = String(
    types.find((t) => t !== 'null') ?? (s['properties'] ? 'object' : s['items'] ? 'array' : 'string'),
  ).toLowerCase()
  switch (type) {
    case 'object':
      return sampleObject(s, from, root, depth)
    case 'array': {
      const min = typeof s['minItems'] === 'number' ? s['minItems'] : 1
      const prefix = Array.isArray(s['prefixItems']) ? s['prefixItems'] : []
      const count = depth > 8 ? min : Math.max(min, prefix.length, 1)
      return Array.from({ length: count }, (_, i) =>
        sample(prefix[i] ?? s['items'] ?? {}, { ...from, turn: from.turn + i }, root, name, index, depth + 1),
      )
    }
    case 'integer':
    case 'number':
      return sampleNumber(s, from, type === 'integer', index)
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return sampleString(s, from, name)
  }
}

function merge(a: Json, b: Json): Json {
  const properties = { ...object(a['properties']), ...object(b['properties']) }
  const required = [...((a['required'] as string[]) ?? []), ...((b['required'] as string[]) ?? [])]
  const merged: Json = { ...a, ...b }
  if (Object.keys(properties).length) merged['properties'] = properties
  if (required.length) merged['required'] = required
  return merged
}

function sampleObject(s: Json, from: Stock, root: Json, depth: number): Json {
  const properties = object(s['properties']) ?? {}
  const required = Array.isArray(s['required']) ? (s['required'] as string[]) : []
  // Nothing required: one property still says more than an empty object.
  const names = required.length || depth > 0 ? required : Object.keys(properties).slice(0, 1)
  const out: Json = {}
  if (depth > 16) return out
  let numbers = 0
  for (const name of names) {
    const property = properties[name]
    const type = String(object(property)?.['type'] ?? '').toLowerCase()
    const numeric = type === 'integer' || type === 'number'
    out[name] = sample(property, from, root, name, numeric ? numbers++ : 0, depth + 1)
  }
  return out
}
