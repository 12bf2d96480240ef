/** Plans a request for `auto`: what it is, which models are to answer it, and which of them can. */
import { type Failure, failure } from '../../hub/failure.ts'
import { type Prompt, readPrompt } from '../classify/index.ts'
import {
  type Classification,
  nobody,
  type Plan,
  type PlanInput,
  type Routed,
  type Skipped,
  type Target,
  targetsOf,
  type Unplanned,
} from '../plan.ts'
import { decide, type Ruling } from './decide.ts'
import type { Guards, Lack } from './guards.ts'
import { type Needs, needsOf } from './needs.ts'
import { listed, type Rules } from './rules.ts'

const NOT_FOR_KEY = 'is not for this key'

/** All that was found out on the way, for those who explain. */
export interface AutoPlan {
  prompt: Prompt
  said: Classification | undefined
  ruling: Ruling
  needs: Needs | undefined
  result: Plan | Unplanned
}

/** Plans it. */
export function planAuto(input: PlanInput, rules: Rules): Plan | Unplanned {
  return resolveAuto(input, rules).result
}

/** The same, with all that was found out. */
export function resolveAuto(input: PlanInput, rules: Rules): AutoPlan {
  const { protocol, body, memory, guards } = input
  const prompt = readPrompt(input.dialect ?? protocol, body)
  const said = classified(input, prompt)
  const kept = rules.sticky && !rules['dry-run'] ? memory?.find(prompt) : undefined
  const ruling = decide(rules, input.config.fallback, said, kept, prompt.text)
  const needs =
    rules.guards && guards !== undefined
      ? needsOf({ protocol: input.dialect ?? protocol, body, prompt, depth: input.depth, spans: input.spans })
      : undefined
  const choice = choose(input, withHome(input, rules, ruling.models), needs)
  const routed = routedOf(ruling, choice)
  const found = { prompt, said, ruling, needs }
  if (rules['dry-run']) return { ...found, result: dryRun(input, rules, routed, choice) }
  if (choice.targets.length === 0) return { ...found, result: { ...nowhere(input, ruling, choice), routed } }
  const result: Plan = { targets: choice.targets, routed }
  if (rules.sticky && memory !== undefined) {
    const { category, confidence, unsure } = ruling
    result.settled = (model) => memory.keep(prompt, { category, confidence, unsure, model })
  }
  return { ...found, result }
}

/** A classifier that fails cannot tell; its fault must not become the client's. */
function classified({ classifier, protocol, body }: PlanInput, prompt: Prompt): Classification | undefined {
  try {
    return classifier?.({ protocol, body, prompt })
  } catch {
    return undefined
  }
}

/** A conversation that an account keeps can go on there alone, whatever model that has. */
function withHome({ atAccount }: PlanInput, rules: Rules, models: readonly string[]): readonly string[] {
  if (atAccount !== true) return models
  return [...new Set([...models, rules['default-model'], ...Object.values(rules.routes).flat()])].filter(
    (m) => m !== '',
  )
}

interface Choice {
  targets: readonly Target[]
  skipped: readonly Skipped[]
  /** Set where nobody can all that is needed, and those that come near it go: what they lack. */
  near?: readonly Skipped[]
}

/** Of the models those that are served, allowed and able. */
function choose(input: PlanInput, models: readonly string[], needs: Needs | undefined): Choice {
  const served: Target[] = []
  const skipped: Skipped[] = []
  const barred = models.map((model) => input.client?.allows?.(model) === false)
  // A key that may use `auto` and no model by name goes wherever the router leads.
  const bars = barred.includes(true) && !onlyAuto(input)
  models.forEach((model, i) => {
    if (bars && barred[i]) {
      skipped.push({ model, why: NOT_FOR_KEY })
      return
    }
    const targets = targetsOf(input, model)
    if (targets.length === 0) skipped.push({ model, why: unserved(input, model) })
    served.push(...targets)
  })
  const { guards } = input
  if (needs === undefined || guards === undefined) return { targets: served, skipped }
  const whole = able(served, needs, guards, () => true)
  if (whole.targets.length > 0) return { targets: whole.targets, skipped: [...skipped, ...whole.skipped] }
  // Degrees and estimates are for the vendor to judge: better its own answer than none.
  const near = able(served, needs, guards, (lack) => lack.hard)
  const window = ({ candidates }: Target) => guards.abilities(candidates[0]!).contextLength ?? Number.POSITIVE_INFINITY
  const tight = near.targets.some((target) => needs.tokensAtMost > window(target) && needs.tokens > window(target))
  const targets = tight ? near.targets.toSorted((a, b) => window(b) - window(a)) : near.targets
  return { targets, skipped: [...skipped, ...near.skipped], near: targets.length > 0 ? whole.skipped : undefined }
}

