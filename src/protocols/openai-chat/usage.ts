import type { Usage } from '../../hub/response.ts'
import { asArray, asObject, count, type Json, memberObject, members } from '../json.ts'

/**
 * Chat usage in the hub's terms.
 *
 * `prompt_tokens` includes cached tokens and `completion_tokens` includes reasoning, as OpenAI defines them. xAI counts
 * reasoning beside the completion; its total gives that away. Where cached tokens are told differs by vendor.
 */
export function chatUsage(value: unknown): Usage | undefined {
  const u = asObject(value)
  if (u === undefined) return undefined
  const prompt = count(u['prompt_tokens']) ?? count(u['input_tokens'])
  const completion = count(u['completion_tokens']) ?? count(u['output_tokens'])
  if (prompt === undefined && completion === undefined) return undefined
  const inDetail = asObject(u['prompt_tokens_details'])
  const outDetail = asObject(u['completion_tokens_details'])
  const told =
    count(inDetail?.['cached_tokens']) ??
    count(u['prompt_cache_hit_tokens']) ?? // DeepSeek
    count(u['cached_tokens']) ?? // Moonshot, Together
    count(u['num_cached_tokens']) ?? // Mistral
    count(u['cache_read_input_tokens']) ?? // Databricks and others in front of Claude
    0
  // Grok behind Azure has told more cached tokens than prompt tokens; the sum it bills is the prompt.
  const cacheRead = Math.min(told, prompt ?? told)
  const cacheWrite = count(inDetail?.['cache_write_tokens']) ?? count(u['cache_creation_input_tokens']) ?? 0
  const reasoning = count(outDetail?.['reasoning_tokens']) ?? count(u['reasoning_tokens']) ?? 0
  const total = count(u['total_tokens'])
  const beside = reasoning > 0 && total === (prompt ?? 0) + (completion ?? 0) + reasoning
  const output = (completion ?? 0) + (beside ? reasoning : 0)
  return {
    input: Math.max(0, (prompt ?? 0) - cacheRead - cacheWrite),
    cacheRead,
    cacheWrite,
    output,
    reasoning: Math.min(reasoning, output),
  }
}

/** The usage of a chunk or a whole answer: at the top, in Groq's old `x_groq`, or in Moonshot's choice. */
export function usageOfChunk(chunk: Json): Usage | undefined {
  return (
    chatUsage(chunk['usage']) ??
    chatUsage(asObject(chunk['x_groq'])?.['usage']) ??
    chatUsage(asObject(asArray(chunk['choices'])[0])?.['usage'])
  )
}

/** The usage of a whole answer. */
export function usageOfBody(body: Buffer): Usage | undefined {
  return chatUsage(memberObject(body, members(body, ['usage']).get('usage')))
}
