/** Who is there: sign-in with the admin token, the session of a browser, one-time links, the audit log. */
import * as z from 'zod'
import { time } from './common.ts'

/** How a caller proved to be the owner. `local`: a program of the owner (`logicaproxy dashboard`). */
export const actorKind = z.enum(['token', 'session', 'link', 'nobody'])

/** Asked first by every page. Without a session it tells only how to get one. */
export const session = z.object({
  authenticated: z.boolean(),
  kind: actorKind,
  /** To be sent as `X-CSRF-Token` with every call that changes something. Only for a session. */
  csrf: z.string().optional(),
  /** When the session ends if nothing is called any more; each call moves it. */
  expiresAt: time.optional(),
  /** Only with a session or token. */
  version: z.string().optional(),
  /** For people, where nobody is signed in: how to get in. */
  help: z.string().optional(),
})

export const signIn = z.strictObject({ token: z.string().min(1).max(512) })

/** The part after `#` or `?link=` of a one-time link, redeemed once. */
export const redeem = z.strictObject({ link: z.string().min(16).max(128) })

/** A new one-time link. It is shown this once. */
export const link = z.object({ url: z.string(), path: z.string(), expiresAt: time })

/** A browser that is signed in. */
export const sessionEntry = z.object({
  /** Opaque; not the cookie. */
  id: z.string(),
  /** Whether it is the session that asks. */
  own: z.boolean(),
  by: actorKind,
  createdAt: time,
  lastUsedAt: time,
  expiresAt: time,
  address: z.string(),
  userAgent: z.string(),
})
export const sessionList = z.object({ sessions: z.array(sessionEntry) })

/** One thing that was changed (or refused), newest first. `before` and `after` hold no secrets. */
export const auditEntry = z.object({
  id: z.string(),
  at: time,
  who: z.object({ kind: actorKind, id: z.string().optional() }),
  /** Address of the other end of the socket. */
  from: z.string(),
  /** `account.change`, `key.create`, `config.save`, `login.refused` … */
  action: z.string(),
  /** What it was done to: an account id, a key name, a config path. */
  target: z.string(),
  outcome: z.enum(['done', 'refused', 'failed']),
  /** For people, one sentence. */
  message: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  /** Of the request that was sent, for a test. */
  requestId: z.string().optional(),
})
export const auditQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().optional(),
  action: z.string().optional(),
})
export const auditPage = z.object({ entries: z.array(auditEntry), next: z.string().optional() })

export type Session = z.infer<typeof session>
export type SignIn = z.infer<typeof signIn>
export type OneTimeLink = z.infer<typeof link>
export type SessionEntry = z.infer<typeof sessionEntry>
export type AuditEntry = z.infer<typeof auditEntry>
export type AuditPage = z.infer<typeof auditPage>
