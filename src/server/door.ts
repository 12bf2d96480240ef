/**
 * The front door: everything that is decided from the head of a request, before its body is read. Node's `http`, the
 * `fetch` face and upgrades all come through here.
 */

import type { ClientKeys } from '../accounts/client-keys.ts'
import type { ClientIdentity } from '../gateway/exchange.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Matched } from '../gateway/reading.ts'
import { type Failure, failure } from '../hub/failure.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import type { OwnResponse, Protocol } from '../protocols/protocol.ts'
import { servedModels } from '../routing/auto/index.ts'
import {
  type Access,
  type AccessCheck,
  compileAccess,
  isLoopback,
  queryWithoutKeys,
  type RequestHead,
} from './access.ts'
import type { Admin } from './admin/admin.ts'
import { createRouter, type RouteMatch } from './routes.ts'

/** What the door decides. */
export type Verdict =
  | { type: 'answer'; response: OwnResponse; refused: boolean }
  /** For the management API and its pages, which ask for keys of their own. */
  | { type: 'management' }
  | { type: 'call'; matched: Matched; client: ClientIdentity; path: string; query: string; id: string }

export interface DoorOptions {
  gateway: Gateway
  protocols: readonly Protocol[]
  admin: Admin
  /** The management API, where there is one: what it owns is not for the router of protocols. */
  management?: { owns(path: string): boolean }
  /** In place of the key list of the configuration. */
  access?: AccessCheck
  /** The clients' keys, those made at run time included; the configuration's alone, if left out. */
  keys?: ClientKeys
  /** Hears every client key that was accepted. */
  onKey?: (key: string) => void
  now: () => number
}

export interface Door {
  /** Judges a request. */
  enter(head: RequestHead): Verdict | Promise<Verdict>
  /** Judges a request that wants a WebSocket: a call when it may have it. */
  upgrade(head: RequestHead): Verdict | Promise<Verdict>
  /** A refusal in the dialect of a request's path, for faults found later (a body too large, a broken encoding). */
  refuse(head: RequestHead, why: Failure): OwnResponse
  newId(): string
}

