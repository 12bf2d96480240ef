/** Which model should answer, and who can: pure. */
import type { Candidate } from '../accounts/pool.ts'
import type { Config } from '../config/schema.ts'
import { type Failure, failure } from '../hub/failure.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import type { Registry } from './models.ts'

/** A model that may answer and the seats that serve it. */
export interface Target {
  /** Public model name. */
  model: string
  candidates: readonly Candidate[]
}

/** Ordered attempts: every seat of the first target, then of the next. */
export interface Plan {
  targets: readonly Target[]
  /** Set when the request asked for `auto`. */
  category?: string
  reason?: string
}

/** What a classifier says of a prompt. */
export interface Classification {
  category: string
  /** Why, in words a person can read. */
  reason: string
}

/** Reads a request and says what kind of task it is; undefined when it cannot tell. */
export type Classifier = (request: { protocol: ProtocolId; body: Buffer }) => Classification | undefined

export interface PlanInput {
  registry: Registry
  config: Pick<Config, 'ai-router' | 'fallback'>
  protocol: ProtocolId
  model: string
  body: Buffer
  pin?: string
  /** Whether the client's dialect can be translated; false: only endpoints of that dialect are planned. */
  translates: boolean
  classifier?: Classifier
}

/** The model name that asks for routing by content. */
export const AUTO = 'auto'

/** Plans the attempts for a request, or says why there can be none. */
export function plan(input: PlanInput): Plan | Failure {
  if (input.model === AUTO && input.config['ai-router'].enabled) return planAuto(input)
  const names = [input.model, ...listed(input.config.fallback, input.model)]
  const targets = targetsOf(input, names)
  return targets.length > 0 ? { targets } : nobody(input, input.model)
}

/** A classifier that fails cannot tell; its fault must not become the client's. */
function classified({ classifier, protocol, body }: PlanInput): Classification | undefined {
  try {
    return classifier?.({ protocol, body })
  } catch {
    return undefined
  }
}

function planAuto(input: PlanInput): Plan | Failure {
  const router = input.config['ai-router']
  const said = classified(input)
  const names = said === undefined ? [] : [...listed(router.routes, said.category)]
  if (router['default-model'] !== '') names.push(router['default-model'])
  if (names.length === 0)
    return failure(
      'invalid-request',
      'The model "auto" has nowhere to go: set ai-router.default-model or ai-router.routes in the config.',
      { code: 'model_not_found', param: 'model' },
    )
  const targets = targetsOf(
    input,
    names.flatMap((name) => [name, ...listed(input.config.fallback, name)]),
  )
  if (targets.length === 0) return nobody(input, names[0]!)
  return {
    targets,
    category: said?.category ?? 'default',
    reason: said?.reason ?? 'no classifier gave a category: the default model answers',
  }
}

/** A list of the config under a name that a client chose: `constructor` and its like are in no list. */
function listed(lists: Readonly<Record<string, readonly string[]>>, name: string): readonly string[] {
  return Object.hasOwn(lists, name) ? lists[name]! : []
}

function targetsOf(input: PlanInput, names: readonly string[]): Target[] {
  const targets: Target[] = []
  for (const model of names) {
    const filter = { protocol: input.protocol, pin: input.pin }
    const native = input.registry.find(model, filter)
    if (native.length > 0) targets.push({ model, candidates: native })
    // Translating is for models that nobody serves in the client's own dialect, or whose every such account rests.
    const foreign = input.translates ? input.registry.findForeign(model, filter) : []
    if (foreign.length > 0) targets.push({ model, candidates: foreign })
  }
  return targets
}

function nobody(input: PlanInput, model: string): Failure {
  const where = input.pin === undefined ? '' : ` at provider "${input.pin}"`
  const dialects = input.registry.dialectsOf(model, input.pin)
  if (dialects.length > 0)
    return failure(
      'invalid-request',
      `The model "${model}" is served${where} in ${dialects.join(' and ')} only, and this version carries a request only to an endpoint of its own dialect (${input.protocol}).`,
      { code: 'unsupported_dialect', param: 'model' },
    )
  return failure(
    'unknown-model',
    `No account serves the model "${model}"${where}. GET /v1/models lists what is served.`,
    {
      code: 'model_not_found',
      param: 'model',
    },
  )
}

/** Tells a plan from the failure that stands in its place. */
export function isPlan(result: Plan | Failure): result is Plan {
  return 'targets' in result
}
