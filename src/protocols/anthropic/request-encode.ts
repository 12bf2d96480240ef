/** Hub → Messages request (https://docs.claude.com/en/api/messages). */
import { FailureError, failure } from '../../hub/failure.ts'
import type { ChatRequest, OutputFormat } from '../../hub/request.ts'
import type { TargetModel } from '../codec.ts'
import type { Json } from '../json.ts'
import { plainText } from './blocks-encode.ts'
import { addCachePoints, tidyCachePoints } from './cache-points.ts'
import { type Conversation, encodeConversation, encodeTurn, withoutPrefill } from './conversation.ts'
import { outputSchema } from './schema.ts'
import { isObject, type Losses, lossList, own } from './take.ts'
import { encodeThinking, type ThinkingForm } from './thinking.ts'
import { encodeChoice, encodeTools } from './tools.ts'

/** `max_tokens` is required; this stands in where neither the client nor the model's data sheet says one. */
const DEFAULT_MAX_TOKENS = 32_000

const JSON_ONLY = 'Answer with one valid JSON object and nothing else: no prose, no code fence.'

/** The body, and what it could not say. */
export function encodeRequest(request: ChatRequest, target: TargetModel): { body: Json; losses: Losses['list'] } {
  const losses = lossList()
  const rest = own(request)
  const home = rest !== undefined
  const said = encodeConversation(request.messages, home, losses)
  // Models that think by effort are those that refuse a prefill.
  const conversation = !home && target.reasoning?.by === 'effort' ? withoutPrefill(said, losses) : said
  if (conversation.turns.length === 0 && !home)
    throw new FailureError(
      failure('invalid-request', 'nothing of the conversation can be said in Anthropic Messages', {
        param: 'messages',
      }),
    )
  if (request.output?.type === 'json') {
    losses.add('response_format', 'asked for in words')
    conversation.system.push({ type: 'text', text: JSON_ONLY })
  }
  const tools = encodeTools(request, losses)
  const choice = encodeChoice(request, tools, losses)
  const maxTokens = maxTokensOf(request, target, home, losses)
  const form = encodeThinking(
    request.reasoning,
    {
      ability: target.reasoning,
      home,
      maxTokens,
      hasTools: tools.length > 0,
      obstacle: obstacle(choice, conversation),
    },
    losses,
  )
  const system = conversation.listed ? conversation.system : plainText(conversation.system)
  const config = outputConfig(request, form, rest?.['output_config'], home, losses)
  const body: Json = {
    ...rest,
    model: target.model,
    max_tokens: maxTokens,
    ...(system !== undefined && { system }),
    messages: conversation.turns.map(encodeTurn),
    ...(tools.length > 0 && { tools }),
    ...(choice !== undefined && { tool_choice: { ...objectOf(rest?.['tool_choice']), ...choice } }),
    ...sampling(request, form, home, losses),
    ...(form.thinking !== undefined && { thinking: form.thinking }),
    ...(config !== undefined && { output_config: config }),
    ...metadata(request, rest?.['metadata'], home, losses),
    ...(request.stream && { stream: true }),
  }
  tellUnsayable(request, losses)
  const marked = tidyCachePoints(body, losses)
  return { body: home || hasCacheMarks(request) ? marked : addCachePoints(marked), losses: losses.list }
}

/** What `count_tokens` does not know of a request (https://docs.claude.com/en/api/messages-count-tokens). */
const NOT_COUNTED = [
  'max_tokens',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'metadata',
  'service_tier',
]

/** The body that asks how many tokens a request has. */
export function encodeCount(request: ChatRequest, target: TargetModel): { body: Json; losses: Losses['list'] } {
  const { body, losses } = encodeRequest(request, target)
  const counted = { ...body }
  for (const field of NOT_COUNTED) delete counted[field]
  return { body: counted, losses }
}

function maxTokensOf(request: ChatRequest, target: TargetModel, home: boolean, losses: Losses): number {
  const wanted = request.maxOutputTokens
  if (wanted === undefined) return target.maxOutput ?? DEFAULT_MAX_TOKENS
  if (home || target.maxOutput === undefined || wanted <= target.maxOutput) return home ? wanted : Math.max(1, wanted)
  losses.add('max_tokens', `the model gives ${target.maxOutput} at most`)
  return target.maxOutput
}

