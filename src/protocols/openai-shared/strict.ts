import { asArray, asObject } from '../json.ts'

/**
 * Whether a schema is one OpenAI takes with `strict: true`: every object closed and every property required
 * (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas). Others are refused whole, though the
 * dialect they come from may take them.
 */
export function fitsStrict(schema: unknown): boolean {
  const s = asObject(schema)
  if (s === undefined) return true
  const properties = asObject(s['properties'])
  const types = Array.isArray(s['type']) ? s['type'] : [s['type']]
  if (types.includes('object') || properties !== undefined) {
    const names = new Set(Object.keys(properties ?? {}))
    const required = new Set(asArray(s['required']))
    if (s['additionalProperties'] !== false || names.size !== required.size) return false
    for (const name of names) if (!required.has(name)) return false
  }
  const inner = [
    ...Object.values(properties ?? {}),
    ...Object.values(asObject(s['$defs']) ?? {}),
    ...Object.values(asObject(s['definitions']) ?? {}),
    ...asArray(s['anyOf']),
    s['items'],
  ]
  return inner.every(fitsStrict)
}
