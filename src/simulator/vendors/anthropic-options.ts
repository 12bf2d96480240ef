import type { Context, Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import { arr, obj, openObject, str } from './util.ts'

/** Versions the API knows. */
export const VERSIONS = new Set(['2023-01-01', '2023-06-01', '2026-10-21'])

/** Fields of a request, and the beta without which each is unknown. */
const FIELDS = new Map<string, string | undefined>([
  ...[
    'model',
    'max_tokens',
    'messages',
    'system',
    'tools',
    'tool_choice',
    'stream',
    'stop_sequences',
    'temperature',
    'top_p',
    'top_k',
  ].map((f): [string, undefined] => [f, undefined]),
  ...['thinking', 'metadata', 'service_tier', 'output_config', 'cache_control', 'container', 'inference_geo'].map(
    (f): [string, undefined] => [f, undefined],
  ),
  ['output_format', 'structured-outputs-'],
  ['context_management', 'context-management-'],
  ['mcp_servers', 'mcp-client-'],
  ['speed', 'fast-mode-'],
  ['fallbacks', 'server-side-fallback-'],
  ['fallback_credit_token', 'fallback-credit-'],
  ['diagnostics', 'cache-diagnosis-'],
  ['thread', 'message-threads-'],
])

/** The newest models: adaptive thinking only, no prefill. */
export function newest(base: string): boolean {
  return /claude-(?:opus-(?:4-[6-9]|[5-9])|sonnet-(?:4-[6-9]|[5-9])|haiku-[5-9]|fable-|mythos-)/.test(base)
}

export function adaptiveOnly(base: string): boolean {
  return /claude-(?:opus-(?:4-[7-9]|[5-9])|sonnet-[5-9]|haiku-[5-9]|fable-|mythos-)/.test(base)
}

/** Whether `anthropic-beta` names a value with this prefix. */
export function beta(ctx: Context, prefix: string): boolean {
  return (ctx.headers['anthropic-beta'] ?? '').split(',').some((b) => b.trim().startsWith(prefix))
}

export function checkTop(body: Json, ctx: Context, version: string, counting: boolean): Problem | undefined {
  for (const field of ['model', ...(counting ? [] : ['max_tokens']), 'messages']) {
    if (body[field] === undefined) return invalid(`${field}: Field required`)
  }
  if (typeof body['model'] !== 'string') return invalid('model: Input should be a valid string')
  for (const field of Object.keys(body)) {
    const needs = FIELDS.get(field)
    if (!FIELDS.has(field) || (needs && !beta(ctx, needs))) return invalid(`${field}: Extra inputs are not permitted`)
    if (
      counting &&
      ['max_tokens', 'stream', 'temperature', 'top_p', 'top_k', 'stop_sequences', 'metadata', 'service_tier'].includes(
        field,
      )
    ) {
      return invalid(`${field}: Extra inputs are not permitted`)
    }
  }
  const max = body['max_tokens']
  if (max !== undefined && !Number.isInteger(max)) return invalid('max_tokens: Input should be a valid integer')
  if (typeof max === 'number' && max < 1) return invalid('max_tokens: Input should be greater than or equal to 1')
  if (body['stream'] !== undefined && typeof body['stream'] !== 'boolean')
    return invalid('stream: Input should be a valid boolean')
  for (const [field, low, high] of [
    ['temperature', 0, 1],
    ['top_p', 0, 1],
    ['top_k', 0, 500_000],
  ] as const) {
    const value = body[field]
    if (value === undefined) continue
    // The 2026-10-21 version has no sampling parameters any more.
    if (version === '2026-10-21') return invalid(`${field}: Extra inputs are not permitted`)
    if (typeof value !== 'number') return invalid(`${field}: Input should be a valid number`)
    if (value < low || value > high) return invalid(`${field}: range: ${low}..${high}`)
  }
  if (body['stop_sequences'] !== undefined) {
    if (!Array.isArray(body['stop_sequences'])) return invalid('stop_sequences: Input should be a valid list')
    const blank = arr(body['stop_sequences']).findIndex((s) => str(s).trim() === '')
    if (blank >= 0) return invalid(`stop_sequences.${blank}: each stop sequence must contain non-whitespace`)
  }
  const metadata = obj(body['metadata'])
  const odd = metadata && Object.keys(metadata).find((k) => k !== 'user_id')
  if (odd) return invalid(`metadata.${odd}: Extra inputs are not permitted`)
  const schema =
    obj(obj(obj(body['output_config'])?.['format'])?.['schema']) ?? obj(obj(body['output_format'])?.['schema'])
  if (schema && openObject(schema)) {
    return invalid(
      "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    )
  }
  const effort = obj(body['output_config'])?.['effort']
  if (effort !== undefined && !['low', 'medium', 'high', 'xhigh', 'max'].includes(str(effort))) {
    return invalid("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'")
  }
  return checkThinking(body, ctx)
}

function checkThinking(body: Json, ctx: Context): Problem | undefined {
  const thinking = obj(body['thinking'])
  if (!thinking) return undefined
  const type = thinking['type']
  if (type !== 'enabled' && type !== 'disabled' && type !== 'adaptive') {
    return invalid(
      `thinking: Input tag '${type}' found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'`,
    )
  }
  const allowed = { enabled: ['type', 'budget_tokens', 'display'], adaptive: ['type', 'display'], disabled: ['type'] }[
    type
  ]
  const extra = Object.keys(thinking).find((k) => !allowed.includes(k))
  if (extra) return invalid(`thinking.${type}.${extra}: Extra inputs are not permitted`)
  if (type === 'disabled') return undefined
  if (thinking['display'] !== undefined && beta(ctx, 'redact-thinking-'))
    return invalid('thinking.display: not supported together with redact-thinking')
  if (type === 'adaptive' && !newest(ctx.base) && ctx.base.startsWith('claude-'))
    return invalid('adaptive thinking is not supported on this model')
  if (type === 'enabled') {
    if (adaptiveOnly(ctx.base)) {
      return invalid(
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
      )
    }
    const budget = thinking['budget_tokens']
    if (budget === undefined) return invalid('thinking.enabled.budget_tokens: Field required')
    if (typeof budget !== 'number' || budget < 1024)
      return invalid('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024')
    const interleaved = beta(ctx, 'interleaved-thinking-') && arr(body['tools']).length > 0
    if (typeof body['max_tokens'] === 'number' && budget >= body['max_tokens'] && !interleaved) {
      return invalid(
        '`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size',
      )
    }
  }
  const more =
    'Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking'
  if (body['temperature'] !== undefined && body['temperature'] !== 1)
    return invalid(`\`temperature\` may only be set to 1 when thinking is enabled. ${more}`)
  if (body['top_k'] !== undefined) return invalid(`\`top_k\` must be unset when thinking is enabled. ${more}`)
  if (typeof body['top_p'] === 'number' && body['top_p'] < 0.95)
    return invalid(`\`top_p\` must be greater than or equal to 0.95 or unset when thinking is enabled. ${more}`)
  // Recorded: adaptive thinkers take a forced choice, budgeted ones do not; counting does not ask.
  const choice = obj(body['tool_choice'])?.['type']
  if (type === 'enabled' && body['max_tokens'] !== undefined && (choice === 'any' || choice === 'tool'))
    return invalid('Thinking may not be enabled when tool_choice forces tool use.')
  return undefined
}
