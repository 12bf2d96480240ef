/** Input items as the Codex backend takes them (domain.md 1.2, "Item rules"). */
import { createHash } from 'node:crypto'
import type { Loss } from '../../hub/loss.ts'

type Json = Record<string, unknown>

/** Longest name and call id. */
const MOST = 64

/** The input as items. @param declared names of the tools that are offered: they are the client's to keep. */
export function itemsFor(input: unknown, declared: ReadonlySet<string>, losses: Loss[]): unknown[] {
  if (typeof input === 'string')
    return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }]
  if (!Array.isArray(input)) return []
  return input.flatMap((item, i) => (isObject(item) ? itemFor(item, `input.${i}`, declared, losses) : [item]))
}

function itemFor(item: Json, field: string, declared: ReadonlySet<string>, losses: Loss[]): Json[] {
  const { type } = item
  const opaque = typeof item['encrypted_content'] === 'string' && item['encrypted_content'] !== ''
  if (type === 'item_reference') {
    losses.push({ field, reason: 'the Codex backend stores no items to refer to' })
    return []
  }
  if (type === 'reasoning' && !opaque) {
    losses.push({ field, reason: 'reasoning is taken back only with its encrypted_content' })
    return []
  }
  const kept = { ...item }
  // Nothing is stored under an id, and asking for it is a 404; what carries its own content may keep its name.
  if (!opaque && type !== 'image_generation_call') delete kept['id']
  if (kept['role'] === 'system') kept['role'] = 'developer'
  if (typeof kept['call_id'] === 'string') kept['call_id'] = shortCallId(kept['call_id'])
  if (type === 'function_call' && typeof kept['name'] === 'string' && !declared.has(kept['name']))
    kept['name'] = legalName(kept['name'])
  return [kept]
}

/** A call id that fits. Call and result get the same one; an id that fits stays. */
export function shortCallId(id: string): string {
  return id.length <= MOST ? id : `${id.slice(0, 20)}_${digest(id)}`
}

/** A function's name that is valid there. Only for calls of the past, whose tool is offered no more. */
export function legalName(name: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return name
  const plain = name.replace(/[^A-Za-z0-9_-]/g, '_') || '_'
  return plain.length <= MOST ? plain : `${plain.slice(0, 20)}_${digest(name)}`
}

/** 43 characters that stand for a text. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** A tool under the name the backend knows: `web_search_preview` and its dated forms are `web_search`. */
export function nameTool(tool: unknown): unknown {
  if (!isObject(tool) || typeof tool['type'] !== 'string' || !tool['type'].startsWith('web_search_preview')) return tool
  return { ...tool, type: 'web_search' }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
