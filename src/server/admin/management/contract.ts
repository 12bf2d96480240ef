/**
 * The contract of the management API, `/v0/management/*`: every request and answer as a zod schema with its type, and the
 * route table as data. The server validates with the schemas and dispatches by the table, the OpenAPI document is generated
 * from both, and the page imports the types alone (`import type … from '…/contract.ts'`).
 *
 * What is for what:
 * - session, sign-in, link, sessions, audit: who is there and what was changed (contract/session.ts)
 * - status, series, endpoints, models, providers, doctor, reference, ping, why: what goes on (contract/status.ts)
 * - accounts, logins, imports: whose subscriptions pay (contract/accounts.ts)
 * - keys: who may use it (contract/keys.ts)
 * - config: the file, checked, changed with its comments kept, undone (contract/config.ts)
 * - routing: the playground and "this is wrong" (contract/routing.ts)
 * - usage, logs, error files, test: what was done (contract/usage.ts)
 * - events: what is new, as it happens (contract/events.ts)
 *
 * Rules that hold everywhere:
 * - Base is `/v0/management`; JSON in and out; times are ms since the epoch, money millionths of a US dollar.
 * - Sign in: `Authorization: Bearer <token>` or `X-Management-Key`, or a cookie from `POST /v0/management/session` or from a
 *   one-time link (`/dashboard/?link=…`: the server redeems it, sets the cookie and redirects to `/dashboard/`).
 * - With a cookie every row with `csrf: true` needs `X-CSRF-Token` (from `GET /v0/management/session`), and a JSON body needs
 *   `Content-Type: application/json`.
 * - Every answer with a status of 400 or more is a `Problem`. Show `error.message`; it says what to do.
 * - Texts (prompts, model names, e-mails, errors) are data: put them into pages as text, never as HTML.
 */
import type * as z from 'zod'
import { legacyRoutes } from './contract/legacy.ts'
import type { RouteSpec } from './contract/route.ts'
import { manageRoutes } from './contract/routes-manage.ts'
import { observeRoutes } from './contract/routes-observe.ts'

export type * from './contract/accounts.ts'
export type * from './contract/common.ts'
export type * from './contract/config.ts'
export type * from './contract/events.ts'
export type * from './contract/keys.ts'
export type { RouteSpec } from './contract/route.ts'
export type * from './contract/routing.ts'
export type * from './contract/session.ts'
export type * from './contract/status.ts'
export type * from './contract/usage.ts'

/** Everything below stands under this path. */
export const BASE = '/v0/management'
/** Header that every changing call with a cookie needs. */
export const CSRF_HEADER = 'x-csrf-token'

/** Our own routes, in the order of the OpenAPI document. */
export const ownRoutes = [...observeRoutes, ...manageRoutes] as const

/** Every route: what the tests, the OpenAPI document and the dispatcher read. */
export const routes: readonly RouteSpec[] = [...ownRoutes, ...legacyRoutes]

export type RouteId = (typeof ownRoutes)[number]['id']
type RouteOf<I extends RouteId> = Extract<(typeof ownRoutes)[number], { id: I }>
type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined
/** What a route takes in its query, as the handler gets it. */
export type RouteQuery<I extends RouteId> = RouteOf<I> extends { query: infer Q } ? Parsed<Q> : undefined
export type RouteBody<I extends RouteId> = RouteOf<I> extends { body: infer B } ? Parsed<B> : undefined
/** What a client sends: defaults may be left out. */
export type RouteInput<I extends RouteId> =
  RouteOf<I> extends { body: infer B extends z.ZodType } ? z.input<B> : undefined
export type RouteAnswer<I extends RouteId> = RouteOf<I> extends { response: infer R } ? Parsed<R> : never
export { problem as problemSchema } from './contract/common.ts'
/** The events as they are sent. */
export { event as eventSchema } from './contract/events.ts'