/** Makes the door of a gateway. */
export function createDoor({
  gateway,
  protocols,
  admin,
  management,
  access: custom,
  keys,
  onKey,
  now,
}: DoorOptions): Door {
  const router = createRouter(protocols)
  const prefix = Math.random().toString(36).slice(2, 8)
  let counter = 0
  let compiled: { for: object; access: Access } | undefined

  /** Compiled once for each configuration. */
  function access(): Access {
    const { config } = gateway.snapshot
    if (compiled?.for !== config) compiled = { for: config, access: compileAccess(config, onKey, keys) }
    return compiled.access
  }

  function newId(): string {
    counter += 1
    return `req_${prefix}${counter}`
  }

  function enter(head: RequestHead): Verdict | Promise<Verdict> {
    const path = pathOf(head.url)
    const rules = access()
    const foreign = rules.foreign(head)
    if (foreign !== undefined) return refused(head, path, foreign)
    if (management?.owns(path)) return { type: 'management' }
    if (head.method === 'OPTIONS') return { type: 'answer', response: preflight(head, rules), refused: false }
    const page = admin.answer(head, path, () => mayObserve(head, rules))
    if (page !== undefined) return { type: 'answer', response: withCors(page, head, rules), refused: false }
    const match = router.match(head.method, path, dialectHint(head))
    const identity = custom === undefined ? rules.identify(head) : custom(head)
    if (identity instanceof Promise) return identity.then((who) => admit(head, path, match, who ?? NOT_ADMITTED, rules))
    return admit(head, path, match, identity ?? NOT_ADMITTED, rules)
  }

  function admit(
    head: RequestHead,
    path: string,
    match: RouteMatch,
    who: ClientIdentity | Failure,
    rules: Access,
    upgrades = false,
  ): Verdict {
    if ('kind' in who) return refused(head, path, who, match)
    if (match.type === 'nothing')
      return refused(head, path, failure('not-found', match.message, { code: 'not_found' }), match)
    if (match.type === 'method')
      return refused(
        head,
        path,
        failure('invalid-request', `${head.method} is not possible here; use ${match.allow.join(' or ')}.`, {
          status: 405,
          code: 'method_not_allowed',
          headers: { allow: match.allow.join(', ') },
        }),
        match,
      )
    const { registry } = gateway.snapshot
    const pin = match.pin === undefined ? undefined : registry.pinned(match.pin)
    if (match.pin !== undefined && pin === undefined)
      return refused(
        head,
        path,
        failure('not-found', `There is no provider "${match.pin.slice(0, 80)}". Known: ${registry.pins.join(', ')}.`),
        match,
      )
    if (admin.draining())
      return refused(head, path, failure('overloaded', 'The gateway is shutting down.', { retryAfter: 5 }), match)
    if (match.route.action === 'list-models' || match.route.action === 'get-model')
      return { type: 'answer', response: withCors(models(head, match, pin, who), head, rules), refused: false }
    // On a WebSocket it is each answer that counts, and a refusal is told there.
    const tooMuch = upgrades ? undefined : who.refusal?.()
    if (tooMuch !== undefined) return refused(head, path, tooMuch, match, who)
    return {
      type: 'call',
      matched: { protocol: match.protocol, route: match.route, model: match.model, pin, endpoint: match.endpoint },
      client: who,
      path,
      query: queryWithoutKeys(head.url),
      id: newId(),
    }
  }

  /** A model list in the shape its asker expects (clients.md 4.1; domain.md 2.3). */
  function models(
    head: RequestHead,
    match: RouteMatch & { type: 'route' },
    pin: string | undefined,
    who: ClientIdentity,
  ): OwnResponse {
    const id = match.protocol.id === 'gemini' ? 'gemini' : (modelAsker(head) ?? match.protocol.id)
    const protocol = protocols.find((p) => p.id === id) ?? match.protocol
    const { registry, config } = gateway.snapshot
    const list = servedModels({ registry, config, own: who.router, allows: who.allows?.bind(who), pin })
    if (match.route.action === 'list-models') return protocol.models.list(list)
    const wanted = match.model!.replace(/^models\//, '')
    const found = list.find((m) => m.id === wanted)
    if (found !== undefined) return protocol.models.one(found)
    return protocol.failure.encode(
      failure('unknown-model', `The model "${wanted}" is not served here.`, {
        code: 'model_not_found',
        param: 'model',
      }),
      newId(),
    )
  }

  function refused(head: RequestHead, path: string, why: Failure, match?: RouteMatch, who?: ClientIdentity): Verdict {
    const found = match ?? router.match(head.method, path, dialectHint(head))
    const id = newId()
    const at = now()
    const response = found.protocol.failure.encode(why, id)
    gateway.emit('end', {
      id,
      startedAt: at,
      endedAt: at,
      method: head.method,
      endpoint: found.type === 'nothing' ? 'other' : found.endpoint,
      protocol: found.protocol.id,
      client: who?.name ?? '',
      requestedModel: '',
      servedModel: '',
      provider: '',
      accountId: '',
      stream: false,
      status: response.status,
      attempts: [],
      maxGapMs: 0,
      bytesIn: 0,
      bytesOut: response.body.length,
      failure: why,
      barred: true,
    })
    return { type: 'answer', response: withCors(response, head, access()), refused: true }
  }

  /** Metrics and details of readiness: for this machine, or with a key. Locality comes from the socket alone. */
  function mayObserve(head: RequestHead, rules: Access): boolean {
    if (head.remoteAddress === undefined || isLoopback(head.remoteAddress)) return true
    return !rules.open && !('kind' in rules.identify(head))
  }

  return {
    enter,
    upgrade(head) {
      const path = pathOf(head.url)
      const rules = access()
      const foreign = rules.foreign(head)
      if (foreign !== undefined) return refused(head, path, foreign)
      const match = router.match('POST', path, dialectHint(head))
      const decide = (who: ClientIdentity | Failure): Verdict => {
        if ('kind' in who) return refused(head, path, who, match)
        if (head.method !== 'GET' || match.type !== 'route' || match.route.websocket !== true)
          return refused(head, path, HTTP_ONLY, match)
        return admit(head, path, match, who, rules, true)
      }
      if (!gateway.snapshot.config['websocket-auth']) {
        const who = rules.identify(head)
        return decide('kind' in who ? { name: 'anyone' } : who)
      }
      const identity = custom === undefined ? rules.identify(head) : custom(head)
      if (identity instanceof Promise) return identity.then((who) => decide(who ?? NOT_ADMITTED))
      return decide(identity ?? NOT_ADMITTED)
    },
    refuse(head, why) {
      const verdict = refused(head, pathOf(head.url), why)
      return (verdict as Verdict & { type: 'answer' }).response
    },
    newId,
  }
}

/** 426 makes Codex fall back to HTTP at once (clients.md 4.18). */
const HTTP_ONLY = failure('invalid-request', 'This path answers over HTTP only: send the request as a POST.', {
  status: 426,
  code: 'upgrade_not_available',
})

const NOT_ADMITTED = failure('unauthorized', 'The access check of this server refused the request.', {
  code: 'invalid_api_key',
})

function pathOf(url: string): string {
  const at = url.indexOf('?')
  const path = at === -1 ? url : url.slice(0, at)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** Whom the headers look like, for paths that belong to no dialect. */
function dialectHint(head: RequestHead): ProtocolId | undefined {
  if (head.header('anthropic-version') !== undefined) return 'anthropic'
  if (head.header('x-goog-api-key') !== undefined || head.header('x-goog-api-client') !== undefined) return 'gemini'
  return undefined
}

function modelAsker(head: RequestHead): ProtocolId | undefined {
  return dialectHint(head) ?? (/[?&]client_version=/.test(head.url) ? 'openai-responses' : undefined)
}

function preflight(head: RequestHead, rules: Access): OwnResponse {
  const origin = rules.corsOrigin(head)
  if (origin === undefined) return { status: 204, headers: { allow: 'GET, HEAD, POST, OPTIONS' }, body: '' }
  return {
    status: 204,
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-allow-headers': head.header('access-control-request-headers') ?? 'authorization, content-type',
      'access-control-max-age': '600',
      vary: 'origin',
    },
    body: '',
  }
}

function withCors(response: OwnResponse, head: RequestHead, rules: Access): OwnResponse {
  const origin = rules.corsOrigin(head)
  if (origin === undefined) return response
  return { ...response, headers: { ...response.headers, ...corsHeaders(origin) } }
}

/** Headers that let a listed origin's page read an answer. */
export function corsHeaders(origin: string): Record<string, string> {
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': '*', vary: 'origin' }
}
