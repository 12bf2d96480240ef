/**
 * What `GET /v0/management/events` streams: server-sent events whose `event` is the `type` below and whose `data` is the rest.
 * `id` rises; after a break send `Last-Event-ID` to get what is still remembered, else `hello` comes with `missed: true`.
 * What has gathered is sent four times a second at most; of `status`, `accounts` and `keys` only the newest. A page that reads
 * too slowly gets `hello` with `missed: true` and the status as it is: then fetch anew.
 */
import * as z from 'zod'
import { count } from './common.ts'
import { alert, status } from './status.ts'
import { logLine, usageRow } from './usage.ts'

export const event = z.discriminatedUnion('type', [
  /** First event of every stream. `lost`: events that were there and could not be sent. */
  z.object({ type: z.literal('hello'), missed: z.boolean(), lost: count.optional(), version: z.string() }),
  /** A call ended: a row for the list of last requests. */
  z.object({ type: z.literal('call'), call: usageRow }),
  /** Every two seconds, if anything but the clock differs. */
  z.object({ type: z.literal('status'), status }),
  /** Accounts, their states, quotas or logins changed: fetch them anew. At most twice a second. */
  z.object({ type: z.literal('accounts') }),
  /** A login moved on: fetch it anew. */
  z.object({ type: z.literal('login'), id: z.string() }),
  z.object({ type: z.literal('keys') }),
  z.object({ type: z.literal('config'), digest: z.string(), rejected: z.string().optional() }),
  /** A new alert, or one that is over. */
  z.object({ type: z.literal('alert'), alert, over: z.boolean() }),
  z.object({ type: z.literal('log'), line: logLine }),
  /** The session has ended: sign in again. */
  z.object({ type: z.literal('bye'), reason: z.string() }),
])
/** `topics`: which of the types, with commas; `log` comes only when it is named. */
export const eventsQuery = z.object({ topics: z.string().max(200).optional() })

export type ManagementEvent = z.infer<typeof event>
export type ManagementEventType = ManagementEvent['type']