/** The targets whose seats lack nothing that is heeded. */
function able(
  targets: readonly Target[],
  needs: Needs,
  guards: Guards,
  heeds: (lack: Lack) => boolean,
): { targets: Target[]; skipped: Skipped[] } {
  const found: Target[] = []
  const skipped: Skipped[] = []
  for (const target of targets) {
    let why: string | undefined
    const candidates = target.candidates.filter((candidate) => {
      const lacks = guards.lacks(candidate, needs).filter(heeds)
      if (lacks.length > 0) why ??= lacks.map(({ words }) => words).join(' and ')
      return lacks.length === 0
    })
    // The list itself where all can: the pool knows it by its identity.
    if (why === undefined) found.push(target)
    else if (candidates.length > 0) found.push({ ...target, candidates })
    else if (!skipped.some(({ model }) => model === target.model)) skipped.push({ model: target.model, why })
  }
  return { targets: found, skipped }
}

function onlyAuto({ registry, client }: PlanInput): boolean {
  return !registry.list().some(({ id }) => client?.allows?.(id))
}

function unserved({ registry, pin, protocol }: PlanInput, model: string): string {
  const dialects = registry.dialectsOf(model, pin)
  if (dialects.length > 0) return `is served in ${dialects.join(' and ')} only, which ${protocol} is not carried to`
  return pin === undefined ? 'is served by no account' : `is not served at provider ${pin}`
}

function routedOf(ruling: Ruling, { targets, skipped, near }: Choice): Routed {
  const { category, confidence, models } = ruling
  let reason: string | undefined
  return {
    category,
    confidence,
    model: targets[0]?.model ?? models[0] ?? '',
    skipped,
    get reason() {
      reason ??= [
        ruling.reason(),
        ...skipped.map(({ model, why }) => `skipped ${model}: it ${why}`),
        ...(near === undefined ? [] : [`nobody can all of it (${near.map(withWhy).join(', ')}): the nearest answers`]),
      ].join('; ')
      return reason
    },
  }
}

const withWhy = ({ model, why }: Skipped) => `${model} ${why}`

/** Classifies and tells, and leaves the default model to answer: or, without one, the first there is. */
function dryRun(input: PlanInput, rules: Rules, routed: Routed, choice: Choice): Plan | Unplanned {
  const first = rules['default-model'] || Object.values(rules.routes).flat()[0]
  if (first === undefined) return { ...nothingSet(), routed }
  const names = [first, ...listed(input.config.fallback, first)]
  const targets = names.flatMap((model) => targetsOf(input, model))
  const told: Routed = {
    ...withoutReason(routed),
    model: targets[0]?.model ?? first,
    get reason() {
      const would = choice.targets.length > 0 ? `${routed.model} would answer` : 'nobody could answer'
      return `dry run, ${would}: ${routed.reason}`
    },
  }
  return targets.length > 0 ? { targets, routed: told } : { ...nobody(input, first), routed: told }
}

/** Copying would read the reason, which is made when somebody wants it. */
const withoutReason = ({ category, confidence, model, skipped }: Routed) => ({ category, confidence, model, skipped })

function nothingSet(): Failure {
  return failure(
    'invalid-request',
    'The model "auto" has nowhere to go: set ai-router.default-model or ai-router.routes in the config.',
    { code: 'model_not_found', param: 'model' },
  )
}

function nowhere(input: PlanInput, { category, models }: Ruling, { skipped }: Choice): Failure {
  if (models.length === 0) return nothingSet()
  const unable = skipped.filter(({ model }) => targetsOf(input, model).length > 0)
  const ways = skipped.map(withWhy).join('; ')
  if (unable.some(({ why }) => why === NOT_FOR_KEY) && unable.every(({ why }) => why === NOT_FOR_KEY))
    return failure('forbidden', `This key may use none of the models that "auto" leads to (${category}): ${ways}.`, {
      param: 'model',
      code: 'model_not_allowed',
    })
  if (unable.length > 0)
    return failure(
      'invalid-request',
      `No model that "auto" leads to (${category}) can answer this request: ${ways}. ` +
        'Add one that can to ai-router.routes or ai-router.default-model, name a model, or set ai-router.guards: false.',
      { code: 'no_capable_model', param: 'model' },
    )
  if (models.length === 1) return nobody(input, models[0]!)
  return failure(
    'unknown-model',
    `No account serves a model that "auto" leads to (${category}): ${ways}. GET /v1/models lists what is served.`,
    { code: 'model_not_found', param: 'model' },
  )
}
