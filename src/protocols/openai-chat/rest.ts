/** What is left of a wire object once its known members are taken out, and its way back. */
import type { Extras, Node } from '../../hub/request.ts'
import type { Json } from '../json.ts'

const ID = 'openai-chat'

/** `{extras}` with the members nobody took; nothing if there are none. A null member says nothing and is left out. */
export function restOf(wire: Json, known: ReadonlySet<string>, more: Json = {}): { extras?: Extras } {
  const rest: Json = {}
  for (const [name, value] of Object.entries(wire)) if (!known.has(name) && value !== null) rest[name] = value
  Object.assign(rest, more)
  return Object.keys(rest).length === 0 ? {} : { extras: { [ID]: rest } }
}

/** The members this dialect kept on the node, to be spread back; notes (`$…`) are not among them. */
export function ownRest(node: Node): Json {
  const kept = node.extras?.[ID]
  if (kept === undefined) return {}
  return Object.fromEntries(Object.entries(kept).filter(([name]) => !name.startsWith('$')))
}

/** What the decoder noted of the form something had. */
export function noteOf(node: Node, name: '$form' | '$role'): unknown {
  return node.extras?.[ID]?.[name]
}

/**
 * How a client said a thing that can be said in more than one way. It is a note about the spelling and never a value, so
 * it cannot go stale: `max_completion_tokens`, `reasoning`, `thinking`, `enable_thinking`, `functions`, `cache_control`,
 * `custom`, `allowed_tools`, `images`, `file_url`, `video_url`, `tool.media`, `random_seed`, `n`.
 */
export type Form = Set<string>

/** The spellings the client used, if it spoke this dialect. */
export function formOf(node: Node): ReadonlySet<string> {
  const form = noteOf(node, '$form')
  return new Set(Array.isArray(form) ? (form as string[]) : [])
}
