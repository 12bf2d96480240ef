/**
 * Prompt-cache breakpoints (https://docs.claude.com/en/docs/build-with-claude/prompt-caching). A client of a dialect that
 * caches by itself sets none, and nothing would ever be cached.
 */
import type { Json } from '../json.ts'
import { isObject, isObjects, isString, type Losses } from './take.ts'

/** The most a request may have. */
const MAX = 4
const MARK: Json = { type: 'ephemeral' }
/** Blocks that may not bear a breakpoint. */
const BARE = new Set(['thinking', 'redacted_thinking'])

/** Sets breakpoints at the last tool, the last system block and the last two user turns of a body that has none. */
export function addCachePoints(body: Json): Json {
  const messages = [...((body['messages'] ?? []) as Json[])]
  const users = messages.flatMap((message, i) => (message['role'] === 'user' ? [i] : []))
  for (const i of users.slice(-2)) messages[i] = { ...messages[i], content: markLast(messages[i]!['content']) }
  return {
    ...body,
    ...(isObjects(body['tools']) && { tools: markLast(body['tools']) }),
    ...(body['system'] !== undefined && { system: markLast(body['system']) }),
    messages,
  }
}

function markLast(content: unknown): unknown {
  if (isString(content)) return [{ type: 'text', text: content, cache_control: MARK }]
  if (!isObjects(content)) return content
  const at = content.findLastIndex((block) => !BARE.has(String(block['type'])))
  return content.map((block, i) => (i === at ? { ...block, cache_control: MARK } : block))
}

/**
 * Holds a body to the rules of breakpoints: four at most, the last ones kept in messages since they reach furthest, and
 * no `1h` behind a `5m` in the order tools, system, messages.
 */
export function tidyCachePoints(body: Json, losses: Losses): Json {
  const marks: Json[] = []
  for (const field of ['tools', 'system', 'messages']) collect(body[field], marks)
  const spare = MAX - (isObject(body['cache_control']) ? 1 : 0)
  const dropped = new Set(marks.slice(0, Math.max(0, marks.length - spare)))
  const shortened = new Set<Json>()
  let short = false
  for (const mark of marks) {
    if (dropped.has(mark)) continue
    if (mark['ttl'] !== '1h') short = true
    else if (short) shortened.add(mark)
  }
  if (dropped.size > 0) losses.add('cache_control', `more than ${MAX} breakpoints`)
  if (shortened.size > 0) losses.add('cache_control.ttl', '1h behind 5m')
  if (dropped.size + shortened.size === 0) return body

  function settle(list: unknown): unknown {
    if (!isObjects(list)) return list
    return list.map((item) => {
      const { cache_control: mark, ...rest } = item
      const settled = isObjects(rest['content']) ? { ...rest, content: settle(rest['content']) } : rest
      if (!isObject(mark) || dropped.has(mark)) return settled
      return { ...settled, cache_control: shortened.has(mark) ? MARK : mark }
    })
  }
  const out: Json = { ...body }
  for (const field of ['tools', 'system', 'messages']) if (field in body) out[field] = settle(body[field])
  return out
}

function collect(list: unknown, marks: Json[]): void {
  if (!isObjects(list)) return
  for (const item of list) {
    if (isObjects(item['content'])) collect(item['content'], marks)
    if (isObject(item['cache_control'])) marks.push(item['cache_control'])
  }
}
