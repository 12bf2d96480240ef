/** The router: what kind of work a prompt is and why, what answers it, and "this is wrong". */
import * as z from 'zod'
import { share, time } from './common.ts'
import { standing } from './status.ts'

export const routeExplain = z.strictObject({
  prompt: z.string().min(1).max(200_000),
  system: z.string().max(200_000).optional(),
  /** `auto` unless said. */
  model: z.string().min(1).max(200).default('auto'),
  /** Dialect of the client. */
  protocol: z.string().default('openai-chat'),
})
export const signal = z.object({
  /** For people: `"refactor" (a change to code)`, `a stack trace`. */
  words: z.string(),
  category: z.string(),
  weight: z.number(),
})
export const routeExplained = z.object({
  /** Absent where no router reads prompts, or the model was named. */
  decision: z
    .object({
      category: z.string(),
      /** 0 where the classifier tells none. */
      confidence: share,
      scores: z.record(z.string(), share),
      signals: z.array(signal),
      language: z.string(),
      reason: z.string(),
      hard: z.boolean(),
    })
    .optional(),
  /** The category that the choice goes by: not `decision.category` where that was not sure enough. */
  category: z.string().optional(),
  /** The model that would answer now; absent if none can. */
  target: z.string().optional(),
  /** Those to be tried after it, in order. */
  fallbacks: z.array(z.string()),
  /** Models that were passed over. */
  skipped: z.array(z.object({ model: z.string(), why: z.string() })),
  /** What the request needs of a model: `images`, `tools`. */
  needs: z.array(z.string()),
  /** The router only says what it would do (`ai-router.dry-run`). */
  dryRun: z.boolean(),
  /** One sentence: which model answers, and why. */
  words: z.string(),
  /** Milliseconds the decision took. */
  tookMs: z.number(),
  targets: z.array(z.object({ model: z.string(), standings: z.array(standing) })),
  /** Why nothing could answer. */
  failure: z.string().optional(),
})
/** "This is wrong": the text belongs to that category; the router heeds it at once. */
export const routeFeedback = z.strictObject({
  text: z.string().trim().min(1).max(20_000),
  category: z.string().trim().min(1).max(64),
})
export const routeExample = z.object({
  id: z.string(),
  text: z.string(),
  category: z.string(),
  createdAt: time,
})
export const routeExamples = z.object({ examples: z.array(routeExample), categories: z.array(z.string()) })

export type RouteExplain = z.infer<typeof routeExplain>
export type RouteExplained = z.infer<typeof routeExplained>
export type RouteSignal = z.infer<typeof signal>
export type RouteFeedback = z.infer<typeof routeFeedback>
export type RouteExample = z.infer<typeof routeExample>
export type RouteExamples = z.infer<typeof routeExamples>
