/** Which model should answer, and who can: pure. */
import type { Candidate } from '../accounts/pool.ts'
import type { Config } from '../config/schema.ts'
import { type Failure, failure } from '../hub/failure.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import type { ReasoningDepth } from '../hub/reasoning.ts'
import type { Span } from '../wire/peek.ts'
import type { Guards } from './auto/guards.ts'
import { planAuto } from './auto/plan-auto.ts'
import { listed, type OwnRules, rulesFor } from './auto/rules.ts'
import type { Kept } from './auto/sticky.ts'
import type { Prompt, Signal } from './classify/index.ts'
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
  routed?: Routed
  /** Hears which model really answers, once that is known: its conversation keeps it. */
  settled?(model: string): void
}

/** How `auto` was resolved, for headers, logs and people. */
export interface Routed {
  category: string
  /** 0 to 1; absent where the classifier tells none. */
  confidence?: number
  /** Where the request is to go first; empty if nowhere. */
  model: string
  /** Models that were passed over, and why. */
  skipped: readonly Skipped[]
  /** One sentence. Made when it is read. */
  readonly reason: string
}

export interface Skipped {
  model: string
  /** In words, to go after the name: `takes no images`. */
  why: string
}

/** Why nothing could be planned; `routed` as far as it came, where the request asked for `auto`. */
export interface Unplanned extends Failure {
  routed?: Routed
}

/** What a classifier says of a prompt. */
export interface Classification {
  category: string
  /** Why, in words a person can read: `code: refactor, function (confidence 0.93)`. */
  readonly reason: string
  /** 0 to 1. Below `ai-router.min-confidence` the default model answers; absent: the category counts as sure. */
  confidence?: number
  /** For each category, 0 to 1. */
  scores?: Readonly<Record<string, number>>
  /** Code, mathematics or analysis: whatever its category, not for the fast model. */
  hard?: boolean
  /** Two letters. */
  language?: string
  readonly signals?: readonly Signal[]
}

/** Reads a request and says what kind of task it is; undefined when it cannot tell. `prompt` is what of it is the user's. */
export type Classifier = (request: {
  protocol: ProtocolId
  body: Buffer
  prompt?: Prompt
}) => Classification | undefined

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
  /** Knows what models can; absent: nothing is guarded. */
  guards?: Guards
  /** What the client may use (absent: anything), and what it has of its own in place of `ai-router`. */
  client?: { allows?(model: string): boolean; readonly router?: OwnRules | undefined }
  /** How deep to think, by the model's name: `auto(high)`. */
  depth?: ReasoningDepth
  /** Dialect of the body, where it is not that of the path. */
  dialect?: ProtocolId
  /** Where members of the body stand, those of `REASONING_FIELDS` among them. */
  spans?: ReadonlyMap<string, Span>
  /** What the conversation had before; absent: nothing is kept. */
  memory?: RouteMemory
  /** The conversation is kept by an account: every model of the router that may be there is planned, after the chosen. */
  atAccount?: boolean
}

/** One conversation's memory of its model. */
export interface RouteMemory {
  find(prompt: Prompt): Kept | undefined
  keep(prompt: Prompt, kept: Kept): void
}

/** The model name that asks for routing by content. */
export const AUTO = 'auto'

/** Plans the attempts for a request, or says why there can be none. */
export function plan(input: PlanInput): Plan | Unplanned {
  if (input.model === AUTO) {
    const rules = rulesFor(input.config['ai-router'], input.client?.router)
    if (rules.enabled) return planAuto(input, rules)
  }
  const targets = [input.model, ...listed(input.config.fallback, input.model)].flatMap((m) => targetsOf(input, m))
  return targets.length > 0 ? { targets } : nobody(input, input.model)
}

/** The ways to serve a model: in the client's own dialect first. */
export function targetsOf({ registry, protocol, pin, translates }: PlanInput, model: string): Target[] {
  const targets: Target[] = []
  const filter = { protocol, pin }
  const native = registry.find(model, filter)
  if (native.length > 0) targets.push({ model, candidates: native })
  // Translating is for models that nobody serves in the client's own dialect, or whose every such account rests.
  const foreign = translates ? registry.findForeign(model, filter) : []
  if (foreign.length > 0) targets.push({ model, candidates: foreign })
  return targets
}

/** No account serves the model, or none so that this request can reach it. */
export function nobody(input: PlanInput, model: string): Failure {
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
export function isPlan(result: Plan | Unplanned): result is Plan {
  return 'targets' in result
}
