/**
 * The management API and the pages as one Hono app. The route table decides who may call what; handlers never look at
 * tokens or cookies themselves.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { getRequestListener } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { createAudit } from './audit.ts'
import { createAuth } from './auth/auth.ts'
import { type Caller, checkLocality, checkPage, checkSite } from './auth/guard.ts'
import { createConfigDesk } from './config-desk.ts'
import type { ManagementContext } from './context.ts'
import { BASE, type RouteSpec, routes } from './contract.ts'
import { asManagementError, fromIssues, ManagementError, notFound, problemOf } from './errors.ts'
import { createEvents } from './events.ts'
import { accountHandlers } from './handlers/accounts.ts'
import { configHandlers } from './handlers/config.ts'
import type { AnyHandler, Ask, Tools } from './handlers/handler.ts'
import { keyHandlers } from './handlers/keys.ts'
import { legacyHandlers } from './handlers/legacy.ts'
import { observeHandlers } from './handlers/observe.ts'
import { sessionHandlers } from './handlers/session.ts'
import { usageHandlers } from './handlers/usage.ts'
import { openApi } from './openapi.ts'
import { createPages, PAGE_HEADERS } from './pages.ts'
import { readBody } from './read-body.ts'
import { createRecent } from './recent.ts'
import { startTicker } from './ticker.ts'
import { createOverview } from './views/overview.ts'

export interface Management {
  /** Whether a path is answered here. */
  owns(path: string): boolean
  /** Answers a request whose Host and Origin were checked (access.ts). */
  handle(req: IncomingMessage, res: ServerResponse): void
  /** The same without a socket, for tests and other servers. */
  fetch(request: Request, caller: Caller): Promise<Response>
  /** A one-time link to the dashboard. @throws {StoreError} */
  newLink(): Promise<{ url: string; path: string; expiresAt: number }>
  /** Ends the event streams and stops listening. */
  close(): void
}

type Env = { Bindings: Caller }

