/** Paths → protocol and action. */
import type { ProtocolId } from '../hub/protocol-id.ts'
import type { Protocol, Route } from '../protocols/protocol.ts'

/** What a path leads to. */
export type RouteMatch =
  | { type: 'route'; protocol: Protocol; route: Route; model?: string; endpoint: string; pin?: string }
  /** The path exists, the method does not fit. */
  | { type: 'method'; protocol: Protocol; allow: readonly string[]; endpoint: string }
  | { type: 'nothing'; protocol: Protocol; message: string; pin?: string }

export interface Router {
  /** @param hint the dialect the headers suggest, for paths that belong to none. */
  match(method: string, path: string, hint: ProtocolId | undefined): RouteMatch
}

const PIN = /^\/api\/provider\/([^/]+)(\/.*)?$/

interface ModelRoute {
  protocol: Protocol
  route: Route
  prefix: string
  /** `:generateContent` and the like, or `''`. */
  verb: string
}

/** Compiles the routes of all protocols. */
export function createRouter(protocols: readonly Protocol[]): Router {
  const exact = new Map<string, (RouteMatch & { type: 'route' })[]>()
  const byModel: ModelRoute[] = []
  for (const protocol of protocols)
    for (const route of protocol.routes) {
      const at = route.path.indexOf('{model}')
      if (at === -1) {
        const match = { type: 'route' as const, protocol, route, endpoint: route.path }
        const before = exact.get(route.path)
        if (before === undefined) exact.set(route.path, [match])
        else before.push(match)
      } else byModel.push({ protocol, route, prefix: route.path.slice(0, at), verb: route.path.slice(at + 7) })
    }
  // The longest verb first: a model's name may hold a colon, the verb is what follows the last one.
  byModel.sort((a, b) => b.verb.length - a.verb.length || b.prefix.length - a.prefix.length)
  const fallback = protocols.find((p) => p.id === 'openai-chat') ?? protocols[0]!
  const protocolOf = (id: ProtocolId | undefined) => protocols.find((p) => p.id === id)

  function matchPath(method: string, path: string, hint: ProtocolId | undefined): RouteMatch {
    const here = exact.get(path)
    if (here !== undefined) {
      const found = here.find((h) => h.route.method === method)
      if (found !== undefined) return found
      return methodMismatch(here)
    }
    const shaped = byModel.filter(
      (m) => path.startsWith(m.prefix) && path.endsWith(m.verb) && path.length > m.prefix.length + m.verb.length,
    )
    const withVerb = shaped.filter((m) => m.verb !== '')
    // A colon may belong to the model's name, except in a POST: what follows it there is a method.
    const possible = withVerb.length > 0 ? withVerb : method === 'POST' && path.includes(':') ? [] : shaped
    const fitting = possible.find((m) => m.route.method === method)
    if (fitting !== undefined)
      return {
        type: 'route',
        protocol: fitting.protocol,
        route: fitting.route,
        model: decoded(path.slice(fitting.prefix.length, path.length - fitting.verb.length)),
        endpoint: fitting.route.path,
      }
    if (possible.length > 0) return methodMismatch(possible)
    const protocol = protocolOf(protocolOfPath(path) ?? hint) ?? fallback
    const verb = /:([^:/]*)$/.exec(path)?.[1]
    return {
      type: 'nothing',
      protocol,
      message:
        protocol.id === 'gemini' && verb !== undefined
          ? `The method "${printable(verb)}" is not served here: use generateContent, streamGenerateContent or countTokens.`
          : `Nothing is served at ${method} ${printable(path)}. GET / lists the endpoints.`,
    }
  }

  return {
    match(method, path, hint) {
      const asked = method === 'HEAD' ? 'GET' : method
      const pinned = PIN.exec(path)
      if (pinned === null) return matchPath(asked, path, hint)
      const rest = pinned[2] ?? '/'
      // Under a pin the version may be left out: /api/provider/openai/chat/completions (domain.md 2.2).
      const direct = matchPath(asked, rest, hint)
      const found = direct.type === 'nothing' ? matchPath(asked, `/v1${rest}`, hint) : direct
      const match = found.type === 'nothing' ? direct : found
      const pin = decoded(pinned[1]!)
      return match.type === 'route'
        ? { ...match, pin, endpoint: `/api/provider/{provider}${match.endpoint}` }
        : { ...match, pin }
    },
  }
}

function methodMismatch(routes: readonly { protocol: Protocol; route: Route }[]): RouteMatch {
  return {
    type: 'method',
    protocol: routes[0]!.protocol,
    allow: [...new Set(routes.map((r) => r.route.method))],
    endpoint: routes[0]!.route.path,
  }
}

/** Whose dialect a path that leads nowhere is nearest to, so that the refusal is in it. */
function protocolOfPath(path: string): ProtocolId | undefined {
  if (path.startsWith('/v1/messages')) return 'anthropic'
  if (path.startsWith('/v1/responses')) return 'openai-responses'
  if (path.startsWith('/v1/chat')) return 'openai-chat'
  if (path.startsWith('/v1beta') || /^\/v1\/models\/.*:/.test(path)) return 'gemini'
  return undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function printable(text: string): string {
  return text.slice(0, 200).replace(/[^\x21-\x7e]/g, '?')
}
