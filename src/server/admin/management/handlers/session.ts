/** Signing in and out, links, sessions, the audit log, the event stream. */

import { expiryOf } from '../auth/sessions.ts'
import { notFound } from '../errors.ts'
import type { Handlers, Tools } from './handler.ts'
import { whoOf } from './handler.ts'

export function sessionHandlers({
  auth,
  audit,
  events,
}: Tools): Handlers<
  'session' | 'signIn' | 'redeemLink' | 'signOut' | 'newLink' | 'sessions' | 'endSession' | 'audit' | 'events'
> {
  const short = (id: string) => id.slice(0, 16)
  return {
    session: async ({ headers, caller }) => auth.view(await auth.peek(headers, caller)),
    async signIn({ body, headers, caller, setCookie }) {
      const { cookie, view } = await auth.signIn(body.token, headers, caller)
      setCookie(auth.setCookie(cookie, caller))
      return view
    },
    async redeemLink({ body, headers, caller, setCookie }) {
      const { cookie, view } = await auth.redeem(body.link, headers, caller)
      setCookie(auth.setCookie(cookie, caller))
      return view
    },
    async signOut({ actor, caller, setCookie }) {
      const session = actor?.session
      if (session !== undefined) {
        await auth.sessions.end(session.id)
        events.end(session.id, 'You signed out.')
        await audit.done(whoOf(actor, caller), 'logout', 'dashboard', 'A browser signed out.')
      }
      setCookie(auth.clearCookie(caller))
      return { ok: true }
    },
    async newLink({ actor, caller }) {
      const link = await auth.newLink()
      await audit.done(whoOf(actor, caller), 'link.create', 'dashboard', 'A one-time link was made.')
      return link
    },
    async sessions({ actor }) {
      const list = await auth.sessions.list(auth.print())
      return {
        sessions: list.map((session) => ({
          id: short(session.id),
          own: session.id === actor?.session?.id,
          by: session.by,
          createdAt: session.createdAt,
          lastUsedAt: session.lastUsedAt,
          expiresAt: expiryOf(session),
          address: session.address,
          userAgent: session.userAgent,
        })),
      }
    },
    async endSession({ params, actor, caller }) {
      const found = (await auth.sessions.list(auth.print())).find(({ id }) => short(id) === params['id'])
      if (found === undefined) throw notFound('There is no such session; it may have ended by itself.')
      await auth.sessions.end(found.id)
      events.end(found.id, 'This session was ended from another browser.')
      await audit.done(whoOf(actor, caller), 'session.end', short(found.id), 'A browser was signed out.')
      return { ok: true }
    },
    audit: ({ query }) =>
      audit.list({
        limit: query.limit,
        ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
        ...(query.action === undefined ? {} : { action: query.action }),
      }),
    events({ query, headers, actor }) {
      const topics = query.topics === undefined ? undefined : new Set(query.topics.split(',').map((t) => t.trim()))
      const lastId = headers.get('last-event-id')
      const stream = events.listen({
        ...(topics === undefined ? {} : { topics }),
        ...(lastId === null ? {} : { lastId }),
        ...(actor?.session === undefined ? {} : { sessionId: actor.session.id }),
      })
      return new Response(stream, { headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' } })
    },
  }
}
