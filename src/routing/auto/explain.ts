/** Says what `auto` makes of a request and why: for the command line and the management API alike. */
import type { Pool, Standing } from '../../accounts/pool.ts'
import type { ProtocolId } from '../../hub/protocol-id.ts'
import { suffixOf } from '../../hub/reasoning.ts'
import type { Signal } from '../classify/index.ts'
import {
  AUTO,
  type Classification,
  isPlan,
  type Plan,
  type PlanInput,
  plan,
  type RouteMemory,
  type Unplanned,
} from '../plan.ts'
import { needWords } from './needs.ts'
import { type AutoPlan, resolveAuto } from './plan-auto.ts'
import { rulesFor } from './rules.ts'
import type { Kept } from './sticky.ts'

/** What is asked of `explainRoute`; what a snapshot has goes in as it is. */
export interface RouteQuestion
  extends Pick<PlanInput, 'registry' | 'config' | 'classifier' | 'guards' | 'client' | 'pin'> {
  /** Dialect of the body. */
  protocol: ProtocolId
  /** A request as a client would send it; see `requestOf` for one made of a prompt. */
  body: Buffer
  /** `auto` unless said; `auto(high)` and named models are explained, too. */
  model?: string
  /** Tells which accounts rest; absent: every account counts as usable. */
  pool?: Pool
  /** The conversation's key, for the accounts' standings. */
  session?: string
  /** What the conversation had before. */
  kept?: Kept
}

/** An answer in data; it keeps nothing of the request. */
export interface RouteExplanation {
  /** The model asked for. */
  model: string
  /** Absent where the model was named, or no classifier could tell. */
  decision?: {
    category: string
    /** 0 to 1; absent where the classifier tells none. */
    confidence?: number
    /** Of each category, 0 to 1. */
    scores: Record<string, number>
    /** What decided, in words, the strongest first. */
    signals: Signal[]
    language: string
    /** One sentence. */
    reason: string
    hard: boolean
  }
  /** The category that the choice goes by: that of the conversation, where it keeps its model. */
  category?: string
  /** The model that would answer now; absent if none can. */
  target?: string
  /** Those to be tried after it, in order. */
  fallbacks: string[]
  /** All of them with their accounts. */
  targets: { model: string; standings: Standing[] }[]
  /** Models that were passed over. */
  skipped: { model: string; why: string }[]
  /** What the request needs of a model: `images`, `tools`. Empty where guards are off. */
  needs: string[]
  /** Set where the conversation keeps its model. */
  sticky?: { model: string; category: string }
  dryRun: boolean
  /** One sentence: which model answers, and why. */
  words: string
  /** Microseconds that deciding and planning took. */
  tookUs: number
  /** Why nothing could answer. */
  failure?: string
}

/** Explains. Never throws for what a request holds. */
export function explainRoute(question: RouteQuestion): RouteExplanation {
  const { model: asked = AUTO, kept, config } = question
  const memory: RouteMemory | undefined = kept && { find: () => kept, keep() {} }
  const { model, depth } = suffixOf(asked)
  const input: PlanInput = { ...question, model, depth, translates: true, memory }
  const rules = rulesFor(config['ai-router'], question.client?.router)
  const auto = model === AUTO && rules.enabled
  const from = process.hrtime.bigint()
  const found: Partial<AutoPlan> & { result: Plan | Unplanned } = auto
    ? resolveAuto(input, rules)
    : { result: plan(input) }
  const tookUs = Number(process.hrtime.bigint() - from) / 1_000
  const { said, ruling, needs, result } = found
  const { routed } = result
  const targets = standingsOf(result, question)
  const free = targets.filter(({ standings }) => standings.some(({ is }) => is === 'usable' || is === 'probe'))
  const target = free[0]?.model
  const failure = isPlan(result) ? undefined : result.message
  return {
    model: asked,
    ...(said !== undefined && { decision: decisionOf(said) }),
    ...(ruling !== undefined && { category: ruling.category }),
    ...(target !== undefined && { target }),
    fallbacks: targets.map((t) => t.model).filter((name) => name !== target),
    targets,
    skipped: [...(routed?.skipped ?? [])],
    needs: needs === undefined ? [] : needWords(needs),
    ...(ruling?.kept !== undefined && { sticky: { model: ruling.kept.model, category: ruling.kept.category } }),
    dryRun: auto && rules['dry-run'],
    words: wordsOf(target, targets, routed?.reason, failure),
    tookUs: Math.round(tookUs * 10) / 10,
    ...(failure !== undefined && { failure }),
  }
}

function decisionOf(said: Classification): NonNullable<RouteExplanation['decision']> {
  const { category, confidence, scores = {}, signals = [], language = 'und', reason, hard = false } = said
  const own = confidence === undefined ? {} : { confidence }
  return { category, ...own, scores: { ...scores }, signals: [...signals], language, reason, hard }
}

/** Every model once, its accounts of both ways together. */
function standingsOf(result: Plan | Unplanned, { pool, session }: RouteQuestion): RouteExplanation['targets'] {
  if (!isPlan(result)) return []
  const byModel = new Map<string, Standing[]>()
  for (const { model, candidates } of result.targets) {
    const standings =
      pool?.explain(candidates, { rotation: model, session }) ??
      candidates.map(
        ({ account, model: upstream }): Standing => ({
          accountId: account.id,
          label: account.label,
          provider: account.provider,
          model: upstream,
          priority: account.priority,
          is: 'usable',
          because: 'ready',
          inFlight: 0,
          quotaLeft: 1,
        }),
      )
    byModel.set(model, [...(byModel.get(model) ?? []), ...standings])
  }
  return [...byModel].map(([model, standings]) => ({ model, standings }))
}

function wordsOf(
  target: string | undefined,
  targets: RouteExplanation['targets'],
  reason: string | undefined,
  failure: string | undefined,
): string {
  const why = reason === undefined ? '' : `: ${reason}`
  if (failure !== undefined) return failure
  if (target === undefined) return `no account of ${targets.map((t) => t.model).join(', ')} is usable now${why}`
  const before = targets
    .slice(
      0,
      targets.findIndex((t) => t.model === target),
    )
    .map((t) => t.model)
  const resting =
    before.length === 0 ? '' : `; ${before.join(', ')} ${before.length === 1 ? 'has' : 'have'} no usable account now`
  return `${target} answers${why}${resting}`
}

/** A request as a client would send it, of a prompt or of messages in any of the dialects. */
export function requestOf(question: { prompt: string; system?: string } | Readonly<Record<string, unknown>>): Buffer {
  const { prompt, ...rest } = question as { prompt?: unknown }
  if (typeof prompt !== 'string') return Buffer.from(JSON.stringify(question))
  return Buffer.from(JSON.stringify({ ...rest, messages: [{ role: 'user', content: prompt }] }))
}
