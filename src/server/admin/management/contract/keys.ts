/** Keys of the clients: made, limited, rotated and revoked at run time. A key itself is shown once, when it is made. */
import * as z from 'zod'
import { count, duration, micros, time } from './common.ts'

/** Absent: no limit. `null` in a patch takes a limit away. */
export const keyLimits = z.strictObject({
  requestsPerMinute: z.int().min(1).nullable().optional(),
  /** Input and output; what is read from a cache does not count. */
  tokensPerMinute: z.int().min(1).nullable().optional(),
  tokensPerDay: z.int().min(1).nullable().optional(),
  /** Money in a day (UTC), millionths of a US dollar. */
  microsPerDay: z.int().min(1).nullable().optional(),
  /** Money in a calendar month (UTC), millionths of a US dollar. */
  microsPerMonth: z.int().min(1).nullable().optional(),
  /** Requests under way at once. */
  concurrency: z.int().min(1).nullable().optional(),
})

export const clientKey = z.object({
  id: z.string(),
  name: z.string(),
  /** `config`: stands in the file and is changed there; `store`: made here. */
  source: z.enum(['config', 'store']),
  /** First characters for recognition: `lp-Ab12…`; absent where only the hash is known. */
  hint: z.string().optional(),
  /** Model names it may use, as wildcards; absent: all. */
  models: z.array(z.string()).optional(),
  limits: keyLimits,
  expiresAt: time.optional(),
  disabled: z.boolean(),
  note: z.string().optional(),
  /** Keep bodies of its requests, for so long; absent: they are not kept. */
  keepBodiesMs: duration.optional(),
  createdAt: time.optional(),
  lastUsedAt: time.optional(),
  rotatedAt: time.optional(),
  /** The key before the present one is taken until then. */
  graceUntil: time.optional(),
  /** What it has used of its limits. */
  used: z
    .object({
      requestsThisMinute: count,
      tokensThisMinute: count,
      tokensToday: count,
      microsToday: micros,
      microsThisMonth: micros,
      inFlight: count,
      /** This month. */
      requests: count,
    })
    .optional(),
  /** Since the start of the process. */
  refusals: count,
  lastRefusal: z.object({ at: time, reason: z.string() }).optional(),
  /** Calls whose cost nobody knows: a limit on money does not see them. */
  unpriced: count,
})
export const clientKeys = z.object({ keys: z.array(clientKey), open: z.boolean() })

const settings = {
  models: z.array(z.string().min(1).max(200)).max(1000).nullable().optional(),
  limits: keyLimits.optional(),
  expiresAt: time.nullable().optional(),
  note: z.string().max(2000).nullable().optional(),
  keepBodiesMs: z
    .int()
    .min(0)
    .max(30 * 86_400_000)
    .nullable()
    .optional(),
}
const name = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N} ._@-]{1,64}$/u, 'letters, digits, spaces and . _ @ -, 64 at most')
export const keyCreate = z.strictObject({ name, ...settings })
export const keyPatch = z.strictObject({ name: name.optional(), disabled: z.boolean().optional(), ...settings })
/** The key itself: this once. */
export const keyShown = z.object({ key: z.string(), entry: clientKey })
export const keyRotate = z.strictObject({
  /** How long the old one is still taken; 0 ends it at once. */
  graceMs: z
    .int()
    .min(0)
    .max(7 * 86_400_000)
    .default(0),
})

export type KeyLimits = z.infer<typeof keyLimits>
export type ClientKeyView = z.infer<typeof clientKey>
export type ClientKeys = z.infer<typeof clientKeys>
export type KeyCreate = z.infer<typeof keyCreate>
export type KeyPatch = z.infer<typeof keyPatch>
export type KeyShown = z.infer<typeof keyShown>
export type KeyRotate = z.infer<typeof keyRotate>
