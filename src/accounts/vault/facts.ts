/**
 * The open half of a login as it is read. It stands beside the seal, where others may write: a row of a hostile database, or
 * a stranger's export, must neither end the program nor reach further than its own login.
 */
import * as z from 'zod'
import type { LoginFacts } from '../login-record.ts'

const text = z.string().max(4_096)
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/
/** Visible characters and spaces: what may stand in a header (RFC 9110, 5.5). */
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

/** What can be had again, or only tells people something, is left out if it is wrong: it is no reason to lose a login. */
const leftOut = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)

const modelSchema = z.looseObject({
  name: z.string().min(1).max(512),
  upstream: z.string().min(1).max(512),
  contextLength: leftOut(z.number()),
  efforts: leftOut(z.array(z.string())),
})

export const factsSchema = z.looseObject({
  label: text,
  email: leftOut(text),
  subject: text,
  plan: leftOut(text),
  state: z.discriminatedUnion('is', [
    z.looseObject({ is: z.literal('ready') }),
    z.looseObject({
      is: z.literal('needs-login'),
      since: z.number(),
      reason: z.string(),
      version: z.number().optional(),
    }),
  ]),
  origin: z.looseObject({ how: z.enum(['login', 'moved', 'borrowed']), from: text.optional(), at: z.number() }),
  disabled: z.boolean(),
  priority: z.number(),
  weight: z.number(),
  prefix: text.optional(),
  proxyUrl: text.optional(),
  headers: z.record(z.string().regex(HEADER_NAME), z.string().regex(HEADER_VALUE)),
  excludedModels: z.array(text).max(10_000),
  concurrency: z.number().optional(),
  neverRests: leftOut(z.boolean()),
  note: leftOut(text),
  models: leftOut(z.array(modelSchema).max(10_000)),
  modelsAt: leftOut(z.number()),
  acknowledgedAt: leftOut(z.number()),
  createdAt: z.number(),
})

/** The facts of a row, in the order in which they were written; undefined if they are none. */
export function parseFacts(json: string): LoginFacts | undefined {
  try {
    const value = JSON.parse(json)
    const { success, data } = factsSchema.safeParse(value, { jitless: true })
    if (!success) return undefined
    for (const name of Object.keys(value)) {
      const sound = (data as Record<string, unknown>)[name]
      if (sound === undefined) delete value[name]
      else if (name === 'models') value[name] = sound
    }
    return value
  } catch {
    return undefined
  }
}
