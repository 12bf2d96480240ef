/**
 * Reasoning depth and output format ↔ hub. Depth has as many spellings as vendors: `reasoning_effort` (OpenAI, Gemini,
 * xAI, Groq), `reasoning: {effort | max_tokens, enabled, exclude}` (OpenRouter), `thinking: {type, budget_tokens}` (DeepSeek,
 * Z.ai, Kimi), `enable_thinking` with `thinking_budget` (Qwen).
 */
import type { Loss } from '../../hub/loss.ts'
import { asBudget, asEffort } from '../../hub/reasoning.ts'
import { type ChatRequest, EFFORTS, type Effort, type OutputFormat, type ReasoningControl } from '../../hub/request.ts'
import type { TargetModel } from '../codec.ts'
import { asObject, count, type Json } from '../json.ts'
import { fitsStrict } from '../openai-shared/strict.ts'
import { type Form, ownRest, restOf } from './rest.ts'

type Depth = NonNullable<ReasoningControl['depth']>

const REASONING = new Set(['effort', 'max_tokens', 'enabled', 'exclude'])
const THINKING = new Set(['type', 'budget_tokens'])

/** The members of a body that `decodeReasoning` reads whole. */
const SPELLINGS = ['reasoning_effort', 'reasoning', 'thinking', 'enable_thinking', 'thinking_budget'] as const

function depthOfWord(word: unknown): Depth | undefined {
  if (word === 'none') return { mode: 'off' }
  return typeof word === 'string' && (EFFORTS as readonly string[]).includes(word)
    ? { mode: 'effort', effort: word as Effort }
    : undefined
}

/** The depth asked for, however it is spelled, and the members it was read from. */
export function decodeReasoning(body: Json, form: Form): { reasoning?: ReasoningControl; read: readonly string[] } {
  const read: string[] = []
  let depth: Depth | undefined
  let show: boolean | undefined
  let rest: Json = {}

  function take(name: (typeof SPELLINGS)[number], found: Depth | undefined): void {
    read.push(name)
    form.add(name)
    depth ??= found
  }

  const effort = body['reasoning_effort']
  // An unknown word ("default") is the upstream's to understand: it stays where it is.
  const level = depthOfWord(effort)
  if (level !== undefined) take('reasoning_effort', level)

  const reasoning = asObject(body['reasoning'])
  if (reasoning !== undefined) {
    const tokens = count(reasoning['max_tokens'])
    take(
      'reasoning',
      depthOfWord(reasoning['effort']) ??
        (tokens !== undefined ? { mode: 'budget', tokens } : undefined) ??
        (reasoning['enabled'] === false ? { mode: 'off' } : undefined) ??
        (reasoning['enabled'] === true ? { mode: 'auto' } : undefined),
    )
    if (typeof reasoning['exclude'] === 'boolean') show = !reasoning['exclude']
    rest = { ...rest, ...named('reasoning', reasoning, REASONING) }
  }

  const thinking = asObject(body['thinking'])
  if (thinking !== undefined) {
    const tokens = count(thinking['budget_tokens'])
    const on: Depth = tokens === undefined ? { mode: 'auto' } : { mode: 'budget', tokens }
    const type = thinking['type']
    take('thinking', type === 'disabled' ? { mode: 'off' } : type === undefined ? undefined : on)
    rest = { ...rest, ...named('thinking', thinking, THINKING) }
  }

  const enabled = body['enable_thinking']
  if (typeof enabled === 'boolean') {
    const tokens = count(body['thinking_budget'])
    if (tokens !== undefined) take('thinking_budget', enabled ? { mode: 'budget', tokens } : undefined)
    take('enable_thinking', enabled ? { mode: 'auto' } : { mode: 'off' })
  }
  if (read.length === 0) return { read }
  return {
    reasoning: {
      ...(depth !== undefined && { depth }),
      ...(show !== undefined && { show }),
      ...restOf(rest, new Set()),
    },
    read,
  }
}

function named(name: string, wire: Json, known: ReadonlySet<string>): Json {
  const rest = Object.fromEntries(Object.entries(wire).filter(([k, v]) => !known.has(k) && v !== null))
  return Object.keys(rest).length === 0 ? {} : { [name]: rest }
}

/**
 * The depth as the client spelled it if it spoke this dialect, else as `reasoning_effort`, and that only to models known
 * to reason: OpenAI's others refuse the whole request for it.
 */
