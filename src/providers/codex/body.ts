/**
 * What the Codex backend takes of the Responses API (domain.md 1.2, "Required body", "Rejected"). What it refuses is taken
 * out, and told where it would have changed anything for the client.
 */
import type { Loss } from '../../hub/loss.ts'
import { conversationId } from '../login-request.ts'
import type { EditContext, Vessel } from '../provider.ts'
import { itemsFor, nameTool } from './items.ts'
import { createOpener } from './stream.ts'

type Json = Record<string, unknown>

const REASON = 'the Codex backend does not take it'
const anything = () => true

/** Refused fields, and whether a value of theirs asks for anything that does not happen without it. */
const REFUSED: Readonly<Record<string, (value: unknown) => boolean>> = {
  max_output_tokens: anything,
  max_tokens: anything,
  max_completion_tokens: anything,
  max_tool_calls: anything,
  temperature: (value) => value !== 1,
  top_p: (value) => value !== 1,
  top_k: anything,
  stop: (value) => !Array.isArray(value) || value.length > 0,
  n: (value) => value !== 1,
  seed: anything,
  presence_penalty: (value) => value !== 0,
  frequency_penalty: (value) => value !== 0,
  logit_bias: isFilled,
  logprobs: (value) => value !== false,
  top_logprobs: (value) => value !== 0,
  truncation: (value) => value !== 'disabled',
  user: anything,
  metadata: isFilled,
  safety_identifier: anything,
  previous_response_id: anything,
  conversation: anything,
  prompt: anything,
  background: (value) => value !== false,
  prompt_cache_retention: anything,
  context_management: isFilled,
  // How a stream is told, not what is in it.
  stream_options: () => false,
}

function isFilled(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : true
}

/** Taken by the backend, as the plan allows. `auto` and `default` are what it does anyway. */
const TIERS = new Set(['priority', 'flex'])
const NO_TIER = new Set(['auto', 'default'])

const ENCRYPTED = 'reasoning.encrypted_content'
const LOGPROBS = 'message.output_text.logprobs'

/** The body as the backend takes it. The same request gives the same body, to the byte. */
export function editBody(given: Json, context: EditContext): { body: Json; losses: Loss[] } {
  const losses: Loss[] = []
  const body: Json = { ...given, model: context.model }
  for (const [field, matters] of Object.entries(REFUSED)) {
    if (!Object.hasOwn(body, field)) continue
    const value = body[field]
    delete body[field]
    if (value !== null && value !== undefined && matters(value)) losses.push({ field, reason: REASON })
  }
  tier(body, context, losses)
  body['instructions'] = typeof body['instructions'] === 'string' ? body['instructions'] : ''
  body['input'] = itemsFor(body['input'], declared(body['tools']), losses)
  if (Array.isArray(body['tools'])) body['tools'] = body['tools'].map(nameTool)
  if (isObject(body['tool_choice'])) body['tool_choice'] = nameChoice(body['tool_choice'])
  if (body['store'] === true) losses.push({ field: 'store', reason: 'the Codex backend stores nothing' })
  if (context.action === 'compact') {
    // Unary, and of few fields (domain.md 1.2): what belongs to a stream is not understood there.
    for (const field of ['stream', 'store', 'include']) delete body[field]
    return { body, losses }
  }
  body['stream'] = true
  body['store'] = false
  body['include'] = included(body['include'], losses)
  if (typeof body['parallel_tool_calls'] !== 'boolean') body['parallel_tool_calls'] = true
  if (typeof body['prompt_cache_key'] !== 'string') delete body['prompt_cache_key']
  if (body['prompt_cache_key'] === undefined && context.session !== undefined)
    body['prompt_cache_key'] = conversationId(context.session, context.account.id)
  return { body, losses }
}

function tier(body: Json, { credential }: EditContext, losses: Loss[]): void {
  const wanted = body['service_tier']
  // The free plan has neither of them (domain.md 1.2: "priority/flex per plan").
  const isFree = credential.type === 'oauth' && credential.details['plan'] === 'free'
  if (wanted === undefined || (TIERS.has(wanted as string) && !isFree)) return
  delete body['service_tier']
  if (wanted !== null && !NO_TIER.has(wanted as string)) losses.push({ field: 'service_tier', reason: REASON })
}

/** Nothing is stored, so reasoning can be replayed only by what the answer carries of it. */
function included(given: unknown, losses: Loss[]): string[] {
  const wanted = Array.isArray(given) ? given.filter((one) => typeof one === 'string') : []
  if (wanted.includes(LOGPROBS)) losses.push({ field: 'include', reason: 'the Codex backend gives no logprobs' })
  const kept = wanted.filter((one) => one !== LOGPROBS)
  return kept.includes(ENCRYPTED) ? kept : [...kept, ENCRYPTED]
}

/** Names of the functions that are offered. */
function declared(tools: unknown): ReadonlySet<string> {
  const names = new Set<string>()
  if (Array.isArray(tools)) for (const tool of tools) if (typeof tool?.name === 'string') names.add(tool.name)
  return names
}

function nameChoice(choice: Json): Json {
  const named = nameTool(choice) as Json
  return Array.isArray(named['tools']) ? { ...named, tools: named['tools'].map(nameTool) } : named
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The vessel of a ChatGPT login. Made anew for each attempt: it remembers what a stream has told. */
export function vesselOfLogin(): Vessel {
  return { streamsOnly: true, edit: editBody, open: createOpener() }
}