/** Why a budgeted model would refuse to think over this conversation. */
function obstacle(choice: Json | undefined, { turns }: Conversation): { field: string; reason: string } | undefined {
  if (choice?.['type'] === 'any' || choice?.['type'] === 'tool') {
    return { field: 'reasoning', reason: 'a forced tool choice rules it out' }
  }
  const spoken = turns.filter((turn) => turn.role !== 'system')
  const final = spoken.at(-1)
  if (final?.role === 'assistant') return { field: 'reasoning', reason: 'the answer is begun already' }
  const before = spoken.at(-2)
  const inLoop = final?.blocks.some((block) => block['type'] === 'tool_result')
  if (!inLoop || before === undefined) return undefined
  const first = before.blocks[0]?.['type']
  if (first === 'thinking' || first === 'redacted_thinking') return undefined
  return { field: 'reasoning', reason: 'the thoughts before the last tool call are missing' }
}

/** The sampling parameters thinking allows; a dialect of its own range for temperature. */
function sampling(request: ChatRequest, { thinking }: ThinkingForm, home: boolean, losses: Losses): Json {
  const { temperature, topP, topK } = request
  const out: Json = {}
  const thinks = thinking?.['type'] === 'enabled' || thinking?.['type'] === 'adaptive'
  if (temperature !== undefined) {
    if (thinks && temperature !== 1) losses.add('temperature', 'must be 1 while thinking')
    else if (!home && temperature > 1) {
      losses.add('temperature', 'lowered to 1, the most there is')
      out['temperature'] = 1
    } else out['temperature'] = temperature
  }
  if (topP !== undefined) {
    if (thinks && topP < 0.95) losses.add('top_p', 'must be 0.95 or more while thinking')
    // Newer models refuse the two together.
    else if (!home && out['temperature'] !== undefined) {
      if (topP !== 1) losses.add('top_p', 'not together with temperature')
    } else out['top_p'] = topP
  }
  if (topK !== undefined) {
    if (thinks) losses.add('top_k', 'not while thinking')
    else out['top_k'] = topK
  }
  const stop = (request.stop ?? []).filter((sequence) => sequence.trim() !== '')
  if (stop.length < (request.stop?.length ?? 0)) losses.add('stop', 'a stop sequence must not be blank')
  if (stop.length > 0) out['stop_sequences'] = stop
  return out
}

function outputConfig(
  { output }: ChatRequest,
  { effort }: ThinkingForm,
  rest: unknown,
  home: boolean,
  losses: Losses,
): Json | undefined {
  const format = output?.type === 'schema' ? formatOf(output, home, losses) : undefined
  const config = {
    ...objectOf(rest),
    ...(effort !== undefined && { effort }),
    ...(format !== undefined && { format }),
  }
  return Object.keys(config).length === 0 ? undefined : config
}

function formatOf(output: OutputFormat & { type: 'schema' }, home: boolean, losses: Losses): Json | undefined {
  if (!isObject(output.schema)) {
    losses.add('response_format', 'the schema is no object')
    return undefined
  }
  const format = { ...own(output), type: 'json_schema' }
  if (home) return { ...format, schema: output.schema }
  const schema = outputSchema(output.schema)
  return {
    ...format,
    schema: {
      ...(output.name !== undefined && { title: output.name }),
      ...(output.description !== undefined && { description: output.description }),
      ...schema,
    },
  }
}

/** The API refuses user ids that look like a person's address. */
const PERSONAL = /^[^\s@]+@[^\s@]+\.[^\s@]+$|^\+?[\d\s().-]{7,}$/

function metadata({ user }: ChatRequest, rest: unknown, home: boolean, losses: Losses): Json {
  const more = objectOf(rest)
  if (user !== undefined && !home && PERSONAL.test(user)) {
    losses.add('user', 'mail addresses and phone numbers are refused')
    return {}
  }
  if (user === undefined && Object.keys(more).length === 0) return {}
  return { metadata: { ...more, ...(user !== undefined && { user_id: user }) } }
}

/** Words of the hub this dialect has none for, as clients know them; 0 asks for nothing. */
const UNSAYABLE: [keyof ChatRequest, string][] = [
  ['presencePenalty', 'presence_penalty'],
  ['frequencyPenalty', 'frequency_penalty'],
  ['logprobs', 'logprobs'],
  ['verbosity', 'verbosity'],
  ['cacheKey', 'prompt_cache_key'],
]

function tellUnsayable(request: ChatRequest, losses: Losses): void {
  for (const [word, field] of UNSAYABLE)
    if (request[word] !== undefined && request[word] !== 0) losses.add(field, 'not known here')
  if (request.seed !== undefined) losses.add('seed', 'not known here')
  if (request.count !== undefined && request.count > 1) losses.add('n', 'one answer a request')
}

function hasCacheMarks({ messages, tools = [] }: ChatRequest): boolean {
  const marked = (node: object) => 'cache' in node && node.cache !== undefined
  return (
    tools.some(marked) ||
    messages.some(({ parts }) => parts.some((p) => marked(p) || (p.type === 'tool-result' && p.parts.some(marked))))
  )
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {}
}
