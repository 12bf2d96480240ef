import { verify } from '../signature.ts'
import type { Context, Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import { checkTools } from './anthropic-tools.ts'
import { arr, base64Size, obj, objs, openObject, str } from './util.ts'

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

/** Fields of the blocks a client may send; other block types pass unread. */
const BLOCKS: Record<string, string[]> = {
  text: ['text', 'citations'],
  image: ['source'],
  document: ['source', 'title', 'context', 'citations'],
  tool_use: ['id', 'name', 'input', 'caller'],
  tool_result: ['tool_use_id', 'content', 'is_error'],
  thinking: ['thinking', 'signature'],
  redacted_thinking: ['data'],
}

const ASSISTANT_ONLY = new Set(['tool_use', 'thinking', 'redacted_thinking'])
const VERSIONS = new Set(['2023-01-01', '2023-06-01', '2026-10-21'])
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']

/** The newest models: adaptive thinking only, no prefill. */
export function newest(base: string): boolean {
  return /claude-(?:opus-(?:4-[6-9]|[5-9])|sonnet-(?:4-[6-9]|[5-9])|haiku-[5-9]|fable-|mythos-)/.test(base)
}

function adaptiveOnly(base: string): boolean {
  return /claude-(?:opus-(?:4-[7-9]|[5-9])|sonnet-[5-9]|haiku-[5-9]|fable-|mythos-)/.test(base)
}

/** Whether `anthropic-beta` names a value with this prefix. */
export function beta(ctx: Context, prefix: string): boolean {
  return (ctx.headers['anthropic-beta'] ?? '').split(',').some((b) => b.trim().startsWith(prefix))
}

/** Everything the Messages API refuses a request for. */
export function checkMessages(body: Json, ctx: Context, counting: boolean): Problem | undefined {
  const version = ctx.headers['anthropic-version']
  if (!version) return invalid('anthropic-version: header is required')
  if (!VERSIONS.has(version))
    return invalid(
      `anthropic-version: "${version}" is not a valid version for this API. See https://docs.claude.com/en/api/versioning`,
    )
  return (
    checkTop(body, ctx, version, counting) ??
    checkSystem(body) ??
    checkTools(body) ??
    checkConversation(body, ctx) ??
    checkCache(body)
  )
}

function checkTop(body: Json, ctx: Context, version: string, counting: boolean): Problem | undefined {
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

function checkSystem(body: Json): Problem | undefined {
  const system = body['system']
  if (system === undefined || typeof system === 'string') return undefined
  if (!Array.isArray(system)) return invalid('system: Input should be a valid list')
  for (const [i, block] of system.entries()) {
    const b = obj(block)
    if (b?.['type'] !== 'text') return invalid(`system.${i}: Input should be a text block`)
    if (typeof b['text'] !== 'string') return invalid(`system.${i}.text: Field required`)
    if (b['text'] === '') return invalid('system: text content blocks must be non-empty')
  }
  return undefined
}

function checkConversation(body: Json, ctx: Context): Problem | undefined {
  const messages = body['messages']
  if (!Array.isArray(messages)) return invalid('messages: Input should be a valid list')
  if (!messages.length) return invalid('messages: at least one message is required')
  const turns: { role: string; blocks: Json[]; index: number }[] = []
  for (const [i, raw] of messages.entries()) {
    const m = obj(raw)
    if (!m) return invalid(`messages.${i}: Input does not match the expected shape.`)
    const role = m['role']
    if (role === 'system') {
      if (!adaptiveOnly(ctx.base) && !beta(ctx, 'mid-conversation-system-'))
        return invalid("role 'system' is not supported on this model")
    } else if (role !== 'user' && role !== 'assistant')
      return invalid(`messages.${i}.role: Input should be 'user' or 'assistant'`)
    const extra = Object.keys(m).find((k) => k !== 'role' && k !== 'content' && k !== 'output_config')
    if (extra) return invalid(`messages.${i}.${extra}: Extra inputs are not permitted`)
    const content = m['content']
    if (content === undefined) return invalid(`messages.${i}.content: Field required`)
    if (typeof content !== 'string' && !Array.isArray(content))
      return invalid(`messages.${i}.content: Input should be a valid list`)
    if (content.length === 0 && !(role === 'assistant' && i === messages.length - 1)) {
      return invalid(
        `messages.${i}: all messages must have non-empty content except for the optional final assistant message`,
      )
    }
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content, whole: true }] : (content as Json[])
    for (const [j, block] of blocks.entries()) {
      const fault = checkBlock(block, `messages.${i}.content.${j}`, String(role), ctx.state.anySignature)
      if (fault) return fault
    }
    // System messages stand between turns without parting them; turns of one role are merged.
    if (role === 'system') continue
    const last = turns.at(-1)
    if (last?.role === role) last.blocks.push(...blocks)
    else turns.push({ role: String(role), blocks: [...blocks], index: i })
  }
  if (turns[0]?.role !== 'user') return invalid('messages: first message must use the "user" role')
  return checkFinal(turns, body, ctx) ?? checkPairs(turns)
}

