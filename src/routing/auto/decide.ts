/** From what a prompt is to the models that are to answer it, in order, and why. Pure. */

import type { Classification } from '../plan.ts'
import { listed, type Rules } from './rules.ts'
import { type Kept, turned } from './sticky.ts'

export interface Ruling {
  /** What is told: the category that the choice goes by. `default` where nothing told one. */
  category: string
  /** 0 to 1; undefined where the classifier tells none. */
  confidence: number | undefined
  /** Names in the order in which they are to be tried; perhaps none. */
  models: readonly string[]
  /** The category was not sure enough to choose by. */
  unsure: boolean
  /** Set where the conversation keeps what it had. */
  kept?: Kept
  /** One sentence. Made when it is asked for, at the cost of another reading of the prompt. */
  reason(): string
}

const HARD = ['code', 'reasoning', 'analysis'] as const

/**
 * @param text the ask, for telling a turn that means something from one that only goes on.
 * @param fallback for a model, those to try after it.
 */
export function decide(
  rules: Rules,
  fallback: Readonly<Record<string, readonly string[]>>,
  said: Classification | undefined,
  kept: Kept | undefined,
  text: string,
): Ruling {
  const expanded = (names: readonly string[]) => [
    ...new Set(names.flatMap((name) => [name, ...listed(fallback, name)])),
  ]
  if (kept !== undefined && !turned(kept, said, text)) {
    const models = expanded(modelsOf(rules, kept.category, kept.unsure, undefined).models)
    if (models.includes(kept.model)) return staying(kept, models, said)
  }
  const chosen = freshly(rules, said)
  const fresh = { ...chosen, models: expanded(chosen.models) }
  if (kept === undefined || said === undefined || said.category === kept.category) return fresh
  return { ...fresh, reason: () => `the conversation turned from ${kept.category}; ${fresh.reason()}` }
}

function staying(kept: Kept, models: readonly string[], said: Classification | undefined): Ruling {
  const { category, confidence, model, unsure } = kept
  return {
    category,
    confidence,
    models: [model, ...models.filter((name) => name !== model)],
    unsure,
    kept,
    reason() {
      const stays = `this conversation stays with ${model} (${category}), so that its cache holds`
      if (said === undefined) return stays
      return `${stays}; this turn alone is ${said.reason}`
    },
  }
}

function freshly(rules: Rules, said: Classification | undefined): Ruling {
  if (said === undefined) {
    const models = modelsOf(rules, 'default', true, undefined).models
    const reason = () => 'no classifier gave a category: the default model answers'
    return { category: 'default', confidence: 0, models, unsure: true, reason }
  }
  const { category, confidence } = said
  const weak = confidence !== undefined && confidence < rules['min-confidence']
  const heavy = !weak && category === 'fast' && said.hard === true
  const { models, instead } = modelsOf(rules, category, weak || heavy, said.scores)
  return {
    category,
    confidence,
    models,
    unsure: weak || heavy,
    reason() {
      const doubt = weak
        ? `; less sure than ${rules['min-confidence']}`
        : heavy
          ? '; it may be hard work, so not for the fast model alone'
          : ''
      const way = instead === undefined ? '' : `; ${instead}`
      return `${said.reason}${doubt}${way}`
    },
  }
}

/** The models of a category: its route, then the default; the other way round where the category is not sure. */
function modelsOf(
  rules: Rules,
  category: string,
  unsure: boolean,
  scores: Readonly<Record<string, number>> | undefined,
): { models: string[]; instead?: string } {
  const own = listed(rules.routes, category)
  const fallback = rules['default-model']
  if (unsure) {
    if (fallback !== '') return { models: [...new Set([fallback, ...own])], instead: 'the default model answers' }
    if (category === 'fast') {
      const heavier = best(rules, scores, HARD)
      if (heavier !== undefined)
        return {
          models: [...new Set([...listed(rules.routes, heavier), ...own])],
          instead: `there is no default model: ${heavier} answers`,
        }
    }
  }
  if (own.length > 0) return { models: fallback === '' ? [...own] : [...new Set([...own, fallback])] }
  if (fallback !== '') return { models: [fallback], instead: 'no route of its own: the default model answers' }
  const next = best(rules, scores, Object.keys(rules.routes))
  if (next === undefined) return { models: [] }
  return {
    models: [...listed(rules.routes, next)],
    instead: `neither a route of its own nor a default model: ${next} answers`,
  }
}

/** Of some categories the likeliest that has a route. */
function best(
  rules: Rules,
  scores: Readonly<Record<string, number>> | undefined,
  categories: readonly string[],
): string | undefined {
  let found: string | undefined
  let top = -1
  for (const name of categories) {
    if (listed(rules.routes, name).length === 0) continue
    const score = scores !== undefined && Object.hasOwn(scores, name) ? scores[name]! : 0
    if (score > top) {
      found = name
      top = score
    }
  }
  return found
}
