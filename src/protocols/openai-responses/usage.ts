import type { Usage } from '../../hub/response.ts'
import { asObject, count, memberObject, members } from '../json.ts'

/**
 * Responses usage in the hub's terms: `input_tokens` includes what was cached, `output_tokens` includes reasoning
 * (https://platform.openai.com/docs/api-reference/responses/object). Where the total says that reasoning was counted
 * beside the output, as xAI does in chat, it is added.
 */
export function responsesUsage(value: unknown): Usage | undefined {
  const u = asObject(value)
  if (u === undefined) return undefined
  const all = count(u['input_tokens'])
  const out = count(u['output_tokens'])
  if (all === undefined && out === undefined) return undefined
  const inDetail = asObject(u['input_tokens_details'])
  const told = count(inDetail?.['cached_tokens']) ?? 0
  const cacheRead = Math.min(told, all ?? told)
  const cacheWrite = count(inDetail?.['cache_write_tokens']) ?? 0
  const reasoning = count(asObject(u['output_tokens_details'])?.['reasoning_tokens']) ?? 0
  const beside = reasoning > 0 && count(u['total_tokens']) === (all ?? 0) + (out ?? 0) + reasoning
  const output = (out ?? 0) + (beside ? reasoning : 0)
  return {
    input: Math.max(0, (all ?? 0) - cacheRead - cacheWrite),
    cacheRead,
    cacheWrite,
    output,
    reasoning: Math.min(reasoning, output),
  }
}

/** The usage of a whole answer. */
export function usageOfBody(body: Buffer): Usage | undefined {
  return responsesUsage(memberObject(body, members(body, ['usage']).get('usage')))
}
