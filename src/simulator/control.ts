/** `/_simulator/…`: the same controls for other processes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AttemptFilter, AttemptLog } from './attempts.ts'
import type { Driver } from './driver.ts'
import { describeFaults, type Fault, type FaultBook, parseFault } from './faults.ts'
import { OAUTH_FAULTS } from './oauth/faults.ts'
import { PROVIDERS } from './persons.ts'
import { windowIds } from './subscriptions/accounts.ts'
import { REFUSALS } from './subscriptions/refusals.ts'
import { HONEST, type Json } from './types.ts'

/** What the controls turn. */
export interface Controls {
  log: AttemptLog
  book: FaultBook
  reset(): void
  driver(): Driver
}

type Handler = (body: Json, query: URLSearchParams) => unknown | Promise<unknown>

/** What is asked with GET. */
function reading({ log, driver }: Controls): Record<string, Handler> {
  const picked = (query: URLSearchParams, names: readonly string[]) =>
    Object.fromEntries(names.filter((n) => query.has(n)).map((n) => [n, query.get(n)!]))
  return {
    attempts: (_, query) => ({
      attempts: log.select(picked(query, ['key', 'model', 'vendor']) as AttemptFilter),
    }),
    words: () => ({ words: describeFaults() }),
    hosts: () => ({ hosts: driver().hosts, clients: driver().clients }),
    'oauth/log': (_, query) => ({ log: driver().oauth.log(picked(query, ['vendor', 'person', 'kind'])) }),
    'oauth/counts': () => driver().oauth.counts(),
    quota: (_, query) => ({
      windows: driver().quota(query.get('provider') as 'claude', query.get('person') ?? ''),
    }),
    names: () => ({
      oauthFaults: OAUTH_FAULTS,
      refusals: Object.fromEntries(PROVIDERS.map((p) => [p, Object.keys(REFUSALS[p])])),
      windows: Object.fromEntries(PROVIDERS.map((p) => [p, windowIds(p)])),
    }),
  }
}

/** What is done with POST; arguments by name in a JSON body. */
function doing({ book, reset, driver }: Controls): Record<string, Handler> {
  return {
    reset: () => {
      reset()
    },
    faults: ({ key, fault }) => {
      if (typeof key !== 'string') throw new Error('key must be a string')
      const read = (value: unknown): Fault => (typeof value === 'string' ? parseFault(value) : (value as Fault))
      if (Array.isArray(fault)) book.script(key, fault.map(read))
      else book.setKeyFault(key, fault ? read(fault) : undefined)
    },
    consent: async (body) => ({ redirect: await driver().consent(body as never) }),
    issue: ({ provider, person, scopes }) =>
      driver().issue(provider as 'claude', String(person), scopes as string[] | undefined),
    device: (body) => driver().confirmDevice(text(body, 'userCode'), text(body, 'person'), body),
    quota: ({ provider, person, window, ...setting }) =>
      driver().setQuota(provider as 'claude', String(person), String(window), setting),
    refusal: (body) =>
      driver().setRefusal(
        text(body, 'provider') as 'claude',
        text(body, 'person'),
        (body['name'] as string) ?? undefined,
      ),
    plan: (body) => driver().setPlan(text(body, 'provider') as 'claude', text(body, 'person'), text(body, 'plan')),
    'oauth/fault': ({ provider, fault, ...options }) => ({
      struck: driver().oauthFault(provider as 'claude', fault as '500', options),
    }),
    'oauth/inspect': (body) => driver().oauth.inspect(text(body, 'token')),
    life: ({ provider, seconds }) => driver().setLife(provider as 'claude', (seconds as number) ?? undefined),
    advance: ({ ms }) => {
      if (typeof ms !== 'number' || !(ms >= 0)) throw new Error('ms must be a number from 0 on')
      driver().advance(ms)
    },
  }
}

function text(body: Json, name: string): string {
  const value = body[name]
  if (typeof value !== 'string') throw new Error(`${name} must be a string`)
  return value
}

/** @returns a function that answers below `/_simulator/`, and says whether it did. */
export function createControl(controls: Controls) {
  const gets = reading(controls)
  const posts = doing(controls)
  return (req: IncomingMessage, res: ServerResponse, path: string): boolean => {
    const name = path.slice('/_simulator/'.length)
    const table = req.method === 'GET' ? gets : req.method === 'POST' ? posts : {}
    const handler = Object.hasOwn(table, name) ? table[name] : undefined
    if (!handler) return false
    const reply = (status: number, body: unknown) => {
      res.writeHead(status, { 'content-type': 'application/json', ...HONEST })
      res.end(JSON.stringify(body))
    }
    let given = ''
    req.setEncoding('utf8')
    req.on('data', (c: string) => {
      given += c
    })
    req.on('end', async () => {
      try {
        const query = new URL(req.url ?? '/', 'http://localhost').searchParams
        const done = await handler(given && req.method === 'POST' ? (JSON.parse(given) as Json) : {}, query)
        reply(200, done ?? { ok: true })
      } catch (error) {
        reply(400, { error: { message: (error as Error).message } })
      }
    })
    return true
  }
}
