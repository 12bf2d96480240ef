/** Effort ↔ budget ↔ level, once for all (domain.md 3.4). */
import { type ChatRequest, EFFORTS, type Effort } from './request.ts'

/** What a level means in tokens where only budgets are understood. Product constants. */
const BUDGETS: Record<Effort, number> = {
  none: 0,
  minimal: 512,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: 32_768,
  max: 128_000,
}

/** What one model accepts. Absent: it does not reason, or nothing is known. */
export type ReasoningAbility =
  | { by: 'effort'; levels: readonly Effort[] }
  /** Tokens; `off` tells whether 0 is accepted. */
  | { by: 'budget'; min: number; max: number; off: boolean }

export function budgetOf(effort: Effort): number {
  return BUDGETS[effort]
}

/** The level a budget comes nearest to, from above: 8192 is still medium, 8193 is high. */
export function effortOf(tokens: number): Effort {
  if (tokens <= 0) return 'none'
  if (tokens <= BUDGETS.minimal) return 'minimal'
  if (tokens <= BUDGETS.low) return 'low'
  if (tokens <= BUDGETS.medium) return 'medium'
  if (tokens <= BUDGETS.high) return 'high'
  return 'xhigh'
}

/** The nearest level of a model; of two equally near the lower one. */
export function nearestEffort(wanted: Effort, levels: readonly Effort[]): Effort {
  const rank = (e: Effort) => EFFORTS.indexOf(e)
  let best = levels[0] ?? wanted
  for (const level of levels) {
    const d = Math.abs(rank(level) - rank(wanted))
    const b = Math.abs(rank(best) - rank(wanted))
    if (d < b || (d === b && rank(level) < rank(best))) best = level
  }
  return best
}

/** How hard a model should think. */
export type ReasoningDepth = NonNullable<NonNullable<ChatRequest['reasoning']>['depth']>

/** The depth as a level, for targets that know levels; undefined leaves it to the model. */
export function asEffort(depth: ReasoningDepth | undefined, levels: readonly Effort[] = EFFORTS): Effort | undefined {
  if (depth === undefined || depth.mode === 'auto') return undefined
  if (depth.mode === 'off') return nearestEffort('none', levels)
  return nearestEffort(depth.mode === 'effort' ? depth.effort : effortOf(depth.tokens), levels)
}

/** The depth as a budget; 0 is off, -1 leaves it to the model. Clamped to what the model accepts. */
export function asBudget(
  depth: ReasoningDepth | undefined,
  { min = 1_024, max = 128_000, off = true }: { min?: number; max?: number; off?: boolean } = {},
): number | undefined {
  if (depth === undefined) return undefined
  if (depth.mode === 'auto') return -1
  const tokens = depth.mode === 'off' ? 0 : depth.mode === 'effort' ? budgetOf(depth.effort) : depth.tokens
  if (tokens === 0) return off ? 0 : min
  if (tokens < 0) return -1
  return Math.min(Math.max(tokens, min), max)
}

/** `model(high)`, `model(8192)`, `model(none)`: the name without it, and the depth it asks for (domain.md 3.4). */
export function suffixOf(model: string): { model: string; depth?: ReasoningDepth } {
  const found = /^(.+)\(([a-z0-9-]+)\)$/i.exec(model)
  if (found === null) return { model }
  const [, name, word] = found as unknown as [string, string, string]
  const lower = word.toLowerCase()
  if (lower === 'auto' || lower === '-1') return { model: name, depth: { mode: 'auto' } }
  if (lower === 'none' || lower === '0') return { model: name, depth: { mode: 'off' } }
  if ((EFFORTS as readonly string[]).includes(lower))
    return { model: name, depth: { mode: 'effort', effort: lower as Effort } }
  if (/^\d{1,9}$/.test(lower)) return { model: name, depth: { mode: 'budget', tokens: Number(lower) } }
  return { model }
}
