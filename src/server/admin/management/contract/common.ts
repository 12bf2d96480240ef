/** What the answers of the management API have in common. Times are milliseconds since the epoch, money millionths of a US dollar. */
import * as z from 'zod'

/** Milliseconds since the epoch. */
export const time = z.number()
/** Milliseconds. */
export const duration = z.number()
/** Millionths of a US dollar. */
export const micros = z.number()
export const count = z.int().min(0)
/** A share, 0 to 1. */
export const share = z.number()

/** A JSON object of no fixed shape. */
export const json = z.record(z.string(), z.unknown())

/** The answer of a call that has nothing else to say. */
export const done = z.object({ ok: z.literal(true), message: z.string().optional() })

/**
 * A sentence whose times stay apart, so that a page can say them in its reader's zone: its pieces in their order, texts and
 * ISO instants. Joined they are the text beside it, which says the times in UTC.
 */
export const told = z.array(z.union([z.string(), z.object({ time: z.iso.datetime() })])).readonly()

/** One thing that is wrong in a config text. Lines and columns count from 1; 0 where it is about the file as a whole. */
export const fault = z.object({
  line: z.int(),
  column: z.int(),
  /** `a.b[0].c`; empty when it concerns the file or its syntax. */
  path: z.string(),
  message: z.string(),
})

/** Every answer with a status of 400 or more. */
export const problem = z.object({
  error: z.object({
    /** For programs: `unauthorized`, `csrf`, `not-found`, `invalid`, `conflict`, `gone`, `unavailable`, `too-many` … */
    code: z.string(),
    /** For people: what happened and what to do. */
    message: z.string(),
    /** Which field of the request it is about: `weight`, `models[0]`. */
    param: z.string().optional(),
    /** What is wrong in a config text. */
    faults: z.array(fault).optional(),
    /** Milliseconds to wait before the next try. */
    retryAfterMs: duration.optional(),
  }),
})

/** Whole numbers in a query. */
export const queryCount = (most: number) => z.coerce.number().int().min(1).max(most)
export const queryTime = z.coerce.number().min(0)
export const queryFlag = z.enum(['true', 'false', '1', '0']).transform((v) => v === 'true' || v === '1')

export type Told = z.infer<typeof told>
export type Done = z.infer<typeof done>
export type ConfigFault = z.infer<typeof fault>
export type Problem = z.infer<typeof problem>
