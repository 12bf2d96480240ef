/** What of an answer the hub has no word for, and how it gathers over the chunks of a stream. */
import type { Json } from '../codec.ts'
import { asObject } from '../json.ts'
import { objects } from './fields.ts'

/**
 * What of an answer has no word in the hub, in one native part at its end: fields of the answer, of its candidate and
 * of its usage. Other dialects pass over it, this one's encoder spreads it back.
 */
export interface Envelope {
  answer?: Json
  candidate?: Json
  usage?: Json
}

export function isEnvelope(value: unknown): value is { envelope: Envelope } {
  return asObject(asObject(value)?.['envelope']) !== undefined
}

/** Later chunks know more: a filled field replaces the one before, citations add up. */
export function gathered(before: Json, now: Json): Json {
  const out: Json = { ...before }
  for (const [field, value] of Object.entries(now)) {
    const object = asObject(value)
    if (field === 'citationMetadata' && object !== undefined) out[field] = joined(asObject(before[field]) ?? {}, object)
    else if (object === undefined || Object.keys(object).length > 0 || before[field] === undefined) out[field] = value
  }
  return out
}

function joined(before: Json, now: Json): Json {
  const out: Json = { ...before }
  for (const [field, value] of Object.entries(now)) {
    if (!Array.isArray(value)) {
      out[field] = value
      continue
    }
    const seen = new Set(objects(before[field]).map((item) => JSON.stringify(item)))
    out[field] = [...objects(before[field]), ...value.filter((item) => !seen.has(JSON.stringify(item)))]
  }
  return out
}

/** The fields under a name, if there are any. */
export function filled(name: string, fields: Json): Json {
  return Object.keys(fields).length > 0 ? { [name]: fields } : {}
}
