import type { Usage } from '../../hub/response.ts'
import { asObject, count, type Json, memberObject, members } from '../json.ts'

/** Anthropic usage in the hub's terms: `input_tokens` is what no cache gave, `output_tokens` includes thinking. */
export function anthropicUsage(value: unknown): Usage | undefined {
  const u = asObject(value)
  if (u === undefined) return undefined
  const input = count(u['input_tokens'])
  const output = count(u['output_tokens'])
  if (input === undefined && output === undefined) return undefined
  return {
    input: input ?? 0,
    cacheRead: count(u['cache_read_input_tokens']) ?? 0,
    cacheWrite: count(u['cache_creation_input_tokens']) ?? 0,
    output: output ?? 0,
    reasoning: count(asObject(u['output_tokens_details'])?.['thinking_tokens']) ?? 0,
  }
}

/**
 * `message_delta` repeats the sums of `message_start` as they stand at the end; fields it leaves out, or gives as null,
 * keep their first value.
 */
export function mergeUsage(first: Json | undefined, last: Json | undefined): Json | undefined {
  if (first === undefined || last === undefined) return last ?? first
  const merged: Json = { ...first }
  for (const [key, value] of Object.entries(last)) if (value !== null) merged[key] = value
  return merged
}

/** The usage of a whole answer. */
export function usageOfBody(body: Buffer): Usage | undefined {
  return anthropicUsage(memberObject(body, members(body, ['usage']).get('usage')))
}
