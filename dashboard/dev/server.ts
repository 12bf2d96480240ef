/**
 * The page with a pretended gateway behind it: `node dashboard/dev/main.ts`. Also the bed of the browser tests. It serves
 * under the same content security policy as the real server.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { BuiltPage } from '../../scripts/dashboard.ts'
import type { RouteId } from '../../src/server/admin/management/contract.ts'
import { ownRoutes } from '../../src/server/admin/management/contract.ts'
import { Refusal } from './household.ts'
import { createWorld, type World, type WorldOptions } from './world.ts'

export const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const CSRF = 'dev-csrf-token'
const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
}
const SCHEMA = join(import.meta.dirname, '..', '..', 'config.schema.json')

export interface DevServer {
  url: string
  world: World
  /** Streams open now, and how many were ever opened. */
  streams(): { open: number; ever: number }
  /** API calls since the start: `GET /v0/management/status` → number. */
  counts(): ReadonlyMap<string, number>
  /** Answers nothing from now on, or again: a server that went away. */
  away(gone: boolean): void
  signedIn(is: boolean): void
  close(): Promise<void>
}

export interface DevOptions extends WorldOptions {
  page: () => BuiltPage | Promise<BuiltPage>
  port?: number
  signedIn?: boolean
  /** ms between two calls that end by themselves; 0: none. */
  tickMs?: number
}

export async function startDev({
  page,
  port = 0,
  signedIn: first = true,
  tickMs = 0,
  ...options
}: DevOptions): Promise<DevServer> {
  const world = createWorld(options)
  const open = new Set<ServerResponse>()
  const counts = new Map<string, number>()
  let ever = 0
  let gone = false
  let signedIn = first
  let events = 0

  function json(response: ServerResponse, status: number, value: unknown): void {
    response
      .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(JSON.stringify(value))
  }

  function stream(response: ServerResponse, topics: string | null): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    ever += 1
    open.add(response)
    const send = (type: string, data: object) => {
      events += 1
      response.write(`id: ${events}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
    }
    send('hello', { missed: false, version: '0.1.0' })
    const stop = world.onEvent(({ type, ...data }) => {
      if (type === 'log' && !topics?.split(',').includes('log')) return
      send(type, data)
    })
    const timer = setInterval(() => send('status', { status: world.status() }), 2000)
    response.on('close', () => {
      clearInterval(timer)
      stop()
      open.delete(response)
    })
  }

  async function api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    counts.set(`${request.method} ${url.pathname}`, (counts.get(`${request.method} ${url.pathname}`) ?? 0) + 1)
    const found = ownRoutes
      .map((r) => ({
        route: r,
        match: new RegExp(`^${r.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '([^/]+)')}$`).exec(url.pathname),
      }))
      .find(({ route, match }) => match !== null && route.method === request.method)
    if (found === undefined)
      return json(response, 404, { error: { code: 'not-found', message: 'There is no such call.' } })
    const { route, match } = found
    if (route.auth === 'admin' && !signedIn)
      return json(response, 401, { error: { code: 'unauthorized', message: 'Sign in first.' } })
    if (route.csrf && request.headers['x-csrf-token'] !== CSRF)
      return json(response, 403, {
        error: { code: 'csrf', message: 'The CSRF token is missing or old. Reload the page.' },
      })
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    const session = () =>
      signedIn
        ? { authenticated: true, kind: 'session', csrf: CSRF, expiresAt: Date.now() + 43_200_000, version: '0.1.0' }
        : {
            authenticated: false,
            kind: 'nobody',
            help: 'Run "logicaproxy dashboard" on the machine it runs on: it prints a link that signs you in.',
          }
    switch (route.id as RouteId) {
      case 'session':
        return json(response, 200, session())
      case 'signIn':
        if (body['token'] !== 'admin-token')
          return json(response, 401, {
            error: {
              code: 'unauthorized',
              message:
                'This is not the admin token. It was shown at the first start; "logicaproxy dashboard" prints a link that works without it.',
            },
          })
        signedIn = true
        return json(response, 200, session())
      case 'redeemLink':
        signedIn = true
        return json(response, 200, session())
      case 'signOut':
        signedIn = false
        return json(response, 200, { ok: true })
      case 'events':
        return stream(response, url.searchParams.get('topics'))
      case 'configSchema':
        return json(response, 200, JSON.parse(readFileSync(SCHEMA, 'utf8')))
      case 'usageExport':
        response
          .writeHead(200, { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="usage.csv"' })
          .end(`id,at\n${world.calls.map((c) => `${c.id},${c.at}`).join('\n')}\n`)
        return
      default:
        return json(
          response,
          'status' in route ? route.status : 200,
          world.answer(route.id, { id: decodeURIComponent(match?.[1] ?? ''), query: url.searchParams, body }),
        )
    }
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (gone) return void request.socket.destroy()
    response.setHeader('content-security-policy', CSP)
    response.setHeader('x-content-type-options', 'nosniff')
    try {
      if (url.pathname.startsWith('/v0/management')) return await api(request, response, url)
      const path =
        url.pathname === '/' || url.pathname === '/dashboard/'
          ? 'index.html'
          : url.pathname === '/management.html'
            ? 'management.html'
            : url.pathname.replace(/^\/dashboard\//, '')
      const bytes = (await page()).files.get(path)
      if (bytes === undefined) return void response.writeHead(404, { 'content-type': 'text/plain' }).end('not found')
      response
        .writeHead(200, {
          'content-type': TYPES[path.split('.').at(-1)!] ?? 'application/octet-stream',
          'cache-control': path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-store',
        })
        .end(bytes)
    } catch (error) {
      if (error instanceof Refusal)
        json(response, error.status, { error: { code: error.code, message: error.message, ...error.more } })
      else json(response, 500, { error: { code: 'internal', message: String(error) } })
    }
  })
  const timer = tickMs > 0 ? setInterval(world.tick, tickMs) : undefined
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    world,
    streams: () => ({ open: open.size, ever }),
    counts: () => counts,
    away(is) {
      gone = is
      if (is) server.closeAllConnections()
    },
    signedIn(is) {
      signedIn = is
    },
    close() {
      clearInterval(timer)
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
