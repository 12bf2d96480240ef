/** Everything of a Responses request but the conversation. */
import type { Loss } from '../../hub/loss.ts'
import { asEffort } from '../../hub/reasoning.ts'
import type { ChatRequest, Message } from '../../hub/request.ts'
import type { TargetModel } from '../codec.ts'
import { asArray, asObject, type Json } from '../json.ts'
import { fitsStrict } from '../openai-shared/strict.ts'
import { ID, notes, restOf } from './own.ts'
import { LOGPROBS, SEALED } from './request-decode.ts'
import { encodeChoice, encodeTool } from './tools.ts'

/** `max_output_tokens` below this is refused. */
const LEAST_OUTPUT = 16
/** `user` beyond this is refused. */
const LONGEST_USER = 64

/** Everything but the conversation. */
export function encodeSettings(request: ChatRequest, target: TargetModel, losses: Loss[]): Json {
  const { $own: own = false, $sealed, $unstored } = notes(request)
  const { include: included, text: texts, ...rest } = restOf(request)
  const drop = (field: string, reason = 'OpenAI Responses has no such field') => losses.push({ field, reason })
  const settings: Json = { stream: request.stream }

  const tools = (request.tools ?? [])
    .filter((tool) => notes(tool).$in === undefined || !own)
    .flatMap((tool): Json[] => {
      const encoded = encodeTool(tool, own)
      return encoded === undefined ? [] : [encoded]
    })
  for (const tool of request.tools ?? []) {
    if (tool.type === 'web-search' && tool.maxUses !== undefined) drop('tools.max_uses')
    if (tool.type === 'function' && tool.strict && !own && !fitsStrict(tool.schema))
      drop('tools.strict', 'OpenAI takes it only for schemas with closed objects and every property required')
  }
  if (tools.length > 0) settings['tools'] = tools
  if (request.toolChoice !== undefined && (own || tools.length > 0))
    settings['tool_choice'] = encodeChoice(request.toolChoice, request.tools ?? [])
  const parallel = request.parallelToolCalls ?? (own || tools.length === 0 ? undefined : true)
  if (parallel !== undefined) settings['parallel_tool_calls'] = parallel

  const reasoning = encodeReasoningControl(request, target, own, drop)
  if (reasoning !== undefined) settings['reasoning'] = reasoning

  if (request.maxOutputTokens !== undefined) {
    const tooFew = !own && request.maxOutputTokens < LEAST_OUTPUT
    if (tooFew) drop('max_tokens', `raised to ${LEAST_OUTPUT}, the least OpenAI Responses takes`)
    settings['max_output_tokens'] = tooFew ? LEAST_OUTPUT : request.maxOutputTokens
  }
  // Models that always reason refuse any sampling but the default.
  const samples = own || target.reasoning?.by !== 'effort' || target.reasoning.levels.includes('none')
  for (const [field, value] of [
    ['temperature', request.temperature],
    ['top_p', request.topP],
  ] as const)
    if (value !== undefined && (samples || value === 1)) settings[field] = value
    else if (value !== undefined) drop(field, 'models that always reason do not take it')

  const text: Json = { ...asObject(texts) }
  const format = encodeFormat(request, own, drop)
  if (format !== undefined) text['format'] = format
  if (request.verbosity !== undefined) text['verbosity'] = request.verbosity
  if (Object.keys(text).length > 0) settings['text'] = text

  // Asked of a model that does not reason, sealed reasoning is refused: so only where reasoning is known or asked for.
  const sealed = own
    ? $sealed
    : target.reasons !== false &&
      (target.reasoning !== undefined || reasoning !== undefined || hasSealed(request.messages))
  const include = [
    ...(sealed ? [SEALED] : []),
    ...asArray(included),
    ...(request.logprobs !== undefined ? [LOGPROBS] : []),
  ]
  if (include.length > 0) settings['include'] = include
  if (request.logprobs?.top !== undefined) settings['top_logprobs'] = request.logprobs.top

  if (request.user !== undefined) {
    if (own || request.user.length <= LONGEST_USER) settings['user'] = request.user
    else drop('user', `longer than the ${LONGEST_USER} characters OpenAI takes`)
  }
  if (request.cacheKey !== undefined) settings['prompt_cache_key'] = request.cacheKey
  if (!own || $unstored) settings['store'] = false

  if (request.topK !== undefined) drop('top_k')
  if (request.stop !== undefined && request.stop.length > 0) drop('stop')
  if (request.seed !== undefined) drop('seed')
  if (request.presencePenalty !== undefined) drop('presence_penalty')
  if (request.frequencyPenalty !== undefined) drop('frequency_penalty')
  if (request.count !== undefined && request.count > 1) drop('n')
  return { ...settings, ...rest }
}

function hasSealed(messages: readonly Message[]): boolean {
  return messages.some((m) => m.parts.some((p) => p.type === 'reasoning' && p.signature?.issuer === ID))
}

function encodeReasoningControl(
  request: ChatRequest,
  target: TargetModel,
  own: boolean,
  drop: (field: string, reason?: string) => void,
): Json | undefined {
  const control = request.reasoning
  if (control === undefined) return undefined
  const { depth, show } = control
  // The whole request would be refused for it.
  if (target.reasons === false && !own) {
    if (depth !== undefined && depth.mode !== 'auto') drop('reasoning', 'this model does not reason')
    return undefined
  }
  const levels = target.reasoning?.by === 'effort' ? target.reasoning.levels : undefined
  const rest = restOf(control)
  const out: Json = { ...rest }
  // "Do not reason", said to a model that never does or never stops, is refused.
  if (depth?.mode === 'off' && levels === undefined && !own) {
    drop('reasoning.effort', 'it is not known whether this model can be told not to reason')
    return undefined
  }
  const effort = asEffort(depth, levels)
  if (effort !== undefined) out['effort'] = effort
  const silent = depth?.mode === 'off' && effort === 'none'
  if (show === true && (own ? rest['generate_summary'] === undefined || notes(control).$summary : !silent))
    out['summary'] = notes(control).$summary ?? 'auto'
  return Object.keys(out).length > 0 || own ? out : undefined
}

function encodeFormat(
  { output }: ChatRequest,
  own: boolean,
  drop: (field: string, reason: string) => void,
): Json | undefined {
  if (output === undefined) return undefined
  if (output.type === 'json') return { type: 'json_object' }
  const { schema, name, description, strict } = output
  const loose = strict === true && !own && !fitsStrict(schema)
  if (loose) drop('output.strict', 'OpenAI takes it only for schemas with closed objects and every property required')
  return {
    type: 'json_schema',
    ...(name !== undefined || !own ? { name: name ?? 'answer' } : {}),
    schema,
    ...(description !== undefined && { description }),
    ...(strict !== undefined && { strict: strict && !loose }),
    ...restOf(output),
  }
}