/** Of everything: nothing is cached, guessed or framed. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}
const API_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
}

export function createManagement(context: ManagementContext): Management {
  const { gateway, log } = context
  const audit = createAudit(context)
  const auth = createAuth(context, audit)
  const events = createEvents({ version: context.version, now: context.now })
  const recent = createRecent(gateway, (record) => context.usage.cost(record), context.now)
  const overview = createOverview(context, recent)
  const tools: Tools = { context, auth, audit, events, recent, overview, desk: createConfigDesk(context) }
  const pages = createPages(context.pagesDir)
  const own = {
    ...sessionHandlers(tools),
    ...observeHandlers(tools),
    ...accountHandlers(tools),
    ...keyHandlers(tools),
    ...configHandlers(tools),
    ...usageHandlers(tools),
    openapi: () => openApi(context.version),
  } as unknown as Record<string, AnyHandler>
  const handlers: Readonly<Record<string, AnyHandler>> = { ...own, ...legacyHandlers(tools, own) }
  const app = new Hono<Env>()
  const config = () => gateway.snapshot.config

  app.use('*', async (c, next) => {
    checkLocality(config(), c.env, c.req.raw.headers)
    await next()
    for (const [name, value] of Object.entries(HEADERS)) if (!c.res.headers.has(name)) c.res.headers.set(name, value)
  })

  app.use(`${BASE}/*`, async (c, next) => {
    checkSite(config(), c.req.raw.headers)
    await next()
    for (const [name, value] of Object.entries(API_HEADERS)) c.res.headers.set(name, value)
  })

  for (const route of routes)
    app.on(route.method, route.path.replace(/\{(\w+)\}/g, ':$1'), (c) => serve(c, route, handlers[route.id]!))

  // Whoever may not come in is not told what there is.
  app.all(`${BASE}/*`, async (c) => {
    await auth.require(c.req.raw.headers, c.env, false)
    const here = routes.filter((r) => matches(r.path, c.req.path)).map((r) => r.method)
    if (here.length === 0)
      throw notFound(
        `Nothing is served at ${c.req.method} ${printable(c.req.path)}. GET ${BASE}/openapi.json lists all of it.`,
      )
    const response = problem(
      new ManagementError(405, 'method', `${c.req.method} is not possible here; use ${here.join(' or ')}.`),
    )
    response.headers.set('allow', here.join(', '))
    return response
  })

  async function serve(c: Context<Env>, route: RouteSpec, handler: AnyHandler): Promise<Response> {
    const { headers } = c.req.raw
    const actor = route.auth === 'admin' ? await auth.require(headers, c.env, route.csrf) : undefined
    const query = route.query?.safeParse(c.req.query())
    if (query !== undefined && !query.success) throw fromIssues(query.error.issues)
    const cookies: string[] = []
    const ask: Ask = {
      params: c.req.param() as Record<string, string>,
      query: query?.data ?? {},
      body: await readBody(c.req.raw, route),
      actor,
      headers,
      caller: c.env,
      signal: c.req.raw.signal,
      setCookie: (value) => cookies.push(value),
    }
    const answer = await (handler as (ask: Ask) => unknown)(ask)
    const response = answer instanceof Response ? answer : Response.json(answer, { status: route.status ?? 200 })
    for (const cookie of cookies) response.headers.append('set-cookie', cookie)
    return response
  }

  app.get('/dashboard', (c) => c.redirect(`/dashboard/${new URL(c.req.url).search}`, 301))
  app.use('/dashboard/*', page)
  app.use('/management.html', page)

  async function page(c: Context<Env>): Promise<Response> {
    const { headers, method } = c.req.raw
    checkPage(headers)
    if (config()['remote-management']['disable-control-panel'])
      throw new ManagementError(404, 'not-found', 'The pages are turned off (remote-management.disable-control-panel).')
    if (method !== 'GET' && method !== 'HEAD') throw new ManagementError(405, 'method', 'Pages are read only.')
    const link = c.req.query('link')
    if (link !== undefined && method === 'GET') return withHeaders(await enter(c, link), PAGE_HEADERS)
    return withHeaders(pages.answer(c.req.path, headers, method === 'HEAD'), PAGE_HEADERS)
  }

  /** Uses a one-time link up: the cookie, and on to the page, so that the link stays in no address bar. */
  async function enter(c: Context<Env>, link: string): Promise<Response> {
    const { headers } = c.req.raw
    // A browser that only looks ahead must not use it up.
    if (/prefetch|prerender/i.test(headers.get('sec-purpose') ?? headers.get('purpose') ?? ''))
      return new Response(null, { status: 503 })
    try {
      const { cookie } = await auth.redeem(link, headers, c.env)
      return new Response(null, {
        status: 303,
        headers: {
          location: c.req.path === '/management.html' ? '/management.html' : '/dashboard/',
          'set-cookie': auth.setCookie(cookie, c.env),
          'cache-control': 'no-store',
        },
      })
    } catch (error) {
      const told = asManagementError(error)
      if (told === undefined) throw error
      const html = `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>LogicaProxy</title>\n<h1>This link does not work any more</h1>\n<p>${escaped(told.message)}</p>\n<p><a href="/dashboard/">Sign in with the admin token</a></p>\n</html>\n`
      return new Response(html, {
        status: told.status,
        headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
      })
    }
  }

  app.notFound(() => problem(notFound('Nothing is served here.')))
  app.onError((error, c) => {
    const told = asManagementError(error)
    if (told === undefined)
      log('error', { err: context.scrub(error.stack ?? String(error)), path: c.req.path }, 'the management API failed')
    if (told?.code === 'csrf' || told?.code === 'cross-site' || told?.code === 'remote')
      audit.refused(c.env.remoteAddress ?? '', `refused.${told.code}`, told.message)
    return problem(
      told ?? new ManagementError(500, 'internal', 'An internal error of LogicaProxy; its log tells more.'),
    )
  })

  function problem(error: ManagementError): Response {
    const { retryAfterMs } = error.more
    return Response.json(problemOf(error, context.scrub), {
      status: error.status,
      headers: {
        ...HEADERS,
        ...API_HEADERS,
        ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
      },
    })
  }

  const stop = startTicker(tools)
  const listener = getRequestListener(
    (request, { incoming }) => app.fetch(request, callerOf(incoming as IncomingMessage)),
    { overrideGlobalObjects: false },
  )

  return {
    owns: (path) =>
      path === BASE ||
      path.startsWith(`${BASE}/`) ||
      path === '/dashboard' ||
      path.startsWith('/dashboard/') ||
      path === '/management.html',
    handle: (req, res) => void listener(req, res),
    fetch: async (request, caller) => await app.fetch(request, caller),
    newLink: () => auth.newLink(),
    close() {
      stop()
      recent.close()
      events.close('The server is stopping.')
      auth.close()
    },
  }
}

function callerOf({ socket }: IncomingMessage): Caller {
  return { remoteAddress: socket.remoteAddress, encrypted: (socket as TLSSocket).encrypted === true }
}

function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
  return response
}

const matches = (template: string, path: string): boolean => {
  const parts = template.split('/')
  const given = path.split('/')
  return parts.length === given.length && parts.every((part, i) => part.startsWith('{') || part === given[i])
}

const printable = (text: string): string => text.slice(0, 200).replace(/[^\x21-\x7e]/g, '?')
const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
