import type { Usage } from '../../hub/response.ts'
import { peekElements, type Span } from '../../wire/peek.ts'
import { asObject, count, memberObject, members } from '../json.ts'

/**
 * `usageMetadata` in the hub's terms (https://ai.google.dev/api/generate-content#UsageMetadata): the prompt count
 * includes what was cached, tool results the server fed in come on top of it, and candidates exclude thoughts.
 */
export function geminiUsage(value: unknown): Usage | undefined {
  const u = asObject(value)
  if (u === undefined) return undefined
  const prompt = count(u['promptTokenCount'])
  const candidates = count(u['candidatesTokenCount'])
  if (prompt === undefined && candidates === undefined) return undefined
  const cacheRead = count(u['cachedContentTokenCount']) ?? 0
  const reasoning = count(u['thoughtsTokenCount']) ?? 0
  return {
    input: Math.max(0, (prompt ?? 0) - cacheRead) + (count(u['toolUsePromptTokenCount']) ?? 0),
    cacheRead,
    cacheWrite: 0,
    output: (candidates ?? 0) + reasoning,
    reasoning,
  }
}

/** The usage of a whole answer; of a streamed array (no `alt=sse`) that of the last element that tells any. */
export function usageOfBody(body: Buffer): Usage | undefined {
  if (body[0] !== 91) return usageOfObject(body)
  for (const span of elements(body).reverse()) {
    const usage = usageOfObject(body.subarray(span.start, span.end))
    if (usage !== undefined) return usage
  }
  return undefined
}

function usageOfObject(body: Buffer): Usage | undefined {
  return geminiUsage(memberObject(body, members(body, ['usageMetadata']).get('usageMetadata')))
}

/** The elements of a body that is an array, as far as they are whole. */
export function elements(body: Buffer): Span[] {
  try {
    return peekElements(body, 0, Number.POSITIVE_INFINITY)
  } catch {
    return []
  }
}
