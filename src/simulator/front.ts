/** The vendors' hosts on one listener: `/hosts/<vendor host>/<path>`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange, Reply } from './exchange.ts'
import { HOSTS, type HostName } from './hosts.ts'
import { page } from './oauth/pages.ts'
import { OAUTH_ROUTES } from './oauth/routes.ts'
import type { Listener } from './server.ts'
import { subscription } from './subscriptions/routes.ts'
import { HONEST } from './types.ts'
import type { World } from './world.ts'

/** Serves one request below `/hosts/`. */
export type Front = (
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
  query: URLSearchParams,
  raw: Buffer,
) => void

/** @param base tells where the simulator is reached, once it listens. */
export function createFront(world: World, listener: () => Listener, base: () => string): Front {
  return (req, res, path, query, raw) => {
    const [, , host = '', ...rest] = path.split('/')
    const x: Exchange = {
      method: req.method ?? 'GET',
      host,
      path: `/${rest.join('/')}`,
      query,
      headers: req.headers as Record<string, string>,
      raw,
      base: base(),
    }
    if (!(HOSTS as readonly string[]).includes(host)) {
      send(req, res, page(404, 'No such host', '<p>The simulator stands in for no vendor host of this name.</p>'))
      return
    }
    const table = OAUTH_ROUTES[host as HostName]
    const handler = table && Object.hasOwn(table, x.path) ? table[x.path] : undefined
    if (handler) {
      send(req, res, handler(x, world))
      return
    }
    const to = subscription(x, world)
    const attempt = listener().record(req, res, raw, to.provider ?? 'unknown', to.key ?? '')
    if ('reply' in to) {
      attempt.body = to.body
      attempt.status = to.reply.status
      attempt.outcome = to.reply.status >= 400 ? 'refused' : 'answered'
      send(req, res, to.reply)
    } else listener().through(req, res, attempt, to.route, { key: to.key, headers: x.headers, query, raw })
  }
}

/** Puts an answer on the wire, or betrays it as its fate says. */
function send(req: IncomingMessage, res: ServerResponse, reply: Reply): void {
  if (reply.delayMs) {
    const timer = setTimeout(() => send(req, res, { ...reply, delayMs: 0 }), reply.delayMs)
    res.once('close', () => clearTimeout(timer))
    return
  }
  if (res.destroyed || reply.fate === 'hang') return
  if (reply.fate === 'reset') {
    req.socket.resetAndDestroy()
    return
  }
  const html = typeof reply.body === 'string'
  const bytes = Buffer.from(html ? (reply.body as string) : JSON.stringify(reply.body))
  res.writeHead(reply.status, {
    'content-type': html ? 'text/html; charset=utf-8' : 'application/json',
    ...HONEST,
    ...reply.headers,
    'content-length': String(bytes.length),
  })
  if (reply.fate === 'cut') {
    // The half must have left before the socket goes, or the client sees nothing at all.
    res.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => res.socket?.destroy())
    return
  }
  res.end(bytes)
}
