/** Finish reasons and usage, both ways (https://ai.google.dev/api/generate-content#FinishReason, #UsageMetadata). */
import type { Finish, FinishReason, Usage } from '../../hub/response.ts'
import type { Json } from '../codec.ts'
import { number } from './fields.ts'

/** What is not here is an odd end: MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, OTHER, LANGUAGE, NO_IMAGE… */
const REASONS = new Map<string, FinishReason>([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'refusal'],
  ['RECITATION', 'refusal'],
  ['BLOCKLIST', 'refusal'],
  ['PROHIBITED_CONTENT', 'refusal'],
  ['SPII', 'refusal'],
  ['IMAGE_SAFETY', 'refusal'],
  ['IMAGE_PROHIBITED_CONTENT', 'refusal'],
  ['IMAGE_RECITATION', 'refusal'],
])

const WORDS: Record<FinishReason, string> = {
  stop: 'STOP',
  'stop-sequence': 'STOP',
  'tool-calls': 'STOP',
  pause: 'STOP',
  length: 'MAX_TOKENS',
  refusal: 'SAFETY',
  other: 'OTHER',
}

/** Words of this dialect for an odd end, which may be said again as they came. */
const ODD = new Set([
  'OTHER',
  'LANGUAGE',
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MISSING_THOUGHT_SIGNATURE',
  'MALFORMED_RESPONSE',
  'IMAGE_OTHER',
  'NO_IMAGE',
  'ESCALATION',
])

/** Gemini says STOP, or something odd, where an answer ends with calls; the calls themselves decide. */
export function decodeFinish(raw: string, hasCalls: boolean): Finish {
  const reason = REASONS.get(raw) ?? 'other'
  return { reason: hasCalls && reason !== 'length' && reason !== 'refusal' ? 'tool-calls' : reason, raw }
}

/** A prompt that was blocked: no candidate at all. */
export function decodeBlock(raw: string): Finish {
  return { reason: 'refusal', raw }
}

export function encodeFinish({ reason, raw }: Finish): string {
  if (
    raw !== undefined &&
    (REASONS.get(raw) === reason || (reason === 'tool-calls' && (raw === 'STOP' || ODD.has(raw))))
  )
    return raw
  return reason === 'other' && raw !== undefined && ODD.has(raw) ? raw : WORDS[reason]
}

const COUNTED = ['promptTokenCount', 'cachedContentTokenCount', 'candidatesTokenCount', 'thoughtsTokenCount'] as const

/** What `usageMetadata` tells beyond the hub's counts. */
export function usageRest(wire: Json): Json {
  const rest = { ...wire }
  const sum =
    (number(wire['promptTokenCount']) ?? 0) +
    (number(wire['candidatesTokenCount']) ?? 0) +
    (number(wire['thoughtsTokenCount']) ?? 0) +
    (number(wire['toolUsePromptTokenCount']) ?? 0)
  if (wire['totalTokenCount'] === sum) delete rest['totalTokenCount']
  for (const field of COUNTED) delete rest[field]
  return rest
}

/** `usageMetadata` of the hub's counts; candidates exclude thoughts, the prompt excludes what tools fed in. */
export function encodeUsage(usage: Usage, rest: Json): Json {
  const fed = number(rest['toolUsePromptTokenCount']) ?? 0
  const whole = usage.input + usage.cacheRead + usage.cacheWrite
  return {
    promptTokenCount: Math.max(0, whole - fed),
    candidatesTokenCount: Math.max(0, usage.output - usage.reasoning),
    ...(usage.cacheRead > 0 && { cachedContentTokenCount: usage.cacheRead }),
    ...(usage.reasoning > 0 && { thoughtsTokenCount: usage.reasoning }),
    totalTokenCount: whole + usage.output,
    ...rest,
  }
}
