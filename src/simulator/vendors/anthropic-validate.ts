import { verify } from '../signature.ts'
import type { Context, Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import { adaptiveOnly, beta, checkTop, newest, VERSIONS } from './anthropic-options.ts'
import { checkTools } from './anthropic-tools.ts'
import { arr, base64Size, obj, objs, str } from './util.ts'

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
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']

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