function checkBlock(block: unknown, path: string, role: string, anySignature: boolean): Problem | undefined {
  const b = obj(block)
  const type = b?.['type']
  if (!b || typeof type !== 'string') return invalid(`${path}.type: Field required`)
  const fields = BLOCKS[type]
  if (type === 'input_text' || type === 'image_url' || type === 'output_text') {
    return invalid(
      `${path}: Input tag '${type}' found using 'type' does not match any of the expected tags: 'document', 'image', 'redacted_thinking', 'search_result', 'text', 'thinking', 'tool_result', 'tool_use'`,
    )
  }
  if (fields && !b['whole']) {
    const extra = Object.keys(b).find((k) => k !== 'type' && k !== 'cache_control' && !fields.includes(k))
    if (extra) return invalid(`${path}.${type}.${extra}: Extra inputs are not permitted`)
  }
  if (ASSISTANT_ONLY.has(type) && role !== 'assistant')
    return invalid(`${path}: \`${type}\` blocks can only be in \`assistant\` messages`)
  if (type === 'tool_result' && role !== 'user')
    return invalid(`${path}: \`tool_result\` blocks can only be in \`user\` messages`)
  switch (type) {
    case 'text':
      if (typeof b['text'] !== 'string') return invalid(`${path}.text.text: Field required`)
      if (b['text'] === '' && !b['whole']) return invalid('messages: text content blocks must be non-empty')
      if (role === 'user' && b['text'] !== '' && b['text'].trim() === '')
        return invalid('messages: text content blocks must contain non-whitespace text')
      return undefined
    case 'image':
    case 'document':
      return checkSource(b, path, type)
    case 'thinking':
      if (typeof b['thinking'] !== 'string') return invalid(`${path}.thinking.thinking: Field required`)
      if (typeof b['signature'] !== 'string') return invalid(`${path}.thinking.signature: Field required`)
      // With omitted display the text comes back empty; the signature still speaks for it.
      if (
        !anySignature &&
        !verify('anthropic', b['signature'], b['thinking']) &&
        !verify('anthropic-omitted', b['signature'], '')
      ) {
        return invalid(`${path}: Invalid \`signature\` in \`thinking\` block`)
      }
      return undefined
    case 'redacted_thinking':
      return anySignature || verify('anthropic-redacted', b['data'], '')
        ? undefined
        : invalid(`${path}: Invalid \`data\` in \`redacted_thinking\` block`)
    case 'tool_use':
      if (!/^[a-zA-Z0-9_-]+$/.test(str(b['id'])))
        return invalid(`${path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`)
      if (!/^[a-zA-Z0-9_-]{1,200}$/.test(str(b['name'])))
        return invalid(`${path}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'`)
      return obj(b['input']) ? undefined : invalid(`${path}.tool_use.input: Input should be a valid dictionary`)
    case 'tool_result':
      return checkResult(b, path)
  }
  return undefined
}

function checkResult(b: Json, path: string): Problem | undefined {
  if (!/^[a-zA-Z0-9_-]+$/.test(str(b['tool_use_id'])))
    return invalid(`${path}.tool_result.tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'`)
  const content = b['content']
  if (content === undefined || typeof content === 'string') return undefined
  if (!Array.isArray(content)) return invalid(`${path}.tool_result.content: Input should be a valid list`)
  for (const [k, part] of content.entries()) {
    const type = str(obj(part)?.['type'])
    if (!['text', 'image', 'document', 'search_result', 'tool_reference'].includes(type)) {
      return invalid(
        `${path}.tool_result.content.${k}: Input tag '${type}' found using 'type' does not match any of the expected tags: 'document', 'image', 'search_result', 'text'`,
      )
    }
    const fault = checkBlock(part, `${path}.tool_result.content.${k}`, 'user', true)
    if (fault) return fault
  }
  return undefined
}

function checkSource(b: Json, path: string, type: string): Problem | undefined {
  const source = obj(b['source'])
  if (!source) return invalid(`${path}.${type}.source: Field required`)
  const kind = str(source['type'])
  if (!['base64', 'url', 'file', 'text', 'content'].includes(kind)) {
    return invalid(
      `${path}.${type}.source: Input tag '${kind}' found using 'type' does not match any of the expected tags: 'base64', 'file', 'url'`,
    )
  }
  if (kind !== 'base64') return undefined
  const mediaType = str(source['media_type'])
  if (type === 'image' && !IMAGE_TYPES.includes(mediaType)) {
    return invalid(
      `${path}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`,
    )
  }
  if (type === 'document' && mediaType !== 'application/pdf')
    return invalid(`${path}.document.source.base64.media_type: Input should be 'application/pdf'`)
  const data = str(source['data'])
  if (!/^[A-Za-z0-9+/=\s]+$/.test(data)) return invalid(`${path}.${type}.source.base64.data: Invalid base64 data`)
  if (type === 'image' && base64Size(data) > 5 * 1024 * 1024) {
    return invalid(`${path}.image.source.base64: image exceeds 5 MB maximum: ${base64Size(data)} bytes > 5242880 bytes`)
  }
  return undefined
}

