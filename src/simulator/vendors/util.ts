import type { Json } from '../types.ts'

/** The value as a JSON object, else undefined. */
export function obj(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

/** The value as an array, else an empty one. */
export function arr(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** The value as an array of JSON objects. */
export function objs(value: unknown): Json[] {
  return arr(value).filter((v): v is Json => obj(v) !== undefined)
}

/** The value as a string, else empty. */
export function str(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Decoded size of base64 text. */
export function base64Size(data: string): number {
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
  return Math.max(0, Math.floor((data.length * 3) / 4) - padding)
}

/** Media type and size of a `data:` URL. */
export function dataUrl(url: string): { mediaType: string; bytes: number } | undefined {
  const match = /^data:([^;,]+)[^,]*;base64,/.exec(url)
  return match ? { mediaType: match[1]!, bytes: base64Size(url.slice(match[0].length)) } : undefined
}

/** A user's own words: system reminders that agents put into user turns are not meant. */
export function ownWords(texts: string[]): string {
  const own = texts.filter((t) => !t.trimStart().startsWith('<system-reminder>'))
  return (own.length ? own : texts).join('\n')
}

/** What is wrong with a schema that OpenAI is to follow strictly, or undefined. */
export function strictFault(schema: unknown, context: string[] = []): string | undefined {
  const s = obj(schema)
  if (!s) return undefined
  const where = `In context=(${context.map((c) => `'${c}'`).join(', ')}${context.length === 1 ? ',' : ''})`
  const properties = obj(s['properties'])
  const type = arr(s['type']).length ? arr(s['type']) : [s['type']]
  if (type.includes('object') || properties) {
    if (s['additionalProperties'] !== false)
      return `${where}, 'additionalProperties' is required to be supplied and to be false.`
    const required = arr(s['required'])
    const missing = Object.keys(properties ?? {}).find((k) => !required.includes(k))
    if (missing !== undefined) {
      return `${where}, 'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`
    }
    const extra = required.find((k) => !(String(k) in (properties ?? {})))
    if (extra !== undefined)
      return `${where}, 'required' is required to be supplied and to be an array including every key in properties. Extra required key '${extra}' supplied.`
  }
  for (const [k, v] of Object.entries(properties ?? {})) {
    const fault = strictFault(v, [...context, 'properties', k])
    if (fault) return fault
  }
  if (s['items']) {
    const fault = strictFault(s['items'], [...context, 'items'])
    if (fault) return fault
  }
  for (const key of ['$defs', 'definitions']) {
    for (const [k, v] of Object.entries(obj(s[key]) ?? {})) {
      const fault = strictFault(v, [...context, key, k])
      if (fault) return fault
    }
  }
  for (const [i, v] of arr(s['anyOf']).entries()) {
    const fault = strictFault(v, [...context, 'anyOf', String(i)])
    if (fault) return fault
  }
  return undefined
}

/** Seconds as vendors write a span: `6ms`, `1.5s`, `2m3s`. */
export function span(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)}ms`
  const m = Math.floor(seconds / 60)
  return m ? `${m}m${seconds % 60}s` : `${seconds}s`
}

/** An object schema that leaves room for further properties, anywhere in the tree. */
export function openObject(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(openObject)
  const s = obj(schema)
  if (!s) return false
  if (s['type'] === 'object' && s['additionalProperties'] !== false) return true
  return (
    ['properties', '$defs', 'definitions'].some((k) => Object.values(obj(s[k]) ?? {}).some(openObject)) ||
    ['items', 'anyOf', 'allOf'].some((k) => openObject(s[k]))
  )
}
