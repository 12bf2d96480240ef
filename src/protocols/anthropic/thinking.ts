/**
 * Thinking in its two forms: a budget in tokens, or "adaptive" with an effort
 * (https://docs.claude.com/en/docs/build-with-claude/extended-thinking, .../adaptive-thinking, .../effort).
 */
import { asBudget, asEffort, type ReasoningAbility } from '../../hub/reasoning.ts'
import type { Effort, ReasoningControl } from '../../hub/request.ts'
import type { Json } from '../json.ts'
import { isString, type Losses, noted, own, type Taker, taker } from './take.ts'

const LEVELS: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max']
const MIN_BUDGET = 1024
/** What is left for the answer when a budget has to be lowered, if there is room for both. */
const ANSWER_ROOM = 1024

export const isEffort = (value: unknown): value is Effort => LEVELS.includes(value as Effort)

/** `thinking` and `output_config.effort` as one control. An effort beside a budget stays in the extras. */
export function decodeThinking(thinking: Json | undefined, effort: Effort | undefined): ReasoningControl | undefined {
  if (thinking === undefined) {
    return effort === undefined
      ? undefined
      : { depth: { mode: 'effort', effort }, extras: { anthropic: { $bare: true } } }
  }
  const t = taker(thinking)
  const depth = depthOf(t, effort)
  if (depth === undefined) return undefined
  if (effort !== undefined && depth.mode !== 'effort') t.rest['effort'] = effort
  const display = t.take('display', isDisplay)
  if (display !== undefined) return { depth, show: display === 'summarized', ...t.extras() }
  // The form with a budget has always shown its thoughts (domain.md 3.4); other dialects have to be asked for theirs.
  if (depth.mode !== 'budget') return { depth, ...t.extras() }
  t.rest['$shown'] = true
  return { depth, show: true, ...t.extras() }
}

const isDisplay = (value: unknown): value is 'summarized' | 'omitted' => value === 'summarized' || value === 'omitted'

function depthOf(t: Taker, effort: Effort | undefined): ReasoningControl['depth'] {
  const type = t.take('type', isString)
  if (type === 'disabled') return { mode: 'off' }
  if (type === 'adaptive') return effort === undefined ? { mode: 'auto' } : { mode: 'effort', effort }
  const tokens = type === 'enabled' ? t.number('budget_tokens') : undefined
  return tokens === undefined ? undefined : { mode: 'budget', tokens }
}

/** What bears on whether a budgeted model may think. */
export interface ThinkingPlace {
  ability: ReasoningAbility | undefined
  /** The request was said in this dialect. */
  home: boolean
  maxTokens: number
  hasTools: boolean
  /** Why a budgeted model must not think this time. */
  obstacle: { field: string; reason: string } | undefined
}

export interface ThinkingForm {
  thinking?: Json
  effort?: Effort
}

/** The form the model knows. */
export function encodeThinking(
  control: ReasoningControl | undefined,
  place: ThinkingPlace,
  losses: Losses,
): ThinkingForm {
  if (control?.depth === undefined) {
    if (control?.show !== undefined) losses.add('reasoning.show', 'thinking is not asked for')
    return {}
  }
  const form = formOf(control, place)
  if (form.thinking === undefined) return form
  if (form.thinking['type'] === 'enabled' && !fit(form.thinking, control, place, losses)) {
    return { ...form, thinking: { type: 'disabled' } }
  }
  if (form.thinking['type'] === 'disabled') return form
  const { effort: _, ...rest } = own(control) ?? {}
  return {
    ...form,
    thinking: {
      ...rest,
      ...form.thinking,
      ...(control.show !== undefined &&
        !(control.show && noted(control, '$shown')) && { display: control.show ? 'summarized' : 'omitted' }),
    },
  }
}

function formOf(control: ReasoningControl, { ability, home }: ThinkingPlace): ThinkingForm {
  const depth = control.depth!
  const rest = own(control)
  // An effort said beside a budget or beside `disabled`.
  const beside = isEffort(rest?.['effort']) && ability?.by !== 'budget' ? { effort: rest['effort'] } : {}
  if (isOff(depth)) {
    const never = ability?.by === 'budget' && !ability.off
    return { thinking: never ? enabled(ability.min) : { type: 'disabled' }, ...beside }
  }
  const by = ability?.by ?? (home && depth.mode !== 'budget' ? 'effort' : 'budget')
  if (by === 'effort') {
    const known = ability?.by === 'effort' ? ability.levels.filter(isEffort) : []
    const effort = asEffort(depth, known.length > 0 ? known : LEVELS)
    return {
      ...(!noted(control, '$bare') && { thinking: { type: 'adaptive' } }),
      ...(effort !== undefined && { effort }),
    }
  }
  const range = ability?.by === 'budget' ? ability : undefined
  // A budgeted model cannot decide by itself; adaptive ones left alone think hard.
  if (depth.mode === 'auto' && range === undefined) return {}
  const wanted = depth.mode === 'auto' ? ({ mode: 'effort', effort: 'high' } as const) : depth
  const tokens = home && range === undefined && wanted.mode === 'budget' ? wanted.tokens : budget(wanted, range)
  return { thinking: enabled(tokens), ...beside }
}

function budget(
  depth: NonNullable<ReasoningControl['depth']>,
  range: { min: number; max: number } | undefined,
): number {
  const min = Math.max(MIN_BUDGET, range?.min ?? MIN_BUDGET)
  return asBudget(depth, { min, max: Math.max(min, range?.max ?? Number.MAX_SAFE_INTEGER) }) ?? min
}

function isOff(depth: NonNullable<ReasoningControl['depth']>): boolean {
  return depth.mode === 'off' || (depth.mode === 'effort' && depth.effort === 'none') || tokensOf(depth) === 0
}

function tokensOf(depth: NonNullable<ReasoningControl['depth']>): number | undefined {
  return depth.mode === 'budget' ? depth.tokens : undefined
}

function enabled(tokens: number): Json {
  return { type: 'enabled', budget_tokens: tokens }
}

/** Makes a budget obey `max_tokens`; false when the model must not think at all. */
function fit(thinking: Json, control: ReasoningControl, place: ThinkingPlace, losses: Losses): boolean {
  if (place.obstacle !== undefined) {
    losses.add(place.obstacle.field, place.obstacle.reason)
    return false
  }
  const tokens = thinking['budget_tokens'] as number
  // With interleaved thinking, which a header asks for, the budget may span several turns.
  if (tokens < place.maxTokens || (place.home && place.hasTools)) return true
  if (place.maxTokens <= MIN_BUDGET) {
    losses.add('reasoning', 'the output limit leaves no room to think')
    return false
  }
  thinking['budget_tokens'] = Math.max(MIN_BUDGET, place.maxTokens - ANSWER_ROOM)
  if (control.depth?.mode === 'budget') losses.add('reasoning.budget', 'lowered below the output limit')
  return true
}
