/** What a handler gets and gives. */
import type { Audit } from '../audit.ts'
import type { Actor, Auth } from '../auth/auth.ts'
import type { Caller } from '../auth/guard.ts'
import type { ConfigDesk } from '../config-desk.ts'
import type { ManagementContext } from '../context.ts'
import type { RouteAnswer, RouteBody, RouteId, RouteQuery } from '../contract.ts'
import type { EventHub } from '../events.ts'
import type { Recent } from '../recent.ts'
import type { Overview } from '../views/overview.ts'

/** What all handlers share. */
export interface Tools {
  context: ManagementContext
  auth: Auth
  audit: Audit
  events: EventHub
  recent: Recent
  overview: Overview
  desk: ConfigDesk
}

export interface Ask<Q = unknown, B = unknown> {
  /** Parts of the path by name. */
  params: Readonly<Record<string, string>>
  query: Q
  body: B
  /** Undefined on routes that ask for nobody. */
  actor: Actor | undefined
  headers: Headers
  caller: Caller
  signal: AbortSignal
  /** To be set on the answer. */
  setCookie(value: string): void
}

type Given<I extends RouteId> = [RouteAnswer<I>] extends [never] ? Response : RouteAnswer<I>
/** Handlers of some of our own routes. A `Response` is sent as it is. */
export type Handlers<I extends RouteId> = {
  [K in I]: (ask: Ask<RouteQuery<K>, RouteBody<K>>) => Promise<Given<K> | Response> | Given<K> | Response
}
export type AnyHandler = (ask: Ask<never, never>) => unknown

/** Who did it, for the audit. */
export const whoOf = (actor: Actor | undefined, caller: Caller) =>
  actor === undefined
    ? { kind: 'nobody' as const, from: caller.remoteAddress ?? '' }
    : { kind: actor.kind, from: actor.from, ...(actor.id === undefined ? {} : { id: actor.id }) }