export function encodeReasoning(
  control: ReasoningControl | undefined,
  target: TargetModel,
  form: ReadonlySet<string>,
  losses: Loss[],
): Json {
  if (control === undefined) return {}
  const { depth, show } = control
  const rest = ownRest(control)
  const ability = target.reasoning
  const levels = levelsOf(ability)
  const body: Json = {}

  if (form.has('reasoning')) body['reasoning'] = { ...openrouter(depth, show), ...asObject(rest['reasoning']) }
  if (form.has('thinking')) body['thinking'] = { ...switched(depth), ...asObject(rest['thinking']) }
  if (form.has('enable_thinking') && depth !== undefined) {
    body['enable_thinking'] = depth.mode !== 'off'
    if (form.has('thinking_budget') && depth.mode !== 'off' && depth.mode !== 'auto')
      body['thinking_budget'] = asBudget(depth, { min: 0 })
  }
  const spelled = Object.keys(body).length > 0
  const effort = asEffort(depth, levels)
  if (form.has('reasoning_effort') || (!spelled && ability !== undefined)) {
    if (effort !== undefined) body['reasoning_effort'] = effort
  } else if (!spelled && depth !== undefined && depth.mode !== 'auto')
    losses.push({ field: 'reasoning', reason: 'this model is not known to take a reasoning effort' })
  if (show === false && !form.has('reasoning'))
    losses.push({ field: 'reasoning.show', reason: 'thoughts cannot be switched off here' })
  return body
}

/** Gateways in front of models with budgets take these words for them. */
function levelsOf(ability: TargetModel['reasoning']): readonly Effort[] {
  if (ability === undefined) return EFFORTS
  if (ability.by === 'effort') return ability.levels
  return ability.off ? ['none', 'low', 'medium', 'high'] : ['low', 'medium', 'high']
}

function openrouter(depth: Depth | undefined, show: boolean | undefined): Json {
  const words: Json = {}
  if (depth?.mode === 'effort') words['effort'] = depth.effort
  else if (depth?.mode === 'budget') words['max_tokens'] = depth.tokens
  else if (depth !== undefined) words['enabled'] = depth.mode === 'auto'
  if (show !== undefined) words['exclude'] = !show
  return words
}

function switched(depth: Depth | undefined): Json {
  if (depth === undefined) return {}
  const tokens = depth.mode === 'budget' ? { budget_tokens: depth.tokens } : {}
  return { type: depth.mode === 'off' ? 'disabled' : 'enabled', ...tokens }
}

const FORMAT = new Set(['type', 'json_schema'])
const SCHEMA = new Set(['name', 'description', 'schema', 'strict'])
const SCHEMA_NAME = /^[a-zA-Z0-9_-]{1,64}$/

/** `response_format`; undefined with `read` false for a form only the upstream knows (a grammar). */
export function decodeFormat(value: unknown): { output?: OutputFormat; read: boolean } {
  const format = asObject(value)
  if (format === undefined) return { read: value === undefined || value === null }
  const spec = asObject(format['json_schema'])
  switch (format['type']) {
    case 'text':
      return { read: true }
    case 'json_object': {
      // Together and Fireworks put a schema beside it.
      const { schema } = format
      return { output: asObject(schema) === undefined ? { type: 'json' } : { type: 'schema', schema }, read: true }
    }
    case 'json_schema': {
      if (spec === undefined) return { output: { type: 'json' }, read: true }
      const { name, description, strict } = spec
      return {
        output: {
          type: 'schema',
          schema: spec['schema'] ?? {},
          ...(typeof name === 'string' && { name }),
          ...(typeof description === 'string' && { description }),
          ...(typeof strict === 'boolean' && { strict }),
          ...restOf(spec, SCHEMA, named('format', format, FORMAT)),
        },
        read: true,
      }
    }
    default:
      return { read: false }
  }
}

/** `strict`, but for a schema OpenAI would refuse the whole request for. */
export function strictness(strict: boolean | undefined, schema: unknown, field: string, losses: Loss[]): Json {
  if (strict === true && !fitsStrict(schema)) {
    losses.push({ field, reason: 'the schema is not closed, or has optional members' })
    return {}
  }
  return strict === undefined ? {} : { strict }
}

/** `response_format`, whose schema must have a name. */
export function encodeFormat(output: ChatRequest['output'], losses: Loss[]): Json {
  if (output === undefined) return {}
  if (output.type === 'json') return { response_format: { type: 'json_object' } }
  const { format, ...rest } = ownRest(output)
  return {
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: schemaName(output.name),
        ...(output.description !== undefined && { description: output.description }),
        schema: output.schema,
        ...strictness(output.strict, output.schema, 'response_format.strict', losses),
        ...rest,
      },
      ...asObject(format),
    },
  }
}

function schemaName(name: string | undefined): string {
  if (name === undefined || name === '') return 'answer'
  return SCHEMA_NAME.test(name) ? name : name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64)
}
