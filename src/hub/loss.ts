/** What a dialect could not say. A loss is a value: told to the client, counted, or refused; never silent. */
import type { ProtocolId } from './protocol-id.ts'
import type { ChatRequest } from './request.ts'

export interface Loss {
  /** The field as the client knows it, dotted (`stop`, `tools.0.strict`). */
  field: string
  /** Why, in a few words. */
  reason: string
}

/** Extras that steer nothing in an answer: they may stay behind without a word. */
const SILENT: ReadonlySet<string> = new Set([
  'stream_options',
  'id',
  'object',
  'status',
  'created',
  'created_at',
  'annotations',
  'index',
])

/**
 * What the hub kept for the client's own dialect and the target cannot say: one walk over the whole request.
 * Fields of `target` are not losses: its encoder spreads them back.
 */
export function leftBehind(request: ChatRequest, target: ProtocolId): Loss[] {
  const losses: Loss[] = []
  const seen = new Set<string>()

  function add(field: string, protocol: string): void {
    if (seen.has(field)) return
    seen.add(field)
    losses.push({ field, reason: `only ${protocol} has it` })
  }

  function walk(node: unknown, path: string): void {
    if (typeof node !== 'object' || node === null) return
    if (Array.isArray(node)) {
      node.forEach((item, i) => {
        walk(item, path === '' ? String(i) : `${path}.${i}`)
      })
      return
    }
    const object = node as Record<string, unknown>
    const at = (name: string) => (path === '' ? name : `${path}.${name}`)
    if (object['type'] === 'native' && typeof object['protocol'] === 'string' && object['protocol'] !== target) {
      add(at(nativeName(object['value'])), object['protocol'])
      return
    }
    for (const [name, value] of Object.entries(object)) {
      if (name === 'extras') {
        for (const [protocol, fields] of Object.entries(value as Record<string, Record<string, unknown>>))
          if (protocol !== target)
            // `$…` are a codec's own notes on the form something had (a string, not a list): nothing is lost with them.
            for (const [field, said] of Object.entries(fields))
              if (!SILENT.has(field) && !field.startsWith('$') && saysSomething(said)) add(at(field), protocol)
      } else if (typeof value === 'object' && name !== 'schema' && name !== 'value') walk(value, at(name))
    }
  }

  walk(request, '')
  return losses
}

/** What a native item calls itself: its type, or the field that holds it. */
function nativeName(value: unknown): string {
  if (typeof value !== 'object' || value === null) return 'value'
  const { type } = value as { type?: unknown }
  if (typeof type === 'string') return type
  return Object.entries(value).find(([, member]) => typeof member === 'object' && member !== null)?.[0] ?? 'value'
}

/** Null, and lists and objects with nothing in them, are what absence would be. */
function saysSomething(value: unknown): boolean {
  return typeof value !== 'object' || (value !== null && Object.keys(value).length > 0)
}
