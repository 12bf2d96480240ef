/** What whole and streamed answers share. */
import type { Citation } from '../../hub/request.ts'
import type { Usage } from '../../hub/response.ts'
import type { AnswerContext } from '../codec.ts'
import type { Json } from '../json.ts'

/** The upstream's id in this dialect's form; a lasting one is made from the time if there is none. */
export function answerId(id: string, { created }: AnswerContext, prefix = 'chatcmpl-'): string {
  if (id === '') return `${prefix}${created}`
  return id.startsWith(prefix) ? id : `${prefix}${id}`
}

/** `usage`, whose prompt includes what was cached and whose completion includes reasoning (domain.md 3.9). */
export function usageObject({ input, cacheRead, cacheWrite, output, reasoning }: Usage): Json {
  const prompt = input + cacheRead + cacheWrite
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: {
      cached_tokens: cacheRead,
      // OpenRouter's word; OpenAI has none.
      ...(cacheWrite > 0 && { cache_write_tokens: cacheWrite }),
    },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
}

/** @param offset where the part's text begins in the message's content. */
export function annotationOf({ url, title, start, end, quote }: Citation, offset: number): Json | undefined {
  if (url === undefined) return undefined
  return {
    type: 'url_citation',
    url_citation: {
      url,
      title: title ?? url,
      start_index: start === undefined ? 0 : start + offset,
      end_index: end === undefined ? 0 : end + offset,
      ...(quote !== undefined && { content: quote }),
    },
  }
}