function checkFinal(
  turns: { role: string; blocks: Json[]; index: number }[],
  body: Json,
  ctx: Context,
): Problem | undefined {
  const final = turns.at(-1)!
  const thinking = obj(body['thinking'])?.['type']
  if (final.role === 'assistant') {
    const last = final.blocks.at(-1)
    if (newest(ctx.base) && last?.['type'] === 'text')
      return invalid(
        'This model does not support assistant message prefill. The conversation must end with a user message.',
      )
    if (last?.['type'] === 'text' && /\s$/.test(str(last['text'])))
      return invalid('messages: final assistant content cannot end with trailing whitespace')
    if (thinking === 'enabled')
      return invalid(`messages.${final.index}: prefill is not supported when thinking is enabled`)
  }
  // Inside a tool loop a budgeted thinker wants its own thoughts back.
  const before = turns.at(-2)
  if (thinking === 'enabled' && before && final.blocks.some((b) => b['type'] === 'tool_result')) {
    const first = before.blocks[0]?.['type']
    if (first !== 'thinking' && first !== 'redacted_thinking') {
      return invalid(
        `messages.${before.index}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable \`thinking\`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking`,
      )
    }
  }
  return undefined
}

function checkPairs(turns: { role: string; blocks: Json[]; index: number }[]): Problem | undefined {
  const everyId = new Set<string>()
  for (const [t, turn] of turns.entries()) {
    const results = turn.blocks.filter((b) => b['type'] === 'tool_result')
    const called = objs(turns[t - 1]?.blocks)
      .filter((b) => b['type'] === 'tool_use')
      .map((b) => str(b['id']))
    const seen = new Set<string>()
    for (const [j, block] of turn.blocks.entries()) {
      if (block['type'] === 'tool_use') {
        const id = str(block['id'])
        if (everyId.has(id)) return invalid(`messages.${turn.index}.content.${j}: \`tool_use\` ids must be unique`)
        everyId.add(id)
      }
      if (block['type'] !== 'tool_result') continue
      const id = str(block['tool_use_id'])
      if (!called.includes(id)) {
        return invalid(
          `messages.${turn.index}.content.${j}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
        )
      }
      if (seen.has(id))
        return invalid(
          `messages.${turn.index}.content.${j}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${id}`,
        )
      seen.add(id)
    }
    // Results must come first, so anything before them hides those behind it.
    const firstOther = turn.blocks.findIndex((b) => b['type'] !== 'tool_result')
    const leading = firstOther < 0 ? results : turn.blocks.slice(0, firstOther)
    const answered = new Set(leading.map((b) => str(b['tool_use_id'])))
    const open = called.filter((id) => !answered.has(id))
    if (turn.role === 'user' && open.length) return missing(turns[t - 1]!.index, open)
  }
  const final = turns.at(-1)!
  const open = final.blocks.filter((b) => b['type'] === 'tool_use').map((b) => str(b['id']))
  return open.length ? missing(final.index, open) : undefined
}

function missing(index: number, ids: string[]): Problem {
  return invalid(
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  )
}

/** At most four breakpoints, the longer-lived first, counted over tools, system and messages in this order. */
function checkCache(body: Json): Problem | undefined {
  const marks: { path: string; mark: Json }[] = []
  const collect = (list: unknown, path: string) => {
    for (const [i, item] of arr(list).entries()) {
      const o = obj(item)
      if (!o) continue
      const mark = obj(o['cache_control'])
      if (mark) marks.push({ path: `${path}.${i}.cache_control`, mark })
      if (Array.isArray(o['content'])) collect(o['content'], `${path}.${i}.content`)
    }
  }
  collect(body['tools'], 'tools')
  collect(body['system'], 'system')
  collect(body['messages'], 'messages')
  let short = false
  for (const { path, mark } of marks) {
    if (mark['type'] !== 'ephemeral')
      return invalid(
        `${path}: Input tag '${mark['type']}' found using 'type' does not match any of the expected tags: 'ephemeral'`,
      )
    const ttl = mark['ttl'] ?? '5m'
    if (ttl !== '5m' && ttl !== '1h') return invalid(`${path}.ephemeral.ttl: Input should be '5m' or '1h'`)
    if (ttl === '1h' && short) {
      return invalid(
        `${path}.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: \`tools\`, \`system\`, \`messages\`.`,
      )
    }
    if (ttl === '5m') short = true
  }
  const total = marks.length + (obj(body['cache_control']) ? 1 : 0)
  if (total > 4) return invalid(`A maximum of 4 blocks with cache_control may be provided. Found ${total}.`)
  return undefined
}
